//! The users of a role may live for more than a day.
//!
//! ## What it does
//! Looks for `iam_user` roles whose `max_ttl` is over 24 hours.
//!
//! ## Why it is bad
//! A user's access key is a secret that works from everywhere for as long as it lives, and a lost one is usually found
//! late. A lease can be renewed as long as it is needed.
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
//!   max_ttl: 24h
//! ```
//!
//! ## Source
//! Our own rule.

use crate::domain::credential::CredentialSpec;
use crate::domain::finding::{Confidence, Finding, Level};

use super::judging::{Declared, Judging};
use super::rule::{Check, Origin, Rule, Said};
use super::words;

pub(super) static RULE: Rule = Rule {
    code: "LH405",
    name: "iam-user-long",
    level: Level::Advisory,
    confidence: Confidence::Certain,
    origin: Origin::Git,
    summary: "The users of a role may live for more than a day.",
    source: include_str!("iam_user_long.rs"),
    check: Check::Role(check),
};

const DAY_SECONDS: u32 = 86_400;

fn check(_: &Judging<'_>, declared: &Declared<'_>, findings: &mut Vec<Finding>) {
    let role = declared.role;
    let CredentialSpec::IamUser(_) = &role.spec.credential else { return };
    let (_, max) = words::ttl_fields(role);
    if max.ttl.seconds() <= DAY_SECONDS {
        return;
    }
    findings.push(RULE.about(
        role,
        max.field,
        Said {
            message: format!(
                "role `{}` makes IAM users whose keys may live for up to {}: {}",
                role.spec.name,
                max.ttl,
                max.shown(role)
            ),
            label: "more than a day".to_owned(),
            remedy: "write `max_ttl: 24h` or less, and let whoever needs it for longer renew the lease".to_owned(),
        },
    ));
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Scene;
    use super::*;

    #[test]
    fn a_day_is_allowed_and_only_users_are_judged() {
        for (max, expected) in [(DAY_SECONDS, 0), (DAY_SECONDS + 1, 1)] {
            let scene = Scene::user_broker().iam_user("u", 900, max, |_| ()).session_token("s", 900, 129_600);
            assert_eq!(scene.findings(&RULE).len(), expected, "{max}");
        }
    }
}
