//! The broker's own policies let it issue only under conditions.
//!
//! ## What it does
//! Lists the conditions of the broker's identity policies and of its permissions boundary that decide whether it may
//! issue a role and that no plan can know. Conditions of trust policies are the subject of `trust-conditional`.
//!
//! ## Why it is bad
//! Issuing works or fails with where and how the broker runs, and the plan cannot say which.
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
//! metadata: {name: reports-readonly}
//! spec:
//!   credential_type: assumed_role
//!   role_arns: [arn:aws:iam::444455556666:role/ReportsReadOnly]
//!   default_sts_ttl: 30m
//!   max_sts_ttl: 1h
//! ```
//! ```json
//! {
//!   "caller": {"arn": "arn:aws:sts::111122223333:assumed-role/VaultRunner/ci", "user_id": "AROAEXAMPLEVAULTRUN01:ci"},
//!   "roles": {
//!     "arn:aws:iam::444455556666:role/ReportsReadOnly": {
//!       "role_id": "AROAEXAMPLEREADONLY01",
//!       "max_session_duration": 3600,
//!       "trust": {
//!         "Version": "2012-10-17",
//!         "Statement": [
//!           {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:AssumeRole"}
//!         ]
//!       }
//!     }
//!   },
//!   "broker": {
//!     "unique_id": "AROAEXAMPLEVAULTRUN01",
//!     "policies": [
//!       {
//!         "name": "issue",
//!         "document": {
//!           "Version": "2012-10-17",
//!           "Statement": [
//!             {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "arn:aws:iam::444455556666:role/ReportsReadOnly", "Condition": {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}}
//!           ]
//!         }
//!       }
//!     ]
//!   }
//! }
//! ```
//!
//! ## Use instead
//! ```json
//! {
//!   "caller": {"arn": "arn:aws:sts::111122223333:assumed-role/VaultRunner/ci", "user_id": "AROAEXAMPLEVAULTRUN01:ci"},
//!   "roles": {
//!     "arn:aws:iam::444455556666:role/ReportsReadOnly": {
//!       "role_id": "AROAEXAMPLEREADONLY01",
//!       "max_session_duration": 3600,
//!       "trust": {
//!         "Version": "2012-10-17",
//!         "Statement": [
//!           {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:AssumeRole"}
//!         ]
//!       }
//!     }
//!   },
//!   "broker": {
//!     "unique_id": "AROAEXAMPLEVAULTRUN01",
//!     "policies": [
//!       {
//!         "name": "issue",
//!         "document": {
//!           "Version": "2012-10-17",
//!           "Statement": [
//!             {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "arn:aws:iam::444455556666:role/ReportsReadOnly"}
//!           ]
//!         }
//!       }
//!     ]
//!   }
//! }
//! ```
//!
//! ## Source
//! Our own rule. The conditions are read as the IAM user guide describes them.

use crate::domain::finding::{Confidence, Finding, Level};
use crate::domain::text;

use super::broker_side;
use super::judging::Judging;
use super::rule::{Check, Origin, Rule, Said};

/// Statements that one message lists.
const LISTED: usize = 5;

pub(super) static RULE: Rule = Rule {
    code: "LH309",
    name: "broker-conditional",
    level: Level::Advisory,
    confidence: Confidence::Certain,
    origin: Origin::World,
    summary: "The broker's own policies let it issue only under conditions.",
    source: include_str!("broker_conditional.rs"),
    check: Check::Whole(check),
};

fn check(judging: &Judging<'_>, findings: &mut Vec<Finding>) {
    for unsettled in &judging.unsettled {
        let actions = unsettled.actions(|verdict| !broker_side::open_lines(verdict).is_empty());
        if actions.is_empty() {
            continue;
        }
        let mut lines: Vec<String> =
            unsettled.answers.iter().flat_map(|it| broker_side::open_lines(&it.verdict)).collect();
        lines.sort_unstable();
        lines.dedup();
        let more = lines.len().saturating_sub(LISTED);
        lines.truncate(LISTED);
        if more > 0 {
            lines.push(format!("and {more} more"));
        }
        findings.push(RULE.about(
            unsettled.role,
            unsettled.field,
            Said {
                message: format!(
                    "whether the broker may {} hangs on its own policies and on what no plan can know: {}",
                    unsettled.calls(|verdict| !broker_side::open_lines(verdict).is_empty()),
                    text::short(&lines.join("; "), 600)
                ),
                label: "its own policies have conditions".to_owned(),
                remedy: format!(
                    "make sure that the broker meets the conditions of every Allow and of no Deny among them; or leave the Denys \
                     out and add {}",
                    unsettled.to_add(&actions, "an identity policy of the broker")
                ),
            },
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{READ_ONLY, REPORTS, Scene, allow, statement, trust};
    use super::*;

    const FROM_OFFICE: &str = r#"{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*",
        "Condition": {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}}"#;

    fn found(arn: &str, statements: &[&str]) -> Vec<Finding> {
        let trusting = trust(&[&statement("Allow", "role/VaultRunner", "sts:AssumeRole")]);
        let scene = Scene::role_broker().assumed_role_of("a", &[arn]).live(arn, 3_600, &trusting);
        scene.broker(statements, None).findings(&RULE)
    }

    #[test]
    fn a_condition_that_decides_is_listed() {
        let found = found(REPORTS, &[FROM_OFFICE]);
        assert!(found.len() == 1 && found[0].message.contains("aws:SourceIp"), "{found:?}");
        assert!(!found[0].blocks());
    }

    #[test]
    fn a_condition_that_decides_nothing_is_not() {
        assert!(found(READ_ONLY, &[FROM_OFFICE]).is_empty());
        assert!(found(REPORTS, &[FROM_OFFICE, &allow("sts:AssumeRole", REPORTS)]).is_empty());
    }

    #[test]
    fn a_deny_under_conditions_counts_everywhere() {
        assert_eq!(found(READ_ONLY, &[&FROM_OFFICE.replacen("Allow", "Deny", 1)]).len(), 1);
    }
}
