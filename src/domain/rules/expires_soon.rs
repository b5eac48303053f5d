//! The role's last day is near.
//!
//! ## What it does
//! Looks for roles whose `expires` is at most 14 days ahead.
//!
//! ## Why it is bad
//! When the day has passed nothing is issued any more, and whoever depends on the role learns it from a failing job.
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
//!   expires: 2026-12-10
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
//! kind: Role
//! metadata: {name: app-readonly}
//! spec:
//!   credential_type: assumed_role
//!   role_arns: [arn:aws:iam::111122223333:role/ProdAppReadOnly]
//!   expires: 2027-03-01
//!   default_sts_ttl: 30m
//!   max_sts_ttl: 1h
//! ```
//!
//! ## Source
//! Our own rule.

use jiff::SignedDuration;

use crate::domain::finding::{Confidence, Finding, Level};
use crate::domain::role::Field;

use super::judging::{Declared, Judging};
use super::role_expired::later_day;
use super::rule::{Check, Origin, Rule, Said};

pub(super) static RULE: Rule = Rule {
    code: "LH503",
    name: "expires-soon",
    level: Level::Advisory,
    confidence: Confidence::Certain,
    origin: Origin::World,
    summary: "The role's last day is near.",
    source: include_str!("expires_soon.rs"),
    check: Check::Role(check),
};

/// Days ahead that count as near.
const NEAR_DAYS: i64 = 14;

fn check(judging: &Judging<'_>, declared: &Declared<'_>, findings: &mut Vec<Finding>) {
    let role = declared.role;
    let Some(day) = role.spec.expires.filter(|day| !day.is_over(judging.now)) else { return };
    let left = day.end().duration_since(judging.now);
    if left > SignedDuration::from_hours(24 * NEAR_DAYS) {
        return;
    }
    findings.push(RULE.about(
        role,
        Field::Expires,
        Said {
            message: format!("role `{}` expires when {day} ends, in less than {NEAR_DAYS} days", role.spec.name),
            label: "ends soon".to_owned(),
            remedy: match later_day(judging.now) {
                Some(later) => format!(
                    "renew it with a later day such as `expires: {later}`, or tell whoever uses it and remove it then"
                ),
                None => "tell whoever uses it, and remove it then".to_owned(),
            },
        },
    ));
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Scene;
    use super::*;
    use crate::domain::desired::Date;

    #[test]
    fn two_weeks_ahead_and_not_when_it_is_over() {
        for (now, expected) in [
            ("2027-01-17T23:59:59Z", 0),
            ("2027-01-18T00:00:00Z", 1),
            ("2027-01-31T23:59:59Z", 1),
            ("2027-02-01T00:00:00Z", 0),
        ] {
            let mut scene = Scene::role_broker().assumed_role("a", 900, 900).assumed_role("b", 900, 900);
            scene.desired.roles[1].spec.expires = Date::parse("2027-01-31");
            scene.now = now.parse().expect("valid");
            assert_eq!(scene.findings(&RULE).len(), expected, "{now}");
        }
    }
}
