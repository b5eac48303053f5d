//! What a sweep did, and what was revoked.

use std::io::{self, Write};

use super::ink::{Ink, count};
use crate::domain::text::escape;
use crate::output::Style;
use crate::output::inert::Inert;
use crate::wire::lease_v1::Lease;
use crate::wire::revoke_v1::{self, Outcome};
use crate::wire::sweep_v1::{Document, Failed};

/// Writes what was done, what could not be done and why, and one line of stable shape at the end.
pub fn sweep(document: &Document, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let (style, out) = (*style, &mut Inert::new(out));
    let done = if document.dry_run { "would be:" } else { "done:" };
    let line = |number: u64, one: &str, many: &str| {
        (number > 0).then(|| format!("{number} {}", if number == 1 { one } else { many }))
    };
    let lines = [
        line(document.expired, "session had ended by itself", "sessions had ended by themselves"),
        line(document.deleted, "user deleted; a later sweep proves it", "users deleted; a later sweep proves it"),
        line(document.removed, "user proven to be gone", "users proven to be gone"),
        line(
            document.denies_cleared,
            "deny of a session taken off its role",
            "denies of sessions taken off their roles",
        ),
        line(document.forgotten, "old record removed", "old records removed"),
    ];
    for text in lines.into_iter().flatten() {
        writeln!(out, "  {} {}", style.ink(Ink::Green, done), text)?;
    }
    for user in &document.unrecorded {
        let word = if document.dry_run { "would be ended" } else { "ended" };
        writeln!(out, "  {} user {}: no lease accounted for it", style.ink(Ink::Yellow, word), escape(user))?;
    }
    for user in &document.foreign {
        let text = "lies below the deployment's path, and its tags or its name are not those of this state's users";
        writeln!(out, "  {} user {}: it {text}", style.ink(Ink::Yellow, "left alone"), escape(user))?;
    }
    for Failed { what, why, failures, stuck } in &document.failed {
        let word = if *stuck { "stuck" } else { "failed" };
        let times = if *failures > 1 {
            format!(" ({} in a row)", count(u64::from(*failures), "failure"))
        } else {
            String::new()
        };
        writeln!(out, "  {} {}{times}: {}", style.ink(Ink::Red, word), escape(what), escape(why))?;
    }
    if document.left > 0 {
        writeln!(out, "  {} {} for the next run", style.ink(Ink::Yellow, "left"), document.left)?;
    }
    // Where something failed it may have been that very list.
    if !document.users_listed && document.failed.is_empty() {
        writeln!(out, "  IAM users were not looked at: no role makes any, and no lease has one.")?;
    }
    writeln!(out, "Sweep: {}", document.metrics())
}

/// Writes one line for each lease that was chosen.
pub fn revoked(document: &revoke_v1::Document, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let (style, out) = (*style, &mut Inert::new(out));
    let revoke_v1::Document { format: _, leases } = document;
    if leases.is_empty() {
        return writeln!(out, "No open lease was chosen.");
    }
    for revoke_v1::Revoked { lease, outcome, why } in leases {
        let path = escape(&lease.lease_id);
        let (ink, word, rest) = match outcome {
            Outcome::Deleted => {
                (Ink::Green, "revoked", "its user and key are deleted; the next sweep proves it".to_owned())
            }
            Outcome::Denied => (
                Ink::Green,
                "denied",
                format!(
                    "its session may do nothing more, a few seconds from now; AWS keeps it until {}",
                    escape(&lease.expires_at)
                ),
            ),
            Outcome::LivesOn => (
                Ink::Yellow,
                "lives on",
                format!(
                    "AWS calls no session back: it lives until {}{}",
                    escape(&lease.expires_at),
                    if can_be_denied(lease) { "; --deny-session denies it everything" } else { "" }
                ),
            ),
            Outcome::Over => (Ink::Plain, "over", "there was nothing left to end".to_owned()),
            Outcome::Failed => (
                Ink::Red,
                "failed",
                format!(
                    "{}{}",
                    escape(why.as_deref().unwrap_or("it could not be ended")),
                    if lease.user.is_some() || can_be_denied(lease) { "; run this again" } else { "" }
                ),
            ),
        };
        writeln!(out, "  {} {path}: {rest}", style.ink(ink, word))?;
    }
    Ok(())
}

/// Whether --deny-session can single it out: a session of a role, under the name that leasehold chose.
fn can_be_denied(lease: &Lease) -> bool {
    lease.role_arn.is_some() && lease.session_name.as_deref().is_some_and(|name| name.ends_with(&lease.id))
}

/// One line that is written over itself while a sweep goes on.
#[must_use]
pub fn progress(done: u64, total: u64, style: &Style) -> String {
    const WIDTH: u64 = 24;
    let filled = (done.min(total) * WIDTH).checked_div(total).unwrap_or(WIDTH);
    let (full, empty) = if style.unicode { ("█", "░") } else { ("#", ".") };
    let bar: String = (0..WIDTH).map(|at| if at < filled { full } else { empty }).collect();
    format!("{bar} {done} of {total}")
}
