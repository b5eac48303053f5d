//! What a broker is said to need at most, beside what it is given.

use std::collections::BTreeSet;

use leasehold::domain::least_privilege::{Statement, broker, needed, reader};
use proptest::prelude::*;

use super::{Declared, HOME, account, declared, desired, yaml};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn whatever_is_given_is_needed(is_user: bool, mut roles in prop::collection::vec(declared(), 0..7)) {
        if !is_user {
            // A role is refused what only a user's keys can issue.
            roles.retain(|role| matches!(role, Declared::Session { .. }));
        }
        let kind = if is_user { "user" } else { "role" };
        let desired = desired(&yaml(&format!("arn:aws:iam::{HOME}:{kind}/broker"), &roles, true));
        let needed = needed(&desired);
        let given: Vec<Statement> = broker(&desired).into_iter().chain(reader(&desired, &account(HOME))).collect();
        prop_assert!(!given.is_empty());
        for action in given.iter().flat_map(|statement| &statement.actions) {
            prop_assert!(needed.contains(&action.to_ascii_lowercase()), "{}", action);
        }
    }
}

#[test]
fn what_issues_nothing_declared_is_not_needed() {
    let needed = needed(&desired(&yaml(&format!("arn:aws:iam::{HOME}:user/broker"), &[], false)));
    let issues =
        ["sts:assumerole", "sts:tagsession", "sts:getfederationtoken", "iam:createuser", "iam:deleterolepolicy"];
    let found: BTreeSet<&str> = issues.into_iter().filter(|action| needed.contains(*action)).collect();
    // Other accounts are read through a role of theirs.
    assert_eq!(found, BTreeSet::from(["sts:assumerole"]));
}
