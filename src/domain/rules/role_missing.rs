//! The target role does not exist.
//!
//! ## What it does
//! Looks each of the role's `role_arns` up in IAM, and speaks when AWS said that there is no such role. A role that
//! could not be read is not called missing; the plan lists it as unknown.
//!
//! ## Why it is bad
//! STS answers `AccessDenied` to every request for it, in words that read like a missing permission.
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
//!     "arn:aws:iam::111122223333:role/ProdAppReadOnly": "absent"
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
//! The IAM API's `NoSuchEntity`, or a complete list of the account's roles without this one.

use crate::domain::admission;
use crate::domain::finding::{Confidence, Finding, Level};
use crate::domain::ident::RoleArn;
use crate::domain::world::Fact;

use super::judging::{Judging, Target};
use super::rule::{Check, Origin, Rule, Said};
use super::words;

pub(super) static RULE: Rule = Rule {
    code: "LH301",
    name: "role-missing",
    level: Level::Hard,
    confidence: Confidence::Certain,
    origin: Origin::World,
    summary: "The target role does not exist.",
    source: include_str!("role_missing.rs"),
    check: Check::Target(check),
};

fn check(judging: &Judging<'_>, target: Target<'_>, findings: &mut Vec<Finding>) {
    if *target.fact != Fact::Absent {
        return;
    }
    let actions = admission::actions(target.spec);
    findings.push(RULE.about(
        target.role,
        target.field(),
        Said {
            message: format!(
                "role `{}` issues sessions of `{}`, which does not exist in account {}",
                target.role.spec.name,
                target.arn,
                target.arn.account()
            ),
            label: "does not exist".to_owned(),
            remedy: format!(
                "name a role that exists, or create this one: `{}`; the broker needs this statement in its trust \
                 policy: `{}`",
                create_command(target.arn, &words::trust_policy(judging.principal(), &actions)),
                words::trust_statement(judging.principal(), &actions)
            ),
        },
    ));
}

fn create_command(arn: &RoleArn, policy: &str) -> String {
    let path = match arn.path() {
        "/" => String::new(),
        path => format!(" --path {}", words::shell_word(path)),
    };
    format!(
        "aws iam create-role --role-name {}{path} --assume-role-policy-document {}",
        words::shell_word(arn.name()),
        words::shell_word(policy)
    )
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{READ_ONLY, Scene};
    use super::*;

    #[test]
    fn absent_is_named_and_unknown_is_not() {
        let scene = Scene::role_broker().assumed_role("a", 900, 900);
        assert!(scene.findings(&RULE).is_empty());
        let found = scene.absent(READ_ONLY).findings(&RULE);
        assert_eq!(found.len(), 1);
        assert!(found[0].remedy.contains("--role-name ProdAppReadOnly --assume-role-policy-document '{"), "{found:?}");
    }

    #[test]
    fn a_path_is_kept_and_cannot_leave_the_command() {
        let arn = RoleArn::parse("arn:aws:iam::111122223333:role/a;b/R").expect("valid");
        assert_eq!(
            create_command(&arn, "{}"),
            "aws iam create-role --role-name R --path '/a;b/' --assume-role-policy-document '{}'"
        );
    }
}
