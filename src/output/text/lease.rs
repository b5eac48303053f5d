use std::io::{self, Write};

use super::ink::{Ink, count};
use crate::domain::text::escape;
use crate::domain::ttl::Ttl;
use crate::output::Style;
use crate::output::inert::Inert;
use crate::wire::lease_v1::{Document, Lease};

/// Writes one line for each lease, and one that counts them; if there is none, where they were looked for (the state's
/// URL).
pub fn leases(document: &Document, location: &str, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let (style, out) = (*style, &mut Inert::new(out));
    let Document { format: _, leases } = document;
    if leases.is_empty() {
        return writeln!(out, "No leases in the state at {}.", escape(location));
    }
    let header = ["LEASE", "ROLE", "STATE", "EXPIRES", "ACCESS KEY"].map(str::to_owned);
    let rows: Vec<[String; 5]> = leases.iter().map(row).collect();
    let mut widths = [0; 5];
    for cells in std::iter::once(&header).chain(&rows) {
        for (width, cell) in widths.iter_mut().zip(cells) {
            *width = (*width).max(cell.chars().count());
        }
    }
    writeln!(out, "{}", style.ink(Ink::Bold, &aligned(&header, &widths)))?;
    for (cells, lease) in rows.iter().zip(leases) {
        let ink = if lease.open { Ink::Plain } else { Ink::Faint };
        writeln!(out, "{}", style.ink(ink, &aligned(cells, &widths)))?;
    }
    let open = leases.iter().filter(|lease| lease.open).count();
    writeln!(out, "\n{}, {open} open.", count(leases.len() as u64, "lease"))
}

fn row(lease: &Lease) -> [String; 5] {
    let key = lease.access_key_id.as_deref().unwrap_or("-");
    let expires = whole_seconds(&lease.expires_at);
    [&lease.id, &lease.role, &state(lease), &expires, key].map(|text| escape(text).into_owned())
}

/// An RFC 3339 instant without the part of a second.
fn whole_seconds(instant: &str) -> String {
    match instant.split_once('.') {
        Some((seconds, rest)) => format!("{seconds}{}", rest.trim_start_matches(|c: char| c.is_ascii_digit())),
        None => instant.to_owned(),
    }
}

fn aligned(cells: &[String; 5], widths: &[usize; 5]) -> String {
    let mut line = String::new();
    for (cell, width) in cells.iter().zip(widths) {
        line.push_str(&format!("{cell:width$}  "));
    }
    line.truncate(line.trim_end().len());
    line
}

fn state(lease: &Lease) -> String {
    match (&lease.ended_by, lease.failures) {
        (Some(ending), _) => format!("{} ({ending})", lease.state),
        (None, 0) => lease.state.clone(),
        (None, failures) => {
            let word = if lease.stuck { "stuck" } else { lease.state.as_str() };
            format!("{word} ({})", count(u64::from(failures), "failure"))
        }
    }
}

/// Writes everything that is known of each lease.
pub fn lease(document: &Document, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    for (nth, lease) in document.leases.iter().enumerate() {
        if nth > 0 {
            writeln!(out)?;
        }
        let Lease { lease_id, role, credential_type, serial, lineage, created_at, updated_at, expires_at, .. } = lease;
        let state = state(lease);
        let at = |instant: &Option<String>| instant.as_deref().map(whole_seconds);
        let [renewable_until, denied_at, removed_at, next_attempt_at] =
            [&lease.renewable_until, &lease.denied_at, &lease.removed_at, &lease.next_attempt_at].map(at);
        let open = if lease.open { "yes: its credential may still work" } else { "no" };
        let ttl = Ttl::from_seconds(lease.ttl_seconds).map_or_else(|| "0s".to_owned(), |ttl| ttl.to_string());
        let record = format!("{serial} of {lineage}");
        let pairs = [
            ("lease", Some(lease_id.as_str())),
            ("state", Some(&state)),
            ("open", Some(open)),
            ("role", Some(role)),
            ("type", Some(credential_type)),
            ("role ARN", lease.role_arn.as_deref()),
            ("session name", lease.session_name.as_deref()),
            ("source identity", lease.source_identity.as_deref()),
            ("IAM user", lease.user.as_deref()),
            ("ARN", lease.arn.as_deref()),
            ("aws:userid", lease.user_id.as_deref()),
            ("access key id", lease.access_key_id.as_deref()),
            ("TTL", Some(&ttl)),
            ("created", Some(&whole_seconds(created_at))),
            ("changed", Some(&whole_seconds(updated_at))),
            ("expires", Some(&whole_seconds(expires_at))),
            ("renewable until", renewable_until.as_deref()),
            ("denied", denied_at.as_deref()),
            ("user deleted", removed_at.as_deref()),
            ("last failure", lease.error.as_deref()),
            ("tried again", next_attempt_at.as_deref()),
            ("record", Some(&record)),
            ("commit", lease.commit.as_deref()),
        ];
        write_pairs(&pairs, *style, out)?;
    }
    Ok(())
}

/// Writes what may be seen of a credential that was just issued, on a terminal where it must not show.
pub fn credential_summary(lease: &Lease, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let heading = format!("Issued {} from {}.", escape(&lease.credential_type), escape(&lease.role));
    writeln!(out, "{}\n", style.ink(Ink::Bold, &heading))?;
    let pairs = [
        ("lease", Some(lease.lease_id.as_str())),
        ("access key id", lease.access_key_id.as_deref()),
        ("role ARN", lease.role_arn.as_deref()),
        ("session name", lease.session_name.as_deref()),
        ("IAM user", lease.user.as_deref()),
        ("expires", Some(&whole_seconds(&lease.expires_at))),
    ];
    write_pairs(&pairs, *style, out)?;
    let hint = "The secrets are not shown on a terminal: pipe this command's output to where they are needed, or pass \
                --show.";
    write!(out, "\n{}", style.sentences(0, "", hint))
}

fn write_pairs(pairs: &[(&str, Option<&str>)], style: Style, out: &mut dyn Write) -> io::Result<()> {
    for (key, value) in pairs {
        if let Some(value) = value {
            writeln!(out, "  {}  {}", style.ink(Ink::Faint, &format!("{key:15}")), style.value(value))?;
        }
    }
    Ok(())
}
