//! The trust policy admits an account that no manifest declares.
//!
//! ## What it does
//! Once there is an Account document: speaks of each Allow that names principals of an account that is neither
//! declared, nor the broker's, nor the role's own. It advises only: Account documents list the accounts that hold
//! declared roles, and whom else to trust is for who owns the account that holds the role, not for this repository.
//!
//! ## Why it is bad
//! Account documents say which accounts belong together. One more in a trust policy is a door that nobody listed: a
//! former partner's, or a typing error.
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
//! kind: Account
//! metadata: {name: other}
//! spec: {id: "777788889999"}
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
//!           {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::444455556666:role/Auditor"}, "Action": "sts:AssumeRole"}
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
//! kind: Account
//! metadata: {name: other}
//! spec: {id: "777788889999"}
//! ---
//! apiVersion: leasehold/v1
//! kind: Account
//! metadata: {name: audit}
//! spec: {id: "444455556666"}
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
//!
//! ## Source
//! leasehold's own: the Account documents are the list.

use crate::domain::finding::{Confidence, Level};
use crate::domain::iam::{Effect, Principal};

use super::judging::Judging;
use super::rule::{Check, Origin, Rule, Said};
use super::statements::{Spot, principals};

pub(super) static RULE: Rule = Rule {
    code: "LH212",
    name: "trust-undeclared-account",
    level: Level::Advisory,
    confidence: Confidence::Certain,
    origin: Origin::World,
    summary: "The trust policy admits an account that no manifest declares.",
    source: include_str!("trust_undeclared_account.rs"),
    check: Check::Statement(check),
};

fn check(judging: &Judging<'_>, spot: &Spot<'_>) -> Option<Said> {
    if judging.declared_accounts.is_empty() || spot.statement.effect == Effect::Deny {
        return None;
    }
    let broker = judging.principal().account().as_str();
    let own = spot.target.arn.account().as_str();
    let accounts = principals(spot.statement).iter().filter_map(account);
    let foreign = accounts.filter(|it| *it != own && *it != broker && !judging.declared_accounts.contains(it));
    let mut foreign: Vec<&str> = foreign.collect();
    foreign.sort_unstable();
    foreign.dedup();
    let first = foreign.first()?;
    Some(Said {
        message: format!(
            "{} admits principals of {}, which no Account document declares",
            spot.named(),
            foreign.join(", ")
        ),
        label: "trusts an account nobody declared".to_owned(),
        remedy: format!(
            "if it belongs here, declare it in an Account document: `id: \"{first}\"`; otherwise {}",
            spot.without(|text| account(&Principal::aws(text)).is_some_and(|it| foreign.contains(&it)))
        ),
    })
}

/// The account of an AWS principal.
fn account(principal: &Principal) -> Option<&str> {
    match principal {
        Principal::Account { account, .. } => Some(account),
        Principal::Role(arn)
        | Principal::User(arn)
        | Principal::FederatedUser(arn)
        | Principal::Session { arn, .. } => arn.split(':').nth(4),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Scene, trusting};
    use super::*;
    use crate::domain::desired::Account;
    use crate::domain::ident::{AccountId, Name};
    use crate::domain::span::Located;

    fn declaring(mut scene: Scene, id: &str) -> Scene {
        let place = scene.desired.broker.place.clone();
        scene.desired.accounts.push(Account {
            name: Name::parse("other").expect("a name"),
            id: Located::new(AccountId::parse(id).expect("an id"), place.clone()),
            reader_role_arn: None,
            external_id: None,
            place,
        });
        scene
    }

    #[test]
    fn only_a_declared_list_makes_others_foreign() {
        let statement = r#"{"Effect": "Allow", "Principal": {"AWS": ["444455556666", "111122223333"]}, "Action": "sts:AssumeRole"}"#;
        assert!(trusting(&[statement]).findings(&RULE).is_empty());
        assert!(declaring(trusting(&[statement]), "444455556666").findings(&RULE).is_empty());
        let found = declaring(trusting(&[statement]), "777788889999").findings(&RULE);
        assert_eq!(found.len(), 1);
        assert!(found[0].message.contains("444455556666") && !found[0].message.contains("111122223333, "));
    }
}
