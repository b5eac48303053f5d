//! So many long session tags may not fit into a session.
//!
//! ## What it does
//! Counts the session tags whose key and value together are longer than 40 characters, and speaks from nine on.
//!
//! ## Why it is bad
//! STS packs policies, ARNs and tags into one space whose size it does not publish, and refuses with
//! `PackedPolicyTooLarge` what does not fit. Tags that the broker's own session passes on count too.
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
//!   session_tags: {team: the-value-of-this-tag-is-longer-than-thirty-two-characters-0, project: the-value-of-this-tag-is-longer-than-thirty-two-characters-1, stage: the-value-of-this-tag-is-longer-than-thirty-two-characters-2, system: the-value-of-this-tag-is-longer-than-thirty-two-characters-3, component: the-value-of-this-tag-is-longer-than-thirty-two-characters-4, contact: the-value-of-this-tag-is-longer-than-thirty-two-characters-5, cost-centre: the-value-of-this-tag-is-longer-than-thirty-two-characters-6, repository: the-value-of-this-tag-is-longer-than-thirty-two-characters-7, pipeline: the-value-of-this-tag-is-longer-than-thirty-two-characters-8}
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
//!   session_tags: {"component":"the-value-of-this-tag-is-longer-than-thirty-two-characters-4","contact":"the-value-of-this-tag-is-longer-than-thirty-two-characters-5","cost-centre":"the-value-of-this-tag-is-longer-than-thirty-two-characters-6","pipeline":"the-value-of-this-tag-is-longer-than-thirty-two-characters-8","project":"the-value-of-this-tag-is-longer-than-thirty-two-characters-1","repository":"the-value-of-this-tag-is-longer-than-thirty-two-characters-7","stage":"the-value-of-this-tag-is-longer-than-thirty-two-characters-2","system":"the-value-of-this-tag-is-longer-than-thirty-two-characters-3"}
//!   default_sts_ttl: 30m
//!   max_sts_ttl: 1h
//! ```
//!
//! ## Source
//! The API reference of `AssumeRole` on `PackedPolicySize`. The number is our own: users report refusals of far fewer
//! tags than the fifty that are allowed.

use std::collections::BTreeMap;

use serde_json::json;

use crate::domain::credential::CredentialSpec;
use crate::domain::finding::{Confidence, Finding, Level};
use crate::domain::role::Field;

use super::judging::{Declared, Judging};
use super::rule::{Check, Origin, Rule, Said};

pub(super) static RULE: Rule = Rule {
    code: "LH109",
    name: "packed-size",
    level: Level::Advisory,
    confidence: Confidence::Strict,
    origin: Origin::Git,
    summary: "So many long session tags may not fit into a session.",
    source: include_str!("packed_size.rs"),
    check: Check::Role(check),
};

/// Characters of key and value from which a tag counts as long.
const LONG: usize = 40;

/// Long tags that are taken to fit.
const FITTING: usize = 8;

fn check(_: &Judging<'_>, declared: &Declared<'_>, findings: &mut Vec<Finding>) {
    let role = declared.role;
    let tags: &BTreeMap<String, String> = match &role.spec.credential {
        CredentialSpec::AssumedRole(spec) => &spec.session_tags,
        CredentialSpec::FederationToken(spec) => &spec.session_tags,
        CredentialSpec::IamUser(_) | CredentialSpec::SessionToken(_) => return,
    };
    let long = tags.iter().filter(|(key, value)| is_long(key, value)).count();
    if long <= FITTING {
        return;
    }
    findings.push(RULE.about(
        role,
        Field::SessionTags,
        Said {
            message: format!(
                "role `{}` passes {long} session tags of more than {LONG} characters, which may be more than STS packs into a \
                 session",
                role.spec.name
            ),
            label: "may not fit".to_owned(),
            remedy: format!("pass fewer or shorter ones, such as `session_tags: {}`", json!(fitting(tags))),
        },
    ));
}

fn is_long(key: &str, value: &str) -> bool {
    key.chars().count() + value.chars().count() > LONG
}

/// The first few of the tags that are long, and no more of them than are taken to fit.
fn fitting(tags: &BTreeMap<String, String>) -> BTreeMap<&str, &str> {
    let long = tags.iter().filter(|(key, value)| is_long(key, value)).take(FITTING);
    long.map(|(key, value)| (key.as_str(), value.as_str())).collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Scene;
    use super::*;

    #[test]
    fn eight_long_tags_fit_and_short_ones_do_not_count() {
        for (long, expected) in [(FITTING, 0), (FITTING + 1, 1)] {
            let scene = Scene::role_broker().assumed_role_with("a", |spec| {
                for at in 0..long {
                    spec.session_tags.insert(format!("long{at}"), "x".repeat(LONG));
                }
                for at in 0..20 {
                    spec.session_tags.insert(format!("s{at:02}"), "x".repeat(LONG - 3));
                }
            });
            assert_eq!(scene.findings(&RULE).len(), expected, "{long}");
        }
    }
}
