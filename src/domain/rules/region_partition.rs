//! The Broker's region is in another partition than its principal.
//!
//! ## What it does
//! Compares the partition that the beginning of `region` tells with that of `principal`.
//!
//! ## Why it is bad
//! STS of one partition knows no principal of another: every call ends with `InvalidClientTokenId`.
//!
//! ## Example
//! ```yaml
//! apiVersion: leasehold/v1
//! kind: Broker
//! metadata: {name: prod}
//! spec:
//!   principal: arn:aws:iam::111122223333:role/VaultRunner
//!   region: cn-north-1
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
//! ## Use instead
//! ```yaml
//! apiVersion: leasehold/v1
//! kind: Broker
//! metadata: {name: prod}
//! spec:
//!   principal: arn:aws:iam::111122223333:role/VaultRunner
//!   region: us-east-1
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
//! The AWS documentation on partitions: credentials are valid in their own partition alone.

use crate::domain::finding::{Confidence, Finding, Level};
use crate::domain::ident::partition_of_region;

use super::judging::Judging;
use super::rule::{Check, Origin, Rule, Said};

pub(super) static RULE: Rule = Rule {
    code: "LH113",
    name: "region-partition",
    level: Level::Hard,
    confidence: Confidence::Certain,
    origin: Origin::Git,
    summary: "The Broker's region is in another partition than its principal.",
    source: include_str!("region_partition.rs"),
    check: Check::Whole(check),
};

fn check(judging: &Judging<'_>, findings: &mut Vec<Finding>) {
    let broker = &judging.desired.broker;
    let (region, principal) = (&broker.spec.region, judging.principal());
    let (told, own) = (partition_of_region(region), principal.partition());
    if told == own {
        return;
    }
    findings.push(RULE.at(
        None,
        broker.principal_place.clone(),
        Said {
            message: format!("the broker `{principal}` is in the partition {own}, and the region `{region}` in {told}"),
            label: format!("not in the partition of {region}"),
            remedy: match example(own) {
                Some(region) => format!("name a region of {own}, such as `region: {region}`, or a principal of {told}"),
                None => format!("name a region of {own}, or a principal of {told}"),
            },
        },
    ));
}

/// The region that a partition began with.
fn example(partition: &str) -> Option<&'static str> {
    match partition {
        "aws" => Some("us-east-1"),
        "aws-cn" => Some("cn-north-1"),
        "aws-us-gov" => Some("us-gov-west-1"),
        "aws-eusc" => Some("eusc-de-east-1"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Scene;
    use super::*;
    use crate::domain::ident::BrokerPrincipal;

    #[test]
    fn each_partition_has_its_regions() {
        for (partition, region, expected) in [
            ("aws", "ap-northeast-1", 0),
            ("aws", "cn-north-1", 1),
            ("aws-cn", "cn-north-1", 0),
            ("aws-us-gov", "us-east-1", 1),
            ("aws-us-gov", "us-gov-east-1", 0),
        ] {
            let mut scene = Scene::role_broker();
            let spec = &mut scene.desired.broker.spec;
            spec.principal =
                BrokerPrincipal::parse(&format!("arn:{partition}:iam::111122223333:role/R")).expect("valid");
            spec.region = region.to_owned();
            let found = scene.findings(&RULE);
            assert_eq!(found.len(), expected, "{partition} {region}");
            assert!(found.iter().all(|finding| {
                example(partition)
                    .is_some_and(|other| partition_of_region(other) == partition && finding.remedy.contains(other))
            }));
        }
    }
}
