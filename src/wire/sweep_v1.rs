//! What a sweep found and did, as JSON: the summary for schedulers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common_v1;
use super::json;

/// The `format` of every document.
pub const FORMAT: &str = "leasehold/sweep/v1";

/// The outcome of one sweep.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Sweep")]
pub struct Document {
    /// Version of the form.
    #[schemars(extend("const" = FORMAT))]
    pub format: String,
    /// Whether nothing was changed: it says what would have been.
    pub dry_run: bool,
    /// Leases there was something to do about.
    pub due: u64,
    /// Leases whose session had ended by itself.
    pub expired: u64,
    /// Leases whose user was deleted; its absence is not proven yet.
    pub deleted: u64,
    /// Leases whose user is proven to be gone.
    pub removed: u64,
    /// Records of leases whose time to be kept was over.
    pub forgotten: u64,
    /// Denies of sessions that were over, taken off their roles.
    pub denies_cleared: u64,
    /// Users that no lease accounted for, provably ours, and ended.
    pub unrecorded: Vec<String>,
    /// Users below the deployment's path that are not provably ours, and were left alone.
    pub foreign: Vec<String>,
    /// What was tried and failed.
    pub failed: Vec<Failed>,
    /// How many of these have failed so often that somebody should look.
    pub stuck: u64,
    /// What was due and not begun.
    pub left: u64,
    /// Seconds that the oldest of what is not done with had been due for; missing when everything is done with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest_overdue_seconds: Option<u64>,
    /// Whether the users in AWS were looked at.
    pub users_listed: bool,
}

/// Something that could not be ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NotSwept")]
pub struct Failed {
    /// The lease by its path, or what else it is.
    pub what: String,
    /// Why, in one sentence (may hold AWS's own text).
    pub why: String,
    /// Attempts that failed, one after the other.
    pub failures: u32,
    /// Whether somebody should look.
    pub stuck: bool,
}

impl Document {
    /// Indented JSON with a line break at the end.
    #[must_use]
    pub fn to_json(&self) -> String {
        json::pretty(self)
    }

    /// One line of stable shape for whoever collects figures.
    #[must_use]
    pub fn metrics(&self) -> String {
        let Self { due, expired, deleted, removed, failed, stuck, left, unrecorded, foreign, .. } = self;
        format!(
            "due={due} ended={} deleted={deleted} failed={} stuck={stuck} left={left} unrecorded={} foreign={} \
             oldest_overdue_seconds={}",
            expired + removed,
            failed.len(),
            unrecorded.len(),
            foreign.len(),
            self.oldest_overdue_seconds.unwrap_or_default(),
        )
    }
}

/// The JSON Schema of the document.
#[must_use]
pub fn schema() -> serde_json::Value {
    common_v1::schema_of::<Document>()
}
