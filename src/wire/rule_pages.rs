//! Runs the examples on every rule's page: the manifests that fail, and what to use instead.

mod remedies;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::domain::Timestamp;
use crate::domain::desired::Desired;
use crate::domain::finding::{Finding, Level};
use crate::domain::ident::RoleArn;
use crate::domain::record::{AppliedRole, RoleFacts, Snapshot};
use crate::domain::role::Role;
use crate::domain::rules::{self, Rule, RuleInput};
use crate::domain::span::SourceFile;
use crate::domain::world::{Fact, Unknown, Why, World};
use crate::wire::{manifest_v1, world_v1};

/// What one section of a page shows.
#[derive(Clone, Default)]
struct Shown {
    manifests: Option<String>,
    world: Option<String>,
}

/// The fenced blocks below `## <title>`.
fn section(page: &str, title: &str) -> Shown {
    let start = page.find(&format!("\n## {title}\n")).expect("the section");
    let body = &page[start + 4..];
    let body = body.find("\n## ").map_or(body, |end| &body[..end]);
    let block = |language: &str| {
        let fence = format!("```{language}\n");
        assert!(body.matches(&fence).count() <= 1, "{title}: one block of {language}");
        let (_, rest) = body.split_once(&fence)?;
        Some(rest.split_once("```").expect("a closed fence").0.to_owned())
    };
    Shown { manifests: block("yaml"), world: block("json") }
}

fn now() -> Timestamp {
    "2026-12-01T12:00:00Z".parse().expect("an instant")
}

fn desired(rule: &Rule, shown: &Shown) -> Desired {
    let text = shown.manifests.clone().expect("manifests");
    let file = Arc::new(SourceFile { path: "roles.yaml".to_owned(), text });
    manifest_v1::read(&[file]).unwrap_or_else(|errors| panic!("{}: {errors:#?}", rule.code))
}

fn world(rule: &Rule, shown: &Shown) -> World {
    match &shown.world {
        Some(text) => world_v1::read(text).unwrap_or_else(|error| panic!("{}: {error}", rule.code)),
        None => World::of_roles(Fact::Unknown(Unknown { why: Why::NotRead, detail: String::new() }), BTreeMap::new()),
    }
}

/// The record of an apply in this world.
fn applied(rule: &Rule, shown: &Shown) -> Snapshot {
    let (desired, world) = (desired(rule, shown), world(rule, shown));
    let facts = |arn: &RoleArn| Some((arn.clone(), RoleFacts::of(world.role(arn).present()?)));
    let applied = |role: Role| {
        let facts = role.spec.credential.role_arns().iter().filter_map(facts).collect();
        (role.spec.name.clone(), AppliedRole { spec: role.spec, facts, violations: Vec::new() })
    };
    Snapshot { serial: 4, broker: desired.broker.spec, roles: desired.roles.into_iter().map(applied).collect() }
}

fn judge(rule: &Rule, shown: &Shown) -> Vec<Finding> {
    let judged = desired(rule, shown);
    // What to use instead of changing the judge is the judge as it was.
    let base = (rule.code == rules::JUDGE_CHANGED).then(|| desired(rule, &examples(rule).1));
    let world = world(rule, shown);
    // What to use instead of a role that was made anew is the role as it was applied.
    let recorded = (rule.code == rules::ROLE_RECREATED).then(|| applied(rule, &examples(rule).1));
    rules::judge(RuleInput {
        desired: &judged,
        world: &world,
        now: now(),
        base: base.as_ref(),
        recorded: recorded.as_ref(),
    })
}

/// The failing and the passing example. What the passing one leaves out is as in the failing one.
fn examples(rule: &Rule) -> (Shown, Shown) {
    let page = rule.page();
    let failing = section(&page, "Example");
    let Shown { manifests, world } = section(&page, "Use instead");
    assert!(manifests.is_some() || world.is_some(), "{}: nothing is shown to use instead", rule.code);
    let passing = Shown {
        manifests: manifests.or_else(|| failing.manifests.clone()),
        world: world.or_else(|| failing.world.clone()),
    };
    (failing, passing)
}

#[test]
fn every_example_fails_by_its_own_rule_and_points_into_the_manifest() {
    for rule in rules::all() {
        let findings = judge(rule, &examples(rule).0);
        let own: Vec<_> = findings.iter().filter(|finding| finding.code == rule.code).collect();
        assert_eq!(own.len(), 1, "{}: {findings:#?}", rule.code);
        for finding in own {
            let place = finding.place.as_ref().expect("a place");
            assert!(!place.text().is_empty(), "{}: nothing is underlined", rule.code);
            for text in [&finding.message, &finding.label, &finding.remedy] {
                assert!(!text.is_empty() && !text.contains("  ") && !text.contains('\n'), "{}: `{text}`", rule.code);
            }
            assert!(finding.label.chars().count() <= 60, "{}: `{}` is no label", rule.code, finding.label);
        }
    }
}

#[test]
fn what_to_use_instead_has_no_finding_of_the_rule_and_nothing_that_blocks() {
    for rule in rules::all() {
        let passing = examples(rule).1;
        // A page about manifests alone shows no world, and then nothing was read.
        let unread = |finding: &Finding| passing.world.is_none() && rules::UNPROVEN.contains(&finding.code);
        let findings = judge(rule, &passing);
        let left: Vec<_> = findings
            .iter()
            .filter(|finding| finding.code == rule.code || (finding.level != Level::Advisory && !unread(finding)))
            .collect();
        assert!(left.is_empty(), "{}: {left:#?}", rule.code);
    }
}

/// Parts of a remedy between backticks: manifest text, a command, or a trust statement.
fn quoted(remedy: &str) -> impl Iterator<Item = &str> {
    remedy.split('`').skip(1).step_by(2)
}

fn statements(world: Option<&String>) -> Vec<Value> {
    let Some(world) = world else { return Vec::new() };
    let world: Value = serde_json::from_str(world).expect("checked by the reader");
    let roles = world["roles"].as_object().expect("checked by the reader").values();
    let trusts = roles.filter_map(|role| role["trust"]["Statement"].as_array());
    let own = world["broker"]["policies"].as_array().into_iter().flatten();
    let own = own.filter_map(|policy| policy["document"]["Statement"].as_array());
    trusts.chain(own).flatten().cloned().collect()
}

/// How often a part of a remedy stands in an example.
fn count(shown: &Shown, part: &str) -> usize {
    match serde_json::from_str::<Value>(part) {
        Ok(statement @ Value::Object(_)) => {
            statements(shown.world.as_ref()).iter().filter(|it| **it == statement).count()
        }
        _ => [&shown.manifests, &shown.world].into_iter().flatten().map(|text| text.matches(part).count()).sum(),
    }
}

#[test]
fn what_to_use_instead_is_what_the_remedy_says() {
    // What could not be read is mended in the rights of whoever plans, which no example shows.
    for rule in rules::all().iter().filter(|rule| !rules::UNPROVEN.contains(&rule.code)) {
        let (failing, passing) = examples(rule);
        for finding in judge(rule, &failing).iter().filter(|finding| finding.code == rule.code) {
            let followed = quoted(&finding.remedy).any(|part| count(&passing, part) > count(&failing, part));
            assert!(
                followed,
                "{}: no part of this remedy is new in the passing example: {}",
                rule.code, finding.remedy
            );
        }
    }
}
