//! The reader role of an account is in another account.
//!
//! ## What it does
//! Compares the account of `reader_role_arn` with the `id` of its Account document.
//!
//! ## Why it is bad
//! A session of the role reads the account that the role is in. Everything of the declared account would be looked up in
//! the other one, and not be found.
//!
//! ## Example
//! ```yaml
//! apiVersion: leasehold/v1
//! kind: Broker
//! metadata: {name: prod}
//! spec:
//!   principal: arn:aws:iam::111122223333:role/VaultRunner
//!   region: ap-northeast-1
//!   deployment: prod
//! ---
//! apiVersion: leasehold/v1
//! kind: Account
//! metadata: {name: reports}
//! spec:
//!   id: "444455556666"
//!   reader_role_arn: arn:aws:iam::777788889999:role/LeaseholdReader
//! ---
//! apiVersion: leasehold/v1
//! kind: Role
//! metadata: {name: app-readonly}
//! spec:
//!   credential_type: assumed_role
//!   role_arns: [arn:aws:iam::444455556666:role/ProdAppReadOnly]
//!   default_sts_ttl: 30m
//!   max_sts_ttl: 1h
//! ```
//!
//! ## Use instead
//! ```yaml
//! apiVersion: leasehold/v1
//! kind: Broker
//! metadata: {name: prod}
//! spec:
//!   principal: arn:aws:iam::111122223333:role/VaultRunner
//!   region: ap-northeast-1
//!   deployment: prod
//! ---
//! apiVersion: leasehold/v1
//! kind: Account
//! metadata: {name: reports}
//! spec:
//!   id: "444455556666"
//!   reader_role_arn: arn:aws:iam::444455556666:role/LeaseholdReader
//! ---
//! apiVersion: leasehold/v1
//! kind: Role
//! metadata: {name: app-readonly}
//! spec:
//!   credential_type: assumed_role
//!   role_arns: [arn:aws:iam::444455556666:role/ProdAppReadOnly]
//!   default_sts_ttl: 30m
//!   max_sts_ttl: 1h
//! ```
//!
//! ## Source
//! The IAM API: its calls concern the account of the caller.

use crate::domain::finding::{Confidence, Finding, Level};

use super::judging::Judging;
use super::rule::{Check, Origin, Rule, Said};

pub(super) static RULE: Rule = Rule {
    code: "LH116",
    name: "reader-in-other-account",
    level: Level::Hard,
    confidence: Confidence::Certain,
    origin: Origin::Git,
    summary: "The reader role of an account is in another account.",
    source: include_str!("reader_in_other_account.rs"),
    check: Check::Whole(check),
};

fn check(judging: &Judging<'_>, findings: &mut Vec<Finding>) {
    for account in &judging.desired.accounts {
        let Some(reader) = account.reader_role_arn.as_ref().filter(|arn| *arn.account() != account.id.value) else {
            continue;
        };
        let id = &account.id.value;
        findings.push(RULE.at(
            None,
            reader.place.clone(),
            Said {
                message: format!(
                    "account {id} is to be read by `{}`, which is a role of account {}",
                    reader.value,
                    reader.account()
                ),
                label: format!("not a role of {id}"),
                remedy: format!(
                    "name a role of account {id}, such as `reader_role_arn: arn:{}:iam::{id}:role{}{}`",
                    reader.arn().partition(),
                    reader.path(),
                    reader.name()
                ),
            },
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Scene;
    use super::*;

    #[test]
    fn the_reader_is_a_role_of_the_account_it_reads() {
        let own = Some("arn:aws:iam::444455556666:role/ci/Reader");
        for (account, reader, expected) in
            [("444455556666", own, 0), ("444455556666", None, 0), ("777788889999", own, 1)]
        {
            let found = Scene::role_broker().account(account, reader).findings(&RULE);
            assert_eq!(found.len(), expected, "{account}");
            assert!(found.iter().all(|it| it.remedy.contains("iam::777788889999:role/ci/Reader`")), "{found:?}");
        }
    }
}
