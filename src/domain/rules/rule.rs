use crate::domain::finding::{Confidence, Finding, Level};
use crate::domain::role::{Field, Role};
use crate::domain::span::Place;

use super::judging::{Declared, Judging, Target};
use super::statements::Spot;

/// Who can bring a finding of a rule about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// What git says, and nothing else: such a finding is new only because git changed.
    Git,
    /// AWS or the passing of time, without any change of git.
    World,
}

/// One rule of the set: what it is called, how much it weighs, and how it looks.
#[derive(Debug)]
pub struct Rule {
    /// Stable code, `LH101`; never used again for another rule.
    pub code: &'static str,
    /// Stable kebab name.
    pub name: &'static str,
    /// What its findings do to a plan.
    pub level: Level,
    /// How far its findings can be trusted.
    pub confidence: Confidence,
    /// Who can bring its findings about.
    pub origin: Origin,
    /// What is wrong when it speaks, in one sentence: the first line of its page.
    pub summary: &'static str,
    /// The rule's own source file, whose opening comment is its page.
    pub(super) source: &'static str,
    /// How it looks.
    pub(super) check: Check,
}

/// What a rule looks at, one after the other, and adds findings about.
///
/// A rule that looks at no more than it has to is one that costs little: everything that the rules say of one role is
/// said while that role is at hand.
#[derive(Debug, Clone, Copy)]
pub(super) enum Check {
    /// Each declared role.
    Role(fn(&Judging<'_>, &Declared<'_>, &mut Vec<Finding>)),
    /// Each target of each role.
    Target(fn(&Judging<'_>, Target<'_>, &mut Vec<Finding>)),
    /// Each statement of each target's trust policy. What is said stands where the target is declared.
    Statement(fn(&Judging<'_>, &Spot<'_>) -> Option<Said>),
    /// Everything at once.
    Whole(fn(&Judging<'_>, &mut Vec<Finding>)),
    /// What all the others found.
    After(fn(&Judging<'_>, &[Finding]) -> Vec<Finding>),
}

/// The words of one finding.
pub(super) struct Said {
    /// What exactly is wrong, in one sentence.
    pub(super) message: String,
    /// A few words for under the underlined text.
    pub(super) label: String,
    /// What to do, with the exact value or statement in backticks.
    pub(super) remedy: String,
}

impl Rule {
    /// The rule's public page in Markdown: its title, its weight, and the opening comment of its source file.
    #[must_use]
    pub fn page(&self) -> String {
        let mut page = format!(
            "# {} {}\n\nLevel: {}{}. Confidence: {}.\n\n",
            self.code,
            self.name,
            self.level,
            if super::refusal(self).is_none() { ", unless the Broker document says otherwise" } else { "" },
            self.confidence.as_str()
        );
        for line in self.source.lines().map_while(|line| line.strip_prefix("//!")) {
            page.push_str(line.strip_prefix(' ').unwrap_or(line));
            page.push('\n');
        }
        page
    }

    /// A finding about a role, at one of its fields.
    pub(super) fn about(&self, role: &Role, field: Field, said: Said) -> Finding {
        self.at(Some(role), role.places.of(field), said)
    }

    /// A finding at a place; about a role, or about the whole set.
    pub(super) fn at(&self, role: Option<&Role>, place: Place, said: Said) -> Finding {
        let Said { message, label, remedy } = said;
        Finding {
            code: self.code,
            rule: self.name,
            level: self.level,
            confidence: self.confidence,
            role: role.map(|role| role.spec.name.clone()),
            message,
            label,
            place: Some(place),
            remedy,
            waived_by: None,
        }
    }
}
