//! From meanings to exit codes: the only place that knows both.

use leasehold::app::Meaning;
pub(crate) use leasehold::output::exit::*;

pub(crate) fn code(meaning: Meaning) -> u8 {
    match meaning {
        Meaning::Failed => FAILED,
        Meaning::Usage => USAGE,
        Meaning::FindingsBlock => FINDINGS_BLOCK,
        Meaning::Stale => STALE_PLAN,
        Meaning::Busy => STORE_BUSY,
        Meaning::Partly => PARTLY_APPLIED,
        Meaning::Brake => BRAKE_REFUSED,
        Meaning::RefusedHere => ISSUE_REFUSED,
        Meaning::RefusedByAws => REFUSED_BY_AWS,
        Meaning::Unreachable => AWS_UNREACHABLE,
        Meaning::AuditNotWritable => AUDIT_NOT_WRITABLE,
    }
}
