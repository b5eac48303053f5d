use std::collections::BTreeMap;
use std::io::{self, Write};

use super::standing::Standing;
use super::write::{Prose, Text};
use crate::domain::rules;
use crate::output::{against_base, count};
use crate::wire::common_v1::{Confidence, Finding, Place};
use crate::wire::plan_v1::Document;

/// Findings of one rule that are open to the eye; the others are folded below them.
const OPEN: usize = 5;

/// A finding, and how it stands against the base of a pull request.
struct Seen<'a> {
    finding: &'a Finding,
    against_base: Option<&'static str>,
}

/// Findings by rule, the worst first; what is waived is folded at the end.
pub(super) fn section(document: &Document, out: &mut dyn Write) -> io::Result<()> {
    let mut groups: BTreeMap<(Standing, &str), Vec<Seen<'_>>> = BTreeMap::new();
    for (at, finding) in document.findings.iter().enumerate() {
        let seen = Seen { finding, against_base: against_base::standing(document, at) };
        groups.entry((Standing::of_finding(finding), &finding.code)).or_default().push(seen);
    }
    let waived: Vec<_> = groups.iter().filter(|((standing, _), _)| *standing == Standing::Waived).collect();
    for ((standing, _), findings) in groups.iter().filter(|((standing, _), _)| *standing != Standing::Waived) {
        group(*standing, findings, out)?;
    }
    if !waived.is_empty() {
        let number = waived.iter().map(|(_, findings)| findings.len() as u64).sum();
        writeln!(out, "<details class=\"fold\"><summary>{} waived</summary>", count(number, "finding"))?;
        for ((standing, _), findings) in waived {
            group(*standing, findings, out)?;
        }
        writeln!(out, "</details>")?;
    }
    Ok(())
}

fn group(standing: Standing, findings: &[Seen<'_>], out: &mut dyn Write) -> io::Result<()> {
    let Some(Seen { finding: Finding { code, rule, confidence, .. }, .. }) = findings.first() else { return Ok(()) };
    writeln!(out, "<div class=\"card edge {}\">", standing.word())?;
    writeln!(out, "<h3>{standing} <span class=\"code\">{}</span> {}</h3>", Text(code), Text(rule))?;
    let summary = rules::find(code).map(|rule| rule.summary).unwrap_or_default();
    let strict = match confidence {
        Confidence::Strict => " By the stricter reading of what AWS documents.",
        Confidence::Certain => "",
    };
    if !summary.is_empty() || !strict.is_empty() {
        writeln!(out, "<p class=\"lead\">{}{strict}</p>", Prose(summary))?;
    }
    let (open, folded) = findings.split_at(findings.len().min(OPEN));
    open.iter().try_for_each(|finding| one(finding, out))?;
    if !folded.is_empty() {
        writeln!(out, "<details class=\"fold\"><summary>{} more of this rule</summary>", folded.len())?;
        folded.iter().try_for_each(|finding| one(finding, out))?;
        writeln!(out, "</details>")?;
    }
    writeln!(out, "</div>")
}

fn one(seen: &Seen<'_>, out: &mut dyn Write) -> io::Result<()> {
    let Finding {
        code: _,
        rule: _,
        level: _,
        confidence: _,
        blocks: _,
        role,
        message,
        label,
        place,
        remedy,
        waived_by,
    } = seen.finding;
    writeln!(out, "<article class=\"finding\">")?;
    match role {
        Some(role) => writeln!(out, "<h4>{}</h4>", Text(role))?,
        None => writeln!(out, "<h4>the whole set</h4>")?,
    }
    if let Some(words) = seen.against_base {
        writeln!(out, "<p class=\"who\"><span class=\"tag\">{words}</span></p>")?;
    }
    writeln!(out, "<p>{}</p>", Prose(message))?;
    if let Some(place) = place {
        excerpt(place, label, out)?;
    }
    if !remedy.is_empty() {
        writeln!(out, "<p class=\"remedy\"><b>To mend it</b> {}</p>", Prose(remedy))?;
    }
    if let Some(waiver) = waived_by {
        writeln!(out, "<p class=\"who\">Waived by <span class=\"tag\">{}</span></p>", Text(waiver))?;
    }
    writeln!(out, "</article>")
}

fn excerpt(place: &Place, label: &str, out: &mut dyn Write) -> io::Result<()> {
    let Place { path, line, column, excerpt, underline } = place;
    let part = |from: usize, to: usize| excerpt.get(from..to).unwrap_or_default();
    writeln!(out, "<figure class=\"source\"><figcaption>{}:{line}:{column}</figcaption>", Text(path))?;
    write!(
        out,
        "<pre><span class=\"number\">{line}</span> {}<mark>{}</mark>{}",
        Text(part(0, underline.start)),
        Text(part(underline.start, underline.end)),
        Text(part(underline.end, excerpt.len()))
    )?;
    if !label.is_empty() {
        write!(out, " <span class=\"label\">← {}</span>", Text(label))?;
    }
    writeln!(out, "</pre></figure>")
}
