//! The trust policy has an element that AWS ignores or never matches.
//!
//! ## What it does
//! Speaks of each statement with a `Resource`, a wildcard inside a principal, a principal or an action of no known
//! form, a condition operator that IAM does not document, an empty list or block, or a `Sid` with signs.
//!
//! ## Why it is bad
//! AWS would refuse to store some of these today, and the others do nothing: the statement says something else than its
//! author believes.
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
//!           {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/Vault*"}, "Action": "sts:AssumeRole"},
//!           {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": ["sts:AssumeRole", "sts:TagSession"]}
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
//! The IAM user guide's grammar of policies, and IAM Access Analyzer's policy checks.

use crate::domain::admission;
use crate::domain::finding::{Confidence, Finding, Level};
use crate::domain::iam::{NoteKind, Policy, PolicyNote};

use super::judging::{Judging, Target};
use super::rule::{Check, Origin, Rule, Said};
use super::words;

pub(super) static RULE: Rule = Rule {
    code: "LH233",
    name: "trust-odd-element",
    level: Level::Advisory,
    confidence: Confidence::Certain,
    origin: Origin::World,
    summary: "The trust policy has an element that AWS ignores or never matches.",
    source: include_str!("trust_odd_element.rs"),
    check: Check::Target(check),
};

fn check(judging: &Judging<'_>, target: Target<'_>, findings: &mut Vec<Finding>) {
    for note in target.trust().map(Policy::notes).unwrap_or_default() {
        let PolicyNote { statement, kind, text } = note;
        let remedy = match kind {
            // Rules of their own.
            NoteKind::NotPrincipal | NoteKind::DanglingPrincipal => continue,
            NoteKind::ResourceInTrustPolicy => "take Resource out of it",
            NoteKind::WildcardInPrincipal | NoteKind::UnknownPrincipal => {
                "name each principal by its whole ARN, or take it out; the broker needs this statement: `STATEMENT`"
            }
            NoteKind::MalformedAction => "write the action as service and name, such as `sts:AssumeRole`",
            NoteKind::UnknownOperator => "use one of IAM's operators, such as `StringEquals`",
            NoteKind::Empty => "fill it or take the statement out",
            NoteKind::OddSid => "use letters and digits alone in its Sid",
        };
        let shown = if text.is_empty() { String::new() } else { format!(": `{text}`") };
        findings.push(RULE.about(
            target.role,
            target.field(),
            Said {
                message: format!(
                    "statement `{statement}` of the trust policy of `{}` {}{shown}",
                    target.arn,
                    kind.as_str()
                ),
                label: "an element without effect".to_owned(),
                remedy: remedy.replace(
                    "STATEMENT",
                    &words::trust_statement(judging.principal(), &admission::actions(target.spec)),
                ),
            },
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::trusting;
    use super::*;

    #[test]
    fn each_oddity_is_named_once() {
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:AssumeRole", "Resource": "*"}"#]).findings(&RULE).len(), 1);
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::444455556666:role/*"}, "Action": "sts:AssumeRole"}"#]).findings(&RULE).len(), 1);
        assert_eq!(
            trusting(&[r#"{"Effect": "Allow", "Principal": {"AWS": "nobody"}, "Action": "sts:AssumeRole"}"#])
                .findings(&RULE)
                .len(),
            1
        );
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "AssumeRole"}"#]).findings(&RULE).len(), 1);
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:AssumeRole", "Condition": {"StringMatches": {"aws:userid": "x"}}}"#]).findings(&RULE).len(), 1);
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:AssumeRole", "Condition": {}}"#]).findings(&RULE).len(), 1);
        assert_eq!(trusting(&[r#"{"Sid": "a b", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:AssumeRole"}"#]).findings(&RULE).len(), 1);
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:AssumeRole"}"#]).findings(&RULE).len(), 0);
        assert_eq!(
            trusting(&[
                r#"{"Effect": "Allow", "Principal": {"AWS": "AROAEXAMPLEDELETED001"}, "Action": "sts:AssumeRole"}"#
            ])
            .findings(&RULE)
            .len(),
            0
        );
    }
}
