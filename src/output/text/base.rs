//! A pull request held against its base.

use std::io::{self, Write};

use super::diff::{self, Of};
use super::ink::Ink;
use super::problem;
use crate::domain::text::escape;
use crate::output::{Style, against_base};
use crate::wire::common_v1::Finding;
use crate::wire::plan_v1::{AgainstBase, ChangeKind, RoleChange};

/// What the pull request does to the declarations.
pub(super) fn changes(against: &AgainstBase, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let title = format!("This pull request, against its base {}:", escape(&against_base::commit(against)));
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
    write!(out, "{}", style.sentences(0, "Judged by: ", &escape(&against_base::judged_by(against))))?;
    let numbers = against_base::numbers(against, all.iter().map(|finding| &finding.blocks));
    writeln!(out, "Pull request: {numbers}")?;
    if against.is_ancestor == Some(false) {
        write!(out, "{}", style.sentences(0, "Note: ", against_base::NOT_CONTAINED))?;
    }
    Ok(())
}
