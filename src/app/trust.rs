//! A store whose head is believed only if it is signed by a pinned key and is not older than what was seen.

use super::record::HEAD_KEY;
use crate::domain::signed_head::{Distrust, HeadKey, SeenHead, check_memory, trusted_key};
use crate::ports::{HeadVerifier, Object, StateRead, StateStore, StoreError, Version};
use crate::wire::state_v1::{self, CorruptError, Envelope, SignedHead};

/// The key of what is remembered, in a store of its own.
const SEEN_KEY: &str = "seen.json";

/// How often another process may be ahead in writing down what it saw.
const TRIES: u32 = 16;

/// A store that checks each head it reads: by pinned keys, if there are any, and by a memory, if there is one. Without both
/// it is the store itself.
///
/// The memory is a store of this reader's own, out of reach of whoever can write to the state. It is read before the head and
/// written after it, so that two readers never take the newer head of one for an older one of the other.
#[derive(Debug, Clone)]
pub struct Trusted<S, M, V> {
    store: S,
    memory: Option<M>,
    keys: Vec<HeadKey>,
    verifier: V,
}

impl<S: StateRead, M: StateStore, V: HeadVerifier> Trusted<S, M, V> {
    /// Checks the heads of `store`.
    pub fn new(store: S, memory: Option<M>, keys: Vec<HeadKey>, verifier: V) -> Self {
        Self { store, memory, keys, verifier }
    }

    /// The store itself.
    pub fn inner(&self) -> &S {
        &self.store
    }

    async fn head(&self) -> Result<Option<Object>, StoreError> {
        let seen = match &self.memory {
            Some(memory) => recall(memory).await?,
            None => None,
        };
        let object = self.store.get(HEAD_KEY).await?;
        let Some(found) = &object else {
            return match seen {
                Some((seen, _)) => Err(self.distrusted(Distrust::Gone { seen: seen.body.serial })),
                None => Ok(None),
            };
        };
        // What is damaged is told by whoever reads it: it is refused there, whatever is pinned.
        let Ok(SignedHead { envelope, signature, message }) = state_v1::open_head(&found.bytes) else {
            return Ok(object);
        };
        if !self.keys.is_empty() {
            let key = trusted_key(&self.keys, signature.as_ref()).map_err(|why| self.distrusted(why))?;
            let bytes = signature.as_ref().map_or(&[][..], |signature| &signature.bytes);
            if !self.verifier.holds(key, &message, bytes) {
                return Err(self.distrusted(Distrust::BadSignature { key: key.id() }));
            }
        }
        if let Some((seen, _)) = &seen {
            check_memory(&seen.body, Some(&envelope.body)).map_err(|why| self.distrusted(why))?;
        }
        if let Some(memory) = &self.memory {
            remember(memory, seen, SeenHead::of(&envelope.body), &envelope.write_id).await?;
        }
        Ok(object)
    }

    fn distrusted(&self, why: Distrust) -> StoreError {
        StoreError::Distrusted { key: HEAD_KEY.to_owned(), location: self.store.location(), why: Box::new(why) }
    }
}

type Recalled = Option<(Envelope<SeenHead>, Version)>;

async fn recall<M: StateRead>(memory: &M) -> Result<Recalled, StoreError> {
    let Some(object) = memory.get(SEEN_KEY).await? else { return Ok(None) };
    let seen = state_v1::decode_seen(&object.bytes).map_err(|error| forgotten(memory, &error))?;
    Ok(Some((seen, object.version)))
}

fn forgotten<M: StateRead>(memory: &M, error: &CorruptError) -> StoreError {
    StoreError::Unusable {
        location: memory.location(),
        detail: format!("`{SEEN_KEY}`, which remembers the newest head that was seen, cannot be read: {error}"),
        help: "remove the file if you know why it is damaged: whatever head is there next is believed then".to_owned(),
    }
}

/// Writes down what was seen, unless something newer is there. The head's own write id names the write: two processes that
/// saw the same head write the same bytes.
async fn remember<M: StateStore>(
    memory: &M,
    mut known: Recalled,
    now: SeenHead,
    write_id: &str,
) -> Result<(), StoreError> {
    let mut tries = 0;
    loop {
        tries += 1;
        let written = match &known {
            Some((seen, _)) if seen.body.lineage != now.lineage || seen.body.serial >= now.serial => return Ok(()),
            Some((seen, version)) => {
                let bytes = state_v1::encode_seen(seen.generation + 1, write_id, &now);
                memory.replace(SEEN_KEY, version, &bytes).await
            }
            None => memory.create(SEEN_KEY, &state_v1::encode_seen(1, write_id, &now)).await,
        };
        match written {
            Ok(_) => return Ok(()),
            Err(StoreError::Conflict { .. } | StoreError::Ambiguous { .. }) if tries < TRIES => {
                known = recall(memory).await?;
            }
            Err(error) => return Err(error),
        }
    }
}

impl<S: StateRead + Sync, M: StateStore + Sync, V: HeadVerifier + Sync> StateRead for Trusted<S, M, V> {
    async fn get(&self, key: &str) -> Result<Option<Object>, StoreError> {
        if key == HEAD_KEY { self.head().await } else { self.store.get(key).await }
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        self.store.list(prefix).await
    }

    async fn list_before(&self, prefix: &str, end: &str) -> Result<Vec<String>, StoreError> {
        self.store.list_before(prefix, end).await
    }

    fn location(&self) -> String {
        self.store.location()
    }
}

impl<S: StateStore + Sync, M: StateStore + Sync, V: HeadVerifier + Sync> StateStore for Trusted<S, M, V> {
    async fn create(&self, key: &str, bytes: &[u8]) -> Result<Version, StoreError> {
        self.store.create(key, bytes).await
    }

    async fn replace(&self, key: &str, expected: &Version, bytes: &[u8]) -> Result<Version, StoreError> {
        self.store.replace(key, expected, bytes).await
    }

    async fn remove(&self, key: &str, expected: &Version) -> Result<(), StoreError> {
        self.store.remove(key, expected).await
    }
}

#[cfg(all(test, feature = "testing"))]
mod tests;
