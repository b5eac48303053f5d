//! JUnit's XML: the plan as a run of tests, for whatever shows those.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, Write};

use crate::domain::text::{escape, escape_lines};
use crate::wire::common_v1::Finding;
use crate::wire::plan_v1::{Brake, Document, NotKnown};

/// Writes one test for each finding, one for each brake, one for each thing that is not known, and a passing one for each
/// role that nothing was found about.
///
/// What stops `apply` is a failure, what is waived is skipped; what merely warns passes and says so in its output.
pub fn plan(document: &Document, out: &mut dyn Write) -> io::Result<()> {
    let Document { findings, brakes, unknowns, .. } = document;
    let mut cases: Vec<Case> = brakes.iter().map(of_brake).collect();
    cases.extend(findings.iter().map(|finding| of_finding(document, finding)));
    cases.extend(unknowns.iter().map(of_unknown));
    cases
        .extend(roles_without_findings(document).into_iter().map(|role| Case::new("leasehold", role, Outcome::Passed)));

    let count = |kind: fn(&Outcome) -> bool| cases.iter().filter(|case| kind(&case.outcome)).count();
    let failures = count(|outcome| matches!(outcome, Outcome::Failed { .. }));
    let skipped = count(|outcome| matches!(outcome, Outcome::Skipped { .. }));
    let counts = format!("tests=\"{}\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\"", cases.len());
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(out, "<testsuites name=\"leasehold plan\" {counts}>")?;
    writeln!(out, "  <testsuite name=\"{}\" {counts}>", attribute(&document.deployment))?;
    for case in &cases {
        case.write(out)?;
    }
    writeln!(out, "  </testsuite>\n</testsuites>")
}

struct Case {
    class: String,
    name: String,
    /// Path from the top of the repository, and line.
    place: Option<(String, u64)>,
    outcome: Outcome,
}

enum Outcome {
    Passed,
    /// Passed, with something to say.
    Warned(String),
    Skipped {
        message: String,
    },
    Failed {
        kind: String,
        message: String,
        text: String,
    },
}

impl Case {
    fn new(class: impl Into<String>, name: impl Into<String>, outcome: Outcome) -> Self {
        Self { class: class.into(), name: name.into(), place: None, outcome }
    }

    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let Self { class, name, place, outcome } = self;
        write!(out, "    <testcase classname=\"{}\" name=\"{}\"", attribute(class), attribute(name))?;
        if let Some((path, line)) = place {
            write!(out, " file=\"{}\" line=\"{line}\"", attribute(path))?;
        }
        match outcome {
            Outcome::Passed => return writeln!(out, "/>"),
            Outcome::Warned(text) => writeln!(out, ">\n      <system-out>{}</system-out>", content(text))?,
            Outcome::Skipped { message } => writeln!(out, ">\n      <skipped message=\"{}\"/>", attribute(message))?,
            Outcome::Failed { kind, message, text } => {
                let (kind, message) = (attribute(kind), attribute(message));
                writeln!(out, ">\n      <failure type=\"{kind}\" message=\"{message}\">{}</failure>", content(text))?;
            }
        }
        writeln!(out, "    </testcase>")
    }
}

fn of_finding(document: &Document, finding: &Finding) -> Case {
    let Finding { code, rule, level, role, message, place, remedy, waived_by, .. } = finding;
    let place = place.as_ref().map(|place| (document.repository_path(&place.path), place.line));
    let text = || {
        let at = place.as_ref().map(|(path, line)| format!("{path}:{line}\n")).unwrap_or_default();
        let help = if remedy.is_empty() { String::new() } else { format!("\nWhat to do: {remedy}") };
        format!("{at}{message}{help}")
    };
    let outcome = match (finding.blocks, waived_by) {
        (true, _) => Outcome::Failed { kind: level.as_str().to_owned(), message: message.clone(), text: text() },
        (false, Some(waiver)) => Outcome::Skipped { message: format!("waived by {waiver}: {message}") },
        (false, None) => Outcome::Warned(text()),
    };
    let name = role.clone().unwrap_or_else(|| "the manifests".to_owned());
    let mut case = Case::new(format!("{code} {rule}"), name, outcome);
    case.place = place;
    case
}

fn of_brake(brake: &Brake) -> Case {
    let Brake { name, message, remedy } = brake;
    let text = format!("{message}\nWhat to do: {remedy}");
    Case::new("brake", name, Outcome::Failed { kind: "brake".to_owned(), message: message.clone(), text })
}

fn of_unknown(unknown: &NotKnown) -> Case {
    let NotKnown { subject, roles, why, detail } = unknown;
    let concerned = if roles.is_empty() { String::new() } else { format!(" It concerns {}.", roles.join(", ")) };
    Case::new("not known", subject, Outcome::Skipped { message: format!("{why}: {detail}.{concerned}") })
}

/// Roles that were judged, declared or recorded, and that no finding names.
fn roles_without_findings(document: &Document) -> BTreeSet<&str> {
    let found: BTreeSet<&str> = document.findings.iter().filter_map(|finding| finding.role.as_deref()).collect();
    let planned = document.basis.fingerprints.keys().chain(document.steps.iter().map(|step| &step.role));
    planned.map(String::as_str).filter(|role| !found.contains(role)).collect()
}

fn attribute(text: &str) -> String {
    xml(&escape(text))
}

fn content(text: &str) -> String {
    let lines = escape_lines(text);
    lines.split('\n').map(content_line).collect::<Vec<_>>().join("\n")
}

/// A line that begins with `::` would be a command in a job's log as well.
fn content_line(line: &str) -> String {
    let rest = line.trim_start();
    let (space, text) = (&line[..line.len() - rest.len()], xml(rest));
    if text.starts_with("::") { format!("{space}&#58;{}", &text[1..]) } else { format!("{space}{text}") }
}

/// Text between elements or quotes. Two characters that XML forbids are left when what is unsafe to look at is escaped: they stand for no character.
fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for (at, c) in text.char_indices() {
        match c {
            // In a job's log, a CI system would read what follows as a command.
            '#' if text[at + 1..].starts_with('#') => out.push_str("&#35;"),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\u{FFFE}' | '\u{FFFF}' => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::plan_v1::samples::everything;

    fn shown(document: &Document) -> String {
        let mut out = Vec::new();
        plan(document, &mut out).expect("written");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn a_test_for_each_judgement() {
        insta::assert_snapshot!(shown(&Document::from_plan(&everything())), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites name="leasehold plan" tests="9" failures="3" errors="0" skipped="2">
          <testsuite name="prod" tests="9" failures="3" errors="0" skipped="2">
            <testcase classname="brake" name="too-many-deletes">
              <failure type="brake" message="6 roles would be deleted, and the Broker document allows 5">6 roles would be deleted, and the Broker document allows 5
        What to do: if this is meant, pass --allow-deletes 6</failure>
            </testcase>
            <testcase classname="LH103 max-above-live" name="app-readonly" file="roles/payments.yaml" line="5">
              <failure type="blocking" message="`max_sts_ttl` is 12h, and ProdAppReadOnly allows sessions of 1h at most">roles/payments.yaml:5
        `max_sts_ttl` is 12h, and ProdAppReadOnly allows sessions of 1h at most
        What to do: lower it to 1h, or raise MaxSessionDuration of the role to 43200</failure>
            </testcase>
            <testcase classname="LH103 max-above-live" name="app-readonly" file="roles/payments.yaml" line="5">
              <system-out>roles/payments.yaml:5
        `max_sts_ttl` is 12h, and ProdAppReadOnly allows sessions of 1h at most
        What to do: lower it to 1h, or raise MaxSessionDuration of the role to 43200</system-out>
            </testcase>
            <testcase classname="LH103 max-above-live" name="app-readonly" file="roles/payments.yaml" line="5">
              <skipped message="waived by legacy-wildcard: `max_sts_ttl` is 12h, and ProdAppReadOnly allows sessions of 1h at most"/>
            </testcase>
            <testcase classname="LH103 max-above-live" name="the manifests">
              <failure type="hard" message="`max_sts_ttl` is 12h, and ProdAppReadOnly allows sessions of 1h at most">`max_sts_ttl` is 12h, and ProdAppReadOnly allows sessions of 1h at most
        What to do: lower it to 1h, or raise MaxSessionDuration of the role to 43200</failure>
            </testcase>
            <testcase classname="not known" name="arn:aws:iam::444455556666:role/Other">
              <skipped message="access-denied: the reader may not call iam:GetRole on it. It concerns app-rw."/>
            </testcase>
            <testcase classname="leasehold" name="app-rw"/>
            <testcase classname="leasehold" name="audit"/>
            <testcase classname="leasehold" name="old"/>
          </testsuite>
        </testsuites>
        "#);
    }

    #[test]
    fn no_line_holds_a_command() {
        let page = format!("<x y=\"{}\">{}</x>", attribute("##[a]"), content("x\n::error::###[b]"));
        assert_eq!(page, "<x y=\"&#35;#[a]\">x\n&#58;:error::&#35;&#35;#[b]</x>");
    }

    #[test]
    fn every_character_of_xml_comes_back_and_no_other_comes_out() {
        for c in (0..=0xFFFF_u32).filter_map(char::from_u32) {
            let text = format!("a{c}b");
            let page = format!("<x y=\"{}\">{}</x>", attribute(&text), content(&text));
            let tree =
                roxmltree::Document::parse(&page).unwrap_or_else(|error| panic!("U+{:04X}: {error}", u32::from(c)));
            let expected = xml(&escape(&text)).contains('\\').then(|| format!("a\\u{{{:x}}}b", u32::from(c)));
            let expected = expected.filter(|_| c != '\\').unwrap_or(text);
            assert_eq!(tree.root_element().attribute("y"), Some(expected.as_str()));
            if c != '\n' {
                assert_eq!(tree.root_element().text(), Some(expected.as_str()));
            }
        }
    }
}
