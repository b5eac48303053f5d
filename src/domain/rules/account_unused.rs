//! An Account document is of an account in which nothing is declared.
//!
//! ## What it does
//! Looks for Account documents whose account is neither the broker's nor that of any declared target role or policy.
//!
//! ## Why it is bad
//! It is read by nobody. More often it is a mistyped id: the account that is meant is then not read, and nothing in it
//! is proven.
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
//!   id: "777788889999"
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
//! Our own rule.

use std::collections::BTreeSet;

use crate::domain::finding::{Confidence, Finding, Level};

use super::judging::Judging;
use super::rule::{Check, Origin, Rule, Said};
use super::words;

pub(super) static RULE: Rule = Rule {
    code: "LH115",
    name: "account-unused",
    level: Level::Advisory,
    confidence: Confidence::Certain,
    origin: Origin::Git,
    summary: "An Account document is of an account in which nothing is declared.",
    source: include_str!("account_unused.rs"),
    check: Check::Whole(check),
};

fn check(judging: &Judging<'_>, findings: &mut Vec<Finding>) {
    let declared = &judging.desired.accounts;
    if declared.is_empty() {
        return;
    }
    let mut used: BTreeSet<&str> = judging.targets().map(|target| target.arn.account().as_str()).collect();
    used.insert(judging.principal().account().as_str());
    for role in &judging.desired.roles {
        used.extend(words::policies(&role.spec.credential).map(|(_, arn)| arn.account()));
    }
    let known: BTreeSet<&str> = declared.iter().map(|account| account.id.as_str()).collect();
    let missing =
        used.iter().find(|id| **id != judging.principal().account().as_str() && **id != "aws" && !known.contains(**id));
    for account in declared.iter().filter(|account| !used.contains(account.id.as_str())) {
        let id = account.id.as_str();
        // A reader of the old account would be the next finding.
        let reader = |missing: &str| match &account.reader_role_arn {
            Some(reader) if reader.account().as_str() != missing => format!(
                " and `reader_role_arn: arn:{}:iam::{missing}:role{}{}`",
                reader.arn().partition(),
                reader.path(),
                reader.name()
            ),
            Some(_) | None => String::new(),
        };
        findings.push(RULE.at(
            None,
            account.id.place.clone(),
            Said {
                message: format!(
                    "account {id} is declared as `{}`, and nothing else that is declared is in it",
                    account.name
                ),
                label: "nothing is declared in it".to_owned(),
                remedy: match missing {
                    Some(missing) => {
                        format!("write `id: \"{missing}\"`{} if that is meant, or remove the document", reader(missing))
                    }
                    None => "remove the document".to_owned(),
                },
            },
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{READ_ONLY, REPORTS, Scene};
    use super::*;

    #[test]
    fn an_account_is_used_by_targets_policies_and_the_broker() {
        for (account, expected) in [("111122223333", 0), ("444455556666", 0), ("777788889999", 1)] {
            let scene = Scene::role_broker().assumed_role_of("a", &[READ_ONLY, REPORTS]).account(account, None);
            assert_eq!(scene.findings(&RULE).len(), expected, "{account}");
        }
        let scene = Scene::role_broker().assumed_role_of("a", &[REPORTS]).account("777788889999", None);
        assert!(scene.findings(&RULE)[0].remedy.contains(r#"`id: "444455556666"`"#));
    }
}
