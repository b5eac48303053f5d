//! What is written down about each attempt to issue a credential, and about each apply. Allow-listed fields only: no
//! field here can hold a secret.

use std::fmt;

use super::Timestamp;
use super::digest::Digest;
use super::ident::Name;
use super::lease::{LeaseId, is_ulid};
use super::ttl::Ttl;

/// Names one event: a ULID, like [`LeaseId`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(String);

impl EventId {
    /// Checks the form; letters are upper case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        is_ulid(text).then(|| Self(text.to_owned()))
    }

    /// The 26 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One event of the audit trail. Each is stored once and never changed; the events of one lease form a chain by
/// [`previous`](Self::previous).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEvent {
    /// Its id.
    pub id: EventId,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub action: AuditAction,
    /// The lease it is about; `None` for an apply, and for a refusal before there was a lease.
    pub lease: Option<LeaseId>,
    /// The role it is about; `None` for an apply.
    pub role: Option<Name>,
    /// ARN of the AWS identity that asked, as far as it was known (hostile).
    pub caller_arn: Option<String>,
    /// The CI run that asked, where there is one.
    pub ci: Option<CiRun>,
    /// The TTL asked of AWS.
    pub ttl: Option<Ttl>,
    /// `ASIA…` or `AKIA…`: the public half of what was handed out.
    pub access_key_id: Option<String>,
    /// Serial of the record acted on.
    pub serial: Option<u64>,
    /// Commit of the record acted on: hex object id.
    pub commit: Option<String>,
    /// Why it was refused, in one sentence (may hold AWS's own text: hostile).
    pub reason: Option<String>,
    /// Digest of the stored bytes of the event before it that concerns the same lease; `None` for the first.
    pub previous: Option<Digest>,
}

/// A CI run, as the CI system names it (hostile).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CiRun {
    /// `github-actions`, `gitlab-ci`, ….
    pub system: String,
    /// What leads back to the run: its URL or id.
    pub run: String,
}

/// What an event tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AuditAction {
    /// A credential is about to be asked of AWS.
    IssueRequested,
    /// AWS gave one.
    IssueGranted,
    /// None was given, by AWS or by us.
    IssueRefused,
    /// A set of roles is about to become the record.
    ApplyRequested,
    /// A set of roles became the record.
    Applied,
}

impl AuditAction {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::IssueRequested, Self::IssueGranted, Self::IssueRefused, Self::ApplyRequested, Self::Applied];

    /// The word used in every output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::IssueRequested => "issue-requested",
            Self::IssueGranted => "issue-granted",
            Self::IssueRefused => "issue-refused",
            Self::ApplyRequested => "apply-requested",
            Self::Applied => "applied",
        }
    }
}

impl fmt::Display for AuditAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
