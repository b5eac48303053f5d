//! A store that lives as long as the test.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::domain::digest::Digest;
use crate::ports::{Object, StateRead, StateStore, StoreError, Version, check_key, check_prefix};

/// A [`StateStore`] in memory. Clones share their objects, as two processes share a folder.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {
    objects: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Every object there is, for assertions about the whole store.
    #[must_use]
    pub fn objects(&self) -> BTreeMap<String, Vec<u8>> {
        self.lock().clone()
    }

    /// Changes an object behind every caller's back, or removes it: what an attacker or a failing disk does.
    pub fn tamper(&self, key: &str, bytes: Option<Vec<u8>>) {
        let mut objects = self.lock();
        match bytes {
            Some(bytes) => objects.insert(key.to_owned(), bytes),
            None => objects.remove(key),
        };
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn bad_key(&self, key: &str, why: &str) -> StoreError {
        StoreError::Unusable {
            location: self.location(),
            detail: format!("the key `{}` {why}", crate::domain::text::short(key, 200)),
            help: "this is a fault of the program that asked; nothing was read or written".to_owned(),
        }
    }

    fn checked(&self, key: &str) -> Result<(), StoreError> {
        check_key(key).map_err(|why| self.bad_key(key, why))
    }
}

impl StateRead for MemoryStore {
    async fn get(&self, key: &str) -> Result<Option<Object>, StoreError> {
        self.checked(key)?;
        Ok(self.lock().get(key).map(|bytes| Object { bytes: bytes.clone(), version: version_of(bytes) }))
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        check_prefix(prefix).map_err(|why| self.bad_key(prefix, why))?;
        let objects = self.lock();
        let from_there = objects.range(prefix.to_owned()..).map(|(key, _)| key);
        Ok(from_there.take_while(|key| key.starts_with(prefix)).cloned().collect())
    }

    async fn list_before(&self, prefix: &str, end: &str) -> Result<Vec<String>, StoreError> {
        check_prefix(prefix).map_err(|why| self.bad_key(prefix, why))?;
        let objects = self.lock();
        let from_there = objects.range(prefix.to_owned()..).map(|(key, _)| key);
        let keys = from_there.take_while(|key| key.starts_with(prefix) && key.as_str() < end);
        Ok(keys.cloned().collect())
    }

    fn location(&self) -> String {
        "memory://".to_owned()
    }
}

impl StateStore for MemoryStore {
    async fn create(&self, key: &str, bytes: &[u8]) -> Result<Version, StoreError> {
        self.checked(key)?;
        let mut objects = self.lock();
        if objects.contains_key(key) {
            return Err(StoreError::Conflict { key: key.to_owned() });
        }
        objects.insert(key.to_owned(), bytes.to_owned());
        Ok(version_of(bytes))
    }

    async fn replace(&self, key: &str, expected: &Version, bytes: &[u8]) -> Result<Version, StoreError> {
        self.checked(key)?;
        let mut objects = self.lock();
        match objects.get_mut(key) {
            Some(current) if version_of(current) == *expected => {
                bytes.clone_into(current);
                Ok(version_of(bytes))
            }
            Some(_) | None => Err(StoreError::Conflict { key: key.to_owned() }),
        }
    }

    async fn remove(&self, key: &str, expected: &Version) -> Result<(), StoreError> {
        self.checked(key)?;
        let mut objects = self.lock();
        match objects.get(key) {
            Some(current) if version_of(current) != *expected => Err(StoreError::Conflict { key: key.to_owned() }),
            Some(_) | None => {
                objects.remove(key);
                Ok(())
            }
        }
    }
}

fn version_of(bytes: &[u8]) -> Version {
    Version(Digest::of_bytes(bytes).as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{block_on, store_conformance};

    #[test]
    fn it_conforms() {
        store_conformance::run_all(
            || {
                let store = MemoryStore::new();
                move || store.clone()
            },
            |job| block_on(job),
        );
    }

    #[test]
    fn tampering_shows_in_the_version() {
        let store = MemoryStore::new();
        let version = block_on(store.create("head.json", b"1")).expect("created");
        store.tamper("head.json", Some(b"2".to_vec()));
        assert_ne!(block_on(store.get("head.json")).expect("read").map(|object| object.version), Some(version));
        store.tamper("head.json", None);
        assert!(store.objects().is_empty());
    }
}
