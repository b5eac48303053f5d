//! What a hostile manifest, or a hostile answer from AWS, can make a terminal or a CI system do: nothing.

use serde_json::json;

use super::tests::{ASCII, COLOR, lease_in, shown, without_colours};
use super::*;
use crate::domain::document::Document;
use crate::domain::finding::ManifestError;
use crate::domain::lease::{Grant, LeaseState};
use crate::domain::plan::{Plan, RecordRef, Shown, SinceApply};
use crate::domain::text::is_unsafe;
use crate::output::{Style, plain};
use crate::wire::plan_v1::samples::{change, everything, place_in, text, trust};
use crate::wire::{drift_v1, findings_v1, lease_v1, plan_v1, simulation_v1};

/// More than a hundred texts that would do harm, or look like something else, if a terminal got them as they are.
fn hostile() -> Vec<String> {
    let mut all: Vec<String> =
        (0..0x20_u32).chain(0x7f..=0x9f).filter_map(char::from_u32).map(|c| format!("a{c}b")).collect();
    all.extend(
        (0x200b..=0x200f_u32)
            .chain(0x2028..=0x202e)
            .chain(0x2060..=0x206f)
            .filter_map(char::from_u32)
            .map(|c| format!("a{c}b")),
    );
    for c in
        ['\u{feff}', '\u{ad}', '\u{61c}', '\u{3164}', '\u{fe0f}', '\u{e0001}', '\u{e0041}', '\u{fffb}', '\u{1d173}']
    {
        all.push(format!("{c}a{c}{c}b{c}"));
    }
    for text in [
        "\u{1b}[31mred\u{1b}[0m",
        "\u{1b}]0;title\u{7}",
        "\u{1b}]8;;https://example.com\u{1b}\\link\u{1b}]8;;\u{1b}\\",
        "\u{9b}2J",
        "\u{1b}[2J\u{1b}[H",
        "\u{1b}P$q\"p\u{1b}\\",
        "\r\nNext: leasehold apply --expect-plan sha256:00",
        "x\n\nPlan: 0 to create, 0 to update, 0 to refresh, 0 to delete; 0 findings (0 blocking), 0 unknown.",
        "\u{8}\u{8}\u{8}\u{8}",
        "::error file=x::y",
        "x\n  ::add-mask::y\n##[command]z",
        "<script>alert(1)</script>",
        "",
        " ",
        "\t\t",
    ] {
        all.push(text.to_owned());
    }
    all.push("x".repeat(2_000));
    all.push("ä \u{1b}".repeat(300));
    assert!(all.len() > 100);
    all
}

fn assert_harmless(written: &str, what: &str) {
    let bad: Vec<char> = written.chars().filter(|c| *c != '\n' && is_unsafe(*c)).collect();
    assert!(bad.is_empty(), "{bad:?} came out for {what:?}");
    let command =
        written.lines().find(|line| line.trim_start().starts_with("::") || line.trim_start().starts_with("##["));
    assert_eq!(command, None, "for {what:?}");
}

/// A plan that says `bad` wherever its types let it.
fn poisoned(bad: &str) -> Plan {
    let mut plan = everything();
    plan.basis.manifests.commit = Some(bad.to_owned());
    let document = || Some(Shown::Document(Document::new(json!({ bad: [bad, trust(&[bad])] }))));
    for step in &mut plan.steps {
        step.effects.push(bad.to_owned());
        step.changes.push(change(bad, text(bad), text(bad)));
        step.changes.push(change(bad, document(), None));
        step.changes.push(change("document", document(), Some(Shown::Document(Document::new(trust(&[bad]))))));
        step.changes.push(change("mixed", text(bad), document()));
        step.place = Some(place_in(bad, &format!("k: {bad}x"), "k"));
    }
    if let Some(caller) = &mut plan.report.caller {
        caller.arn = bad.to_owned();
    }
    for finding in &mut plan.report.findings {
        (finding.message, finding.label, finding.remedy) = (bad.to_owned(), bad.to_owned(), bad.to_owned());
        finding.place = Some(place_in(bad, &format!("ä{bad}key: {bad}|{bad}"), "key"));
    }
    plan.report.unknowns[0].subject = bad.to_owned();
    plan.report.unknowns[0].unknown.detail = bad.to_owned();
    plan.report.brakes[0].message = bad.to_owned();
    plan.report.brakes[0].remedy = bad.to_owned();
    plan
}

#[test]
fn no_hostile_text_reaches_a_terminal_as_it_is() {
    for bad in hostile() {
        let plan = poisoned(&bad);
        for style in [Style::PLAIN, ASCII] {
            let text = shown(&plan, style);
            assert_harmless(&text, &bad);
            for ours in ["Plan: ", "Next: ", "Findings:", "Brakes:"] {
                assert_eq!(text.lines().filter(|line| line.starts_with(ours)).count(), 1, "{ours} for {bad:?}");
            }
        }
        assert_harmless(&without_colours(&shown(&plan, COLOR)), &bad);
        let json = plan_v1::Document::from_plan(&plan).to_json();
        assert_harmless(&json, &bad);
        serde_json::from_str::<serde_json::Value>(&json).expect("still JSON");
    }
}

/// What of a plan a drift report tells.
fn since(plan: Plan) -> SinceApply {
    let report = plan.report;
    SinceApply {
        record: RecordRef { lineage: "01JZ".to_owned(), serial: 4 },
        basis: plan.basis.manifests,
        caller: report.caller,
        drift: report.drift,
        rejudged: plan.steps.clone(),
        unknowns: report.unknowns,
        pending_broker: plan.broker,
        pending: plan.steps,
        recorded: 3,
        calls: report.calls,
    }
}

#[test]
fn no_hostile_drift_reaches_a_terminal_as_it_is() {
    for bad in hostile() {
        let mut plan = poisoned(&bad);
        for drift in &mut plan.report.drift {
            drift.changes.push(change(&bad, text(&bad), text(&bad)));
        }
        assert!(!plan.report.drift.is_empty());
        let document = drift_v1::Document::new(&since(plan));
        for style in [Style::PLAIN, ASCII, COLOR] {
            let mut out = Vec::new();
            drift(&document, &style, &mut out).expect("written");
            let out = without_colours(&String::from_utf8(out).expect("text"));
            assert_harmless(&out, &bad);
            for ours in ["Compared: ", "Next: ", "Pending in git"] {
                assert_eq!(out.lines().filter(|line| line.starts_with(ours)).count(), 1, "{ours} for {bad:?}");
            }
        }
        assert_harmless(&document.to_json(), &bad);
    }
}

#[test]
fn no_hostile_simulation_reaches_a_terminal_as_it_is() {
    for bad in hostile() {
        let name = if bad.is_empty() { "-" } else { &bad };
        let document = json!({"Statement": [
            {"Effect": "Allow", "Action": [bad, "sts:AssumeRole"], "Resource": [bad, "*"], "Condition": {"StringLike": {"sts:ExternalId": bad}}},
            {"Sid": bad, "Effect": "Deny", "Action": "sts:AssumeRole", "Resource": bad, "Condition": {bad.as_str(): {"x:y": bad}}},
        ]});
        let trust = json!({"Statement": [
            {"Effect": "Allow", "Principal": {"AWS": ["111122223333", bad], "Service": bad}, "Action": "sts:AssumeRole"},
        ]});
        let target = format!("arn:aws:iam::111122223333:role/{}", bad.chars().take(1_000).collect::<String>());
        let values = json!([bad.chars().take(600).collect::<String>()]);
        let request = json!({
            "format": simulation_v1::REQUEST_FORMAT,
            "principal": {"arn": "arn:aws:iam::111122223333:role/R"},
            "actions": ["sts:AssumeRole", "sts:TagSession"],
            "resource": target,
            "context": {"keys": {"sts:ExternalId": {"values": values, "presence": "unknown"}}},
            "policies": {
                "identity": [{"name": name, "document": document}],
                "resource": {"kind": "trust", "policy": {"name": name, "document": trust}},
            },
        });
        let question = simulation_v1::read(&request.to_string()).unwrap_or_else(|error| panic!("{error}: {bad:?}"));
        let answer = simulation_v1::Document::of(&question);
        for style in [Style::PLAIN, ASCII, COLOR] {
            let mut out = Vec::new();
            simulation(&answer, &style, &mut out).expect("written");
            let out = without_colours(&String::from_utf8(out).expect("text"));
            assert_harmless(&out, &bad);
            let verdicts = out.lines().filter(|line| line.starts_with("sts:")).count();
            assert_eq!(verdicts, 2, "for {bad:?}:\n{out}");
        }
        assert_harmless(&answer.to_json(), &bad);
    }
}

#[test]
fn no_hostile_manifest_or_lease_reaches_a_terminal_as_it_is() {
    for bad in hostile() {
        let error = ManifestError {
            kind: "unknown-field",
            message: bad.clone(),
            label: bad.clone(),
            place: Some(place_in(&bad, &format!("{bad}key{bad}"), "key")),
            path: None,
            help: bad.clone(),
        };
        let file = ManifestError { place: None, path: Some(bad.clone()), ..error.clone() };
        let document = findings_v1::Document::new(&[error, file], &poisoned(&bad).report.findings);
        let mut out = Vec::new();
        problems(&document, &Style::PLAIN, &mut out).expect("written");
        let mut lines = Vec::new();
        plain::problems(&document, &mut lines).expect("written");
        assert_eq!(lines.iter().filter(|byte| **byte == b'\n').count(), 6, "one line for each problem");
        out.extend(lines);
        out.extend(document.to_json().into_bytes());

        let mut known = lease_in(LeaseState::Active, "a");
        (known.lineage, known.commit) = (bad.clone(), Some(bad.clone()));
        known.request.session_name = Some(bad.clone());
        known.grant =
            known.grant.map(|grant| Grant { access_key_id: bad.clone(), user_id: Some(bad.clone()), ..grant });
        let known = lease_v1::Document::new([&known], "2026-11-23T10:01:00Z".parse().expect("valid"));
        leases(&known, "file:///state", &Style::PLAIN, &mut out).expect("written");
        lease(&known, &Style::PLAIN, &mut out).expect("written");
        credential_summary(&known.leases[0], &Style::PLAIN, &mut out).expect("written");
        out.extend(known.to_json().into_bytes());
        rules(&[RuleLine { code: &bad, name: &bad, level: &bad, summary: &bad }], &Style::PLAIN, &mut out)
            .expect("written");
        assert_harmless(&String::from_utf8(out).expect("text"), &bad);
    }
}
