//! A rule's judgement about something declared.

use std::fmt;

use super::Timestamp;
use super::desired::Waiver;
use super::ident::Name;
use super::span::Place;

/// What a finding does to a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Said, and nothing more.
    Advisory,
    /// Stops `apply` unless a waiver silences it.
    Blocking,
    /// Stops `apply`, and no waiver helps: AWS itself would refuse.
    Hard,
}

impl Level {
    /// The word used in every output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Advisory => "advisory",
            Self::Blocking => "blocking",
            Self::Hard => "hard",
        }
    }

    /// The level that this word names.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Advisory, Self::Blocking, Self::Hard].into_iter().find(|level| level.as_str() == word)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How far a finding can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// Follows from what was read and from a documented rule.
    Certain,
    /// The stricter reading of a rule that AWS documents ambiguously.
    Strict,
}

impl Confidence {
    /// The word used in every output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::Strict => "strict",
        }
    }
}

/// A judgement with a place in the manifest and a remedy. Texts may hold hostile parts: escape them before printing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Stable code of the rule, `LH101`.
    pub code: &'static str,
    /// Stable kebab name of the rule.
    pub rule: &'static str,
    /// What it does to the plan.
    pub level: Level,
    /// How far it can be trusted.
    pub confidence: Confidence,
    /// The role it is about; `None` when it is about the Broker or the whole set.
    pub role: Option<Name>,
    /// What exactly is wrong, in one sentence.
    pub message: String,
    /// A few words for under the underlined text.
    pub label: String,
    /// Where it was written.
    pub place: Option<Place>,
    /// What to do, written for this manifest: the exact value or statement.
    pub remedy: String,
    /// The waiver that silences it, if one does.
    pub waived_by: Option<Name>,
}

impl Finding {
    /// Whether `apply` must refuse because of it.
    #[must_use]
    pub fn blocks(&self) -> bool {
        match self.level {
            Level::Advisory => false,
            Level::Blocking => self.waived_by.is_none(),
            Level::Hard => true,
        }
    }
}

/// Marks every finding that a valid waiver silences. A waiver whose day has passed silences nothing, and no waiver
/// silences a [`Level::Hard`] finding.
pub fn apply_waivers(findings: &mut [Finding], waivers: &[Waiver], now: Timestamp) {
    for finding in findings.iter_mut().filter(|finding| finding.level != Level::Hard) {
        finding.waived_by = waivers
            .iter()
            .find(|waiver| waiver.covers(finding) && !waiver.expires.is_over(now))
            .map(|waiver| waiver.name.clone());
    }
}

/// A fault of the manifests themselves: they cannot be understood until it is mended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestError {
    /// Stable kebab kind, `unknown-field`.
    pub kind: &'static str,
    /// What is wrong, in one sentence.
    pub message: String,
    /// A few words for under the underlined text.
    pub label: String,
    /// Where; `None` when the fault is of the whole set (no Broker) or of a file that could not be read.
    pub place: Option<Place>,
    /// The path at fault when there is no place.
    pub path: Option<String>,
    /// What to do.
    pub help: String,
}

impl ManifestError {
    /// Sort key that gives all errors of all files one stable order.
    #[must_use]
    pub fn order(&self) -> (&str, usize, &str, &str) {
        let path = self.place.as_ref().map(Place::path).or(self.path.as_deref()).unwrap_or_default();
        (path, self.place.as_ref().map_or(0, Place::start), self.kind, &self.message)
    }
}
