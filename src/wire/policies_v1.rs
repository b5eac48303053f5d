//! Generated IAM policies, as JSON: `policy … --format json`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use super::common_v1;
use super::json;
use crate::domain::least_privilege;

/// The `format` of every document.
pub const FORMAT: &str = "leasehold/policies/v1";

/// The policies of one identity, or of the target roles of one declared role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Policies")]
pub struct Document {
    /// Version of the form.
    #[schemars(extend("const" = FORMAT))]
    pub format: String,
    /// Whose they are.
    pub purpose: Purpose,
    /// The policies. Of an identity all of them are to be attached; none when it needs no permission.
    pub policies: Vec<Policy>,
    /// What to know about them, one sentence each.
    pub notes: Vec<String>,
}

/// Whose policies these are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// Who issues.
    Broker,
    /// Who plans, applies and looks for drift.
    Reader,
    /// Who ends leases.
    Sweeper,
    /// Who revokes leases, sessions among them.
    Revoker,
    /// The trust policies of target roles.
    Trust,
}

/// One policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// A name for it that tells it from the others.
    pub name: String,
    /// The account it belongs to.
    pub account: String,
    /// The roles whose trust policy it is; missing for the policy of an identity.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub role_arns: Vec<String>,
    /// Its characters without white space.
    pub characters: u64,
    /// The most that AWS takes as long as nobody asked it for more.
    pub limit: u64,
    /// The policy as IAM reads it.
    pub document: PolicyDocument,
}

/// A policy in IAM's language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct PolicyDocument {
    /// Version of the language.
    pub version: String,
    /// Its statements.
    pub statement: Vec<Statement>,
}

/// A statement in IAM's language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct Statement {
    /// Its name, unique in the policy.
    pub sid: String,
    /// `Allow`.
    pub effect: String,
    /// Whom it admits; in trust policies alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal: Option<Principal>,
    /// Sorted.
    pub action: Vec<String>,
    /// Sorted; missing in trust policies alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resource: Vec<String>,
    /// By operator, then by key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub condition: BTreeMap<String, BTreeMap<String, Vec<String>>>,
}

/// Whom a statement admits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Principal {
    /// ARN of a role or user.
    #[serde(rename = "AWS")]
    pub aws: String,
}

impl From<&least_privilege::Document> for PolicyDocument {
    fn from(document: &least_privilege::Document) -> Self {
        let least_privilege::Document { statements, characters: _ } = document;
        let statement = |(sid, statement): &(String, least_privilege::Statement)| {
            let least_privilege::Statement { sid: _, principal, actions, resources, requirements } = statement;
            let mut condition: BTreeMap<String, BTreeMap<String, Vec<String>>> = BTreeMap::new();
            for least_privilege::Requirement { operator, key, values } in requirements {
                condition.entry((*operator).to_owned()).or_default().insert(key.clone(), values.clone());
            }
            Statement {
                sid: sid.clone(),
                effect: "Allow".to_owned(),
                principal: principal.clone().map(|aws| Principal { aws }),
                action: actions.iter().map(|action| (*action).to_owned()).collect(),
                resource: resources.clone(),
                condition,
            }
        };
        Self { version: "2012-10-17".to_owned(), statement: statements.iter().map(statement).collect() }
    }
}

impl PolicyDocument {
    /// The policy alone, for IAM: indented JSON with a line break at the end.
    #[must_use]
    pub fn to_json(&self) -> String {
        json::pretty(self)
    }
}

/// A policy of a store, its keys in the order of [`PolicyDocument`].
#[must_use]
pub fn store_json(policy: &Value) -> String {
    const KEYS: [&str; 8] = ["Version", "Statement", "Sid", "Effect", "Principal", "Action", "Resource", "Condition"];
    struct Ordered<'a>(&'a Value);
    impl Serialize for Ordered<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            match self.0 {
                Value::Array(items) => serializer.collect_seq(items.iter().map(Ordered)),
                Value::Object(entries) => {
                    let rank = |key: &str| KEYS.iter().position(|known| *known == key).unwrap_or(KEYS.len());
                    let mut entries: Vec<_> = entries.iter().collect();
                    entries.sort_by_key(|(key, _)| rank(key));
                    serializer.collect_map(entries.into_iter().map(|(key, value)| (key, Ordered(value))))
                }
                other => other.serialize(serializer),
            }
        }
    }
    json::pretty(&Ordered(policy))
}

impl Document {
    /// Indented JSON with a line break at the end.
    #[must_use]
    pub fn to_json(&self) -> String {
        json::pretty(self)
    }
}

/// The JSON Schema of the document.
#[must_use]
pub fn schema() -> Value {
    common_v1::schema_of::<Document>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_of_a_store_has_its_keys_in_the_order_of_every_policy() {
        let statement = r#"{"Resource":"*","Sid":"A","Condition":{"Null":{"b":[],"a":[]}},"Principal":"*","Action":[],"Effect":"Deny"}"#;
        let policy: Value =
            serde_json::from_str(&format!(r#"{{"Statement":[{statement}],"Version":"v"}}"#)).expect("JSON");
        let text: String = store_json(&policy).split_whitespace().collect();
        let statement = r#"{"Sid":"A","Effect":"Deny","Principal":"*","Action":[],"Resource":"*","Condition":{"Null":{"a":[],"b":[]}}}"#;
        assert_eq!(text, format!(r#"{{"Version":"v","Statement":[{statement}]}}"#));
    }
}
