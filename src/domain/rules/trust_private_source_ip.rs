//! A condition compares the public source address with a private range.
//!
//! ## What it does
//! Speaks of `aws:SourceIp` compared with an address that is not public, and of an Allow that asks for `aws:SourceIp`
//! and for `aws:SourceVpc` or `aws:SourceVpce` at once. It advises only: from where
//! the broker calls is not read, so whether the statement holds for it stays open, and LH204 says so where the broker
//! depends on it.
//!
//! ## Why it is bad
//! `aws:SourceIp` is the address as AWS sees it, never a private one, and it is absent from requests through a VPC
//! endpoint, where `aws:SourceVpc` and `aws:SourceVpce` are. The condition never holds.
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
//!     "arn:aws:iam::111122223333:role/ProdAppReadOnly": {
//!       "role_id": "AROAEXAMPLEREADONLY01",
//!       "max_session_duration": 3600,
//!       "trust": {
//!         "Version": "2012-10-17",
//!         "Statement": [
//!           {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:AssumeRole"},
//!           {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/Other"}, "Action": "sts:AssumeRole", "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}
//!         ]
//!       }
//!     }
//!   }
//! }
//! ```
//!
//! ## Use instead
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
//!           {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:AssumeRole"},
//!           {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/Other"}, "Action": "sts:AssumeRole", "Condition": {"IpAddress": {"aws:VpcSourceIp": "10.0.0.0/8"}}}
//!         ]
//!       }
//!     }
//!   }
//! }
//! ```
//!
//! ## Source
//! The IAM user guide's page on global condition keys, and IAM Access Analyzer's check for private addresses.

use ipnet::IpNet;

use crate::domain::finding::{Confidence, Level};
use crate::domain::iam::{Condition, Effect};

use super::judging::Judging;
use super::rule::{Check, Origin, Rule, Said};
use super::statements::{Spot, is_about, needs_presence, put_condition, take_condition};

pub(super) static RULE: Rule = Rule {
    code: "LH227",
    name: "trust-private-source-ip",
    level: Level::Advisory,
    confidence: Confidence::Certain,
    origin: Origin::World,
    summary: "A condition compares the public source address with a private range.",
    source: include_str!("trust_private_source_ip.rs"),
    check: Check::Statement(check),
};

fn check(_: &Judging<'_>, spot: &Spot<'_>) -> Option<Said> {
    let conditions = &spot.statement.conditions;
    let condition = conditions.iter().find(|it| is_about(it, "aws:SourceIp"))?;
    let endpoint = |it: &&Condition| {
        (is_about(it, "aws:SourceVpc") || is_about(it, "aws:SourceVpce"))
            && needs_presence(it)
            && needs_presence(condition)
    };
    let endpoint = conditions.iter().find(endpoint).filter(|_| spot.statement.effect == Effect::Allow);
    let why = match (condition.values.iter().find(|value| is_private(value)), endpoint) {
        (Some(value), _) => format!("compares `aws:SourceIp` with `{value}`, which is no public address"),
        (None, Some(other)) => {
            format!("asks for `aws:SourceIp` and for `{}`, and no request has both", other.key)
        }
        (None, None) => return None,
    };
    Some(Said {
        message: format!("{} {why}", spot.named()),
        label: "a source address that cannot be".to_owned(),
        remedy: format!(
            "behind a VPC endpoint, {}; otherwise give the public addresses",
            spot.rewrite(|it| {
                let values = take_condition(it, condition);
                put_condition(it, &condition.operator.written, "aws:VpcSourceIp", values);
            })
        ),
    })
}

/// Whether the address, or the first of the range, is of a private, shared, loopback or link-local network.
fn is_private(value: &str) -> bool {
    let whole = |bits| format!("{value}/{bits}").parse();
    match value.parse().or_else(|_| whole(32)).or_else(|_| whole(128)) {
        Ok(IpNet::V4(net)) => {
            let it = net.addr();
            let shared = it.octets()[0] == 100 && it.octets()[1] & 0b1100_0000 == 64;
            it.is_private() || it.is_loopback() || it.is_link_local() || shared
        }
        Ok(IpNet::V6(net)) => {
            let it = net.addr();
            it.is_loopback() || it.is_unique_local() || it.is_unicast_link_local()
        }
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::trusting;
    use super::*;

    #[test]
    fn a_private_range_or_an_endpoint_beside_it_is_named() {
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:AssumeRole", "Condition": {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "192.168.1.0/24"]}}}"#]).findings(&RULE).len(), 1);
        assert_eq!(trusting(&[r#"{"Effect": "Deny", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:AssumeRole", "Condition": {"NotIpAddress": {"aws:SourceIp": "fd00::/8"}}}"#]).findings(&RULE).len(), 1);
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:AssumeRole", "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}, "StringEquals": {"aws:SourceVpce": "vpce-1"}}}"#]).findings(&RULE).len(), 1);
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:AssumeRole", "Condition": {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "100.128.0.0/16"]}}}"#]).findings(&RULE).len(), 0);
    }
}
