//! The trust policy cannot be understood.
//!
//! ## What it does
//! Reads each target role's live trust policy as strictly as IAM's grammar allows, and speaks when it is no policy.
//!
//! ## Why it is bad
//! Nobody can tell whom such a policy admits, so nothing about this role can be promised.
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
//!       "trust": {"Version": "2012-10-17", "Statement": "everyone"}
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
//! ## Source
//! The IAM user guide's grammar of policies. What AWS stores is always a policy, so either the answer was damaged or the
//! grammar has grown; both are worth stopping for.

use crate::domain::admission;
use crate::domain::finding::{Confidence, Finding, Level};

use super::judging::{Judging, Target};
use super::rule::{Check, Origin, Rule, Said};
use super::words;

pub(super) static RULE: Rule = Rule {
    code: "LH206",
    name: "trust-unreadable",
    level: Level::Blocking,
    confidence: Confidence::Certain,
    origin: Origin::World,
    summary: "The trust policy cannot be understood.",
    source: include_str!("trust_unreadable.rs"),
    check: Check::Target(check),
};

fn check(judging: &Judging<'_>, target: Target<'_>, findings: &mut Vec<Finding>) {
    let Some(live) = target.fact.present() else { return };
    let Err(error) = &live.trust.policy else { return };
    let name = words::shell_word(live.arn.name());
    findings.push(RULE.about(
        target.role,
        target.field(),
        Said {
            message: format!("the trust policy of `{}` cannot be understood: the policy {error}", target.arn),
            label: "trust policy unreadable".to_owned(),
            remedy: format!(
                "look at it with `aws iam get-role --role-name {name}` and correct it with `aws iam \
                 update-assume-role-policy --role-name {name} --policy-document file://trust.json`; the broker needs \
                 this statement in it: `{}`",
                words::trust_statement(judging.principal(), &admission::actions(target.spec))
            ),
        },
    ));
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{READ_ONLY, Scene, statement, trust};
    use super::*;

    #[test]
    fn only_a_document_that_is_no_policy_is_named() {
        let found = |policy: &str| {
            Scene::role_broker().assumed_role("a", 900, 900).live(READ_ONLY, 3_600, policy).findings(&RULE)
        };
        assert_eq!(found("not JSON").len(), 1);
        assert_eq!(found(r#"{"Version": "2012-10-17", "Statement": "everyone"}"#).len(), 1);
        assert!(found(&trust(&[&statement("Allow", "role/Other", "sts:AssumeRole")])).is_empty());
    }
}
