//! A waiver names a rule that does not exist or that cannot be waived.
//!
//! ## What it does
//! Looks each waiver's `rule` up among the codes and names of all rules.
//!
//! ## Why it is bad
//! Such a waiver silences nothing, and whoever reads it believes that it does.
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
//! metadata: {name: app-batch}
//! spec:
//!   credential_type: iam_user
//!   user_path: /app-batch/
//!   permissions_boundary_arn: arn:aws:iam::111122223333:policy/LeaseholdBoundary
//!   justification: the vendor's tool cannot use session tokens
//!   policy_arns: [arn:aws:iam::aws:policy/ReadOnlyAccess]
//!   default_ttl: 30m
//!   max_ttl: 1h
//! ---
//! apiVersion: leasehold/v1
//! kind: Waiver
//! metadata: {name: batch-user}
//! spec:
//!   rule: iam-user-without-pth
//!   roles: [app-batch]
//!   reason: the vendor fixes the path
//!   owner: platform
//!   expires: 2027-01-31
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
//! metadata: {name: app-batch}
//! spec:
//!   credential_type: iam_user
//!   user_path: /app-batch/
//!   permissions_boundary_arn: arn:aws:iam::111122223333:policy/LeaseholdBoundary
//!   justification: the vendor's tool cannot use session tokens
//!   policy_arns: [arn:aws:iam::aws:policy/ReadOnlyAccess]
//!   default_ttl: 30m
//!   max_ttl: 1h
//! ---
//! apiVersion: leasehold/v1
//! kind: Waiver
//! metadata: {name: batch-user}
//! spec:
//!   rule: iam-user-without-path
//!   roles: [app-batch]
//!   reason: the vendor fixes the path
//!   owner: platform
//!   expires: 2027-01-31
//! ```
//!
//! ## Source
//! Our own rule.

use crate::domain::finding::{Confidence, Finding, Level};
use crate::domain::plan::PROTECTED_ROLE;

use crate::domain::text;

use super::judging::Judging;
use super::rule::{Check, Origin, Rule, Said};
use super::words::SUGGESTIONS_MAX;

pub(super) static RULE: Rule = Rule {
    code: "LH601",
    name: "waiver-unknown-rule",
    level: Level::Advisory,
    confidence: Confidence::Certain,
    origin: Origin::Git,
    summary: "A waiver names a rule that does not exist or that cannot be waived.",
    source: include_str!("waiver_unknown_rule.rs"),
    check: Check::Whole(check),
};

/// Longest part of an unknown rule's name that is repeated in a message.
const SHOWN: usize = 80;

fn check(judging: &Judging<'_>, findings: &mut Vec<Finding>) {
    let mut suggestions = 0;
    for waiver in &judging.desired.waivers {
        let written = waiver.rule.as_str();
        // Not a rule but a brake; the one that a waiver unlocks.
        if written == PROTECTED_ROLE {
            continue;
        }
        let shown = text::short(written, SHOWN);
        let known = super::find(written);
        let said = match known {
            Some(rule) if rule.level == Level::Hard => Said {
                message: format!(
                    "waiver `{}` names `{shown}`, which is hard: issuing would be refused whatever a waiver says",
                    waiver.name
                ),
                label: "cannot be waived".to_owned(),
                remedy: "remove the waiver, and mend what the rule finds".to_owned(),
            },
            // A waiver is matched letter by letter.
            Some(rule) if rule.code == written || rule.name == written => continue,
            _ => Said {
                message: format!("waiver `{}` names `{shown}`, and there is no such rule", waiver.name),
                label: "no such rule".to_owned(),
                remedy: {
                    suggestions += 1;
                    let guess = || if suggestions <= SUGGESTIONS_MAX { super::nearest(written) } else { None };
                    match known.map(|rule| rule.name).or_else(guess) {
                        Some(near) => format!("write `rule: {near}` if that is meant, or remove the waiver"),
                        None => "name a rule that `leasehold rules` lists, or remove the waiver".to_owned(),
                    }
                },
            },
        };
        findings.push(RULE.at(None, waiver.rule.place.clone(), said));
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Scene;
    use super::*;

    #[test]
    fn names_and_codes_are_known_letter_by_letter() {
        for (rule, label, remedy) in [
            ("LH401", None, ""),
            ("iam-user-without-path", None, ""),
            ("lh401", Some("no such rule"), "`rule: iam-user-without-path`"),
            ("iam-user-without-pat", Some("no such rule"), "`rule: iam-user-without-path`"),
            ("LH499", Some("no such rule"), "remove"),
            ("zzz", Some("no such rule"), "`leasehold rules`"),
            ("LH103", Some("cannot be waived"), "remove the waiver"),
        ] {
            let found = Scene::role_broker().waiver("w", rule, &[], "2999-12-31").findings(&RULE);
            assert_eq!(found.first().map(|finding| finding.label.as_str()), label, "{rule}");
            assert!(found.iter().all(|finding| finding.remedy.contains(remedy) && finding.role.is_none()), "{found:?}");
        }
    }
}
