//! A target role is in another partition than the broker.
//!
//! ## What it does
//! Compares the partition of each of the role's `role_arns` with that of the Broker's `principal`.
//!
//! ## Why it is bad
//! Partitions (`aws`, `aws-cn`, `aws-us-gov`, …) share no accounts and no trust. No policy can let a principal of one
//! assume a role of another.
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
//!   role_arns: [arn:aws-cn:iam::111122223333:role/ProdAppReadOnly]
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
//!   default_sts_ttl: 30m
//!   max_sts_ttl: 1h
//! ```
//!
//! ## Source
//! The IAM user guide: principals and roles of different partitions cannot name each other.

use crate::domain::finding::{Confidence, Finding, Level};

use super::judging::{Judging, Target};
use super::rule::{Check, Origin, Rule, Said};

pub(super) static RULE: Rule = Rule {
    code: "LH303",
    name: "role-arn-partition",
    level: Level::Hard,
    confidence: Confidence::Certain,
    origin: Origin::Git,
    summary: "A target role is in another partition than the broker.",
    source: include_str!("role_arn_partition.rs"),
    check: Check::Target(check),
};

fn check(judging: &Judging<'_>, target: Target<'_>, findings: &mut Vec<Finding>) {
    let broker = judging.principal();
    let arn = target.arn;
    if arn.arn().partition() == broker.partition() {
        return;
    }
    findings.push(RULE.about(
        target.role,
        target.field(),
        Said {
            message: format!(
                "`{arn}` is in partition `{}`, and the broker `{broker}` in `{}`: no session leads from one to the other",
                arn.arn().partition(),
                broker.partition()
            ),
            label: format!("the broker is in `{}`", broker.partition()),
            remedy: format!(
                "write `arn:{}:iam::{}:{}` if the partition is a slip; else issue this role from a broker of its own \
                 partition",
                broker.partition(),
                arn.account(),
                arn.arn().resource()
            ),
        },
    ));
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Scene;
    use super::*;

    #[test]
    fn only_another_partition_is_named() {
        let found =
            Scene::role_broker().assumed_role_of("a", &["arn:aws-us-gov:iam::111122223333:role/a/R"]).findings(&RULE);
        assert_eq!(found.len(), 1);
        assert!(found[0].remedy.contains("`arn:aws:iam::111122223333:role/a/R`"), "{}", found[0].remedy);
        assert!(
            Scene::role_broker().assumed_role_of("a", &["arn:aws:iam::999999999999:role/R"]).findings(&RULE).is_empty()
        );
    }
}
