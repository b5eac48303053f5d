//! The audit as `audit list`, `audit show` and `audit verify` tell of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common_v1;
use super::json;
use super::state_v1::AuditEvent;
use crate::domain::audit::{Report, StoredEvent};

/// The `format` of a list of events.
pub const FORMAT: &str = "leasehold/audit/v1";

/// The `format` of what verifying found.
pub const VERIFICATION_FORMAT: &str = "leasehold/audit-verification/v1";

/// Events, in the order given.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AuditEvents")]
#[allow(missing_debug_implementations, reason = "the stored form of an event has none")]
pub struct Document {
    /// Version of the form.
    #[schemars(extend("const" = FORMAT))]
    pub format: String,
    /// The events; exactly one from `audit show`.
    pub events: Vec<Entry>,
}

/// What is stored under one key of the audit: an event, or a problem.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AuditEntry")]
#[allow(missing_debug_implementations, reason = "the stored form of an event has none")]
pub struct Entry {
    /// Its key in the state.
    pub key: String,
    /// `sha256:…` of the stored bytes: what a later event names as `previous`.
    pub digest: String,
    /// What it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<AuditEvent>,
    /// Why it cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

impl Document {
    /// The document of these events.
    #[must_use]
    pub fn new<'a>(events: impl IntoIterator<Item = &'a StoredEvent>) -> Self {
        let entry = |stored: &StoredEvent| Entry {
            key: stored.key.clone(),
            digest: stored.digest.to_string(),
            event: stored.event.as_ref().ok().map(AuditEvent::from),
            problem: stored.event.as_ref().err().map(|why| why.0.clone()),
        };
        Self { format: FORMAT.to_owned(), events: events.into_iter().map(entry).collect() }
    }

    /// Indented JSON with a line break at the end.
    #[must_use]
    pub fn to_json(&self) -> String {
        json::pretty(self)
    }
}

/// What verifying found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AuditVerification")]
pub struct Verification {
    /// Version of the form.
    #[schemars(extend("const" = VERIFICATION_FORMAT))]
    pub format: String,
    /// Whether there is no fault.
    pub whole: bool,
    /// Events looked at.
    pub events: u64,
    /// Of these, the ones that another vouches for.
    pub covered: u64,
    /// Leases looked at.
    pub leases: u64,
    /// What no crash can explain.
    pub faults: Vec<Fault>,
    /// What a crash explains, and somebody who removed an event does too.
    pub notes: Vec<String>,
}

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AuditFault")]
pub struct Fault {
    /// `unreadable`, `misplaced`, `misdated`, `gap`, `foreign-previous`, `backwards`, `no-request`, `repeated`,
    /// `lease-tail`, `head-tail`, `lease-gone`, `cover` or `cover-chain`.
    pub kind: String,
    /// Key of the object that shows it.
    pub key: String,
    /// One sentence.
    pub message: String,
}

impl Verification {
    /// The document of this report.
    #[must_use]
    pub fn new(report: &Report) -> Self {
        let Report { events, covered, leases, faults, notes } = report;
        let fault = |fault: &crate::domain::audit::Fault| Fault {
            kind: fault.kind.to_string(),
            key: fault.key.clone(),
            message: fault.message.clone(),
        };
        Self {
            format: VERIFICATION_FORMAT.to_owned(),
            whole: faults.is_empty(),
            events: *events,
            covered: *covered,
            leases: *leases,
            faults: faults.iter().map(fault).collect(),
            notes: notes.clone(),
        }
    }

    /// Indented JSON with a line break at the end.
    #[must_use]
    pub fn to_json(&self) -> String {
        json::pretty(self)
    }
}

/// The JSON Schema of a list of events.
#[must_use]
pub fn schema() -> serde_json::Value {
    common_v1::schema_of::<Document>()
}

/// The JSON Schema of what verifying found.
#[must_use]
pub fn verification_schema() -> serde_json::Value {
    common_v1::schema_of::<Verification>()
}
