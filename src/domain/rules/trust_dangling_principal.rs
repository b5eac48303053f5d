//! The trust policy names a principal that was deleted.
//!
//! ## What it does
//! Speaks of each statement that names an `AROA…` or `AIDA…` id where an ARN should stand, unless it is the broker's
//! own. It makes no difference that somebody else's principal is meant. It advises only: such
//! a statement admits nobody, so nothing is open because of it, and where the broker was meant and nothing else admits
//! it, LH201 says so.
//!
//! ## Why it is bad
//! AWS shows the id when the principal is gone. It never means a new principal of the same name, so either the
//! statement is of no use or somebody waits to be let in.
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
//!           {"Effect": "Allow", "Principal": {"AWS": ["AROAEXAMPLEDELETED001", "arn:aws:iam::111122223333:role/VaultRunner"]}, "Action": "sts:AssumeRole"}
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
//! The IAM user guide's page on principals, and IAM Access Analyzer's check for invalid role references.

use crate::domain::finding::{Confidence, Level};
use crate::domain::iam::Principal;

use super::judging::Judging;
use super::rule::{Check, Origin, Rule, Said};
use super::statements::Spot;

pub(super) static RULE: Rule = Rule {
    code: "LH216",
    name: "trust-dangling-principal",
    level: Level::Advisory,
    confidence: Confidence::Certain,
    origin: Origin::World,
    summary: "The trust policy names a principal that was deleted.",
    source: include_str!("trust_dangling_principal.rs"),
    check: Check::Statement(check),
};

fn check(judging: &Judging<'_>, spot: &Spot<'_>) -> Option<Said> {
    let broker = judging.issuing.caller().unique_id;
    let gone = |text: &str| matches!(Principal::aws(text), Principal::UniqueId(id) if Some(id.as_str()) != broker);
    let entries = spot.statement.principal.as_ref()?.entries();
    let id = entries.iter().find_map(|it| match it {
        Principal::UniqueId(id) if Some(id.as_str()) != broker => Some(id),
        _ => None,
    })?;
    Some(Said {
        message: format!("{} names `{id}`, the id of a principal that was deleted", spot.named()),
        label: "names a deleted principal".to_owned(),
        remedy: format!("leave it out, or name the new principal by its ARN: {}", spot.without(gone)),
    })
}

#[cfg(test)]
mod tests {
    use super::super::fixture::trusting;
    use super::*;

    #[test]
    fn an_id_is_named_and_an_arn_is_not() {
        assert_eq!(
            trusting(&[
                r#"{"Effect": "Allow", "Principal": {"AWS": "AROAEXAMPLEDELETED001"}, "Action": "sts:AssumeRole"}"#
            ])
            .findings(&RULE)
            .len(),
            1
        );
        assert_eq!(
            trusting(&[r#"{"Effect": "Deny", "Principal": {"AWS": "AIDAEXAMPLEDELETED001"}, "Action": "sts:*"}"#])
                .findings(&RULE)
                .len(),
            1
        );
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:AssumeRole"}"#]).findings(&RULE).len(), 0);
    }
}
