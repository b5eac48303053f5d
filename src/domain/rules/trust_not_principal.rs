//! The trust policy uses `NotPrincipal`.
//!
//! ## What it does
//! Speaks of each statement with `NotPrincipal`, whomever it names.
//!
//! ## Why it is bad
//! A trust policy may not have it. What it does cannot be relied on: such a statement is never counted as an Allow
//! here.
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
//!           {"Effect": "Deny", "NotPrincipal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:AssumeRole"}
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
//!           {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole", "Condition": {"ArnNotEquals": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/VaultRunner"}}}
//!         ]
//!       }
//!     }
//!   }
//! }
//! ```
//!
//! ## Source
//! The IAM user guide's page on `NotPrincipal`, and IAM Access Analyzer's policy checks.

use serde_json::{Value, json};

use crate::domain::finding::{Confidence, Level};
use crate::domain::iam::{Effect, Selector};

use super::judging::Judging;
use super::rule::{Check, Origin, Rule, Said};
use super::statements::{Spot, put_condition};

pub(super) static RULE: Rule = Rule {
    code: "LH209",
    name: "trust-not-principal",
    level: Level::Blocking,
    confidence: Confidence::Certain,
    origin: Origin::World,
    summary: "The trust policy uses `NotPrincipal`.",
    source: include_str!("trust_not_principal.rs"),
    check: Check::Statement(check),
};

fn check(judging: &Judging<'_>, spot: &Spot<'_>) -> Option<Said> {
    let broker = judging.principal();
    let Some(Selector::Except(_)) = spot.statement.principal else { return None };
    let remedy = match spot.statement.effect {
        Effect::Allow => format!(
            "name who is admitted: {}",
            spot.rewrite(|it| {
                it.remove("NotPrincipal");
                it.insert("Principal".to_owned(), json!({"AWS": broker.as_str()}));
            })
        ),
        Effect::Deny => format!(
            "deny everyone but by a condition: {}",
            spot.rewrite(|it| {
                let spared = it.remove("NotPrincipal").and_then(|mut it| it.get_mut("AWS").map(Value::take));
                it.insert("Principal".to_owned(), json!({"AWS": "*"}));
                let spared = spared.unwrap_or_else(|| json!(broker.as_str()));
                put_condition(it, "ArnNotEquals", "aws:PrincipalArn", spared);
            })
        ),
    };
    Some(Said {
        message: format!("{} uses NotPrincipal, which a trust policy may not have", spot.named()),
        label: "NotPrincipal in the trust policy".to_owned(),
        remedy,
    })
}

#[cfg(test)]
mod tests {
    use super::super::fixture::trusting;
    use super::*;

    #[test]
    fn either_effect_is_named() {
        assert_eq!(
            trusting(&[r#"{"Effect": "Allow", "NotPrincipal": {"AWS": "444455556666"}, "Action": "sts:AssumeRole"}"#])
                .findings(&RULE)
                .len(),
            1
        );
        assert_eq!(
            trusting(&[r#"{"Effect": "Deny", "NotPrincipal": {"AWS": "444455556666"}, "Action": "sts:AssumeRole"}"#])
                .findings(&RULE)
                .len(),
            1
        );
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:AssumeRole"}"#]).findings(&RULE).len(), 0);
    }
}
