//! A pull request held against its base.

use std::io::{self, Write};

use super::diff::{self, Of};
use super::ink::{Ink, count};
use super::problem;
use crate::domain::text::escape;
use crate::output::Style;
use crate::wire::common_v1::Finding;
use crate::wire::plan_v1::{AgainstBase, By, ChangeKind, Judge, RoleChange};

/// What the pull request does to the declarations.
pub(super) fn changes(against: &AgainstBase, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let title = format!("This pull request, against its base {}:", short(&against.commit));
    writeln!(out, "{}\n", style.ink(Ink::Bold, &title))?;
    if against.roles.is_empty() {
        writeln!(out, "  It changes no role.\n")?;
    }
    for RoleChange { role, kind, changes } in &against.roles {
        let (symbol, ink, what) = match kind {
            ChangeKind::Added => ("+", Ink::Green, "is added"),
            ChangeKind::Changed => ("~", Ink::Yellow, "is changed"),
            ChangeKind::Removed => ("-", Ink::Red, "is removed"),
        };
        writeln!(out, "  {} {} {what}", style.ink(ink, symbol), style.ink(Ink::Bold, &escape(role)))?;
        diff::changes(changes, Of::Changed, 6, style, out)?;
        writeln!(out)?;
    }
    Ok(())
}

/// New findings first, then those that the base has as well.
pub(super) fn findings(all: &[Finding], against: &AgainstBase, style: Style, out: &mut dyn Write) -> io::Result<()> {
    for (new, title) in [(true, "New findings:"), (false, "Findings that the base has as well:")] {
        let standings = all.iter().zip(&against.standings).filter(|(_, standing)| standing.new == new);
        let of_it: Vec<Finding> = standings.map(|(finding, _)| finding.clone()).collect();
        if of_it.is_empty() {
            continue;
        }
        writeln!(out, "{}\n", style.ink(Ink::Bold, title))?;
        problem::findings(&of_it, style, out)?;
        writeln!(out)?;
    }
    Ok(())
}

/// Who judged, and why; what cannot be relied on.
pub(super) fn judge(all: &[Finding], against: &AgainstBase, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let AgainstBase { commit, is_ancestor, judge, roles: _, standings } = against;
    let base = short(commit);
    let of = |by: By| standings.iter().filter(|standing| standing.by == by).count() as u64;
    let text = match judge {
        Judge::Same => {
            format!(
                "the Broker, Account and Waiver documents of the base {base}, which this pull request leaves alone."
            )
        }
        Judge::Own => format!(
            "this pull request's own Broker, Account and Waiver documents, because there are no manifests in the base {base}."
        ),
        Judge::Both => {
            let alone = |n: u64, whose: &str| match n {
                0 => String::new(),
                n => format!(" Only by {whose}: {}.", count(n, "finding")),
            };
            format!(
                "the Broker, Account and Waiver documents of the base {base} and this pull request's own, because it changes \
                 them (LH604); the stricter judgement counts. After the merge, apply judges by the merged ones.{}{}",
                alone(of(By::Base), "the base's"),
                alone(of(By::Own), "its own")
            )
        }
    };
    write!(out, "{}", style.sentences(0, "Judged by: ", &text))?;
    let new = standings.iter().filter(|standing| standing.new).count() as u64;
    let blocking = all.iter().zip(standings).filter(|(finding, standing)| standing.new && finding.blocks).count();
    let before = standings.len() as u64 - new;
    writeln!(
        out,
        "Pull request: {}; {} ({blocking} blocking), {before} there before.",
        count(against.roles.len() as u64, "changed role"),
        count(new, "new finding")
    )?;
    if *is_ancestor == Some(false) {
        let text = "the planned commit does not contain the base: what was merged there since counts as removed here. Plan the \
                    merge of both, or name the commit that the branch began at.";
        write!(out, "{}", style.sentences(0, "Note: ", text))?;
    }
    Ok(())
}

fn short(commit: &str) -> String {
    escape(&commit.chars().take(12).collect::<String>()).into_owned()
}
