//! The target role's trust policy does not admit the broker.
//!
//! ## What it does
//! Asks each target role's live trust policy whether the Broker's `principal` may `sts:AssumeRole`, and speaks when a
//! statement denies it or none allows it. The message names the Allow that comes nearest and what it lacks. Where nothing
//! is wrong but an external id (LH214), a condition on `sts:DurationSeconds` (LH221) or a missing MFA code (LH222), that
//! rule speaks instead of this one: one cause, one finding.
//!
//! ## Why it is bad
//! STS answers `AccessDenied` to every request for this role. Nothing in the broker's own policies can make up for it.
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
//!           {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/SomebodyElse"}, "Action": "sts:AssumeRole"}
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
//!           {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:AssumeRole"}
//!         ]
//!       }
//!     }
//!   }
//! }
//! ```
//!
//! ## Source
//! The API reference of `AssumeRole` (the trust policy must name who may assume the role) and the IAM user guide's
//! evaluation logic (an explicit deny wins).

use crate::domain::admission;
use crate::domain::finding::{Confidence, Finding, Level};
use crate::domain::iam::Verdict;

use super::judging::{Judging, Target};
use super::refusal::Refused;
use super::rule::{Check, Origin, Rule, Said};
use super::words;

pub(super) static RULE: Rule = Rule {
    code: "LH201",
    name: "broker-not-trusted",
    level: Level::Hard,
    confidence: Confidence::Certain,
    origin: Origin::World,
    summary: "The target role's trust policy does not admit the broker.",
    source: include_str!("broker_not_trusted.rs"),
    check: Check::Target(check),
};

fn check(judging: &Judging<'_>, target: Target<'_>, findings: &mut Vec<Finding>) {
    let broker = judging.principal();
    if target.refused.is_some_and(Refused::is_explained) {
        return;
    }
    let needed = || words::trust_statement(broker, &admission::actions(target.spec));
    let (message, label, remedy) = match target.assume {
        Some(Verdict::DeniedImplicitly { .. }) => (
            format!(
                "no statement of the trust policy of `{}` lets the broker `{broker}` assume it{}",
                target.arn,
                nearest(target).unwrap_or_default()
            ),
            "does not trust the broker",
            format!("add this statement to its trust policy: `{}`", needed()),
        ),
        Some(Verdict::DeniedExplicitly { statement, .. }) => (
            format!("statement `{statement}` of the trust policy of `{}` denies the broker `{broker}`", target.arn),
            "denies the broker",
            format!(
                "take the broker out of statement `{statement}` (a deny wins over every allow), and keep or add: `{}`",
                needed()
            ),
        ),
        Some(Verdict::Allowed | Verdict::Depends(_)) | None => return,
    };
    findings.push(RULE.about(target.role, target.field(), Said { message, label: label.to_owned(), remedy }));
}

/// What the nearest Allow lacks, as the end of a sentence.
fn nearest(target: Target<'_>) -> Option<String> {
    let refused = target.refused?;
    let miss = refused.miss()?;
    Some(format!(
        "; the nearest is statement `{}`, whose {} is `{}` where the request has `{}`",
        refused.spot(target)?.statement.label,
        miss.element.as_str(),
        miss.wanted,
        miss.found
    ))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{READ_ONLY, Scene, statement, trust};
    use super::*;

    fn found(policy: &str) -> Vec<Finding> {
        Scene::role_broker().assumed_role("a", 900, 900).live(READ_ONLY, 3_600, policy).findings(&RULE)
    }

    #[test]
    fn the_broker_itself_is_enough_and_somebody_else_is_not() {
        assert!(found(&trust(&[&statement("Allow", "role/VaultRunner", "sts:AssumeRole")])).is_empty());
        assert_eq!(found(&trust(&[&statement("Allow", "role/Other", "sts:AssumeRole")])).len(), 1);
        assert_eq!(found(&trust(&[&statement("Allow", "role/VaultRunner", "sts:TagSession")])).len(), 1);
    }

    #[test]
    fn the_nearest_allow_is_named_with_what_it_lacks() {
        let other = statement("Allow", "role/VaultRunner", "sts:TagSession");
        let found = found(&trust(&[&statement("Allow", "role/Other", "sts:TagSession"), &other]));
        let nearest =
            "; the nearest is statement `#2`, whose Action is `sts:TagSession` where the request has `sts:AssumeRole`";
        assert!(found[0].message.ends_with(nearest), "{}", found[0].message);
    }

    #[test]
    fn a_refusal_that_a_more_specific_rule_explains_whole_is_left_to_it() {
        let allow = |block: &str| {
            let allow = statement("Allow", "role/VaultRunner", "sts:AssumeRole");
            trust(&[&allow
                .replace('}', "")
                .replace(", \"Action\"", "}, \"Action\"")
                .replace("sts:AssumeRole\"", &format!("sts:AssumeRole\", \"Condition\": {block}}}"))])
        };
        assert!(found(&allow(r#"{"StringEquals": {"sts:ExternalId": "x"}}"#)).is_empty());
        let both = r#"{"StringEquals": {"sts:ExternalId": "x", "aws:PrincipalAccount": "444455556666"}}"#;
        assert_eq!(found(&allow(both)).len(), 1);
    }

    #[test]
    fn a_deny_is_named_and_wins() {
        let allow = statement("Allow", "role/VaultRunner", "sts:AssumeRole");
        let deny = statement("Deny", "role/VaultRunner", "sts:*");
        let found = found(&trust(&[&allow, &deny]));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].label, "denies the broker");
        assert!(found[0].message.contains("`#2`"), "{}", found[0].message);
    }

    #[test]
    fn the_statement_to_add_covers_all_that_the_role_passes() {
        let scene = Scene::role_broker()
            .assumed_role_with("a", |spec| {
                spec.session_tags.insert("team".to_owned(), "x".to_owned());
                spec.source_identity = Some("ci".to_owned());
            })
            .live(READ_ONLY, 3_600, &trust(&[&statement("Allow", "role/Other", "sts:AssumeRole")]));
        assert!(
            scene.findings(&RULE)[0].remedy.contains(r#"["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"]"#)
        );
    }

    #[test]
    fn what_was_not_read_or_is_no_policy_is_not_judged() {
        let scene = Scene::role_broker().assumed_role("a", 900, 900);
        assert!(scene.findings(&RULE).is_empty());
        assert!(scene.absent(READ_ONLY).findings(&RULE).is_empty());
        assert!(found("not a policy").is_empty());
    }
}
