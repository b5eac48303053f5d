//! How fast one account is asked.

use std::num::NonZeroU32;
use std::time::Duration;

/// Requests a second to begin with: AWS publishes no rate for IAM, and tools that read it in bulk do well with about this.
const FIRST: f64 = 10.0;
/// The rate never falls below this, so that a plan goes on.
const LEAST: f64 = 1.0;
/// The rate never rises above this.
const MOST: f64 = 40.0;
/// What each good answer adds to the rate.
const STEP: f64 = 0.25;
/// Requests that may go out at once after a rest: a small plan never waits.
const BURST: f64 = 20.0;

/// A bucket of turns that fills at a rate, which falls by half when AWS throttles and rises step by step while it does
/// not. Times are counted from any one moment on.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pace {
    rate: f64,
    most: f64,
    burst: f64,
    turns: f64,
    filled: Duration,
    slowed: Option<Duration>,
}

impl Pace {
    pub(super) fn new() -> Self {
        Self { rate: FIRST, most: MOST, burst: BURST, turns: BURST, filled: Duration::ZERO, slowed: None }
    }

    /// Of no more than so many requests a second, a burst included.
    pub(super) fn at_most(per_second: NonZeroU32) -> Self {
        let most = f64::from(per_second.get()).min(MOST);
        let burst = most.min(BURST);
        Self { rate: FIRST.min(most), most, burst, turns: burst, ..Self::new() }
    }

    /// Takes the next turn at `now`: how long to wait for it.
    pub(super) fn take(&mut self, now: Duration) -> Duration {
        self.fill(now);
        self.turns -= 1.0;
        Duration::try_from_secs_f64(-self.turns / self.rate).unwrap_or(Duration::ZERO)
    }

    /// Gives back a turn that nobody used.
    pub(super) fn give_back(&mut self) {
        self.turns = (self.turns + 1.0).min(self.burst);
    }

    /// A request was answered.
    pub(super) fn answered(&mut self) {
        self.rate = (self.rate + STEP).min(self.most);
    }

    /// A request that went out at `sent` was throttled, which came back at `now`. Of several that were on their way
    /// together only the first slows down: AWS told of one burst.
    pub(super) fn throttled(&mut self, sent: Duration, now: Duration) {
        if self.slowed.is_some_and(|slowed| sent < slowed) {
            return;
        }
        self.fill(now);
        self.rate = (self.rate / 2.0).max(LEAST);
        self.turns = self.turns.min(0.0);
        self.slowed = Some(now);
    }

    fn fill(&mut self, now: Duration) {
        let passed = now.saturating_sub(self.filled);
        self.turns = (self.turns + passed.as_secs_f64() * self.rate).min(self.burst);
        self.filled = self.filled.max(now);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const START: Duration = Duration::ZERO;

    fn seconds(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    #[test]
    fn a_burst_is_free_and_then_ten_a_second_go_out() {
        let mut pace = Pace::new();
        for _ in 0..20 {
            assert_eq!(pace.take(START), START);
        }
        assert_eq!(pace.take(START), seconds(0.1));
        assert_eq!(pace.take(START), seconds(0.2));
        pace.give_back();
        assert_eq!(pace.take(START), seconds(0.2));
        assert_eq!(pace.take(seconds(60.0)), START);
    }

    #[test]
    fn a_throttle_halves_once_for_all_that_were_on_their_way() {
        let mut pace = Pace::new();
        for _ in 0..4 {
            pace.throttled(START, seconds(1.0));
        }
        assert_eq!(pace.rate, 5.0);
        assert_eq!(pace.take(seconds(1.0)), seconds(0.2));
        pace.throttled(seconds(1.2), seconds(2.0));
        assert_eq!(pace.rate, 2.5);
        (0..10).for_each(|_| pace.answered());
        assert_eq!(pace.rate, 5.0);
    }

    #[test]
    fn a_ceiling_is_for_bursts_too_and_is_never_passed() {
        let mut pace = Pace::at_most(NonZeroU32::new(3).expect("not zero"));
        let waits: Vec<f64> = (0..6).map(|_| pace.take(START).as_secs_f64()).collect();
        assert_eq!(&waits[..3], [0.0; 3]);
        assert!((waits[5] - 1.0).abs() < 1e-6, "{waits:?}");
        (0..1_000).for_each(|_| pace.answered());
        assert_eq!(pace.rate, 3.0);
        let slowest = Pace::at_most(NonZeroU32::MIN);
        assert_eq!((slowest.rate, slowest.turns), (1.0, 1.0));
    }

    #[derive(Debug, Clone)]
    enum Event {
        Take,
        Answered,
        Throttled,
    }

    fn events() -> impl Strategy<Value = Vec<(u64, Event)>> {
        let event = prop_oneof![
            4 => Just(Event::Take),
            2 => Just(Event::Answered),
            1 => Just(Event::Throttled)
        ];
        prop::collection::vec((0_u64..400, event), 0..200)
    }

    proptest! {
        #[test]
        fn the_rate_stays_within_its_bounds_and_no_more_go_out_than_it_gives(events in events()) {
            let mut pace = Pace::new();
            let (mut now, mut taken) = (START, Vec::new());
            for (pause, event) in events {
                now += Duration::from_millis(pause);
                let before = pace.rate;
                match event {
                    Event::Take => taken.push(now + pace.take(now)),
                    Event::Answered => {
                        pace.answered();
                        prop_assert!(pace.rate >= before);
                    }
                    Event::Throttled => {
                        pace.throttled(now, now);
                        prop_assert!(pace.rate <= before && pace.rate >= before / 2.0);
                    }
                }
                prop_assert!((LEAST..=MOST).contains(&pace.rate) && pace.turns <= BURST);
                // No wait is longer than it takes to serve everybody before at the lowest rate.
                let longest = seconds(taken.len() as f64 / LEAST) + now;
                prop_assert!(taken.last().is_none_or(|turn| *turn <= longest));
            }
            for (first, turn) in taken.iter().enumerate() {
                let within = taken[first..].iter().filter(|later| **later <= *turn + seconds(1.0)).count();
                prop_assert!(within as f64 <= BURST + MOST + 1.0, "{within}");
            }
        }

        #[test]
        fn times_that_run_backwards_do_no_harm(times in prop::collection::vec(0_u64..10_000, 1..50)) {
            let mut pace = Pace::new();
            for time in times {
                pace.take(Duration::from_millis(time));
                prop_assert!(pace.turns <= BURST && pace.turns.is_finite());
            }
        }
    }
}
