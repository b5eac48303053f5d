use serde_json::{Value, json};

use super::*;
use crate::domain::finding::Level as DomainLevel;
use crate::domain::text::is_unsafe;
use crate::wire::plan_v1::samples::{against_base, everything, finding, place_in, unchanged};

fn document() -> Document {
    Document::from_plan(&everything())
}

fn written(document: &Document) -> String {
    let mut out = Vec::new();
    plan(document, &mut out).expect("written");
    String::from_utf8(out).expect("text")
}

fn run(document: &Document) -> Value {
    let log: Value = serde_json::from_str(&written(document)).expect("JSON");
    log["runs"][0].clone()
}

#[test]
fn every_finding_is_a_result_of_its_rule() {
    let document = document();
    let run = run(&document);
    let results = run["results"].as_array().expect("a list");
    assert_eq!(results.len(), document.findings.len());
    for (result, finding) in results.iter().zip(&document.findings) {
        assert_eq!(result["ruleId"], finding.code);
        let index = usize::try_from(result["ruleIndex"].as_u64().expect("a number")).expect("small");
        let rule = &run["tool"]["driver"]["rules"][index];
        assert_eq!(rule["id"], finding.code);
        let text = result["message"]["text"].as_str().expect("text");
        assert!(text.starts_with(&finding.message) && text.ends_with(&finding.remedy), "{text}");
    }
    assert_eq!(
        results[0]["locations"][0]["physicalLocation"],
        json!({
            "artifactLocation": { "uri": "roles/payments.yaml", "uriBaseId": "%SRCROOT%" },
            "region": {
                "startLine": 5, "startColumn": 16, "endLine": 5, "endColumn": 19,
                "snippet": { "text": "  max_sts_ttl: 12h" },
            },
        })
    );
    assert_eq!(results[0]["locations"][0]["logicalLocations"][0]["fullyQualifiedName"], "role/app-readonly");
    assert_eq!(results[3].get("locations"), None, "it is about the whole set and has no place");
}

#[test]
fn every_rule_of_the_set_is_described_in_full() {
    let run = run(&Document::from_plan(&unchanged()));
    let described = run["tool"]["driver"]["rules"].as_array().expect("a list");
    assert_eq!(described.len(), rules::all().len());
    for (described, rule) in described.iter().zip(rules::all()) {
        assert_eq!((&described["id"], &described["name"]), (&json!(rule.code), &json!(rule.name)));
        let full = described["fullDescription"]["text"].as_str().expect("text");
        assert!(full != rule.summary && full.chars().count() <= 1_024 && !full.contains('\n'), "{}: {full}", rule.code);
        assert!(described["shortDescription"]["text"].as_str().is_some_and(|text| text.chars().count() <= 1_024));
        assert_eq!(described["help"]["markdown"], rule.page());
        let tags = described["properties"]["tags"].as_array().expect("a list");
        assert!((4..=10).contains(&tags.len()), "{}: {tags:?}: has its hundred no word?", rule.code);
        let severity: f32 =
            described["properties"]["security-severity"].as_str().and_then(|s| s.parse().ok()).expect("a number");
        assert_eq!(severity >= 7.0, rule.level != DomainLevel::Advisory, "{}", rule.code);
    }
}

#[test]
fn a_rule_of_another_version_is_described_as_far_as_it_is_known() {
    let described = |document: &Document| run(document)["tool"]["driver"]["rules"].as_array().map(Vec::len);
    assert_eq!(described(&document()), Some(rules::all().len()));
    let mut foreign = document();
    foreign.findings[0].code = "LH999".into();
    foreign.findings[1].code = "LH999".into();
    assert_eq!(described(&foreign), Some(rules::all().len() + 1));
    let run = run(&foreign);
    let last = run["tool"]["driver"]["rules"].as_array().and_then(|rules| rules.last()).expect("one");
    assert_eq!((&last["id"], last.get("help")), (&json!("LH999"), None));
    assert_eq!(run["results"][1]["ruleIndex"], json!(rules::all().len()));
}

#[test]
fn a_waived_finding_is_suppressed_with_the_waivers_reason_and_no_other_is() {
    let run = run(&document());
    let suppressions: Vec<&Value> =
        run["results"].as_array().expect("a list").iter().map(|r| &r["suppressions"]).collect();
    assert_eq!(
        suppressions,
        [
            &json!([]),
            &json!([]),
            &json!([{
                "kind": "external", "status": "accepted",
                "justification":
                    "the nightly export still needs it (waiver legacy-wildcard, owned by platform, until 2027-01-31)",
            }]),
            &json!([]),
        ]
    );
    let mut old = document();
    old.overview = None;
    assert_eq!(self::run(&old)["results"][2]["suppressions"][0]["justification"], "waiver legacy-wildcard");
}

#[test]
fn unknowns_and_brakes_are_notifications_of_a_run_that_succeeded() {
    let invocation = &run(&document())["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], true);
    let said: Vec<(&Value, &Value, &str)> = invocation["toolExecutionNotifications"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|n| (&n["descriptor"]["id"], &n["level"], n["message"]["text"].as_str().expect("text")))
        .collect();
    assert_eq!(said.len(), 2);
    assert_eq!((said[0].0, said[0].1), (&json!("brake"), &json!("error")));
    assert!(said[0].2.starts_with("too-many-deletes: 6 roles would be deleted"), "{}", said[0].2);
    assert_eq!((said[1].0, said[1].1), (&json!("unknown"), &json!("warning")));
    assert!(said[1].2.contains("access-denied") && said[1].2.ends_with("It concerns app-rw."), "{}", said[1].2);
}

#[test]
fn a_fingerprint_stays_when_lines_move_and_tells_findings_apart() {
    let fingerprints = |document: &Document| -> Vec<Value> {
        let run = run(document);
        let results = run["results"].as_array().expect("a list");
        results.iter().map(|r| r["partialFingerprints"]["leaseholdFinding/v1"].clone()).collect()
    };
    let before = fingerprints(&document());
    let mut moved = document();
    for place in moved.findings.iter_mut().filter_map(|finding| finding.place.as_mut()) {
        place.line += 40;
        place.column += 2;
    }
    moved.findings.swap(0, 2);
    let mut after = fingerprints(&moved);
    after.sort_by_key(ToString::to_string);
    let mut sorted = before.clone();
    sorted.sort_by_key(ToString::to_string);
    assert_eq!(after, sorted);
    sorted.dedup();
    assert_eq!(sorted.len(), before.len(), "alike findings are numbered");
    let mut other = document();
    other.findings[0].message.push('!');
    assert_ne!(fingerprints(&other)[0], before[0]);
}

#[test]
fn what_has_no_room_is_counted_and_the_worst_stays() {
    let document = document();
    let log = log(&document, rules::all(), 2);
    let run = &log["runs"][0];
    let levels: Vec<&str> = run["results"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|r| r["properties"]["leaseholdLevel"].as_str().expect("text"))
        .collect();
    assert_eq!(levels, ["blocking", "hard"]);
    let said = run["invocations"][0]["toolExecutionNotifications"].as_array().and_then(|all| all.last()).expect("one");
    assert_eq!(said["descriptor"]["id"], "left-out");
    assert_eq!(
        said["message"]["text"],
        "2 of 4 findings are left out, 0 of them blocking: code scanning takes 2 results of one run. The JSON form of \
         the plan has all of them."
    );
}

#[test]
fn columns_count_characters_and_a_cut_line_keeps_its_column() {
    let mut document = document();
    let text = format!("{}: 𐐀ü{}", "ä".repeat(5_000), "ö".repeat(5_000));
    document.findings[0].place = Some((&place_in("a b/ü.yaml", &text, "𐐀ü")).into());
    let location = &run(&document)["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(location["artifactLocation"]["uri"], "a%20b/%C3%BC.yaml");
    assert_eq!((&location["region"]["startColumn"], &location["region"]["endColumn"]), (&json!(5_003), &json!(5_005)));
}

#[test]
fn the_same_plan_gives_the_same_bytes() {
    assert_eq!(written(&document()), written(&document()));
    assert_eq!(run(&document())["automationDetails"]["id"], "leasehold/prod/");
}

/// Texts that would do something if a consumer took them for more than text.
const HOSTILE: [&str; 12] = [
    "[click](https://example.com)",
    "![x](https://example.com/x.png)",
    "[x](javascript:alert(1))",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "{0} {1}",
    "\u{1b}[31m\u{202e}\u{200b}\u{0}\u{7f}",
    "\"},\"level\":\"none\",{\"",
    "../../../etc/passwd",
    "file:///etc/passwd",
    "\\[x](y) [a]\n(b) ](",
    "| a | b |\n|---|---|\n# h\n- [ ] task @someone #1",
    "\u{2028}\u{fffe}\u{10ffff}",
];

fn strings<'a>(value: &'a Value, at: &str, found: &mut Vec<(String, &'a str)>) {
    match value {
        Value::String(text) => found.push((at.to_owned(), text)),
        Value::Array(items) => items.iter().for_each(|item| strings(item, at, found)),
        Value::Object(map) => map.iter().for_each(|(key, value)| strings(value, &format!("{at}.{key}"), found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[test]
fn nothing_that_a_manifest_or_aws_says_is_live() {
    for bad in HOSTILE {
        let mut document = document();
        let finding = &mut document.findings[0];
        for text in
            [&mut finding.code, &mut finding.rule, &mut finding.message, &mut finding.label, &mut finding.remedy]
        {
            *text = bad.to_owned();
        }
        finding.role = Some(bad.to_owned());
        let place = finding.place.as_mut().expect("a place");
        (place.path, place.excerpt, place.line, place.column) = (bad.to_owned(), bad.replace('\n', ""), 0, 0);
        document.findings[2].waived_by = Some(bad.to_owned());
        let unknown = &mut document.unknowns[0];
        (unknown.subject, unknown.why, unknown.detail) = (bad.to_owned(), bad.to_owned(), bad.to_owned());
        unknown.roles.push(bad.to_owned());
        let brake = &mut document.brakes[0];
        (brake.name, brake.message, brake.remedy) = (bad.to_owned(), bad.to_owned(), bad.to_owned());
        let overview = document.overview.as_mut().expect("there");
        overview.broker.name = bad.to_owned();
        let waiver = &mut overview.waivers[0];
        (waiver.name, waiver.reason, waiver.owner) = (bad.to_owned(), bad.to_owned(), bad.to_owned());
        (document.hash, document.basis.manifests.commit) = (bad.to_owned(), Some(bad.to_owned()));
        let text = written(&document);
        assert!(!text.chars().any(|c| c != '\n' && is_unsafe(c)), "{bad:?}");
        let log: Value = serde_json::from_str(&text).expect("JSON");
        let mut all = Vec::new();
        strings(&log, "", &mut all);
        assert!(all.iter().any(|(at, _)| at.ends_with(".message.text")));
        for (at, text) in all {
            if at.ends_with(".markdown") {
                let ours = rules::all().iter().any(|rule| rule.page() == text);
                assert!(ours, "{at}: Markdown that is not ours: {text}");
            } else if at.ends_with(".message.text") || at.ends_with(".justification") {
                assert!(!text.contains("](") && !text.replace("{{", "").contains("{0}"), "{at}: {text}");
            } else if at.ends_with(".uri") {
                assert!(!text.starts_with('/') && !text.contains([':', '<', ' ', '"', '\\']), "{at}: {text}");
            }
        }
    }
}

#[test]
fn a_hard_finding_is_never_suppressed() {
    let mut plan = everything();
    plan.report.findings = vec![finding(DomainLevel::Hard, Some("legacy-wildcard"))];
    assert_eq!(run(&Document::from_plan(&plan))["results"][0]["suppressions"], json!([]));
}

#[test]
fn a_result_says_how_it_stands_against_the_base() {
    let mut document = document();
    assert!(
        run(&document)["results"].as_array().expect("a list").iter().all(|it| it["properties"]["judgedBy"].is_null())
    );
    against_base(&mut document);
    let shown = run(&document);
    assert_eq!(
        shown["properties"]["base"],
        json!({ "commit": "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567", "isAncestor": false, "judge": "both" })
    );
    let told =
        |result: &Value| (result["properties"]["newAgainstBase"].clone(), result["properties"]["judgedBy"].clone());
    let of_all = |run: &Value| run["results"].as_array().expect("a list").iter().map(told).collect::<Vec<_>>();
    let expected = [(true, "both"), (false, "base"), (true, "own"), (false, "both")];
    assert_eq!(of_all(&shown), expected.map(|(new, by)| (json!(new), json!(by))));

    // What is left out takes its standing with it.
    let cut = log(&document, rules::all(), 2)["runs"][0].clone();
    assert_eq!(of_all(&cut), [expected[0], expected[3]].map(|(new, by)| (json!(new), json!(by))));
}
