//! The trust policy names a session beside its own role.
//!
//! ## What it does
//! Speaks of each statement that names a session of a role and the role as well.
//!
//! ## Why it is bad
//! The role admits every session of it. Whoever reads the session believes that it is the only one.
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
//!           {"Effect": "Allow", "Principal": {"AWS": ["arn:aws:sts::111122223333:assumed-role/VaultRunner/ci", "arn:aws:iam::111122223333:role/VaultRunner"]}, "Action": "sts:AssumeRole"}
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
//! IAM Access Analyzer's check for redundant principals.

use crate::domain::finding::{Confidence, Level};
use crate::domain::iam::Principal;
use crate::domain::ident::RoleArn;

use super::judging::Judging;
use super::rule::{Check, Origin, Rule, Said};
use super::statements::{Spot, principals};

pub(super) static RULE: Rule = Rule {
    code: "LH217",
    name: "trust-redundant-session",
    level: Level::Advisory,
    confidence: Confidence::Certain,
    origin: Origin::World,
    summary: "The trust policy names a session beside its own role.",
    source: include_str!("trust_redundant_session.rs"),
    check: Check::Statement(check),
};

fn check(_: &Judging<'_>, spot: &Spot<'_>) -> Option<Said> {
    let entries = principals(spot.statement);
    let session = entries.iter().find_map(|it| match it {
        Principal::Session { arn, .. } if has_role(entries, arn) => Some(arn),
        _ => None,
    })?;
    Some(Said {
        message: format!("{} names the session `{session}` and its role", spot.named()),
        label: "names a session and its role".to_owned(),
        remedy: format!("leave out one of them: {}", spot.without(|it| it == session)),
    })
}

/// Whether the role of this session is among them.
fn has_role(entries: &[Principal], session: &str) -> bool {
    entries.iter().any(|it| match it {
        Principal::Role(arn) => RoleArn::parse(arn).is_ok_and(|role| {
            let (partition, account, name) = (role.arn().partition(), role.account(), role.name());
            session.starts_with(&format!("arn:{partition}:sts::{account}:assumed-role/{name}/"))
        }),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::super::fixture::trusting;
    use super::*;

    #[test]
    fn only_its_own_role_makes_a_session_redundant() {
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": {"AWS": ["arn:aws:sts::111122223333:assumed-role/VaultRunner/ci", "arn:aws:iam::111122223333:role/team/VaultRunner"]}, "Action": "sts:AssumeRole"}"#]).findings(&RULE).len(), 1);
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": {"AWS": ["arn:aws:sts::111122223333:assumed-role/VaultRunner/ci", "arn:aws:iam::111122223333:role/Other"]}, "Action": "sts:AssumeRole"}"#]).findings(&RULE).len(), 0);
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": {"AWS": "arn:aws:sts::111122223333:assumed-role/VaultRunner/ci"}, "Action": "sts:AssumeRole"}"#]).findings(&RULE).len(), 0);
    }
}
