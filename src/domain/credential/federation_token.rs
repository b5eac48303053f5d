use std::collections::BTreeMap;

use super::PolicySpec;
use crate::domain::desired::TtlPair;

/// A federated session of the broker's own IAM user, from `sts:GetFederationToken`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FederationTokenSpec {
    /// `default_sts_ttl` and `max_sts_ttl`.
    pub ttl: TtlPair,
    /// Passed as `Tags`.
    pub session_tags: BTreeMap<String, String>,
    /// Session policies: without any, the session may do nothing.
    pub policy: PolicySpec,
}
