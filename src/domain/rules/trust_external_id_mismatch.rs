//! The trust policy asks for another external id.
//!
//! ## What it does
//! Speaks when nothing but a condition on `sts:ExternalId` keeps the broker out: the role passes none, or one that does
//! not match. Case counts. Whether the id is a good one is not its question: LH215 speaks of one that can be guessed, and
//! both speak where a role passes an id that is neither asked for nor hard to guess. Where none is asked for, it is LH213.
//!
//! ## Why it is bad
//! STS answers `AccessDenied` to every request for this role.
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
//!           {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"sts:ExternalId": "4f1d9c0b7e6a4d52"}}}
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
//!   external_id: "4f1d9c0b7e6a4d52"
//!   default_sts_ttl: 30m
//!   max_sts_ttl: 1h
//! ```
//!
//! ## Source
//! The IAM user guide's page on access for third parties.

use serde_json::json;

use crate::domain::finding::{Confidence, Finding, Level};
use crate::domain::iam::{Effect, Test};
use crate::domain::role::Field;

use super::judging::{Judging, Target};
use super::refusal::{Cause, refused_by};
use super::rule::{Check, Origin, Rule, Said};

pub(super) static RULE: Rule = Rule {
    code: "LH214",
    name: "trust-external-id-mismatch",
    level: Level::Hard,
    confidence: Confidence::Certain,
    origin: Origin::World,
    summary: "The trust policy asks for another external id.",
    source: include_str!("trust_external_id_mismatch.rs"),
    check: Check::Target(check),
};

fn check(_: &Judging<'_>, target: Target<'_>, findings: &mut Vec<Finding>) {
    let Some((spot, condition)) = refused_by(target, Cause::ExternalId) else { return };
    let passed = match &spot.target.spec.external_id {
        None => "none".to_owned(),
        Some(id) if condition.values.iter().any(|it| it.eq_ignore_ascii_case(id)) => {
            format!("`{id}`, which differs in case")
        }
        Some(id) => format!("`{id}`"),
    };
    let known = condition.operator.known;
    let exact = known.is_some_and(|it| matches!(it.test, Test::StringEquals | Test::StringEqualsIgnoreCase));
    let denied = spot.statement.effect == Effect::Deny;
    let spared = denied && known.is_some_and(|it| it.test == Test::StringNotEquals);
    let value = condition.values.first().filter(|_| (exact && !denied) || spared);
    findings.push(RULE.about(
        spot.target.role,
        Field::ExternalId,
        Said {
            message: format!(
                "{} turns on `{}`, and role `{}` passes {passed}",
                spot.named(),
                condition.line(),
                spot.target.role.spec.name
            ),
            label: "not the external id that is asked for".to_owned(),
            remedy: match value {
                Some(value) => format!("pass the one it asks for: `external_id: {}`", json!(value)),
                None => "pass an `external_id` with which the broker is let in".to_owned(),
            },
        },
    ));
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{READ_ONLY, Scene, trust};
    use super::*;

    fn found(passed: Option<&str>, statements: &[&str]) -> Vec<Finding> {
        Scene::role_broker()
            .assumed_role_with("a", |spec| spec.external_id = passed.map(str::to_owned))
            .live(READ_ONLY, 3_600, &trust(statements))
            .findings(&RULE)
    }

    #[test]
    fn the_id_that_is_asked_for_is_named_and_case_counts() {
        let allow = r#"{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"sts:ExternalId": "Abc"}}}"#;
        assert!(found(None, &[allow])[0].remedy.contains(r#"`external_id: "Abc"`"#));
        assert!(found(Some("abc"), &[allow])[0].message.contains("differs in case"));
        assert!(found(Some("Abc"), &[allow]).is_empty());
    }

    #[test]
    fn a_deny_of_every_other_id_is_met_too() {
        let allow = r#"{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole"}"#;
        let deny = r#"{"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole", "Condition": {"StringNotEquals": {"sts:ExternalId": "Abc"}}}"#;
        assert_eq!(found(None, &[allow, deny]).len(), 1);
        assert!(found(Some("Abc"), &[allow, deny]).is_empty());
    }
}
