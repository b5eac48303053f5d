use serde_json::Value;

/// The one form of all documents that mean the same.
#[must_use]
pub fn canonical(document: &Value) -> Value {
    document.clone()
}
