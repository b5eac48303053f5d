//! What an apply did.

use std::io::{self, Write};

use super::ink::{Ink, count};
use crate::domain::text::escape;
use crate::output::Style;
use crate::output::inert::Inert;
use crate::wire::apply_v1::{AppliedRole, Document, ViolatingRole};

/// Writes one line for each role, what was left out and why, and one line of stable shape at the end.
pub fn applied(document: &Document, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let (style, out) = (*style, &mut Inert::new(out));
    let Document { format: _, changed, serial, commit, dirty, broker, roles, stale, violating, revoking, signed_by } =
        document;
    if *broker {
        writeln!(out, "  {} Broker", style.ink(Ink::Green, "recorded"))?;
    }
    for AppliedRole { role, action } in roles {
        let done = match action.as_str() {
            "create" => "created",
            "update" => "updated",
            "refresh" => "refreshed",
            "delete" => "deleted",
            other => other,
        };
        writeln!(out, "  {} {}", style.ink(Ink::Green, &escape(done)), escape(role))?;
    }
    for role in stale {
        let (word, role) = (style.ink(Ink::Yellow, "left out"), escape(role));
        writeln!(out, "  {word} {role}: AWS changed since the plan was made; plan again")?;
    }
    for ViolatingRole { role, codes } in violating {
        let (word, role, codes) = (style.ink(Ink::Red, "refused by issue"), escape(role), codes.join(", "));
        writeln!(out, "  {word} {role}: {} stands", escape(&codes))?;
    }
    for path in revoking {
        let (word, path) = (style.ink(Ink::Yellow, "revoked"), escape(path));
        writeln!(out, "  {word} {path}: the next sweep removes its user")?;
    }
    if !changed {
        return writeln!(out, "Nothing to apply: the record is as git says.");
    }
    let serial = serial.map(|serial| serial.to_string()).unwrap_or_default();
    let from = match commit {
        Some(commit) if *dirty => format!(" from files that differ from commit {}", escape(commit)),
        Some(commit) => format!(" from commit {}", escape(commit)),
        None => " from files of no commit".to_owned(),
    };
    if let Some(key) = signed_by {
        writeln!(out, "The head is signed with the key {}.", escape(key))?;
    }
    writeln!(out, "Applied: {}, serial {serial}{from}.", count(roles.len() as u64, "role"))
}
