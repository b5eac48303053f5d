//! A JSON document in canonical form with its digest, cheap to copy and to compare.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde_json::Value;

use super::digest::Digest;

/// A canonical JSON document. Its digest is taken once, and two documents are equal when their digests are: a plan of
/// many roles compares and copies each trust policy several times.
#[derive(Clone)]
pub struct Document(Arc<Inner>);

struct Inner {
    value: Value,
    digest: Digest,
}

impl Document {
    /// Takes the digest of `value`, which must be canonical already if equality is to mean sameness of meaning.
    #[must_use]
    pub fn new(value: Value) -> Self {
        let digest = Digest::of_json(&value);
        Self(Arc::new(Inner { value, digest }))
    }

    /// The document.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.0.value
    }

    /// Digest of its canonical bytes.
    #[must_use]
    pub fn digest(&self) -> &Digest {
        &self.0.digest
    }
}

impl Deref for Document {
    type Target = Value;

    fn deref(&self) -> &Value {
        self.value()
    }
}

impl PartialEq for Document {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.digest() == other.digest()
    }
}

impl Eq for Document {}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.value())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn equality_is_that_of_the_values() {
        let document = |value: Value| Document::new(value);
        assert_eq!(document(json!({"a": 1, "b": 2})), document(json!({"b": 2, "a": 1})));
        assert_ne!(document(json!({"a": 1})), document(json!({"a": "1"})));
        let one = document(json!([1]));
        assert_eq!(one.clone(), one);
        assert_eq!(one[0], json!(1));
    }
}
