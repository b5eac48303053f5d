//! The trust policy will stop admitting the broker within 30 days.
//!
//! ## What it does
//! Where a condition on `aws:CurrentTime` or `aws:EpochTime` stands in the trust policy: asks it now and as of 30 days
//! later, and speaks when the broker is let in now and no longer then, because an Allow ends or a Deny begins. A role
//! that expires before, by its own `expires`, is left alone. An Allow that has yet to begin is a refusal now: LH201
//! names it.
//!
//! ## Why it is bad
//! On a day that is known already, every request for this role will be refused.
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
//!           {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:AssumeRole", "Condition": {"DateLessThan": {"aws:CurrentTime": "2026-12-20T12:00:00Z"}}}
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
//!   expires: 2026-12-19
//!   default_sts_ttl: 30m
//!   max_sts_ttl: 1h
//! ```
//!
//! ## Source
//! The IAM user guide on date condition operators.

use crate::domain::Timestamp;
use crate::domain::admission::Issuing;
use crate::domain::finding::{Confidence, Finding, Level};
use crate::domain::iam::{Condition, Verdict};

use super::judging::{Judging, Target};
use super::rule::{Check, Origin, Rule, Said};
use super::statements::is_about;

pub(super) static RULE: Rule = Rule {
    code: "LH231",
    name: "trust-expires",
    level: Level::Advisory,
    confidence: Confidence::Certain,
    origin: Origin::World,
    summary: "The trust policy will stop admitting the broker within 30 days.",
    source: include_str!("trust_expires.rs"),
    check: Check::Target(check),
};

/// How far to look ahead, in seconds: 30 days.
const AHEAD: i64 = 30 * 86_400;

fn check(judging: &Judging<'_>, target: Target<'_>, findings: &mut Vec<Finding>) {
    let (Some(Verdict::Allowed | Verdict::Depends(_)), Some(policy)) = (target.assume, target.trust()) else {
        return;
    };
    if !policy.statements().iter().flat_map(|it| &it.conditions).any(is_of_time) {
        return;
    }
    let refused = |at: Timestamp| {
        let issuing = Issuing::new(&judging.desired.broker.spec, judging.world, at);
        let asking = issuing.ask(&target.role.spec.name, target.spec, target.arn, target.fact.present());
        let verdict = asking.trust(policy, "sts:AssumeRole");
        matches!(verdict, Verdict::DeniedExplicitly { .. } | Verdict::DeniedImplicitly { .. })
    };
    let at = |seconds: i64| Timestamp::from_second(judging.now.as_second() + seconds).ok();
    if !at(AHEAD).is_some_and(refused) {
        return;
    }
    // The last second at which it is let in, and the first at which it is not.
    let (mut open, mut shut) = (0, AHEAD);
    while shut - open > 1 {
        let middle = open + (shut - open) / 2;
        if at(middle).is_some_and(refused) { shut = middle } else { open = middle }
    }
    let Some(end) = at(shut) else { return };
    if target.role.spec.expires.is_some_and(|expires| expires.is_over(end)) {
        return;
    }
    let last = end.to_string();
    let day = last.get(..10).unwrap_or_default();
    findings.push(RULE.about(
        target.role,
        target.field(),
        Said {
            message: format!("the trust policy of `{}` refuses the broker from {end} on", target.arn),
            label: format!("trusted until {day}"),
            remedy: format!(
                "move the date in its condition; if the role is to end, let it expire before: `expires: {}`",
                before(end)
            ),
        },
    ));
}

fn is_of_time(condition: &Condition) -> bool {
    is_about(condition, "aws:CurrentTime") || is_about(condition, "aws:EpochTime")
}

/// The last day that ends no later than this.
fn before(end: Timestamp) -> String {
    let day = Timestamp::from_second(end.as_second() - 86_400).unwrap_or(end).to_string();
    day.get(..10).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::fixture::trusting;
    use super::*;

    fn count(effect: &str, operator: &str, date: &str) -> usize {
        let allow = r#"{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole"}"#;
        let dated = format!(
            r#"{{"Effect": "{effect}", "Principal": {{"AWS": "111122223333"}}, "Action": "sts:AssumeRole", "Condition": {{"{operator}": {{"aws:CurrentTime": "{date}"}}}}}}"#
        );
        let statements: &[&str] = if effect == "Deny" { &[allow, &dated] } else { &[&dated] };
        trusting(statements).findings(&RULE).len()
    }

    #[test]
    fn what_ends_or_is_denied_within_thirty_days_is_named() {
        assert_eq!(count("Allow", "DateLessThan", "2026-12-20T00:00:00Z"), 1);
        assert_eq!(count("Deny", "DateGreaterThan", "2026-12-20T00:00:00Z"), 1);
        assert_eq!(count("Allow", "DateLessThan", "2027-02-01T00:00:00Z"), 0);
        assert_eq!(count("Allow", "DateLessThan", "2026-11-01T00:00:00Z"), 0);
        assert_eq!(count("Allow", "DateGreaterThan", "2026-11-01T00:00:00Z"), 0);
    }

    #[test]
    fn the_second_is_found() {
        let dated = r#"{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole", "Condition": {"DateLessThan": {"aws:CurrentTime": "2026-12-20T10:11:12Z"}}}"#;
        let found = trusting(&[dated]).findings(&RULE);
        assert!(found[0].message.contains("from 2026-12-20T10:11:12Z on"), "{}", found[0].message);
        assert!(found[0].remedy.contains("`expires: 2026-12-19`"), "{}", found[0].remedy);
    }
}
