use std::io::{self, Write};

use super::ink::{Ink, count};
use crate::domain::audit::{AuditEvent, StoredEvent};
use crate::domain::text::escape;
use crate::output::Style;
use crate::output::inert::Inert;
use crate::wire::audit_v1::Verification;

/// Writes one line for each event: when, what, which, who.
pub fn audit_events(events: &[StoredEvent], location: &str, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let (style, out) = (*style, &mut Inert::new(out));
    if events.is_empty() {
        return writeln!(out, "No such events in the state at {}.", escape(location));
    }
    for stored in events {
        match &stored.event {
            Ok(event) => {
                let what = format!("{:16}", event.action.as_str());
                write!(out, "{}  {}  {}", event.id, event.at.strftime("%FT%TZ"), style.ink(Ink::Bold, &what))?;
                if let Some(role) = &event.role {
                    write!(out, "  {}", escape(role.as_str()))?;
                }
                if let Some(lease) = &event.lease {
                    write!(out, "  {lease}")?;
                }
                if let Some(who) = who(event) {
                    write!(out, "  by {}", escape(who))?;
                }
                writeln!(out)?;
            }
            Err(why) => writeln!(out, "{}  cannot be read: {}", escape(&stored.key), escape(&why.0))?,
        }
    }
    writeln!(out, "\n{}.", count(events.len() as u64, "event"))
}

fn who(event: &AuditEvent) -> Option<&str> {
    event.caller_arn.as_deref().or_else(|| event.ci.as_ref().map(|ci| ci.run.as_str()))
}

/// Writes everything that one event says.
pub fn audit_event(stored: &StoredEvent, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let (style, out) = (*style, &mut Inert::new(out));
    let event = match &stored.event {
        Ok(event) => event,
        Err(why) => return writeln!(out, "{} cannot be read: {}", escape(&stored.key), escape(&why.0)),
    };
    let ci = event.ci.as_ref();
    let text = |value: Option<&dyn ToString>| value.map(ToString::to_string);
    let covers = event.covers.as_ref().map(|covers| format!("{} events, {}", covers.count, covers.digest));
    let pairs: [(&str, Option<String>); 21] = [
        ("event", Some(event.id.to_string())),
        ("at", Some(event.at.to_string())),
        ("action", Some(event.action.to_string())),
        ("role", text(event.role.as_ref().map(|v| v as _))),
        ("lease", text(event.lease.as_ref().map(|v| v as _))),
        ("caller", event.caller_arn.clone()),
        ("CI", ci.map(|ci| format!("{} {}", ci.system, ci.run))),
        ("repository", ci.and_then(|ci| ci.repository.clone())),
        ("ref", ci.and_then(|ci| ci.reference.clone())),
        ("actor", ci.and_then(|ci| ci.actor.clone())),
        ("signed by", event.signed_by.as_ref().map(|by| format!("{} with {}", by.principals, by.key))),
        ("justification", event.justification.as_ref().map(|text| text.as_str().to_owned())),
        ("TTL", text(event.ttl.as_ref().map(|v| v as _))),
        ("access key id", event.access_key_id.clone()),
        ("serial", text(event.serial.as_ref().map(|v| v as _))),
        ("commit", event.commit.clone()),
        ("reason", event.reason.clone()),
        ("ended", event.ending.map(|ending| ending.as_str().to_owned())),
        ("vouches for", covers),
        ("previous", text(event.previous.as_ref().map(|v| v as _))),
        ("digest", Some(stored.digest.to_string())),
    ];
    for (key, value) in pairs {
        if let Some(value) = value {
            writeln!(out, "  {}  {}", style.ink(Ink::Faint, &format!("{key:15}")), style.value(&value))?;
        }
    }
    Ok(())
}

/// Writes every fault and note, and one line that counts.
pub fn audit_verification(document: &Verification, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let (style, out) = (*style, &mut Inert::new(out));
    let Verification { format: _, whole, events, covered, leases, faults, notes } = document;
    for fault in faults {
        let kind = escape(&fault.kind);
        writeln!(out, "{}  {}: {}", style.ink(Ink::Bold, &kind), escape(&fault.key), escape(&fault.message))?;
    }
    for note in notes {
        writeln!(out, "note: {}", escape(note))?;
    }
    let verdict = if *whole { "The audit is whole" } else { "The audit is not whole" };
    let (events, leases) = (count(*events, "event"), count(*leases, "lease"));
    writeln!(
        out,
        "{verdict}: {events} ({covered} vouched for by a later one), {leases}, {}.",
        count(faults.len() as u64, "fault")
    )
}
