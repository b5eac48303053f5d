use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::domain::finding;
use crate::domain::rules::Rule;
use crate::domain::text::escape;
use crate::output::sarif::text;
use crate::wire::common_v1::{Confidence, Finding, Level};

/// What a notification of the run can be about.
pub(super) const NOTIFICATIONS: [(&str, &str); 3] = [
    ("brake", "A brake refuses the whole plan."),
    ("unknown", "Something could not be read from AWS: it is neither allowed nor acted on."),
    ("left-out", "Results that had no room in this file."),
];

/// Longest `fullDescription` that code scanning takes, in characters.
const DESCRIPTION_MAX: usize = 1_024;

/// The rules of the set, and those that only this plan's findings know: a plan may come from another version.
pub(super) struct Rules<'a> {
    index: BTreeMap<&'a str, usize>,
    descriptors: Vec<Value>,
}

impl<'a> Rules<'a> {
    pub(super) fn of(set: &'static [&'static Rule], findings: &'a [Finding]) -> Self {
        let mut rules = Self { index: BTreeMap::new(), descriptors: Vec::new() };
        for rule in set {
            rules.add(rule.code, || descriptor(rule));
        }
        for finding in findings {
            rules.add(&finding.code, || foreign(finding));
        }
        rules
    }

    fn add(&mut self, code: &'a str, descriptor: impl FnOnce() -> Value) {
        let next = self.descriptors.len();
        if *self.index.entry(code).or_insert(next) == next {
            self.descriptors.push(descriptor());
        }
    }

    pub(super) fn index(&self, code: &str) -> Option<usize> {
        self.index.get(code).copied()
    }

    pub(super) fn driver(&self) -> Value {
        let notifications: Vec<Value> = NOTIFICATIONS
            .iter()
            .map(|(id, summary)| json!({ "id": id, "shortDescription": { "text": summary } }))
            .collect();
        let mut driver = json!({
            "name": "leasehold",
            "version": env!("CARGO_PKG_VERSION"),
            "semanticVersion": env!("CARGO_PKG_VERSION"),
            "rules": self.descriptors,
            "notifications": notifications,
        });
        let home = env!("CARGO_PKG_REPOSITORY");
        if !home.is_empty() {
            driver["informationUri"] = json!(home);
        }
        driver
    }
}

fn descriptor(rule: &Rule) -> Value {
    let page = rule.page();
    json!({
        "id": rule.code,
        "name": rule.name,
        "shortDescription": { "text": rule.summary },
        "fullDescription": { "text": description(&page).unwrap_or_else(|| rule.summary.to_owned()) },
        "help": { "text": page, "markdown": page },
        "defaultConfiguration": { "level": super::severity(level(rule.level)) },
        "properties": {
            "security-severity": security_severity(level(rule.level)),
            "precision": precision(match rule.confidence {
                finding::Confidence::Certain => Confidence::Certain,
                finding::Confidence::Strict => Confidence::Strict,
            }),
            "tags": tags(rule.code),
        },
    })
}

/// All that is known of a rule that is not in the set. Its texts come with the plan, so none is Markdown.
fn foreign(finding: &Finding) -> Value {
    let Finding { code, rule, level, confidence, .. } = finding;
    json!({
        "id": escape(code),
        "name": escape(rule),
        "shortDescription": { "text": text::plain(rule) },
        "defaultConfiguration": { "level": super::severity(*level) },
        "properties": {
            "security-severity": security_severity(*level),
            "precision": precision(*confidence),
            "tags": tags(code),
        },
    })
}

fn level(level: finding::Level) -> Level {
    level.into()
}

/// What the page says under its first heading, on one line.
fn description(page: &str) -> Option<String> {
    let (_, body) = page.split_once("\n## What it does\n")?;
    let body = body.split("\n## ").next()?;
    let words: Vec<&str> = body.split_whitespace().collect();
    let whole = words.join(" ");
    if whole.chars().count() <= DESCRIPTION_MAX {
        return Some(whole);
    }
    Some(whole.chars().take(DESCRIPTION_MAX - 1).chain(['…']).collect())
}

/// Not a measured score: what stops `apply` is "high" in code scanning's words, and what does not is "medium".
fn security_severity(level: Level) -> &'static str {
    match level {
        Level::Hard => "8.0",
        Level::Blocking => "7.0",
        Level::Advisory => "4.0",
    }
}

fn precision(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Certain => "very-high",
        Confidence::Strict => "high",
    }
}

/// `security`, without which code scanning does not look at the severity, and what the rule's hundred is about.
fn tags(code: &str) -> Vec<&'static str> {
    let about = match code.strip_prefix("LH").and_then(|number| number.chars().next()) {
        Some('1') => Some("ttl"),
        Some('2') => Some("trust-policy"),
        Some('3') => Some("existence"),
        Some('4') => Some("iam-user"),
        Some('5') => Some("lifecycle"),
        Some('6') => Some("waiver"),
        Some(_) | None => None,
    };
    ["security", "aws", "iam"].into_iter().chain(about).collect()
}
