//! The broker's principal does not exist.
//!
//! ## What it does
//! Looks the Broker's `principal` up in IAM, and speaks when AWS said that there is no such role or user.
//!
//! ## Why it is bad
//! Nobody can be it, so nothing can be issued; and a trust policy that names it can no longer be saved.
//!
//! ## Example
//! ```yaml
//! apiVersion: leasehold/v1
//! kind: Broker
//! metadata: {name: prod}
//! spec:
//!   principal: arn:aws:iam::111122223333:role/VaultRuner
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
//!   },
//!   "broker": "absent",
//!   "accounts": {"111122223333": {"roles": ["arn:aws:iam::111122223333:role/VaultRunner"]}}
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
//!   },
//!   "broker": {
//!     "unique_id": "AROAEXAMPLEVAULTRUN01",
//!     "policies": [
//!       {
//!         "name": "issue",
//!         "document": {
//!           "Version": "2012-10-17",
//!           "Statement": [
//!             {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "arn:aws:iam::111122223333:role/ProdAppReadOnly"}
//!           ]
//!         }
//!       }
//!     ]
//!   }
//! }
//! ```
//!
//! ## Source
//! The IAM API's `NoSuchEntity`, or a complete list of the account's roles without this one.

use crate::domain::finding::{Confidence, Finding, Level};
use crate::domain::text;
use crate::domain::world::Fact;

use super::judging::Judging;
use super::rule::{Check, Origin, Rule, Said};

pub(super) static RULE: Rule = Rule {
    code: "LH310",
    name: "broker-missing",
    level: Level::Hard,
    confidence: Confidence::Certain,
    origin: Origin::World,
    summary: "The broker's principal does not exist.",
    source: include_str!("broker_missing.rs"),
    check: Check::Whole(check),
};

fn check(judging: &Judging<'_>, findings: &mut Vec<Finding>) {
    if judging.world.broker != Fact::Absent {
        return;
    }
    let broker = judging.principal();
    let roles = judging.world.accounts.get(broker.account()).and_then(|account| account.roles.present());
    let near = text::nearest_arn(broker.as_str(), roles.into_iter().flatten().map(|arn| arn.as_str()));
    findings.push(RULE.at(
        None,
        judging.desired.broker.principal_place.clone(),
        Said {
            message: format!("the broker `{broker}` does not exist in account {}", broker.account()),
            label: "does not exist".to_owned(),
            remedy: match near {
                Some(near) => format!("write `principal: {near}` if that is meant; or create `{broker}`"),
                None => "create it, or let `principal:` name the role or user that issues; `leasehold policy broker` prints the \
                         policy that it needs"
                    .to_owned(),
            },
        },
    ));
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::fixture::{ALLOW_ALL, Scene};
    use super::*;
    use crate::domain::ident::{AccountId, RoleArn};
    use crate::domain::world::LiveAccount;

    #[test]
    fn only_what_aws_says_is_not_there_is_missing() {
        let mut scene = Scene::role_broker().assumed_role("a", 900, 900);
        assert!(scene.findings(&RULE).is_empty(), "not read");
        assert!(Scene::role_broker().broker(&[ALLOW_ALL], None).findings(&RULE).is_empty());
        scene.world.broker = Fact::Absent;
        let found = scene.findings(&RULE);
        assert!(found.len() == 1 && found[0].remedy.contains("leasehold policy broker"), "{found:?}");
        let near = RoleArn::parse("arn:aws:iam::111122223333:role/VaultRunners").expect("valid");
        let account = LiveAccount { roles: Fact::Present(BTreeSet::from([near])), ..LiveAccount::default() };
        scene.world.accounts.insert(AccountId::parse("111122223333").expect("valid"), account);
        assert!(scene.findings(&RULE)[0].remedy.contains("role/VaultRunners`"), "the near one is offered");
    }
}
