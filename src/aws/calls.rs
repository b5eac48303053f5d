//! The count of calls, and where it ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Counts HTTP attempts, for everything that shares it.
#[derive(Debug, Clone, Default)]
pub(super) struct Calls {
    made: Arc<AtomicU32>,
    most: Option<u32>,
}

impl Calls {
    /// A count that ends at `most`, or never.
    pub(super) fn up_to(most: Option<u32>) -> Self {
        Self { made: Arc::default(), most }
    }

    /// How many were made.
    pub(super) fn made(&self) -> u32 {
        self.made.load(Ordering::Relaxed)
    }

    /// How many there may be; `None` without an end.
    pub(super) fn most(&self) -> Option<u32> {
        self.most
    }

    /// Takes one more; the error is how many there may be at most, all of them made.
    pub(super) fn take(&self) -> Result<(), u32> {
        let most = self.most.unwrap_or(u32::MAX);
        let one_more = |made| (made < most).then_some(made + 1);
        self.made.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).map(|_| ()).map_err(|_| most)
    }
}

#[cfg(test)]
mod tests {
    use super::Calls;

    #[test]
    fn clones_share_one_count_and_its_end() {
        let calls = Calls::up_to(Some(2));
        let other = calls.clone();
        assert_eq!((calls.take(), other.take(), calls.take(), other.take()), (Ok(()), Ok(()), Err(2), Err(2)));
        assert_eq!(other.made(), 2);
        assert!((0..1_000).all(|_| Calls::default().take().is_ok()));
    }
}
