//! The one time limit of a command.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Time that may be spent on AWS. Only the time inside operations counts, so that a person who thinks about a prompt
/// does not use it up; time inside several at once counts once.
#[derive(Clone)]
pub(super) struct Budget {
    spent: Arc<Mutex<Spent>>,
}

struct Spent {
    /// What is left, the operations under way not counted.
    left: Duration,
    under_way: u32,
    /// Since when at least one is.
    since: Instant,
}

impl Spent {
    fn left(&self, now: Instant) -> Duration {
        match self.under_way {
            0 => self.left,
            _ => self.left.saturating_sub(now - self.since),
        }
    }
}

impl Budget {
    pub(super) fn new(limit: Duration) -> Self {
        Self { spent: Arc::new(Mutex::new(Spent { left: limit, under_way: 0, since: Instant::now() })) }
    }

    /// Starts an operation: it must be over by [`Running::end`].
    pub(super) fn start(&self) -> Running {
        let mut spent = self.lock();
        let now = Instant::now();
        let end = now + spent.left(now);
        if spent.under_way == 0 {
            spent.since = now;
        }
        spent.under_way += 1;
        drop(spent);
        Running { budget: self.clone(), end }
    }

    fn lock(&self) -> MutexGuard<'_, Spent> {
        self.spent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An operation under way; its time is taken from the budget when it is dropped.
pub(super) struct Running {
    budget: Budget,
    end: Instant,
}

impl Running {
    /// When it must be over.
    pub(super) fn end(&self) -> Instant {
        self.end
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut spent = self.budget.lock();
        if spent.under_way <= 1 {
            spent.left = spent.left(Instant::now());
        }
        spent.under_way = spent.under_way.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_share_one_limit() {
        let budget = Budget::new(Duration::from_secs(10));
        let first = budget.start();
        std::thread::sleep(Duration::from_millis(20));
        drop(first);
        let second = budget.start();
        let left = second.end() - Instant::now();
        assert!(left <= Duration::from_millis(9_980), "{left:?}");
        assert!(left > Duration::from_secs(5), "{left:?}");
    }

    #[test]
    fn time_inside_several_operations_counts_once() {
        let budget = Budget::new(Duration::from_secs(10));
        let all: Vec<Running> = (0..100).map(|_| budget.start()).collect();
        std::thread::sleep(Duration::from_millis(200));
        let late = budget.start();
        assert!(late.end() - Instant::now() <= Duration::from_millis(9_800));
        drop((all, late));
        let left = budget.start().end() - Instant::now();
        assert!(left <= Duration::from_millis(9_800), "{left:?}");
        assert!(left > Duration::from_secs(5), "{left:?}");
    }
}
