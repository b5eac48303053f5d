//! A TTL is outside what STS accepts for its credential type.
//!
//! ## What it does
//! Compares both TTLs with the range of the STS call behind the type: 900 to 43200 seconds (15m to 12h) for
//! `assumed_role`, 900 to 129600 seconds (15m to 36h) for `federation_token` and `session_token`.
//!
//! ## Why it is bad
//! STS answers `ValidationError` to every request with such a duration. It is no matter of permissions, and nothing in
//! the account can be changed to allow it.
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
//!   default_sts_ttl: 10m
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
//!   default_sts_ttl: 15m
//!   max_sts_ttl: 1h
//! ```
//!
//! ## Source
//! The `DurationSeconds` shapes of `AssumeRole`, `GetFederationToken` and `GetSessionToken` in the STS API model.

use crate::domain::finding::{Confidence, Finding, Level};

use super::judging::{Declared, Judging};
use super::rule::{Check, Origin, Rule, Said};
use super::words;

pub(super) static RULE: Rule = Rule {
    code: "LH102",
    name: "ttl-out-of-range",
    level: Level::Hard,
    confidence: Confidence::Certain,
    origin: Origin::Git,
    summary: "A TTL is outside what STS accepts for its credential type.",
    source: include_str!("ttl_out_of_range.rs"),
    check: Check::Role(check),
};

fn check(_: &Judging<'_>, declared: &Declared<'_>, findings: &mut Vec<Finding>) {
    let role = declared.role;
    let kind = role.spec.credential.kind();
    let Some((least, most)) = kind.sts_range() else { return };
    let (default, max) = words::ttl_fields(role);
    for said in [default, max] {
        let seconds = said.ttl.seconds();
        let (bound, word) = match seconds {
            _ if seconds < least => (least, "least"),
            _ if seconds > most => (most, "most"),
            _ => continue,
        };
        findings.push(RULE.about(
            role,
            said.field,
            Said {
                message: format!(
                    "role `{}` has {} ({seconds} seconds), and STS accepts {least} to {most} seconds for {kind}",
                    role.spec.name,
                    said.shown(role)
                ),
                label: format!("STS's {word} is {}", words::span(bound)),
                remedy: format!("write `{}: {}`, the {word} that STS accepts", said.name, words::span(bound)),
            },
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Scene;
    use super::*;

    fn labels(scene: &Scene) -> Vec<String> {
        scene.findings(&RULE).into_iter().map(|finding| finding.label).collect()
    }

    #[test]
    fn the_floor_is_nine_hundred_seconds() {
        for (default, expected) in [(899, 1), (900, 0), (901, 0)] {
            assert_eq!(labels(&Scene::user_broker().assumed_role("a", default, 3_600)).len(), expected, "{default}");
            assert_eq!(labels(&Scene::user_broker().session_token("a", default, 3_600)).len(), expected, "{default}");
        }
    }

    #[test]
    fn the_ceiling_depends_on_the_type() {
        for (max, expected) in [(43_200, 0), (43_201, 1)] {
            assert_eq!(labels(&Scene::user_broker().assumed_role("a", 900, max)).len(), expected, "{max}");
        }
        for (max, expected) in [(43_201, 0), (129_600, 0), (129_601, 1)] {
            assert_eq!(labels(&Scene::user_broker().session_token("a", 900, max)).len(), expected, "{max}");
            assert_eq!(labels(&Scene::user_broker().federation_token("a", 900, max)).len(), expected, "{max}");
        }
    }

    #[test]
    fn both_ttls_are_judged_and_an_iam_user_is_not() {
        assert_eq!(
            labels(&Scene::user_broker().assumed_role("a", 60, 600)),
            ["STS's least is 15m", "STS's least is 15m"]
        );
        assert!(labels(&Scene::user_broker().iam_user("a", 60, 600_000, |_| ())).is_empty());
    }
}
