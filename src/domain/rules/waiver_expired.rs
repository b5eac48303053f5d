//! A waiver's last day has passed.
//!
//! ## What it does
//! Compares each waiver's `expires` with the day of the plan, in UTC. The day it names still counts in full.
//!
//! ## Why it is bad
//! An expired waiver silences nothing. What it covered blocks again, and the document only misleads.
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
//!   roles: [app-batch]
//!   reason: the vendor fixes the path
//!   owner: platform
//!   expires: 2026-11-30
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
//!   expires: 2027-03-01
//! ```
//!
//! ## Source
//! Our own rule.

use crate::domain::finding::{Confidence, Finding, Level};

use super::judging::Judging;
use super::role_expired::later_day;
use super::rule::{Check, Origin, Rule, Said};

pub(super) static RULE: Rule = Rule {
    code: "LH603",
    name: "waiver-expired",
    level: Level::Advisory,
    confidence: Confidence::Certain,
    origin: Origin::World,
    summary: "A waiver's last day has passed.",
    source: include_str!("waiver_expired.rs"),
    check: Check::Whole(check),
};

fn check(judging: &Judging<'_>, findings: &mut Vec<Finding>) {
    for waiver in judging.desired.waivers.iter().filter(|waiver| waiver.expires.is_over(judging.now)) {
        findings.push(RULE.at(
            None,
            waiver.place.clone(),
            Said {
                message: format!(
                    "waiver `{}` expired when {} ended, and silences nothing",
                    waiver.name, waiver.expires
                ),
                label: "no longer counts".to_owned(),
                remedy: match later_day(judging.now) {
                    Some(later) => {
                        format!("remove it, or have it reviewed again with a later day such as `expires: {later}`")
                    }
                    None => "remove it".to_owned(),
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
    fn the_day_itself_still_counts() {
        for (now, expected) in [("2027-01-31T23:59:59Z", 0), ("2027-02-01T00:00:00Z", 1)] {
            let mut scene = Scene::role_broker().waiver("w", "LH401", &[], "2027-01-31");
            scene.now = now.parse().expect("valid");
            assert_eq!(scene.findings(&RULE).len(), expected, "{now}");
        }
    }
}
