//! Exit codes: documented, stable, one meaning each.

/// What was asked is done.
pub const FINE: u8 = 0;
/// Something failed that has no code of its own.
pub const FAILED: u8 = 1;
/// `plan --detailed-exitcode`: there are changes to apply.
pub const CHANGES_PENDING: u8 = 2;
/// Findings stand in the way.
pub const FINDINGS_BLOCK: u8 = 3;
/// The plan is not the one that was reviewed.
pub const STALE_PLAN: u8 = 4;
/// Another process holds the state, or changed it first.
pub const STORE_BUSY: u8 = 5;
/// Some of it was done and some was not: run it again.
pub const PARTLY_APPLIED: u8 = 6;
/// A brake refuses: too many deletes, a protected role, an empty set, another deployment.
pub const BRAKE_REFUSED: u8 = 7;
/// `drift`: AWS is no longer as it was recorded.
pub const DRIFT: u8 = 8;
/// `sweep`: a lease is stuck.
pub const STUCK: u8 = 9;
/// `issue` refuses by the record.
pub const ISSUE_REFUSED: u8 = 10;
/// AWS refuses.
pub const REFUSED_BY_AWS: u8 = 11;
/// AWS cannot be reached, or gave no answer in time.
pub const AWS_UNREACHABLE: u8 = 12;
/// The audit cannot be written, so nothing was handed out.
pub const AUDIT_NOT_WRITABLE: u8 = 13;
/// The command line makes no sense.
pub const USAGE: u8 = 64;

/// `exec`: there is the command, and it could not be run (the code of `env` and of shells).
pub const COMMAND_NOT_RUN: u8 = 126;
/// `exec`: there is no such command (the code of `env` and of shells).
pub const COMMAND_NOT_FOUND: u8 = 127;

/// Every code with its meaning, in order.
pub const ALL: [(u8, &str); 17] = [
    (FINE, "fine"),
    (FAILED, "failed: the message says why"),
    (CHANGES_PENDING, "changes are pending (`plan --detailed-exitcode` only)"),
    (FINDINGS_BLOCK, "findings block: nothing was applied, or a recorded role is refused by `issue` because of them"),
    (STALE_PLAN, "the plan is stale: git, the record or AWS changed since it was made"),
    (STORE_BUSY, "the state is busy, or another apply was first"),
    (
        PARTLY_APPLIED,
        "partly done: some roles changed in AWS since they were reviewed, plan again; `sweep`, `lease revoke`: something was left or failed, run it again",
    ),
    (BRAKE_REFUSED, "a brake refused: too many deletes, a protected role, an empty set, another deployment"),
    (DRIFT, "`drift`: AWS is no longer as it was when it was recorded"),
    (STUCK, "`sweep`: a lease is stuck: six attempts in a row to end it failed; it is tried again all the same"),
    (
        ISSUE_REFUSED,
        "`issue` refused by the record: unknown or expired role, TTL above its maximum, findings that block; `lease renew`: past `max_ttl`; `lease revoke --role`: a role that nothing knows",
    ),
    (REFUSED_BY_AWS, "AWS refused"),
    (
        AWS_UNREACHABLE,
        "AWS, or the state, could not be asked: no credentials, no region, no connection, no answer in time",
    ),
    (AUDIT_NOT_WRITABLE, "the audit could not be written; no credential was handed out"),
    (USAGE, "the command line makes no sense"),
    (COMMAND_NOT_RUN, "`exec`: the command could not be run"),
    (COMMAND_NOT_FOUND, "`exec`: there is no such command"),
];

/// The table for the README.
#[must_use]
pub fn markdown() -> String {
    let mut out = String::from("| code | meaning |\n|---|---|\n");
    for (code, meaning) in ALL {
        out.push_str(&format!("| {code} | {meaning} |\n"));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_in_order() {
        assert!(ALL.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
