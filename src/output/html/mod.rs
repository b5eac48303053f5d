//! One self-contained page: no script, no network, nothing that a manifest or AWS says is more than text.
//!
//! It is read on a phone and on a wide screen, in light and in dark, and every colour has a word beside it.

mod changes;
mod findings;
mod frame;
mod map;
mod standing;
#[cfg(test)]
mod tests;
mod ttl;
mod write;

use std::io::{self, Write};

use crate::wire::plan_v1::{Brake, Document, NotKnown};

use write::{Prose, Text};

/// Writes the page of a plan. Same plan, same bytes.
pub fn plan(document: &Document, out: &mut dyn Write) -> io::Result<()> {
    let sections: [(&str, &str, bool, Section); 8] = [
        ("brakes", "Brakes", !document.brakes.is_empty(), brakes),
        ("findings", "Findings", !document.findings.is_empty(), findings::section),
        ("map", "Trust map", document.overview.is_some(), map::section),
        ("ttl", "Lifetimes", document.overview.is_some(), ttl::section),
        ("changes", "Changes", true, changes::section),
        ("drift", "Drift", !document.drift.is_empty(), changes::drift),
        ("unknown", "Not known", !document.unknowns.is_empty(), unknowns),
        ("basis", "What was compared", true, frame::basis),
    ];
    let shown = || sections.iter().filter(|(_, _, shown, _)| *shown);
    frame::begin(document, out)?;
    frame::contents(shown().map(|(id, title, _, _)| (*id, *title)), out)?;
    writeln!(out, "<main id=\"main\">")?;
    for (id, title, _, section) in shown() {
        writeln!(out, "<section id=\"{id}\" aria-labelledby=\"{id}-title\">\n<h2 id=\"{id}-title\">{title}</h2>")?;
        section(document, out)?;
        writeln!(out, "</section>")?;
    }
    writeln!(out, "</main>")?;
    frame::end(out)
}

type Section = fn(&Document, &mut dyn Write) -> io::Result<()>;

fn brakes(document: &Document, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<p class=\"lead\">Nothing of this plan will be applied.</p>")?;
    for Brake { name, message, remedy } in &document.brakes {
        writeln!(out, "<article class=\"card edge hard\">\n<h3>{}</h3>\n<p>{}</p>", Text(name), Prose(message))?;
        writeln!(out, "<p class=\"remedy\"><b>If it is meant</b> {}</p>\n</article>", Prose(remedy))?;
    }
    Ok(())
}

fn unknowns(document: &Document, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<p class=\"lead\">What could not be read is neither allowed nor acted on.</p>")?;
    for NotKnown { subject, roles, why, detail } in &document.unknowns {
        writeln!(out, "<article class=\"card edge advisory\">\n<h3 class=\"arn\">{}</h3>", Text(subject))?;
        writeln!(out, "<p><span class=\"tag\">{}</span> {}</p>", Text(why), Prose(detail))?;
        concerned("It concerns", roles, out)?;
        writeln!(out, "</article>")?;
    }
    Ok(())
}

/// Names of roles after a few words; nothing when there are none.
fn concerned(words: &str, roles: &[String], out: &mut dyn Write) -> io::Result<()> {
    if roles.is_empty() {
        return Ok(());
    }
    write!(out, "<p class=\"who\">{words}")?;
    for role in roles {
        write!(out, " <span class=\"tag\">{}</span>", Text(role))?;
    }
    writeln!(out, "</p>")
}
