//! A TTL is above one hour while the broker is a role.
//!
//! ## What it does
//! Looks at both TTLs of every `assumed_role` when the Broker's `principal` is an IAM role.
//!
//! ## Why it is bad
//! A role that assumes another role is role chaining, and STS caps a chained session at 3600 seconds whatever the
//! target's `MaxSessionDuration` says. A longer request is refused, not shortened.
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
//!   max_sts_ttl: 4h
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
//!
//! ## Source
//! The API reference of `AssumeRole` and the IAM user guide's page on role chaining. The guide does not count the
//! role of an EC2 instance as chaining, while users report that STS refuses more than one hour from there too; the
//! stricter reading is taken.

use crate::domain::credential::CredentialType;
use crate::domain::finding::{Confidence, Finding, Level};
use crate::domain::limits::CHAINED_MAX_SECONDS;

use super::judging::{Declared, Judging};
use super::rule::{Check, Origin, Rule, Said};
use super::words;

pub(super) static RULE: Rule = Rule {
    code: "LH104",
    name: "ttl-above-chaining-cap",
    level: Level::Hard,
    confidence: Confidence::Strict,
    origin: Origin::Git,
    summary: "A TTL is above one hour while the broker is a role.",
    source: include_str!("ttl_above_chaining_cap.rs"),
    check: Check::Role(check),
};

fn check(judging: &Judging<'_>, declared: &Declared<'_>, findings: &mut Vec<Finding>) {
    let role = declared.role;
    if !judging.principal().is_role() || role.spec.credential.kind() != CredentialType::AssumedRole {
        return;
    }
    let (default, max) = words::ttl_fields(role);
    for said in [default, max].into_iter().filter(|said| said.ttl.seconds() > CHAINED_MAX_SECONDS) {
        findings.push(RULE.about(
            role,
            said.field,
            Said {
                message: format!(
                    "role `{}` has {}, and the broker `{}` is itself a role, whose sessions may ask for {} at most",
                    role.spec.name,
                    said.shown(role),
                    judging.principal(),
                    words::span(CHAINED_MAX_SECONDS)
                ),
                label: "role chaining ends after 1h".to_owned(),
                remedy: format!(
                    "write `{}: {}`, or let an IAM user with long-term keys be the Broker's principal",
                    said.name,
                    words::span(CHAINED_MAX_SECONDS)
                ),
            },
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Scene;
    use super::*;

    #[test]
    fn one_hour_is_allowed_and_one_second_more_is_not() {
        for (default, max, expected) in [(900, 3_600, 0), (3_600, 3_600, 0), (900, 3_601, 1), (3_601, 3_601, 2)] {
            let scene = Scene::role_broker().assumed_role("a", default, max);
            assert_eq!(scene.findings(&RULE).len(), expected, "{default} {max}");
        }
    }

    #[test]
    fn a_users_sessions_are_not_chained_and_iam_users_are_no_sessions() {
        assert!(Scene::user_broker().assumed_role("a", 3_601, 43_200).findings(&RULE).is_empty());
        assert!(Scene::role_broker().iam_user("a", 3_601, 43_200, |_| ()).findings(&RULE).is_empty());
    }
}
