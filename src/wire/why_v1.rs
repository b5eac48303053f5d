//! Why the broker may or may not issue a role, as JSON: `why --format json`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common_v1::{self, Finding, Outcome, StatementTrace};
use super::json;
use crate::domain::duration;
use crate::domain::iam;
use crate::domain::why;
use crate::domain::world::Unknown;

/// The `format` of every document.
pub const FORMAT: &str = "leasehold/why/v1";

/// The answer about one role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Why")]
pub struct Document {
    /// Version of the form.
    #[schemars(extend("const" = FORMAT))]
    pub format: String,
    /// The role.
    pub role: String,
    /// What it issues.
    pub credential_type: String,
    /// `yes`, `depends` or `no`: whether `issue` would hand it out now, by the first way.
    pub answer: String,
    /// What stands in the way before AWS is asked, one sentence each.
    pub obstacles: Vec<String>,
    /// Whether git declares it; else only the record knows it.
    pub declared: bool,
    /// What the record holds of it; missing before the first apply, and for a role that was not applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded: Option<Recorded>,
    /// Seconds that `issue` asks for when nobody asks for others.
    pub default_ttl_seconds: u32,
    /// The most seconds that anybody may ask for by its own declaration.
    pub max_ttl_seconds: u32,
    /// The requests that would issue it; the first is taken unless another role ARN is named. None for `iam_user`.
    pub ways: Vec<Way>,
    /// What the rules say about it, waived findings included.
    pub findings: Vec<Finding>,
}

/// What the record holds of a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Recorded {
    /// The record's serial.
    pub serial: u64,
    /// Whether git says something else now.
    pub differs: bool,
    /// Whether its last day has passed.
    pub expired: bool,
    /// Codes for which `issue` refuses it.
    pub violations: Vec<String>,
}

/// One request that would issue the role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Way {
    /// The role to assume; missing for tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<String>,
    /// Whether it was read: `present`, `absent`, or why it is not known; missing for tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live: Option<String>,
    /// One sentence about what could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// `yes`, `depends` or `no`: the worst of its actions.
    pub answer: String,
    /// Each action that STS authorizes for it.
    pub actions: Vec<Action>,
    /// Every upper limit on the lifetime, tightest first: the first one binds.
    pub limits: Vec<Limit>,
}

/// What AWS would answer to one action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// The verdict, and how every statement of every policy that was read was judged.
    pub outcome: Outcome,
    /// The Allow that comes nearest to applying, for each place that does not allow what it must.
    pub nearest: Vec<StatementTrace>,
}

/// One upper limit on a lifetime.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// Where it comes from, in words.
    pub source: String,
    /// The most it allows.
    pub seconds: u32,
    /// Whether it is the one that binds.
    pub binds: bool,
}

impl Document {
    /// The document of an answer.
    #[must_use]
    pub fn new(answer: &why::Why) -> Self {
        let why::Why { role, credential_type, default_ttl, max_ttl, source, recorded, ways, findings } = answer;
        Self {
            format: FORMAT.to_owned(),
            role: role.to_string(),
            credential_type: credential_type.to_string(),
            answer: answer.answer().as_str().to_owned(),
            obstacles: answer.obstacles(),
            declared: *source == why::Source::Declared,
            recorded: match recorded {
                why::Recorded::NoRecord | why::Recorded::Missing { .. } => None,
                why::Recorded::Present { serial, differs, violations, expired } => Some(Recorded {
                    serial: *serial,
                    differs: *differs,
                    expired: *expired,
                    violations: violations.clone(),
                }),
            },
            default_ttl_seconds: default_ttl.seconds(),
            max_ttl_seconds: max_ttl.seconds(),
            ways: ways.iter().map(Way::from).collect(),
            findings: findings.iter().map(Finding::from).collect(),
        }
    }

    /// Indented JSON with a line break at the end.
    #[must_use]
    pub fn to_json(&self) -> String {
        json::pretty(self)
    }
}

impl From<&why::Way> for Way {
    fn from(way: &why::Way) -> Self {
        let why::Way { role_arn, live, outcomes, limits } = way;
        let (live, detail) = match live {
            None => (None, None),
            Some(why::Reading::Present) => (Some("present".to_owned()), None),
            Some(why::Reading::Absent) => (Some("absent".to_owned()), None),
            Some(why::Reading::Unknown(Unknown { why, detail })) => {
                (Some(why.as_str().to_owned()), Some(detail.clone()))
            }
        };
        Self {
            role_arn: role_arn.as_ref().map(ToString::to_string),
            live,
            detail,
            answer: way.answer().as_str().to_owned(),
            actions: outcomes.iter().map(Action::from).collect(),
            limits: limits.iter().enumerate().map(|(at, limit)| Limit::new(limit, at == 0)).collect(),
        }
    }
}

impl From<&iam::Outcome> for Action {
    fn from(outcome: &iam::Outcome) -> Self {
        Self { outcome: outcome.into(), nearest: outcome.nearest().into_iter().map(StatementTrace::from).collect() }
    }
}

impl Limit {
    fn new(limit: &duration::Limit, binds: bool) -> Self {
        Self { source: limit.source.to_string(), seconds: limit.seconds, binds }
    }
}

/// The JSON Schema of the document.
#[must_use]
pub fn schema() -> serde_json::Value {
    common_v1::schema_of::<Document>()
}
