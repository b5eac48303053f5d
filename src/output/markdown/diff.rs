//! Field diffs, as the inside of a block of code.

use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use super::inert::fenced;
use super::page::Changes;
use crate::domain::text::{escape, escape_lines, short};
use crate::output::count;
use crate::wire::json;
use crate::wire::plan_v1::{Change, Shown};

/// Lines shown around each difference of a document.
const CONTEXT: usize = 3;
/// Characters of one value at most.
const VALUE_MAX: usize = 400;
/// Characters of one value in a summed diff.
const SUMMED_MAX: usize = 60;

/// A block of code with these changes, empty when there are none.
pub(super) fn block(changes: &[Change], how: Changes) -> String {
    let mut out = String::new();
    for change in changes {
        match how {
            Changes::Whole => whole(change, CONTEXT, &mut out),
            Changes::Differences => whole(change, 0, &mut out),
            Changes::Summed => summed(change, &mut out),
            Changes::Names | Changes::Counts => {}
        }
    }
    match (out.is_empty(), how) {
        (true, _) => String::new(),
        (false, Changes::Summed) => fenced("text", &out),
        (false, _) => fenced("diff", &out),
    }
}

fn whole(change: &Change, context: usize, out: &mut String) {
    let Change { field, before, after } = change;
    if let Some((before, after)) = documents(before.as_ref(), after.as_ref()) {
        out.push_str(&format!("  {}:\n", short(field, VALUE_MAX)));
        let (before, after) = (pretty(before), pretty(after));
        for hunk in TextDiff::from_lines(&before, &after).unified_diff().context_radius(context).iter_hunks() {
            out.push_str(&format!("{}\n", hunk.header()));
            for line in hunk.iter_changes() {
                let text = escape_lines(line.value().trim_end_matches('\n'));
                out.push_str(&format!("{}{text}\n", sign(line.tag())));
            }
        }
        return;
    }
    for (sign, value) in [('-', before), ('+', after)] {
        if let Some(value) = value {
            out.push_str(&format!("{sign} {}: {}\n", short(field, VALUE_MAX), shown(value, VALUE_MAX)));
        }
    }
}

fn summed(change: &Change, out: &mut String) {
    let Change { field, before, after } = change;
    let field = short(field, SUMMED_MAX);
    if let Some((before, after)) = documents(before.as_ref(), after.as_ref()) {
        let (before, after) = (pretty(before), pretty(after));
        let diff = TextDiff::from_lines(&before, &after);
        let lines = |tag| diff.iter_all_changes().filter(|line| line.tag() == tag).count();
        let (gone, new) = (lines(ChangeTag::Delete), lines(ChangeTag::Insert));
        let (gone, new) = (count(gone as u64, "line"), count(new as u64, "line"));
        out.push_str(&format!("{field}: {gone} removed, {new} added\n"));
        return;
    }
    let text = |value: &Option<Shown>| value.as_ref().map(|value| shown(value, SUMMED_MAX));
    match (text(before), text(after)) {
        (Some(before), Some(after)) => out.push_str(&format!("{field}: {before} → {after}\n")),
        (Some(before), None) => out.push_str(&format!("{field}: {before} → (not set)\n")),
        (None, Some(after)) => out.push_str(&format!("{field}: {after}\n")),
        (None, None) => out.push_str(&format!("{field}\n")),
    }
}

fn sign(tag: ChangeTag) -> char {
    match tag {
        ChangeTag::Equal => ' ',
        ChangeTag::Delete => '-',
        ChangeTag::Insert => '+',
    }
}

fn shown(shown: &Shown, max: usize) -> String {
    let text = match shown {
        Shown::Text(text) => escape(text).into_owned(),
        Shown::Document(value) => escape(&value.to_string()).into_owned(),
    };
    let count = text.chars().count();
    if count <= max { text } else { format!("{} ({count} characters)", short(&text, max)) }
}

/// Both values when each that is there is a document, and one is.
fn documents<'a>(
    before: Option<&'a Shown>,
    after: Option<&'a Shown>,
) -> Option<(Option<&'a Value>, Option<&'a Value>)> {
    let document = |shown: Option<&'a Shown>| match shown {
        Some(Shown::Document(value)) => Some(Some(value)),
        Some(Shown::Text(_)) => None,
        None => Some(None),
    };
    let both = (document(before)?, document(after)?);
    (both.0.is_some() || both.1.is_some()).then_some(both)
}

/// A missing document counts as empty.
fn pretty(value: Option<&Value>) -> String {
    value.map(json::pretty).unwrap_or_default()
}
