//! The reader's rights beside what reading the world calls.

use std::collections::BTreeSet;

use leasehold::domain::least_privilege::{CALLS, Task, reader};
use leasehold::domain::world::calls::{GET_POLICY_LIMIT, READER_CALLS};

use super::{HOME, account, allows_in, closed, desired, policies, yaml};

#[test]
fn the_reader_is_given_what_reading_the_world_calls() {
    let reads = |task: Task| {
        matches!(
            task,
            Task::Identify
                | Task::ReadTargets
                | Task::ReadManyTargets
                | Task::ReadBrokerRole
                | Task::ReadBrokerUser
                | Task::ReadPolicies
                | Task::ReadManyPolicies
                | Task::ReadGroups
                | Task::ReadQuotas
                | Task::ReadOtherAccounts
        )
    };
    let granted: BTreeSet<&str> = CALLS.iter().filter(|call| reads(call.task)).map(|call| call.action).collect();
    let called: BTreeSet<&str> = READER_CALLS.iter().map(|call| call.action).collect();
    assert_eq!(granted, called);
}

#[test]
fn many_declared_policies_are_looked_up_in_a_list() {
    let listed = |count: usize| {
        let arns: Vec<String> = (0..count).map(|n| format!("arn:aws:iam::{HOME}:policy/P{n}")).collect();
        let roles: String = arns
            .iter()
            .enumerate()
            .map(|(n, arn)| {
                format!(
                    "---\napiVersion: leasehold/v1\nkind: Role\nmetadata: {{name: r{n}}}\nspec: {{role_arns: \
                     ['arn:aws:iam::{HOME}:role/App'], policy_arns: ['{arn}']}}\n"
                )
            })
            .collect();
        let desired = desired(&format!("{}{roles}", yaml(&format!("arn:aws:iam::{HOME}:role/broker"), &[], false)));
        allows_in(HOME, &policies(reader(&desired, &account(HOME))), "iam:ListPolicies", "*", &closed())
    };
    assert!(!listed(GET_POLICY_LIMIT) && listed(GET_POLICY_LIMIT + 1));
}
