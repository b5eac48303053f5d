use std::collections::BTreeMap;

use super::{Knowledge, Template};
use crate::domain::Timestamp;
use crate::domain::iam::Caller;

/// What a request of ours to assume a role says, and what is known of the principal that makes it.
///
/// [`super::KEYS`] tells what follows for each condition key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssumeRole<'a> {
    /// Who asks.
    pub broker: Broker<'a>,
    /// ARN of the role that is asked for.
    pub target: &'a str,
    /// The target's tags; `None` when they were not read.
    pub target_tags: Option<&'a BTreeMap<String, String>>,
    /// `RoleSessionName`: any name that the issuing side may choose.
    pub session_name: Template,
    /// `ExternalId`.
    pub external_id: Option<&'a str>,
    /// `Tags`.
    pub session_tags: &'a BTreeMap<String, String>,
    /// `TransitiveTagKeys`.
    pub transitive_tag_keys: &'a [String],
    /// `SourceIdentity`.
    pub source_identity: Option<&'a str>,
    /// Whether a one-time code is passed (`SerialNumber` and `TokenCode`).
    pub mfa: bool,
    /// The region whose STS is asked; `None` when the endpoint is not known, or is the global one.
    pub region: Option<&'a str>,
    /// When it is asked.
    pub at: Timestamp,
    /// `aws:PrincipalOrgID`.
    pub organization: Knowledge,
}

/// The principal that makes a request of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broker<'a> {
    /// The principal as policies name it.
    pub caller: Caller<'a>,
    /// Tags of the role or user itself; `None` when they were not read.
    pub tags: Option<&'a BTreeMap<String, String>>,
    /// Its session: `None` for an IAM user, which signs with long-term keys.
    pub session: Option<Session>,
}

/// What is known of the session of a broker that is a role. The default knows nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Session {
    /// It is known to carry no transitive tag and no source identity, which it would pass on to every role it assumes.
    pub passes_on_nothing: bool,
    /// It is known to carry no tag at all (EKS Pod Identity adds some by itself).
    pub untagged: bool,
    /// It is known that no identity provider (SAML or OIDC) vouched for it.
    pub not_federated: bool,
}

impl Broker<'_> {
    pub(super) fn is_user(&self) -> bool {
        self.session.is_none()
    }

    pub(super) fn is_tagged_otherwise(&self) -> bool {
        self.session.is_some_and(|session| !session.untagged)
    }

    pub(super) fn may_pass_on(&self) -> bool {
        self.session.is_some_and(|session| !session.passes_on_nothing)
    }

    pub(super) fn may_be_federated(&self) -> bool {
        self.session.is_some_and(|session| !session.not_federated)
    }
}
