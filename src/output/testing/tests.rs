//! Every format, with hostile texts in every field of a plan.

use super::{assert_inert_json, assert_inert_lines, assert_inert_markdown, assert_inert_xml, hostile, poisoned};
use crate::domain::rules;
use crate::output::plan_format::{ALL, PlanFormat};
use crate::output::{Style, sarif};
use crate::wire::plan_v1::Document;

fn written(format: &PlanFormat, document: &Document) -> String {
    let mut out = Vec::new();
    format.write(document, &[], &Style::PLAIN, &mut out).expect("written");
    String::from_utf8(out).expect("text")
}

/// What must hold of what a format writes whatever a plan says; `harmless` is what it writes of a plan that says nothing special.
/// A format that is not here has no reader yet.
fn check(format: &PlanFormat, document: &Document, text: &str, harmless: &str, what: &str) {
    match format.name {
        "text" => {
            assert_inert_lines(text, what);
            for ours in ["Plan: ", "Next: ", "Findings:", "Brakes:"] {
                assert_eq!(text.lines().filter(|line| line.starts_with(ours)).count(), 1, "{ours} for {what:?}");
            }
        }
        "json" => {
            assert_inert_lines(text, what);
            assert_eq!(serde_json::from_str::<Document>(text).expect("a plan").to_json(), text);
        }
        "markdown" | "github-summary" => {
            let structure = assert_inert_markdown(text, what);
            // Short enough for all of it to be shown, and quoting nothing, a text changes nothing around it.
            if !what.is_empty() && what.len() < 200 && !what.contains('`') {
                assert_eq!(structure, assert_inert_markdown(harmless, "x"), "{} for {what:?}", format.name);
            }
        }
        "github" => assert_annotations(text, document, what),
        "gitlab-code-quality" | "gitlab-terraform" | "sarif" => {
            let _ = assert_inert_json(text, what);
        }
        "junit" => {
            let elements = ["testsuites", "testsuite", "testcase", "failure", "skipped", "system-out"];
            assert_inert_xml(text, &elements, what);
        }
        "html" => assert_markup_is_ours(text, harmless, what),
        other => panic!("say here what may come out of `{other}`"),
    }
}

/// Each line is one of our commands, read as GitHub's runner reads it, and holds nothing else.
fn assert_annotations(text: &str, document: &Document, what: &str) {
    let annotated = document.findings.len() + document.brakes.len() + document.unknowns.len() + document.drift.len();
    assert_eq!(text.lines().count(), annotated + 1, "one line each for {what:?}");
    for line in text.split_terminator('\n') {
        assert!(!line.chars().any(crate::domain::text::is_unsafe), "{line} for {what:?}");
        let (head, _) = line.strip_prefix("::").and_then(|line| line.split_once("::")).expect("a command");
        let (command, properties) = head.split_once(' ').expect("properties");
        assert!(["error", "warning", "notice"].contains(&command), "{line}");
        let names: Vec<&str> = properties.split(',').map(|pair| pair.split_once('=').expect("a pair").0).collect();
        assert!(names == ["title"] || names == ["file", "line", "col", "title"], "{line} for {what:?}");
    }
}

/// No element that a harmless plan's page has not, no script more, and no handler.
fn assert_markup_is_ours(page: &str, harmless: &str, what: &str) {
    let tags = |page: &str| -> Vec<String> {
        let name = |tag: &str| {
            tag.split(|c: char| !c.is_ascii_alphanumeric() && c != '!' && c != '-').next().map(str::to_ascii_lowercase)
        };
        page.split('<').skip(1).filter_map(|tag| name(tag.trim_start_matches('/'))).collect()
    };
    let (ours, theirs) = (tags(harmless), tags(page));
    // What stands between backticks is shown as code: our own element, and one without attributes.
    assert_eq!(page.matches("<code").count(), page.matches("<code>").count(), "for {what:?}");
    for tag in &theirs {
        assert!(ours.contains(tag) || tag == "code", "<{tag}> for {what:?}");
    }
    let count = |tags: &[String], name: &str| tags.iter().filter(|tag| *tag == name).count();
    for name in ["script", "style", "meta", "base", "link"] {
        assert_eq!(count(&theirs, name), count(&ours, name), "<{name}> for {what:?}");
    }
    assert!(!page.chars().any(|c| c != '\n' && crate::domain::text::is_unsafe(c)), "for {what:?}");
}

#[test]
fn nothing_live_comes_out_of_any_format() {
    let all: Vec<(String, Document)> = hostile().into_iter().map(|bad| (bad.clone(), poisoned(&bad))).collect();
    let plain = poisoned("x");
    for format in ALL {
        let harmless = written(format, &plain);
        check(format, &plain, &harmless, &harmless, "x");
        for (bad, document) in &all {
            let text = match format.name {
                // The rules' own pages are in it whatever a plan says: of those, once is enough.
                "sarif" => sarif::plan_of_set(document, &rules::all()[..1]),
                _ => written(format, document),
            };
            check(format, document, &text, &harmless, bad);
        }
    }
}

#[test]
fn the_readers_find_what_is_live() {
    for live in [
        "[a](https://example.com)",
        "<b>x</b>",
        "@team",
        "see #1",
        "www.example.com",
        "| a |\n|---|\n",
        "1234567",
        "- [x] a",
    ] {
        let found = std::panic::catch_unwind(|| assert_inert_markdown(live, live));
        assert!(found.is_err(), "{live}");
    }
    for live in ["::error::x", "x\n ::error::x", "a ##[add-mask]b", "\u{1b}[2J"] {
        assert!(std::panic::catch_unwind(|| assert_inert_lines(live, live)).is_err(), "{live}");
    }
}
