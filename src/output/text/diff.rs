//! Field diffs.

use std::io::{self, Write};

use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use super::ink::Ink;
use crate::domain::text::{escape, escape_lines};
use crate::output::Style;
use crate::wire::json;
use crate::wire::plan_v1::{Change, Shown};

/// Lines shown around each difference of a document.
const CONTEXT: usize = 3;
/// Longest field name that values are aligned after.
const FIELD_MAX: usize = 24;

/// What became of the thing whose fields are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// It is new: what it has now is all there is to say.
    Created,
    /// It was there before, and stays.
    Changed,
    /// It goes: what it had is all there is to say.
    Deleted,
}

/// Writes changes field by field, `indent` columns in.
pub(super) fn changes(changes: &[Change], of: Of, indent: usize, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let longest = changes.iter().map(|change| change.field.chars().count()).filter(|n| *n <= FIELD_MAX).max();
    let column = longest.unwrap_or(0) + 1;
    for change in changes {
        write!(out, "{}", " ".repeat(indent))?;
        let Change { field, before, after } = change;
        let field = format!("{}:", escape(field));
        if only_documents(before, after) {
            writeln!(out, "{field}")?;
            document(before.as_ref().and_then(json_of), after.as_ref().and_then(json_of), indent + 2, style, out)?;
        } else {
            writeln!(out, "{field:column$} {}", values(before.as_ref(), after.as_ref(), of, style))?;
        }
    }
    Ok(())
}

fn only_documents(before: &Option<Shown>, after: &Option<Shown>) -> bool {
    let mut set = before.iter().chain(after).peekable();
    set.peek().is_some() && set.all(|value| json_of(value).is_some())
}

fn values(before: Option<&Shown>, after: Option<&Shown>, of: Of, style: Style) -> String {
    let text = |value: Option<&Shown>| value.map_or_else(|| "(not set)".to_owned(), |value| shown(value, style));
    match (of, before, after) {
        (Of::Created, None, after) => text(after),
        (Of::Deleted, before, None) => text(before),
        (Of::Created | Of::Changed | Of::Deleted, before, after) => {
            let (before, after) = (text(before), text(after));
            format!("{} {} {}", style.ink(Ink::Red, &before), style.arrow(), style.ink(Ink::Green, &after))
        }
    }
}

fn shown(shown: &Shown, style: Style) -> String {
    match shown {
        Shown::Text(text) => style.value(text),
        Shown::Document(value) => style.value(&value.to_string()),
    }
}

fn json_of(shown: &Shown) -> Option<&Value> {
    match shown {
        Shown::Document(value) => Some(value),
        Shown::Text(_) => None,
    }
}

/// A unified diff of two documents' indented canonical JSON; one that is missing counts as empty.
fn document(
    before: Option<&Value>,
    after: Option<&Value>,
    indent: usize,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let text = |value: Option<&Value>| value.map(json::pretty).unwrap_or_default();
    let (before, after) = (text(before), text(after));
    let diff = TextDiff::from_lines(&before, &after);
    let margin = " ".repeat(indent);
    for hunk in diff.unified_diff().context_radius(CONTEXT).iter_hunks() {
        writeln!(out, "{margin}{}", style.ink(Ink::Cyan, &hunk.header().to_string()))?;
        for line in hunk.iter_changes() {
            let (sign, ink) = match line.tag() {
                ChangeTag::Equal => (' ', Ink::Plain),
                ChangeTag::Delete => ('-', Ink::Red),
                ChangeTag::Insert => ('+', Ink::Green),
            };
            let text = escape_lines(line.value().trim_end_matches('\n'));
            writeln!(out, "{margin}{}", style.ink(ink, &format!("{sign}{text}")))?;
        }
    }
    Ok(())
}
