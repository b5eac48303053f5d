//! Workflow commands of GitHub Actions: each finding as an annotation of the line that it is about.

use std::io::{self, Write};

use super::count;
use super::verdict::{Verdict, summary};
use crate::domain::text::{escape, escape_lines};
use crate::wire::common_v1::{Finding, Level, Place};
use crate::wire::plan_v1::{Brake, Document, Drift, NotKnown};

/// Writes one command a line, the worst first: GitHub shows ten of each kind for a step and keeps the others in the log.
///
/// What stops `apply` is an error; other findings, what is not known and what drifted are warnings; a waived finding and
/// the count at the end are notices.
pub fn plan(document: &Document, out: &mut dyn Write) -> io::Result<()> {
    let Document { findings, brakes, unknowns, drift, .. } = document;
    for kind in [Kind::Error, Kind::Warning, Kind::Notice] {
        if kind == Kind::Error {
            for Brake { name, message, remedy } in brakes {
                annotation(kind, None, &format!("Brake: {name}"), &said(message, remedy), out)?;
            }
        }
        for finding in findings.iter().filter(|finding| Kind::of(finding) == kind) {
            let place = finding.place.as_ref().map(|place| (document.repository_path(&place.path), place));
            annotation(kind, place, &title(finding), &body(finding), out)?;
        }
        if kind == Kind::Warning {
            for NotKnown { subject, roles, why, detail } in unknowns {
                let message = format!("{subject} ({why}): {detail}{}", concerned(roles));
                annotation(kind, None, "Not known", &message, out)?;
            }
            for Drift { role_arn, roles, gone, changes } in drift {
                let what = match (gone, changes.len() as u64) {
                    (true, _) => "is gone".to_owned(),
                    (false, facts) => format!("differs in {} from what was applied", count(facts, "fact")),
                };
                annotation(kind, None, "Drift", &format!("{role_arn} {what}{}", concerned(roles)), out)?;
            }
        }
    }
    let verdict = match Verdict::of(document) {
        Verdict::FindingsRefuse | Verdict::BrakesRefuse => "`apply` refuses this plan.",
        Verdict::IssueRefuses => "`apply` goes through, and `issue` refuses the roles that findings block.",
        Verdict::Ready => "Nothing stands in the way of `apply`.",
        Verdict::Nothing => "There is nothing to apply.",
    };
    let message = format!("{} {verdict}", summary(&document.summary));
    annotation(Kind::Notice, None, &format!("leasehold plan: {}", document.deployment), &message, out)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Error,
    Warning,
    Notice,
}

impl Kind {
    fn of(finding: &Finding) -> Self {
        match (finding.blocks, finding.waived_by.is_some(), finding.level) {
            (true, ..) => Self::Error,
            (false, true, _) => Self::Notice,
            (false, false, Level::Advisory | Level::Blocking | Level::Hard) => Self::Warning,
        }
    }

    fn command(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Notice => "notice",
        }
    }
}

fn title(finding: &Finding) -> String {
    let Finding { code, rule, level, role, .. } = finding;
    let role = role.as_ref().map(|role| format!(" in {role}")).unwrap_or_default();
    format!("{code} {rule} ({}){role}", level.as_str())
}

fn body(finding: &Finding) -> String {
    let Finding { message, remedy, waived_by, .. } = finding;
    match waived_by {
        Some(waiver) if !finding.blocks => format!("waived by {waiver}: {message}"),
        _ => said(message, remedy),
    }
}

fn said(message: &str, remedy: &str) -> String {
    if remedy.is_empty() { message.to_owned() } else { format!("{message}\nWhat to do: {remedy}") }
}

fn concerned(roles: &[String]) -> String {
    if roles.is_empty() { String::new() } else { format!("; it concerns {}", roles.join(", ")) }
}

fn annotation(
    kind: Kind,
    place: Option<(String, &Place)>,
    title: &str,
    message: &str,
    out: &mut dyn Write,
) -> io::Result<()> {
    write!(out, "::{} ", kind.command())?;
    if let Some((path, Place { line, column, .. })) = place {
        write!(out, "file={},line={line},col={column},", property(&path))?;
    }
    writeln!(out, "title={}::{}", property(title), data(message))
}

/// Text behind the command. GitHub's runner takes these escapes back, the one of `%` last.
fn data(text: &str) -> String {
    escape_lines(text).replace('%', "%25").replace('\n', "%0A")
}

/// Text within the command, where `,` and `:` end it.
fn property(text: &str) -> String {
    escape(text).replace('%', "%25").replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::plan_v1::samples::{everything, first};

    fn shown(document: &Document) -> String {
        let mut out = Vec::new();
        plan(document, &mut out).expect("written");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn one_command_each_the_worst_first() {
        let mut document = Document::from_plan(&everything());
        document.folder = Some("infra, 100%: prod".to_owned());
        insta::assert_snapshot!(shown(&document), @"
        ::error title=Brake%3A too-many-deletes::6 roles would be deleted, and the Broker document allows 5%0AWhat to do: if this is meant, pass --allow-deletes 6
        ::error file=infra%2C 100%25%3A prod/roles/payments.yaml,line=5,col=16,title=LH103 max-above-live (blocking) in app-readonly::`max_sts_ttl` is 12h, and ProdAppReadOnly allows sessions of 1h at most%0AWhat to do: lower it to 1h, or raise MaxSessionDuration of the role to 43200
        ::error title=LH103 max-above-live (hard)::`max_sts_ttl` is 12h, and ProdAppReadOnly allows sessions of 1h at most%0AWhat to do: lower it to 1h, or raise MaxSessionDuration of the role to 43200
        ::warning file=infra%2C 100%25%3A prod/roles/payments.yaml,line=5,col=16,title=LH103 max-above-live (advisory) in app-readonly::`max_sts_ttl` is 12h, and ProdAppReadOnly allows sessions of 1h at most%0AWhat to do: lower it to 1h, or raise MaxSessionDuration of the role to 43200
        ::warning title=Not known::arn:aws:iam::444455556666:role/Other (access-denied): the reader may not call iam:GetRole on it; it concerns app-rw
        ::warning title=Drift::arn:aws:iam::111122223333:role/ProdAppReadOnly differs in 2 facts from what was applied; it concerns app-readonly, audit
        ::warning title=Drift::arn:aws:iam::111122223333:role/Gone is gone; it concerns old
        ::notice file=infra%2C 100%25%3A prod/roles/payments.yaml,line=5,col=16,title=LH103 max-above-live (blocking) in app-readonly::waived by legacy-wildcard: `max_sts_ttl` is 12h, and ProdAppReadOnly allows sessions of 1h at most
        ::notice title=leasehold plan%3A prod::Plan: 1 to create, 1 to update, 1 to refresh, 1 to delete; 3 findings (2 blocking), 1 unknown. `apply` refuses this plan.
        ");
    }

    #[test]
    fn a_plan_without_faults_is_one_notice() {
        insta::assert_snapshot!(shown(&Document::from_plan(&first())), @"::notice title=leasehold plan%3A prod::Plan: 1 to create, 0 to update, 0 to refresh, 0 to delete; 0 findings (0 blocking), 0 unknown. Nothing stands in the way of `apply`.");
    }
}
