//! The trust policy admits a whole other account without a condition.
//!
//! ## What it does
//! Speaks of each Allow that names another account, or its root, without a condition on `sts:ExternalId` or on who
//! calls. Where it is the broker's own account and nothing else admits the broker, LH205 says so and this rule does
//! not. It advises only: such trust is often meant, and who owns the account that holds the role, not this repository,
//! decides on it.
//!
//! ## Why it is bad
//! Whoever administers that account decides who assumes the role. If it serves several customers, one of them can have
//! it act on another's role: the confused deputy.
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
//!           {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::444455556666:root"}, "Action": "sts:AssumeRole"}
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
//!           {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::444455556666:root"}, "Action": "sts:AssumeRole", "Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::444455556666:role/<role>"}}}
//!         ]
//!       }
//!     }
//!   }
//! }
//! ```
//!
//! ## Source
//! The IAM user guide's pages on access to accounts of third parties and on the confused deputy.

use serde_json::json;

use crate::domain::finding::{Confidence, Level};
use crate::domain::iam::{Condition, Principal};

use super::judging::Judging;
use super::narrowing::{Narrows, narrows};
use super::rule::{Check, Origin, Rule, Said};
use super::statements::{Spot, is_about, needs_presence, principals, put_condition};

pub(super) static RULE: Rule = Rule {
    code: "LH211",
    name: "trust-foreign-account",
    level: Level::Advisory,
    confidence: Confidence::Certain,
    origin: Origin::World,
    summary: "The trust policy admits a whole other account without a condition.",
    source: include_str!("trust_foreign_account.rs"),
    check: Check::Statement(check),
};

fn check(judging: &Judging<'_>, spot: &Spot<'_>) -> Option<Said> {
    let broker = judging.principal().account().as_str();
    if !spot.allows("sts:AssumeRole") {
        return None;
    }
    let own = spot.target.arn.account().as_str();
    let account = principals(spot.statement).iter().find_map(|it| match it {
        Principal::Account { account, .. } if account != own => Some(account.as_str()),
        _ => None,
    })?;
    let held =
        |it: &Condition| narrows(it) == Narrows::Firmly || (is_about(it, "sts:ExternalId") && needs_presence(it));
    if spot.statement.conditions.iter().any(held) || (account == broker && judging.is_delegated(&spot.target)) {
        return None;
    }
    let role = format!("arn:{}:iam::{account}:role/<role>", spot.target.arn.arn().partition());
    Some(Said {
        message: format!("{} admits all of account {account} without a condition", spot.named()),
        label: format!("trusts all of account {account}"),
        remedy: format!(
            "say who of them is meant (or, for a third party, which `sts:ExternalId`): {}",
            spot.rewrite(|it| put_condition(it, "ArnLike", "aws:PrincipalArn", json!(role)))
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::super::fixture::trusting;
    use super::*;

    #[test]
    fn an_external_id_or_a_condition_on_the_caller_is_enough() {
        assert_eq!(
            trusting(&[r#"{"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "sts:AssumeRole"}"#])
                .findings(&RULE)
                .len(),
            1
        );
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"sts:ExternalId": "x"}}}"#]).findings(&RULE).len(), 0);
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "sts:AssumeRole", "Condition": {"StringEqualsIfExists": {"sts:ExternalId": "x"}}}"#]).findings(&RULE).len(), 1);
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}}"#]).findings(&RULE).len(), 0);
        assert_eq!(
            trusting(&[r#"{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole"}"#])
                .findings(&RULE)
                .len(),
            0
        );
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::444455556666:role/One"}, "Action": "sts:AssumeRole"}"#]).findings(&RULE).len(), 0);
    }
}
