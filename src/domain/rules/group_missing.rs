//! A declared group does not exist.
//!
//! ## What it does
//! Looks the `iam_groups` of `iam_user` roles up in the broker's account, and speaks when AWS said that there is no such
//! group.
//!
//! ## Why it is bad
//! IAM refuses to add the user to it, and the lease that was begun has to be taken back.
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
//!   iam_groups: [deployers]
//!   default_ttl: 30m
//!   max_ttl: 1h
//! ---
//! apiVersion: leasehold/v1
//! kind: Role
//! metadata: {name: app-nightly}
//! spec:
//!   credential_type: iam_user
//!   user_path: /app-batch/
//!   permissions_boundary_arn: arn:aws:iam::111122223333:policy/LeaseholdBoundary
//!   justification: the vendor's tool cannot use session tokens
//!   iam_groups: [deployer]
//!   default_ttl: 30m
//!   max_ttl: 1h
//! ```
//! ```json
//! {
//!   "caller": {"arn": "arn:aws:sts::111122223333:assumed-role/VaultRunner/ci", "user_id": "AROAEXAMPLEVAULTRUN01:ci"},
//!   "roles": {},
//!   "broker": {
//!     "unique_id": "AROAEXAMPLEVAULTRUN01",
//!     "policies": [
//!       {
//!         "name": "issue",
//!         "document": {
//!           "Version": "2012-10-17",
//!           "Statement": [
//!             {"Effect": "Allow", "Action": ["iam:CreateUser", "iam:PutUserPolicy"], "Resource": "arn:aws:iam::111122223333:user/leasehold/prod/*", "Condition": {"StringEquals": {"iam:PermissionsBoundary": "arn:aws:iam::111122223333:policy/LeaseholdBoundary"}}},
//!             {"Effect": "Allow", "Action": ["iam:TagUser", "iam:CreateAccessKey"], "Resource": "arn:aws:iam::111122223333:user/leasehold/prod/*"},
//!             {"Effect": "Allow", "Action": "iam:AddUserToGroup", "Resource": "arn:aws:iam::111122223333:group/deployers"}
//!           ]
//!         }
//!       }
//!     ]
//!   },
//!   "groups": {"111122223333/deployers": "arn:aws:iam::111122223333:group/deployers", "111122223333/deployer": "absent"}
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
//!   credential_type: iam_user
//!   user_path: /app-batch/
//!   permissions_boundary_arn: arn:aws:iam::111122223333:policy/LeaseholdBoundary
//!   justification: the vendor's tool cannot use session tokens
//!   iam_groups: [deployers]
//!   default_ttl: 30m
//!   max_ttl: 1h
//! ---
//! apiVersion: leasehold/v1
//! kind: Role
//! metadata: {name: app-nightly}
//! spec:
//!   credential_type: iam_user
//!   user_path: /app-batch/
//!   permissions_boundary_arn: arn:aws:iam::111122223333:policy/LeaseholdBoundary
//!   justification: the vendor's tool cannot use session tokens
//!   iam_groups: [deployers]
//!   default_ttl: 30m
//!   max_ttl: 1h
//! ```
//! ```json
//! {
//!   "caller": {"arn": "arn:aws:sts::111122223333:assumed-role/VaultRunner/ci", "user_id": "AROAEXAMPLEVAULTRUN01:ci"},
//!   "roles": {},
//!   "broker": {
//!     "unique_id": "AROAEXAMPLEVAULTRUN01",
//!     "policies": [
//!       {
//!         "name": "issue",
//!         "document": {
//!           "Version": "2012-10-17",
//!           "Statement": [
//!             {"Effect": "Allow", "Action": ["iam:CreateUser", "iam:PutUserPolicy"], "Resource": "arn:aws:iam::111122223333:user/leasehold/prod/*", "Condition": {"StringEquals": {"iam:PermissionsBoundary": "arn:aws:iam::111122223333:policy/LeaseholdBoundary"}}},
//!             {"Effect": "Allow", "Action": ["iam:TagUser", "iam:CreateAccessKey"], "Resource": "arn:aws:iam::111122223333:user/leasehold/prod/*"},
//!             {"Effect": "Allow", "Action": "iam:AddUserToGroup", "Resource": "arn:aws:iam::111122223333:group/deployers"}
//!           ]
//!         }
//!       }
//!     ]
//!   },
//!   "groups": {"111122223333/deployers": "arn:aws:iam::111122223333:group/deployers"}
//! }
//! ```
//!
//! ## Source
//! The IAM API's `NoSuchEntity` to `GetGroup` and `AddUserToGroup`.

use std::collections::HashSet;

use crate::domain::credential::CredentialSpec;
use crate::domain::finding::{Confidence, Finding, Level};
use crate::domain::role::Field;
use crate::domain::text;
use crate::domain::world::Fact;

use super::judging::Judging;
use super::rule::{Check, Origin, Rule, Said};
use super::words::{self, SUGGESTIONS_MAX};

pub(super) static RULE: Rule = Rule {
    code: "LH312",
    name: "group-missing",
    level: Level::Hard,
    confidence: Confidence::Certain,
    origin: Origin::World,
    summary: "A declared group does not exist.",
    source: include_str!("group_missing.rs"),
    check: Check::Whole(check),
};

fn check(judging: &Judging<'_>, findings: &mut Vec<Finding>) {
    let account = judging.principal().account();
    let here = || judging.world.groups.iter().filter(|((id, _), _)| id == account);
    let absent: HashSet<&str> =
        here().filter(|(_, fact)| **fact == Fact::Absent).map(|((_, name), _)| name.as_str()).collect();
    if absent.is_empty() {
        return;
    }
    let mut suggestions = 0;
    for role in &judging.desired.roles {
        let CredentialSpec::IamUser(spec) = &role.spec.credential else { continue };
        for group in spec.policy.groups.iter().filter(|group| absent.contains(group.as_str())) {
            suggestions += 1;
            let existing = here().filter(|(_, fact)| fact.present().is_some()).map(|((_, name), _)| name.as_str());
            let near = if suggestions <= SUGGESTIONS_MAX { text::nearest(group, existing) } else { None };
            let create = format!(
                "create it in account {account}: `aws iam create-group --group-name {}`",
                words::shell_word(group)
            );
            findings.push(RULE.about(
                role,
                Field::IamGroups,
                Said {
                    message: format!(
                        "role `{}` puts its users into the group `{}`, which does not exist in account {account}",
                        role.spec.name,
                        text::short(group, 128)
                    ),
                    label: "no such group".to_owned(),
                    remedy: match near {
                        Some(near) => format!("write `{near}` if that is meant; or {create}"),
                        None => create,
                    },
                },
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Scene;
    use super::*;
    use crate::domain::ident::AccountId;

    #[test]
    fn groups_of_users_are_looked_up_in_the_brokers_account() {
        let mut scene = Scene::user_broker().iam_user("u", 900, 900, |spec| spec.policy.groups.push("ops".to_owned()));
        let key = |id: &str, name: &str| (AccountId::parse(id).expect("valid"), name.to_owned());
        assert!(scene.findings(&RULE).is_empty(), "not read");
        scene.world.groups.insert(key("444455556666", "ops"), Fact::Absent);
        assert!(scene.findings(&RULE).is_empty(), "another account");
        scene.world.groups.insert(key("111122223333", "ops"), Fact::Absent);
        let found = scene.findings(&RULE);
        assert!(found.len() == 1 && found[0].remedy.contains("create-group --group-name ops"), "{found:?}");
        scene.world.groups.insert(key("111122223333", "ops"), Fact::Present(String::new()));
        assert!(scene.findings(&RULE).is_empty());
    }
}
