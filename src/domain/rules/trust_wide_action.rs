//! The trust policy allows more actions than it lists.
//!
//! ## What it does
//! Speaks of each Allow with `NotAction`, or with a wildcard in an action that covers `sts:AssumeRole`. It advises
//! only: what more such a statement allows goes to principals that it names, whom rules of their own judge (LH207 to
//! LH212), and the broker passes no more than what is declared.
//!
//! ## Why it is bad
//! `sts:*` admits with tags, with a source identity and with whatever STS learns next. Whoever may pass tags may pass
//! those that other policies trust.
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
//!           {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:*"}
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
//!           {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:AssumeRole"}
//!         ]
//!       }
//!     }
//!   }
//! }
//! ```
//!
//! ## Source
//! IAM Access Analyzer's policy checks and the IAM user guide on `sts:TagSession` and `sts:SetSourceIdentity`, each a
//! permission of its own.

use serde_json::{Value, json};

use crate::domain::admission;
use crate::domain::finding::{Confidence, Level};
use crate::domain::iam::{ActionPattern, Principal, Selector, Truth};

use super::judging::Judging;
use super::rule::{Check, Origin, Rule, Said};
use super::statements::{Spot, principals};

pub(super) static RULE: Rule = Rule {
    code: "LH210",
    name: "trust-wide-action",
    level: Level::Advisory,
    confidence: Confidence::Certain,
    origin: Origin::World,
    summary: "The trust policy allows more actions than it lists.",
    source: include_str!("trust_wide_action.rs"),
    check: Check::Statement(check),
};

fn check(_: &Judging<'_>, spot: &Spot<'_>) -> Option<Said> {
    if !spot.allows("sts:AssumeRole") {
        return None;
    }
    let wide = match &spot.statement.action {
        Selector::Except(_) => "NotAction",
        Selector::Only(entries) => entries
            .iter()
            .map(ActionPattern::as_str)
            .find(|it| it.contains(['*', '?']) && ActionPattern::new(it).matches("sts:AssumeRole") == Truth::True)?,
    };
    Some(Said {
        message: format!("{} allows `{wide}` where sts:AssumeRole is meant", spot.named()),
        label: "allows more actions than needed".to_owned(),
        remedy: format!(
            "list the actions: {}",
            spot.rewrite(|it| {
                it.remove("NotAction");
                it.insert("Action".to_owned(), actions(spot));
            })
        ),
    })
}

/// What those whom the statement names can use.
fn actions(spot: &Spot<'_>) -> Value {
    let mut actions = Vec::new();
    for principal in principals(spot.statement) {
        let used = match principal {
            Principal::Federated(provider) if provider.contains(":saml-provider/") => vec!["sts:AssumeRoleWithSAML"],
            Principal::Federated(_) => vec!["sts:AssumeRoleWithWebIdentity"],
            Principal::Service(_) => vec!["sts:AssumeRole"],
            _ => admission::actions(spot.target.spec),
        };
        actions.extend(used);
    }
    actions.sort_unstable();
    actions.dedup();
    match actions.as_slice() {
        [] => json!("sts:AssumeRole"),
        [one] => json!(one),
        several => json!(several),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::trusting;
    use super::*;

    #[test]
    fn a_wildcard_or_a_list_of_exceptions_is_wide() {
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "*"}"#]).findings(&RULE).len(), 1);
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": ["sts:Assume*"]}"#]).findings(&RULE).len(), 1);
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "NotAction": "sts:TagSession"}"#]).findings(&RULE).len(), 1);
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "NotAction": "sts:*"}"#]).findings(&RULE).len(), 0);
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": ["sts:AssumeRole", "sts:TagSession"]}"#]).findings(&RULE).len(), 0);
        assert_eq!(trusting(&[r#"{"Effect": "Deny", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:*"}"#]).findings(&RULE).len(), 0);
    }
}
