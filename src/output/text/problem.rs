//! Findings and manifest errors, with the line of the manifest underlined.

use std::fmt;
use std::io::{self, Write};

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, Severity,
    SourceCode, SourceSpan, SpanContents,
};

use textwrap::core::Word;
use textwrap::{WordSeparator, WordSplitter};

use super::ink::{Ink, count, words};
use crate::domain::text::{escape, escape_lines};
use crate::output::Style;
use crate::output::inert::Inert;
use crate::wire::common_v1::{Confidence, Finding, Level, ManifestError, Place, Tally};
use crate::wire::findings_v1::Document;

/// Writes what is wrong with the manifests: errors, findings, then one line that counts them.
pub fn problems(document: &Document, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let (style, out) = (*style, &mut Inert::new(out));
    let Document { format: _, errors, findings: judged, summary } = document;
    for error in errors {
        render(&Problem::of_error(error), style, out)?;
        writeln!(out)?;
    }
    if !judged.is_empty() {
        findings(judged, style, out)?;
        writeln!(out)?;
    }
    let Tally { findings, blocking, waived: _ } = summary;
    let errors = count(errors.len() as u64, "error");
    writeln!(out, "Manifests: {errors}; {} ({blocking} blocking).", count(*findings, "finding"))
}

/// Writes findings, each under a line of its own, waived ones folded to one line each at the end.
pub(super) fn findings(findings: &[Finding], style: Style, out: &mut dyn Write) -> io::Result<()> {
    let folded = |finding: &&Finding| finding.waived_by.is_some() && !finding.blocks;
    let mut first = true;
    for finding in findings.iter().filter(|finding| !folded(finding)) {
        if !std::mem::take(&mut first) {
            writeln!(out)?;
        }
        render(&Problem::of_finding(finding), style, out)?;
    }
    if !first && findings.iter().any(|finding| folded(&finding)) {
        writeln!(out)?;
    }
    for finding in findings.iter().filter(folded) {
        let Finding { code, rule, role, message, waived_by, .. } = finding;
        let role = role.as_deref().map(|role| format!(" in {}", escape(role))).unwrap_or_default();
        let waiver = escape(waived_by.as_deref().unwrap_or_default());
        let text = format!("waived by {waiver}: {} {}{role}: ", escape(code), escape(rule));
        writeln!(out, "  {}{}", style.ink(Ink::Faint, &text), style.value(message))?;
    }
    Ok(())
}

/// A finding or an error with every text made harmless, as miette wants it.
struct Problem {
    header: String,
    severity: Severity,
    message: String,
    help: String,
    label: String,
    line: Option<Line>,
}

impl Problem {
    fn of_finding(finding: &Finding) -> Self {
        let Finding { code, rule, level, confidence, blocks, role, message, label, place, remedy, waived_by: _ } =
            finding;
        let mut header = format!("{} {} ({})", escape(code), escape(rule), level.as_str());
        if let Some(role) = role {
            header.push_str(&format!(" in {}", escape(role)));
        }
        if *confidence == Confidence::Strict {
            header.push_str(", by the stricter reading of what AWS documents");
        }
        let severity = match level {
            Level::Advisory => Severity::Warning,
            Level::Blocking | Level::Hard if *blocks => Severity::Error,
            Level::Blocking | Level::Hard => Severity::Warning,
        };
        Self {
            header,
            severity,
            message: escape(message).into_owned(),
            help: escape_lines(remedy).into_owned(),
            label: escape(label).into_owned(),
            line: place.as_ref().map(Line::of),
        }
    }

    fn of_error(error: &ManifestError) -> Self {
        let ManifestError { kind, message, label, place, path, help } = error;
        let message = match (place, path) {
            (None, Some(path)) => format!("{}: {}", escape(path), escape(message)),
            _ => escape(message).into_owned(),
        };
        Self {
            header: format!("error[{}]", escape(kind)),
            severity: Severity::Error,
            message,
            help: escape_lines(help).into_owned(),
            label: escape(label).into_owned(),
            line: place.as_ref().map(Line::of),
        }
    }
}

fn separate(line: &str) -> Box<dyn Iterator<Item = Word<'_>> + '_> {
    Box::new(words(line).map(Word::from))
}

/// Draws one diagnostic whose texts are harmless already.
pub(super) fn render(problem: &dyn Diagnostic, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let theme = match (style.unicode, style.color) {
        (true, true) => GraphicalTheme::unicode(),
        (true, false) => GraphicalTheme::unicode_nocolor(),
        (false, true) => GraphicalTheme::ascii(),
        (false, false) => GraphicalTheme::none(),
    };
    let mut text = String::new();
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(style.columns())
        .with_links(false)
        .with_word_separator(WordSeparator::Custom(separate))
        .with_word_splitter(WordSplitter::NoHyphenation)
        .with_break_words(false);
    handler.render_report(&mut text, problem).map_err(io::Error::other)?;
    for line in text.trim_start_matches('\n').lines() {
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Problem {}

impl Diagnostic for Problem {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(&self.header))
    }

    fn severity(&self) -> Option<Severity> {
        Some(self.severity)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        (!self.help.is_empty()).then(|| Box::new(&self.help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.line.as_ref().map(|line| line as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let line = self.line.as_ref()?;
        let label = (!self.label.is_empty()).then(|| self.label.clone());
        Some(Box::new(std::iter::once(LabeledSpan::new_primary_with_span(label, line.underline))))
    }
}

/// One line of a manifest, escaped, that knows where in its file it stands.
struct Line {
    path: String,
    line: usize,
    column: usize,
    text: String,
    underline: SourceSpan,
}

impl Line {
    fn of(place: &Place) -> Self {
        let Place { path, line, column, excerpt, underline } = place;
        let part = |from: usize, to: usize| escape(excerpt.get(from..to).unwrap_or_default()).into_owned();
        let (head, marked) = (part(0, underline.start), part(underline.start, underline.end));
        let tail = part(underline.end, excerpt.len());
        let index = |n: u64| usize::try_from(n).unwrap_or(usize::MAX).saturating_sub(1);
        let mut text = format!("{head}{marked}{tail}");
        if text.is_empty() {
            // An empty source has no line at all to point at.
            text.push(' ');
        }
        Self {
            path: escape(path).into_owned(),
            line: index(*line).min(usize::MAX - 2),
            column: index(*column).min(usize::MAX - 2),
            text,
            underline: (head.len(), marked.len()).into(),
        }
    }
}

impl SourceCode for Line {
    fn read_span<'a>(
        &'a self,
        _span: &SourceSpan,
        _lines_before: usize,
        _lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let whole = (0, self.text.len()).into();
        let contents =
            MietteSpanContents::new_named(self.path.clone(), self.text.as_bytes(), whole, self.line, self.column, 1);
        Ok(Box::new(contents))
    }
}
