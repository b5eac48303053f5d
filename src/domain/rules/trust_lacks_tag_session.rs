//! Session tags are declared, and the trust policy does not allow `sts:TagSession`.
//!
//! ## What it does
//! Asks the trust policy of each target role for `sts:TagSession` when the role declares `session_tags`. Of tags that the
//! broker's own session brings along, LH234 speaks.
//!
//! ## Why it is bad
//! STS authorizes the tags as a request of their own. Without that permission the whole `AssumeRole` is refused, tags or
//! not.
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
//! kind: Role
//! metadata: {name: app-readonly}
//! spec:
//!   credential_type: assumed_role
//!   role_arns: [arn:aws:iam::111122223333:role/ProdAppReadOnly]
//!   session_tags: {team: payments}
//!   default_sts_ttl: 30m
//!   max_sts_ttl: 1h
//! ```
//! ```json
//! {
//!   "caller": {"arn": "arn:aws:sts::111122223333:assumed-role/VaultRunner/ci", "user_id": "AROAEXAMPLEVAULTRUN01:ci"},
//!   "roles": {
//!     "arn:aws:iam::111122223333:role/ProdAppReadOnly": {
//!       "role_id": "AROAEXAMPLEREADONLY01",
//!       "max_session_duration": 3600,
//!       "trust": {
//!         "Version": "2012-10-17",
//!         "Statement": [
//!           {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:AssumeRole"}
//!         ]
//!       }
//!     }
//!   }
//! }
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
//! kind: Role
//! metadata: {name: app-readonly}
//! spec:
//!   credential_type: assumed_role
//!   role_arns: [arn:aws:iam::111122223333:role/ProdAppReadOnly]
//!   session_tags: {team: payments}
//!   default_sts_ttl: 30m
//!   max_sts_ttl: 1h
//! ```
//! ```json
//! {
//!   "caller": {"arn": "arn:aws:sts::111122223333:assumed-role/VaultRunner/ci", "user_id": "AROAEXAMPLEVAULTRUN01:ci"},
//!   "roles": {
//!     "arn:aws:iam::111122223333:role/ProdAppReadOnly": {
//!       "role_id": "AROAEXAMPLEREADONLY01",
//!       "max_session_duration": 3600,
//!       "trust": {
//!         "Version": "2012-10-17",
//!         "Statement": [
//!           {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:AssumeRole"},
//!           {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:TagSession"}
//!         ]
//!       }
//!     }
//!   }
//! }
//! ```
//!
//! ## Source
//! The IAM user guide's page on session tags, and the `AccessDenied` texts that name `sts:TagSession`.

use crate::domain::finding::{Confidence, Finding, Level};
use crate::domain::role::Field;

use super::judging::{Judging, Target};
use super::rule::{Check, Origin, Rule};
use super::words::{Passed, lacks_action};

pub(super) static RULE: Rule = Rule {
    code: "LH202",
    name: "trust-lacks-tag-session",
    level: Level::Hard,
    confidence: Confidence::Certain,
    origin: Origin::World,
    summary: "Session tags are declared, and the trust policy does not allow `sts:TagSession`.",
    source: include_str!("trust_lacks_tag_session.rs"),
    check: Check::Target(check),
};

fn check(judging: &Judging<'_>, target: Target<'_>, findings: &mut Vec<Finding>) {
    lacks_action(
        judging,
        target,
        &RULE,
        &Passed {
            action: "sts:TagSession",
            what: "session tags",
            field: Field::SessionTags,
            declared: |spec| !spec.session_tags.is_empty(),
        },
        findings,
    );
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{READ_ONLY, Scene, statement, trust};
    use super::*;

    fn found(passes: bool, statements: &[&str]) -> Vec<Finding> {
        Scene::role_broker()
            .assumed_role_with("a", |spec| {
                if passes {
                    spec.session_tags.insert("team".to_owned(), "payments".to_owned());
                }
            })
            .live(READ_ONLY, 3_600, &trust(statements))
            .findings(&RULE)
    }

    #[test]
    fn the_action_is_needed_only_by_a_role_that_passes_them() {
        let assume = statement("Allow", "role/VaultRunner", "sts:AssumeRole");
        let action = statement("Allow", "role/VaultRunner", "sts:TagSession");
        assert_eq!(found(true, &[&assume]).len(), 1);
        assert!(found(false, &[&assume]).is_empty());
        assert!(found(true, &[&assume, &action]).is_empty());
    }

    #[test]
    fn a_deny_of_the_action_is_named() {
        let all = statement("Allow", "role/VaultRunner", "sts:*");
        let deny = statement("Deny", "role/VaultRunner", "sts:TagSession");
        let found = found(true, &[&all, &deny]);
        assert_eq!(found.len(), 1);
        assert!(found[0].remedy.contains("`#2`"), "{}", found[0].remedy);
    }

    #[test]
    fn a_broker_that_is_not_admitted_at_all_is_another_rules_finding() {
        assert!(found(true, &[&statement("Allow", "role/Other", "sts:AssumeRole")]).is_empty());
    }
}
