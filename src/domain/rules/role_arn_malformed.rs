//! An entry of `role_arns` is not the ARN of an IAM role.
//!
//! ## What it does
//! Checks each entry of `role_arns`: six parts, a partition that exists, an account of twelve digits, a path and a name
//! that IAM allows.
//!
//! ## Why it is bad
//! STS refuses what is not an ARN with `ValidationError`, and what is another kind of ARN with `AccessDenied`.
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
//!   role_arns: [ProdAppReadOnly]
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
//!   default_sts_ttl: 30m
//!   max_sts_ttl: 1h
//! ```
//!
//! ## Source
//! The `arnType` and `roleNameType` shapes of the IAM and STS API models, and the IAM user guide's page on identifiers.

use crate::domain::finding::{Confidence, Finding, Level};
use crate::domain::ident::{Arn, BrokerPrincipal, RoleArn};
use crate::domain::text;

use super::judging::{Declared, Judging};
use super::rule::{Check, Origin, Rule, Said};

pub(super) static RULE: Rule = Rule {
    code: "LH302",
    name: "role-arn-malformed",
    level: Level::Hard,
    confidence: Confidence::Certain,
    origin: Origin::Git,
    summary: "An entry of `role_arns` is not the ARN of an IAM role.",
    source: include_str!("role_arn_malformed.rs"),
    check: Check::Role(check),
};

/// Longest part of a malformed entry that is repeated in a message.
const SHOWN: usize = 120;

fn check(judging: &Judging<'_>, declared: &Declared<'_>, findings: &mut Vec<Finding>) {
    let role = declared.role;
    let broker = judging.principal();
    for entry in &role.malformed_arns {
        let remedy = match meant(&entry.text, broker) {
            Some(arn) => format!("write `{arn}`"),
            None => format!(
                "write the role's whole ARN, such as `arn:{}:iam::{}:role/<name>`",
                broker.partition(),
                broker.account()
            ),
        };
        findings.push(RULE.at(
            Some(role),
            entry.place.clone(),
            Said {
                message: format!("`{}` {}", text::short(&entry.text, SHOWN), entry.error),
                label: "not a role's ARN".to_owned(),
                remedy,
            },
        ));
    }
}

/// The ARN that was meant, where the text leaves no doubt: a bare role name, a name after `role/`, or a session's ARN.
fn meant(text: &str, broker: &BrokerPrincipal) -> Option<RoleArn> {
    if let Ok(arn) = Arn::parse(text) {
        let name = arn.resource().strip_prefix("assumed-role/")?.split('/').next()?;
        return RoleArn::parse(&format!("arn:{}:iam::{}:role/{name}", arn.partition(), arn.account())).ok();
    }
    let name = text.strip_prefix("role/").unwrap_or(text);
    RoleArn::parse(&format!("arn:{}:iam::{}:role/{name}", broker.partition(), broker.account())).ok()
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Scene;
    use super::*;

    #[test]
    fn the_remedy_names_the_arn_where_the_text_leaves_no_doubt() {
        for (text, remedy) in [
            ("ProdApp", "write `arn:aws:iam::111122223333:role/ProdApp`"),
            ("role/a/ProdApp", "write `arn:aws:iam::111122223333:role/a/ProdApp`"),
            ("arn:aws:sts::444455556666:assumed-role/ProdApp/ci", "write `arn:aws:iam::444455556666:role/ProdApp`"),
            (
                "arn:aws:iam::111122223333:user/ProdApp",
                "write the role's whole ARN, such as `arn:aws:iam::111122223333:role/<name>`",
            ),
            (
                "arn:aws:iam::1111:role/ProdApp",
                "write the role's whole ARN, such as `arn:aws:iam::111122223333:role/<name>`",
            ),
        ] {
            let found = Scene::role_broker().malformed("a", text).findings(&RULE);
            assert_eq!(found.len(), 1, "{text}");
            assert_eq!(found[0].remedy, remedy, "{text}");
        }
    }

    #[test]
    fn a_hostile_entry_is_shortened_and_escaped() {
        let found =
            Scene::role_broker().malformed("a", &format!("arn:\u{1b}[31m{}", "x".repeat(5_000))).findings(&RULE);
        assert!(found[0].message.len() < 400 && !found[0].message.contains('\u{1b}'), "{}", found[0].message);
    }
}
