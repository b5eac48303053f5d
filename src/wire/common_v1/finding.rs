use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Invalid, invalid};
use crate::domain::finding;
use crate::domain::span;

/// Bytes of a manifest's line that a report carries on each side of what it underlines.
const EXCERPT_SIDE: usize = 160;
/// Bytes underlined at most.
const UNDERLINE_MAX: usize = 240;

/// A place in a manifest, with the line to show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Path of the file, relative to the manifest root.
    pub path: String,
    /// Line, from 1.
    pub line: u64,
    /// Column in characters, from 1.
    pub column: u64,
    /// The line without its line break; a long one is cut to what surrounds the underlined part, with `…` at the cuts.
    pub excerpt: String,
    /// What to underline of `excerpt`.
    pub underline: Underline,
}

/// A range of bytes (UTF-8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Underline {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl From<&span::Place> for Place {
    fn from(place: &span::Place) -> Self {
        let span::Excerpt { path, line, column, text, underline } = place.excerpt();
        let floor = |mut at: usize| {
            at = at.min(text.len());
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let stop = floor(underline.end.min(underline.start + UNDERLINE_MAX));
        let (from, to) = (floor(underline.start.saturating_sub(EXCERPT_SIDE)), floor(stop + EXCERPT_SIDE));
        let head = if from > 0 { "…" } else { "" };
        let tail = if to < text.len() { "…" } else { "" };
        let shift = |at: usize| at - from + head.len();
        Self {
            path,
            line: line as u64,
            column: column as u64,
            excerpt: format!("{head}{}{tail}", &text[from..to]),
            underline: Underline { start: shift(underline.start), end: shift(stop) },
        }
    }
}

impl Place {
    /// Whether the underlined range lies within the excerpt.
    pub(in crate::wire) fn check(&self) -> Result<(), Invalid> {
        let Underline { start, end } = self.underline;
        if start <= end && self.excerpt.get(start..end).is_some() && !self.excerpt.contains('\n') {
            return Ok(());
        }
        Err(invalid("underline", "does not lie within one line of its excerpt"))
    }
}

/// What a finding does to a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Said, and nothing more.
    Advisory,
    /// Stops `apply` unless a waiver silences it.
    Blocking,
    /// Stops `apply`, and no waiver helps.
    Hard,
}

impl Level {
    /// The word used in every output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Advisory => finding::Level::Advisory,
            Self::Blocking => finding::Level::Blocking,
            Self::Hard => finding::Level::Hard,
        }
        .as_str()
    }
}

impl From<finding::Level> for Level {
    fn from(level: finding::Level) -> Self {
        match level {
            finding::Level::Advisory => Self::Advisory,
            finding::Level::Blocking => Self::Blocking,
            finding::Level::Hard => Self::Hard,
        }
    }
}

/// How far a finding can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Follows from what was read and from a documented rule.
    Certain,
    /// The stricter reading of a rule that AWS documents ambiguously.
    Strict,
}

/// A rule's judgement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// Stable code of the rule.
    pub code: String,
    /// Stable kebab name of the rule.
    pub rule: String,
    /// What it does to the plan.
    pub level: Level,
    /// How far it can be trusted.
    pub confidence: Confidence,
    /// Whether `apply` refuses because of it.
    pub blocks: bool,
    /// The role it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// What exactly is wrong.
    pub message: String,
    /// A few words for under the underlined text.
    pub label: String,
    /// Where it was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// What to do.
    pub remedy: String,
    /// The waiver that silences it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waived_by: Option<String>,
}

impl From<&finding::Finding> for Finding {
    fn from(finding: &finding::Finding) -> Self {
        let blocks = finding.blocks();
        let finding::Finding { code, rule, level, confidence, role, message, label, place, remedy, waived_by } =
            finding;
        Self {
            code: (*code).to_owned(),
            rule: (*rule).to_owned(),
            level: (*level).into(),
            confidence: match confidence {
                finding::Confidence::Certain => Confidence::Certain,
                finding::Confidence::Strict => Confidence::Strict,
            },
            blocks,
            role: role.as_ref().map(ToString::to_string),
            message: message.clone(),
            label: label.clone(),
            place: place.as_ref().map(Place::from),
            remedy: remedy.clone(),
            waived_by: waived_by.as_ref().map(ToString::to_string),
        }
    }
}

/// A fault of the manifests themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ManifestError {
    /// Stable kebab kind.
    pub kind: String,
    /// What is wrong.
    pub message: String,
    /// A few words for under the underlined text.
    pub label: String,
    /// Where it was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// The file at fault when there is no place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What to do.
    pub help: String,
}

impl From<&finding::ManifestError> for ManifestError {
    fn from(error: &finding::ManifestError) -> Self {
        let finding::ManifestError { kind, message, label, place, path, help } = error;
        Self {
            kind: (*kind).to_owned(),
            message: message.clone(),
            label: label.clone(),
            place: place.as_ref().map(Place::from),
            path: path.clone(),
            help: help.clone(),
        }
    }
}

/// Findings, counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tally {
    /// Not waived.
    pub findings: u64,
    /// Of those, the ones that stop `apply`.
    pub blocking: u64,
    /// Waived.
    pub waived: u64,
}

impl Tally {
    /// Counts.
    #[must_use]
    pub fn of(findings: &[Finding]) -> Self {
        let mut tally = Self::default();
        for finding in findings {
            if finding.waived_by.is_some() && !finding.blocks {
                tally.waived += 1;
            } else {
                tally.findings += 1;
                tally.blocking += u64::from(finding.blocks);
            }
        }
        tally
    }
}
