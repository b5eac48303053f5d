//! The maximum TTL is above the live role's `MaxSessionDuration`.
//!
//! ## What it does
//! Compares `max_sts_ttl` with the `MaxSessionDuration` that IAM shows for each of the role's `role_arns`.
//!
//! ## Why it is bad
//! STS refuses every `AssumeRole` that asks for more than the role's `MaxSessionDuration`. The manifest promises a TTL
//! that fails on the day somebody asks for it.
//!
//! ## Example
//! ```yaml
//! apiVersion: leasehold/v1
//! kind: Broker
//! metadata: {name: prod}
//! spec:
//!   principal: arn:aws:iam::111122223333:user/leasehold
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
//!   max_sts_ttl: 12h
//! ```
//! ```json
//! {
//!   "caller": {"arn": "arn:aws:iam::111122223333:user/leasehold", "user_id": "AIDAEXAMPLELEASEHOLD"},
//!   "roles": {
//!     "arn:aws:iam::111122223333:role/ProdAppReadOnly": {
//!       "role_id": "AROAEXAMPLEREADONLY01",
//!       "max_session_duration": 3600,
//!       "trust": {
//!         "Version": "2012-10-17",
//!         "Statement": [
//!           {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:user/leasehold"}, "Action": "sts:AssumeRole"}
//!         ]
//!       }
//!     }
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
//!   principal: arn:aws:iam::111122223333:user/leasehold
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
//! The API reference of `AssumeRole`: a `DurationSeconds` above the role's maximum session duration fails. IAM keeps
//! `MaxSessionDuration` between 3600 and 43200 seconds, so a maximum of up to one hour always fits.

use crate::domain::finding::{Confidence, Finding, Level};
use crate::domain::limits;

use super::judging::{Judging, Target};
use super::rule::{Check, Origin, Rule, Said};
use super::words;

pub(super) static RULE: Rule = Rule {
    code: "LH103",
    name: "ttl-above-max-session-duration",
    level: Level::Hard,
    confidence: Confidence::Certain,
    origin: Origin::World,
    summary: "The maximum TTL is above the live role's `MaxSessionDuration`.",
    source: include_str!("ttl_above_max_session_duration.rs"),
    check: Check::Target(check),
};

fn check(judging: &Judging<'_>, target: Target<'_>, findings: &mut Vec<Finding>) {
    let Some(live) = target.fact.present() else { return };
    let (_, max) = words::ttl_fields(target.role);
    let (wanted, allowed) = (max.ttl.seconds(), live.max_session_duration);
    if wanted <= allowed {
        return;
    }
    let lower = format!("lower the maximum to `{}: {}`", max.name, words::span(allowed));
    let raise = format!(
        "`aws iam update-role --role-name {} --max-session-duration {wanted}` (raises MaxSessionDuration of {} to {wanted})",
        words::shell_word(live.arn.name()),
        live.arn
    );
    let remedy = if wanted > limits::ASSUME_ROLE_MAX_SECONDS {
        format!("{lower}; MaxSessionDuration itself cannot pass {} seconds", limits::ASSUME_ROLE_MAX_SECONDS)
    } else if judging.principal().is_role() {
        format!(
            "{lower}; raising MaxSessionDuration does not help while the broker is a role, whose sessions may ask for 1h at most"
        )
    } else {
        format!("{lower}, or allow it in AWS: {raise}")
    };
    findings.push(RULE.about(
        target.role,
        max.field,
        Said {
            message: format!(
                "role `{}` allows {} ({wanted} seconds), and `{}` has MaxSessionDuration {allowed}",
                target.role.spec.name,
                max.shown(target.role),
                target.arn
            ),
            label: format!("{} allows {}", target.arn.name(), words::span(allowed)),
            remedy,
        },
    ));
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{READ_ONLY, Scene};
    use super::*;

    #[test]
    fn the_maximum_may_reach_max_session_duration_and_not_pass_it() {
        for (max, live, expected) in [(3_600, 3_600, 0), (3_601, 3_600, 1), (43_200, 43_200, 0), (7_200, 7_201, 0)] {
            let scene = Scene::user_broker().assumed_role("a", 900, max).live(READ_ONLY, live, "{}");
            assert_eq!(scene.findings(&RULE).len(), expected, "{max} {live}");
        }
    }

    #[test]
    fn the_remedy_gives_both_ways_with_their_numbers() {
        let scene = Scene::user_broker().assumed_role("a", 900, 43_200).live(READ_ONLY, 3_600, "{}");
        assert_eq!(
            scene.findings(&RULE)[0].remedy,
            "lower the maximum to `max_sts_ttl: 1h`, or allow it in AWS: `aws iam update-role --role-name ProdAppReadOnly \
             --max-session-duration 43200` (raises MaxSessionDuration of arn:aws:iam::111122223333:role/ProdAppReadOnly to 43200)"
        );
    }

    #[test]
    fn raising_is_not_advised_where_it_cannot_help() {
        let chained = Scene::role_broker().assumed_role("a", 900, 43_200).live(READ_ONLY, 3_600, "{}");
        assert!(!chained.findings(&RULE)[0].remedy.contains("update-role"));
        let beyond = Scene::user_broker().assumed_role("a", 900, 50_000).live(READ_ONLY, 3_600, "{}");
        assert!(!beyond.findings(&RULE)[0].remedy.contains("update-role"));
    }

    #[test]
    fn what_was_not_read_is_not_judged() {
        let scene = Scene::user_broker().assumed_role("a", 900, 43_200);
        assert!(scene.findings(&RULE).is_empty());
        assert!(scene.absent(READ_ONLY).findings(&RULE).is_empty());
    }
}
