//! What goes wrong on the way: by the call's number, by chance, between two instants, or with the whole process.

use std::collections::BTreeMap;

use super::{FakeCloud, error};
use crate::domain::Timestamp;
use crate::ports::{Clock, CloudError, CloudErrorKind};

/// What goes wrong with one call, in the order the calls are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The call is refused before it has any effect.
    Throttle,
    /// The call has its effect, and its answer is lost.
    LoseReply,
    /// The connection is never made.
    Unreachable,
    /// The process dies before the effect: this and every later call fails until [`FakeCloud::revive`].
    KillBefore,
    /// The process dies after the effect: this and every later call fails until [`FakeCloud::revive`].
    KillAfter,
}

/// How often calls fail by chance. The same seed and the same calls give the same failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chances {
    /// Of what the chances are drawn.
    pub seed: u64,
    /// Percent of the calls that are throttled, without effect.
    pub throttled: u8,
    /// Percent of the calls whose connection is reset; half of these have their effect.
    pub reset: u8,
}

/// Chance that is the same in every run (SplitMix64).
#[derive(Debug, Default)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `sides`, which is not zero.
    pub(super) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides.max(1)
    }
}

/// All that goes wrong, and what was asked so far.
#[derive(Debug, Default)]
pub(super) struct Weather {
    pub(super) troubles: BTreeMap<u32, Trouble>,
    pub(super) calls: u32,
    by_operation: BTreeMap<&'static str, u32>,
    chances: Option<(Chances, Dice)>,
    outage: Option<(Timestamp, Timestamp)>,
    killed: bool,
}

/// What becomes of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Arrives,
    Lost,
    Refused(CloudErrorKind),
}

impl Weather {
    /// Counts a call; `Err` before its effect, `Ok(true)` when its answer is to be lost.
    fn begin(&mut self, operation: &'static str, now: impl FnOnce() -> Timestamp) -> Result<bool, CloudError> {
        self.calls += 1;
        *self.by_operation.entry(operation).or_default() += 1;
        if self.killed {
            return Err(dead(operation));
        }
        match self.troubles.get(&self.calls) {
            Some(Trouble::KillBefore) => {
                self.killed = true;
                return Err(dead(operation));
            }
            Some(Trouble::KillAfter) => {
                self.killed = true;
                return Ok(true);
            }
            Some(Trouble::LoseReply) => return Ok(true),
            Some(Trouble::Throttle) => return Err(failed(operation, CloudErrorKind::Throttled)),
            Some(Trouble::Unreachable) => return Err(failed(operation, CloudErrorKind::Unreachable)),
            None => {}
        }
        let down = |(from, until): (Timestamp, Timestamp)| (from..until).contains(&now());
        if operation.starts_with("iam:") && self.outage.is_some_and(down) {
            return Err(failed(operation, CloudErrorKind::ServiceFault));
        }
        match self.chances.as_mut().map_or(Fate::Arrives, |(chances, dice)| chances.draw(dice)) {
            Fate::Arrives => Ok(false),
            Fate::Lost => Ok(true),
            Fate::Refused(kind) => Err(failed(operation, kind)),
        }
    }
}

impl Chances {
    fn draw(self, dice: &mut Dice) -> Fate {
        let drawn = dice.roll(100);
        let (throttled, reset) = (u64::from(self.throttled), u64::from(self.reset));
        if drawn < throttled {
            return Fate::Refused(CloudErrorKind::Throttled);
        }
        if drawn >= throttled + reset {
            return Fate::Arrives;
        }
        if dice.roll(2) == 0 { Fate::Lost } else { Fate::Refused(CloudErrorKind::LostReply) }
    }
}

/// A failure in the words of AWS, or of the way there.
fn failed(operation: &'static str, kind: CloudErrorKind) -> CloudError {
    match kind {
        CloudErrorKind::Throttled => error(operation, kind, Some("Throttling"), "Rate exceeded"),
        CloudErrorKind::ServiceFault => {
            error(operation, kind, Some("ServiceUnavailable"), "The service is unavailable. Please try again shortly.")
        }
        CloudErrorKind::Unreachable => error(operation, kind, None, "connection refused"),
        _ => error(operation, kind, None, "connection reset by peer"),
    }
}

fn dead(operation: &'static str) -> CloudError {
    error(operation, CloudErrorKind::Unreachable, None, "the process was killed")
}

/// What is told when an answer is lost.
pub(super) fn lost(operation: &'static str) -> CloudError {
    error(operation, CloudErrorKind::LostReply, None, "connection closed before the answer was whole")
}

impl<C: Clock> FakeCloud<C> {
    /// Makes the call with this number (from 1, all calls counted) go wrong.
    pub fn trouble(&self, call: u32, trouble: Trouble) {
        self.lock().weather.troubles.insert(call, trouble);
    }

    /// Lets calls fail by chance from now on, or no more.
    pub fn chances(&self, chances: Option<Chances>) {
        self.lock().weather.chances = chances.map(|chances| (chances, Dice::new(chances.seed)));
    }

    /// Has IAM answer every call with a fault of its own, without effect, from the first instant until before the second.
    pub fn iam_down(&self, from: Timestamp, until: Timestamp) {
        self.lock().weather.outage = Some((from, until));
    }

    /// Kills the process: every call fails until [`revive`](Self::revive).
    pub fn kill(&self) {
        self.lock().weather.killed = true;
    }

    /// Starts the process again.
    pub fn revive(&self) {
        self.lock().weather.killed = false;
    }

    /// Whether the process was killed.
    pub fn is_killed(&self) -> bool {
        self.lock().weather.killed
    }

    /// Calls made so far by operation (`iam:CreateUser`), those that went wrong among them.
    pub fn calls_by_operation(&self) -> BTreeMap<&'static str, u32> {
        self.lock().weather.by_operation.clone()
    }

    /// Counts a call, and lets it go wrong if it is told to: `Err` before the effect, `Ok(true)` when the answer is to be lost.
    pub(super) fn begin(&self, operation: &'static str) -> Result<bool, CloudError> {
        self.lock().weather.begin(operation, || self.clock.now())
    }
}
