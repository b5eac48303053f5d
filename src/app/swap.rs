//! Conditional writes whose outcome is always known, or honestly unknown.

use crate::ports::{StateStore, StoreError, Version};

/// How often a write that certainly did not happen is tried again.
const TRIES: u32 = 3;

/// Writes `bytes` under `key` if it still has the version `expected` (`None`: if it does not exist).
///
/// The bytes carry a write id of their own, so equal bytes are our bytes. After a conflict or a lost reply the key is read
/// back: our bytes mean that we won, other bytes that somebody else did, and what was there before that the request never
/// arrived and may be sent again.
pub(super) async fn swap<S: StateStore>(
    store: &S,
    key: &str,
    expected: Option<&Version>,
    bytes: &[u8],
) -> Result<Version, StoreError> {
    let mut tries = 0;
    loop {
        tries += 1;
        let outcome = match expected {
            None => store.create(key, bytes).await,
            Some(version) => store.replace(key, version, bytes).await,
        };
        let doubt = match outcome {
            Err(doubt @ (StoreError::Conflict { .. } | StoreError::Ambiguous { .. })) => doubt,
            Ok(_)
            | Err(
                StoreError::Busy { .. }
                | StoreError::Unreachable { .. }
                | StoreError::Unusable { .. }
                | StoreError::Distrusted { .. }
                | StoreError::Memory { .. },
            ) => {
                return outcome;
            }
        };
        let now = store.get(key).await?;
        match now {
            Some(object) if object.bytes == bytes => return Ok(object.version),
            now if now.as_ref().map(|object| &object.version) == expected => {
                let lost = matches!(doubt, StoreError::Ambiguous { .. });
                if !lost || tries == TRIES {
                    return Err(doubt);
                }
            }
            _ => return Err(StoreError::Conflict { key: key.to_owned() }),
        }
    }
}

/// Removes an object that is written once and never changed, as it is.
pub(super) async fn take_away<S: StateStore>(store: &S, key: &str) -> Result<(), StoreError> {
    match store.get(key).await? {
        Some(object) => store.remove(key, &object.version).await,
        None => Ok(()),
    }
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use super::*;
    use crate::ports::StateRead as _;
    use crate::testing::{Fault, FaultyStore, MemoryStore, block_on};

    #[test]
    fn every_lost_message_ends_in_our_write_and_in_no_other() {
        for fault in [Fault::LoseRequest, Fault::LoseReply] {
            let store = FaultyStore::failing_at(MemoryStore::new(), 0, fault);
            block_on(swap(&store, "a", None, b"1")).expect("settled");
            assert_eq!(store.inner().objects()["a"], b"1");
            let version = block_on(store.get("a")).expect("readable").expect("there").version;
            let store = FaultyStore::failing_at(MemoryStore::new(), 1, fault);
            block_on(store.create("a", b"1")).expect("created");
            block_on(swap(&store, "a", Some(&version), b"2")).expect("settled");
            assert_eq!(store.inner().objects()["a"], b"2");
        }
    }

    #[test]
    fn another_writers_bytes_are_a_conflict() {
        let store = MemoryStore::new();
        block_on(store.create("a", b"theirs")).expect("created");
        assert!(matches!(block_on(swap(&store, "a", None, b"ours")), Err(StoreError::Conflict { .. })));
        let stale = Version("stale".to_owned());
        assert!(matches!(block_on(swap(&store, "a", Some(&stale), b"ours")), Err(StoreError::Conflict { .. })));
        assert_eq!(store.objects()["a"], b"theirs");
    }

    #[test]
    fn a_request_that_never_arrives_is_not_sent_for_ever() {
        let store = FaultyStore::new(MemoryStore::new(), |call| call.operation.writes().then_some(Fault::LoseRequest));
        assert!(matches!(block_on(swap(&store, "a", None, b"1")), Err(StoreError::Ambiguous { .. })));
        assert!(store.calls() <= 6);
    }
}
