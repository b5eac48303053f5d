//! A policy variable stands in a policy whose version does not know variables.
//!
//! ## What it does
//! Speaks of `${` in a condition's value when the policy's `Version` is `2008-10-17` or missing.
//!
//! ## Why it is bad
//! There `${aws:username}` is plain text, which no request ever has.
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
//!         "Statement": [
//!           {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:AssumeRole"},
//!           {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/Other"}, "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"sts:RoleSessionName": "${aws:PrincipalTag/name}"}}}
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
//!           {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/Other"}, "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"sts:RoleSessionName": "${aws:PrincipalTag/name}"}}}
//!         ]
//!       }
//!     }
//!   }
//! }
//! ```
//!
//! ## Source
//! The IAM user guide's pages on policy variables and on `Version`.

use crate::domain::finding::{Confidence, Level};
use crate::domain::iam::Version;

use super::judging::Judging;
use super::rule::{Check, Origin, Rule, Said};
use super::statements::Spot;

pub(super) static RULE: Rule = Rule {
    code: "LH226",
    name: "trust-literal-variable",
    level: Level::Advisory,
    confidence: Confidence::Certain,
    origin: Origin::World,
    summary: "A policy variable stands in a policy whose version does not know variables.",
    source: include_str!("trust_literal_variable.rs"),
    check: Check::Statement(check),
};

fn check(_: &Judging<'_>, spot: &Spot<'_>) -> Option<Said> {
    let version = spot.policy.version();
    if version == Some(Version::V2012) {
        return None;
    }
    let value = spot.statement.conditions.iter().flat_map(|it| &it.values).find(|value| value.contains("${"))?;
    let version = version.map_or("missing", Version::as_str);
    Some(Said {
        message: format!(
            "{} compares with `{value}`, which is plain text: the policy's Version is {version}",
            spot.named()
        ),
        label: "a variable that is plain text".to_owned(),
        remedy: format!("give the trust policy `\"Version\": \"{}\"`", Version::V2012.as_str()),
    })
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{READ_ONLY, Scene};
    use super::*;

    #[test]
    fn only_the_new_version_has_variables() {
        let policy = r#"{VERSION"Statement": {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole", "Condition": {"StringLike": {"aws:userid": "${aws:username}"}}}}"#;
        for (version, expected) in [("", 1), (r#""Version": "2008-10-17", "#, 1), (r#""Version": "2012-10-17", "#, 0)] {
            let policy = policy.replace("VERSION", version);
            let scene = Scene::role_broker().assumed_role("a", 900, 900).live(READ_ONLY, 3_600, &policy);
            assert_eq!(scene.findings(&RULE).len(), expected, "{policy}");
        }
    }
}
