//! The role's last day has passed.
//!
//! ## What it does
//! Compares `expires` with the day of the plan, in UTC. The day it names still counts in full.
//!
//! ## Why it is bad
//! An expired role is refused by every request, while its declaration still looks like access that somebody has.
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
//!   expires: 2026-11-30
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

use jiff::ToSpan as _;
use jiff::tz::Offset;

use crate::domain::Timestamp;
use crate::domain::finding::{Confidence, Finding, Level};
use crate::domain::role::Field;

use super::judging::{Declared, Judging};
use super::rule::{Check, Origin, Rule, Said};

pub(super) static RULE: Rule = Rule {
    code: "LH501",
    name: "role-expired",
    level: Level::Blocking,
    confidence: Confidence::Certain,
    origin: Origin::World,
    summary: "The role's last day has passed.",
    source: include_str!("role_expired.rs"),
    check: Check::Role(check),
};

/// Days from now on that a remedy proposes.
pub(super) const EXTENSION_DAYS: i64 = 90;

fn check(judging: &Judging<'_>, declared: &Declared<'_>, findings: &mut Vec<Finding>) {
    let role = declared.role;
    let Some(day) = role.spec.expires.filter(|day| day.is_over(judging.now)) else { return };
    findings.push(RULE.about(
        role,
        Field::Expires,
        Said {
            message: format!("role `{}` expired when {day} ended", role.spec.name),
            label: "this day has passed".to_owned(),
            remedy: match later_day(judging.now) {
                Some(later) => format!("remove the role, or renew it with a later day such as `expires: {later}`"),
                None => "remove the role".to_owned(),
            },
        },
    ));
}

/// The day a renewal may name; `None` where the calendar ends.
pub(super) fn later_day(now: Timestamp) -> Option<jiff::civil::Date> {
    Offset::UTC.to_datetime(now).date().checked_add(EXTENSION_DAYS.days()).ok()
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Scene;
    use super::*;
    use crate::domain::desired::Date;

    #[test]
    fn the_day_itself_still_counts() {
        for (now, expected) in [("2027-01-30T00:00:00Z", 0), ("2027-01-31T23:59:59Z", 0), ("2027-02-01T00:00:00Z", 1)] {
            let mut scene = Scene::role_broker().assumed_role("a", 900, 900).assumed_role("b", 900, 900);
            scene.desired.roles[1].spec.expires = Date::parse("2027-01-31");
            scene.now = now.parse().expect("valid");
            assert_eq!(scene.findings(&RULE).len(), expected, "{now}");
        }
    }

    #[test]
    fn the_end_of_the_calendar_is_survived() {
        assert_eq!(later_day(Timestamp::MAX), None);
    }
}
