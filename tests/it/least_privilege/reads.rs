//! The reader's rights beside what reading the world calls.

use std::collections::BTreeSet;

use leasehold::domain::desired::Desired;
use leasehold::domain::least_privilege::{CALLS, Scope, read_actions, reader};
use leasehold::domain::world::calls::{GET_POLICY_LIMIT, GET_ROLE_LIMIT};

use super::{Declared, HOME, account, allows_in, closed, desired, policies, yaml};

/// The roles `r0`, `r1`, … in the broker's account, each with a target, a managed policy and a group of its own.
fn many(is_user: bool, count: usize) -> Desired {
    let role = |n: usize| {
        format!(
            "---\napiVersion: leasehold/v1\nkind: Role\nmetadata: {{name: r{n}}}\nspec: {{role_arns: \
             ['arn:aws:iam::{HOME}:role/App{n}'], policy_arns: ['arn:aws:iam::{HOME}:policy/P{n}'], iam_groups: [G{n}]}}\n"
        )
    };
    let roles: String = (0..count).map(role).collect();
    let user = Declared::User { path: None, boundary: false, policies: 1, groups: 1 };
    let (kind, users) = if is_user { ("user", vec![user]) } else { ("role", Vec::new()) };
    desired(&format!("{}{roles}", yaml(&format!("arn:aws:iam::{HOME}:{kind}/broker"), &users, true)))
}

#[test]
fn the_reader_is_given_every_call_of_reading_that_is_permitted_at_all() {
    let count = GET_ROLE_LIMIT.max(GET_POLICY_LIMIT) + 1;
    let given: BTreeSet<&str> = [false, true]
        .into_iter()
        .flat_map(|is_user| reader(&many(is_user, count), &account(HOME)))
        .flat_map(|statement| statement.actions)
        .collect();
    let unasked = CALLS.iter().filter(|call| call.scope == Scope::Unasked).map(|call| call.action).collect();
    assert_eq!(given, read_actions().difference(&unasked).copied().collect());
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
