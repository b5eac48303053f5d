//! A condition compares a key of several values as if it had one.
//!
//! ## What it does
//! Speaks of a condition on a key with several values (`aws:TagKeys`, `aws:PrincipalOrgPaths`, …) whose operator has
//! neither `ForAnyValue:` nor `ForAllValues:`.
//!
//! ## Why it is bad
//! Such an operator does not match when the request carries several values: an Allow then refuses, and a Deny lets
//! through.
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
//!           {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:TagSession", "Condition": {"StringEquals": {"aws:TagKeys": ["team", "stage"]}}}
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
//!           {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:TagSession", "Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": ["team", "stage"]}}}
//!         ]
//!       }
//!     }
//!   }
//! }
//! ```
//!
//! ## Source
//! The IAM user guide on keys with several values, and IAM Access Analyzer's check for a missing qualifier. What
//! happens with exactly one value is not documented.

use crate::domain::finding::{Confidence, Level};
use crate::domain::iam::{Arity, Effect, Known, Quantifier, Test, arity};

use super::judging::Judging;
use super::rule::{Check, Origin, Rule, Said};
use super::statements::{Spot, is_about, put_condition, take_condition};

pub(super) static RULE: Rule = Rule {
    code: "LH224",
    name: "trust-multivalued-key",
    level: Level::Advisory,
    confidence: Confidence::Strict,
    origin: Origin::World,
    summary: "A condition compares a key of several values as if it had one.",
    source: include_str!("trust_multivalued_key.rs"),
    check: Check::Statement(check),
};

fn check(_: &Judging<'_>, spot: &Spot<'_>) -> Option<Said> {
    let (condition, known) = spot.statement.conditions.iter().find_map(|it| {
        let known = it.operator.known.filter(|known| known.quantifier.is_none() && known.test != Test::Null)?;
        (arity(&it.key) == Arity::Many).then_some((it, known))
    })?;
    let limits = is_about(condition, "aws:TagKeys") || is_about(condition, "sts:TransitiveTagKeys");
    let all = spot.statement.effect == Effect::Allow && (limits || known.test.is_negated());
    let quantifier = Some(if all { Quantifier::ForAllValues } else { Quantifier::ForAnyValue });
    let operator = Known { quantifier, ..known }.to_string();
    Some(Said {
        message: format!(
            "{} compares `{}`, which may have several values, with `{}`",
            spot.named(),
            condition.key,
            condition.operator.written
        ),
        label: "compares several values as one".to_owned(),
        remedy: spot.rewrite(|it| {
            let values = take_condition(it, condition);
            put_condition(it, &operator, &condition.key, values);
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::super::fixture::trusting;
    use super::*;

    #[test]
    fn a_quantifier_is_missing_only_for_keys_of_several_values() {
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:AssumeRole", "Condition": {"StringLike": {"aws:PrincipalOrgPaths": "o-1/*"}}}"#]).findings(&RULE).len(), 1);
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:AssumeRole", "Condition": {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-1/*"}}}"#]).findings(&RULE).len(), 0);
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:AssumeRole", "Condition": {"Null": {"aws:TagKeys": "true"}, "StringEquals": {"aws:PrincipalOrgID": "o-1"}}}"#]).findings(&RULE).len(), 0);
    }
}
