//! The account has little room left for the users of an `iam_user` role.
//!
//! ## What it does
//! Where an `iam_user` role is declared, compares the number of users in the broker's account with its quota, as
//! `iam:GetAccountSummary` gives both, and speaks when a tenth of the quota or less is left. Once nothing is left, LH404
//! says so.
//!
//! ## Why it is bad
//! Every open lease of such a role is a user. The quota belongs to the whole account, so whatever else makes users there
//! can take the last of it, and issuing then ends with `LimitExceeded`.
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
//! metadata: {name: app-batch}
//! spec:
//!   credential_type: iam_user
//!   user_path: /app-batch/
//!   permissions_boundary_arn: arn:aws:iam::111122223333:policy/LeaseholdBoundary
//!   justification: the vendor's tool cannot use session tokens
//!   policy_arns: [arn:aws:iam::aws:policy/ReadOnlyAccess]
//!   default_ttl: 30m
//!   max_ttl: 1h
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
//!   "accounts": {"111122223333": {"summary": {"Users": 4600, "UsersQuota": 5000}}}
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
//! metadata: {name: app-batch}
//! spec:
//!   credential_type: assumed_role
//!   role_arns: [arn:aws:iam::111122223333:role/ProdAppReadOnly]
//!   default_sts_ttl: 30m
//!   max_sts_ttl: 1h
//! ```
//!
//! ## Source
//! The IAM user guide on quotas, and the numbers that `iam:GetAccountSummary` gives for the account.

use crate::domain::credential::CredentialType;
use crate::domain::finding::{Confidence, Finding, Level};

use super::judging::Judging;
use super::rule::{Check, Origin, Rule, Said};

pub(super) static RULE: Rule = Rule {
    code: "LH408",
    name: "iam-user-quota-near",
    level: Level::Advisory,
    confidence: Confidence::Certain,
    origin: Origin::World,
    summary: "The account has little room left for the users of an `iam_user` role.",
    source: include_str!("iam_user_quota_near.rs"),
    check: Check::Whole(check),
};

/// What part of the quota is little: one in so many.
const LITTLE: u64 = 10;

fn check(judging: &Judging<'_>, findings: &mut Vec<Finding>) {
    if !judging.desired.roles.iter().any(|role| role.spec.credential.kind() == CredentialType::IamUser) {
        return;
    }
    let account = judging.principal().account();
    let Some(summary) = judging.world.accounts.get(account).and_then(|account| account.summary.present()) else {
        return;
    };
    let (Some(users), Some(quota)) = (summary.get("Users"), summary.get("UsersQuota")) else { return };
    let Some(left) = quota.checked_sub(*users).filter(|left| *left > 0 && *left <= quota / LITTLE) else { return };
    findings.push(RULE.at(
        None,
        judging.desired.broker.principal_place.clone(),
        Said {
            message: format!(
                "account {account} has {users} of at most {quota} IAM users: {left} more, and no `iam_user` role can be issued"
            ),
            label: "its account is nearly full of IAM users".to_owned(),
            remedy: "issue sessions instead, from a role of type `assumed_role`, delete users that nobody needs, or have \
                     the quota raised"
                .to_owned(),
        },
    ));
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Scene;
    use super::*;
    use crate::domain::ident::AccountId;
    use crate::domain::world::{Fact, LiveAccount};

    fn found(scene: Scene, summary: &[(&str, u64)]) -> Vec<Finding> {
        let mut scene = scene;
        let summary = summary.iter().map(|(name, number)| ((*name).to_owned(), *number)).collect();
        let account = LiveAccount { summary: Fact::Present(summary), ..LiveAccount::default() };
        scene.world.accounts.insert(AccountId::parse("111122223333").expect("valid"), account);
        scene.findings(&RULE)
    }

    fn users() -> Scene {
        Scene::user_broker().iam_user("u", 900, 900, |_| ()).iam_user("v", 900, 900, |_| ())
    }

    #[test]
    fn the_last_tenth_is_told_once_and_nothing_left_is_another_rules() {
        for (users_now, quota, expected) in [
            (4_499, 5_000, 0),
            (4_500, 5_000, 1),
            (4_999, 5_000, 1),
            (5_000, 5_000, 0),
            (9_000, 5_000, 0),
            (8, 9, 0),
            (0, 0, 0),
            (u64::MAX - 1, u64::MAX, 1),
        ] {
            let found = found(users(), &[("Users", users_now), ("UsersQuota", quota)]);
            assert_eq!(found.len(), expected, "{users_now} of {quota}");
            assert!(found.iter().all(|finding| !finding.blocks()));
        }
    }

    #[test]
    fn it_needs_both_numbers_and_a_role_that_makes_users() {
        let numbers = [("Users", 4_999), ("UsersQuota", 5_000)];
        for one in numbers {
            assert!(found(users(), &[one]).is_empty(), "{one:?}");
        }
        assert!(users().findings(&RULE).is_empty(), "not read");
        assert!(found(Scene::user_broker().assumed_role("a", 900, 900), &numbers).is_empty(), "no users");
    }
}
