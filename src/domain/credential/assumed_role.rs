use std::collections::BTreeMap;

use super::PolicySpec;
use crate::domain::desired::TtlPair;
use crate::domain::ident::RoleArn;

/// A session of an IAM role, from `sts:AssumeRole`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssumedRoleSpec {
    /// One or more; the first is taken unless the caller names another.
    pub role_arns: Vec<RoleArn>,
    /// `default_sts_ttl` and `max_sts_ttl`.
    pub ttl: TtlPair,
    /// Passed as `ExternalId`. AWS does not treat it as a secret.
    pub external_id: Option<String>,
    /// Passed as `Tags`; needs `sts:TagSession` in the trust policy.
    pub session_tags: BTreeMap<String, String>,
    /// Passed as `TransitiveTagKeys`; each must be a key of `session_tags`.
    pub transitive_tag_keys: Vec<String>,
    /// Passed as `SourceIdentity`; needs `sts:SetSourceIdentity` in the trust policy.
    pub source_identity: Option<String>,
    /// Session policies: they narrow the role, never widen it.
    pub policy: PolicySpec,
    /// Passed as `SerialNumber`, with a code that the caller gives.
    pub mfa_serial_number: Option<String>,
}
