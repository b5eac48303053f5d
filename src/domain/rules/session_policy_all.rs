//! A declared policy allows everything.
//!
//! ## What it does
//! Looks for an Allow of every action on every resource without a condition in `policy_document`, and for AWS's
//! `AdministratorAccess` among `policy_arns`. The policies of an IAM user are all it may do, up to its boundary; those
//! of a session narrow what its role may do, and one that allows everything narrows nothing. For `iam_user` the rule
//! `iam-user-all` speaks instead, and blocks.
//!
//! ## Why it is bad
//! Who reads the role takes the session for narrowed, and it is not.
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
//!   policy_document: {Version: 2012-10-17, Statement: [{Effect: Allow, Action: "*", Resource: "*"}]}
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
//!   policy_document: {Version: 2012-10-17, Statement: [{Effect: Allow, Action: s3:GetObject, Resource: "arn:aws:s3:::app-state/*"}]}
//!   default_sts_ttl: 30m
//!   max_sts_ttl: 1h
//! ```
//!
//! ## Source
//! The IAM user guide: a session's permissions are what both its role and its session policies allow.

use crate::domain::credential::CredentialType;
use crate::domain::finding::{Confidence, Finding, Level};
use crate::domain::iam::{Effect, Policy, Selector};
use crate::domain::role::Field;

use super::judging::{Declared, Judging};
use super::rule::{Check, Origin, Rule, Said};
use super::words;

pub(super) static RULE: Rule = Rule {
    code: "LH107",
    name: "session-policy-all",
    level: Level::Advisory,
    confidence: Confidence::Certain,
    origin: Origin::Git,
    summary: "A declared policy allows everything.",
    source: include_str!("session_policy_all.rs"),
    check: Check::Role(check),
};

fn check(_: &Judging<'_>, declared: &Declared<'_>, findings: &mut Vec<Finding>) {
    let role = declared.role;
    if role.spec.credential.kind() == CredentialType::IamUser {
        return;
    }
    for (field, what) in everything(declared) {
        findings.push(RULE.about(
            role,
            field,
            Said {
                message: format!("role `{}` carries {what}, which narrows nothing", role.spec.name),
                label: "allows everything".to_owned(),
                remedy: REMEDY.to_owned(),
            },
        ));
    }
}

/// What to write instead, as an example.
pub(super) const REMEDY: &str = "allow only what is needed, such as `Action: s3:GetObject` on the one bucket it is needed for; a \
                                 session that may do all its role may needs no policy at all";

/// Every policy of a declared role that allows everything: where it is written, and what it is.
pub(super) fn everything(declared: &Declared<'_>) -> Vec<(Field, String)> {
    let mut all = Vec::new();
    if declared.policy().is_some_and(allows_all) {
        all.push((Field::PolicyDocument, "a `policy_document` that allows every action on every resource".to_owned()));
    }
    for (field, arn) in words::policies(&declared.role.spec.credential) {
        if field != Field::PermissionsBoundaryArn
            && arn.account() == "aws"
            && arn.resource() == "policy/AdministratorAccess"
        {
            all.push((field, format!("`{arn}`")));
        }
    }
    all
}

fn allows_all(policy: &Policy) -> bool {
    policy.statements().iter().any(|statement| {
        let actions = matches!(&statement.action, Selector::Only(all) if all.iter().any(|action| matches!(action.as_str(), "*" | "*:*")));
        let resources =
            matches!(&statement.resource, Some(Selector::Only(all)) if all.iter().any(|resource| resource == "*"));
        statement.effect == Effect::Allow && actions && resources && statement.conditions.is_empty()
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::fixture::Scene;
    use super::*;
    use crate::domain::document::Document;
    use crate::domain::ident::Arn;

    fn with(statement: &serde_json::Value) -> Scene {
        let document = Document::new(json!({"Version": "2012-10-17", "Statement": [statement]}));
        Scene::role_broker().assumed_role_with("a", |spec| spec.policy.document = Some(document))
    }

    #[test]
    fn only_everything_without_condition_is_everything() {
        for (statement, expected) in [
            (json!({"Effect": "Allow", "Action": "*", "Resource": "*"}), 1),
            (json!({"Effect": "Allow", "Action": ["s3:*", "*"], "Resource": ["*"]}), 1),
            (json!({"Effect": "Deny", "Action": "*", "Resource": "*"}), 0),
            (json!({"Effect": "Allow", "Action": "s3:*", "Resource": "*"}), 0),
            (json!({"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::b"}), 0),
            (
                json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "true"}}}),
                0,
            ),
        ] {
            assert_eq!(with(&statement).findings(&RULE).len(), expected, "{statement}");
        }
    }

    #[test]
    fn the_administrators_policy_is_everything_and_a_users_is_another_rules() {
        for (text, expected) in [
            ("aws:policy/AdministratorAccess", 1),
            ("aws:policy/ReadOnlyAccess", 0),
            ("111122223333:policy/AdministratorAccess", 0),
        ] {
            let arn = Arn::parse(&format!("arn:aws:iam::{text}")).expect("valid");
            let scene = Scene::role_broker()
                .assumed_role_with("a", |spec| spec.policy.arns.push(arn.clone()))
                .iam_user("u", 900, 900, |spec| spec.policy.arns.push(arn.clone()));
            assert_eq!(scene.findings(&RULE).len(), expected, "{text}");
        }
    }
}
