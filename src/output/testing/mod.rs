//! For tests of every format: hostile texts, and a plan that says one of them wherever a plan has a text.

mod hostile;
mod readers;
mod tests;

use serde_json::Value;

pub(crate) use hostile::hostile;
pub(crate) use readers::{assert_inert_json, assert_inert_lines, assert_inert_markdown, assert_inert_xml};

use crate::wire::plan_v1::Document;
use crate::wire::plan_v1::samples::everything;

/// Texts that are no texts: a word of a closed list, which the type would refuse to be anything else.
const WORDS: [&str; 6] = ["action", "confidence", "kind", "level", "source", "type"];

/// A plan with one of everything that says `bad` in every text field and in every key of every map.
pub(crate) fn poisoned(bad: &str) -> Document {
    let mut document = Document::from_plan(&everything());
    document.folder = Some("infra".to_owned());
    let mut value = serde_json::to_value(document).expect("a plan is JSON");
    poison(&mut value, bad);
    serde_json::from_value(value).expect("the words of closed lists are left alone")
}

/// Fields that are maps, with keys of somebody else.
const MAPS: [&str; 6] = ["fingerprints", "facts", "labels", "session_tags", "document", "trust"];

fn poison(value: &mut Value, bad: &str) {
    match value {
        Value::String(text) => bad.clone_into(text),
        Value::Array(list) => list.iter_mut().for_each(|value| poison(value, bad)),
        Value::Object(map) => {
            for (key, value) in map.iter_mut() {
                if MAPS.contains(&key.as_str()) {
                    poison_keys(value, bad);
                }
                if !WORDS.contains(&key.as_str()) || !value.is_string() {
                    poison(value, bad);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The first key becomes `bad`; a second one of that name would replace it, so the others keep a part of their own.
fn poison_keys(value: &mut Value, bad: &str) {
    if let Value::Object(map) = value {
        let old = std::mem::take(map);
        let named = |at: usize| if at == 0 { bad.to_owned() } else { format!("{bad}{at}") };
        map.extend(old.into_iter().enumerate().map(|(at, (_, value))| (named(at), value)));
    }
}
