use std::io::{self, Write};

use super::ink::Ink;
use super::{outcome, problem};
use crate::domain::text::escape;
use crate::domain::ttl::Ttl;
use crate::output::Style;
use crate::output::inert::Inert;
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
        None => format!("By {}", actions.first().map_or("", |action| action.outcome.action.as_str())),
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
    for Action { outcome, nearest } in actions {
        writeln!(out)?;
        outcome::write(outcome, nearest, 2, style, out)?;
    }
    Ok(())
}

fn ttl(seconds: u32) -> String {
    Ttl::from_seconds(seconds).map_or_else(|| "0s".to_owned(), |ttl| ttl.to_string())
}
