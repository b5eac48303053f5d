//! One statement holds two actions to a condition key that only one of them is documented to carry.
//!
//! ## What it does
//! Where a role passes tags or a source identity: speaks of an Allow of `sts:TagSession` or `sts:SetSourceIdentity` whose
//! condition asks for a key, such as `sts:ExternalId`, that AWS documents for `sts:AssumeRole` and not for that action, when
//! nothing else allows the action.
//!
//! ## Why it is bad
//! Whether STS knows the key when it authorizes the second action is not documented. If it does not, the condition is not
//! met, and every request with tags is refused.
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
//!   external_id: c91f20d76b3e48a5
//!   session_tags: {team: payments}
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
//!           {"Action": ["sts:AssumeRole", "sts:TagSession"], "Condition": {"StringEquals": {"sts:ExternalId": "c91f20d76b3e48a5"}}, "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}}
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
//!           {"Action": "sts:AssumeRole", "Condition": {"StringEquals": {"sts:ExternalId": "c91f20d76b3e48a5"}}, "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}},
//!           {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:TagSession"}
//!         ]
//!       }
//!     }
//!   }
//! }
//! ```
//!
//! ## Source
//! The service authorization reference of STS lists the condition keys of each action, and the samples of AWS hold
//! `sts:AssumeRole` alone to an external id. That a key does not come with the other actions is the stricter reading.

use serde_json::json;

use crate::domain::admission;
use crate::domain::finding::{Confidence, Finding, Level};
use crate::domain::iam::{Carried, Clause, Effect, Open, Verdict, documented};

use super::judging::{Judging, Target};
use super::rule::{Check, Origin, Rule, Said};
use super::{statements, words};

pub(super) static RULE: Rule = Rule {
    code: "LH220",
    name: "trust-key-not-carried",
    level: Level::Advisory,
    confidence: Confidence::Strict,
    origin: Origin::World,
    summary: "One statement holds two actions to a condition key that only one of them is documented to carry.",
    source: include_str!("trust_key_not_carried.rs"),
    check: Check::Target(check),
};

fn check(judging: &Judging<'_>, target: Target<'_>, findings: &mut Vec<Finding>) {
    for action in admission::actions(target.spec).into_iter().filter(|it| *it != "sts:AssumeRole") {
        let Some(Verdict::Depends(tree)) = target.answer(action) else { continue };
        let Some((clause, key)) =
            tree.clauses().into_iter().find_map(|clause| Some((clause, not_carried(clause, action)?)))
        else {
            continue;
        };
        findings.push(RULE.about(target.role, target.field(), said(judging, target, action, clause, key)));
    }
}

/// The first key of this open Allow, if all that is open are keys that `sts:AssumeRole` is documented to carry and
/// `action` is not.
pub(super) fn not_carried<'c>(clause: &'c Clause, action: &str) -> Option<&'c str> {
    if clause.effect == Effect::Deny {
        return None;
    }
    let lacks = |key: &str| match documented(key).map(|row| row.carried) {
        Some(Carried::By(actions)) => actions.contains(&"sts:AssumeRole") && !actions.contains(&action),
        Some(Carried::Always) | None => false,
    };
    // Where something else is open too, the statement is one under conditions anyhow: LH204 lists it.
    let mut first = None;
    for open in &clause.open {
        match open {
            Open::Condition(condition) if lacks(&condition.key) => first = first.or(Some(condition.key.as_str())),
            Open::Condition(_) | Open::Principal { .. } | Open::Action { .. } | Open::Resource { .. } => return None,
        }
    }
    first
}

fn said(judging: &Judging<'_>, target: Target<'_>, action: &str, clause: &Clause, key: &str) -> Said {
    let alone = words::trust_statement(judging.principal(), &[action]);
    let spot = statements::of(target).find(|spot| spot.statement.label == clause.statement);
    let first = spot.map_or_else(String::new, |spot| {
        if spot.allows("sts:AssumeRole") {
            format!("{}, and ", spot.rewrite(|it| drop(it.insert("Action".to_owned(), json!("sts:AssumeRole")))))
        } else {
            String::new()
        }
    });
    Said {
        message: format!(
            "statement `{}` of the trust policy of `{}` holds {action} to `{key}`, which AWS documents for sts:AssumeRole \
             and not for it",
            clause.statement, target.arn
        ),
        label: format!("{action} under a key it may lack"),
        remedy: format!("split the statement: {first}add: `{alone}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{READ_ONLY, Scene, trust};
    use super::super::{judge, trust_conditional};
    use super::*;

    const BOTH: &str = r#"{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": ["sts:AssumeRole", "sts:TagSession"], "Condition": {"StringEquals": {"sts:ExternalId": "c91f20d76b3e48a5"}}}"#;

    fn scene(statements: &[&str], tags: bool) -> Scene {
        Scene::role_broker()
            .assumed_role_with("tagged", |spec| {
                spec.external_id = Some("c91f20d76b3e48a5".to_owned());
                if tags {
                    spec.session_tags.insert("team".to_owned(), "x".to_owned());
                }
            })
            .live(READ_ONLY, 3_600, &trust(statements))
    }

    #[test]
    fn the_statement_is_split_and_no_other_rule_says_otherwise() {
        let scene = scene(&[BOTH], true);
        let found = scene.findings(&RULE);
        assert_eq!(found.len(), 1);
        assert!(found[0].remedy.contains(r#""Action":"sts:AssumeRole""#), "{}", found[0].remedy);
        assert!(found[0].remedy.contains(r#""Action":"sts:TagSession""#), "{}", found[0].remedy);
        assert!(scene.findings(&trust_conditional::RULE).is_empty());
        let codes: Vec<_> = judge(scene.input()).iter().map(|it| it.code).filter(|it| it.starts_with("LH2")).collect();
        assert_eq!(codes, ["LH220"]);
    }

    #[test]
    fn nothing_is_said_where_no_tag_is_passed_or_another_statement_allows() {
        assert!(scene(&[BOTH], false).findings(&RULE).is_empty());
        let alone = BOTH.replace(r#"["sts:AssumeRole", "sts:TagSession"]"#, r#""sts:TagSession""#);
        let alone = alone.split(r#", "Condition""#).next().expect("a head").to_owned() + "}";
        assert!(scene(&[BOTH, &alone], true).findings(&RULE).is_empty());
    }

    #[test]
    fn a_key_that_both_carry_is_left_to_the_rule_about_conditions() {
        let both = BOTH.replace("sts:ExternalId", "aws:SourceVpc");
        let scene = scene(&[&both], true);
        assert!(scene.findings(&RULE).is_empty());
        assert_eq!(scene.findings(&trust_conditional::RULE).len(), 1);
    }
}
