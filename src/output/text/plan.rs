use std::io::{self, Write};

use super::base;
use super::diff::{self, Of};
use super::ink::{Ink, count, list};
use super::problem;
use crate::domain::text::escape;
use crate::output::Style;
use crate::output::inert::Inert;
use crate::output::verdict::{Verdict, summary};
use crate::wire::common_v1::Basis;
use crate::wire::plan_v1::{Action, Brake, BrokerStep, Document, Drift, NotKnown, Step, Summary};

/// Writes a plan in this order: drift, one block for each role and for the Broker document, findings, what could not be
/// known, brakes, one summary line of stable shape, and the next step. `options` are those that this step needs, beside
/// the target and the hash, to come to the same plan: `--dir prod`, as a shell reads them.
pub fn plan(document: &Document, options: &[String], style: &Style, out: &mut dyn Write) -> io::Result<()> {
    plan_in_hand(document, style, out)?;
    writeln!(Inert::new(out), "Next: {}", next(document, options))
}

/// [`plan`] without the next step, for the command that takes it.
pub fn plan_in_hand(document: &Document, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let (style, out) = (*style, &mut Inert::new(out));
    let Document { format: _, hash: _, basis, broker, steps, caller: _, drift, findings, unknowns, brakes, .. } =
        document;
    if let Some(against) = &document.base {
        base::changes(against, style, out)?;
    }
    if !drift.is_empty() {
        heading("Drift: AWS is no longer as it was when these roles were applied.", style, out)?;
        for drift in drift {
            drifted(drift, style, out)?;
        }
    }
    if document.summary.changes {
        heading("Changes:", style, out)?;
        if let Some(step) = broker {
            broker_step(step, basis.record.is_none(), style, out)?;
        }
        for step in steps {
            role_step(step, style, out)?;
        }
    } else {
        let unchanged = count(document.summary.unchanged, "role");
        let text = format!("No changes. The record holds what the manifests declare ({unchanged}).");
        writeln!(out, "{}\n", style.ink(Ink::Bold, &text))?;
    }
    match &document.base {
        Some(against) => base::findings(findings, against, style, out)?,
        None if findings.is_empty() => {}
        None => {
            heading("Findings:", style, out)?;
            problem::findings(findings, style, out)?;
            writeln!(out)?;
        }
    }
    if !unknowns.is_empty() {
        heading("Not known, and so neither allowed nor acted on:", style, out)?;
        for unknown in unknowns {
            not_known(unknown, style, out)?;
        }
    }
    if !brakes.is_empty() {
        heading("Brakes: nothing of this plan will be applied.", style, out)?;
        for brake in brakes {
            braked(brake, style, out)?;
        }
    }
    let compared = style.sentences(0, "Compared: ", &origin(document));
    writeln!(out, "{}", style.ink(Ink::Faint, compared.trim_end()))?;
    if let Some(against) = &document.base {
        base::judge(findings, against, style, out)?;
    }
    writeln!(out, "{}", style.ink(Ink::Bold, &summary(&document.summary)))
}

pub(super) fn heading(text: &str, style: Style, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}\n", style.ink(Ink::Bold, text))
}

pub(super) fn drifted(drift: &Drift, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let Drift { role_arn, roles, gone, changes } = drift;
    let symbol = style.ink(Ink::Yellow, "!");
    let role_arn = escape(role_arn);
    writeln!(out, "  {symbol} {}, issued by {}", style.ink(Ink::Bold, &role_arn), list(roles))?;
    if *gone {
        writeln!(out, "      {}", style.ink(Ink::Red, "it is gone"))?;
    }
    diff::changes(changes, Of::Changed, 6, style, out)?;
    writeln!(out)
}

pub(super) fn role_step(step: &Step, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let Step { role, action, after: _, changes, effects, place } = step;
    let (symbol, ink, of, what) = match action {
        Action::Create => ("+", Ink::Green, Of::Created, "will be created: it is not in the record yet"),
        Action::Update => ("~", Ink::Yellow, Of::Changed, "will be updated: its declaration has changed"),
        Action::Refresh if style.unicode => ("≈", Ink::Cyan, Of::Changed, REFRESH),
        Action::Refresh => ("r", Ink::Cyan, Of::Changed, REFRESH),
        Action::Delete => ("-", Ink::Red, Of::Deleted, "will be deleted: it is no longer declared"),
    };
    write!(out, "  {} {} {what}", style.ink(ink, symbol), style.ink(Ink::Bold, &escape(role)))?;
    if let Some(place) = place {
        write!(out, " {}", style.ink(Ink::Faint, &format!("({}:{})", escape(&place.path), place.line)))?;
    }
    writeln!(out)?;
    diff::changes(changes, of, 6, style, out)?;
    for effect in effects {
        write!(out, "{}", style.sentences(6, &format!("{} ", style.bullet()), effect))?;
    }
    writeln!(out)
}

const REFRESH: &str = "will be refreshed: its declaration is the same, what AWS says or how it is judged is not";

pub(super) fn broker_step(step: &BrokerStep, first: bool, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let BrokerStep { after, changes } = step;
    let (symbol, ink, of, what) = if first {
        ("+", Ink::Green, Of::Created, "will be recorded: this is the first apply")
    } else {
        ("~", Ink::Yellow, Of::Changed, "will be updated: its document has changed")
    };
    let name = format!("Broker {}", escape(&after.name));
    writeln!(out, "  {} {} {what}", style.ink(ink, symbol), style.ink(Ink::Bold, &name))?;
    diff::changes(changes, of, 6, style, out)?;
    writeln!(out)
}

pub(super) fn not_known(unknown: &NotKnown, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let NotKnown { subject, roles, why, detail } = unknown;
    writeln!(out, "  {} {} ({})", style.ink(Ink::Yellow, "?"), style.ink(Ink::Bold, &escape(subject)), escape(why))?;
    write!(out, "{}", style.sentences(6, "", &escape(detail)))?;
    if !roles.is_empty() {
        write!(out, "{}", style.sentences(6, "", &format!("It concerns {}.", list(roles))))?;
    }
    writeln!(out)
}

fn braked(brake: &Brake, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let Brake { name, message, remedy } = brake;
    writeln!(out, "  {} {}", style.ink(Ink::Red, "x"), style.ink(Ink::Bold, &escape(name)))?;
    write!(out, "{}", style.sentences(6, "", &escape(message)))?;
    write!(out, "{}", style.sentences(6, "", remedy))?;
    writeln!(out)
}

/// What was compared, in one line.
fn origin(document: &Document) -> String {
    let basis = &document.basis;
    let manifests = manifests(&basis.manifests);
    let record = match &basis.record {
        Some(record) => format!("record {}", record.serial),
        None => "no record yet".to_owned(),
    };
    let world = match &document.caller {
        Some(caller) => {
            let made = count(u64::from(document.calls), "call");
            let most = document.max_calls.map(|most| format!(" of {most} allowed")).unwrap_or_default();
            format!("AWS as {} sees it ({made}{most})", escape(&caller.arn))
        }
        None => "AWS not read".to_owned(),
    };
    let target = match &basis.target {
        Some(target) => format!("; {} only", escape(target)),
        None => String::new(),
    };
    format!("{manifests}; {record}; {world}{target}.")
}

/// Where the manifests came from, in a few words.
pub(super) fn manifests(basis: &Basis) -> String {
    match &basis.commit {
        Some(commit) => {
            let commit: String = commit.chars().take(12).collect();
            let dirty = if basis.dirty { " with local changes" } else { "" };
            format!("commit {}{dirty}", escape(&commit))
        }
        None => "files that are in no commit".to_owned(),
    }
}

fn next(document: &Document, options: &[String]) -> String {
    let Summary { changes, blocking, .. } = document.summary;
    let target = match &document.basis.target {
        Some(target) => format!(" --target {}", escape(target)),
        None => String::new(),
    };
    let options: String = options.iter().map(|option| format!(" {}", escape(option))).collect();
    // apply takes what is committed, and the hash is the same for the same bytes.
    let first = match (&document.base, document.basis.manifests.dirty) {
        (_, true) => "commit the manifests, then ",
        (Some(_), false) => "after the merge, ",
        (None, false) => "",
    };
    let apply = format!("{first}leasehold apply{target}{options} --expect-plan {}", escape(&document.hash));
    let (them, roles) =
        if blocking == 1 { ("the blocking finding", "its role") } else { ("the blocking findings", "their roles") };
    match Verdict::of(document) {
        Verdict::FindingsRefuse if document.base.is_some() => {
            format!("mend {them} above, then plan again; merging this would pass over them.")
        }
        Verdict::FindingsRefuse => format!("mend {them} above, then plan again; apply refuses this plan."),
        Verdict::BrakesRefuse => "see the brakes above; apply refuses this plan.".to_owned(),
        Verdict::IssueRefuses if changes => {
            format!("mend {them} above, or have issue refuse {roles} for now: {apply}")
        }
        Verdict::IssueRefuses => format!("mend {them} above; nothing to apply."),
        Verdict::Ready => apply,
        Verdict::Nothing => "nothing to apply.".to_owned(),
    }
}
