use std::io::{self, Write};

use super::outcome;
use crate::domain::text::escape;
use crate::output::Style;
use crate::output::inert::Inert;
use crate::wire::simulation_v1::{Document, Note};

/// Writes each action's verdict with its reason, then how each statement was judged.
pub fn simulation(document: &Document, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let (style, out) = (*style, &mut Inert::new(out));
    let Document { format: _, results, notes } = document;
    for outcome in results {
        outcome::write(outcome, &[], 0, style, out)?;
        writeln!(out)?;
    }
    for Note { place, policy, statement, text, written } in notes {
        let written = if written.is_empty() { String::new() } else { format!(": {written}") };
        let note = format!("note: {} {policy}: the statement {statement} {text}{written}", place.words());
        write!(out, "{}", style.sentences(0, "", &escape(&note)))?;
    }
    out.flush()
}
