//! A waiver's last day is near.
//!
//! ## What it does
//! Speaks during the last 14 days of a waiver.
//!
//! ## Why it is bad
//! Once the day is over, what the waiver silences stops `apply` for everybody. Now there is time to mend it.
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
//!   max_ttl: 48h
//! ---
//! apiVersion: leasehold/v1
//! kind: Waiver
//! metadata: {name: batch-user}
//! spec:
//!   rule: iam-user-long
//!   roles: [app-batch]
//!   reason: the vendor fixes it
//!   owner: platform
//!   expires: 2026-12-10
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
//!   max_ttl: 48h
//! ---
//! apiVersion: leasehold/v1
//! kind: Waiver
//! metadata: {name: batch-user}
//! spec:
//!   rule: iam-user-long
//!   roles: [app-batch]
//!   reason: the vendor fixes it
//!   owner: platform
//!   expires: 2027-03-01
//! ```
//!
//! ## Source
//! Our own rule.

use jiff::SignedDuration;

use crate::domain::finding::{Confidence, Finding, Level};

use super::judging::Judging;
use super::role_expired::later_day;
use super::rule::{Check, Origin, Rule, Said};

pub(super) static RULE: Rule = Rule {
    code: "LH611",
    name: "waiver-ends-soon",
    level: Level::Advisory,
    confidence: Confidence::Certain,
    origin: Origin::World,
    summary: "A waiver's last day is near.",
    source: include_str!("waiver_ends_soon.rs"),
    check: Check::Whole(check),
};

/// Days ahead that count as near.
const NEAR_DAYS: i64 = 14;

fn check(judging: &Judging<'_>, findings: &mut Vec<Finding>) {
    for waiver in judging.desired.waivers.iter().filter(|waiver| !waiver.expires.is_over(judging.now)) {
        if waiver.expires.end().duration_since(judging.now) > SignedDuration::from_hours(24 * NEAR_DAYS) {
            continue;
        }
        let mend = "mend what it silences and remove it";
        findings.push(RULE.at(
            None,
            waiver.place.clone(),
            Said {
                message: format!(
                    "waiver `{}` counts until {} ends, in less than {NEAR_DAYS} days",
                    waiver.name, waiver.expires
                ),
                label: "ends soon".to_owned(),
                remedy: match later_day(judging.now) {
                    Some(later) => {
                        format!("{mend}, or have it reviewed again with a later day such as `expires: {later}`")
                    }
                    None => mend.to_owned(),
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
    fn two_weeks_ahead_and_not_when_it_is_over() {
        for (now, expected) in [
            ("2027-01-17T23:59:59Z", 0),
            ("2027-01-18T00:00:00Z", 1),
            ("2027-01-31T23:59:59Z", 1),
            ("2027-02-01T00:00:00Z", 0),
        ] {
            let mut scene = Scene::role_broker().waiver("w", "LH401", &[], "2027-01-31");
            scene.now = now.parse().expect("valid");
            assert_eq!(scene.findings(&RULE).len(), expected, "{now}");
        }
    }
}
