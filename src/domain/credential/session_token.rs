use crate::domain::desired::TtlPair;

/// A temporary form of the broker's own keys, from `sts:GetSessionToken`. It cannot be narrowed by any policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionTokenSpec {
    /// `default_sts_ttl` and `max_sts_ttl`.
    pub ttl: TtlPair,
    /// Passed as `SerialNumber`, with a code that the caller gives.
    pub mfa_serial_number: Option<String>,
}
