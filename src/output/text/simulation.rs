use std::io::{self, Write};

use super::ink::Ink;
use crate::domain::text::escape;
use crate::output::Style;
use crate::output::inert::Inert;
use crate::wire::simulation_v1::{Document, ElementTrace, Holds, Note, Outcome, StatementTrace, Verdict};

/// Writes each action's verdict with its reason, then how each statement was judged.
pub fn simulation(document: &Document, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let (style, out) = (*style, &mut Inert::new(out));
    let Document { format: _, results, notes } = document;
    for outcome in results {
        outcome_of(outcome, style, out)?;
    }
    for Note { place, policy, statement, text, written } in notes {
        let written = if written.is_empty() { String::new() } else { format!(": {written}") };
        let note = format!("note: {} {policy}: the statement {statement} {text}{written}", place.words());
        write!(out, "{}", style.sentences(0, "", &escape(&note)))?;
    }
    out.flush()
}

fn outcome_of(outcome: &Outcome, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let Outcome { action, verdict, denied_by: _, lacking: _, depends_on: _, lines, caveats, trace } = outcome;
    let (ink, word, lead) = match verdict {
        Verdict::Allowed => (Ink::Green, "allowed", None),
        Verdict::DeniedExplicitly => (Ink::Red, "denied explicitly", Some("because:")),
        Verdict::DeniedImplicitly => (Ink::Red, "denied", Some("because:")),
        Verdict::Depends => (Ink::Yellow, "depends", Some("allowed exactly when:")),
    };
    writeln!(out, "{}: {}", style.ink(Ink::Bold, &escape(action)), style.ink(ink, word))?;
    if let Some(lead) = lead {
        writeln!(out, "  {lead}")?;
    }
    for line in lines {
        writeln!(out, "    {}", style.value(line))?;
    }
    for caveat in caveats {
        write!(out, "{}", style.sentences(2, "but ", &escape(&caveat.text)))?;
    }
    for statement in trace {
        traced(statement, style, out)?;
    }
    writeln!(out)
}

fn traced(trace: &StatementTrace, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let StatementTrace { place, policy, statement, effect, applies, elements } = trace;
    let (ink, applies) = match applies {
        Holds::Yes => (Ink::Plain, "applies"),
        Holds::No => (Ink::Faint, "does not apply"),
        Holds::Unknown => (Ink::Yellow, "may apply"),
    };
    let name = format!("{} {}: {} {}", place.words(), style.value(policy), escape(effect), style.value(statement));
    writeln!(out, "  {name} {}", style.ink(ink, applies))?;
    for ElementTrace { element, wanted, found, holds } in elements {
        let (ink, holds) = match holds {
            Holds::Yes => (Ink::Green, "yes"),
            Holds::No => (Ink::Red, "no "),
            Holds::Unknown => (Ink::Yellow, "?  "),
        };
        let wanted = if wanted.is_empty() { "nothing".to_owned() } else { style.value(wanted) };
        writeln!(out, "    {} {element:9} {wanted}; found: {}", style.ink(ink, holds), style.value(found))?;
    }
    Ok(())
}
