//! `examples/multi-account/`: its plan in every form that is stored beside it. `LEASEHOLD_BLESS=1 cargo test multi_account`
//! writes them anew.

use std::path::{Path, PathBuf};

use leasehold::app::{PlanRequest, make_plan, validate};
use leasehold::domain::record::Basis;
use leasehold::domain::rules;
use leasehold::output::{Style, plan_format};
use leasehold::ports::Manifests as _;
use leasehold::source::Directory;
use leasehold::testing::{MemoryStore, block_on};
use leasehold::wire::{plan_v1, world_v1};

use crate::stories::cloud::WorldCloud;

/// The stored forms: the file and what `--format` calls it.
const FORMS: [(&str, &str); 4] =
    [("plan.txt", "text"), ("plan.md", "markdown"), ("plan.sarif", "sarif"), ("plan.html", "html")];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/multi-account")
}

/// The plan of the example, as it would be made on one day in December.
fn document() -> plan_v1::Document {
    let world = std::fs::read_to_string(folder().join("world.json")).expect("the example has a world");
    let world = world_v1::read(&world).expect("a world");
    let now = "2026-12-01T12:00:00Z".parse().expect("an instant");
    let set = Directory::in_work_tree(folder().join("repo")).read().expect("the example has manifests");
    // Where the example lies, and whether it is committed yet, is no part of its plan.
    let basis = Basis { commit: Some("1".repeat(40)), tree: Some("2".repeat(40)), dirty: false, ..set.basis.clone() };
    let desired = validate(&set).expect("valid");
    let cloud = WorldCloud { world: &world, now };
    let store = MemoryStore::new();
    let planned = block_on(make_plan(basis, desired, &cloud, &store, now, PlanRequest::default())).expect("a plan");
    plan_v1::Document::from_plan(&planned.plan)
}

fn written(document: &plan_v1::Document, format: &str) -> String {
    let format = plan_format::ALL.iter().find(|known| known.name == format).expect("a format");
    let mut out = Vec::new();
    format.write(document, &[], &Style::PLAIN, &mut out).expect("memory");
    String::from_utf8(out).expect("UTF-8")
}

#[test]
fn the_stored_plans_are_current() {
    let document = document();
    for (file, format) in FORMS {
        let path = folder().join(file);
        let text = written(&document, format);
        if std::env::var_os("LEASEHOLD_BLESS").is_some() {
            std::fs::write(&path, &text).expect("written");
        }
        let stored = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(stored == text, "{file} is stale; LEASEHOLD_BLESS=1 cargo test multi_account writes it anew");
    }
}

#[test]
fn the_sound_role_has_no_finding_and_every_other_one_has() {
    let document = document();
    let found = |role: &str| document.findings.iter().any(|finding| finding.role.as_deref() == Some(role));
    assert!(!found("app-readonly"), "{:#?}", document.findings);
    let steps: Vec<&str> = document.steps.iter().map(|step| step.role.as_str()).collect();
    assert_eq!(steps.len(), 12);
    for role in steps.into_iter().filter(|role| *role != "app-readonly") {
        assert!(found(role), "{role} shows a bad habit");
    }
}

#[test]
fn the_comment_alone_says_what_to_change() {
    let document = document();
    let comment = written(&document, "markdown");
    for finding in &document.findings {
        let rule = rules::find(&finding.code).expect("a rule");
        assert!(comment.contains(rule.name), "{}", rule.name);
        for part in finding.remedy.split('`').skip(1).step_by(2) {
            // A document is shown in a block of its own, indented or not: its first name is there all the same.
            let needle = part.split('"').nth(1).unwrap_or(part);
            assert!(comment.contains(needle), "{}: `{part}`", finding.code);
        }
    }
}
