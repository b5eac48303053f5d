//! The policies of IAM groups cannot be merged into a session yet.
//!
//! ## What it does
//! Refuses `iam_groups` on `assumed_role` and `federation_token`, where it means that the groups' policies become
//! session policies.
//!
//! ## Why it is bad
//! This version does not read the policies of groups. To issue such a role without them would give more than was
//! declared, or nothing at all.
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
//!   iam_groups: [readers]
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
//!   policy_arns: [arn:aws:iam::aws:policy/ReadOnlyAccess]
//!   default_sts_ttl: 30m
//!   max_sts_ttl: 1h
//! ```
//!
//! ## Source
//! Our own rule, about what this version can do. STS knows nothing of groups: it takes session policies only.

use crate::domain::credential::CredentialSpec;
use crate::domain::finding::{Confidence, Finding, Level};
use crate::domain::role::Field;
use crate::domain::text;

use super::judging::{Declared, Judging};
use super::rule::{Check, Origin, Rule, Said};

pub(super) static RULE: Rule = Rule {
    code: "LH106",
    name: "iam-groups-not-yet",
    level: Level::Hard,
    confidence: Confidence::Certain,
    origin: Origin::Git,
    summary: "The policies of IAM groups cannot be merged into a session yet.",
    source: include_str!("iam_groups_not_yet.rs"),
    check: Check::Role(check),
};

/// Longest list of groups that is repeated in a message.
const SHOWN: usize = 200;

fn check(_: &Judging<'_>, declared: &Declared<'_>, findings: &mut Vec<Finding>) {
    let role = declared.role;
    let groups = match &role.spec.credential {
        CredentialSpec::AssumedRole(spec) => &spec.policy.groups,
        CredentialSpec::FederationToken(spec) => &spec.policy.groups,
        CredentialSpec::IamUser(_) | CredentialSpec::SessionToken(_) => return,
    };
    if groups.is_empty() {
        return;
    }
    findings.push(
        RULE.about(
            role,
            Field::IamGroups,
            Said {
                message: format!(
                    "role `{}` merges the policies of groups ({}) into its sessions, which this version cannot do yet",
                    role.spec.name,
                    text::short(&groups.join(", "), SHOWN)
                ),
                label: "not supported yet".to_owned(),
                remedy: "remove `iam_groups`, and name the groups' policies under `policy_arns:` or write them out as \
                     `policy_document:`"
                    .to_owned(),
            },
        ),
    );
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Scene;
    use super::*;
    use crate::domain::credential::CredentialSpec;

    #[test]
    fn groups_are_refused_where_they_become_session_policies_and_nowhere_else() {
        let mut scene = Scene::user_broker().assumed_role("a", 900, 900).federation_token("b", 900, 900).iam_user(
            "c",
            900,
            900,
            |spec| spec.policy.groups = vec!["readers".to_owned()],
        );
        assert!(scene.findings(&RULE).is_empty());
        for role in &mut scene.desired.roles {
            match &mut role.spec.credential {
                CredentialSpec::AssumedRole(spec) => spec.policy.groups = vec!["x".to_owned(), "y".to_owned()],
                CredentialSpec::FederationToken(spec) => spec.policy.groups = vec!["x".to_owned()],
                CredentialSpec::IamUser(_) | CredentialSpec::SessionToken(_) => (),
            }
        }
        let found = scene.findings(&RULE);
        assert_eq!(found.len(), 2);
        assert!(found[0].message.contains("(x, y)"), "{}", found[0].message);
    }
}
