//! What a plan comes to, in the terms that every format says it in.

use super::count;
use crate::wire::plan_v1::{Document, Summary};

/// What stands between a plan and its `apply`, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Findings make `apply` refuse.
    FindingsRefuse,
    /// Brakes make `apply` refuse.
    BrakesRefuse,
    /// `apply` goes through, and `issue` will refuse roles that this change does not touch.
    IssueRefuses,
    /// There is something to apply, and nothing against it.
    Ready,
    /// There is nothing to apply, and nothing against it.
    Nothing,
}

impl Verdict {
    pub(super) fn of(document: &Document) -> Self {
        let Summary { changes, blocking, brakes, .. } = document.summary;
        if document.is_refused() {
            Self::FindingsRefuse
        } else if brakes > 0 {
            Self::BrakesRefuse
        } else if blocking > 0 {
            Self::IssueRefuses
        } else if changes {
            Self::Ready
        } else {
            Self::Nothing
        }
    }
}

/// `Plan: 2 to create, 1 to update, 0 to refresh, 1 to delete; 3 findings (2 blocking), 1 unknown.`
pub(super) fn summary(summary: &Summary) -> String {
    let Summary { create, update, refresh, delete, findings, blocking, unknown, .. } = summary;
    let findings = count(*findings, "finding");
    format!(
        "Plan: {create} to create, {update} to update, {refresh} to refresh, {delete} to delete; {findings} \
         ({blocking} blocking), {unknown} unknown."
    )
}
