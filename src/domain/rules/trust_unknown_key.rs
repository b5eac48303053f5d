//! A condition of the trust policy asks for a key that AWS does not have.
//!
//! ## What it does
//! Speaks of a condition key that begins with `aws:` or `sts:`, or has no prefix at all, that is not documented, and that is
//! only a few letters away from one that is. Keys of services and of identity providers are left alone.
//!
//! ## Why it is bad
//! IAM takes any key. No request carries this one, so an Allow never applies, and a Deny that should keep somebody out keeps
//! out nobody.
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
//!           {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:AssumeRole", "Condition": {"ArnLike": {"aws:PrincipleArn": "arn:aws:iam::111122223333:role/VaultRunner"}}}
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
//!           {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:AssumeRole", "Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/VaultRunner"}}}
//!         ]
//!       }
//!     }
//!   }
//! }
//! ```
//!
//! ## Source
//! The IAM user guide's list of global condition keys, and the service authorization reference of STS. AWS adds keys: that one
//! is none of them is the stricter reading.

use crate::domain::finding::{Confidence, Level};
use crate::domain::iam::{KEYS, documented};
use crate::domain::text;

use super::judging::Judging;
use super::rule::{Check, Origin, Rule, Said};
use super::statements::{Spot, put_condition, take_condition};

pub(super) static RULE: Rule = Rule {
    code: "LH219",
    name: "trust-unknown-key",
    level: Level::Advisory,
    confidence: Confidence::Strict,
    origin: Origin::World,
    summary: "A condition of the trust policy asks for a key that AWS does not have.",
    source: include_str!("trust_unknown_key.rs"),
    check: Check::Statement(check),
};

/// Keys of AWS that say nothing about a request of ours, and are none of [`KEYS`] therefore. In lower case.
const OTHERS: [&str; 10] = [
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:sourceowner",
    "aws:resourceorgpaths",
    "aws:vpceaccount",
    "aws:vpceorgid",
    "aws:vpceorgpaths",
    "aws:chatbotsourcearn",
    "sts:requestcontextproviders",
    "sts:taskpolicyarn",
];

fn check(_: &Judging<'_>, spot: &Spot<'_>) -> Option<Said> {
    let (condition, meant) = spot.statement.conditions.iter().find_map(|it| Some((it, meant(&it.key)?)))?;
    let key = &condition.key;
    Some(Said {
        message: format!("{} asks for `{key}`, a condition key that AWS does not document", spot.named()),
        label: "an unknown condition key".to_owned(),
        remedy: format!(
            "if `{meant}` is meant, {}",
            spot.rewrite(|it| {
                let values = take_condition(it, condition);
                put_condition(it, &condition.operator.written, &meant, values);
            })
        ),
    })
}

/// The documented key that this one was probably meant to be; `None` when it is one, or near to none.
fn meant(key: &str) -> Option<String> {
    let prefix = key.split_once(':').map(|(prefix, _)| prefix);
    let ours = prefix.is_none_or(|it| it.eq_ignore_ascii_case("aws") || it.eq_ignore_ascii_case("sts"));
    // Nothing is near a text twice as long as any key.
    if !ours || key.len() > 128 || documented(key).is_some() || OTHERS.contains(&key.to_ascii_lowercase().as_str()) {
        return None;
    }
    if prefix.is_none() {
        return ["aws:", "sts:"].map(|prefix| format!("{prefix}{key}")).into_iter().find(|it| documented(it).is_some());
    }
    // What follows a family's name is anybody's.
    let (head, member) = key.split_once('/').map_or((key, None), |(head, member)| (head, Some(member)));
    let families = KEYS.iter().filter_map(|row| row.name.strip_suffix('/'));
    let singles = KEYS.iter().map(|row| row.name).filter(|name| !name.ends_with(['/', ':']));
    match member {
        Some(member) => {
            text::nearest(head, families).filter(|near| is_slip(head, near)).map(|family| format!("{family}/{member}"))
        }
        None => text::nearest(head, singles).filter(|near| is_slip(head, near)).map(str::to_owned),
    }
}

/// Global keys share long beginnings, and AWS adds to them: only a slip of two letters is taken for one.
fn is_slip(key: &str, near: &str) -> bool {
    strsim::damerau_levenshtein(&key.to_ascii_lowercase(), &near.to_ascii_lowercase()) <= 2
}

#[cfg(test)]
mod tests {
    use super::super::fixture::trusting;
    use super::*;

    #[test]
    fn a_slip_is_told_from_a_key_of_somebody_else() {
        for (key, expected) in [
            ("aws:PrincipleArn", Some("aws:PrincipalArn")),
            ("aws:SourceVpcs", Some("aws:SourceVpc")),
            ("sts:ExternalID", None),
            ("sts:ExternlId", Some("sts:ExternalId")),
            ("ExternalId", Some("sts:ExternalId")),
            ("aws:PrincipalTags/team", Some("aws:PrincipalTag/team")),
            ("aws:PrincipalTag/team", None),
            ("AWS:SOURCEORGID", None),
            ("aws:VpceOrgID", None),
            ("aws:SomethingAltogetherNew", None),
            ("token.actions.githubusercontent.com:sub", None),
            ("saml:aud", None),
            ("lambda:SourceFunctionArn", None),
        ] {
            assert_eq!(meant(key).as_deref(), expected, "{key}");
        }
        assert!(
            KEYS.iter().all(|row| meant(row.name.trim_end_matches(':')).is_none() || row.name.ends_with(['/', ':']))
        );
        assert!(OTHERS.iter().all(|key| meant(key).is_none()));
    }

    #[test]
    fn the_statement_is_written_anew_with_the_key() {
        let found = trusting(&[r#"{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"sts:ExternlId": "x"}}}"#]).findings(&RULE);
        assert!(found[0].remedy.contains(r#""Condition":{"StringEquals":{"sts:ExternalId":"x"}}"#), "{found:?}");
    }
}
