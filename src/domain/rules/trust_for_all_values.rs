//! An Allow of the trust policy holds when its condition key is absent.
//!
//! ## What it does
//! Speaks of `ForAllValues:` in an Allow on a key with a single value, or on a key with several that no `Null`
//! condition asks to be there. Left alone are `aws:TagKeys` and `sts:TransitiveTagKeys` (no tag is as good as a tag
//! that is allowed), statements that name everyone (LH208) and the subject of an OIDC token (LH230). It
//! advises only: the statement still admits none but the principals that it names, and where it names everyone LH208
//! blocks.
//!
//! ## Why it is bad
//! `ForAllValues:` also holds where there is no value at all, so the Allow admits requests without the key.
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
//!           {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/Other"}, "Action": "sts:AssumeRole", "Condition": {"ForAllValues:StringEquals": {"aws:PrincipalOrgID": "o-exampleorgid"}}}
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
//!           {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/Other"}, "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-exampleorgid"}}}
//!         ]
//!       }
//!     }
//!   }
//! }
//! ```
//!
//! ## Source
//! The IAM user guide on keys with several values, and IAM Access Analyzer's checks for `ForAllValues`.

use serde_json::json;

use crate::domain::finding::{Confidence, Level};
use crate::domain::iam::{Arity, Condition, Effect, Known, Quantifier, Test, arity};

use super::judging::Judging;
use super::rule::{Check, Origin, Rule, Said};
use super::statements::{Spot, is_about, put_condition, take_condition};

pub(super) static RULE: Rule = Rule {
    code: "LH223",
    name: "trust-for-all-values",
    level: Level::Advisory,
    confidence: Confidence::Certain,
    origin: Origin::World,
    summary: "An Allow of the trust policy holds when its condition key is absent.",
    source: include_str!("trust_for_all_values.rs"),
    check: Check::Statement(check),
};

fn check(_: &Judging<'_>, spot: &Spot<'_>) -> Option<Said> {
    let Spot { statement, .. } = spot;
    if statement.effect == Effect::Deny || spot.names_anyone() {
        return None;
    }
    let (condition, single) = statement.conditions.iter().find_map(|it| {
        let known = it.operator.known.filter(|known| known.quantifier == Some(Quantifier::ForAllValues))?;
        let harmless = is_about(it, "aws:TagKeys") || is_about(it, "sts:TransitiveTagKeys");
        let subject = it.key.to_ascii_lowercase().ends_with(":sub");
        let guard = |other: &Condition| {
            is_about(other, &it.key)
                && other.operator.known.is_some_and(|known| known.test == Test::Null)
                && other.values.iter().all(|value| value.eq_ignore_ascii_case("false"))
        };
        let single = (arity(&it.key) == Arity::One).then_some(Known { quantifier: None, ..known });
        let bad = !harmless && !subject && (single.is_some() || !statement.conditions.iter().any(guard));
        bad.then_some((it, single))
    })?;
    Some(Said {
        message: format!(
            "{} also holds without `{}`: ForAllValues asks nothing of a key that is absent",
            spot.named(),
            condition.key
        ),
        label: "holds when the key is absent".to_owned(),
        remedy: spot.rewrite(|it| match single {
            Some(operator) => {
                let values = take_condition(it, condition);
                put_condition(it, &operator.to_string(), &condition.key, values);
            }
            None => put_condition(it, "Null", &condition.key, json!("false")),
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::super::fixture::trusting;
    use super::*;

    #[test]
    fn a_single_value_or_no_guard_is_named() {
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:AssumeRole", "Condition": {"ForAllValues:StringEquals": {"aws:PrincipalArn": "x"}}}"#]).findings(&RULE).len(), 1);
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:AssumeRole", "Condition": {"ForAllValues:StringLike": {"aws:PrincipalOrgPaths": "o-1/*"}}}"#]).findings(&RULE).len(), 1);
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:AssumeRole", "Condition": {"ForAllValues:StringLike": {"aws:PrincipalOrgPaths": "o-1/*"}, "Null": {"aws:PrincipalOrgPaths": "false"}}}"#]).findings(&RULE).len(), 0);
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:TagSession", "Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": "team"}}}"#]).findings(&RULE).len(), 0);
        assert_eq!(trusting(&[r#"{"Effect": "Deny", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:*", "Condition": {"ForAllValues:StringEquals": {"aws:PrincipalArn": "x"}}}"#]).findings(&RULE).len(), 0);
    }
}
