//! An external id is passed that the trust policy does not ask for.
//!
//! ## What it does
//! When the role declares `external_id`: asks the trust policy about the same request without it, and speaks when the
//! broker is let in all the same.
//!
//! ## Why it is bad
//! An external id protects only where it is required. Whoever passes it believes in a check that nobody makes.
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
//!   external_id: "4f1d9c0b7e6a4d52"
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
//! ## Source
//! The IAM user guide's page on access for third parties, which advises to test with the external id and without.

use serde_json::json;

use crate::domain::admission;
use crate::domain::finding::{Confidence, Finding, Level};
use crate::domain::iam::{Effect, NamedPolicy, Policies, ResourcePolicy, Truth, Verdict, trace};
use crate::domain::role::Field;

use super::judging::{Judging, Target};
use super::rule::{Check, Origin, Rule, Said};
use super::statements::{self, Spot, put_condition};

pub(super) static RULE: Rule = Rule {
    code: "LH213",
    name: "trust-external-id-not-required",
    level: Level::Advisory,
    confidence: Confidence::Certain,
    origin: Origin::World,
    summary: "An external id is passed that the trust policy does not ask for.",
    source: include_str!("trust_external_id_not_required.rs"),
    check: Check::Target(check),
};

fn check(_: &Judging<'_>, target: Target<'_>, findings: &mut Vec<Finding>) {
    let (Some(external_id), Some(Verdict::Allowed), Some(policy)) =
        (&target.spec.external_id, target.assume, target.trust())
    else {
        return;
    };
    let asking = target.asking.without("sts:ExternalId");
    if asking.trust(policy, "sts:AssumeRole") != Verdict::Allowed {
        return;
    }
    let alone = NamedPolicy { name: admission::TRUST_POLICY, policy };
    let policies = Policies { resource: ResourcePolicy::Trust(alone), ..Policies::default() };
    let traces = trace(&asking.request("sts:AssumeRole"), &policies);
    let lets = |spot: &Spot<'_>| {
        spot.statement.effect == Effect::Allow && traces.get(spot.index()).is_some_and(|it| it.applies() == Truth::True)
    };
    let mut remedies = Vec::new();
    for spot in statements::of(target).filter(lets) {
        remedies.push(spot.rewrite(|it| put_condition(it, "StringEquals", "sts:ExternalId", json!(external_id))));
    }
    findings.push(RULE.about(
        target.role,
        Field::ExternalId,
        Said {
            message: format!(
                "role `{}` passes an external id, and the trust policy of `{}` lets the broker in without one",
                target.role.spec.name, target.arn
            ),
            label: "nobody asks for this external id".to_owned(),
            remedy: format!("ask for it: {}", remedies.join("; ")),
        },
    ));
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{READ_ONLY, Scene, trust};
    use super::*;

    fn found(passed: Option<&str>, condition: &str) -> Vec<Finding> {
        let statement = format!(
            r#"{{"Effect": "Allow", "Principal": {{"AWS": "111122223333"}}, "Action": "sts:AssumeRole"{condition}}}"#
        );
        Scene::role_broker()
            .assumed_role_with("a", |spec| spec.external_id = passed.map(str::to_owned))
            .live(READ_ONLY, 3_600, &trust(&[&statement]))
            .findings(&RULE)
    }

    #[test]
    fn only_an_external_id_that_makes_no_difference_is_named() {
        let required = r#", "Condition": {"StringEquals": {"sts:ExternalId": "x1"}}"#;
        let optional = r#", "Condition": {"StringEqualsIfExists": {"sts:ExternalId": "x1"}}"#;
        assert_eq!(found(Some("x1"), "").len(), 1);
        assert_eq!(found(Some("x1"), optional).len(), 1);
        assert!(found(Some("x1"), required).is_empty());
        assert!(found(None, "").is_empty());
    }
}
