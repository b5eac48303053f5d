//! SARIF 2.1.0, for code scanning.
//!
//! Every rule of the set stands in the tool's description, every finding is a result, and what could not be known, every
//! brake and whatever had to be left out is a notification of the run. What a consumer would render as Markdown is our
//! own text alone; a message that quotes a manifest or AWS is plain text without a live link.

mod fingerprint;
mod rule;
#[cfg(test)]
mod tests;
mod text;

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::domain::rules::{self, Rule};
use crate::domain::text::escape;
use crate::wire::common_v1::{Finding, Level, Place};
use crate::wire::json;
use crate::wire::plan_v1::{AgainstBase, Brake, Document, NotKnown, Standing, Waiver};

use fingerprint::Fingerprints;
use rule::Rules;

/// The schema of the standard with its first errata.
const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// Results that GitHub's code scanning takes of one run; a file with more is refused as a whole.
const RESULTS_MAX: usize = 25_000;

/// Writes the findings of a plan. Same plan, same bytes.
pub fn plan(document: &Document, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(json::pretty(&log(document, rules::all(), RESULTS_MAX)).as_bytes())
}

/// The same with the pages of only these rules, which are most of the file, and the same whatever the plan says.
#[cfg(test)]
pub(super) fn plan_of_set(document: &Document, set: &'static [&'static Rule]) -> String {
    json::pretty(&log(document, set, RESULTS_MAX))
}

fn log(document: &Document, set: &'static [&'static Rule], most: usize) -> Value {
    let Document { hash, basis, overview, findings, unknowns, brakes, base, .. } = document;
    let rules = Rules::of(set, findings);
    let (kept, left_out) = keep(findings, most);
    let mut fingerprints = Fingerprints::default();
    let results: Vec<Value> =
        kept.iter().map(|(at, finding)| result(finding, *at, document, &rules, &fingerprints.of(finding))).collect();
    let mut notifications: Vec<Value> = brakes.iter().map(braked).collect();
    notifications.extend(unknowns.iter().map(not_known));
    notifications.extend(left_out);
    let mut run = json!({
        "tool": { "driver": rules.driver() },
        "columnKind": "unicodeCodePoints",
        // The plan was made: that it is refused is a result, not a failure of the tool.
        "invocations": [{ "executionSuccessful": true, "toolExecutionNotifications": notifications }],
        "results": results,
        "properties": {
            "planHash": escape(hash),
            "commit": basis.manifests.commit.as_deref().map(escape),
        },
    });
    if let Some(AgainstBase { commit, is_ancestor, judge, roles: _, standings: _ }) = base {
        run["properties"]["base"] = json!({ "commit": escape(commit), "isAncestor": is_ancestor, "judge": judge });
    }
    if let Some(overview) = overview {
        // Code scanning keeps the results of two deployments apart by what stands before the last slash.
        run["automationDetails"] = json!({ "id": format!("leasehold/{}/", text::uri_path(&overview.broker.name)) });
    }
    json!({ "$schema": SCHEMA, "version": "2.1.0", "runs": [run] })
}

/// All findings, each with its place in the plan, if there is room for them; else those that weigh most, in the order of the
/// plan, and a notification.
fn keep(findings: &[Finding], most: usize) -> (Vec<(usize, &Finding)>, Option<Value>) {
    let mut by_weight: Vec<(usize, &Finding)> = findings.iter().enumerate().collect();
    if by_weight.len() <= most {
        return (by_weight, None);
    }
    by_weight.sort_by_key(|(at, finding)| (weight(finding), *at));
    let dropped = by_weight.split_off(most);
    by_weight.sort_by_key(|(at, _)| *at);
    let blocking = dropped.iter().filter(|(_, finding)| finding.blocks).count();
    let said = format!(
        "{} of {} findings are left out, {blocking} of them blocking: code scanning takes {most} results of one run. \
         The JSON form of the plan has all of them.",
        dropped.len(),
        findings.len()
    );
    (by_weight, Some(notification("left-out", "error", &said)))
}

fn weight(finding: &Finding) -> u8 {
    match (is_waived(finding), finding.level) {
        (false, Level::Hard) => 0,
        (false, Level::Blocking) => 1,
        (false, Level::Advisory) => 2,
        (true, Level::Hard | Level::Blocking | Level::Advisory) => 3,
    }
}

fn is_waived(finding: &Finding) -> bool {
    finding.waived_by.is_some() && !finding.blocks
}

fn result(finding: &Finding, at: usize, document: &Document, rules: &Rules<'_>, fingerprint: &str) -> Value {
    let Finding { code, rule, level, confidence: _, blocks, role, message, label: _, place, remedy, waived_by } =
        finding;
    let mut result = json!({
        "ruleId": escape(code),
        "ruleIndex": rules.index(code),
        "level": severity(*level),
        "message": { "text": text::sentences(message, remedy) },
        "partialFingerprints": { "leaseholdFinding/v1": fingerprint },
        // All results have this property or none has: without it nobody knows whether one is suppressed.
        "suppressions": [],
        "properties": {
            "rule": escape(rule), "leaseholdLevel": level.as_str(), "blocks": blocks, "remedy": escape(remedy),
        },
    });
    if let Some(waiver) = waived_by.as_ref().filter(|_| is_waived(finding)) {
        let overview = document.overview.as_ref();
        let declared = overview.and_then(|overview| overview.waivers.iter().find(|known| known.name == *waiver));
        result["suppressions"] = json!([{
            "kind": "external", "status": "accepted", "justification": justification(waiver, declared),
        }]);
    }
    // Not `baselineState`: that is about an earlier run, and no run of the base is stored.
    if let Some(Standing { new, by }) = document.base.as_ref().and_then(|base| base.standings.get(at)) {
        result["properties"]["newAgainstBase"] = json!(new);
        result["properties"]["judgedBy"] = json!(by);
    }
    let mut location = json!({});
    if let Some(place) = place {
        location["physicalLocation"] = physical(place, document);
    }
    if let Some(role) = role {
        location["logicalLocations"] =
            json!([{ "name": escape(role), "fullyQualifiedName": format!("role/{}", escape(role)), "kind": "role" }]);
    }
    if place.is_some() || role.is_some() {
        result["locations"] = json!([location]);
    }
    result
}

fn justification(waiver: &str, declared: Option<&Waiver>) -> String {
    match declared {
        Some(Waiver { name, rule: _, reason, owner, expires }) => format!(
            "{} (waiver {}, owned by {}, until {})",
            text::plain(reason),
            text::plain(name),
            text::plain(owner),
            text::plain(expires)
        ),
        None => format!("waiver {}", text::plain(waiver)),
    }
}

fn physical(place: &Place, document: &Document) -> Value {
    let Place { path, line, column, excerpt, underline } = place;
    let underlined = excerpt.get(underline.start..underline.end).unwrap_or_default().chars().count() as u64;
    let (line, column) = ((*line).max(1), (*column).max(1));
    json!({
        "artifactLocation": { "uri": text::uri_path(&document.repository_path(path)), "uriBaseId": "%SRCROOT%" },
        "region": {
            "startLine": line,
            "startColumn": column,
            "endLine": line,
            "endColumn": column.saturating_add(underlined),
            "snippet": { "text": escape(excerpt) },
        },
    })
}

fn severity(level: Level) -> &'static str {
    match level {
        Level::Hard | Level::Blocking => "error",
        Level::Advisory => "warning",
    }
}

fn braked(brake: &Brake) -> Value {
    let Brake { name, message, remedy } = brake;
    notification("brake", "error", &text::sentences(&format!("{name}: {message}"), remedy))
}

fn not_known(unknown: &NotKnown) -> Value {
    let NotKnown { subject, roles, why, detail } = unknown;
    let concerns = if roles.is_empty() { String::new() } else { format!(" It concerns {}.", roles.join(", ")) };
    notification(
        "unknown",
        "warning",
        &text::plain(&format!("{subject} could not be read ({why}): {detail}.{concerns}")),
    )
}

/// `said` is plain already.
fn notification(id: &str, level: &str, said: &str) -> Value {
    json!({
        "descriptor": { "id": id, "index": rule::NOTIFICATIONS.iter().position(|(known, _)| *known == id) },
        "level": level,
        "message": { "text": said },
    })
}
