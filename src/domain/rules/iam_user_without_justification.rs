//! An `iam_user` role does not say why a session would not do.
//!
//! ## What it does
//! Asks for `justification` on every role of type `iam_user`.
//!
//! ## Why it is bad
//! An IAM user's key has no expiry in AWS: it lives until somebody removes it. Where a session works, it is the safer
//! credential, so the exception has to give its reason in review.
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
//! Our own rule. The IAM user guide asks for temporary credentials wherever they can be used.

use crate::domain::credential::CredentialSpec;
use crate::domain::finding::{Confidence, Finding, Level};
use crate::domain::role::Field;

use super::judging::{Declared, Judging};
use super::rule::{Check, Origin, Rule, Said};

pub(super) static RULE: Rule = Rule {
    code: "LH403",
    name: "iam-user-without-justification",
    level: Level::Blocking,
    confidence: Confidence::Certain,
    origin: Origin::Git,
    summary: "An `iam_user` role does not say why a session would not do.",
    source: include_str!("iam_user_without_justification.rs"),
    check: Check::Role(check),
};

fn check(_: &Judging<'_>, declared: &Declared<'_>, findings: &mut Vec<Finding>) {
    let role = declared.role;
    let CredentialSpec::IamUser(spec) = &role.spec.credential else { return };
    if spec.justification.as_ref().is_some_and(|text| !text.trim().is_empty()) {
        return;
    }
    findings.push(RULE.about(
        role,
        Field::Justification,
        Said {
            message: format!("role `{}` makes IAM users without saying why a session would not do", role.spec.name),
            label: "no justification".to_owned(),
            remedy: "add `justification:` with the reason in a sentence, or make it a type with sessions, such as assumed_role".to_owned(),
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
        let with =
            Scene::role_broker().iam_user("b", 900, 900, |spec| spec.justification = Some("old tool".to_owned()));
        assert!(with.findings(&RULE).is_empty());
    }

    #[test]
    fn blank_words_justify_nothing() {
        let blank = Scene::role_broker().iam_user("b", 900, 900, |spec| spec.justification = Some(" \n".to_owned()));
        assert_eq!(blank.findings(&RULE).len(), 1);
    }
}
