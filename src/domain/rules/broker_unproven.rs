//! What the broker's own policies say could not be read.
//!
//! ## What it does
//! Speaks for each role for which the broker's identity policies or its permissions boundary decide, and could not be
//! read or are no policies. They decide where the target is in another account or trusts the broker's whole account, and
//! for federation tokens.
//!
//! ## Why it is bad
//! Whether the broker may issue the role is then unproven, and a plan that lets it pass proves nothing. A role that was
//! applied before and that git leaves alone is not suspended because of it.
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
//!   "broker": {"unknown": "access-denied", "detail": "iam:GetRole is not allowed"}
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
//! Not knowing is never the same as being allowed: the design's own rule.

use crate::domain::finding::{Confidence, Finding, Level};
use crate::domain::iam::{Place, Verdict};
use crate::domain::text;
use crate::domain::world::{AttachedPolicy, Fact, LiveBroker, Unknown, Why};

use super::broker_side;
use super::judging::Judging;
use super::rule::{Check, Origin, Rule, Said};

pub(super) static RULE: Rule = Rule {
    code: super::BROKER_UNPROVEN,
    name: "broker-unproven",
    level: Level::Blocking,
    confidence: Confidence::Certain,
    origin: Origin::World,
    summary: "What the broker's own policies say could not be read.",
    source: include_str!("broker_unproven.rs"),
    check: Check::Whole(check),
};

fn check(judging: &Judging<'_>, findings: &mut Vec<Finding>) {
    let broker = judging.principal();
    for unsettled in &judging.unsettled {
        let Some(reason) = unsettled.answers.iter().find_map(|it| reason(&it.verdict, judging)) else { continue };
        findings.push(RULE.about(
            unsettled.role,
            unsettled.field,
            Said {
                message: format!(
                    "nothing proves that the broker `{broker}` may {} for role `{}`: {reason}",
                    unsettled.calls(|verdict| self::reason(verdict, judging).is_some()),
                    unsettled.role.spec.name,
                ),
                label: "the broker's own side is not known".to_owned(),
                remedy: format!(
                    "{}; or take it unproven with a Waiver document: rule broker-unproven, roles [{}], reason, owner, expires",
                    remedy(judging),
                    unsettled.role.spec.name
                ),
            },
        ));
    }
}

/// What could not be read and decides, as a clause.
fn reason(verdict: &Verdict, judging: &Judging<'_>) -> Option<String> {
    let identity = broker_side::waits_for_unread(verdict, Place::Identity);
    let boundary = broker_side::waits_for_unread(verdict, Place::Boundary);
    match &judging.world.broker {
        // A boundary that nobody asked for is not called unproven where nothing else of the broker's counts.
        Fact::Unknown(unknown) if identity || boundary && unknown.why != Why::NotRead => {
            Some(format!("it could not be read: {}", said(unknown)))
        }
        Fact::Present(live) if identity => match &live.policies {
            Fact::Unknown(unknown) => Some(format!("its identity policies could not be read: {}", said(unknown))),
            Fact::Present(policies) => policies.iter().find_map(no_policy),
            Fact::Absent => None,
        },
        Fact::Present(live) if boundary => of_boundary(live),
        Fact::Unknown(_) | Fact::Present(_) | Fact::Absent => None,
    }
}

fn of_boundary(live: &LiveBroker) -> Option<String> {
    match &live.boundary {
        Fact::Unknown(unknown) => Some(format!("its permissions boundary could not be read: {}", said(unknown))),
        Fact::Present(boundary) => no_policy(boundary),
        Fact::Absent => None,
    }
}

fn no_policy(attached: &AttachedPolicy) -> Option<String> {
    let error = attached.document.policy.as_ref().err()?;
    Some(format!(
        "`{}` is no policy that can be understood: it {}",
        text::short(&attached.name, 128),
        text::short(&error.to_string(), 200)
    ))
}

fn said(unknown: &Unknown) -> String {
    format!("{} ({})", unknown.why.as_str(), text::short(&unknown.detail, 200))
}

fn remedy(judging: &Judging<'_>) -> String {
    let broker = judging.principal();
    let whys = match &judging.world.broker {
        Fact::Unknown(unknown) => vec![unknown.why],
        Fact::Present(live) => {
            let of = |fact: Option<&Unknown>| fact.map(|unknown| unknown.why);
            let policies = match &live.policies {
                Fact::Unknown(unknown) => Some(unknown),
                Fact::Present(_) | Fact::Absent => None,
            };
            let boundary = match &live.boundary {
                Fact::Unknown(unknown) => Some(unknown),
                Fact::Present(_) | Fact::Absent => None,
            };
            [of(policies), of(boundary)].into_iter().flatten().collect()
        }
        Fact::Absent => Vec::new(),
    };
    match whys.first() {
        None => "mend that policy".to_owned(),
        Some(Why::AccessDenied) => format!(
            "allow the identity that plans to read `{broker}`: `leasehold policy reader` prints the policy it needs"
        ),
        Some(Why::Budget) => "plan again with a higher --max-calls".to_owned(),
        Some(Why::OtherAccount) => format!("plan with an identity of account {}", broker.account()),
        Some(Why::Throttled | Why::Truncated | Why::Unreachable | Why::Malformed | Why::NotRead) => {
            "plan again".to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{ALLOW_ALL, READ_ONLY, REPORTS, Scene, statement, trust};
    use super::*;

    fn scene(arn: &str, principal: &str) -> Scene {
        let trusting = trust(&[&statement("Allow", principal, "sts:AssumeRole")]);
        Scene::role_broker().assumed_role_of("a", &[arn]).live(arn, 3_600, &trusting)
    }

    fn unknown<T>(why: Why) -> Fact<T> {
        Fact::Unknown(Unknown { why, detail: "iam:GetRole".to_owned() })
    }

    #[test]
    fn only_where_the_brokers_side_decides() {
        for (arn, principal, expected) in
            [(REPORTS, "role/VaultRunner", 1), (READ_ONLY, "root", 1), (READ_ONLY, "role/VaultRunner", 0)]
        {
            let found = scene(arn, principal).findings(&RULE);
            assert_eq!(found.len(), expected, "{arn} {principal}: {found:?}");
            assert!(found.iter().all(Finding::blocks));
            assert!(scene(arn, principal).broker(&[ALLOW_ALL], None).findings(&RULE).is_empty());
        }
    }

    #[test]
    fn a_boundary_that_aws_refused_to_show_counts_everywhere() {
        let mut hidden = scene(READ_ONLY, "role/VaultRunner");
        hidden.world.broker = unknown(Why::AccessDenied);
        let found = hidden.findings(&RULE);
        assert!(found.len() == 1 && found[0].remedy.contains("leasehold policy reader"), "{found:?}");
        let mut bound = scene(READ_ONLY, "role/VaultRunner").broker(&[ALLOW_ALL], None);
        if let Fact::Present(live) = &mut bound.world.broker {
            live.boundary = unknown(Why::Throttled);
        }
        assert_eq!(bound.findings(&RULE).len(), 1);
    }

    #[test]
    fn a_document_that_is_no_policy_proves_nothing() {
        let found = scene(REPORTS, "role/VaultRunner").broker(&["no policy"], None).findings(&RULE);
        assert!(found.len() == 1 && found[0].message.contains("is no policy"), "{found:?}");
    }

    #[test]
    fn a_broker_that_does_not_exist_is_not_unproven() {
        let mut scene = scene(REPORTS, "role/VaultRunner");
        scene.world.broker = Fact::Absent;
        assert!(scene.findings(&RULE).is_empty());
    }
}
