//! A failed command, as JSON. `validate`'s faults have a form of their own: [`super::findings_v1`].

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common_v1;
use super::json;

/// The `format` of every document.
pub const FORMAT: &str = "leasehold/error/v1";

/// Why a command did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Error")]
pub struct Document {
    /// Version of the form.
    #[schemars(extend("const" = FORMAT))]
    pub format: String,
    /// The process's exit code.
    pub exit_code: u8,
    /// Stable kebab kind.
    pub kind: String,
    /// What went wrong, in one sentence.
    pub message: String,
    /// Why, the nearest cause first.
    pub causes: Vec<String>,
    /// What to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// AWS's own text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aws: Option<String>,
}

impl Document {
    /// A failure with nothing but a message yet.
    #[must_use]
    pub fn new(exit_code: u8, kind: &str, message: &str) -> Self {
        Self {
            format: FORMAT.to_owned(),
            exit_code,
            kind: kind.to_owned(),
            message: message.to_owned(),
            causes: Vec::new(),
            help: None,
            aws: None,
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
