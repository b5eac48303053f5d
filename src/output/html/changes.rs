//! What will be written, and what AWS changed behind the record.

use std::io::{self, Write};

use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use super::concerned;
use super::write::{Prose, Text};
use crate::output::count;
use crate::wire::json;
use crate::wire::plan_v1::{Action, BrokerStep, Change, Document, Drift, Shown, Step};

/// Steps up to which all are open to the eye.
const OPEN: usize = 12;
/// Lines shown around each difference of a document.
const CONTEXT: usize = 3;

pub(super) fn section(document: &Document, out: &mut dyn Write) -> io::Result<()> {
    let Document { basis, broker, steps, summary, .. } = document;
    if broker.is_none() && steps.is_empty() {
        let unchanged = count(summary.unchanged, "role");
        return writeln!(out, "<p class=\"lead\">None. The record holds what the manifests declare ({unchanged}).</p>");
    }
    if let Some(BrokerStep { after, changes }) = broker {
        let what = if basis.record.is_none() {
            "will be recorded: this is the first apply"
        } else {
            "will be updated: its document has changed"
        };
        writeln!(out, "<details class=\"card step\" open><summary><span class=\"action update\">broker</span>")?;
        writeln!(out, "<b>{}</b> <span class=\"why\">{what}</span></summary>", Text(&after.name))?;
        fields(changes, out)?;
        writeln!(out, "</details>")?;
    }
    let open = if steps.len() <= OPEN { " open" } else { "" };
    steps.iter().try_for_each(|step| one(step, open, out))
}

fn one(step: &Step, open: &str, out: &mut dyn Write) -> io::Result<()> {
    let Step { role, action, after: _, changes, effects, place } = step;
    let (word, why) = match action {
        Action::Create => ("create", "is not in the record yet"),
        Action::Update => ("update", "its declaration has changed"),
        Action::Refresh => ("refresh", "its declaration is the same, what AWS says or how it is judged is not"),
        Action::Delete => ("delete", "is no longer declared"),
    };
    writeln!(out, "<details class=\"card step\"{open}><summary><span class=\"action {word}\">{word}</span>")?;
    writeln!(out, "<b>{}</b> <span class=\"why\">{why}</span></summary>", Text(role))?;
    if let Some(place) = place {
        writeln!(out, "<p class=\"who\">{}:{}</p>", Text(&place.path), place.line)?;
    }
    if !effects.is_empty() {
        writeln!(out, "<ul class=\"effects\">")?;
        effects.iter().try_for_each(|effect| writeln!(out, "<li>{}</li>", Prose(effect)))?;
        writeln!(out, "</ul>")?;
    }
    fields(changes, out)?;
    writeln!(out, "</details>")
}

pub(super) fn drift(document: &Document, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<p class=\"lead\">AWS is no longer as it was when these roles were applied.</p>")?;
    for Drift { role_arn, roles, gone, changes } in &document.drift {
        writeln!(out, "<article class=\"card edge advisory\">\n<h3 class=\"arn\">{}</h3>", Text(role_arn))?;
        concerned("Issued by", roles, out)?;
        if *gone {
            writeln!(out, "<p><span class=\"badge hard\">gone</span> It does not exist any more.</p>")?;
        }
        fields(changes, out)?;
        writeln!(out, "</article>")?;
    }
    Ok(())
}

fn fields(changes: &[Change], out: &mut dyn Write) -> io::Result<()> {
    if changes.is_empty() {
        return Ok(());
    }
    writeln!(out, "<dl class=\"fields\">")?;
    for Change { field, before, after } in changes {
        writeln!(out, "<dt>{}</dt>", Text(field))?;
        write!(out, "<dd>")?;
        match (before, after) {
            (None, None) => write!(out, "(not set)")?,
            (Some(Shown::Document(before)), Some(Shown::Document(after))) => diff(Some(before), Some(after), out)?,
            (Some(Shown::Document(before)), None) => diff(Some(before), None, out)?,
            (None, Some(Shown::Document(after))) => diff(None, Some(after), out)?,
            (before, after) => values(before.as_ref(), after.as_ref(), out)?,
        }
        writeln!(out, "</dd>")?;
    }
    writeln!(out, "</dl>")
}

fn values(before: Option<&Shown>, after: Option<&Shown>, out: &mut dyn Write) -> io::Result<()> {
    let text = |shown: &Shown| match shown {
        Shown::Text(text) => text.clone(),
        Shown::Document(value) => value.to_string(),
    };
    if let Some(before) = before {
        write!(out, "<del><span class=\"sr\">before: </span>{}</del> ", Text(&text(before)))?;
    }
    if let Some(after) = after {
        write!(out, "<ins><span class=\"sr\">after: </span>{}</ins>", Text(&text(after)))?;
    }
    Ok(())
}

/// A unified diff of two documents' indented canonical JSON; one that is missing counts as empty.
fn diff(before: Option<&Value>, after: Option<&Value>, out: &mut dyn Write) -> io::Result<()> {
    let text = |value: Option<&Value>| value.map(json::pretty).unwrap_or_default();
    let (before, after) = (text(before), text(after));
    let diff = TextDiff::from_lines(&before, &after);
    writeln!(out, "<pre class=\"diff\">")?;
    for hunk in diff.unified_diff().context_radius(CONTEXT).iter_hunks() {
        writeln!(out, "<span class=\"hunk\">{}</span>", hunk.header())?;
        for line in hunk.iter_changes() {
            let text = line.value().trim_end_matches('\n');
            match line.tag() {
                ChangeTag::Equal => writeln!(out, "<span>  {}</span>", Text(text))?,
                ChangeTag::Delete => writeln!(out, "<del>- {}</del>", Text(text))?,
                ChangeTag::Insert => writeln!(out, "<ins>+ {}</ins>", Text(text))?,
            }
        }
    }
    write!(out, "</pre>")
}
