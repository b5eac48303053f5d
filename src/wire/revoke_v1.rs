//! What became of leases that were revoked, as JSON.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common_v1;
use super::json;
use super::lease_v1::Lease;

/// The `format` of every document.
pub const FORMAT: &str = "leasehold/revoke/v1";

/// The outcome of one revocation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Revocation")]
pub struct Document {
    /// Version of the form.
    #[schemars(extend("const" = FORMAT))]
    pub format: String,
    /// The leases that were chosen, oldest first.
    pub leases: Vec<Revoked>,
}

/// One lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Revoked {
    /// The lease, as it is now.
    pub lease: Lease,
    /// What was done.
    pub outcome: Outcome,
    /// Why it failed (may hold AWS's own text).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// What was done about one lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Its user and key are deleted; a sweep proves it later.
    Deleted,
    /// Its session is denied everything.
    Denied,
    /// AWS cannot call its session back: it lives until `expires_at`.
    LivesOn,
    /// There was nothing left to end.
    Over,
    /// It could not be ended: revoke it again. A sweep does so only where the lease is `revoking`.
    Failed,
}

impl Document {
    /// The document of these leases.
    #[must_use]
    pub fn new(leases: Vec<Revoked>) -> Self {
        Self { format: FORMAT.to_owned(), leases }
    }

    /// Indented JSON with a line break at the end.
    #[must_use]
    pub fn to_json(&self) -> String {
        json::pretty(self)
    }
}

/// The JSON Schema of the document.
#[must_use]
pub fn schema() -> serde_json::Value {
    common_v1::schema_of::<Document>()
}
