use super::calls::{Scope, Task, actions};
use super::names::targets;
use super::statement::Statement;
use super::sweeper::sweeper;
use crate::domain::desired::Desired;
use crate::domain::ident::AccountId;

/// What revoking leases in one account takes: all that ending them does, and denying sessions of the target roles there.
///
/// Whoever may write an inline policy of a role may give that role every permission, and AWS has no condition on what a
/// policy says: this is for people, not for what runs by itself.
#[must_use]
pub fn revoker(desired: &Desired, account: &AccountId) -> Vec<Statement> {
    let denies = actions(Task::DenySessions, Scope::Targets);
    let mut statements = sweeper(desired, account);
    statements.extend(Statement::on("DenySessions", denies, targets(desired, account)));
    statements
}
