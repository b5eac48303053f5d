//! The reports of whole plans: made from manifests, held against the official schema, written down for the browser.
//!
//! The pages land in `target/tmp/report/`, where `tests/report/screenshot` opens them.

mod example;
mod official_schema;

use std::path::{Path, PathBuf};

use leasehold::output::{html, sarif};
use leasehold::wire::plan_v1::Document;
use serde_json::Value;

/// Texts that would do harm if a page or a viewer took them for more than text.
const HOSTILE: [&str; 10] = [
    "<script>document.title='run'</script><img src=//127.0.0.1/x onerror=alert(1)>",
    "\"></style><svg onload=alert(1)><style>*{background:url(http://127.0.0.1/y)}",
    "[click](https://example.com) ![x](https://example.com/x.png)",
    "' autofocus onfocus='alert(1)",
    "{0} {{1}} {",
    "\u{1b}[31m\u{202e}\u{200b}\u{0}\u{7f}\u{feff}\u{2028}",
    "../../%2e%2e/etc/passwd#?a=b",
    "",
    " ",
    "\u{10ffff}\u{fffe}𐐀e\u{301}日本",
];

fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("report");
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

fn page(document: &Document) -> String {
    let mut out = Vec::new();
    html::plan(document, &mut out).expect("written");
    String::from_utf8(out).expect("UTF-8")
}

fn sarif_of(document: &Document) -> Value {
    let mut out = Vec::new();
    sarif::plan(document, &mut out).expect("written");
    serde_json::from_slice(&out).expect("JSON")
}

/// The document with `bad` for every text that is not a word of the form itself.
fn poisoned(document: &Document, bad: &str) -> Document {
    fn poison(value: &mut Value, key: &str, bad: &str) {
        match value {
            Value::String(text) if !["format", "level", "confidence", "action", "kind", "source"].contains(&key) => {
                bad.clone_into(text);
            }
            Value::Array(items) => items.iter_mut().for_each(|item| poison(item, key, bad)),
            Value::Object(map) => map.iter_mut().for_each(|(key, value)| poison(value, key, bad)),
            Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    let mut json: Value = serde_json::from_str(&document.to_json()).expect("JSON");
    poison(&mut json, "", bad);
    for finding in json["findings"].as_array_mut().expect("a list") {
        // What is underlined lies within the excerpt, as the reader of plans makes sure.
        finding["place"]["underline"] = serde_json::json!({ "start": 0, "end": bad.len() });
    }
    serde_json::from_value(json).expect("still a document")
}

#[test]
fn pages_are_written_for_the_browser() {
    let example = example::plan();
    for (name, document) in [
        ("example", &example),
        ("first", &example::first()),
        ("large", &example::large(300)),
        ("hostile", &poisoned(&example, &HOSTILE[..6].concat())),
    ] {
        let html = page(document);
        assert!(html.len() < 3_000_000, "{name}: {} bytes", html.len());
        std::fs::write(folder().join(format!("{name}.html")), html).expect("written");
    }
}

#[test]
fn the_example_shows_every_part_of_a_page() {
    let document = example::plan();
    assert_eq!(Document::read(&document.to_json()).expect("a sound plan"), document);
    let html = page(&document);
    for id in ["brakes", "findings", "map", "ttl", "changes", "drift", "unknown", "basis"] {
        assert!(html.contains(&format!("<section id=\"{id}\"")), "{id}");
    }
    for account in ["111122223333", "444455556666", "777788889999"] {
        assert!(html.contains(account), "{account}");
    }
    for word in ["hard", "blocking", "advisory", "waived", "fine"] {
        assert!(html.contains(&format!("<span class=\"badge {word}\">{word}</span>")), "{word}");
    }
}

#[test]
fn sarif_holds_to_the_official_schema() {
    let Some(schema) = official_schema::get() else { return };
    let example = example::plan();
    let mut logs = vec![sarif_of(&example), sarif_of(&example::first()), sarif_of(&example::large(300))];
    logs.extend(HOSTILE.iter().map(|bad| sarif_of(&poisoned(&example, bad))));
    for (at, fault) in schema.faults(&logs).iter().enumerate() {
        assert_eq!(*fault, Value::Null, "log {at}");
    }
}

#[test]
fn the_official_schema_tells_good_from_bad() {
    let Some(schema) = official_schema::get() else { return };
    let good = sarif_of(&example::plan());
    let damaged = |pointer: &str, value: Value| {
        let mut log = good.clone();
        *log.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}")) = value;
        log
    };
    let logs = [
        damaged("/version", "2.0.0".into()),
        damaged("/runs/0/results/0/level", "fatal".into()),
        damaged("/runs/0/results/0/message", serde_json::json!({})),
        damaged("/runs/0/results/0/ruleIndex", (-2).into()),
        damaged("/runs/0/results/0/locations/0/physicalLocation/region/startLine", 0.into()),
        damaged("/runs/0/results/0/suppressions", serde_json::json!([{ "kind": "ignored" }])),
        damaged("/runs/0/invocations/0", serde_json::json!({})),
        damaged("/runs/0/columnKind", "bytes".into()),
        damaged("/runs/0/tool/driver/rules/0", serde_json::json!({ "id": "LH101", "surprise": 1 })),
    ];
    for (log, fault) in logs.iter().zip(schema.faults(&logs)) {
        assert!(fault.is_string(), "the schema takes {log:.400}");
    }
}
