//! From manifests to the typed model, or to every fault in them.

use super::AppError;
use crate::domain::desired::Desired;
use crate::domain::finding::ManifestError;
use crate::ports::ManifestSet;
use crate::wire::manifest_v1;

/// Lowers a set of manifests. All faults of all files come back in one stable order.
pub fn validate(set: &ManifestSet) -> Result<Desired, AppError> {
    // A set whose every file was refused has no Broker either; saying so would only bury the reason.
    let all_refused = set.files.is_empty() && !set.problems.is_empty();
    let read = if all_refused { Err(Vec::new()) } else { manifest_v1::read(&set.files) };
    let mut faults = set.problems.clone();
    match read {
        Ok(desired) if faults.is_empty() => return Ok(desired),
        Ok(_) => {}
        Err(errors) => faults.extend(errors),
    }
    faults.sort_by(|a: &ManifestError, b: &ManifestError| a.order().cmp(&b.order()));
    Err(AppError::Manifests(faults))
}
