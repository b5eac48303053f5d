//! The users of a role may do everything that their boundary allows.
//!
//! ## What it does
//! Looks for an Allow of every action on every resource without a condition in the `policy_document` of an `iam_user`
//! role, and for AWS's `AdministratorAccess` among its `policy_arns`.
//!
//! ## Why it is bad
//! A user's access key works from everywhere, and with it whoever finds it may do all that. A boundary limits it only if
//! somebody keeps the boundary narrow.
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
//!   policy_arns: [arn:aws:iam::aws:policy/AdministratorAccess]
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
//!   policy_document: {Version: 2012-10-17, Statement: [{Effect: Allow, Action: s3:GetObject, Resource: "arn:aws:s3:::app-state/*"}]}
//!   default_ttl: 30m
//!   max_ttl: 1h
//! ```
//!
//! ## Source
//! Our own rule. The IAM user guide: grant least privilege.

use crate::domain::credential::CredentialType;
use crate::domain::finding::{Confidence, Finding, Level};

use super::judging::{Declared, Judging};
use super::rule::{Check, Origin, Rule, Said};
use super::session_policy_all::{REMEDY, everything};

pub(super) static RULE: Rule = Rule {
    code: "LH406",
    name: "iam-user-all",
    level: Level::Blocking,
    confidence: Confidence::Certain,
    origin: Origin::Git,
    summary: "The users of a role may do everything that their boundary allows.",
    source: include_str!("iam_user_all.rs"),
    check: Check::Role(check),
};

fn check(_: &Judging<'_>, declared: &Declared<'_>, findings: &mut Vec<Finding>) {
    let role = declared.role;
    if role.spec.credential.kind() != CredentialType::IamUser {
        return;
    }
    for (field, what) in everything(declared) {
        findings.push(RULE.about(
            role,
            field,
            Said {
                message: format!("role `{}` makes IAM users with {what}", role.spec.name),
                label: "allows everything".to_owned(),
                remedy: REMEDY.to_owned(),
            },
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Scene;
    use super::*;
    use crate::domain::ident::Arn;

    #[test]
    fn a_boundary_may_be_wide_and_the_users_policy_may_not() {
        let arn = Arn::parse("arn:aws:iam::aws:policy/AdministratorAccess").expect("valid");
        let bound =
            Scene::role_broker().iam_user("u", 900, 900, |spec| spec.permissions_boundary_arn = Some(arn.clone()));
        assert!(bound.findings(&RULE).is_empty());
        let scene = Scene::role_broker()
            .iam_user("u", 900, 900, |spec| spec.policy.arns.push(arn.clone()))
            .assumed_role_with("a", |spec| spec.policy.arns.push(arn));
        let found = scene.findings(&RULE);
        assert!(found.len() == 1 && found[0].blocks(), "{found:?}");
    }
}
