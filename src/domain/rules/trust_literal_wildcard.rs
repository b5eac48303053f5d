//! A condition compares with a wildcard that means nothing.
//!
//! ## What it does
//! Speaks of `*` or `?` in a value of `StringEquals`, `StringNotEquals` or their forms without case. `ArnEquals` takes
//! wildcards, and `${*}` means the character itself.
//!
//! ## Why it is bad
//! Such an operator compares character by character: an Allow never matches, and a Deny denies nobody or everybody.
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
//!           {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/Other"}, "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"aws:userid": "AROAEXAMPLEOTHERROLE1:*"}}}
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
//!           {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/Other"}, "Action": "sts:AssumeRole", "Condition": {"StringLike": {"aws:userid": "AROAEXAMPLEOTHERROLE1:*"}}}
//!         ]
//!       }
//!     }
//!   }
//! }
//! ```
//!
//! ## Source
//! The IAM user guide on string condition operators, and IAM Access Analyzer's check for wildcards without a like
//! operator.

use crate::domain::finding::{Confidence, Level};
use crate::domain::iam::{Known, Test};

use super::judging::Judging;
use super::rule::{Check, Origin, Rule, Said};
use super::statements::{Spot, put_condition, take_condition};

pub(super) static RULE: Rule = Rule {
    code: "LH225",
    name: "trust-literal-wildcard",
    level: Level::Advisory,
    confidence: Confidence::Certain,
    origin: Origin::World,
    summary: "A condition compares with a wildcard that means nothing.",
    source: include_str!("trust_literal_wildcard.rs"),
    check: Check::Statement(check),
};

fn check(_: &Judging<'_>, spot: &Spot<'_>) -> Option<Said> {
    let (condition, value, like) = spot.statement.conditions.iter().find_map(|it| {
        let known = it.operator.known?;
        let like = match known.test {
            Test::StringEquals | Test::StringEqualsIgnoreCase => Test::StringLike,
            Test::StringNotEquals | Test::StringNotEqualsIgnoreCase => Test::StringNotLike,
            _ => return None,
        };
        let value = it.values.iter().find(|value| has_wildcard(value))?;
        Some((it, value, Known { test: like, ..known }))
    })?;
    Some(Said {
        message: format!(
            "{} compares `{}` with `{value}`, and `{}` knows no wildcards",
            spot.named(),
            condition.key,
            condition.operator.written
        ),
        label: "wildcard without a like operator".to_owned(),
        remedy: spot.rewrite(|it| {
            let values = take_condition(it, condition);
            put_condition(it, &like.to_string(), &condition.key, values);
        }),
    })
}

/// Whether a `*` or `?` stands in the text other than as `${*}` or `${?}`.
fn has_wildcard(text: &str) -> bool {
    text.match_indices(['*', '?']).any(|(at, _)| !(text[..at].ends_with("${") && text[at + 1..].starts_with('}')))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::trusting;
    use super::*;

    #[test]
    fn only_exact_comparison_makes_a_wildcard_literal() {
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:AssumeRole", "Condition": {"StringNotEquals": {"aws:userid": ["a", "b?"]}}}"#]).findings(&RULE).len(), 1);
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:AssumeRole", "Condition": {"StringLike": {"aws:userid": "a*"}, "ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::*:role/a"}}}"#]).findings(&RULE).len(), 0);
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"aws:userid": "a${*}"}}}"#]).findings(&RULE).len(), 0);
    }
}
