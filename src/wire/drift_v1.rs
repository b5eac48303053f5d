//! What changed since the last apply, as JSON: `drift --format json`. Its parts are those of a plan.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common_v1;
use super::json;
use super::plan_v1::{BrokerStep, Caller, Drift, NotKnown, RecordRef, Step};
use crate::domain::plan::SinceApply;

/// The `format` of every document.
pub const FORMAT: &str = "leasehold/drift/v1";

/// What changed since the last apply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "DriftReport")]
pub struct Document {
    /// Version of the form.
    #[schemars(extend("const" = FORMAT))]
    pub format: String,
    /// The record that AWS and git are held against.
    pub record: RecordRef,
    /// Where the manifests came from.
    pub manifests: common_v1::Basis,
    /// Who read AWS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller: Option<Caller>,
    /// What changed in AWS: exit 8 when there is any.
    pub drift: Vec<Drift>,
    /// Roles that neither git nor the recorded facts of AWS changed, and that the next apply records anew all the same.
    pub rejudged: Vec<Step>,
    /// What of the record could not be read.
    pub unknowns: Vec<NotKnown>,
    /// What git holds and no apply has recorded. No drift.
    pub pending: Pending,
    /// API calls spent on reading.
    pub calls: u32,
    /// Everything above, counted.
    pub summary: Summary,
}

/// What git holds and no apply has recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pending {
    /// The change of the Broker document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broker: Option<BrokerStep>,
    /// One for each role that git changes, by name.
    pub steps: Vec<Step>,
}

/// A drift report, counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// Live roles whose facts the record holds.
    pub recorded: u64,
    /// Live roles that are no longer as recorded.
    pub drifted: u64,
    /// Things of the record that could not be read.
    pub unknown: u64,
    /// Roles that are judged otherwise.
    pub rejudged: u64,
    /// Documents that git changes, the Broker's included.
    pub pending: u64,
}

impl Document {
    /// The document of a report.
    #[must_use]
    pub fn new(found: &SinceApply) -> Self {
        let SinceApply { record, basis, caller, drift, rejudged, unknowns, pending_broker, pending, recorded, calls } =
            found;
        let count = |n: usize| n as u64;
        Self {
            format: FORMAT.to_owned(),
            record: record.into(),
            manifests: basis.into(),
            caller: caller.as_ref().map(Caller::from),
            drift: drift.iter().map(Drift::from).collect(),
            rejudged: rejudged.iter().map(Step::from).collect(),
            unknowns: unknowns.iter().map(NotKnown::from).collect(),
            pending: Pending {
                broker: pending_broker.as_ref().map(BrokerStep::from),
                steps: pending.iter().map(Step::from).collect(),
            },
            calls: *calls,
            summary: Summary {
                recorded: u64::from(*recorded),
                drifted: count(drift.len()),
                unknown: count(unknowns.len()),
                rejudged: count(rejudged.len()),
                pending: count(pending.len()) + u64::from(pending_broker.is_some()),
            },
        }
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
