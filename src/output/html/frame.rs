//! What stands around the sections: the verdict, the counts, the contents, and what was compared.

use std::io::{self, Write};

use super::write::{Prose, Text};
use crate::output::{against_base, count};
use crate::wire::plan_v1::{Document, PrincipalKind, Summary};

const STYLE: &str = include_str!("style.css");

struct Verdict {
    class: &'static str,
    word: &'static str,
    sentence: String,
}

fn verdict(document: &Document) -> Verdict {
    let Summary { changes, blocking, brakes, .. } = document.summary;
    let findings = count(blocking, "finding");
    let (class, word, sentence) = if document.is_refused() {
        let verb = if blocking == 1 { "blocks" } else { "block" };
        ("hard", "Refused", format!("{findings} {verb} this plan. Mend what is named below, then plan again."))
    } else if brakes > 0 {
        ("hard", "Refused", format!("{} this plan.", if brakes == 1 { "A brake refuses" } else { "Brakes refuse" }))
    } else if blocking > 0 && changes {
        let sentence = format!("It can be applied; {findings} will make issue refuse the roles they are about.");
        ("advisory", "With violations", sentence)
    } else if blocking > 0 {
        ("advisory", "Violated", format!("There is nothing to apply, and {findings} will make issue refuse roles."))
    } else if changes {
        ("fine", "Ready", "Nothing blocks this plan. It can be applied as it was reviewed.".to_owned())
    } else {
        ("fine", "No changes", "The record holds what the manifests declare.".to_owned())
    };
    Verdict { class, word, sentence }
}

pub(super) fn begin(document: &Document, out: &mut dyn Write) -> io::Result<()> {
    let Verdict { class, word, sentence } = verdict(document);
    let deployment = document.overview.as_ref().map(|overview| overview.broker.name.as_str());
    let title = deployment.map_or_else(|| "leasehold plan".to_owned(), |name| format!("leasehold plan of {name}"));
    writeln!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{word}: {}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#main\">Skip to the sections</a>",
        Text(&title)
    )?;
    writeln!(out, "<header>\n<p class=\"product\">{}</p>", Text(&title))?;
    writeln!(out, "<h1 class=\"verdict {class}\">{word}</h1>\n<p class=\"lead\">{sentence}</p>")?;
    tiles(&document.summary, out)?;
    writeln!(out, "</header>")
}

fn tiles(summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
    let Summary {
        changes: _,
        create,
        update,
        refresh,
        delete,
        unchanged,
        findings,
        blocking,
        waived,
        unknown,
        drifted,
        brakes,
    } = *summary;
    // The class is for what is not zero.
    let tiles = [
        ("create", create, ""),
        ("update", update, ""),
        ("refresh", refresh, ""),
        ("delete", delete, ""),
        ("unchanged", unchanged, ""),
        ("findings", findings, "advisory"),
        ("blocking", blocking, "hard"),
        ("waived", waived, ""),
        ("not known", unknown, "advisory"),
        ("drifted", drifted, "advisory"),
        ("brakes", brakes, "hard"),
    ];
    writeln!(out, "<dl class=\"tiles\">")?;
    for (word, number, class) in tiles {
        let class = if number == 0 { "zero" } else { class };
        writeln!(out, "<div class=\"{class}\"><dt>{word}</dt><dd>{number}</dd></div>")?;
    }
    writeln!(out, "</dl>")
}

pub(super) fn contents<'a>(sections: impl Iterator<Item = (&'a str, &'a str)>, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "<nav aria-label=\"Sections\"><ul>")?;
    for (id, title) in sections {
        write!(out, "<li><a href=\"#{id}\">{title}</a></li>")?;
    }
    writeln!(out, "</ul></nav>")
}

pub(super) fn basis(document: &Document, out: &mut dyn Write) -> io::Result<()> {
    let basis = &document.basis;
    writeln!(out, "<dl class=\"card facts\">")?;
    let mut fact = |term: &str, text: &str| writeln!(out, "<dt>{term}</dt><dd>{}</dd>", Text(text));
    match &basis.manifests.commit {
        Some(commit) if basis.manifests.dirty => fact("Commit", &format!("{commit}, with local changes"))?,
        Some(commit) => fact("Commit", commit)?,
        None => fact("Commit", "none: files that are in no commit")?,
    }
    match &basis.record {
        Some(record) => fact("Record", &format!("{} of {}", record.serial, record.lineage))?,
        None => fact("Record", "none yet: this is the first apply")?,
    }
    match &document.caller {
        Some(caller) => {
            fact("AWS, as seen by", &caller.arn)?;
            fact("Spent on reading", &count(u64::from(document.calls), "call"))?;
        }
        None => fact("AWS", "not read")?,
    }
    if let Some(overview) = &document.overview {
        let kind = match overview.broker.kind {
            PrincipalKind::Role => "role",
            PrincipalKind::User => "user",
        };
        fact("Broker", &format!("{} (an IAM {kind})", overview.broker.principal))?;
    }
    if let Some(base) = &document.base {
        fact("Pull request", &against_base::numbers(base, document.findings.iter().map(|finding| &finding.blocks)))?;
        fact("Judged by", &against_base::judged_by(base))?;
        if base.is_ancestor == Some(false) {
            fact("Note", against_base::NOT_CONTAINED)?;
        }
    }
    if let Some(target) = &basis.target {
        fact("Only this role", target)?;
    }
    fact("Manifests", &basis.manifests.manifest_digest)?;
    fact("Rules", &basis.rules)?;
    fact("Plan", &document.hash)?;
    writeln!(out, "</dl>")?;
    if document.summary.changes && !document.is_refused() && document.summary.brakes == 0 {
        let command = format!("To apply exactly this: `leasehold apply --expect-plan {}`", document.hash);
        writeln!(out, "<p class=\"remedy\">{}</p>", Prose(&command))?;
    }
    Ok(())
}

pub(super) fn end(out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "<footer><p>Written by leasehold {}. This page loads nothing and holds no credentials.</p></footer>\n\
         </body>\n</html>",
        env!("CARGO_PKG_VERSION")
    )
}
