//! What is wrong with the manifests, as JSON: `validate --format json`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common_v1::{self, Finding, ManifestError, Tally};
use super::json;
use crate::domain::finding;

/// The `format` of every document.
pub const FORMAT: &str = "leasehold/findings/v1";

/// Errors and findings of one run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Findings")]
pub struct Document {
    /// Version of the form.
    #[schemars(extend("const" = FORMAT))]
    pub format: String,
    /// Faults that must be mended before the manifests mean anything.
    pub errors: Vec<ManifestError>,
    /// Judgements, waived ones included; none while there are errors.
    pub findings: Vec<Finding>,
    /// The findings, counted.
    pub summary: Tally,
}

impl Document {
    /// The document of a run, in the order given.
    #[must_use]
    pub fn new(errors: &[finding::ManifestError], findings: &[finding::Finding]) -> Self {
        let findings: Vec<_> = findings.iter().map(Finding::from).collect();
        Self {
            format: FORMAT.to_owned(),
            errors: errors.iter().map(ManifestError::from).collect(),
            summary: Tally::of(&findings),
            findings,
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
