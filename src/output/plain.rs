//! One line for each problem, for pipes and CI logs: `path:line:col: error[kind]: message; help: …`.

use std::io::{self, Write};

use super::inert::Inert;
use crate::domain::text::escape;
use crate::wire::common_v1::{Finding, Level, ManifestError, Place};
use crate::wire::error_v1;
use crate::wire::findings_v1::Document;

/// Writes a failed command on one line, so that a log keeps it together.
pub fn failure(document: &error_v1::Document, out: &mut dyn Write) -> io::Result<()> {
    let out = &mut Inert::new(out);
    let error_v1::Document { format: _, exit_code: _, kind, message, causes, help, aws } = document;
    write!(out, "error[{}]: {}", escape(kind), escape(message))?;
    for cause in causes {
        write!(out, "; because {}", escape(cause))?;
    }
    if let Some(help) = help {
        write!(out, "; help: {}", escape(help))?;
    }
    if let Some(aws) = aws {
        write!(out, "; AWS said: {}", escape(aws))?;
    }
    writeln!(out)
}

/// Writes what the parser of the command line says: lines of ours that repeat arguments. Escaping control characters is
/// left to the caller, who knows which of them are colours.
pub fn usage(text: &str, out: &mut dyn Write) -> io::Result<()> {
    let out = &mut Inert::new(out);
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Writes every error, then every finding.
pub fn problems(document: &Document, out: &mut dyn Write) -> io::Result<()> {
    for ManifestError { kind, message, label: _, place, path, help } in &document.errors {
        line(
            out,
            &Line { place: place.as_ref(), path: path.as_deref(), severity: "error", code: kind, message, help },
        )?;
    }
    findings(&document.findings, out)
}

/// Writes every finding: `error` stops `apply`, `warning` does not, `note` is waived.
pub fn findings(findings: &[Finding], out: &mut dyn Write) -> io::Result<()> {
    for finding in findings {
        let severity = match (finding.blocks, finding.waived_by.is_some(), finding.level) {
            (true, ..) => "error",
            (false, true, _) => "note",
            (false, false, Level::Advisory | Level::Blocking | Level::Hard) => "warning",
        };
        let Finding { code, message, place, remedy, .. } = finding;
        line(out, &Line { place: place.as_ref(), path: None, severity, code, message, help: remedy })?;
    }
    Ok(())
}

struct Line<'a> {
    place: Option<&'a Place>,
    path: Option<&'a str>,
    severity: &'static str,
    code: &'a str,
    message: &'a str,
    help: &'a str,
}

fn line(out: &mut dyn Write, line: &Line<'_>) -> io::Result<()> {
    let out = &mut Inert::new(out);
    let Line { place, path, severity, code, message, help } = line;
    match (place, path) {
        (Some(place), _) => write!(out, "{}:{}:{}: ", escape(&place.path), place.line, place.column)?,
        (None, Some(path)) => write!(out, "{}: ", escape(path))?,
        (None, None) => {}
    }
    write!(out, "{severity}[{}]: {}", one_line(code), one_line(message))?;
    if !help.is_empty() {
        write!(out, "; help: {}", one_line(help))?;
    }
    writeln!(out)
}

/// Line breaks become spaces, so that a remedy of several lines stays readable; the rest is escaped.
fn one_line(text: &str) -> String {
    escape(&text.split('\n').map(str::trim).collect::<Vec<_>>().join(" ")).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::finding;
    use crate::wire::plan_v1::samples::{everything, place};

    #[test]
    fn one_line_each() {
        let error = finding::ManifestError {
            kind: "unknown-field",
            message: "`max_sts_tll` is not a field of a Role".into(),
            label: "unknown".into(),
            place: Some(place("max_sts_ttl")),
            path: None,
            help: "did you mean\n  `max_sts_ttl`?".into(),
        };
        let file = finding::ManifestError {
            kind: "symlink",
            message: "is a symbolic link".into(),
            place: None,
            path: Some("a\nb.yaml".into()),
            ..error.clone()
        };
        let nowhere = finding::ManifestError {
            kind: "no-broker",
            message: "no Broker document".into(),
            place: None,
            help: String::new(),
            ..error.clone()
        };
        let mut out = Vec::new();
        let document = Document::new(&[error, file, nowhere], &everything().report.findings);
        problems(&document, &mut out).expect("written");
        insta::assert_snapshot!(String::from_utf8(out).expect("text"), @r"
        roles/payments.yaml:5:3: error[unknown-field]: `max_sts_tll` is not a field of a Role; help: did you mean `max_sts_ttl`?
        a\u{a}b.yaml: error[symlink]: is a symbolic link; help: did you mean `max_sts_ttl`?
        error[no-broker]: no Broker document
        roles/payments.yaml:5:16: error[LH103]: `max_sts_ttl` is 12h, and ProdAppReadOnly allows sessions of 1h at most; help: lower it to 1h, or raise MaxSessionDuration of the role to 43200
        roles/payments.yaml:5:16: warning[LH103]: `max_sts_ttl` is 12h, and ProdAppReadOnly allows sessions of 1h at most; help: lower it to 1h, or raise MaxSessionDuration of the role to 43200
        roles/payments.yaml:5:16: note[LH103]: `max_sts_ttl` is 12h, and ProdAppReadOnly allows sessions of 1h at most; help: lower it to 1h, or raise MaxSessionDuration of the role to 43200
        error[LH103]: `max_sts_ttl` is 12h, and ProdAppReadOnly allows sessions of 1h at most; help: lower it to 1h, or raise MaxSessionDuration of the role to 43200
        ");
    }
}
