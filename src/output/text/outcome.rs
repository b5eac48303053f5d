use std::io::{self, Write};

use super::ink::Ink;
use crate::domain::admission::TRUST_POLICY;
use crate::domain::text::escape;
use crate::output::Style;
use crate::wire::common_v1::{
    CaveatKind, ElementTrace, Holds, Outcome, PolicyPlace, StatementRef, StatementTrace, Verdict,
};

/// Writes what AWS would answer to one action: the verdict with its reason, then each statement as it was judged.
pub(super) fn write(
    outcome: &Outcome,
    nearest: &[StatementTrace],
    indent: usize,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let Outcome { action, verdict, denied_by, lacking: _, depends_on: _, lines, caveats, trace } = outcome;
    let (word, ink) = match verdict {
        Verdict::Allowed => ("allowed", Ink::Green),
        Verdict::DeniedExplicitly | Verdict::DeniedImplicitly => ("denied", Ink::Red),
        Verdict::Depends => ("depends", Ink::Yellow),
    };
    let pad = " ".repeat(indent);
    writeln!(out, "{pad}{} {}", style.ink(Ink::Bold, &escape(action)), style.ink(ink, word))?;
    let mut sentence = |text: &str| write!(out, "{}", style.sentences(indent + 2, "", text));
    match (verdict, denied_by) {
        (Verdict::DeniedExplicitly, Some(StatementRef { place, policy, statement })) => {
            sentence(&format!(
                "Statement `{statement}` of the {} denies it, and a deny wins.",
                called(*place, policy)
            ))?;
        }
        (Verdict::Depends, _) => {
            sentence("It is allowed exactly when this holds:")?;
            for line in lines {
                let text = line.trim_start();
                write!(out, "{}", style.sentences(indent + 4 + line.len() - text.len(), "", text))?;
            }
        }
        (Verdict::Allowed | Verdict::DeniedExplicitly | Verdict::DeniedImplicitly, _) => {
            lines.iter().try_for_each(|line| sentence(&format!("{}.", capital(line))))?;
        }
    }
    for statement in nearest {
        let StatementTrace { place, policy, statement, .. } = statement;
        let text = format!("Nearest to allowing it: `{statement}` of the {}.", called(*place, policy));
        write!(out, "{}", style.sentences(indent + 2, "", &text))?;
    }
    let mut above = None;
    for traced in trace {
        let of = (traced.place, &traced.policy);
        if above != Some(of) {
            writeln!(out, "{pad}  {}", style.value(&called(traced.place, &traced.policy)))?;
            above = Some(of);
        }
        statement(traced, indent + 4, style, out)?;
    }
    let unread = caveats.iter().filter(|caveat| caveat.kind == CaveatKind::SubjectTo);
    let unread: Vec<&str> = unread.map(|caveat| caveat.place.words()).collect();
    if !unread.is_empty() {
        let text = format!("Not read, and could still deny: {}.", unread.join(", "));
        write!(out, "{}", style.sentences(indent + 2, "", &text))?;
    }
    for caveat in caveats.iter().filter(|caveat| caveat.kind == CaveatKind::StrictReading) {
        write!(out, "{}", style.sentences(indent + 2, "", &format!("{}.", capital(&caveat.text))))?;
    }
    Ok(())
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// A trust policy is the resource policy of a role, and that is what its name says already.
fn called(place: PolicyPlace, policy: &str) -> String {
    if policy == TRUST_POLICY { policy.to_owned() } else { format!("{} {policy}", place.words()) }
}

fn statement(trace: &StatementTrace, indent: usize, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let StatementTrace { place: _, policy: _, statement, effect, applies, elements } = trace;
    let said = match applies {
        Holds::Yes => "applies",
        Holds::No => "does not apply",
        Holds::Unknown => "may apply",
    };
    let head = format!("{} {} {} {said}", mark(*applies, style), escape(effect), style.value(statement));
    writeln!(out, "{}{}", " ".repeat(indent), style.ink(shade(*applies), &head))?;
    for ElementTrace { element, holds, wanted, found } in elements {
        let wanted = if wanted.is_empty() { "nothing".to_owned() } else { style.value(wanted) };
        let found = style.value(found);
        let text = match holds {
            Holds::Yes => format!("{element}: {wanted}"),
            Holds::No | Holds::Unknown if element == "Condition" => format!("{element}: wanted {wanted}; {found}"),
            Holds::No | Holds::Unknown => format!("{element}: wanted {wanted}; the request has {found}"),
        };
        write!(out, "{}", style.sentences(indent + 2, &format!("{} ", mark(*holds, style)), &text))?;
    }
    Ok(())
}

fn mark(holds: Holds, style: Style) -> &'static str {
    match (holds, style.unicode) {
        (Holds::Yes, true) => "✓",
        (Holds::Yes, false) => "+",
        (Holds::No, true) => "✗",
        (Holds::No, false) => "x",
        (Holds::Unknown, _) => "?",
    }
}

fn shade(holds: Holds) -> Ink {
    match holds {
        Holds::Yes => Ink::Green,
        Holds::No => Ink::Faint,
        Holds::Unknown => Ink::Yellow,
    }
}
