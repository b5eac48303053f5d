use std::collections::BTreeSet;

use serde_json::json;

use super::*;
use crate::domain::document::Document as Json;
use crate::domain::finding::Level;
use crate::domain::text::is_unsafe;
use crate::wire::common_v1::Place;
use crate::wire::plan_v1::samples::{
    against_base, change, everything, finding, first, place_in, text, trust, unchanged,
};
use crate::wire::plan_v1::{Account, Shown, Waiver};

fn page(document: &Document) -> String {
    let mut out = Vec::new();
    plan(document, &mut out).expect("written");
    String::from_utf8(out).expect("text")
}

fn document() -> Document {
    Document::from_plan(&everything())
}

/// What a tag of the page is, beside its text: its name, and the names of its attributes.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Clone)]
struct Tag {
    name: String,
    attributes: Vec<(String, String)>,
}

/// Reads the page as strictly as we write it; anything looser is a panic. Gives tags in order and the text between them.
fn read(html: &str) -> (Vec<Tag>, String) {
    let body = html.strip_prefix("<!doctype html>\n").expect("a doctype");
    let (mut tags, mut text, mut rest) = (Vec::new(), String::new(), body);
    let mut open: Vec<String> = Vec::new();
    while let Some(at) = rest.find('<') {
        let raw = open.last().is_some_and(|name| name == "style");
        assert!(raw || !rest[..at].contains('>'), "a stray > before {:.40}", &rest[at..]);
        text.push_str(&rest[..at]);
        let end = rest[at..].find('>').expect("a tag ends") + at;
        let inner = &rest[at + 1..end];
        assert!(!inner.contains('<'), "{inner}");
        rest = &rest[end + 1..];
        if let Some(name) = inner.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "tags close in order");
            continue;
        }
        let (inner, empty) = inner.strip_suffix('/').map_or((inner, false), |inner| (inner, true));
        let (name, attributes) = inner.split_once(' ').unwrap_or((inner, ""));
        assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()), "{name}");
        let tag = Tag { name: name.to_owned(), attributes: read_attributes(attributes) };
        if !empty && !matches!(name, "meta" | "br") {
            open.push(name.to_owned());
        }
        tags.push(tag);
    }
    assert_eq!((open, rest), (Vec::new(), "\n"));
    (tags, text)
}

fn read_attributes(mut rest: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix("open") {
            found.push(("open".to_owned(), String::new()));
            rest = after.trim_start();
            continue;
        }
        let (name, tail) = rest.split_once("=\"").unwrap_or_else(|| panic!("an attribute: {rest}"));
        let (value, tail) = tail.split_once('"').expect("it ends");
        found.push((name.to_owned(), value.to_owned()));
        rest = tail.trim_start();
    }
    found
}

fn count_of(html: &str, part: &str) -> usize {
    html.matches(part).count()
}

#[test]
fn a_page_is_whole_and_has_its_landmarks() {
    for plan in [unchanged(), first(), everything()] {
        let html = page(&Document::from_plan(&plan));
        let (tags, _) = read(&html);
        let count = |name: &str| tags.iter().filter(|tag| tag.name == name).count();
        for (name, number) in [("header", 1), ("main", 1), ("nav", 1), ("footer", 1), ("h1", 1), ("title", 1)] {
            assert_eq!(count(name), number, "{name}");
        }
        let attribute = |wanted: &str| -> Vec<String> {
            tags.iter()
                .flat_map(|tag| &tag.attributes)
                .filter(|(name, _)| name == wanted)
                .map(|(_, v)| v.clone())
                .collect()
        };
        let ids = attribute("id");
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "ids are unique");
        for link in attribute("href").iter().map(|href| href.strip_prefix('#').expect("within the page")) {
            assert!(ids.iter().any(|id| id == link), "{link}");
        }
        let levels = tags.iter().filter_map(|tag| tag.name.strip_prefix('h').and_then(|n| n.parse::<u8>().ok()));
        let mut before = 0;
        for level in levels {
            assert!(level <= before + 1, "h{before} is followed by h{level}");
            before = level;
        }
    }
}

#[test]
fn nothing_is_loaded_or_run() {
    let html = page(&document());
    assert!(html.contains("content=\"default-src 'none'; style-src 'unsafe-inline'\""));
    let (tags, _) = read(&html);
    for Tag { name, attributes } in tags {
        assert!(
            !["script", "img", "link", "iframe", "object", "form", "base", "use", "image"].contains(&name.as_str())
        );
        for (attribute, value) in attributes {
            assert!(!attribute.starts_with("on") && attribute != "src" && attribute != "style", "{name} {attribute}");
            assert!(!value.contains("://"), "{name} {attribute}={value}");
        }
    }
    for part in ["url(", "@import", "http:", "https:"] {
        assert!(!html.contains(part), "{part}");
    }
}

#[test]
fn everything_of_a_plan_is_on_the_page() {
    let document = document();
    let (_, text) = read(&page(&document));
    for part in [
        "Refused",
        "2 findings block this plan",
        "too-many-deletes",
        "LH103",
        "roles/payments.yaml:5:16",
        "AWS allows 1h",
        "lower it to 1h, or raise MaxSessionDuration",
        "1 finding waived",
        "Waived by legacy-wildcard",
        "VaultRunner",
        "payments 111122223333",
        "ProdAppReadOnly",
        "444455556666",
        "an IAM user for each lease",
        "MaxSessionDuration of ProdAppReadOnly 1h binds",
        "MaxSessionDuration of Other not known",
        "until 2027-01-31",
        "is no longer declared",
        "It can be issued no more.",
        "It does not exist any more.",
        "access-denied",
        "AWS, as seen by",
    ] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
    assert!(text.contains(&document.hash) && !text.contains("To apply exactly this"));
}

#[test]
fn the_verdict_follows_the_plan() {
    let verdict = |plan: &crate::domain::plan::Plan| {
        let html = page(&Document::from_plan(plan));
        let (_, tail) = html.split_once("<h1 class=\"verdict ").expect("one");
        tail.split_once("</h1>").expect("it ends").0.to_owned()
    };
    assert_eq!(verdict(&unchanged()), "fine\">No changes");
    assert_eq!(verdict(&first()), "fine\">Ready");
    assert_eq!(verdict(&everything()), "hard\">Refused");
    let mut braked = unchanged();
    braked.report.brakes = everything().report.brakes;
    assert_eq!(verdict(&braked), "hard\">Refused");
    let mut violated = unchanged();
    violated.report.findings = vec![finding(Level::Hard, None)];
    assert_eq!(verdict(&violated), "advisory\">Violated");
    violated.steps = everything().steps.into_iter().filter(|step| step.role.as_str() == "old").collect();
    assert_eq!(verdict(&violated), "advisory\">With violations");
    assert!(page(&Document::from_plan(&first())).contains("leasehold apply --expect-plan sha256:"));
}

#[test]
fn a_plan_without_an_overview_has_no_map_and_no_bars() {
    let mut old = document();
    old.overview = None;
    let html = page(&old);
    read(&html);
    assert!(
        !html.contains("id=\"map\"")
            && !html.contains("#ttl")
            && html.contains("<title>Refused: leasehold plan</title>")
    );
}

/// Three hundred roles over three accounts, every tenth with a finding.
fn many() -> Document {
    let mut document = document();
    let overview = document.overview.as_mut().expect("there");
    let model = overview.roles[1].clone();
    overview.roles = (0..300)
        .map(|at| {
            let mut role = model.clone();
            role.name = format!("team-{:02}-role-{at:03}", at % 17);
            let account = ["111122223333", "444455556666", "777788889999"][at % 3];
            role.targets.truncate(1);
            role.targets[0].role_arn = format!("arn:aws:iam::{account}:role/team/Target{at}");
            role.targets[0].account = account.to_owned();
            role.findings.hard = u32::from(at % 10 == 0);
            role
        })
        .collect();
    document
}

#[test]
fn of_three_hundred_roles_those_with_findings_are_in_sight_and_the_others_folded() {
    let html = page(&many());
    let (tags, text) = read(&html);
    for at in 0..300 {
        assert!(text.contains(&format!("role-{at:03}")), "{at}");
    }
    assert_eq!(count_of(&html, "<li class=\"node edge hard\">"), 3, "an account is as its worst role");
    assert_eq!(count_of(&html, "<summary>90 roles without findings</summary>"), 3, "{}", tags.len());
    assert!(html.contains("300 roles within every limit"));
    assert!(html.len() < 1_500_000, "{}", html.len());
}

#[test]
fn the_same_plan_gives_the_same_bytes() {
    assert_eq!(page(&document()), page(&document()));
}

/// Texts that would do something if they were more than text.
const HOSTILE: [&str; 16] = [
    "<script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "</title><img src=x onerror=alert(1)>",
    "\"><svg onload=alert(1)>",
    "' onmouseover='alert(1)",
    "--><b>",
    "<!--",
    "]]></svg><script>",
    "javascript:alert(1)",
    "&lt;script&gt;&#60;b&#62;",
    "`</code><script>`",
    "\u{1b}[31m\u{202e}\u{200b}\u{0}\u{7f}\u{feff}",
    "{{constructor.constructor('alert(1)')()}}",
    "url(https://example.com/x)",
    "expression(alert(1)); } * { display: none",
    "\n::error::x\n##[group]y",
];

/// A page that a pipeline prints goes through its log.
#[test]
fn no_line_of_a_page_is_a_command_of_ci() {
    for bad in ["::error::x", "##[group]y", "a ###[group]y", "z\n::error::x\n  ##vso[task.y]"] {
        for line in page(&poisoned(bad)).lines() {
            assert!(!line.trim_start().starts_with("::") && !line.contains("##"), "{bad:?}: {line}");
        }
    }
}

/// A document that says `bad` wherever its types let it.
fn poisoned(bad: &str) -> Document {
    let mut plan = everything();
    let value = || Some(crate::domain::plan::Shown::Document(Json::new(json!({ bad: [bad, trust(&[bad])] }))));
    for step in &mut plan.steps {
        step.effects.push(bad.to_owned());
        step.changes.push(change(bad, text(bad), text(bad)));
        step.changes.push(change(bad, value(), None));
        step.changes.push(change(bad, text(bad), value()));
        step.place = Some(place_in(bad, &format!("k: {bad}x"), "k"));
    }
    let mut document = Document::from_plan(&plan);
    let say = |text: &mut String| bad.clone_into(text);
    say(&mut document.hash);
    say(&mut document.basis.rules);
    document.basis.target = Some(bad.to_owned());
    document.basis.manifests.commit = Some(bad.to_owned());
    say(&mut document.basis.manifests.manifest_digest);
    if let Some(record) = &mut document.basis.record {
        say(&mut record.lineage);
    }
    if let Some(caller) = &mut document.caller {
        [&mut caller.account, &mut caller.arn, &mut caller.user_id].into_iter().for_each(say);
    }
    if let Some(broker) = &mut document.broker {
        say(&mut broker.after.name);
        broker.changes.push(crate::wire::plan_v1::Change {
            field: bad.to_owned(),
            before: Some(Shown::Text(bad.to_owned())),
            after: Some(Shown::Document(json!({ bad: bad }))),
        });
    }
    for step in &mut document.steps {
        say(&mut step.role);
    }
    for finding in &mut document.findings {
        for text in
            [&mut finding.code, &mut finding.rule, &mut finding.message, &mut finding.label, &mut finding.remedy]
        {
            say(text);
        }
        finding.role = Some(bad.to_owned());
        finding.place = Some(Place::from(&place_in(bad, &format!("ä{bad}key: {bad}|{bad}"), "key")));
        finding.waived_by = finding.waived_by.as_ref().map(|_| bad.to_owned());
    }
    for drift in &mut document.drift {
        say(&mut drift.role_arn);
        drift.roles.iter_mut().for_each(say);
    }
    for unknown in &mut document.unknowns {
        [&mut unknown.subject, &mut unknown.why, &mut unknown.detail].into_iter().for_each(say);
        unknown.roles.iter_mut().for_each(say);
    }
    for brake in &mut document.brakes {
        [&mut brake.name, &mut brake.message, &mut brake.remedy].into_iter().for_each(say);
    }
    let overview = document.overview.as_mut().expect("there");
    let broker = &mut overview.broker;
    [&mut broker.name, &mut broker.principal, &mut broker.account].into_iter().for_each(say);
    overview.accounts.push(Account { name: bad.to_owned(), id: bad.to_owned() });
    overview.waivers.push(Waiver {
        name: bad.to_owned(),
        rule: bad.to_owned(),
        reason: bad.to_owned(),
        owner: bad.to_owned(),
        expires: bad.to_owned(),
    });
    for role in &mut overview.roles {
        [&mut role.name, &mut role.credential_type].into_iter().for_each(say);
        role.expires = Some(bad.to_owned());
        for target in &mut role.targets {
            [&mut target.role_arn, &mut target.account].into_iter().for_each(say);
        }
        role.limits.iter_mut().filter_map(|limit| limit.role_arn.as_mut()).for_each(say);
    }
    document
}

#[test]
fn no_hostile_text_is_more_than_text() {
    // A harmless text in the same places shows which tags and attributes are ours.
    let shape = |html: &str| -> Vec<Tag> { read(html).0 };
    let ours: BTreeSet<Tag> = shape(&page(&poisoned("harm`less`"))).into_iter().collect();
    for bad in HOSTILE {
        let html = page(&poisoned(bad));
        let escaped = Text(bad).to_string();
        assert!(html.contains(&escaped), "{bad:?} is shown nowhere");
        assert!(!html.chars().any(|c| c != '\n' && is_unsafe(c)), "{bad:?}");
        assert!(!html.lines().any(|line| line.trim_start().starts_with("::") || line.trim_start().starts_with("##")));
        for tag in shape(&html) {
            assert!(ours.contains(&tag), "{bad:?} made {tag:?}");
        }
    }
}

#[test]
fn each_finding_says_how_it_stands_against_the_base() {
    let mut document = document();
    assert!(!read(&page(&document)).1.contains("the base"));
    against_base(&mut document);
    let (_, text) = read(&page(&document));
    for words in [
        "1 changed role; 2 new findings (1 blocking), 2 there before.",
        "does not contain the base",
        "new, by its own documents alone",
        "in the base as well, by the base",
    ] {
        assert!(text.contains(words), "{words}:\n{text}");
    }
}
