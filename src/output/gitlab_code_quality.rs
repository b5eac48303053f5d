//! GitLab's code quality report: the findings at their lines in the diff of a merge request.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use crate::domain::digest::Digest;
use crate::domain::text::{escape, escape_lines};
use crate::wire::common_v1::{Finding, Level, Place};
use crate::wire::json;
use crate::wire::plan_v1::Document;

/// One entry, in the part of the Code Climate form that GitLab reads.
#[derive(Serialize)]
struct Entry {
    description: String,
    check_name: String,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u64,
}

/// Writes one entry for each finding, waived ones included: the form has no word for a waiver, so it stands in the
/// description.
///
/// Every entry must name a line: a finding without one gets that of its role, else the first line of the first manifest
/// that the plan names, else of `.`.
pub fn plan(document: &Document, out: &mut dyn Write) -> io::Result<()> {
    let mut seen = BTreeMap::new();
    let entries: Vec<Entry> = document.findings.iter().map(|finding| entry(document, finding, &mut seen)).collect();
    out.write_all(json::pretty(&entries).as_bytes())
}

fn entry(document: &Document, finding: &Finding, seen: &mut BTreeMap<String, u32>) -> Entry {
    let Finding { code, rule, message, remedy, waived_by, .. } = finding;
    let waived = match waived_by {
        Some(waiver) if !finding.blocks => format!(" (waived by {waiver})"),
        _ => String::new(),
    };
    let help = if remedy.is_empty() { String::new() } else { format!(" — what to do: {remedy}") };
    Entry {
        description: escape_lines(&format!("{message}{waived}{help}")).into_owned(),
        check_name: escape(&format!("{code} {rule}")).into_owned(),
        fingerprint: fingerprint(finding, seen),
        severity: severity(finding),
        location: location(document, finding),
    }
}

fn severity(finding: &Finding) -> &'static str {
    match (finding.level, finding.blocks) {
        (Level::Hard, _) => "blocker",
        (Level::Blocking, true) => "critical",
        (Level::Advisory, _) if finding.waived_by.is_none() => "minor",
        (Level::Blocking | Level::Advisory, _) => "info",
    }
}

/// The same finding has the same one although lines move, and no two of a report share one.
fn fingerprint(finding: &Finding, seen: &mut BTreeMap<String, u32>) -> String {
    let Finding { code, role, message, place, .. } = finding;
    let digest =
        |nth: u32| Digest::of_list(&(code, role, place.as_ref().map(|place| &place.path), message, nth)).to_string();
    let nth = seen.entry(digest(0)).and_modify(|nth| *nth += 1).or_insert(0);
    digest(*nth).trim_start_matches("sha256:").to_owned()
}

fn location(document: &Document, finding: &Finding) -> Location {
    let places = || document.steps.iter().filter_map(|step| Some((&step.role, step.place.as_ref()?)));
    let of_role = || places().find(|(role, _)| finding.role.as_ref() == Some(role)).map(|(_, place)| place);
    let (path, begin) = match finding.place.as_ref().or_else(of_role) {
        Some(Place { path, line, .. }) => (document.repository_path(path), *line),
        None => (places().next().map_or_else(|| ".".to_owned(), |(_, place)| document.repository_path(&place.path)), 1),
    };
    Location { path: escape(&path).into_owned(), lines: Lines { begin } }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::wire::plan_v1::samples::{everything, unchanged};

    fn shown(document: &Document) -> serde_json::Value {
        let mut out = Vec::new();
        plan(document, &mut out).expect("written");
        serde_json::from_slice(&out).expect("JSON")
    }

    #[test]
    fn every_finding_has_what_gitlab_wants() {
        let mut document = Document::from_plan(&everything());
        document.folder = Some("infra".to_owned());
        let entries = shown(&document);
        insta::assert_snapshot!(format!("{:#}", entries[0]), @r#"
        {
          "check_name": "LH103 max-above-live",
          "description": "`max_sts_ttl` is 12h, and ProdAppReadOnly allows sessions of 1h at most — what to do: lower it to 1h, or raise MaxSessionDuration of the role to 43200",
          "fingerprint": "89897ffdceed3b192412901a7c6155fe48cc4a8a76d0e7cdd4997209cc4b9029",
          "location": {
            "lines": {
              "begin": 5
            },
            "path": "infra/roles/payments.yaml"
          },
          "severity": "critical"
        }
        "#);
        let field = |name: &str| -> Vec<String> {
            entries.as_array().expect("a list").iter().map(|entry| entry[name].to_string()).collect()
        };
        assert_eq!(field("severity"), ["\"critical\"", "\"minor\"", "\"info\"", "\"blocker\""]);
        assert!(field("description")[2].contains("(waived by legacy-wildcard)"));
        assert_eq!(field("fingerprint").iter().collect::<BTreeSet<_>>().len(), 4, "no two are the same");
        // A finding without a place stands in a manifest all the same.
        assert_eq!(
            entries[3]["location"],
            serde_json::json!({"path": "infra/roles/payments.yaml", "lines": {"begin": 1}})
        );
        assert_eq!(shown(&Document::from_plan(&unchanged())), serde_json::json!([]));
    }

    #[test]
    fn a_fingerprint_stays_when_lines_move() {
        let document = Document::from_plan(&everything());
        let mut moved = document.clone();
        if let Some(place) = &mut moved.findings[0].place {
            (place.line, place.column) = (99, 1);
        }
        let fingerprint = |document: &Document| shown(document)[0]["fingerprint"].clone();
        assert_eq!(fingerprint(&document), fingerprint(&moved));
    }
}
