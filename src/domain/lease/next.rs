use jiff::SignedDuration;

use super::{Ending, Lease, LeaseState, later};
use crate::domain::Timestamp;

/// Attempts to end a lease that may fail before it counts as stuck.
pub const STUCK_AFTER: u32 = 6;

/// How long the record of a lease that has ended is kept.
pub const TOMBSTONE_AGE: SignedDuration = SignedDuration::from_hours(90 * 24);

/// The first pause after a failed attempt.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_secs(30);
/// The longest pause: after an outage of any length, everything is tried again within this.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(5);

/// How long to leave a lease alone after this many failed attempts.
#[must_use]
pub fn backoff(failures: u32) -> SignedDuration {
    let doublings = failures.saturating_sub(1).min(16);
    FIRST_PAUSE.saturating_mul(1 << doublings).min(LONGEST_PAUSE)
}

/// What there is to do about a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Nothing before this instant.
    Wait(Timestamp),
    /// What STS gave is over: write down how it ended.
    Close(Ending),
    /// Its IAM user has to go.
    EndUser,
    /// Its IAM user was deleted; AWS has to say that it is absent.
    ProveAbsent,
    /// Nobody needs to know of it any more.
    Forget,
}

impl Lease {
    /// What there is to do at `now`. `grace` is how long AWS may take until everything that was done is known everywhere:
    /// "there is no such user" is no proof before.
    #[must_use]
    pub fn next(&self, now: Timestamp, grace: SignedDuration) -> Next {
        match &self.state {
            LeaseState::Ended(_) => after(now, self.due_at(), Next::Forget),
            LeaseState::Intent | LeaseState::Active if self.request.user.is_none() => {
                after(now, self.lives_until(), Next::Close(Ending::Expired))
            }
            LeaseState::Intent => after(now, later(self.due_at(), grace), Next::EndUser),
            LeaseState::Active => after(now, self.due_at(), Next::EndUser),
            LeaseState::Revoking(revoking) => {
                let retry = revoking.not_before.unwrap_or(Timestamp::MIN);
                match self.provable_at(grace) {
                    Some(provable) => after(now, provable.max(retry), Next::ProveAbsent),
                    None => after(now, retry, Next::EndUser),
                }
            }
        }
    }

    /// The first instant at which the absence of this lease's user is proof; `None` while it was not deleted.
    ///
    /// The process that makes the user may still be at it until its time limit, unless it has written down that it had its
    /// key: after that it makes nothing.
    #[must_use]
    pub fn provable_at(&self, grace: SignedDuration) -> Option<Timestamp> {
        let LeaseState::Revoking(revoking) = &self.state else { return None };
        let removed = revoking.removed_at?;
        let user = self.request.user.as_ref()?;
        let made = if self.grant.is_some() { removed } else { removed.max(user.asking_until) };
        Some(later(made, grace))
    }
}

fn after(now: Timestamp, at: Timestamp, next: Next) -> Next {
    if now < at { Next::Wait(at) } else { next }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_five_minutes_and_stay_there() {
        let pauses: Vec<i64> = (0..8).map(|failures| backoff(failures).as_secs()).collect();
        assert_eq!(pauses, [30, 30, 60, 120, 240, 300, 300, 300]);
        assert_eq!(backoff(u32::MAX).as_secs(), 300);
    }
}
