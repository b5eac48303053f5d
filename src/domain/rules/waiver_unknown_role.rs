//! A waiver names a role that is not declared.
//!
//! ## What it does
//! Looks each entry of a waiver's `roles` up among the declared roles.
//!
//! ## Why it is bad
//! The waiver does not cover the role that was meant, and would cover another that takes the name later, unreviewed.
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
//! metadata: {name: app-batch}
//! spec:
//!   credential_type: iam_user
//!   user_path: /app-batch/
//!   permissions_boundary_arn: arn:aws:iam::111122223333:policy/LeaseholdBoundary
//!   justification: the vendor's tool cannot use session tokens
//!   policy_arns: [arn:aws:iam::aws:policy/ReadOnlyAccess]
//!   default_ttl: 30m
//!   max_ttl: 1h
//! ---
//! apiVersion: leasehold/v1
//! kind: Waiver
//! metadata: {name: batch-user}
//! spec:
//!   rule: iam-user-without-path
//!   roles: [app-bath]
//!   reason: the vendor fixes the path
//!   owner: platform
//!   expires: 2027-01-31
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
//! metadata: {name: app-batch}
//! spec:
//!   credential_type: iam_user
//!   user_path: /app-batch/
//!   permissions_boundary_arn: arn:aws:iam::111122223333:policy/LeaseholdBoundary
//!   justification: the vendor's tool cannot use session tokens
//!   policy_arns: [arn:aws:iam::aws:policy/ReadOnlyAccess]
//!   default_ttl: 30m
//!   max_ttl: 1h
//! ---
//! apiVersion: leasehold/v1
//! kind: Waiver
//! metadata: {name: batch-user}
//! spec:
//!   rule: iam-user-without-path
//!   roles: [app-batch]
//!   reason: the vendor fixes the path
//!   owner: platform
//!   expires: 2027-01-31
//! ```
//!
//! ## Source
//! Our own rule.

use std::collections::BTreeSet;

use crate::domain::finding::{Confidence, Finding, Level};
use crate::domain::plan::PROTECTED_ROLE;
use crate::domain::text;

use super::judging::Judging;
use super::rule::{Check, Origin, Rule, Said};
use super::words::SUGGESTIONS_MAX;

pub(super) static RULE: Rule = Rule {
    code: "LH602",
    name: "waiver-unknown-role",
    level: Level::Advisory,
    confidence: Confidence::Certain,
    origin: Origin::Git,
    summary: "A waiver names a role that is not declared.",
    source: include_str!("waiver_unknown_role.rs"),
    check: Check::Whole(check),
};

fn check(judging: &Judging<'_>, findings: &mut Vec<Finding>) {
    let declared: BTreeSet<&str> = judging.desired.roles.iter().map(|role| role.spec.name.as_str()).collect();
    // A waiver that unlocks a deletion names a role that is no longer declared, as it must.
    let waivers = judging.desired.waivers.iter().filter(|waiver| waiver.rule.as_str() != PROTECTED_ROLE);
    let entries = waivers.flat_map(|waiver| waiver.roles.iter().map(move |role| (waiver, role)));
    let unknown = entries.filter(|(_, role)| !declared.contains(role.as_str()));
    for (seen, (waiver, role)) in unknown.enumerate() {
        let near = if seen < SUGGESTIONS_MAX { text::nearest(role.as_str(), declared.iter().copied()) } else { None };
        findings.push(RULE.at(
            None,
            role.place.clone(),
            Said {
                message: format!("waiver `{}` names the role `{}`, which is not declared", waiver.name, role.value),
                label: "no such role".to_owned(),
                remedy: match near {
                    Some(near) => format!("write `{near}` if that is meant, or remove the entry"),
                    None => "remove the entry".to_owned(),
                },
            },
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Scene;
    use super::*;

    #[test]
    fn each_unknown_role_is_named_with_its_neighbour() {
        let found = Scene::role_broker()
            .assumed_role("app-batch", 900, 900)
            .waiver("w", "LH401", &["app-batch", "app-bath", "zzz"], "2999-12-31")
            .findings(&RULE);
        let remedies: Vec<&str> = found.iter().map(|finding| finding.remedy.as_str()).collect();
        assert_eq!(remedies, ["write `app-batch` if that is meant, or remove the entry", "remove the entry"]);
    }

    #[test]
    fn the_deleted_role_of_an_unlocking_waiver_is_not_missed() {
        let scene = Scene::role_broker().assumed_role("app-batch", 900, 900);
        assert!(scene.waiver("w", PROTECTED_ROLE, &["app-gone"], "2999-12-31").findings(&RULE).is_empty());
    }
}
