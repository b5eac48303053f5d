use super::broker::user_roles;
use super::calls::{Scope, Task, actions};
use super::names::{all_lease_users, groups, prefix, targets};
use super::statement::Statement;
use crate::domain::desired::Desired;
use crate::domain::ident::AccountId;

/// What ending leases in one account takes, and nothing else: IAM users of the deployment in the broker's account, and
/// the denies of single sessions on its target roles.
///
/// Users are those below the deployment's path, also of roles that are no longer declared: their leases may still be
/// open. Such a role's groups and target roles are not covered; keep the policy until its leases have ended.
#[must_use]
pub fn sweeper(desired: &Desired, account: &AccountId) -> Vec<Statement> {
    let broker = &desired.broker.spec;
    let mut statements = Vec::new();
    if account == broker.principal.account() && user_roles(desired).next().is_some() {
        let users = || [all_lease_users(broker)];
        let mut on_users = actions(Task::EndUser, Scope::LeaseUsers);
        on_users.extend(actions(Task::FindUsers, Scope::LeaseUsers));
        on_users.sort_unstable();
        on_users.dedup();
        let joined = user_roles(desired).flat_map(|(_, spec)| &spec.policy.groups);
        let groups = groups(broker.principal.partition(), account, joined);
        let devices = [format!("{}mfa/*", prefix(broker, "iam"))];
        statements = vec![
            Statement::on("FindUsers", actions(Task::FindUsers, Scope::Everything), ["*".to_owned()]),
            Statement::on("EndUsers", on_users, users()),
            Statement::on("LeaveGroups", actions(Task::EndUser, Scope::Groups), groups),
            Statement::on("DeleteMfaDevices", actions(Task::EndUser, Scope::MfaDevices), devices),
        ];
    }
    let denies = actions(Task::ClearSessionDenies, Scope::Targets);
    statements.push(Statement::on("ClearSessionDenies", denies, targets(desired, account)));
    statements.into_iter().flatten().collect()
}
