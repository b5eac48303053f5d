use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Change;
use crate::domain::plan;
use crate::domain::world::{CallerIdentity, Unknown};

/// Who read AWS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Caller {
    /// The account whose IAM was read.
    pub account: String,
    /// As AWS gives it.
    pub arn: String,
    /// As AWS gives it.
    pub user_id: String,
}

/// One live role that is no longer as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Drift {
    /// The live role.
    pub role_arn: String,
    /// The recorded roles that issue it.
    pub roles: Vec<String>,
    /// Whether it is gone altogether.
    pub gone: bool,
    /// Fact by fact.
    pub changes: Vec<Change>,
}

/// Something that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NotKnown {
    /// What: a role ARN, `caller identity`, or an account or a part of it in words.
    pub subject: String,
    /// The roles that it concerns.
    pub roles: Vec<String>,
    /// The class: `access-denied`, `throttled`, ….
    pub why: String,
    /// One sentence.
    pub detail: String,
}

/// A brake that refuses the whole plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Brake {
    /// Stable kebab name.
    pub name: String,
    /// What would happen.
    pub message: String,
    /// What to do if it is meant.
    pub remedy: String,
}

impl From<&CallerIdentity> for Caller {
    fn from(caller: &CallerIdentity) -> Self {
        let CallerIdentity { account, arn, user_id } = caller;
        Self { account: account.to_string(), arn: arn.clone(), user_id: user_id.clone() }
    }
}

impl From<&plan::Drift> for Drift {
    fn from(drift: &plan::Drift) -> Self {
        let plan::Drift { role_arn, roles, gone, changes } = drift;
        Self {
            role_arn: role_arn.to_string(),
            roles: roles.iter().map(ToString::to_string).collect(),
            gone: *gone,
            changes: changes.iter().map(Change::from).collect(),
        }
    }
}

impl From<&plan::NotKnown> for NotKnown {
    fn from(unknown: &plan::NotKnown) -> Self {
        let plan::NotKnown { subject, roles, unknown: Unknown { why, detail } } = unknown;
        Self {
            subject: subject.clone(),
            roles: roles.iter().map(ToString::to_string).collect(),
            why: why.as_str().to_owned(),
            detail: detail.clone(),
        }
    }
}

impl From<&plan::Brake> for Brake {
    fn from(brake: &plan::Brake) -> Self {
        let plan::Brake { name, message, remedy } = brake;
        Self { name: (*name).to_owned(), message: message.clone(), remedy: remedy.clone() }
    }
}
