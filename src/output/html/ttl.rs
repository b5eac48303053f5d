//! A bar for each role: its TTLs against every limit, the one that binds named.

use std::io::{self, Write};

use super::write::{Span, Text};
use crate::output::count;
use crate::wire::plan_v1::{Document, Limit, LimitSource, RoleSeen};

/// Roles up to which those within their limits are not folded.
const OPEN: usize = 12;

/// Marks of the axis in seconds, equally far apart: a minute more or less matters to a short TTL only.
const MARKS: [u32; 14] =
    [0, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200, 86_400, 129_600, 604_800, 2_592_000, 31_536_000, u32::MAX];
/// Every axis reaches twelve hours at least.
const SHORTEST_AXIS: usize = 8;

/// The part of [`MARKS`] that a page needs.
struct Axis(&'static [u32]);

impl Axis {
    fn of(roles: &[RoleSeen]) -> Self {
        let longest = |role: &RoleSeen| {
            let limits = role.limits.iter().filter_map(|limit| limit.seconds);
            limits.chain([role.max_ttl_seconds, role.default_ttl_seconds]).max().unwrap_or(0)
        };
        let longest = roles.iter().map(longest).max().unwrap_or(0);
        let reach = MARKS.partition_point(|mark| *mark < longest) + 1;
        Self(&MARKS[..reach.clamp(SHORTEST_AXIS, MARKS.len())])
    }

    /// Where a length stands, in hundredths of a percent of the axis.
    fn at(&self, seconds: u32) -> Percent {
        let step = 10_000 / (self.0.len() as u64 - 1);
        let above = self.0.partition_point(|mark| *mark <= seconds);
        let Some(to) = self.0.get(above) else { return Percent(10_000) };
        let from = self.0[above - 1];
        let part = u64::from(seconds - from) * step / u64::from(to - from);
        Percent((above as u64 - 1) * step + part)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Percent(u64);

impl std::fmt::Display for Percent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{:02}%", self.0 / 100, self.0 % 100)
    }
}

pub(super) fn section(document: &Document, out: &mut dyn Write) -> io::Result<()> {
    let Some(overview) = &document.overview else { return Ok(()) };
    let axis = Axis::of(&overview.roles);
    let (over, within): (Vec<&RoleSeen>, Vec<&RoleSeen>) = overview.roles.iter().partition(|role| is_over(role));
    writeln!(
        out,
        "<p class=\"lead\">How long a credential lives when nobody asks, and at most. What lies beyond the limit that \
         binds is refused by AWS.</p>\n<p class=\"legend\"><span class=\"key default\"></span> default \
         <span class=\"key allowed\"></span> up to the maximum <span class=\"key beyond\"></span> declared, and beyond \
         the limit <span class=\"key limit\"></span> limit <span class=\"key binds\"></span> the one that binds</p>"
    )?;
    bars(&over, &axis, out)?;
    if overview.roles.len() > OPEN && !within.is_empty() {
        let number = count(within.len() as u64, "role");
        writeln!(out, "<details class=\"fold\"><summary>{number} within every limit</summary>")?;
        bars(&within, &axis, out)?;
        return writeln!(out, "</details>");
    }
    bars(&within, &axis, out)
}

fn binding(role: &RoleSeen) -> Option<&Limit> {
    role.limits.iter().find(|limit| limit.binds)
}

/// Whether it promises more than some limit allows, or less than STS gives.
fn is_over(role: &RoleSeen) -> bool {
    let longest = role.max_ttl_seconds.max(role.default_ttl_seconds);
    let least = role.max_ttl_seconds.min(role.default_ttl_seconds);
    binding(role).and_then(|limit| limit.seconds).is_some_and(|seconds| seconds < longest)
        || role.min_ttl_seconds.is_some_and(|seconds| least < seconds)
}

fn bars(roles: &[&RoleSeen], axis: &Axis, out: &mut dyn Write) -> io::Result<()> {
    if roles.is_empty() {
        return Ok(());
    }
    writeln!(out, "<ul class=\"bars card\">")?;
    write!(out, "<li class=\"axis\" aria-hidden=\"true\"><span></span><svg width=\"100%\" height=\"18\">")?;
    for (at, mark) in axis.0.iter().enumerate() {
        let anchor = if at == 0 {
            "start"
        } else if at + 1 == axis.0.len() {
            "end"
        } else {
            "middle"
        };
        let word = match *mark {
            0 => "0".to_owned(),
            u32::MAX => "∞".to_owned(),
            days if days >= 604_800 => format!("{}d", days / 86_400),
            other => Span(other).to_string(),
        };
        write!(out, "<text x=\"{}\" y=\"13\" text-anchor=\"{anchor}\">{word}</text>", axis.at(*mark))?;
    }
    writeln!(out, "</svg></li>")?;
    roles.iter().try_for_each(|role| bar(role, axis, out))?;
    writeln!(out, "</ul>")
}

fn bar(role: &RoleSeen, axis: &Axis, out: &mut dyn Write) -> io::Result<()> {
    let RoleSeen {
        name,
        credential_type,
        targets: _,
        default_ttl_seconds,
        max_ttl_seconds,
        min_ttl_seconds,
        limits,
        expires,
        findings: _,
    } = role;
    let (default, max) = (axis.at(*default_ttl_seconds), axis.at(*max_ttl_seconds));
    let bound = binding(role).and_then(|limit| limit.seconds).map_or(max, |seconds| axis.at(seconds));
    let allowed = max.min(bound);
    writeln!(out, "<li><div><b>{}</b> <span class=\"who\">{}</span>", Text(name), Text(credential_type))?;
    if let Some(day) = expires {
        writeln!(out, "<span class=\"tag\">until {}</span>", Text(day))?;
    }
    writeln!(out, "</div>\n<div class=\"bar\">")?;
    write!(
        out,
        "<svg width=\"100%\" height=\"30\" role=\"img\" aria-label=\"{} when nobody asks, {} at most\">",
        Span(*default_ttl_seconds),
        Span(*max_ttl_seconds)
    )?;
    write!(out, "<rect class=\"track\" x=\"0\" y=\"9\" width=\"100%\" height=\"12\" rx=\"3\"/>")?;
    for mark in &axis.0[1..axis.0.len() - 1] {
        let at = axis.at(*mark);
        write!(out, "<line class=\"grid\" x1=\"{at}\" x2=\"{at}\" y1=\"9\" y2=\"21\"/>")?;
    }
    rect("allowed", Percent(0), allowed, out)?;
    rect("default", Percent(0), default.min(allowed), out)?;
    if max.max(default) > allowed {
        rect("beyond", allowed, max.max(default), out)?;
    }
    for limit in limits.iter().filter(|limit| limit.source != LimitSource::RoleMax) {
        let Some(seconds) = limit.seconds else { continue };
        let (at, class) = (axis.at(seconds), if limit.binds { "binds" } else { "limit" });
        write!(out, "<line class=\"{class}\" x1=\"{at}\" x2=\"{at}\" y1=\"3\" y2=\"27\"/>")?;
    }
    if let Some(limit) = binding(role).filter(|limit| limit.source == LimitSource::RoleMax) {
        let at = axis.at(limit.seconds.unwrap_or(*max_ttl_seconds));
        write!(out, "<line class=\"binds\" x1=\"{at}\" x2=\"{at}\" y1=\"3\" y2=\"27\"/>")?;
    }
    writeln!(out, "</svg>")?;
    write!(out, "<ul class=\"limits\"><li>default {}</li>", Span(*default_ttl_seconds))?;
    limits.iter().try_for_each(|limit| one(limit, out))?;
    if let Some(least) = min_ttl_seconds.filter(|least| *default_ttl_seconds < *least || *max_ttl_seconds < *least) {
        write!(out, "<li class=\"off\">STS gives {} at least</li>", Span(least))?;
    }
    writeln!(out, "</ul></div></li>")
}

fn rect(class: &str, from: Percent, to: Percent, out: &mut dyn Write) -> io::Result<()> {
    let width = Percent(to.0.saturating_sub(from.0));
    write!(out, "<rect class=\"{class}\" x=\"{from}\" y=\"9\" width=\"{width}\" height=\"12\" rx=\"3\"/>")
}

fn one(limit: &Limit, out: &mut dyn Write) -> io::Result<()> {
    let Limit { source, role_arn, seconds, binds } = limit;
    let what = match source {
        LimitSource::RoleMax => "declared maximum",
        LimitSource::MaxSessionDuration => "MaxSessionDuration",
        LimitSource::Chaining => "role chaining",
        LimitSource::Api => "STS at most",
    };
    let class = if *binds { " class=\"binding\"" } else { "" };
    write!(out, "<li{class}>{what}")?;
    if let Some(arn) = role_arn {
        let name = arn.split_once(":role/").map_or(arn.as_str(), |(_, name)| name);
        write!(out, " of <span class=\"arn\">{}</span>", Text(name))?;
    }
    match seconds {
        Some(seconds) => write!(out, " {}", Span(*seconds))?,
        None => write!(out, " not known")?,
    }
    let binds = if *binds { " <b>binds</b>" } else { "" };
    write!(out, "{binds}</li>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_keeps_order_and_ends_at_its_last_mark() {
        let axis = Axis(&MARKS[..9]);
        let places: Vec<u64> = [0, 450, 900, 1_800, 3_600, 43_200, 86_400, u32::MAX].map(|s| axis.at(s).0).to_vec();
        assert_eq!(places, [0, 625, 1_250, 2_500, 3_750, 8_750, 10_000, 10_000]);
        let whole = Axis(&MARKS);
        let mut before = Percent(0);
        for seconds in (0..40_000_000).step_by(7_777) {
            let now = whole.at(seconds);
            assert!(now >= before && now <= Percent(10_000), "{seconds}");
            before = now;
        }
        assert_eq!(Percent(1_205).to_string(), "12.05%");
    }

    #[test]
    fn an_axis_reaches_what_it_has_to_show() {
        assert_eq!(Axis::of(&[]).0.last(), Some(&43_200));
        assert_eq!(MARKS[SHORTEST_AXIS - 1], 43_200);
    }
}
