use serde_json::Value;

use crate::domain::document::Document;
use crate::domain::iam::{NamedPolicy, Policy, PolicyError, canonical};

/// A live policy document, as far as it can be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LivePolicy {
    /// Canonical JSON of the document; for a document that is no policy, the JSON string of its text.
    pub canonical: Document,
    /// The policy, or why it is none.
    pub policy: Result<Policy, PolicyError>,
}

impl LivePolicy {
    /// Reads a policy document (decoded, as JSON text).
    #[must_use]
    pub fn read(text: &str) -> Self {
        match Policy::parse(text) {
            Ok(policy) => Self { canonical: Document::new(canonical(policy.document())), policy: Ok(policy) },
            Err(error) => Self { canonical: Document::new(Value::String(text.to_owned())), policy: Err(error) },
        }
    }
}

/// A policy that stands with a principal, under the name that people find it by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachedPolicy {
    /// The ARN of a managed policy; the name of an inline one; `group/<group>/<name>` for what a group brings (hostile).
    pub name: String,
    /// What it says.
    pub document: LivePolicy,
}

impl AttachedPolicy {
    /// The policy as the evaluator takes it; `None` when the document is no policy.
    #[must_use]
    pub fn named(&self) -> Option<NamedPolicy<'_>> {
        self.document.policy.as_ref().ok().map(|policy| NamedPolicy { name: &self.name, policy })
    }
}
