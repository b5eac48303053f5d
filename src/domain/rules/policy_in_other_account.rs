//! A managed policy is in another account than what it is for.
//!
//! ## What it does
//! Compares the account of each customer managed policy with that of the target roles, and for users and federation
//! tokens with the broker's. AWS's own policies are in every account.
//!
//! ## Why it is bad
//! STS takes session policies only from the account of the role, and IAM attaches and bounds only by policies of the
//! user's account: both refuse the ARN.
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
//!   policy_arns: [arn:aws:iam::444455556666:policy/AppReadOnly]
//!   default_sts_ttl: 30m
//!   max_sts_ttl: 1h
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
//!   policy_arns: [arn:aws:iam::111122223333:policy/AppReadOnly]
//!   default_sts_ttl: 30m
//!   max_sts_ttl: 1h
//! ```
//!
//! ## Source
//! The API references of `AssumeRole` and `GetFederationToken`: the managed policies must exist in the same account as
//! the role or user.

use crate::domain::credential::CredentialSpec;
use crate::domain::finding::{Confidence, Finding, Level};
use crate::domain::ident::AccountId;
use crate::domain::role::Field;

use super::judging::{Declared, Judging};
use super::rule::{Check, Origin, Rule, Said};
use super::words;

pub(super) static RULE: Rule = Rule {
    code: "LH313",
    name: "policy-in-other-account",
    level: Level::Hard,
    confidence: Confidence::Certain,
    origin: Origin::Git,
    summary: "A managed policy is in another account than what it is for.",
    source: include_str!("policy_in_other_account.rs"),
    check: Check::Role(check),
};

fn check(judging: &Judging<'_>, declared: &Declared<'_>, findings: &mut Vec<Finding>) {
    let role = declared.role;
    let own = judging.principal().account();
    let credential = &role.spec.credential;
    let homes: Vec<&AccountId> = match credential {
        CredentialSpec::AssumedRole(spec) => spec.role_arns.iter().map(|arn| arn.account()).collect(),
        CredentialSpec::FederationToken(_) | CredentialSpec::IamUser(_) => vec![own],
        CredentialSpec::SessionToken(_) => return,
    };
    for (field, arn) in words::policies(credential).filter(|(_, arn)| arn.account() != "aws") {
        let Some(home) = homes.iter().find(|home| home.as_str() != arn.account()) else { continue };
        let several = homes.iter().any(|other| other != home);
        findings.push(RULE.about(
            role,
            field,
            Said {
                message: format!(
                    "role `{}` issues in account {home}, and the policy `{arn}` is in account {}",
                    role.spec.name,
                    arn.account()
                ),
                label: "in another account".to_owned(),
                remedy: if several {
                    "declare a role for each account, each with policies of its own account".to_owned()
                } else {
                    let kind = if field == Field::PermissionsBoundaryArn { "boundary" } else { "policy" };
                    format!(
                        "name a {kind} of account {home}, such as `arn:{}:iam::{home}:{}`, and create it there if it is missing",
                        arn.partition(),
                        arn.resource()
                    )
                },
            },
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{READ_ONLY, REPORTS, Scene};
    use super::*;
    use crate::domain::ident::{Arn, RoleArn};

    fn policy(account: &str) -> Arn {
        Arn::parse(&format!("arn:aws:iam::{account}:policy/P")).expect("valid")
    }

    #[test]
    fn the_targets_account_counts_and_awss_own_policies_are_everywhere() {
        for (account, expected) in [("111122223333", 0), ("aws", 0), ("444455556666", 1)] {
            let scene = Scene::role_broker().assumed_role_with("a", |spec| spec.policy.arns.push(policy(account)));
            assert_eq!(scene.findings(&RULE).len(), expected, "{account}");
        }
    }

    #[test]
    fn no_policy_is_in_two_accounts() {
        let scene = Scene::role_broker().assumed_role_with("a", |spec| {
            spec.role_arns = [READ_ONLY, REPORTS].map(|arn| RoleArn::parse(arn).expect("valid")).to_vec();
            spec.policy.arns.push(policy("111122223333"));
        });
        let found = scene.findings(&RULE);
        assert!(found.len() == 1 && found[0].remedy.contains("for each account"), "{found:?}");
    }

    #[test]
    fn users_are_made_in_the_brokers_account() {
        for (account, expected) in [("111122223333", 0), ("444455556666", 2)] {
            let scene = Scene::user_broker().iam_user("u", 900, 900, |spec| {
                spec.permissions_boundary_arn = Some(policy(account));
                spec.policy.arns.push(policy(account));
            });
            assert_eq!(scene.findings(&RULE).len(), expected, "{account}");
        }
    }
}
