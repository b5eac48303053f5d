//! The trust policy admits the broker's whole account instead of the broker.
//!
//! ## What it does
//! Speaks when nothing but an account id or an account's root ARN admits the broker.
//!
//! ## Why it is bad
//! Trust in an account is delegated: every principal of it that some identity policy allows may assume the role, the
//! broker or not. And the broker gets a session only if its own identity policy allows `sts:AssumeRole` too, which this
//! plan does not read.
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
//!           {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "sts:AssumeRole"}
//!         ]
//!       }
//!     }
//!   }
//! }
//! ```
//!
//! ## Use instead
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
//!           {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:AssumeRole"}
//!         ]
//!       }
//!     }
//!   }
//! }
//! ```
//!
//! ## Source
//! The IAM user guide's page on principals: an account as principal delegates the decision to that account's identity
//! policies.

use crate::domain::finding::{Confidence, Finding, Level};
use crate::domain::iam::Verdict;

use super::judging::{Judging, Target};
use super::rule::{Check, Origin, Rule, Said};
use super::statements::edit_principals;

pub(super) static RULE: Rule = Rule {
    code: "LH205",
    name: "trust-account-root",
    level: Level::Advisory,
    confidence: Confidence::Certain,
    origin: Origin::World,
    summary: "The trust policy admits the broker's whole account instead of the broker.",
    source: include_str!("trust_account_root.rs"),
    check: Check::Target(check),
};

fn check(judging: &Judging<'_>, target: Target<'_>, findings: &mut Vec<Finding>) {
    let broker = judging.principal();
    let account = broker.account().as_str();
    let root = format!(":iam::{account}:root");
    match target.assume {
        Some(Verdict::Allowed | Verdict::Depends(_)) if judging.is_delegated(&target) => {}
        Some(_) | None => return,
    }
    let Some(spot) = judging.admitting(target) else { return };
    let name_broker = |entries: &mut Vec<String>| {
        entries.retain(|it| it != account && !it.ends_with(&root));
        entries.push(broker.as_str().to_owned());
    };
    findings.push(RULE.about(
        target.role,
        target.field(),
        Said {
            message: format!(
                "{} admits the broker only as a principal of account {account}: the broker's identity policy must allow \
                 sts:AssumeRole too, and every other principal so allowed may assume it as well",
                spot.named()
            ),
            label: "trusts the whole account".to_owned(),
            remedy: format!(
                "name the broker in place of the account: {}",
                spot.rewrite(|statement| {
                    edit_principals(statement, name_broker);
                })
            ),
        },
    ));
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{READ_ONLY, Scene, statement, trust};
    use super::*;

    fn found(statements: &[&str]) -> Vec<Finding> {
        Scene::role_broker().assumed_role("a", 900, 900).live(READ_ONLY, 3_600, &trust(statements)).findings(&RULE)
    }

    #[test]
    fn the_account_alone_is_named_and_the_broker_beside_it_is_enough() {
        let root = statement("Allow", "root", "sts:AssumeRole");
        assert_eq!(found(&[&root]).len(), 1);
        assert_eq!(
            found(&[r#"{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:*"}"#]).len(),
            1
        );
        assert!(found(&[&root, &statement("Allow", "role/VaultRunner", "sts:AssumeRole")]).is_empty());
        let both = r#"{"Sid": "Two", "Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam::111122223333:root", "444455556666"]}, "Action": "sts:AssumeRole"}"#;
        let found = found(&[&statement("Allow", "role/Other", "sts:AssumeRole"), both]);
        assert!(found[0].message.starts_with("statement `Two` of"), "{found:?}");
        assert!(found[0].remedy.contains(r#"{"AWS":["444455556666","arn:aws:iam::111122223333:role/VaultRunner"]}"#));
    }

    #[test]
    fn a_denied_broker_is_another_rules_finding() {
        let root = statement("Allow", "root", "sts:AssumeRole");
        assert!(found(&[&root, &statement("Deny", "role/VaultRunner", "sts:AssumeRole")]).is_empty());
        assert!(found(&[&statement("Allow", "role/Other", "sts:AssumeRole")]).is_empty());
    }
}
