//! What AWS says about the target role could not be read.
//!
//! ## What it does
//! Speaks for each of the role's `role_arns` that could not be read: the reader may not see it, AWS throttled or gave no
//! answer, the list ended early, the role is in an account that nothing says how to read, or the plan may make no more calls.
//!
//! ## Why it is bad
//! Whether the role exists, admits the broker and allows the TTL is then unproven, and a plan that lets it pass proves
//! nothing. A role that was applied before and that git leaves alone is not suspended because of it.
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
//!     "arn:aws:iam::111122223333:role/ProdAppReadOnly": {"unknown": "access-denied", "detail": "iam:GetRole is not allowed"}
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
//! Not knowing is never the same as being allowed: the design's own rule.

use crate::domain::finding::{Confidence, Finding, Level};
use crate::domain::ident::RoleArn;
use crate::domain::text;
use crate::domain::world::{Fact, Why};

use super::judging::{Judging, Target};
use super::rule::{Check, Origin, Rule, Said};

pub(super) static RULE: Rule = Rule {
    code: super::ROLE_UNPROVEN,
    name: "role-unproven",
    level: Level::Blocking,
    confidence: Confidence::Certain,
    origin: Origin::World,
    summary: "What AWS says about the target role could not be read.",
    source: include_str!("role_unproven.rs"),
    check: Check::Target(check),
};

fn check(_: &Judging<'_>, target: Target<'_>, findings: &mut Vec<Finding>) {
    let Fact::Unknown(unknown) = target.fact else { return };
    findings.push(RULE.about(
        target.role,
        target.field(),
        Said {
            message: format!(
                "nothing is proven about `{}` of role `{}`: {} ({})",
                target.arn,
                target.role.spec.name,
                unknown.why.as_str(),
                text::short(&unknown.detail, 200)
            ),
            label: unknown.why.as_str().to_owned(),
            remedy: remedy(unknown.why, target.arn, &target.role.spec.name.to_string()),
        },
    ));
}

fn remedy(why: Why, arn: &RoleArn, role: &str) -> String {
    let mend = match why {
        Why::AccessDenied => format!(
            "allow the identity that plans iam:GetRole on `{arn}` (and iam:ListRoles on `*` when many roles are declared)"
        ),
        Why::OtherAccount => {
            let id = arn.account();
            format!(
                "declare how account {id} is read: an Account document with `id: \"{id}\"` and `reader_role_arn`, a role of that \
                 account that the identity that plans may assume"
            )
        }
        Why::Budget => "plan again with a higher --max-calls".to_owned(),
        Why::Throttled | Why::Truncated | Why::Unreachable | Why::Malformed | Why::NotRead => "plan again".to_owned(),
    };
    format!(
        "{mend}; or take it unproven with a Waiver document: rule role-unproven, roles [{role}], reason, owner, expires"
    )
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{READ_ONLY, Scene};
    use super::*;

    #[test]
    fn only_not_knowing_is_unproven() {
        let scene = Scene::role_broker().assumed_role("a", 900, 900);
        let found = scene.findings(&RULE);
        assert_eq!(found.len(), 1);
        assert!(found[0].blocks(), "{found:?}");
        assert!(scene.absent(READ_ONLY).findings(&RULE).is_empty());
    }
}
