//! An `iam_user` role has no `user_path`.
//!
//! ## What it does
//! Asks for `user_path` on every role of type `iam_user`.
//!
//! ## Why it is bad
//! The path is what an IAM policy can narrow the broker to. Without it, whoever may create these users may touch every
//! user of the deployment.
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
//!   permissions_boundary_arn: arn:aws:iam::111122223333:policy/LeaseholdBoundary
//!   justification: the vendor's tool cannot use session tokens
//!   policy_arns: [arn:aws:iam::aws:policy/ReadOnlyAccess]
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
//!   default_ttl: 30m
//!   max_ttl: 1h
//! ```
//!
//! ## Source
//! Our own rule. IAM can scope user actions to `user/<path>/*`.

use crate::domain::credential::CredentialSpec;
use crate::domain::finding::{Confidence, Finding, Level};
use crate::domain::role::Field;

use super::judging::{Declared, Judging};
use super::rule::{Check, Origin, Rule, Said};

pub(super) static RULE: Rule = Rule {
    code: "LH401",
    name: "iam-user-without-path",
    level: Level::Blocking,
    confidence: Confidence::Certain,
    origin: Origin::Git,
    summary: "An `iam_user` role has no `user_path`.",
    source: include_str!("iam_user_without_path.rs"),
    check: Check::Role(check),
};

fn check(_: &Judging<'_>, declared: &Declared<'_>, findings: &mut Vec<Finding>) {
    let role = declared.role;
    let CredentialSpec::IamUser(spec) = &role.spec.credential else { return };
    if spec.user_path.is_some() {
        return;
    }
    findings.push(RULE.about(
        role,
        Field::UserPath,
        Said {
            message: format!("role `{}` makes IAM users without a path of their own", role.spec.name),
            label: "no user_path".to_owned(),
            remedy: format!("add `user_path: /{}/`", role.spec.name),
        },
    ));
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Scene;
    use super::*;

    #[test]
    fn only_an_iam_user_without_it_is_named() {
        let found = Scene::role_broker().assumed_role("a", 900, 900).iam_user("b", 900, 900, |_| ()).findings(&RULE);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].role.as_ref().map(|name| name.as_str()), Some("b"));
        let with = Scene::role_broker().iam_user("b", 900, 900, |spec| spec.user_path = Some("/b/".to_owned()));
        assert!(with.findings(&RULE).is_empty());
    }
}
