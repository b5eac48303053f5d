use std::io::{self, Write};

use super::ink::{Ink, count};
use super::plan::{broker_step, drifted, heading, manifests, not_known, role_step};
use crate::domain::text::escape;
use crate::output::Style;
use crate::output::inert::Inert;
use crate::wire::drift_v1::{Document, Pending, Summary};

/// Writes what changed since the last apply: in AWS first, then how it is judged, what could not be read, what is
/// pending in git, and one summary line.
pub fn drift(document: &Document, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let (style, out) = (*style, &mut Inert::new(out));
    let Document { format: _, record, manifests: basis, caller, drift, rejudged, unknowns, pending, calls, summary } =
        document;
    let Summary { recorded, drifted: of_drift, unknown, rejudged: of_rejudged, pending: of_pending } = summary;
    let serial = record.serial;
    if !drift.is_empty() {
        heading("Drift: AWS is no longer as it was when these roles were applied.", style, out)?;
        drift.iter().try_for_each(|drift| drifted(drift, style, out))?;
    } else if unknowns.is_empty() {
        let text =
            format!("No drift. AWS is as it was when serial {serial} was applied ({}).", count(*recorded, "live role"));
        writeln!(out, "{}\n", style.ink(Ink::Bold, &text))?;
    }
    if !unknowns.is_empty() {
        heading("Not known: what could not be read may have drifted.", style, out)?;
        unknowns.iter().try_for_each(|unknown| not_known(unknown, style, out))?;
    }
    if !rejudged.is_empty() {
        heading(
            "Judged otherwise than when it was applied, which is no drift: the next apply records it.",
            style,
            out,
        )?;
        rejudged.iter().try_for_each(|step| role_step(step, style, out))?;
    }
    let Pending { broker, steps } = pending;
    if *of_pending > 0 {
        heading("Pending in git, which is no drift: the next apply records it.", style, out)?;
        broker.iter().try_for_each(|step| broker_step(step, false, style, out))?;
        steps.iter().try_for_each(|step| role_step(step, style, out))?;
    }
    let world = match caller {
        Some(caller) => format!("AWS as {} sees it ({})", escape(&caller.arn), count(u64::from(*calls), "call")),
        None => "AWS not read".to_owned(),
    };
    let compared = format!("record {serial}; {world}; {}.", manifests(basis));
    writeln!(out, "{}", style.ink(Ink::Faint, style.sentences(0, "Compared: ", &compared).trim_end()))?;
    let summary = format!(
        "Drift: {of_drift} of {} drifted, {unknown} unknown; {of_rejudged} judged otherwise; {of_pending} pending in git.",
        count(*recorded, "live role")
    );
    writeln!(out, "{}", style.ink(Ink::Bold, &summary))?;
    if drift.is_empty() {
        return Ok(());
    }
    let next =
        "Next: put AWS back, or review what it says now with `leasehold plan` and record it with `leasehold apply`.";
    write!(out, "{}", style.sentences(0, "", next))
}
