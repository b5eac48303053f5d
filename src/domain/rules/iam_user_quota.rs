//! An `iam_user` role needs more than a quota of the account leaves.
//!
//! ## What it does
//! Compares what `iam:GetAccountSummary` says of the broker's account with the role: whether one more user fits, whether
//! a user may be in so many groups and have so many managed policies, and whether its `policy_document` leaves room, of
//! the 2,048 characters that a user's inline policies may take, less those of the statement that ends the lease.
//!
//! ## Why it is bad
//! IAM answers `LimitExceeded` when the credential is issued, half way through making the user.
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
//!   "accounts": {"111122223333": {"summary": {"Users": 5000, "UsersQuota": 5000}}}
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

use std::collections::BTreeMap;

use crate::domain::credential::{CredentialSpec, IamUserSpec};
use crate::domain::finding::{Confidence, Finding, Level};
use crate::domain::lease::expiry_chars;
use crate::domain::limits::USER_INLINE_MAX;
use crate::domain::role::Field;

use super::judging::{Declared, Judging};
use super::rule::{Check, Origin, Rule, Said};
use super::words;

pub(super) static RULE: Rule = Rule {
    code: "LH404",
    name: "iam-user-quota",
    level: Level::Blocking,
    confidence: Confidence::Certain,
    origin: Origin::World,
    summary: "An `iam_user` role needs more than a quota of the account leaves.",
    source: include_str!("iam_user_quota.rs"),
    check: Check::Role(check),
};

fn check(judging: &Judging<'_>, declared: &Declared<'_>, findings: &mut Vec<Finding>) {
    let role = declared.role;
    let account = judging.principal().account();
    let summary = judging.world.accounts.get(account).and_then(|account| account.summary.present());
    let CredentialSpec::IamUser(spec) = &role.spec.credential else { return };
    for (field, excess, remedy) in excesses(spec, summary) {
        findings.push(RULE.about(
            role,
            field,
            Said {
                message: format!("role `{}` cannot be issued in account {account}: {excess}", role.spec.name),
                label: "over a quota of IAM".to_owned(),
                remedy: remedy.to_owned(),
            },
        ));
    }
}

/// Where the role asks for too much, what is too much, and what to do.
fn excesses(spec: &IamUserSpec, summary: Option<&BTreeMap<String, u64>>) -> Vec<(Field, String, &'static str)> {
    let of = |name: &str| summary.and_then(|summary| summary.get(name)).copied();
    let over = |count: usize, quota: &str| of(quota).filter(|quota| count as u64 > *quota);
    let mut excesses = Vec::new();
    if let (Some(users), Some(quota)) = (of("Users"), of("UsersQuota"))
        && users >= quota
    {
        excesses.push((
            Field::CredentialType,
            format!("it has {users} IAM users, and its quota is {quota}"),
            "issue sessions instead, from a role of type `assumed_role`, or delete users that nobody needs",
        ));
    }
    let (groups, policies) = (spec.policy.groups.len(), spec.policy.arns.len());
    if let Some(quota) = over(groups, "GroupsPerUserQuota") {
        let excess = format!("a user may be in {quota} groups, and it names {groups}");
        excesses.push((Field::IamGroups, excess, "name fewer `iam_groups`"));
    }
    if let Some(quota) = over(policies, "AttachedPoliciesPerUserQuota") {
        let excess = format!("a user may have {quota} managed policies, and it names {policies}");
        excesses.push((Field::PolicyArns, excess, "name fewer `policy_arns`, or have the quota raised"));
    }
    let inline = spec.policy.document.as_ref().map_or(0, |document| words::characters(document.value()));
    let room = USER_INLINE_MAX - expiry_chars();
    if inline > room {
        let excess = format!(
            "its `policy_document` takes {inline} characters, and a user's inline policies leave room for {room}"
        );
        excesses.push((
            Field::PolicyDocument,
            excess,
            "move the document into a managed policy and name it in `policy_arns`",
        ));
    }
    excesses
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::fixture::Scene;
    use super::*;
    use crate::domain::document::Document;
    use crate::domain::ident::{AccountId, Arn};
    use crate::domain::world::{Fact, LiveAccount};

    fn found(summary: &[(&str, u64)], edit: impl FnOnce(&mut IamUserSpec)) -> Vec<Finding> {
        let mut scene = Scene::user_broker().iam_user("u", 900, 900, edit).assumed_role("a", 900, 900);
        let summary = summary.iter().map(|(name, number)| ((*name).to_owned(), *number)).collect();
        let account = LiveAccount { summary: Fact::Present(summary), ..LiveAccount::default() };
        scene.world.accounts.insert(AccountId::parse("111122223333").expect("valid"), account);
        scene.findings(&RULE)
    }

    #[test]
    fn one_more_user_must_fit() {
        for (users, expected) in [(4_999, 0), (5_000, 1), (5_001, 1)] {
            assert_eq!(found(&[("Users", users), ("UsersQuota", 5_000)], |_| ()).len(), expected, "{users}");
        }
        assert!(found(&[("Users", 9_000)], |_| ()).is_empty(), "a quota that was not told");
        assert!(Scene::user_broker().iam_user("u", 900, 900, |_| ()).findings(&RULE).is_empty(), "not read");
    }

    #[test]
    fn groups_and_policies_are_counted() {
        let arn = Arn::parse("arn:aws:iam::aws:policy/ReadOnlyAccess").expect("valid");
        let quotas = [("GroupsPerUserQuota", 10), ("AttachedPoliciesPerUserQuota", 10)];
        for (count, expected) in [(10, 0), (11, 2)] {
            let found = found(&quotas, |spec| {
                spec.policy.groups = (0..count).map(|at| format!("g{at}")).collect();
                spec.policy.arns = vec![arn.clone(); count];
            });
            assert_eq!(found.len(), expected, "{count}");
        }
    }

    #[test]
    fn the_document_leaves_room_for_the_end_of_the_lease() {
        let empty = words::characters(&json!({"Version": ""}));
        for (length, expected) in [(USER_INLINE_MAX - expiry_chars(), 0), (USER_INLINE_MAX - expiry_chars() + 1, 1)] {
            let document = Document::new(json!({"Version": "x".repeat(length - empty)}));
            assert_eq!(found(&[], |spec| spec.policy.document = Some(document)).len(), expected, "{length}");
        }
    }
}
