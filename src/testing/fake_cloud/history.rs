//! Things that readers learn of late.

use jiff::SignedDuration;

use super::weather::Dice;
use crate::domain::Timestamp;

/// How late reads learn of writes.
///
/// `ListUsers`, `GetUser` and all lists may show the world before a write until the lag is over. Deletes answer
/// `NoSuchEntity` for what such an old world lacks, and `DeleteConflict` for what it still holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lag {
    /// The longest that a write stays unseen.
    pub longest: SignedDuration,
    /// Draws the lag of each write, and for each read within it whether the read is served the old world. `None` is the
    /// worst case: every write stays unseen for the longest time.
    pub seed: Option<u64>,
    /// Whether calls that build a user up may answer that the user does not exist. An adapter asks those again, so
    /// this is a lag that outlasts its patience.
    pub outlasts_patience: bool,
}

/// The lag with its chance.
#[derive(Debug, Default)]
pub(super) struct Lags {
    lag: Option<Lag>,
    dice: Dice,
}

impl Lags {
    pub(super) fn new(lag: Option<Lag>) -> Self {
        Self { lag, dice: Dice::new(lag.and_then(|lag| lag.seed).unwrap_or_default()) }
    }

    pub(super) fn outlasts_patience(&self) -> bool {
        self.lag.is_some_and(|lag| lag.outlasts_patience)
    }

    /// When everybody sees what is written at `now`.
    fn settled(&mut self, now: Timestamp) -> Timestamp {
        let Some(lag) = self.lag else { return now };
        let longest = u64::try_from(lag.longest.as_millis()).unwrap_or_default();
        let drawn = if lag.seed.is_some() { self.dice.roll(longest + 1) } else { longest };
        let drawn = SignedDuration::from_millis(i64::try_from(drawn).unwrap_or(i64::MAX));
        now.checked_add(drawn).unwrap_or(Timestamp::MAX)
    }
}

/// One thing through time. What it was before its first version is its default.
#[derive(Debug)]
pub(super) struct History<T>(Vec<Version<T>>);

#[derive(Debug)]
struct Version<T> {
    written: Timestamp,
    settled: Timestamp,
    value: T,
}

impl<T: Default> Default for History<T> {
    fn default() -> Self {
        Self(vec![Version { written: Timestamp::MIN, settled: Timestamp::MIN, value: T::default() }])
    }
}

impl<T: Default + Clone> History<T> {
    /// What it is.
    pub(super) fn truth(&self) -> T {
        self.0.last().map(|version| version.value.clone()).unwrap_or_default()
    }

    /// What it was at this instant.
    pub(super) fn at(&self, at: Timestamp) -> T {
        self.0.iter().rev().find(|version| version.written <= at).map(|it| it.value.clone()).unwrap_or_default()
    }

    /// What a read at `now` is served.
    pub(super) fn seen(&self, now: Timestamp, lags: &mut Lags) -> T {
        let oldest = self.0.iter().rposition(|version| version.settled <= now).unwrap_or_default();
        let newer = self.0.len().saturating_sub(oldest + 1);
        let seeded = lags.lag.is_some_and(|lag| lag.seed.is_some());
        let step = match newer {
            0 => 0,
            newer if seeded => usize::try_from(lags.dice.roll(newer as u64 + 1)).unwrap_or_default(),
            _ => 0,
        };
        self.0.get(oldest + step).map(|version| version.value.clone()).unwrap_or_default()
    }

    /// Writes what readers learn of by and by.
    pub(super) fn write(&mut self, now: Timestamp, lags: &mut Lags, value: T) {
        let settled = lags.settled(now);
        self.0.push(Version { written: now, settled, value });
    }

    /// Writes what everybody sees at once.
    pub(super) fn plant(&mut self, now: Timestamp, value: T) {
        self.0.push(Version { written: now, settled: now, value });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).expect("an instant")
    }

    #[test]
    fn without_chance_the_old_world_stays_for_the_whole_lag() {
        let lag = Lag { longest: SignedDuration::from_secs(5), seed: None, outlasts_patience: false };
        let mut lags = Lags::new(Some(lag));
        let mut history = History::<u32>::default();
        history.write(second(0), &mut lags, 1);
        history.write(second(2), &mut lags, 2);
        let seen: Vec<u32> = (0..8).map(|at| history.seen(second(at), &mut lags)).collect();
        assert_eq!(seen, [0, 0, 0, 0, 0, 1, 1, 2]);
        assert_eq!((history.truth(), history.at(second(1)), history.at(second(-1))), (2, 1, 0));
    }

    #[test]
    fn with_chance_reads_go_back_and_forth_until_the_lag_is_over() {
        let lag = Lag { longest: SignedDuration::from_secs(30), seed: Some(7), outlasts_patience: false };
        let reads = || {
            let mut lags = Lags::new(Some(lag));
            let mut history = History::<u32>::default();
            (1..=20).for_each(|value| history.write(second(0), &mut lags, value));
            let early: Vec<u32> = (0..50).map(|_| history.seen(second(1), &mut lags)).collect();
            assert!((0..50).all(|_| history.seen(second(30), &mut lags) == 20));
            early
        };
        let early = reads();
        assert!(early.windows(2).any(|pair| pair[0] > pair[1]), "{early:?}");
        assert_eq!(early, reads(), "the same seed gives the same world");
    }

    #[test]
    fn without_a_lag_everything_is_seen_at_once() {
        let (mut lags, mut history) = (Lags::new(None), History::<u32>::default());
        history.write(second(0), &mut lags, 1);
        assert_eq!(history.seen(second(0), &mut lags), 1);
    }
}
