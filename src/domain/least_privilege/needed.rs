use std::collections::BTreeSet;

use super::broker::{has_identity, has_tags, user_roles};
use super::calls::{CALLS, Scope, Task};
use crate::domain::credential::CredentialType;
use crate::domain::desired::Desired;

/// Every action that a broker may need which issues what is declared, reads the world for it and ends the IAM users that
/// it made, in lower case. What AWS asks no permission for is among them: allowing it gives nothing.
///
/// Taking the denies of single sessions off target roles is not among them: whoever may do that may take away other
/// policies of the targets as well, so it is left to the sweeper.
#[must_use]
pub fn needed(desired: &Desired) -> BTreeSet<String> {
    let issues = |kind: CredentialType| desired.roles.iter().any(|role| role.spec.credential.kind() == kind);
    let is_needed = |task: Task| match task {
        Task::Issue(kind) => issues(kind),
        Task::PassTags(kind) => {
            let credentials = desired.roles.iter().map(|role| &role.spec.credential);
            credentials.filter(|spec| spec.kind() == kind).any(has_tags)
        }
        Task::PassSourceIdentity => desired.roles.iter().any(|role| has_identity(&role.spec.credential)),
        Task::AttachPolicies => user_roles(desired).any(|(_, spec)| !spec.policy.arns.is_empty()),
        Task::JoinGroups => user_roles(desired).any(|(_, spec)| !spec.policy.groups.is_empty()),
        Task::FindUsers | Task::EndUser => issues(CredentialType::IamUser),
        Task::ClearSessionDenies | Task::DenySessions => false,
        Task::Identify
        | Task::ReadTargets
        | Task::ReadManyTargets
        | Task::ReadBrokerRole
        | Task::ReadBrokerUser
        | Task::ReadPolicies
        | Task::ReadManyPolicies
        | Task::ReadGroups
        | Task::ReadQuotas
        | Task::ReadOtherAccounts => task.is_reading(),
    };
    let tasks: BTreeSet<Task> = CALLS.iter().map(|call| call.task).collect();
    let tasks: BTreeSet<Task> = tasks.into_iter().filter(|task| is_needed(*task)).collect();
    let calls = CALLS.iter().filter(|call| call.scope == Scope::Unasked || tasks.contains(&call.task));
    calls.map(|call| call.action.to_ascii_lowercase()).collect()
}
