//! The trust policy allows an identity provider an action that it never uses.
//!
//! ## What it does
//! Speaks of each Allow of `sts:AssumeRole` to a federated principal that allows neither `sts:AssumeRoleWithSAML` nor
//! `sts:AssumeRoleWithWebIdentity`.
//!
//! ## Why it is bad
//! Users of an identity provider come by one of those two actions alone: the statement admits nobody.
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
//!   default_sts_ttl: 30m
//!   max_sts_ttl: 1h
//! ```
//! ```json
//! {
//!   "caller": {"arn": "arn:aws:sts::111122223333:assumed-role/VaultRunner/ci", "user_id": "AROAEXAMPLEVAULTRUN01:ci"},
//!   "roles": {
//!     "arn:aws:iam::111122223333:role/ProdAppReadOnly": {
//!       "role_id": "AROAEXAMPLEREADONLY01",
//!       "max_session_duration": 3600,
//!       "trust": {
//!         "Version": "2012-10-17",
//!         "Statement": [
//!           {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:AssumeRole"},
//!           {"Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::111122223333:saml-provider/Okta"}, "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}}}
//!         ]
//!       }
//!     }
//!   }
//! }
//! ```
//!
//! ## Use instead
//! ```json
//! {
//!   "caller": {"arn": "arn:aws:sts::111122223333:assumed-role/VaultRunner/ci", "user_id": "AROAEXAMPLEVAULTRUN01:ci"},
//!   "roles": {
//!     "arn:aws:iam::111122223333:role/ProdAppReadOnly": {
//!       "role_id": "AROAEXAMPLEREADONLY01",
//!       "max_session_duration": 3600,
//!       "trust": {
//!         "Version": "2012-10-17",
//!         "Statement": [
//!           {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:AssumeRole"},
//!           {"Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::111122223333:saml-provider/Okta"}, "Action": "sts:AssumeRoleWithSAML", "Condition": {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}}}
//!         ]
//!       }
//!     }
//!   }
//! }
//! ```
//!
//! ## Source
//! The IAM user guide's page on federated principals, and IAM Access Analyzer's check for mismatched actions.

use serde_json::json;

use crate::domain::finding::{Confidence, Level};
use crate::domain::iam::Principal;

use super::judging::Judging;
use super::rule::{Check, Origin, Rule, Said};
use super::statements::{Spot, principals};

pub(super) static RULE: Rule = Rule {
    code: "LH229",
    name: "trust-federated-action",
    level: Level::Advisory,
    confidence: Confidence::Certain,
    origin: Origin::World,
    summary: "The trust policy allows an identity provider an action that it never uses.",
    source: include_str!("trust_federated_action.rs"),
    check: Check::Statement(check),
};

fn check(_: &Judging<'_>, spot: &Spot<'_>) -> Option<Said> {
    let federated = |action| spot.allows(action);
    if !spot.allows("sts:AssumeRole")
        || federated("sts:AssumeRoleWithSAML")
        || federated("sts:AssumeRoleWithWebIdentity")
    {
        return None;
    }
    let named = principals(spot.statement);
    let provider = named.iter().find_map(|it| match it {
        Principal::Federated(provider) => Some(provider),
        _ => None,
    })?;
    let saml = provider.contains(":saml-provider/");
    let action = if saml { "sts:AssumeRoleWithSAML" } else { "sts:AssumeRoleWithWebIdentity" };
    let alone = named.iter().all(|it| matches!(it, Principal::Federated(_)));
    let actions = if alone { json!(action) } else { json!(["sts:AssumeRole", action]) };
    Some(Said {
        message: format!("{} allows `{provider}` sts:AssumeRole, which it never uses", spot.named()),
        label: "no action for an identity provider".to_owned(),
        remedy: spot.rewrite(|it| {
            it.remove("NotAction");
            it.insert("Action".to_owned(), actions);
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::super::fixture::trusting;
    use super::*;

    #[test]
    fn one_of_the_two_actions_is_needed() {
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::111122223333:saml-provider/Okta"}, "Action": "sts:AssumeRole"}"#]).findings(&RULE).len(), 1);
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::111122223333:saml-provider/Okta"}, "Action": ["sts:AssumeRoleWithSAML", "sts:TagSession"]}"#]).findings(&RULE).len(), 0);
        assert_eq!(
            trusting(&[
                r#"{"Effect": "Allow", "Principal": {"Federated": "accounts.google.com"}, "Action": "sts:AssumeRole*"}"#
            ])
            .findings(&RULE)
            .len(),
            0
        );
    }
}
