//! The target's `MaxSessionDuration` is far above every TTL that is declared for it.
//!
//! ## What it does
//! Takes the greatest maximum TTL that any role declares for a target, and speaks when the live role allows sessions of more
//! than twice that and at least one hour more. One finding for each target. A target at 3600 seconds, the least that IAM
//! takes, is never named.
//!
//! ## Why it is bad
//! Whoever else may assume the role, or gets hold of the broker, can take a session that outlives everything that git
//! allows, and IAM would not stop it.
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
//!       "max_session_duration": 43200,
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
//! The API reference of `UpdateRole`: `MaxSessionDuration` lies between 3600 and 43200 seconds. What an omitted description
//! or maximum means there is documented in two ways, so the command sends both.

use std::collections::BTreeMap;

use crate::domain::finding::{Confidence, Finding, Level};
use crate::domain::limits;

use super::judging::{Judging, Target};
use super::rule::{Check, Origin, Rule, Said};
use super::words;

pub(super) static RULE: Rule = Rule {
    code: "LH111",
    name: "max-session-duration-wide",
    level: Level::Advisory,
    confidence: Confidence::Certain,
    origin: Origin::World,
    summary: "The target's `MaxSessionDuration` is far above every TTL that is declared for it.",
    source: include_str!("max_session_duration_wide.rs"),
    check: Check::Whole(check),
};

/// Least difference worth a word, in seconds.
const FAR: u32 = 3_600;

fn check(judging: &Judging<'_>, findings: &mut Vec<Finding>) {
    // Two roles may write one target in two ways; what was read under both is one role.
    let mut longest: BTreeMap<&str, (u32, Target<'_>)> = BTreeMap::new();
    for target in judging.targets() {
        let Some(live) = target.fact.present() else { continue };
        let max = target.role.spec.credential.ttl().max.seconds();
        let known = longest.entry(live.arn.as_str()).or_insert((max, target));
        // Of several roles that ask for the same, the first by name: the order of documents means nothing.
        let is_first = max == known.0 && target.role.spec.name < known.1.role.spec.name;
        if max > known.0 || is_first {
            *known = (max, target);
        }
    }
    for (greatest, target) in longest.into_values() {
        let Some(live) = target.fact.present() else { continue };
        let allowed = live.max_session_duration;
        if allowed <= greatest.saturating_mul(2) || allowed < greatest.saturating_add(FAR) {
            continue;
        }
        let wanted = greatest.max(limits::ROLE_MIN_MAX_SESSION_SECONDS);
        let name = words::shell_word(live.arn.name());
        findings.push(RULE.about(
            target.role,
            target.field(),
            Said {
                message: format!(
                    "`{}` has MaxSessionDuration {allowed} ({}), and nothing declared for it asks for more than {}",
                    target.arn,
                    words::span(allowed),
                    words::span(greatest)
                ),
                label: format!("allows {}", words::span(allowed)),
                remedy: format!(
                    "unless somebody else needs longer sessions, lower MaxSessionDuration to `{wanted}`, and send the \
                     description along so that it stays: `aws iam update-role --role-name {name} --description \"$(aws iam \
                     get-role --role-name {name} --query \"not_null(Role.Description, '')\" --output text)\" \
                     --max-session-duration {wanted}`"
                ),
            },
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{READ_ONLY, Scene};
    use super::*;

    fn found(declared: &[u32], live: u32) -> Vec<Finding> {
        let mut scene = Scene::user_broker().live(READ_ONLY, live, "{}");
        for (at, max) in declared.iter().enumerate() {
            scene = scene.assumed_role(&format!("r{at}"), 900, *max);
        }
        scene.findings(&RULE)
    }

    #[test]
    fn far_is_more_than_twice_and_an_hour_more() {
        for (max, live, expected) in [
            (900, 3_600, 0),
            (900, 4_499, 0),
            (900, 4_500, 1),
            (3_600, 7_200, 0),
            (3_600, 7_201, 1),
            (21_600, 43_200, 0),
            (43_200, 43_200, 0),
        ] {
            assert_eq!(found(&[max], live).len(), expected, "{max} {live}");
        }
    }

    #[test]
    fn the_longest_of_all_roles_counts_and_is_named_once() {
        assert!(found(&[900, 36_000, 900], 43_200).is_empty());
        let found = found(&[900, 1_800, 900], 43_200);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].role.as_ref().map(|name| name.as_str()), Some("r1"));
    }

    #[test]
    fn the_command_never_goes_below_what_iam_takes_and_keeps_the_description() {
        let remedy = &found(&[900], 43_200)[0].remedy;
        assert!(remedy.contains("--max-session-duration 3600") && remedy.contains("--description "), "{remedy}");
        assert!(found(&[4_000], 43_200)[0].remedy.contains("--max-session-duration 4000"));
    }

    #[test]
    fn what_was_not_read_is_not_judged() {
        assert!(Scene::user_broker().assumed_role("a", 900, 900).findings(&RULE).is_empty());
    }
}
