//! An `iam_user` role has no permissions boundary.
//!
//! ## What it does
//! Asks for `permissions_boundary_arn` on every role of type `iam_user`.
//!
//! ## Why it is bad
//! A broker that may create users and attach policies to them may give away anything, itself included. A boundary is the
//! only limit that holds whatever is attached later.
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
//! Our own rule. The IAM user guide describes permissions boundaries as the maximum of what a user may be allowed.

use crate::domain::credential::CredentialSpec;
use crate::domain::finding::{Confidence, Finding, Level};
use crate::domain::role::Field;

use super::judging::{Declared, Judging};
use super::rule::{Check, Origin, Rule, Said};

pub(super) static RULE: Rule = Rule {
    code: "LH402",
    name: "iam-user-without-boundary",
    level: Level::Blocking,
    confidence: Confidence::Certain,
    origin: Origin::Git,
    summary: "An `iam_user` role has no permissions boundary.",
    source: include_str!("iam_user_without_boundary.rs"),
    check: Check::Role(check),
};

fn check(judging: &Judging<'_>, declared: &Declared<'_>, findings: &mut Vec<Finding>) {
    let role = declared.role;
    let CredentialSpec::IamUser(spec) = &role.spec.credential else { return };
    if spec.permissions_boundary_arn.is_some() {
        return;
    }
    findings.push(RULE.about(
        role,
        Field::PermissionsBoundaryArn,
        Said {
            message: format!("role `{}` makes IAM users without a permissions boundary", role.spec.name),
            label: "no permissions_boundary_arn".to_owned(),
            remedy: format!(
                "name a managed policy that says the most these users may ever do, such as \
                 `permissions_boundary_arn: arn:{}:iam::{}:policy/LeaseholdBoundary`",
                judging.principal().partition(),
                judging.principal().account()
            ),
        },
    ));
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Scene;
    use super::*;
    use crate::domain::ident::Arn;

    #[test]
    fn only_an_iam_user_without_it_is_named() {
        let found = Scene::role_broker().assumed_role("a", 900, 900).iam_user("b", 900, 900, |_| ()).findings(&RULE);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].role.as_ref().map(|name| name.as_str()), Some("b"));
        let with = Scene::role_broker().iam_user("b", 900, 900, |spec| {
            spec.permissions_boundary_arn = Arn::parse("arn:aws:iam::111122223333:policy/B").ok();
        });
        assert!(with.findings(&RULE).is_empty());
    }
}
