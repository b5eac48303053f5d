//! A time limit for each call to a store, so that a sink that hangs does not hang the command.

use std::future::Future;

use jiff::SignedDuration;

use super::both::within;
use crate::ports::{Object, StateRead, StateStore, StoreError, Timer, Version};

/// A store of which no call takes longer than a limit. A write that was given up may have happened: it is
/// [`StoreError::Ambiguous`], and is read back like any other.
///
/// A store that blocks the thread instead of waiting cannot be given up by this: the folder of this machine bounds its own
/// wait for locks, and a disk that hangs hangs whatever reads it.
#[derive(Debug, Clone)]
pub struct Patient<S, T> {
    store: S,
    timer: T,
    limit: SignedDuration,
}

impl<S, T> Patient<S, T> {
    /// Gives up each call to `store` after `limit`.
    pub fn new(store: S, timer: T, limit: SignedDuration) -> Self {
        Self { store, timer, limit }
    }
}

impl<S: StateRead + Sync, T: Timer + Sync> Patient<S, T> {
    /// The call's answer; `None` if it took too long.
    async fn within<A>(&self, call: impl Future<Output = A>) -> Option<A> {
        within(&self.timer, self.limit, call).await
    }

    fn no_answer(&self) -> StoreError {
        StoreError::Unreachable {
            location: self.store.location(),
            detail: format!("it gave no answer in {:#}", self.limit),
            help: "check that it can be reached from here, and run the command again".to_owned(),
        }
    }

    fn doubt(&self, key: &str) -> StoreError {
        StoreError::Ambiguous { key: key.to_owned(), detail: format!("no answer in {:#}", self.limit) }
    }
}

impl<S: StateRead + Sync, T: Timer + Sync> StateRead for Patient<S, T> {
    async fn get(&self, key: &str) -> Result<Option<Object>, StoreError> {
        self.within(self.store.get(key)).await.unwrap_or_else(|| Err(self.no_answer()))
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        self.within(self.store.list(prefix)).await.unwrap_or_else(|| Err(self.no_answer()))
    }

    async fn list_before(&self, prefix: &str, end: &str) -> Result<Vec<String>, StoreError> {
        self.within(self.store.list_before(prefix, end)).await.unwrap_or_else(|| Err(self.no_answer()))
    }

    fn location(&self) -> String {
        self.store.location()
    }
}

impl<S: StateStore + Sync, T: Timer + Sync> StateStore for Patient<S, T> {
    async fn create(&self, key: &str, bytes: &[u8]) -> Result<Version, StoreError> {
        self.within(self.store.create(key, bytes)).await.unwrap_or_else(|| Err(self.doubt(key)))
    }

    async fn replace(&self, key: &str, expected: &Version, bytes: &[u8]) -> Result<Version, StoreError> {
        self.within(self.store.replace(key, expected, bytes)).await.unwrap_or_else(|| Err(self.doubt(key)))
    }

    async fn remove(&self, key: &str, expected: &Version) -> Result<(), StoreError> {
        self.within(self.store.remove(key, expected)).await.unwrap_or_else(|| Err(self.doubt(key)))
    }
}
