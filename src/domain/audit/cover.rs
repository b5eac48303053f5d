//! Events that a later one vouches for, so that a piece cut off the end of the audit is missed.

use jiff::SignedDuration;

use super::EventId;
use crate::domain::digest::Digest;

/// How old an event must be before another vouches for it. Its id is made right before it is written, a write is given up
/// long before this, and AWS refuses a machine whose clock is further off: what is older is there, or never will be.
pub const LATE_AFTER: SignedDuration = SignedDuration::from_mins(15);

/// All events whose id was made in a span of time, by their digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Covers {
    /// Milliseconds since 1970: where the covering event before this one ended; 0 for the first.
    pub from: i64,
    /// Milliseconds since 1970: the first instant that is no longer covered.
    pub until: i64,
    /// How many they are.
    pub count: u64,
    /// [`covered_digest`] of them.
    pub digest: Digest,
    /// The covering event before this one; `None` for the first.
    pub previous: Option<EventId>,
}

impl Covers {
    /// Whether the event of this id is among them.
    #[must_use]
    pub fn has(&self, id: &EventId) -> bool {
        (self.from..self.until).contains(&id.milliseconds())
    }
}

/// The digest over events: of the JSON list of `[key, digest of the stored bytes]`, in the order given, which is that of
/// the keys.
#[must_use]
pub fn covered_digest<'a>(sorted: impl IntoIterator<Item = (&'a str, &'a Digest)>) -> Digest {
    let list: Vec<(&str, &str)> = sorted.into_iter().map(|(key, digest)| (key, digest.as_str())).collect();
    Digest::of_list(&list)
}
