//! What a terminal, a CI system, a forge or a parser makes of what was written.

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag};
use serde_json::Value;

use crate::domain::text::is_unsafe;

/// Neither a terminal nor a CI system that reads a job's log line by line finds anything to obey.
pub(crate) fn assert_inert_lines(written: &str, what: &str) {
    assert_no_unsafe_character(written, what);
    let hashes = |line: &str| {
        line.match_indices("##")
            .any(|(at, _)| line[at + 2..].starts_with(|c: char| c == '[' || c.is_ascii_alphabetic()))
    };
    let command = written.lines().find(|line| line.trim_start().starts_with("::") || hashes(line));
    assert_eq!(command, None, "for {what:?}");
}

fn assert_no_unsafe_character(written: &str, what: &str) {
    let bad: Vec<char> = written.chars().filter(|c| *c != '\n' && is_unsafe(*c)).collect();
    assert!(bad.is_empty(), "{bad:?} came out for {what:?}");
}

/// JSON, harmless as it stands and harmless to show once it is read.
pub(crate) fn assert_inert_json(written: &str, what: &str) -> Value {
    fn walk(value: &Value, what: &str) {
        match value {
            Value::String(text) => assert_no_unsafe_character(text, what),
            Value::Array(list) => list.iter().for_each(|value| walk(value, what)),
            Value::Object(map) => map.iter().for_each(|(key, value)| {
                assert_no_unsafe_character(key, what);
                walk(value, what);
            }),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    assert_inert_lines(written, what);
    let value = serde_json::from_str(written).unwrap_or_else(|error| panic!("{error} for {what:?}"));
    walk(&value, what);
    value
}

/// Well-formed XML 1.0 with these elements and no others.
pub(crate) fn assert_inert_xml(written: &str, elements: &[&str], what: &str) {
    assert_inert_lines(written, what);
    let forbidden = |c: char| matches!(c, '\u{fffe}' | '\u{ffff}') || (c.is_control() && c != '\n');
    assert!(!written.contains(forbidden), "a character that XML forbids, for {what:?}");
    let tree = roxmltree::Document::parse(written).unwrap_or_else(|error| panic!("{error} for {what:?}"));
    for node in tree.descendants() {
        assert!(!node.is_comment() && !node.is_pi(), "{node:?} for {what:?}");
        assert!(!node.is_element() || elements.contains(&node.tag_name().name()), "{node:?} for {what:?}");
    }
}

/// Markdown in which a forge finds nothing to link, to mention, to load or to run outside of code, and no HTML but ours.
/// Answers its structure: the blocks and emphasis, in order.
pub(crate) fn assert_inert_markdown(written: &str, what: &str) -> Vec<String> {
    assert_inert_lines(written, what);
    let mut structure = Vec::new();
    let (mut text, mut html, mut in_block) = (String::new(), String::new(), false);
    for event in Parser::new_ext(written, Options::all() - Options::ENABLE_SMART_PUNCTUATION) {
        if !matches!(event, Event::Text(_)) {
            assert_plain(&std::mem::take(&mut text), what);
        }
        match event {
            Event::Start(tag) => {
                in_block = matches!(tag, Tag::CodeBlock(_));
                if let Tag::CodeBlock(CodeBlockKind::Fenced(language)) = &tag {
                    assert!(["text", "diff", "json", "sh"].contains(&language.as_ref()), "{language} for {what:?}");
                }
                match tag {
                    Tag::Paragraph
                    | Tag::Heading { .. }
                    | Tag::BlockQuote(None)
                    | Tag::CodeBlock(CodeBlockKind::Fenced(_))
                    | Tag::List(None)
                    | Tag::Item
                    | Tag::Strong
                    | Tag::HtmlBlock => structure.push(format!("{tag:?}")),
                    other => panic!("{other:?} for {what:?}"),
                }
            }
            Event::End(_) => in_block = false,
            Event::Text(part) if !in_block => text.push_str(&part),
            Event::Html(part) => html.push_str(&part),
            Event::Text(_) | Event::Code(_) | Event::SoftBreak => {}
            other => panic!("{other:?} for {what:?}"),
        }
    }
    assert_plain(&text, what);
    assert_own_html(&html, what);
    structure
}

/// Words, numbers and the punctuation of our own sentences.
fn assert_plain(text: &str, what: &str) {
    for word in text.split_whitespace() {
        let fine = |c: char| c.is_alphanumeric() || "-'’,.;:?!()×—→…✅❌⚠".contains(c);
        assert!(word.chars().all(fine), "`{word}` is read for {what:?}");
        let core = word.trim_matches(|c: char| !c.is_alphanumeric());
        let reference = core.split_once('-').is_some_and(|(_, after)| after.starts_with(|c: char| c.is_ascii_digit()));
        let hexadecimal = |part: &str| part.len() >= 7 && part.chars().all(|c| c.is_ascii_hexdigit());
        let commit = core.split(|c: char| !c.is_ascii_alphanumeric()).any(hexadecimal);
        let host = core.to_ascii_lowercase().starts_with("www") || core.contains(['.', ':']);
        assert!(!reference && !commit && !host, "`{word}` is a reference for {what:?}");
    }
}

/// Our marker, and folds whose line holds nothing but words and code.
fn assert_own_html(html: &str, what: &str) {
    let mut open = 0;
    for line in html.lines().filter(|line| !line.is_empty()) {
        if line == "</details>" {
            open -= 1;
            assert!(open >= 0, "a fold ends too early for {what:?}");
        } else if let Some(summary) = line.strip_prefix("<details><summary>") {
            open += 1;
            let summary = summary.strip_suffix("</summary>").unwrap_or_else(|| panic!("{line} for {what:?}"));
            for (at, part) in summary.split("<code>").enumerate() {
                let (code, words) = if at == 0 {
                    ("", part)
                } else {
                    part.split_once("</code>").unwrap_or_else(|| panic!("{line} for {what:?}"))
                };
                assert!(!code.contains(['<', '>', '"', '\'']), "{line} for {what:?}");
                assert_plain(words, what);
            }
        } else {
            let name = line.strip_prefix("<!-- leasehold plan ").and_then(|line| line.strip_suffix(" -->"));
            let name = name.unwrap_or_else(|| panic!("{line} for {what:?}"));
            assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.:".contains(c)), "{line} for {what:?}");
            assert!(!name.contains("--"), "{line} for {what:?}");
        }
    }
    assert_eq!(open, 0, "a fold is not closed for {what:?}");
}
