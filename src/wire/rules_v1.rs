//! The rules, as JSON.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common_v1;
use super::json;
use crate::domain::rules;

/// The `format` of every document.
pub const FORMAT: &str = "leasehold/rules/v1";

/// Every rule that `plan` judges by, by code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Rules")]
pub struct Document {
    /// Version of the form.
    #[schemars(extend("const" = FORMAT))]
    pub format: String,
    /// Digest of the set under these levels: codes, names and levels.
    pub version: String,
    /// The rules.
    pub rules: Vec<Rule>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Stable code.
    pub code: String,
    /// Stable kebab name.
    pub name: String,
    /// `advisory`, `blocking` or `hard`; a Broker document may change the first two.
    pub level: String,
    /// `certain` or `strict`.
    pub confidence: String,
    /// One sentence.
    pub summary: String,
}

impl Document {
    /// All of them.
    #[must_use]
    pub fn all() -> Self {
        let rules = rules::all().iter().map(|rule| Rule {
            code: rule.code.to_owned(),
            name: rule.name.to_owned(),
            level: rule.level.as_str().to_owned(),
            confidence: rule.confidence.as_str().to_owned(),
            summary: rule.summary.to_owned(),
        });
        Self { format: FORMAT.to_owned(), version: rules::version(&rules::Levels::default()), rules: rules.collect() }
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
