//! The target role was deleted and made again since it was applied.
//!
//! ## What it does
//! Compares the id of each live target role with the id that the record holds for it. Another id under the same ARN is
//! another role. It advises only: the new role is judged like any other, and `apply` records it.
//!
//! ## Why it is bad
//! IAM keeps the id, not the ARN, of a role that a policy names as principal. Every policy that named the old role no longer
//! matches, the sessions of the old role are gone with it, and what the new one may do was reviewed by nobody.
//!
//! ## Example
//! The record holds the id that is shown below, under what to use instead.
//!
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
//!       "role_id": "AROAEXAMPLEREADONLY02",
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
//! The IAM user guide's pages on unique identifiers and on principals: a role of the same name that is made later has another id, and
//! policies that name the old one do not apply to it.

use crate::domain::finding::{Confidence, Finding, Level};
use crate::domain::text;

use super::judging::{Judging, Target};
use super::rule::{Check, Origin, Rule, Said};

pub(super) static RULE: Rule = Rule {
    code: super::ROLE_RECREATED,
    name: "role-recreated",
    level: Level::Advisory,
    confidence: Confidence::Certain,
    origin: Origin::World,
    summary: "The target role was deleted and made again since it was applied.",
    source: include_str!("role_recreated.rs"),
    check: Check::Target(check),
};

fn check(judging: &Judging<'_>, target: Target<'_>, findings: &mut Vec<Finding>) {
    let Some(recorded) = judging.recorded else { return };
    let Some(live) = target.fact.present() else { return };
    let applied = recorded.roles.get(&target.role.spec.name);
    let Some(facts) = applied.and_then(|applied| applied.facts.get(target.arn)) else { return };
    if facts.role_id == live.role_id {
        return;
    }
    let (old, new) = (text::short(&facts.role_id, 128), text::short(&live.role_id, 128));
    findings.push(RULE.about(
        target.role,
        target.field(),
        Said {
            message: format!(
                "`{}` of role `{}` was made anew since record {}: its id was `{old}` and is `{new}`, so every policy \
                 that names the old one by its id no longer matches, and the sessions of the old one are gone",
                target.arn, target.role.spec.name, recorded.serial
            ),
            label: "another role of the same name".to_owned(),
            remedy: format!(
                "find out who made it in the place of `{old}`, review what it may do, name it anew in the policies that \
                 named the old one, and record it with `leasehold apply`"
            ),
        },
    ));
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{READ_ONLY, REPORTS, Scene, statement, trust};
    use super::*;
    use crate::domain::ident::RoleArn;
    use crate::domain::world::{Fact, Unknown, Why};

    fn applied() -> Scene {
        let trusting = trust(&[&statement("Allow", "role/VaultRunner", "sts:AssumeRole")]);
        let scene = Scene::role_broker().assumed_role_of("a", &[REPORTS, READ_ONLY]).assumed_role("b", 900, 900);
        scene.live(READ_ONLY, 3_600, &trusting).live(REPORTS, 3_600, &trusting).applied()
    }

    fn read_only() -> RoleArn {
        RoleArn::parse(READ_ONLY).expect("valid")
    }

    fn made_anew() -> Scene {
        let mut scene = applied();
        let Some(Fact::Present(live)) = scene.world.roles.get_mut(&read_only()) else { panic!("live") };
        live.role_id = "AROAEXAMPLEREADONLY02".to_owned();
        scene
    }

    #[test]
    fn another_id_under_the_same_arn_is_told_to_each_role_that_names_it() {
        assert!(applied().findings(&RULE).is_empty());
        let found = made_anew().findings(&RULE);
        assert_eq!(found.len(), 2, "{found:?}");
        let places: Vec<_> = found.iter().map(|finding| finding.role.as_ref().expect("a role").as_str()).collect();
        assert_eq!(places, ["a", "b"]);
        let message = &found[0].message;
        assert!(message.contains("was `AROAEXAMPLEREADONLY01` and is `AROAEXAMPLEREADONLY02`"), "{message}");
        assert!(!found[0].blocks());
        assert!(made_anew().applied().findings(&RULE).is_empty(), "recorded");
    }

    #[test]
    fn a_change_of_anything_else_is_no_other_role() {
        let trusting = trust(&[&statement("Allow", "root", "sts:AssumeRole")]);
        assert!(applied().live(READ_ONLY, 7_200, &trusting).findings(&RULE).is_empty());
    }

    #[test]
    fn without_both_ids_there_is_nothing_to_compare() {
        let mut scene = made_anew();
        scene.recorded = None;
        assert!(scene.findings(&RULE).is_empty(), "no record");
        let mut scene = made_anew();
        scene.recorded.as_mut().expect("applied").roles.values_mut().for_each(|role| role.facts.clear());
        assert!(scene.findings(&RULE).is_empty(), "no fact");
        assert!(made_anew().absent(READ_ONLY).findings(&RULE).is_empty(), "gone");
        let mut scene = made_anew();
        let unread = Unknown { why: Why::NotRead, detail: String::new() };
        scene.world.roles.insert(read_only(), Fact::Unknown(unread));
        assert!(scene.findings(&RULE).is_empty(), "not read");
    }
}
