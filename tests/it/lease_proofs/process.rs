//! One process's view of a store: it dies together with the process's view of AWS.

use std::sync::atomic::{AtomicUsize, Ordering};

use leasehold::ports::{Object, StateRead, StateStore, StoreError, Version};
use leasehold::testing::{Fault, MemoryStore};

use super::accounted;
use crate::scene::Scene;

/// A store of a process that may die. After each write, every live user is held to its lease.
pub(super) struct Process<'a> {
    inner: &'a MemoryStore,
    scene: &'a Scene,
    when: &'a str,
    fault: Option<(usize, Fault)>,
    calls: AtomicUsize,
}

impl<'a> Process<'a> {
    /// One that nothing happens to. `when` is told with what fails.
    pub(super) fn new(scene: &'a Scene, inner: &'a MemoryStore, when: &'a str) -> Self {
        Self { inner, scene, when, fault: None, calls: AtomicUsize::new(0) }
    }

    /// One whose call with this number, from 0, goes wrong.
    pub(super) fn failing_at(self, call: usize, fault: Fault) -> Self {
        Self { fault: Some((call, fault)), ..self }
    }

    /// Calls made so far.
    pub(super) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    fn unusable(&self, detail: &str) -> StoreError {
        StoreError::Unusable { location: self.location(), detail: detail.to_owned(), help: String::new() }
    }

    fn dies(&self) -> StoreError {
        self.scene.cloud.kill();
        self.unusable("the process was killed")
    }

    async fn call<T>(&self, key: &str, effect: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        let number = self.calls.fetch_add(1, Ordering::SeqCst);
        if self.scene.cloud.is_killed() {
            return Err(self.unusable("the process was killed"));
        }
        let lost = || StoreError::Ambiguous { key: key.to_owned(), detail: "lost".to_owned() };
        match self.fault.filter(|(at, _)| *at == number).map(|(_, fault)| fault) {
            None => effect.await,
            Some(Fault::Refuse) => Err(self.unusable("refused")),
            Some(Fault::Busy) => Err(StoreError::Busy { location: self.location() }),
            Some(Fault::Conflict) => Err(StoreError::Conflict { key: key.to_owned() }),
            Some(Fault::LoseRequest) => Err(lost()),
            Some(Fault::LoseReply) => effect.await.and_then(|_| Err(lost())),
            Some(Fault::KillBefore) => Err(self.dies()),
            Some(Fault::KillAfter) => effect.await.and_then(|_| Err(self.dies())),
        }
    }
}

impl Process<'_> {
    async fn write<T>(&self, key: &str, effect: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        let done = self.call(key, effect).await;
        accounted(self.scene, self.inner, self.when);
        done
    }
}

impl StateRead for Process<'_> {
    async fn get(&self, key: &str) -> Result<Option<Object>, StoreError> {
        self.call(key, self.inner.get(key)).await
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        self.call(prefix, self.inner.list(prefix)).await
    }

    async fn list_before(&self, prefix: &str, end: &str) -> Result<Vec<String>, StoreError> {
        self.call(prefix, self.inner.list_before(prefix, end)).await
    }

    fn location(&self) -> String {
        self.inner.location()
    }
}

impl StateStore for Process<'_> {
    async fn create(&self, key: &str, bytes: &[u8]) -> Result<Version, StoreError> {
        self.write(key, self.inner.create(key, bytes)).await
    }

    async fn replace(&self, key: &str, expected: &Version, bytes: &[u8]) -> Result<Version, StoreError> {
        self.write(key, self.inner.replace(key, expected, bytes)).await
    }

    async fn remove(&self, key: &str, expected: &Version) -> Result<(), StoreError> {
        self.write(key, self.inner.remove(key, expected)).await
    }
}
