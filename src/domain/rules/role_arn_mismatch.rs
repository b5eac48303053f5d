//! A role ARN differs in case or path from the live role's.
//!
//! ## What it does
//! Compares each declared role ARN with the one under which IAM shows the role.
//!
//! ## Why it is bad
//! IAM finds a role by its name alone and in any case, so a review finds it too. STS compares the whole ARN, letter by
//! letter, and answers `AccessDenied`.
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
//!   role_arns: [arn:aws:iam::111122223333:role/prodappreadonly]
//!   default_sts_ttl: 30m
//!   max_sts_ttl: 1h
//! ```
//! ```json
//! {
//!   "caller": {"arn": "arn:aws:sts::111122223333:assumed-role/VaultRunner/ci", "user_id": "AROAEXAMPLEVAULTRUN01:ci"},
//!   "roles": {
//!     "arn:aws:iam::111122223333:role/prodappreadonly": {
//!       "arn": "arn:aws:iam::111122223333:role/ProdAppReadOnly",
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
//! The IAM user guide: names are unique without regard to case, and a role's name is case-sensitive when the role is
//! assumed. The path is part of the ARN.

use crate::domain::finding::{Confidence, Finding, Level};
use crate::domain::ident::RoleArn;

use super::judging::{Judging, Target};
use super::rule::{Check, Origin, Rule, Said};

pub(super) static RULE: Rule = Rule {
    code: "LH304",
    name: "role-arn-mismatch",
    level: Level::Hard,
    confidence: Confidence::Certain,
    origin: Origin::World,
    summary: "A role ARN differs in case or path from the live role's.",
    source: include_str!("role_arn_mismatch.rs"),
    check: Check::Target(check),
};

fn check(_: &Judging<'_>, target: Target<'_>, findings: &mut Vec<Finding>) {
    let Some(live) = target.fact.present() else { return };
    if live.arn == *target.arn {
        return;
    }
    let part = differing_part(target.arn, &live.arn);
    findings.push(RULE.about(
        target.role,
        target.field(),
        Said {
            message: format!("`{}` differs in {part} from the live role `{}`", target.arn, live.arn),
            label: format!("differs in {part} from the live role"),
            remedy: format!("write `{}`", live.arn),
        },
    ));
}

fn differing_part(declared: &RoleArn, live: &RoleArn) -> &'static str {
    if declared.as_str().eq_ignore_ascii_case(live.as_str()) {
        "case"
    } else if declared.path() == live.path() {
        "name"
    } else if declared.name() == live.name() {
        "path"
    } else {
        "path and name"
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Scene;
    use super::*;

    #[test]
    fn case_and_path_are_told_apart() {
        for (declared, live, label) in [
            ("role/R", "role/R", None),
            ("role/R", "role/r", Some("differs in case from the live role")),
            ("role/A/R", "role/a/R", Some("differs in case from the live role")),
            ("role/R", "role/app/R", Some("differs in path from the live role")),
            ("role/app/r", "role/R", Some("differs in path and name from the live role")),
        ] {
            let arn = |resource: &str| format!("arn:aws:iam::111122223333:{resource}");
            let found = Scene::role_broker()
                .assumed_role_of("a", &[&arn(declared)])
                .live_as(&arn(declared), &arn(live), 3_600, "{}")
                .findings(&RULE);
            assert_eq!(found.first().map(|finding| finding.label.as_str()), label, "{declared} {live}");
            if let Some(finding) = found.first() {
                assert_eq!(finding.remedy, format!("write `{}`", arn(live)));
            }
        }
    }
}
