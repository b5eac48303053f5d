//! The base of a pull request: what it is compared with, and judged by.

use super::{AppError, Failure, Meaning, validate};
use crate::domain::desired::Desired;
use crate::domain::finding::ManifestError;
use crate::ports::ManifestSet;

/// Faults of a base that are repeated in the failure.
const FAULTS_SHOWN: usize = 5;

/// The base of a pull request, read.
#[derive(Debug, Clone)]
pub struct Base {
    /// Hex object id of the commit.
    pub commit: String,
    /// What its manifests declare; `None` when it has none yet.
    pub desired: Option<Desired>,
    /// Whether the planned commit has the base among its ancestors; `None` when that cannot be told.
    pub is_ancestor: Option<bool>,
}

/// Lowers the manifests of a base; `None` stands for a base without the folder. Manifests that cannot be understood judge
/// nobody, and a pull request must not be left to its own judgement because of them: that fails.
pub fn read_base(commit: &str, set: Option<&ManifestSet>, is_ancestor: Option<bool>) -> Result<Base, Failure> {
    let has_any = |set: &&ManifestSet| !(set.files.is_empty() && set.problems.is_empty());
    let desired = set.filter(has_any).map(validate).transpose().map_err(|error| match error {
        AppError::Manifests(faults) => unreadable(commit, &faults),
        AppError::Failed(failure) => *failure,
    })?;
    Ok(Base { commit: commit.to_owned(), desired, is_ancestor })
}

fn unreadable(commit: &str, faults: &[ManifestError]) -> Failure {
    let short: String = commit.chars().take(12).collect();
    let failure = Failure::new(
        Meaning::Failed,
        "base-unreadable",
        format!("the manifests at the base {short} have errors, and so cannot judge this pull request"),
    )
    .help(
        "name a base whose manifests are sound; if this pull request is what mends them, plan it without --base, and let \
         somebody who answers for the judge look at it: it then judges itself",
    );
    let at = |fault: &ManifestError| match (&fault.place, &fault.path) {
        (Some(place), _) => format!("{}:{}: ", place.path(), place.line_column().0),
        (None, Some(path)) => format!("{path}: "),
        (None, None) => String::new(),
    };
    let mut failure = faults
        .iter()
        .take(FAULTS_SHOWN)
        .fold(failure, |failure, fault| failure.because(format!("{}{} (at the base)", at(fault), fault.message)));
    if faults.len() > FAULTS_SHOWN {
        failure = failure.because(format!("more errors like these: {}", faults.len() - FAULTS_SHOWN));
    }
    failure
}
