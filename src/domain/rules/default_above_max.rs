//! The default TTL is above the role's own maximum.
//!
//! ## What it does
//! Compares `default_sts_ttl` with `max_sts_ttl` (for `iam_user`: `default_ttl` with `max_ttl`), after the Broker's
//! defaults are filled in.
//!
//! ## Why it is bad
//! Whoever asks for no particular TTL would be given more than the role allows. Nothing is clamped in silence here, so
//! every such request would be refused.
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
//!   default_sts_ttl: 1h
//!   max_sts_ttl: 30m
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
//!   max_sts_ttl: 30m
//! ```
//!
//! ## Source
//! Our own rule: both numbers are ours, and AWS never sees the maximum.

use crate::domain::finding::{Confidence, Finding, Level};

use super::judging::{Declared, Judging};
use super::rule::{Check, Origin, Rule, Said};
use super::words;

pub(super) static RULE: Rule = Rule {
    code: "LH101",
    name: "default-above-max",
    level: Level::Hard,
    confidence: Confidence::Certain,
    origin: Origin::Git,
    summary: "The default TTL is above the role's own maximum.",
    source: include_str!("default_above_max.rs"),
    check: Check::Role(check),
};

fn check(_: &Judging<'_>, declared: &Declared<'_>, findings: &mut Vec<Finding>) {
    let role = declared.role;
    let (default, max) = words::ttl_fields(role);
    if default.ttl <= max.ttl {
        return;
    }
    findings.push(RULE.about(
        role,
        default.field,
        Said {
            message: format!(
                "role `{}` gives {} when nobody asks, and allows only {}",
                role.spec.name,
                default.shown(role),
                max.shown(role)
            ),
            label: format!("above {} {}", max.name, max.ttl),
            remedy: format!(
                "lower the default to `{}: {}`, or raise the maximum to `{}: {}`",
                default.name, max.ttl, max.name, default.ttl
            ),
        },
    ));
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Scene;
    use super::*;

    #[test]
    fn the_default_may_reach_the_maximum_and_not_pass_it() {
        for (default, max, expected) in [(1_800, 1_801, 0), (1_800, 1_800, 0), (1_801, 1_800, 1)] {
            let scene = Scene::user_broker().assumed_role("a", default, max);
            assert_eq!(scene.findings(&RULE).len(), expected, "{default} {max}");
        }
    }

    #[test]
    fn an_iam_users_ttls_are_named_as_its_manifest_names_them() {
        let found = Scene::user_broker().iam_user("a", 7_200, 3_600, |_| ()).findings(&RULE);
        assert_eq!(found[0].label, "above max_ttl 1h");
        assert_eq!(found[0].remedy, "lower the default to `default_ttl: 1h`, or raise the maximum to `max_ttl: 2h`");
    }
}
