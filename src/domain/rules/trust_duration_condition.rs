//! The trust policy admits the broker by a key that no request has.
//!
//! ## What it does
//! Speaks when nothing but a condition on `sts:DurationSeconds` keeps the broker out. Statements with such a condition
//! that the broker does not need are left alone.
//!
//! ## Why it is bad
//! `AssumeRole` never carries the key, whatever duration is asked for: the statement is dead, and STS answers
//! `AccessDenied`.
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
//!           {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:AssumeRole", "Condition": {"NumericLessThanEquals": {"sts:DurationSeconds": "3600"}}}
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
//! The service authorization reference of STS. How long a session may be is the role's `MaxSessionDuration`.

use crate::domain::finding::{Confidence, Finding, Level};

use super::judging::{Judging, Target};
use super::refusal::{Cause, Turning, refused_for};
use super::rule::{Check, Origin, Rule};
use super::statements::take_condition;

pub(super) static RULE: Rule = Rule {
    code: "LH221",
    name: "trust-duration-condition",
    level: Level::Hard,
    confidence: Confidence::Certain,
    origin: Origin::World,
    summary: "The trust policy admits the broker by a key that no request has.",
    source: include_str!("trust_duration_condition.rs"),
    check: Check::Target(check),
};

fn check(_: &Judging<'_>, target: Target<'_>, findings: &mut Vec<Finding>) {
    refused_for(target, Cause::Duration, &RULE, findings, |spot, condition| Turning {
        but: "no AssumeRole request has that key".to_owned(),
        label: "a condition that is never met",
        remedy: format!(
            "limit sessions by the role's MaxSessionDuration, and {}",
            spot.rewrite(|it| drop(take_condition(it, condition)))
        ),
    });
}

#[cfg(test)]
mod tests {
    use super::super::fixture::trusting;
    use super::*;

    #[test]
    fn only_a_statement_that_the_broker_needs_is_named() {
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:AssumeRole", "Condition": {"NumericLessThan": {"sts:DurationSeconds": "900"}}}"#]).findings(&RULE).len(), 1);
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "sts:AssumeRole", "Condition": {"NumericLessThan": {"sts:DurationSeconds": "900"}}}"#]).findings(&RULE).len(), 0);
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:AssumeRole", "Condition": {"NumericLessThanIfExists": {"sts:DurationSeconds": "900"}}}"#]).findings(&RULE).len(), 0);
    }
}
