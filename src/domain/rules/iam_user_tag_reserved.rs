//! A tag of an `iam_user` role begins with `leasehold:`.
//!
//! ## What it does
//! Speaks of keys in `iam_tags` that begin with `leasehold:`, in any case: IAM tells tag keys apart without it.
//!
//! ## Why it is bad
//! We mark the users that we make with such tags, and find and remove them by these. A key twice makes IAM refuse the user,
//! and another value makes somebody else's of it.
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
//!   iam_tags: {Leasehold:deployment: other}
//!   default_ttl: 30m
//!   max_ttl: 1h
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
//!   iam_tags: {leasehold-deployment: other}
//!   default_ttl: 30m
//!   max_ttl: 1h
//! ```
//!
//! ## Source
//! Our own rule. The IAM user guide: tag keys are not case-sensitive.

use crate::domain::credential::CredentialSpec;
use crate::domain::finding::{Confidence, Finding, Level};
use crate::domain::least_privilege::TAG_DEPLOYMENT;
use crate::domain::role::Field;

use super::judging::{Declared, Judging};
use super::rule::{Check, Origin, Rule, Said};

pub(super) static RULE: Rule = Rule {
    code: "LH407",
    name: "iam-user-tag-reserved",
    level: Level::Blocking,
    confidence: Confidence::Certain,
    origin: Origin::Git,
    summary: "A tag of an `iam_user` role begins with `leasehold:`.",
    source: include_str!("iam_user_tag_reserved.rs"),
    check: Check::Role(check),
};

fn check(_: &Judging<'_>, declared: &Declared<'_>, findings: &mut Vec<Finding>) {
    let role = declared.role;
    let CredentialSpec::IamUser(spec) = &role.spec.credential else { return };
    for (key, value) in &spec.iam_tags {
        let Some(rest) = own(key) else { continue };
        let remedy = match rest {
            "" => "leave the tag out".to_owned(),
            rest => format!("give the tag a key of its own, such as `leasehold-{rest}: {value}`, or leave it out"),
        };
        findings.push(RULE.about(
            role,
            Field::IamTags,
            Said {
                message: format!(
                    "role `{}` gives its users the tag `{key}`, and such keys are those of leasehold",
                    role.spec.name
                ),
                label: "a reserved tag key".to_owned(),
                remedy,
            },
        ));
    }
}

/// What follows our prefix, if the key has it.
fn own(key: &str) -> Option<&str> {
    let prefix = TAG_DEPLOYMENT.split_inclusive(':').next()?;
    key.get(..prefix.len()).filter(|head| head.eq_ignore_ascii_case(prefix))?;
    key.get(prefix.len()..)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Scene;
    use super::*;

    #[test]
    fn the_prefix_alone_decides_in_any_case() {
        for (key, expected) in [
            ("leasehold:deployment", 1),
            ("LEASEHOLD:x", 1),
            ("leasehold:", 1),
            ("leasehold", 0),
            ("my:leasehold:x", 0),
        ] {
            let scene = Scene::user_broker().iam_user("u", 900, 900, |spec| {
                spec.iam_tags.insert(key.to_owned(), "v".to_owned());
            });
            assert_eq!(scene.findings(&RULE).len(), expected, "{key}");
        }
    }

    #[test]
    fn session_tags_are_not_the_users_own() {
        let scene = Scene::user_broker().assumed_role_with("a", |spec| {
            spec.session_tags.insert("leasehold:x".to_owned(), "v".to_owned());
        });
        assert!(scene.findings(&RULE).is_empty());
    }
}
