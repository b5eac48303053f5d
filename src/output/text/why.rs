use std::io::{self, Write};

use super::ink::{Ink, count};
use super::problem;
use crate::domain::text::escape;
use crate::domain::ttl::Ttl;
use crate::output::Style;
use crate::output::inert::Inert;
use crate::wire::common_v1::{ElementTrace, StatementTrace, Truth, Verdict};
use crate::wire::why_v1::{Action, Document, Limit, Recorded, Way};

/// Writes why one role may or may not be issued: the answer first, then every limit and every statement behind it.
pub fn why(document: &Document, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let (style, out) = (*style, &mut Inert::new(out));
    let Document { format: _, role, credential_type, answer, obstacles, declared, recorded, ways, findings, .. } =
        document;
    let title = format!("{} ({}): {}", escape(role), escape(credential_type), meaning(answer));
    writeln!(out, "{}", style.ink(ink(answer), &title))?;
    for obstacle in obstacles {
        write!(out, "{}", style.sentences(2, "- ", obstacle))?;
    }
    if !declared {
        write!(out, "{}", style.sentences(2, "- ", "git no longer declares it: this is what the record holds."))?;
    }
    if let Some(Recorded { serial, differs: true, .. }) = recorded.as_ref().filter(|_| *declared) {
        let text =
            format!("record {serial} holds another form of it, and `issue` goes by that one until the next apply.");
        write!(out, "{}", style.sentences(2, "- ", &text))?;
    }
    if credential_type == "iam_user" {
        let text = "it is issued by calls to IAM instead of one request to STS: `leasehold policy broker` prints the \
                    rights that they need.";
        write!(out, "{}", style.sentences(2, "- ", text))?;
    }
    for one in ways {
        way(one, document, style, out)?;
    }
    if !findings.is_empty() {
        writeln!(out, "\n{}\n", style.ink(Ink::Bold, "Findings"))?;
        problem::findings(findings, style, out)?;
    }
    Ok(())
}

fn meaning(answer: &str) -> &'static str {
    match answer {
        "yes" => "it is issued",
        "depends" => "it hangs on what is not known yet",
        _ => "it is not issued",
    }
}

fn ink(answer: &str) -> Ink {
    match answer {
        "yes" => Ink::Green,
        "depends" => Ink::Yellow,
        _ => Ink::Red,
    }
}

fn way(way: &Way, document: &Document, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let Way { role_arn, live, detail, answer, actions, limits } = way;
    let through = match role_arn {
        Some(arn) => format!("Through {}", escape(arn)),
        None => format!("By {}", actions.first().map_or("", |action| action.action.as_str())),
    };
    writeln!(out, "\n{}", style.ink(Ink::Bold, &through))?;
    match live.as_deref() {
        Some("absent") => writeln!(out, "  {}", style.ink(Ink::Red, "AWS says that there is no such role."))?,
        Some("present") | None => {}
        Some(why) => {
            let text = format!("It could not be read ({why}): {}", detail.as_deref().unwrap_or_default());
            write!(out, "{}", style.sentences(2, "", &text))?;
        }
    }
    if live.is_some() && answer != "yes" && live.as_deref() == Some("present") {
        let text = format!("AWS's answer: {}", if answer == "no" { "refused" } else { "depends" });
        writeln!(out, "  {}", style.ink(ink(answer), &text))?;
    }
    let default = ttl(document.default_ttl_seconds);
    writeln!(out, "\n  Lifetime: {default} unless another is asked for. Its limits, tightest first:")?;
    for Limit { source, seconds, binds } in limits {
        let mark = if *binds { " (binds)" } else { "" };
        writeln!(out, "    {:>8}  {}{mark}", ttl(*seconds), escape(source))?;
    }
    for one in actions {
        action(one, style, out)?;
    }
    Ok(())
}

fn ttl(seconds: u32) -> String {
    Ttl::from_seconds(seconds).map_or_else(|| "0s".to_owned(), |ttl| ttl.to_string())
}

fn action(action: &Action, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let Action { action, verdict, not_read, strict, nearest, statements } = action;
    let (word, ink) = match verdict {
        Verdict::Allowed => ("allowed", Ink::Green),
        Verdict::DeniedExplicitly { .. } | Verdict::DeniedImplicitly { .. } => ("denied", Ink::Red),
        Verdict::Depends { .. } => ("depends", Ink::Yellow),
    };
    writeln!(out, "\n  {} {}", style.ink(Ink::Bold, &escape(action)), style.ink(ink, word))?;
    match verdict {
        Verdict::Allowed => {}
        Verdict::DeniedExplicitly { place, policy, statement } => {
            let text = format!("Statement `{statement}` of the {} denies it, and a deny wins.", called(place, policy));
            write!(out, "{}", style.sentences(4, "", &text))?;
        }
        Verdict::DeniedImplicitly { lacking } if lacking.is_empty() => {
            let text = "No request can satisfy all that must allow it together.";
            write!(out, "{}", style.sentences(4, "", text))?;
        }
        Verdict::DeniedImplicitly { lacking } => {
            let text = format!("Nothing allows it in the {}.", lacking.join(", nor in the "));
            write!(out, "{}", style.sentences(4, "", &text))?;
        }
        Verdict::Depends { lines, .. } => {
            writeln!(out, "    It is allowed exactly when this holds:")?;
            for line in lines {
                let text = line.trim_start();
                write!(out, "{}", style.sentences(6 + line.len() - text.len(), "", text))?;
            }
        }
    }
    for statement in nearest {
        let text = format!("Nearest to allowing it: `{}` of the {}.", statement.statement, of(statement));
        write!(out, "{}", style.sentences(4, "", &text))?;
    }
    let mut policy = None;
    for trace in statements {
        let named = (&trace.place, &trace.policy);
        if policy != Some(named) {
            writeln!(out, "    {}", style.value(&of(trace)))?;
            policy = Some(named);
        }
        statement(trace, style, out)?;
    }
    if !not_read.is_empty() {
        let text = format!("Not read, and could still deny: {}.", not_read.join(", "));
        write!(out, "{}", style.sentences(4, "", &text))?;
    }
    for place in strict {
        let text = format!("AWS's pages differ on whether the {place} counts here; it is taken to.");
        write!(out, "{}", style.sentences(4, "", &text))?;
    }
    Ok(())
}

fn of(trace: &StatementTrace) -> String {
    called(&trace.place, &trace.policy)
}

/// A trust policy is the resource policy of a role, and that is what its name says already.
fn called(place: &str, policy: &str) -> String {
    if place == "resource policy" { policy.to_owned() } else { format!("{place} {policy}") }
}

fn statement(trace: &StatementTrace, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let StatementTrace { statement, effect, applies, elements, .. } = trace;
    let said = match applies {
        Truth::True => "applies",
        Truth::False => "does not apply",
        Truth::Unknown => "may apply",
    };
    let head = format!("{} {effect} {} {said}", mark(*applies, style), escape(statement));
    writeln!(out, "      {}", style.ink(shade(*applies), &head))?;
    for ElementTrace { element, holds, wanted, found } in elements {
        let text = match holds {
            Truth::True => format!("{element}: {wanted}"),
            Truth::False | Truth::Unknown if element == "Condition" => format!("{element}: wanted {wanted}; {found}"),
            Truth::False | Truth::Unknown => format!("{element}: wanted {wanted}; the request has {found}"),
        };
        write!(out, "{}", style.sentences(8, &format!("{} ", mark(*holds, style)), &cut(&text)))?;
    }
    Ok(())
}

/// A policy may list thousands of entries; the JSON form has them all.
fn cut(text: &str) -> String {
    const MOST: usize = 600;
    let count = text.chars().count();
    if count <= MOST {
        return text.to_owned();
    }
    let head: String = text.chars().take(MOST).collect();
    format!("{head}… ({} in all)", count_of(count))
}

fn count_of(characters: usize) -> String {
    count(characters as u64, "character")
}

fn mark(truth: Truth, style: Style) -> &'static str {
    match (truth, style.unicode) {
        (Truth::True, true) => "✓",
        (Truth::True, false) => "+",
        (Truth::False, true) => "✗",
        (Truth::False, false) => "x",
        (Truth::Unknown, _) => "?",
    }
}

fn shade(truth: Truth) -> Ink {
    match truth {
        Truth::True => Ink::Green,
        Truth::False => Ink::Faint,
        Truth::Unknown => Ink::Yellow,
    }
}
