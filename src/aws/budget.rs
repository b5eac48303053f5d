//! The one time limit of a command.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Time that may be spent on AWS. Only the time inside operations counts, so that a person who thinks about a prompt
/// does not use it up.
#[derive(Clone)]
pub(super) struct Budget {
    left: Arc<Mutex<Duration>>,
}

impl Budget {
    pub(super) fn new(limit: Duration) -> Self {
        Self { left: Arc::new(Mutex::new(limit)) }
    }

    /// Starts an operation: it must be over by [`Running::end`].
    pub(super) fn start(&self) -> Running {
        let left = *self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let started = Instant::now();
        Running { budget: self.clone(), started, end: started + left }
    }
}

/// An operation under way; its time is taken from the budget when it is dropped.
pub(super) struct Running {
    budget: Budget,
    started: Instant,
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
        let mut left = self.budget.left.lock().unwrap_or_else(PoisonError::into_inner);
        *left = left.saturating_sub(self.started.elapsed());
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
        let left = second.end() - second.started;
        assert!(left <= Duration::from_millis(9_980), "{left:?}");
        assert!(left > Duration::from_secs(5), "{left:?}");
    }
}
