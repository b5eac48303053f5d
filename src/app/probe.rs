//! Asking a store to prove that it compares before it swaps.

use super::{Failure, Meaning};
use crate::ports::{Clock, Ids, StateStore, StoreError, Version};

/// Below this, objects of a probe live for a moment.
const FOLDER: &str = "probe/";

/// Makes, replaces and removes an object of its own under conditions that hold and under such that do not, and removes it.
/// Everything else in the store is left alone.
///
/// A store that takes a condition and does not look at it passes every test but this one, until two writers meet. What a
/// probe cannot see is a store that honours conditions only while nobody else writes.
///
/// # Errors
/// `state-without-conditions` for a store that lies; else what the store said. An object may then be left below
/// `probe/`, where nothing reads it.
pub async fn probe<S: StateStore>(store: &S, clock: &impl Clock, ids: &impl Ids) -> Result<(), Failure> {
    let key = format!("{FOLDER}{}.json", ids.ulid(clock.now()));
    let result = steps(store, &key).await;
    if result.is_err()
        && let Ok(Some(left)) = store.get(&key).await
    {
        // What the probe found is what has to be told, whatever becomes of its object.
        let _ = store.remove(&key, &left.version).await;
    }
    result
}

async fn steps<S: StateStore>(store: &S, key: &str) -> Result<(), Failure> {
    let lies = |what: &str| without_conditions(store, what);
    let first = store.create(key, b"{\"probe\":1}").await?;
    must_conflict(store.create(key, b"{\"probe\":2}").await, "it made an object twice")
        .map_err(|odd| odd.into_failure(lies))?;
    let second = store.replace(key, &first, b"{\"probe\":3}").await?;
    if second == first {
        return Err(lies("two forms of an object have one version"));
    }
    must_conflict(
        store.replace(key, &first, b"{\"probe\":4}").await,
        "it replaced an object whose version was another",
    )
    .map_err(|odd| odd.into_failure(lies))?;
    must_be(store, key, &second, b"{\"probe\":3}").await?;
    let removed = store.remove(key, &first).await.map(|()| first.clone());
    must_conflict(removed, "it removed an object whose version was another").map_err(|odd| odd.into_failure(lies))?;
    must_be(store, key, &second, b"{\"probe\":3}").await?;
    if !store.list(FOLDER).await?.iter().any(|listed| listed == key) {
        return Err(lies("a list leaves out what was written just before"));
    }
    store.remove(key, &second).await?;
    if store.get(key).await?.is_some() {
        return Err(lies("an object that was removed is still there"));
    }
    must_conflict(store.replace(key, &second, b"{\"probe\":5}").await, "it replaced an object that was gone")
        .map_err(|odd| odd.into_failure(lies))
}

/// A write that must be refused; the error is the lie that it was not, or what else the store said.
fn must_conflict(outcome: Result<Version, StoreError>, lie: &'static str) -> Result<(), Odd> {
    match outcome {
        Err(StoreError::Conflict { .. }) => Ok(()),
        Ok(_) => Err(Odd::Told(lie)),
        Err(error) => Err(Odd::Failed(error)),
    }
}

enum Odd {
    Told(&'static str),
    Failed(StoreError),
}

impl Odd {
    fn into_failure(self, told: impl FnOnce(&str) -> Failure) -> Failure {
        match self {
            Self::Told(what) => told(what),
            Self::Failed(error) => error.into(),
        }
    }
}

async fn must_be<S: StateStore>(store: &S, key: &str, version: &Version, bytes: &[u8]) -> Result<(), Failure> {
    match store.get(key).await? {
        Some(object) if object.version == *version && object.bytes == bytes => Ok(()),
        _ => Err(without_conditions(store, "what was written just before does not read back")),
    }
}

fn without_conditions<S: StateStore>(store: &S, what: &str) -> Failure {
    Failure::new(
        Meaning::Failed,
        "state-without-conditions",
        format!("the store at {} cannot hold a state", store.location()),
    )
    .because(what)
    .help(
        "two writers would overwrite each other there: keep the state in S3, or in a store that honours If-None-Match and \
         If-Match on PutObject and If-Match on DeleteObject",
    )
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use super::*;
    use crate::testing::{CountingIds, Fault, FaultyStore, FixedClock, MemoryStore, block_on};

    fn probed(store: &impl StateStore) -> Result<(), Failure> {
        let clock = FixedClock::at(crate::domain::Timestamp::UNIX_EPOCH);
        block_on(probe(store, &clock, &CountingIds::default()))
    }

    #[test]
    fn an_honest_store_passes_and_is_left_as_it_was() {
        let store = MemoryStore::new();
        block_on(store.create("head.json", b"1")).expect("created");
        probed(&store).expect("honest");
        assert_eq!(store.objects().into_keys().collect::<Vec<_>>(), ["head.json"]);
    }

    #[test]
    fn a_store_that_fails_on_the_way_is_not_called_a_liar() {
        for at in 0..10 {
            let store = FaultyStore::failing_at(MemoryStore::new(), at, Fault::LoseReply);
            if let Err(failure) = probed(&store) {
                assert_ne!(failure.kind, "state-without-conditions", "{at}");
            }
            assert!(store.inner().objects().is_empty(), "{at}: it is cleaned up");
        }
    }
}
