//! A waiver silences nothing.
//!
//! ## What it does
//! Compares each waiver with what the rules found, and speaks when none of its roles has a finding of its rule. Rules
//! about AWS count only when AWS was read. A waiver of the brake `protected-role` is in use when a role it names is
//! protected, or no longer declared.
//!
//! ## Why it is bad
//! It lies in wait: the day the fault comes back, it passes without anybody having looked at it.
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
//!   max_ttl: 48h
//! ---
//! apiVersion: leasehold/v1
//! kind: Waiver
//! metadata: {name: batch-user}
//! spec:
//!   rule: iam-user-without-path
//!   roles: [app-batch]
//!   reason: the vendor fixes it
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
//!   max_ttl: 48h
//! ---
//! apiVersion: leasehold/v1
//! kind: Waiver
//! metadata: {name: batch-user}
//! spec:
//!   rule: iam-user-long
//!   roles: [app-batch]
//!   reason: the vendor fixes it
//!   owner: platform
//!   expires: 2027-01-31
//! ```
//!
//! ## Source
//! Our own rule.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::domain::desired::{Desired, Waiver};
use crate::domain::finding::{Confidence, Finding, Level};
use crate::domain::plan::PROTECTED_ROLE;
use crate::domain::world::Fact;

use super::UNPROVEN;
use super::judging::Judging;
use super::rule::{Check, Origin, Rule, Said};

pub(super) static RULE: Rule = Rule {
    code: "LH610",
    name: "waiver-unused",
    level: Level::Advisory,
    confidence: Confidence::Certain,
    origin: Origin::World,
    summary: "A waiver silences nothing.",
    source: include_str!("waiver_unused.rs"),
    check: Check::After(check),
};

/// The codes found for each role.
type Found<'f> = HashMap<&'f str, BTreeSet<&'static str>>;

fn check(judging: &Judging<'_>, findings: &[Finding]) -> Vec<Finding> {
    if judging.desired.waivers.is_empty() {
        return Vec::new();
    }
    let mut found = Found::new();
    for finding in findings {
        if let Some(role) = &finding.role {
            found.entry(role.as_str()).or_default().insert(finding.code);
        }
    }
    let declared: HashSet<&str> = judging.desired.roles.iter().map(|role| role.spec.name.as_str()).collect();
    let protected = protected(judging.desired);
    let counting = judging.desired.waivers.iter().filter(|waiver| !waiver.expires.is_over(judging.now));
    counting
        .filter(|waiver| {
            // Of names that are no roles another rule speaks.
            let mut roles = waiver.roles.iter().map(|role| role.as_str());
            let all_declared = roles.clone().all(|role| declared.contains(role));
            match waiver.rule.as_str() {
                PROTECTED_ROLE => all_declared && !roles.any(|role| protected.contains(role)),
                _ => all_declared && is_unused(judging, waiver, &found),
            }
        })
        .map(|waiver| say(waiver, &found))
        .collect()
}

fn protected(desired: &Desired) -> HashSet<&str> {
    let protected = desired.roles.iter().filter(|role| role.spec.protect);
    protected.map(|role| role.spec.name.as_str()).collect()
}

fn is_unused(judging: &Judging<'_>, waiver: &Waiver, found: &Found<'_>) -> bool {
    let written = waiver.rule.as_str();
    let Some(rule) = super::find(written).filter(|rule| rule.code == written || rule.name == written) else {
        return false;
    };
    let mut codes = waiver.roles.iter().filter_map(|role| found.get(role.as_str()));
    let unread = codes.clone().any(|codes| UNPROVEN.iter().any(|code| codes.contains(code)));
    let was_read =
        !unread && judging.world.caller.present().is_some() && !matches!(judging.world.broker, Fact::Unknown(_));
    rule.level != Level::Hard
        && (rule.origin == Origin::Git || was_read)
        && !codes.any(|codes| codes.contains(rule.code))
}

fn say(waiver: &Waiver, found: &Found<'_>) -> Finding {
    let roles: Vec<&str> = waiver.roles.iter().map(|role| role.as_str()).take(3).collect();
    let others: BTreeSet<&str> =
        waiver.roles.iter().filter_map(|role| found.get(role.as_str())).flatten().copied().collect();
    // Nobody writes another rule's name where it is meant that something could not be read.
    let others = others.into_iter().filter(|code| !UNPROVEN.contains(code));
    let waivable = others.filter_map(super::find).filter(|rule| rule.level != Level::Hard);
    let other = waivable.max_by_key(|rule| (rule.level, std::cmp::Reverse(rule.code)));
    let rule = super::find(waiver.rule.as_str()).map_or(PROTECTED_ROLE, |rule| rule.name);
    RULE.at(
        None,
        waiver.rule.place.clone(),
        Said {
            message: format!(
                "waiver `{}` silences nothing: {rule} finds no fault in {}",
                waiver.name,
                match waiver.roles.len() {
                    0 => "any role, and it names none".to_owned(),
                    count if count > roles.len() => format!("{} and {} more", roles.join(", "), count - roles.len()),
                    _ => roles.join(", "),
                }
            ),
            label: "silences nothing".to_owned(),
            remedy: match other {
                Some(other) => format!("remove it; or write `rule: {}` if it is meant for that", other.name),
                None => "remove it".to_owned(),
            },
        },
    )
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{ALLOW_ALL, READ_ONLY, Scene, statement, trust};
    use super::super::judge;
    use super::*;
    use crate::domain::ident::AccountId;
    use crate::domain::world::CallerIdentity;

    fn unused(scene: &Scene) -> usize {
        judge(scene.input()).iter().filter(|finding| finding.code == RULE.code).count()
    }

    fn users(rule: &str, roles: &[&str]) -> Scene {
        let day = "2027-01-31";
        let user = Scene::role_broker().iam_user("u", 900, 900, |spec| spec.user_path = Some("/u/".to_owned()));
        user.waiver("w", rule, roles, day)
    }

    #[test]
    fn a_waiver_is_used_by_code_and_by_name() {
        for (rule, expected) in [
            ("LH402", 0),
            ("iam-user-without-boundary", 0),
            ("LH401", 1),
            ("iam-user-without-path", 1),
            ("no-such-rule", 0),
            ("LH301", 0),
        ] {
            assert_eq!(unused(&users(rule, &["u"])), expected, "{rule}");
        }
        assert_eq!(unused(&users("LH401", &["gone"])), 0, "another rule's");
        let mut over = users("LH401", &["u"]);
        over.now = "2027-03-01T00:00:00Z".parse().expect("valid");
        assert_eq!(unused(&over), 0, "another rule's");
    }

    #[test]
    fn a_rule_about_aws_counts_only_where_aws_was_read() {
        let trusting = trust(&[&statement("Allow", "role/VaultRunner", "sts:AssumeRole")]);
        let mut scene = Scene::role_broker()
            .assumed_role("a", 900, 3_600)
            .waiver("w", "LH204", &["a"], "2027-01-31")
            .live(READ_ONLY, 3_600, &trusting);
        assert_eq!(unused(&scene), 0);
        scene = scene.broker(&[ALLOW_ALL], None);
        let account = AccountId::parse("111122223333").expect("valid");
        let (arn, user_id) = ("arn:aws:iam::111122223333:user/ci".to_owned(), "AIDAEXAMPLE".to_owned());
        scene.world.caller = Fact::Present(CallerIdentity { account, arn, user_id });
        assert_eq!(unused(&scene), 1);
        scene.world.roles.clear();
        assert_eq!(unused(&scene), 0, "the role was not read");
    }

    #[test]
    fn the_brake_is_in_use_while_a_role_is_protected_or_gone() {
        for (protect, roles, expected) in [(true, "u", 0), (false, "u", 1), (false, "gone", 0)] {
            let mut scene = users(PROTECTED_ROLE, &[roles]);
            scene.desired.roles[0].spec.protect = protect;
            assert_eq!(unused(&scene), expected, "{protect} {roles}");
        }
    }
}
