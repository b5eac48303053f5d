//! Time and ids that a test decides.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::SignedDuration;
use ulid::Ulid;

use crate::domain::Timestamp;
use crate::ports::{Clock, Ids, Timer};

/// A clock that stands still, or moves by a fixed tick after every reading.
#[derive(Debug)]
pub struct FixedClock {
    now: Mutex<Timestamp>,
    tick: SignedDuration,
}

impl FixedClock {
    /// Stands at `now`.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self::ticking(now, SignedDuration::ZERO)
    }

    /// The first reading is `now`, each later one `tick` after the one before.
    #[must_use]
    pub fn ticking(now: Timestamp, tick: SignedDuration) -> Self {
        Self { now: Mutex::new(now), tick }
    }

    /// Moves the clock to `now`, back or forth.
    pub fn set(&self, now: Timestamp) {
        *self.lock() = now;
    }

    /// Moves the clock by `step`; at the end of time it stops.
    pub fn advance(&self, step: SignedDuration) {
        let mut now = self.lock();
        *now = now.checked_add(step).unwrap_or(Timestamp::MAX);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Timestamp> {
        self.now.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        let mut now = self.lock();
        let read = *now;
        *now = now.checked_add(self.tick).unwrap_or(Timestamp::MAX);
        read
    }
}

impl Timer for FixedClock {
    /// Sleeping takes no time of the test's: the clock moves instead.
    async fn sleep(&self, duration: SignedDuration) {
        self.advance(duration);
    }
}

/// Ids whose random part counts from one: valid ULIDs, the same in every run.
#[derive(Debug, Default)]
pub struct CountingIds(AtomicU64);

impl CountingIds {
    /// Begins at one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Ids for CountingIds {
    fn ulid(&self, now: Timestamp) -> String {
        let count = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        // A ULID cannot name an instant before 1970.
        let milliseconds = u64::try_from(now.as_millisecond()).unwrap_or(0);
        Ulid::from_parts(milliseconds, count.into()).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::lease::LeaseId;

    fn noon() -> Timestamp {
        "2026-11-23T12:00:00Z".parse().expect("valid")
    }

    #[test]
    fn the_clock_stands_until_it_is_moved() {
        let clock = FixedClock::at(noon());
        assert_eq!(clock.now(), clock.now());
        clock.advance(SignedDuration::from_secs(90));
        assert_eq!(clock.now().to_string(), "2026-11-23T12:01:30Z");
        clock.set(noon());
        assert_eq!(clock.now(), noon());
    }

    #[test]
    fn a_ticking_clock_moves_after_each_reading() {
        let clock = FixedClock::ticking(noon(), SignedDuration::from_secs(1));
        assert_eq!(clock.now(), noon());
        assert_eq!(clock.now().to_string(), "2026-11-23T12:00:01Z");
    }

    #[test]
    fn ids_are_valid_distinct_and_sorted_by_time() {
        let ids = CountingIds::new();
        let first = ids.ulid(noon());
        let second = ids.ulid(noon());
        let later = ids.ulid("2026-11-23T12:00:00.001Z".parse().expect("valid"));
        assert!(first < second && second < later);
        assert!([&first, &second, &later].into_iter().all(|id| LeaseId::parse(id).is_some()));
        assert_eq!(first, CountingIds::new().ulid(noon()));
    }
}
