//! Two roles have the same name.
//!
//! ## What it does
//! Looks for a `metadata.name` that more than one Role document has, in one file or in several.
//!
//! ## Why it is bad
//! The name is what pipelines ask for and what the record is kept under. Which of the two they would get would hang on
//! the order in which files are read.
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
//! metadata: {name: app}
//! spec:
//!   credential_type: assumed_role
//!   role_arns: [arn:aws:iam::111122223333:role/ProdAppReadOnly]
//!   default_sts_ttl: 30m
//!   max_sts_ttl: 1h
//! ---
//! apiVersion: leasehold/v1
//! kind: Role
//! metadata: {name: app}
//! spec:
//!   credential_type: assumed_role
//!   role_arns: [arn:aws:iam::111122223333:role/ProdAppRW]
//!   default_sts_ttl: 15m
//!   max_sts_ttl: 30m
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
//! metadata: {name: app}
//! spec:
//!   credential_type: assumed_role
//!   role_arns: [arn:aws:iam::111122223333:role/ProdAppReadOnly]
//!   default_sts_ttl: 30m
//!   max_sts_ttl: 1h
//! ---
//! apiVersion: leasehold/v1
//! kind: Role
//! metadata: {name: app-2}
//! spec:
//!   credential_type: assumed_role
//!   role_arns: [arn:aws:iam::111122223333:role/ProdAppRW]
//!   default_sts_ttl: 15m
//!   max_sts_ttl: 30m
//! ```
//!
//! ## Source
//! Our own rule.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::finding::{Confidence, Finding, Level};
use crate::domain::ident::Name;
use crate::domain::role::Field;
use crate::domain::span::Place;

use super::judging::Judging;
use super::rule::{Check, Origin, Rule, Said};

pub(super) static RULE: Rule = Rule {
    code: "LH105",
    name: "duplicate-role-name",
    level: Level::Hard,
    confidence: Confidence::Certain,
    origin: Origin::Git,
    summary: "Two roles have the same name.",
    source: include_str!("duplicate_role_name.rs"),
    check: Check::Whole(check),
};

fn check(judging: &Judging<'_>, findings: &mut Vec<Finding>) {
    // Made when the first duplicate is met: nearly always there is none.
    let mut taken: Option<BTreeSet<Name>> = None;
    let mut firsts: BTreeMap<&Name, First> = BTreeMap::new();
    let mut lines = Lines::default();
    for role in &judging.desired.roles {
        let name = &role.spec.name;
        let place = role.places.of(Field::Name);
        let Some(first) = firsts.get_mut(name) else {
            firsts.insert(name, First { place, next_suffix: 2 });
            continue;
        };
        let taken =
            taken.get_or_insert_with(|| judging.desired.roles.iter().map(|role| role.spec.name.clone()).collect());
        let free = first.free_name(name, taken);
        let at = format!("{}:{}", first.place.path(), lines.of(&first.place));
        findings.push(RULE.about(
            role,
            Field::Name,
            Said {
                message: format!("the name `{name}` is already taken by the role at {at}"),
                label: format!("first used at {at}"),
                remedy: match free {
                    Some(free) => format!("give one of them a name of its own, such as `name: {free}`, or remove it"),
                    None => "give one of them a name of its own, or remove it".to_owned(),
                },
            },
        ));
    }
}

/// The role that had the name first.
struct First {
    place: Place,
    next_suffix: u32,
}

impl First {
    /// The name with the next number that nobody has, if it still is a name. Never tries a number twice.
    fn free_name(&mut self, name: &Name, taken: &mut BTreeSet<Name>) -> Option<Name> {
        loop {
            let candidate = Name::parse(&format!("{name}-{}", self.next_suffix)).ok()?;
            self.next_suffix += 1;
            if taken.insert(candidate.clone()) {
                return Some(candidate);
            }
        }
    }
}

/// Line numbers of many places, with each file's line breaks found only once.
#[derive(Default)]
struct Lines {
    breaks: BTreeMap<String, Vec<usize>>,
}

impl Lines {
    fn of(&mut self, place: &Place) -> usize {
        if !self.breaks.contains_key(place.path()) {
            let found = place.file().text.match_indices('\n').map(|(at, _)| at).collect();
            self.breaks.insert(place.path().to_owned(), found);
        }
        let before = |breaks: &Vec<usize>| breaks.partition_point(|at| *at < place.start());
        self.breaks.get(place.path()).map_or(0, before) + 1
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Scene;
    use super::*;

    #[test]
    fn the_second_and_the_third_point_at_the_first() {
        let scene = Scene::role_broker()
            .assumed_role("a", 900, 3_600)
            .assumed_role("b", 900, 3_600)
            .assumed_role("a", 900, 3_600)
            .session_token("a", 900, 3_600)
            .assumed_role("a-2", 900, 3_600);
        let found = scene.findings(&RULE);
        let first = scene.desired.roles[0].places.of(Field::Name);
        let at = format!("{}:{}", first.path(), first.line_column().0);
        assert_eq!(found.len(), 2);
        for finding in &found {
            assert_eq!(finding.message, format!("the name `a` is already taken by the role at {at}"));
        }
        assert!(found[0].remedy.contains("`name: a-3`") && found[1].remedy.contains("`name: a-4`"), "{found:?}");
        assert_eq!(found[0].place, Some(scene.desired.roles[2].places.of(Field::Name)));
    }

    #[test]
    fn names_that_differ_in_case_are_two_names() {
        assert!(
            Scene::role_broker().assumed_role("a", 900, 900).assumed_role("A", 900, 900).findings(&RULE).is_empty()
        );
    }

    #[test]
    fn a_name_too_long_to_number_gets_no_suggestion() {
        let long = "x".repeat(64);
        let found = Scene::role_broker().assumed_role(&long, 900, 900).assumed_role(&long, 900, 900).findings(&RULE);
        assert_eq!(found[0].remedy, "give one of them a name of its own, or remove it");
    }
}
