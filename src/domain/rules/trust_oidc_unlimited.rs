//! The trust policy admits every user of a shared identity provider.
//!
//! ## What it does
//! Speaks of each Allow of `sts:AssumeRoleWithWebIdentity` to an OIDC provider that serves many tenants or workloads
//! (GitHub, GitLab, Terraform Cloud, Buildkite, an EKS cluster, …) without a condition on the token's subject, or on
//! another of its claims but the audience. For any other provider, it takes a condition on any claim. A subject of
//! wildcards alone (`repo:*`) is no limit.
//!
//! ## Why it is bad
//! Whoever has a token of that provider gets in: on GitHub, every repository of everybody.
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
//!           {"Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"}}}
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
//!           {"Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com", "token.actions.githubusercontent.com:sub": "repo:example/app:ref:refs/heads/main"}}}
//!         ]
//!       }
//!     }
//!   }
//! }
//! ```
//!
//! ## Source
//! The IAM user guide's pages on roles for OIDC federation, and IAM Access Analyzer's checks for shared OIDC providers.
//! AWS publishes no list of the providers that are shared: that those named in this rule are is the stricter reading.

use serde_json::json;

use crate::domain::finding::{Confidence, Level};
use crate::domain::iam::{Condition, Principal, Test};

use super::judging::Judging;
use super::rule::{Check, Origin, Rule, Said};
use super::statements::{Spot, is_about, needs_presence, principals, put_condition, take_condition};

pub(super) static RULE: Rule = Rule {
    code: "LH230",
    name: "trust-oidc-unlimited",
    level: Level::Blocking,
    confidence: Confidence::Strict,
    origin: Origin::World,
    summary: "The trust policy admits every user of a shared identity provider.",
    source: include_str!("trust_oidc_unlimited.rs"),
    check: Check::Statement(check),
};

/// Providers, by the beginning of their address, whose tokens go to many who have nothing to do with each other.
const SHARED: [&str; 9] = [
    "token.actions.githubusercontent.com",
    "gitlab.com",
    "app.terraform.io",
    "agent.buildkite.com",
    "oidc.circleci.com",
    "oidc.vercel.com",
    "api.bitbucket.org",
    "api.pulumi.com",
    "oidc.eks.",
];

fn check(_: &Judging<'_>, spot: &Spot<'_>) -> Option<Said> {
    if !spot.allows("sts:AssumeRoleWithWebIdentity") {
        return None;
    }
    let provider = principals(spot.statement).iter().find_map(|it| match it {
        Principal::Federated(provider) => provider.split_once(":oidc-provider/").map(|(_, url)| url),
        _ => None,
    })?;
    let shared = SHARED.iter().any(|it| provider.starts_with(it));
    let limit = |it: &Condition| {
        let head = it.key.get(..provider.len()).filter(|head| head.eq_ignore_ascii_case(provider));
        let claim = head.and_then(|_| it.key[provider.len()..].strip_prefix(':'));
        claim.is_some_and(|claim| !shared || !claim.eq_ignore_ascii_case("aud"))
            && needs_presence(it)
            && it.operator.known.is_some_and(|known| known.test != Test::Null)
            && !it.values.iter().any(|value| says_nothing(value))
    };
    if spot.statement.conditions.iter().any(limit) {
        return None;
    }
    Some(Said {
        message: format!("{} admits every token of `{provider}`", spot.named()),
        label: "trusts all of an identity provider".to_owned(),
        remedy: format!(
            "say which subject is meant, under `{provider}:sub`: {}",
            spot.rewrite(|statement| {
                for vague in spot.statement.conditions.iter().filter(|it| is_about(it, &format!("{provider}:sub"))) {
                    take_condition(statement, vague);
                }
                put_condition(statement, "StringEquals", &format!("{provider}:sub"), json!(subject(provider)));
            })
        ),
    })
}

/// What a subject of this provider looks like. Whoever pastes it as it is admits nobody.
fn subject(provider: &str) -> &'static str {
    match provider {
        "token.actions.githubusercontent.com" => "repo:<organization>/<repository>:ref:refs/heads/<branch>",
        "gitlab.com" => "project_path:<group>/<project>:ref_type:branch:ref:<branch>",
        _ if provider.starts_with("oidc.eks.") => "system:serviceaccount:<namespace>:<service account>",
        _ => "<the subject that is meant>",
    }
}

/// Whether anybody's claim can be so: nothing of it but a leading word (`repo:`) and slashes is fixed.
fn says_nothing(value: &str) -> bool {
    let end = value.find(['*', '?']).unwrap_or(value.len());
    end < value.len() && value[..end].split_once(':').map_or(end == 0, |(_, rest)| rest.is_empty())
}

#[cfg(test)]
mod tests {
    use super::super::fixture::trusting;
    use super::*;

    #[test]
    fn a_subject_is_a_limit_and_an_audience_is_not() {
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"}, "Action": "sts:AssumeRoleWithWebIdentity"}"#]).findings(&RULE).len(), 1);
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"StringLike": {"token.actions.githubusercontent.com:sub": "repo:*/*"}}}"#]).findings(&RULE).len(), 1);
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"ForAllValues:StringLike": {"token.actions.githubusercontent.com:sub": "repo:example/*"}}}"#]).findings(&RULE).len(), 1);
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"StringLike": {"token.actions.githubusercontent.com:sub": "repo:example/*"}}}"#]).findings(&RULE).len(), 0);
        assert_eq!(trusting(&[r#"{"Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/id.example.com"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"StringEquals": {"id.example.com:aud": "aws"}}}"#]).findings(&RULE).len(), 0);
    }
}
