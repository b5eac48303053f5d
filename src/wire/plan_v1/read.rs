use thiserror::Error;

use super::{Document, FORMAT};
use crate::wire::common_v1::{Invalid, Place, invalid, name};
use crate::wire::json::{self, Fault};

/// Largest plan file that is read, in bytes: a plan that creates ten thousand roles takes about half of it.
pub const MAX_BYTES: usize = 64 << 20;

/// A text that is not a plan this program can use.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PlanFileError {
    /// More than [`MAX_BYTES`].
    #[error("the plan file is too large: it has {bytes} bytes, and {MAX_BYTES} are read at most")]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
    /// No bytes, or only white space.
    #[error("the plan file is empty")]
    Empty,
    /// JSON that ends too early.
    #[error("the plan file is truncated: it ends in the middle")]
    Truncated,
    /// Not JSON.
    #[error("the plan file is not JSON: {detail}")]
    NotJson {
        /// Where and why reading stopped.
        detail: String,
    },
    /// JSON of somebody else.
    #[error("this is not a leasehold plan: write one with `leasehold plan --out FILE`")]
    Foreign,
    /// A version this program does not know.
    #[error("the plan was written by a newer leasehold ({format}): upgrade, or plan again")]
    Newer {
        /// The version it states.
        format: String,
    },
    /// A field that does not belong, is missing, or holds what it cannot.
    #[error("the plan file is malformed: {detail}")]
    Malformed {
        /// Which, and why (may quote it: hostile).
        detail: String,
    },
}

impl From<Fault> for PlanFileError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Empty => Self::Empty,
            Fault::Truncated => Self::Truncated,
            Fault::NotJson(detail) => Self::NotJson { detail },
            Fault::Foreign => Self::Foreign,
            Fault::Newer(format) => Self::Newer { format },
            Fault::Malformed(detail) => Self::Malformed { detail },
        }
    }
}

impl From<Invalid> for PlanFileError {
    fn from(error: Invalid) -> Self {
        Self::Malformed { detail: error.to_string() }
    }
}

impl Document {
    /// Reads a saved plan strictly. What comes back can be rendered, and its [`hash`](Self::hash) and
    /// [`basis`](Self::basis) are known to be sound; whether they still hold is for `apply` to find out.
    pub fn read(text: &str) -> Result<Self, PlanFileError> {
        if text.len() > MAX_BYTES {
            return Err(PlanFileError::TooLarge { bytes: text.len() });
        }
        let document: Self =
            serde_json::from_str(text).map_err(|error| json::diagnose(text.as_bytes(), FORMAT, &error))?;
        json::check_format(&document.format, FORMAT)?;
        document.hash()?;
        document.basis()?;
        name("deployment", &document.deployment)?;
        let steps_out = |name: &str| matches!(name, "" | "." | "..");
        if document.folder.as_ref().is_some_and(|folder| folder.split('/').any(steps_out)) {
            return Err(invalid("folder", "is not a path from the top of a repository").into());
        }
        if let Some(broker) = &document.broker {
            broker.check()?;
        }
        if let Some(overview) = &document.overview {
            overview.check()?;
        }
        for step in &document.steps {
            step.check()?;
        }
        document.findings.iter().filter_map(|finding| finding.place.as_ref()).try_for_each(Place::check)?;
        if document.base.as_ref().is_some_and(|base| base.standings.len() != document.findings.len()) {
            return Err(PlanFileError::Malformed { detail: "`base.standings` is not one for each finding".to_owned() });
        }
        if document.summary != document.count(document.summary.unchanged) {
            return Err(PlanFileError::Malformed { detail: "`summary` does not add up".to_owned() });
        }
        Ok(document)
    }
}
