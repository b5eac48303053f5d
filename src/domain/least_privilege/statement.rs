use serde_json::{Map, Value, json};

/// An Allow.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Statement {
    /// Letters and digits; several statements may have the same until they are packed.
    pub sid: &'static str,
    /// Whom it admits: in a trust policy alone.
    pub principal: Option<String>,
    /// Sorted, without duplicates.
    pub actions: Vec<&'static str>,
    /// Sorted, without duplicates; signs that stand for themselves are written so. Empty in a trust policy alone.
    pub resources: Vec<String>,
    /// All of them hold; sorted.
    pub requirements: Vec<Requirement>,
}

/// One key of a `Condition`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Requirement {
    /// `StringEquals`, ….
    pub operator: &'static str,
    /// The condition key.
    pub key: String,
    /// One of them matches; sorted, without duplicates.
    pub values: Vec<String>,
}

impl Requirement {
    pub(super) fn new(
        operator: &'static str,
        key: impl Into<String>,
        values: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        Self { operator, key: key.into(), values: sorted(values.into_iter().map(Into::into)) }
    }
}

impl Statement {
    /// Of an identity policy. `None` when there is nothing that it would be about.
    pub(super) fn on(
        sid: &'static str,
        actions: Vec<&'static str>,
        resources: impl IntoIterator<Item = String>,
    ) -> Option<Self> {
        let resources = sorted(resources);
        let about = !resources.is_empty() && !actions.is_empty();
        about.then(|| Self { sid, principal: None, actions, resources, requirements: Vec::new() })
    }

    /// Of a trust policy.
    pub(super) fn admitting(sid: &'static str, principal: &str, action: &'static str) -> Self {
        let principal = Some(principal.to_owned());
        Self { sid, principal, actions: vec![action], resources: Vec::new(), requirements: Vec::new() }
    }

    /// The same under these conditions.
    #[must_use]
    pub(super) fn when(mut self, requirements: impl IntoIterator<Item = Requirement>) -> Self {
        self.requirements.extend(requirements);
        self.requirements.sort();
        self
    }

    /// The statement in IAM's language, with `sid` in place of its own.
    #[must_use]
    pub fn to_json(&self, sid: &str) -> Value {
        let Self { sid: _, principal, actions, resources, requirements } = self;
        let mut map = Map::new();
        map.insert("Sid".to_owned(), sid.into());
        map.insert("Effect".to_owned(), "Allow".into());
        if let Some(principal) = principal {
            map.insert("Principal".to_owned(), json!({ "AWS": principal }));
        }
        map.insert("Action".to_owned(), json!(actions));
        if !resources.is_empty() {
            map.insert("Resource".to_owned(), json!(resources));
        }
        if !requirements.is_empty() {
            let mut conditions = Map::new();
            for Requirement { operator, key, values } in requirements {
                let block = conditions.entry(*operator).or_insert_with(|| Value::Object(Map::new()));
                block[key.as_str()] = json!(values);
            }
            map.insert("Condition".to_owned(), Value::Object(conditions));
        }
        Value::Object(map)
    }
}

/// Sorted, without duplicates.
pub(super) fn sorted(texts: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut texts: Vec<String> = texts.into_iter().collect();
    texts.sort();
    texts.dedup();
    texts
}
