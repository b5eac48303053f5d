//! A session policy and its ARNs are longer than STS takes.
//!
//! ## What it does
//! Counts the characters of the `policy_document` as it is sent, without white space, and of the `policy_arns`, and
//! compares the sum with the 2,048 that STS takes of both together.
//!
//! ## Why it is bad
//! STS refuses every request for the role with `PackedPolicyTooLarge` or a validation error, once it has been applied
//! and somebody needs it.
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
//!   policy_document: {Version: 2012-10-17, Statement: [{Effect: Allow, Action: s3:GetObject, Resource: ["arn:aws:s3:::app-state-of-the-production-environment/team-00/*", "arn:aws:s3:::app-state-of-the-production-environment/team-01/*", "arn:aws:s3:::app-state-of-the-production-environment/team-02/*", "arn:aws:s3:::app-state-of-the-production-environment/team-03/*", "arn:aws:s3:::app-state-of-the-production-environment/team-04/*", "arn:aws:s3:::app-state-of-the-production-environment/team-05/*", "arn:aws:s3:::app-state-of-the-production-environment/team-06/*", "arn:aws:s3:::app-state-of-the-production-environment/team-07/*", "arn:aws:s3:::app-state-of-the-production-environment/team-08/*", "arn:aws:s3:::app-state-of-the-production-environment/team-09/*", "arn:aws:s3:::app-state-of-the-production-environment/team-10/*", "arn:aws:s3:::app-state-of-the-production-environment/team-11/*", "arn:aws:s3:::app-state-of-the-production-environment/team-12/*", "arn:aws:s3:::app-state-of-the-production-environment/team-13/*", "arn:aws:s3:::app-state-of-the-production-environment/team-14/*", "arn:aws:s3:::app-state-of-the-production-environment/team-15/*", "arn:aws:s3:::app-state-of-the-production-environment/team-16/*", "arn:aws:s3:::app-state-of-the-production-environment/team-17/*", "arn:aws:s3:::app-state-of-the-production-environment/team-18/*", "arn:aws:s3:::app-state-of-the-production-environment/team-19/*", "arn:aws:s3:::app-state-of-the-production-environment/team-20/*", "arn:aws:s3:::app-state-of-the-production-environment/team-21/*", "arn:aws:s3:::app-state-of-the-production-environment/team-22/*", "arn:aws:s3:::app-state-of-the-production-environment/team-23/*", "arn:aws:s3:::app-state-of-the-production-environment/team-24/*", "arn:aws:s3:::app-state-of-the-production-environment/team-25/*", "arn:aws:s3:::app-state-of-the-production-environment/team-26/*", "arn:aws:s3:::app-state-of-the-production-environment/team-27/*", "arn:aws:s3:::app-state-of-the-production-environment/team-28/*", "arn:aws:s3:::app-state-of-the-production-environment/team-29/*", "arn:aws:s3:::app-state-of-the-production-environment/team-30/*", "arn:aws:s3:::app-state-of-the-production-environment/team-31/*", "arn:aws:s3:::app-state-of-the-production-environment/team-32/*", "arn:aws:s3:::app-state-of-the-production-environment/team-33/*", "arn:aws:s3:::app-state-of-the-production-environment/team-34/*", "arn:aws:s3:::app-state-of-the-production-environment/team-35/*", "arn:aws:s3:::app-state-of-the-production-environment/team-36/*", "arn:aws:s3:::app-state-of-the-production-environment/team-37/*", "arn:aws:s3:::app-state-of-the-production-environment/team-38/*", "arn:aws:s3:::app-state-of-the-production-environment/team-39/*"]}]}
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
//!   policy_arns: [arn:aws:iam::111122223333:policy/app-readonly]
//!   default_sts_ttl: 30m
//!   max_sts_ttl: 1h
//! ```
//!
//! ## Source
//! The API references of `AssumeRole` and `GetFederationToken`: the plaintext of inline and managed session policies
//! cannot exceed 2,048 characters. That this counts the text of the ARNs is the stricter reading.

use crate::domain::credential::CredentialType;
use crate::domain::finding::{Confidence, Finding, Level};
use crate::domain::limits::SESSION_POLICY_CHARS_MAX;
use crate::domain::role::Field;

use super::judging::{Declared, Judging};
use super::rule::{Check, Origin, Rule, Said};
use super::words;

pub(super) static RULE: Rule = Rule {
    code: "LH108",
    name: "session-policy-size",
    level: Level::Blocking,
    confidence: Confidence::Strict,
    origin: Origin::Git,
    summary: "A session policy and its ARNs are longer than STS takes.",
    source: include_str!("session_policy_size.rs"),
    check: Check::Role(check),
};

fn check(judging: &Judging<'_>, declared: &Declared<'_>, findings: &mut Vec<Finding>) {
    let role = declared.role;
    if role.spec.credential.kind() == CredentialType::IamUser {
        return;
    }
    // Ten ARNs alone may be too long as well.
    let Some(spec) = words::policy_spec(&role.spec.credential) else { return };
    let inline = spec.document.as_ref().map_or(0, |document| words::characters(document.value()));
    let arns: usize = spec.arns.iter().map(|arn| arn.as_str().chars().count()).sum();
    if inline + arns <= SESSION_POLICY_CHARS_MAX {
        return;
    }
    let field = if spec.document.is_some() { Field::PolicyDocument } else { Field::PolicyArns };
    let account = match role.spec.credential.role_arns().first() {
        Some(arn) => arn.account(),
        None => judging.principal().account(),
    };
    findings.push(RULE.about(
        role,
        field,
        Said {
            message: format!(
                "the session policies of role `{}` take {inline} characters and their ARNs {arns}, and STS takes \
                 {SESSION_POLICY_CHARS_MAX} of both together",
                role.spec.name
            ),
            label: format!("{} characters too long", inline + arns - SESSION_POLICY_CHARS_MAX),
            remedy: format!(
                "move the document into a managed policy of account {account}, such as one of the role's name, and write \
                 `policy_arns: [arn:{}:iam::{account}:policy/{}]` in its place",
                judging.principal().partition(),
                role.spec.name
            ),
        },
    ));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::fixture::Scene;
    use super::*;
    use crate::domain::document::Document;
    use crate::domain::ident::Arn;

    fn scene(filler: usize, arns: usize) -> Scene {
        let statement = json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "x".repeat(filler)});
        let document = Document::new(json!({"Version": "2012-10-17", "Statement": [statement]}));
        let long = Arn::parse(&format!("arn:aws:iam::111122223333:policy/{}", "p".repeat(67))).expect("valid");
        Scene::role_broker().assumed_role_with("a", |spec| {
            spec.policy.document = Some(document);
            spec.policy.arns = vec![long; arns];
        })
    }

    #[test]
    fn the_sum_of_both_counts() {
        let rest = words::characters(
            &json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": ""}]}),
        );
        let room = SESSION_POLICY_CHARS_MAX - rest;
        for (filler, arns, expected) in [(room, 0, 0), (room + 1, 0, 1), (room - 100, 1, 0), (room - 99, 1, 1)] {
            assert_eq!(scene(filler, arns).findings(&RULE).len(), expected, "{filler} {arns}");
        }
    }
}
