//! A waiver's last day is more than a year ahead.
//!
//! ## What it does
//! Compares a waiver's `expires` with a year from now.
//!
//! ## Why it is bad
//! A waiver is looked at again when it ends. One that ends years ahead is a decision that nobody will ever take again.
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
//!   expires: 2029-12-31
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

use jiff::ToSpan as _;
use jiff::tz::Offset;

use crate::domain::Timestamp;
use crate::domain::finding::{Confidence, Finding, Level};

use super::judging::Judging;
use super::role_expired::later_day;
use super::rule::{Check, Origin, Rule, Said};

pub(super) static RULE: Rule = Rule {
    code: "LH612",
    name: "waiver-far",
    level: Level::Advisory,
    confidence: Confidence::Certain,
    origin: Origin::Git,
    summary: "A waiver's last day is more than a year ahead.",
    source: include_str!("waiver_far.rs"),
    check: Check::Whole(check),
};

fn check(judging: &Judging<'_>, findings: &mut Vec<Finding>) {
    let Some(year) = in_a_year(judging.now) else { return };
    for waiver in judging.desired.waivers.iter().filter(|waiver| waiver.expires.end() > year) {
        findings.push(RULE.at(
            None,
            waiver.place.clone(),
            Said {
                message: format!(
                    "waiver `{}` counts until {} ends, more than a year from now",
                    waiver.name, waiver.expires
                ),
                label: "ends too far ahead".to_owned(),
                remedy: match later_day(judging.now) {
                    Some(later) => {
                        format!("write a nearer day such as `expires: {later}`, and have it reviewed again then")
                    }
                    None => "write a nearer day, and have it reviewed again then".to_owned(),
                },
            },
        ));
    }
}

/// The end of this day a year on; `None` where the calendar ends.
fn in_a_year(now: Timestamp) -> Option<Timestamp> {
    let day = Offset::UTC.to_datetime(now).date().checked_add(1.year()).ok()?.tomorrow().ok()?;
    Offset::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok()
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Scene;
    use super::*;

    #[test]
    fn a_year_is_not_too_far() {
        for (expires, expected) in [("2027-12-01", 0), ("2027-12-02", 1), ("9999-12-31", 1), ("2020-01-01", 0)] {
            assert_eq!(
                Scene::role_broker().waiver("w", "LH401", &[], expires).findings(&RULE).len(),
                expected,
                "{expires}"
            );
        }
        let mut scene = Scene::role_broker().waiver("w", "LH401", &[], "9999-12-31");
        scene.now = Timestamp::MAX;
        assert!(scene.findings(&RULE).is_empty(), "the end of the calendar is survived");
    }
}
