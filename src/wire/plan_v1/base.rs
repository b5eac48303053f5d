use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Change;
use crate::domain::plan;

/// A pull request held against its base.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AgainstBase {
    /// The base's object id.
    pub commit: String,
    /// Whether the planned commit has the base among its ancestors; missing when that could not be told. If it has not,
    /// what was merged into the base since counts as removed by the pull request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_ancestor: Option<bool>,
    /// Whose Broker, Account and Waiver documents judged.
    pub judge: Judge,
    /// Roles that the pull request adds, changes or removes, by name.
    pub roles: Vec<RoleChange>,
    /// One for each entry of the plan's `findings`, in the same order.
    pub standings: Vec<Standing>,
}

/// Whose Broker, Account and Waiver documents judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Judge {
    /// The base and the pull request have the same.
    Same,
    /// They differ: both judged, and the stricter judgement counts.
    Both,
    /// The base has no manifests, so that only the pull request's own could judge.
    Own,
}

/// What a pull request does to one role's declaration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleChange {
    /// The role.
    pub role: String,
    /// What happens to it.
    pub kind: ChangeKind,
    /// Field by field; only of a role that is changed.
    pub changes: Vec<Change>,
}

/// What happens to a declaration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ChangeKind {
    /// The base does not declare it.
    Added,
    /// Both declare it, and not alike.
    Changed,
    /// Only the base declares it.
    Removed,
}

/// Where a finding comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Standing {
    /// Whether the base has no finding of the same rule, role and words.
    pub new: bool,
    /// Which judge found it.
    pub by: By,
}

/// Which judge found something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// The base's documents and the pull request's own.
    Both,
    /// Only the base's.
    Base,
    /// Only the pull request's own.
    Own,
}

impl From<&plan::AgainstBase> for AgainstBase {
    fn from(against: &plan::AgainstBase) -> Self {
        let plan::AgainstBase { commit, is_ancestor, judge, roles, standings } = against;
        Self {
            commit: commit.clone(),
            is_ancestor: *is_ancestor,
            judge: match judge {
                plan::Judge::Same => Judge::Same,
                plan::Judge::Both => Judge::Both,
                plan::Judge::Own => Judge::Own,
            },
            roles: roles.iter().map(RoleChange::from).collect(),
            standings: standings.iter().map(Standing::from).collect(),
        }
    }
}

impl From<&plan::RoleChange> for RoleChange {
    fn from(change: &plan::RoleChange) -> Self {
        let plan::RoleChange { role, kind, changes } = change;
        Self {
            role: role.to_string(),
            kind: match kind {
                plan::ChangeKind::Added => ChangeKind::Added,
                plan::ChangeKind::Changed => ChangeKind::Changed,
                plan::ChangeKind::Removed => ChangeKind::Removed,
            },
            changes: changes.iter().map(Change::from).collect(),
        }
    }
}

impl From<&plan::Standing> for Standing {
    fn from(standing: &plan::Standing) -> Self {
        let plan::Standing { new, by } = standing;
        Self {
            new: *new,
            by: match by {
                plan::By::Both => By::Both,
                plan::By::Base => By::Base,
                plan::By::Own => By::Own,
            },
        }
    }
}
