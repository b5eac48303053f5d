//! A declared policy allows nothing.
//!
//! ## What it does
//! Looks for a `policy_document` that stands alone, without `policy_arns` or groups, and whose Allows name no action
//! that AWS would take for one; or that has only Denys.
//!
//! ## Why it is bad
//! A session may do what both its role and its session policies allow, and a user what its policies allow: that is
//! nothing. Every call is refused, although issuing works.
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
//!   policy_document: {Version: 2012-10-17, Statement: [{Effect: Deny, Action: s3:DeleteObject, Resource: "*"}]}
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
//!   policy_document: {Version: 2012-10-17, Statement: [{Effect: Deny, Action: s3:DeleteObject, Resource: "*"}, {Effect: Allow, Action: s3:*, Resource: "*"}]}
//!   default_sts_ttl: 30m
//!   max_sts_ttl: 1h
//! ```
//!
//! ## Source
//! The IAM user guide: the permissions of a session are the intersection of its role's and its session policies'.

use crate::domain::finding::{Confidence, Finding, Level};
use crate::domain::iam::{Effect, Selector, Statement};
use crate::domain::role::Field;

use super::judging::{Declared, Judging};
use super::rule::{Check, Origin, Rule, Said};
use super::words;

pub(super) static RULE: Rule = Rule {
    code: "LH110",
    name: "session-policy-grants-nothing",
    level: Level::Advisory,
    confidence: Confidence::Certain,
    origin: Origin::Git,
    summary: "A declared policy allows nothing.",
    source: include_str!("session_policy_grants_nothing.rs"),
    check: Check::Role(check),
};

fn check(_: &Judging<'_>, declared: &Declared<'_>, findings: &mut Vec<Finding>) {
    let role = declared.role;
    let Some(spec) = words::policy_spec(&role.spec.credential) else { return };
    if !spec.arns.is_empty() || !spec.groups.is_empty() {
        return;
    }
    let Some(policy) = declared.policy() else { return };
    if policy.statements().iter().any(allows_something) {
        return;
    }
    let allows = policy.statements().iter().any(|statement| statement.effect == Effect::Allow);
    let (because, label) = if allows {
        ("its Allows name no action of the form `service:Action`", "no action that exists")
    } else {
        ("it has no Allow", "only Denys")
    };
    findings.push(RULE.about(
        role,
        Field::PolicyDocument,
        Said {
            message: format!("the only policy of role `{}` allows nothing: {because}", role.spec.name),
            label: label.to_owned(),
            remedy: "add what is to be allowed, such as `{Effect: Allow, Action: s3:*, Resource: \"*\"}` beside the Denys".to_owned(),
        },
    ));
}

fn allows_something(statement: &Statement) -> bool {
    let acts = match &statement.action {
        Selector::Only(actions) => actions.iter().any(|action| action.is_well_formed()),
        Selector::Except(_) => true,
    };
    statement.effect == Effect::Allow && acts
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::fixture::Scene;
    use super::*;
    use crate::domain::document::Document;
    use crate::domain::ident::Arn;

    fn scene(statements: &Value) -> Scene {
        let document = Document::new(json!({"Version": "2012-10-17", "Statement": statements}));
        Scene::role_broker().assumed_role_with("a", |spec| spec.policy.document = Some(document))
    }

    #[test]
    fn an_allow_of_an_action_is_something() {
        for (action, expected) in [("s3:GetObject", 0), ("*", 0), ("GetObject", 1), ("s3: GetObject", 1)] {
            let allow = json!([{"Effect": "Allow", "Action": action, "Resource": "*"}]);
            assert_eq!(scene(&allow).findings(&RULE).len(), expected, "{action}");
        }
        let except = json!([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}]);
        assert!(scene(&except).findings(&RULE).is_empty());
    }

    #[test]
    fn a_deny_beside_a_managed_policy_is_sound() {
        let deny = json!([{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]);
        assert_eq!(scene(&deny).findings(&RULE).len(), 1);
        let document = Document::new(json!({"Version": "2012-10-17", "Statement": deny}));
        let beside = Scene::role_broker().assumed_role_with("a", |spec| {
            spec.policy.document = Some(document);
            spec.policy.arns.push(Arn::parse("arn:aws:iam::aws:policy/ReadOnlyAccess").expect("valid"));
        });
        assert!(beside.findings(&RULE).is_empty());
    }
}
