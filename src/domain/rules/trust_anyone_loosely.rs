//! The trust policy admits everyone whose request lacks a condition key.
//!
//! ## What it does
//! Speaks of each Allow whose principal is `*` and whose conditions on who calls all let a request through that lacks
//! the key (`…IfExists`, `ForAllValues:`), or keep out only some callers (negated operators). Where the key is of an
//! organization this is the stricter reading: who belongs to none, and which requests lack the key, is not read.
//!
//! ## Why it is bad
//! A key that is absent meets these conditions, and a list of who may not come in lets in all others: the statement
//! admits nearly everyone.
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
//!           {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole", "Condition": {"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-exampleorgid"}}}
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
//!           {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:AssumeRole", "Condition": {"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-exampleorgid"}}}
//!         ]
//!       }
//!     }
//!   }
//! }
//! ```
//!
//! ## Source
//! The IAM user guide's pages on principals and on condition operators (a missing key), and IAM Access Analyzer's
//! findings for public access.

use crate::domain::finding::{Confidence, Finding, Level};

use super::judging::{Judging, Target};
use super::narrowing::{Narrows, for_anyone};
use super::rule::{Check, Origin, Rule};

pub(super) static RULE: Rule = Rule {
    code: "LH208",
    name: "trust-anyone-loosely",
    level: Level::Blocking,
    confidence: Confidence::Certain,
    origin: Origin::World,
    summary: "The trust policy admits everyone whose request lacks a condition key.",
    source: include_str!("trust_anyone_loosely.rs"),
    check: Check::Target(check),
};

fn check(judging: &Judging<'_>, target: Target<'_>, findings: &mut Vec<Finding>) {
    let admits = "admits everyone whom its conditions do not keep out: they hold for a request without the key, or exclude only some";
    for_anyone(judging, target, &RULE, Narrows::Loosely, findings, admits, "trusts nearly everyone");
}

#[cfg(test)]
mod tests {
    use super::super::fixture::trusting;
    use super::*;

    #[test]
    fn a_condition_on_who_calls_decides() {
        assert_eq!(
            trusting(&[r#"{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}"#]).findings(&RULE).len(),
            0
        );
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:*", "Condition": {"StringEquals": {"sts:ExternalId": "x"}}}"#]).findings(&RULE).len(), 0);
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole", "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}}"#]).findings(&RULE).len(), 1);
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole", "Condition": {"ForAllValues:StringLike": {"aws:PrincipalOrgPaths": "o-1/*"}}}"#]).findings(&RULE).len(), 1);
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}, "StringNotEquals": {"aws:PrincipalAccount": "444455556666"}}}"#]).findings(&RULE).len(), 0);
        assert_eq!(
            trusting(&[r#"{"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}"#]).findings(&RULE).len(),
            0
        );
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:AssumeRole"}"#]).findings(&RULE).len(), 0);
    }
}
