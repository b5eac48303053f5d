//! The trust policy admits everyone.
//!
//! ## What it does
//! Speaks of each Allow whose principal is `*` and which no condition narrows down by who calls or from where. An
//! external id does not count: AWS does not treat it as a secret. Tags of the caller do not count either: whoever calls
//! sets them. It makes no difference whether the broker is among those admitted. A condition on an organization that any
//! organization meets counts for nothing; that it keeps out callers without one makes this the stricter reading.
//!
//! ## Why it is bad
//! Every principal of every AWS account may assume the role: it takes nothing but an identity policy of their own.
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
//!           {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
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
//! The IAM user guide's pages on principals and on condition operators (a missing key), and IAM Access Analyzer's
//! findings for public access.

use crate::domain::finding::{Confidence, Finding, Level};

use super::judging::{Judging, Target};
use super::narrowing::{Narrows, for_anyone};
use super::rule::{Check, Origin, Rule};

pub(super) static RULE: Rule = Rule {
    code: "LH207",
    name: "trust-anyone",
    level: Level::Blocking,
    confidence: Confidence::Certain,
    origin: Origin::World,
    summary: "The trust policy admits everyone.",
    source: include_str!("trust_anyone.rs"),
    check: Check::Target(check),
};

fn check(judging: &Judging<'_>, target: Target<'_>, findings: &mut Vec<Finding>) {
    let admits = "admits every principal of every AWS account";
    for_anyone(judging, target, &RULE, Narrows::No, findings, admits, "trusts everyone");
}

#[cfg(test)]
mod tests {
    use super::super::fixture::trusting;
    use super::*;

    #[test]
    fn a_condition_on_who_calls_decides() {
        assert_eq!(
            trusting(&[r#"{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}"#]).findings(&RULE).len(),
            1
        );
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:*", "Condition": {"StringEquals": {"sts:ExternalId": "x"}}}"#]).findings(&RULE).len(), 1);
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole", "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}}"#]).findings(&RULE).len(), 0);
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole", "Condition": {"ForAllValues:StringLike": {"aws:PrincipalOrgPaths": "o-1/*"}}}"#]).findings(&RULE).len(), 0);
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}, "StringNotEquals": {"aws:PrincipalAccount": "444455556666"}}}"#]).findings(&RULE).len(), 0);
        assert_eq!(
            trusting(&[r#"{"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}"#]).findings(&RULE).len(),
            0
        );
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:AssumeRole"}"#]).findings(&RULE).len(), 0);
    }

    #[test]
    fn an_organization_makes_it_the_stricter_reading() {
        let confidence = |condition: &str| {
            let statement = format!(
                r#"{{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole", "Condition": {condition}}}"#
            );
            let found = trusting(&[&statement]).findings(&RULE);
            found.into_iter().map(|finding| finding.confidence).collect::<Vec<_>>()
        };
        assert_eq!(confidence(r#"{"StringLike": {"aws:PrincipalOrgID": "*"}}"#), [Confidence::Strict]);
        assert_eq!(confidence(r#"{"Null": {"aws:principalorgpaths": "false"}}"#), [Confidence::Strict]);
        assert_eq!(confidence(r#"{"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}"#), [Confidence::Certain]);
        assert_eq!(confidence("{}"), [Confidence::Certain]);
    }
}
