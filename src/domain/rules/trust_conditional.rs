//! The trust policy admits the broker only under conditions.
//!
//! ## What it does
//! Lists the statements whose conditions decide whether the broker gets a session. They are shown, not guessed at.
//!
//! ## Why it is bad
//! Whether this role can be issued is known only when somebody asks. A condition on MFA, on an address or on a date
//! turns into a failed pipeline with no change in git.
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
//!           {
//!             "Effect": "Allow",
//!             "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"},
//!             "Action": "sts:AssumeRole",
//!             "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
//!           }
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
//! The IAM user guide on condition elements. Values such as the caller's address exist only in the request itself.

use crate::domain::admission;
use crate::domain::finding::{Confidence, Finding, Level};
use crate::domain::iam::{Clause, Effect, Verdict};

use super::judging::{Judging, Target};
use super::rule::{Check, Origin, Rule, Said};
use super::trust_key_not_carried::not_carried;
use super::words;

pub(super) static RULE: Rule = Rule {
    code: "LH204",
    name: "trust-conditional",
    level: Level::Advisory,
    confidence: Confidence::Certain,
    origin: Origin::World,
    summary: "The trust policy admits the broker only under conditions.",
    source: include_str!("trust_conditional.rs"),
    check: Check::Target(check),
};

fn check(judging: &Judging<'_>, target: Target<'_>, findings: &mut Vec<Finding>) {
    let needed = admission::actions(target.spec);
    let mut conditional = Vec::new();
    let mut lines: Vec<String> = Vec::new();
    let mut may_be_denied = false;
    for action in &needed {
        let Some(Verdict::Depends(tree)) = target.answer(action) else { continue };
        let mut clauses = tree.clauses();
        // LH220 says of these what to do.
        clauses.retain(|clause| not_carried(clause, action).is_none());
        if clauses.is_empty() {
            continue;
        }
        conditional.push(*action);
        may_be_denied |= clauses.iter().any(|clause| clause.effect == Effect::Deny);
        for line in clauses.into_iter().map(Clause::line) {
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
    }
    if conditional.is_empty() {
        return;
    }
    findings.push(RULE.about(
        target.role,
        target.field(),
        Said {
            message: format!(
                "whether the broker may {} `{}` hangs on what no plan can know: {}",
                conditional.join(", "),
                target.arn,
                lines.join("; ")
            ),
            label: "trusts the broker under conditions".to_owned(),
            remedy: if may_be_denied {
                "make sure that no Deny among them meets the broker, or write these statements so that they leave it out"
                    .to_owned()
            } else {
                format!(
                    "make sure that the broker meets them; if they are not meant for it, add an unconditional \
                     statement: `{}`",
                    words::trust_statement(judging.principal(), &needed)
                )
            },
        },
    ));
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{READ_ONLY, Scene, statement, trust};
    use super::*;

    const ON_MFA: &str = r#"{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"},
        "Action": ["sts:AssumeRole", "sts:TagSession"], "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}"#;

    fn found(statements: &[&str]) -> Vec<Finding> {
        Scene::role_broker()
            .assumed_role_with("a", |spec| {
                spec.session_tags.insert("team".to_owned(), "x".to_owned());
            })
            .live(READ_ONLY, 3_600, &trust(statements))
            .findings(&RULE)
    }

    #[test]
    fn a_condition_is_listed_once_for_all_actions_it_decides() {
        let found = found(&[ON_MFA]);
        assert_eq!(found.len(), 1);
        assert!(found[0].message.contains("sts:AssumeRole, sts:TagSession"), "{}", found[0].message);
        assert_eq!(found[0].message.matches("aws:MultiFactorAuthPresent").count(), 1, "{}", found[0].message);
        assert!(!found[0].blocks());
    }

    #[test]
    fn another_allow_is_not_advised_against_a_deny() {
        let deny = ON_MFA.replacen("Allow", "Deny", 1);
        let found = found(&[&statement("Allow", "role/VaultRunner", "sts:*"), &deny]);
        assert_eq!(found.len(), 1);
        assert!(!found[0].remedy.contains("add "), "{}", found[0].remedy);
    }

    #[test]
    fn an_unconditional_allow_leaves_nothing_to_list() {
        assert!(found(&[ON_MFA, &statement("Allow", "role/VaultRunner", "sts:*")]).is_empty());
    }

    #[test]
    fn a_flat_denial_is_not_a_condition() {
        assert!(found(&[&statement("Allow", "role/Other", "sts:*")]).is_empty());
    }
}
