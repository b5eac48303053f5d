//! A declared managed policy or permissions boundary does not exist.
//!
//! ## What it does
//! Looks `policy_arns` and `permissions_boundary_arn` up in IAM, and speaks when AWS said that there is no such policy.
//!
//! ## Why it is bad
//! STS refuses to make the session, and IAM to attach the policy or to make a user with the boundary.
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
//!   policy_arns: [arn:aws:iam::aws:policy/ReadOnlyAccess]
//!   default_sts_ttl: 30m
//!   max_sts_ttl: 1h
//! ---
//! apiVersion: leasehold/v1
//! kind: Role
//! metadata: {name: app-batch}
//! spec:
//!   credential_type: assumed_role
//!   role_arns: [arn:aws:iam::111122223333:role/ProdAppReadOnly]
//!   policy_arns: [arn:aws:iam::aws:policy/ReadOnlyAcces]
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
//!   "policies": {
//!     "arn:aws:iam::aws:policy/ReadOnlyAccess": "arn:aws:iam::aws:policy/ReadOnlyAccess",
//!     "arn:aws:iam::aws:policy/ReadOnlyAcces": "absent"
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
//!   policy_arns: [arn:aws:iam::aws:policy/ReadOnlyAccess]
//!   default_sts_ttl: 30m
//!   max_sts_ttl: 1h
//! ---
//! apiVersion: leasehold/v1
//! kind: Role
//! metadata: {name: app-batch}
//! spec:
//!   credential_type: assumed_role
//!   role_arns: [arn:aws:iam::111122223333:role/ProdAppReadOnly]
//!   policy_arns: [arn:aws:iam::aws:policy/ReadOnlyAccess]
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
//!   "policies": {"arn:aws:iam::aws:policy/ReadOnlyAccess": "arn:aws:iam::aws:policy/ReadOnlyAccess"}
//! }
//! ```
//!
//! ## Source
//! The IAM API's `NoSuchEntity` to `GetPolicy`.

use std::collections::HashSet;

use crate::domain::finding::{Confidence, Finding, Level};
use crate::domain::ident::Arn;
use crate::domain::text;
use crate::domain::world::Fact;

use super::judging::Judging;
use super::rule::{Check, Origin, Rule, Said};
use super::words::{self, SUGGESTIONS_MAX};

pub(super) static RULE: Rule = Rule {
    code: "LH311",
    name: "policy-missing",
    level: Level::Hard,
    confidence: Confidence::Certain,
    origin: Origin::World,
    summary: "A declared managed policy or permissions boundary does not exist.",
    source: include_str!("policy_missing.rs"),
    check: Check::Whole(check),
};

fn check(judging: &Judging<'_>, findings: &mut Vec<Finding>) {
    let known = &judging.world.policies;
    let absent: HashSet<&str> =
        known.iter().filter(|(_, fact)| **fact == Fact::Absent).map(|(arn, _)| arn.as_str()).collect();
    if absent.is_empty() {
        return;
    }
    let mut suggestions = 0;
    for role in &judging.desired.roles {
        for (field, arn) in words::policies(&role.spec.credential).filter(|(_, arn)| absent.contains(arn.as_str())) {
            suggestions += 1;
            let existing = known.iter().filter(|(_, fact)| fact.present().is_some()).map(|(arn, _)| arn.as_str());
            let near = if suggestions <= SUGGESTIONS_MAX { text::nearest_arn(arn.as_str(), existing) } else { None };
            findings.push(RULE.about(
                role,
                field,
                Said {
                    message: format!("role `{}` names the policy `{arn}`, which does not exist", role.spec.name),
                    label: "does not exist".to_owned(),
                    remedy: match near {
                        Some(near) => format!("write `{near}` if that is meant; or {}", create(arn)),
                        None => create(arn),
                    },
                },
            ));
        }
    }
}

fn create(arn: &Arn) -> String {
    if arn.account() == "aws" {
        return "name a policy of AWS that exists: `aws iam list-policies --scope AWS` lists them".to_owned();
    }
    let name = arn.resource().rsplit('/').next().unwrap_or_default();
    format!(
        "create it in account {}: `aws iam create-policy --policy-name {} --policy-document file://policy.json`",
        arn.account(),
        words::shell_word(name)
    )
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Scene;
    use super::*;

    fn arn(text: &str) -> Arn {
        Arn::parse(text).expect("valid")
    }

    #[test]
    fn policies_and_boundaries_are_looked_up() {
        let (own, aws) = (arn("arn:aws:iam::111122223333:policy/Bound"), arn("arn:aws:iam::aws:policy/Nothing"));
        let mut scene = Scene::user_broker()
            .iam_user("u", 900, 900, |spec| {
                spec.permissions_boundary_arn = Some(own.clone());
                spec.policy.arns.push(aws.clone());
            })
            .assumed_role_with("a", |spec| spec.policy.arns.push(aws.clone()));
        assert!(scene.findings(&RULE).is_empty(), "not read");
        scene.world.policies.insert(own, Fact::Absent);
        scene.world.policies.insert(aws.clone(), Fact::Absent);
        let found = scene.findings(&RULE);
        assert_eq!(found.len(), 3);
        assert!(found.iter().any(|finding| finding.remedy.contains("--policy-name Bound")), "{found:?}");
        assert!(found.iter().any(|finding| finding.remedy.contains("--scope AWS")), "{found:?}");
        scene.world.policies.insert(aws, Fact::Present("arn:aws:iam::aws:policy/Nothing".to_owned()));
        assert_eq!(scene.findings(&RULE).len(), 1);
    }
}
