//! A federation or session token is declared while the broker is a role.
//!
//! ## What it does
//! Looks for `federation_token` and `session_token` when the Broker's `principal` is an IAM role.
//!
//! ## Why it is bad
//! STS gives both kinds of token only to an IAM user's long-term keys, and answers `AccessDenied: Cannot call
//! GetFederationToken with session credentials` to a role's session.
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
//!   credential_type: federation_token
//!   policy_arns: [arn:aws:iam::aws:policy/ReadOnlyAccess]
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
//!   policy_arns: [arn:aws:iam::aws:policy/ReadOnlyAccess]
//!   default_sts_ttl: 30m
//!   max_sts_ttl: 1h
//! ```
//!
//! ## Source
//! The API references of `GetFederationToken` and `GetSessionToken` (long-term credentials of an IAM user), and AWS's own
//! refusals as users report them.

use serde_json::{Value, json};

use crate::domain::credential::{CredentialSpec, CredentialType, SessionTokenSpec};
use crate::domain::finding::{Confidence, Finding, Level};
use crate::domain::ident::BrokerPrincipal;
use crate::domain::role::{Field, Role};

use super::judging::{Declared, Judging};
use super::rule::{Check, Origin, Rule, Said};

pub(super) static RULE: Rule = Rule {
    code: "LH305",
    name: "token-needs-user-broker",
    level: Level::Hard,
    confidence: Confidence::Certain,
    origin: Origin::Git,
    summary: "A federation or session token is declared while the broker is a role.",
    source: include_str!("token_needs_user_broker.rs"),
    check: Check::Role(check),
};

fn check(judging: &Judging<'_>, declared: &Declared<'_>, findings: &mut Vec<Finding>) {
    let role = declared.role;
    let broker = judging.principal();
    if !broker.is_role() {
        return;
    }
    let (kind, call) = match role.spec.credential.kind() {
        kind @ CredentialType::FederationToken => (kind, "GetFederationToken"),
        kind @ CredentialType::SessionToken => (kind, "GetSessionToken"),
        CredentialType::AssumedRole | CredentialType::IamUser => return,
    };
    findings.push(RULE.about(
        role,
        Field::CredentialType,
        Said {
            message: format!(
                "role `{}` is a {kind}, and the broker `{broker}` is a role: STS lets no role's session call {call}",
                role.spec.name
            ),
            label: "needs an IAM user as broker".to_owned(),
            remedy: format!(
                "make it an `assumed_role`, with the name of a role that may do what is needed for NAME: `spec: {}`; or let an IAM user with \
                 long-term keys issue: `principal: {}/NAME` in the Broker document",
                assumed(broker, role),
                user_stem(broker)
            ),
        },
    ));
}

/// The role's `spec`, whole, as one that assumes a role of the broker's account. JSON is YAML.
fn assumed(broker: &BrokerPrincipal, role: &Role) -> Value {
    let target = format!("arn:{}:iam::{}:role/NAME", broker.partition(), broker.account());
    let ttl = role.spec.credential.ttl();
    let mut spec = json!({
        "credential_type": "assumed_role",
        "role_arns": [target],
        "default_sts_ttl": ttl.default.to_string(),
        "max_sts_ttl": ttl.max.to_string(),
    });
    let mut put = |field: &str, value: Value| spec[field] = value;
    if let CredentialSpec::FederationToken(token) = &role.spec.credential {
        if !token.policy.arns.is_empty() {
            put("policy_arns", token.policy.arns.iter().map(|arn| json!(arn.as_str())).collect());
        }
        if let Some(document) = &token.policy.document {
            put("policy_document", document.value().clone());
        }
        if !token.session_tags.is_empty() {
            put("session_tags", json!(token.session_tags));
        }
    }
    if let CredentialSpec::SessionToken(SessionTokenSpec { mfa_serial_number: Some(serial), .. }) =
        &role.spec.credential
    {
        put("mfa_serial_number", json!(serial));
    }
    spec
}

fn user_stem(broker: &BrokerPrincipal) -> String {
    format!("arn:{}:iam::{}:user", broker.partition(), broker.account())
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Scene;
    use super::*;

    #[test]
    fn both_tokens_need_a_user_and_the_other_types_do_not() {
        let all = |scene: Scene| {
            scene.assumed_role("a", 900, 900).federation_token("b", 900, 900).session_token("c", 900, 900).iam_user(
                "d",
                900,
                900,
                |_| (),
            )
        };
        assert!(all(Scene::user_broker()).findings(&RULE).is_empty());
        let found = all(Scene::role_broker()).findings(&RULE);
        let roles: Vec<_> =
            found.iter().filter_map(|finding| finding.role.as_ref()).map(|name| name.as_str()).collect();
        assert_eq!(roles, ["b", "c"]);
    }
}
