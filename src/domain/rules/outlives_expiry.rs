//! Every credential that the role issues on its last day may live on after it.
//!
//! ## What it does
//! Compares the maximum TTL of a role that has `expires` with the length of a day: with more than 24 hours, even a
//! credential issued as the last day begins may outlive it.
//!
//! ## Why it is bad
//! `expires` ends issuing, and no session can be taken back. Who reads the day takes it for the end of the access, and
//! it is not.
//!
//! ## Example
//! ```yaml
//! apiVersion: leasehold/v1
//! kind: Broker
//! metadata: {name: prod}
//! spec:
//!   principal: arn:aws:iam::111122223333:user/leasehold
//!   region: ap-northeast-1
//!   deployment: prod
//! ---
//! apiVersion: leasehold/v1
//! kind: Role
//! metadata: {name: app-export}
//! spec:
//!   credential_type: federation_token
//!   policy_arns: [arn:aws:iam::aws:policy/ReadOnlyAccess]
//!   expires: 2027-06-30
//!   default_sts_ttl: 30m
//!   max_sts_ttl: 36h
//! ```
//!
//! ## Use instead
//! ```yaml
//! apiVersion: leasehold/v1
//! kind: Broker
//! metadata: {name: prod}
//! spec:
//!   principal: arn:aws:iam::111122223333:user/leasehold
//!   region: ap-northeast-1
//!   deployment: prod
//! ---
//! apiVersion: leasehold/v1
//! kind: Role
//! metadata: {name: app-export}
//! spec:
//!   credential_type: federation_token
//!   policy_arns: [arn:aws:iam::aws:policy/ReadOnlyAccess]
//!   expires: 2027-06-30
//!   default_sts_ttl: 30m
//!   max_sts_ttl: 24h
//! ```
//!
//! ## Source
//! Our own rule. STS sessions live until they expire, whatever becomes of the role's document.

use crate::domain::finding::{Confidence, Finding, Level};

use super::judging::{Declared, Judging};
use super::rule::{Check, Origin, Rule, Said};
use super::words;

pub(super) static RULE: Rule = Rule {
    code: "LH502",
    name: "outlives-expiry",
    level: Level::Advisory,
    confidence: Confidence::Certain,
    origin: Origin::Git,
    summary: "Every credential that the role issues on its last day may live on after it.",
    source: include_str!("outlives_expiry.rs"),
    check: Check::Role(check),
};

const DAY_SECONDS: u32 = 86_400;

fn check(_: &Judging<'_>, declared: &Declared<'_>, findings: &mut Vec<Finding>) {
    let role = declared.role;
    let Some(day) = role.spec.expires else { return };
    let (_, max) = words::ttl_fields(role);
    if max.ttl.seconds() <= DAY_SECONDS {
        return;
    }
    findings.push(RULE.about(
        role,
        max.field,
        Said {
            message: format!(
                "role `{}` expires when {day} ends, and {} lets what it issues that day live on for up to {}",
                role.spec.name,
                max.shown(role),
                max.ttl
            ),
            label: "outlives the last day".to_owned(),
            remedy: format!(
                "write `{}: 24h` or less, or an earlier day in `expires`; or take it that access ends {} after {day}",
                max.name, max.ttl
            ),
        },
    ));
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Scene;
    use super::*;
    use crate::domain::desired::Date;

    #[test]
    fn a_day_is_enough_and_a_second_more_is_not() {
        for (max, expires, expected) in
            [(DAY_SECONDS, true, 0), (DAY_SECONDS + 1, true, 1), (DAY_SECONDS + 1, false, 0)]
        {
            let mut scene = Scene::user_broker().federation_token("f", 900, max);
            scene.desired.roles[0].spec.expires = expires.then(|| Date::parse("2027-01-31")).flatten();
            assert_eq!(scene.findings(&RULE).len(), expected, "{max} {expires}");
        }
    }
}
