//! The trust policy also admits an AWS service on behalf of anybody.
//!
//! ## What it does
//! Speaks of each Allow of `sts:AssumeRole` to a service without a condition on `aws:SourceArn`, `aws:SourceAccount` or
//! the organization of the source. Not every service sends these keys: look at its documentation before following the
//! remedy.
//!
//! ## Why it is bad
//! A service acts for every customer. Without such a condition another customer may have it use this role: the confused
//! deputy. A role that is brokered has one more holder than declared.
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
//!           {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "sts:AssumeRole"}
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
//!           {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}}}
//!         ]
//!       }
//!     }
//!   }
//! }
//! ```
//!
//! ## Source
//! The IAM user guide's page on the confused deputy, and IAM Access Analyzer's check for service principals.

use serde_json::json;

use crate::domain::finding::{Confidence, Level};
use crate::domain::iam::{Condition, Principal};

use super::judging::Judging;
use super::rule::{Check, Origin, Rule, Said};
use super::statements::{Spot, is_about, needs_presence, principals, put_condition};

pub(super) static RULE: Rule = Rule {
    code: "LH228",
    name: "trust-service-unbound",
    level: Level::Advisory,
    confidence: Confidence::Strict,
    origin: Origin::World,
    summary: "The trust policy also admits an AWS service on behalf of anybody.",
    source: include_str!("trust_service_unbound.rs"),
    check: Check::Statement(check),
};

const BOUND_BY: [&str; 4] = ["aws:SourceArn", "aws:SourceAccount", "aws:SourceOrgID", "aws:SourceOrgPaths"];

fn check(_: &Judging<'_>, spot: &Spot<'_>) -> Option<Said> {
    if !spot.allows("sts:AssumeRole") {
        return None;
    }
    let service = principals(spot.statement).iter().find_map(|it| match it {
        Principal::Service(service) => Some(service),
        _ => None,
    })?;
    let bound = |it: &Condition| BOUND_BY.iter().any(|key| is_about(it, key)) && needs_presence(it);
    if spot.statement.conditions.iter().any(bound) {
        return None;
    }
    let account = spot.target.arn.account().as_str();
    Some(Said {
        message: format!("{} admits the service `{service}` on whose behalf ever it acts", spot.named()),
        label: "trusts a service for anybody".to_owned(),
        remedy: format!(
            "if the service sends the key, {}",
            spot.rewrite(|it| put_condition(it, "StringEquals", "aws:SourceAccount", json!(account)))
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::super::fixture::trusting;
    use super::*;

    #[test]
    fn a_source_binds_a_service() {
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": {"Service": ["x.amazonaws.com", "y.amazonaws.com"]}, "Action": "sts:AssumeRole"}"#]).findings(&RULE).len(), 1);
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": {"Service": "x.amazonaws.com"}, "Action": "sts:AssumeRole", "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:x:*:111122223333:*"}}}"#]).findings(&RULE).len(), 0);
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": {"Service": "x.amazonaws.com"}, "Action": "sts:AssumeRole", "Condition": {"StringEqualsIfExists": {"aws:SourceAccount": "111122223333"}}}"#]).findings(&RULE).len(), 1);
    }
}
