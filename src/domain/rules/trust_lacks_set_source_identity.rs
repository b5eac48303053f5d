//! A source identity is declared, and the trust policy does not allow `sts:SetSourceIdentity`.
//!
//! ## What it does
//! Asks the trust policy of each target role for `sts:SetSourceIdentity` when the role declares a `source_identity`.
//!
//! ## Why it is bad
//! STS authorizes the source identity as a request of its own. Without that permission the whole `AssumeRole` is refused.
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
//!   source_identity: payments-ci
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
//!   source_identity: payments-ci
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
//!           {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:SetSourceIdentity"}
//!         ]
//!       }
//!     }
//!   }
//! }
//! ```
//!
//! ## Source
//! The IAM user guide's page on source identity, and the `AccessDenied` texts that name `sts:SetSourceIdentity`.

use crate::domain::finding::{Confidence, Finding, Level};
use crate::domain::role::Field;

use super::judging::{Judging, Target};
use super::rule::{Check, Origin, Rule};
use super::words::{Passed, lacks_action};

pub(super) static RULE: Rule = Rule {
    code: "LH203",
    name: "trust-lacks-set-source-identity",
    level: Level::Hard,
    confidence: Confidence::Certain,
    origin: Origin::World,
    summary: "A source identity is declared, and the trust policy does not allow `sts:SetSourceIdentity`.",
    source: include_str!("trust_lacks_set_source_identity.rs"),
    check: Check::Target(check),
};

fn check(judging: &Judging<'_>, target: Target<'_>, findings: &mut Vec<Finding>) {
    lacks_action(
        judging,
        target,
        &RULE,
        &Passed {
            action: "sts:SetSourceIdentity",
            what: "a source identity",
            field: Field::SourceIdentity,
            declared: |spec| spec.source_identity.is_some(),
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
                    spec.source_identity = Some("ci".to_owned());
                }
            })
            .live(READ_ONLY, 3_600, &trust(statements))
            .findings(&RULE)
    }

    #[test]
    fn the_action_is_needed_only_by_a_role_that_passes_them() {
        let assume = statement("Allow", "role/VaultRunner", "sts:AssumeRole");
        let action = statement("Allow", "role/VaultRunner", "sts:SetSourceIdentity");
        assert_eq!(found(true, &[&assume]).len(), 1);
        assert!(found(false, &[&assume]).is_empty());
        assert!(found(true, &[&assume, &action]).is_empty());
    }

    #[test]
    fn a_deny_of_the_action_is_named() {
        let all = statement("Allow", "role/VaultRunner", "sts:*");
        let deny = statement("Deny", "role/VaultRunner", "sts:SetSourceIdentity");
        let found = found(true, &[&all, &deny]);
        assert_eq!(found.len(), 1);
        assert!(found[0].remedy.contains("`#2`"), "{}", found[0].remedy);
    }

    #[test]
    fn a_broker_that_is_not_admitted_at_all_is_another_rules_finding() {
        assert!(found(true, &[&statement("Allow", "role/Other", "sts:AssumeRole")]).is_empty());
    }
}
