use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Credential, Invalid, ident, invalid, unique_map};
use crate::domain::desired::Date;
use crate::domain::document::Document;
use crate::domain::ident::{Name, RoleArn};
use crate::domain::record;
use crate::domain::role::RoleSpec;

/// One role as it was reviewed, with the world it was reviewed against. Its name is its key in the map around it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AppliedRole {
    /// `metadata.labels`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "unique_map")]
    pub labels: BTreeMap<String, String>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Never deleted without an expiring waiver of the brake.
    pub protect: bool,
    /// The last day on which it may be issued, `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// What is issued, and how.
    pub credential: Credential,
    /// What AWS said, by role ARN; roles that could not be read are missing.
    #[serde(deserialize_with = "unique_map")]
    pub facts: BTreeMap<String, RoleFacts>,
    /// Codes of the blocking findings that stood when it was recorded.
    pub violations: Vec<String>,
}

/// The facts of a live role that its review relied on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleFacts {
    /// `AROA…`.
    pub role_id: String,
    /// Seconds.
    pub max_session_duration: u32,
    /// Canonical JSON of the trust policy.
    pub trust: Value,
}

impl From<&record::AppliedRole> for AppliedRole {
    fn from(role: &record::AppliedRole) -> Self {
        let record::AppliedRole { spec, facts, violations } = role;
        let RoleSpec { name: _, labels, description, protect, expires, credential } = spec;
        let facts = facts.iter().map(|(arn, facts)| {
            let record::RoleFacts { role_id, max_session_duration, trust } = facts;
            let facts = RoleFacts {
                role_id: role_id.clone(),
                max_session_duration: *max_session_duration,
                trust: trust.value().clone(),
            };
            (arn.to_string(), facts)
        });
        Self {
            labels: labels.clone(),
            description: description.clone(),
            protect: *protect,
            expires: expires.map(|date| date.to_string()),
            credential: credential.into(),
            facts: facts.collect(),
            violations: violations.clone(),
        }
    }
}

impl AppliedRole {
    /// The domain's value, under the name it was stored by.
    pub fn into_domain(self, name: Name) -> Result<record::AppliedRole, Invalid> {
        let Self { labels, description, protect, expires, credential, facts, violations } = self;
        let expires = expires
            .map(|text| Date::parse(&text).ok_or_else(|| invalid("expires", "is not a day, `YYYY-MM-DD`")))
            .transpose()?;
        let facts = facts.into_iter().map(|(arn, facts)| {
            let RoleFacts { role_id, max_session_duration, trust } = facts;
            let arn = ident("facts", &arn, RoleArn::parse)?;
            Ok((arn, record::RoleFacts { role_id, max_session_duration, trust: Document::new(trust) }))
        });
        Ok(record::AppliedRole {
            facts: facts.collect::<Result<_, Invalid>>()?,
            spec: RoleSpec { name, labels, description, protect, expires, credential: credential.try_into()? },
            violations,
        })
    }
}
