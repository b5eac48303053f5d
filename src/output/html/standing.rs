use std::fmt;

use crate::wire::common_v1::{Finding, Level};
use crate::wire::plan_v1::Levels;

/// How something stands, worst first: by its worst finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    Hard,
    Blocking,
    Advisory,
    Waived,
    Fine,
}

impl Standing {
    pub(super) const ALL: [Self; 5] = [Self::Hard, Self::Blocking, Self::Advisory, Self::Waived, Self::Fine];

    pub(super) fn of_role(levels: &Levels) -> Self {
        let Levels { hard, blocking, advisory, waived } = *levels;
        match (hard, blocking, advisory, waived) {
            (1.., ..) => Self::Hard,
            (_, 1.., ..) => Self::Blocking,
            (_, _, 1.., _) => Self::Advisory,
            (_, _, _, 1..) => Self::Waived,
            (0, 0, 0, 0) => Self::Fine,
        }
    }

    pub(super) fn of_finding(finding: &Finding) -> Self {
        match finding.level {
            Level::Hard | Level::Blocking | Level::Advisory if finding.waived_by.is_some() && !finding.blocks => {
                Self::Waived
            }
            Level::Hard => Self::Hard,
            Level::Blocking => Self::Blocking,
            Level::Advisory => Self::Advisory,
        }
    }

    /// The word that stands beside the colour; the name of its class as well.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Hard => "hard",
            Self::Blocking => "blocking",
            Self::Advisory => "advisory",
            Self::Waived => "waived",
            Self::Fine => "fine",
        }
    }
}

/// The word in its colour, with a shape of its own.
impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = self.word();
        write!(f, "<span class=\"badge {word}\">{word}</span>")
    }
}
