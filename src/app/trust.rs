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

    /// The keys that a head has to be signed with; none if it need not be.
    pub(super) fn pinned(&self) -> &[HeadKey] {
        &self.keys
    }

    /// Remembers the head that is there now. Whoever writes one has seen it as well: an older one that is put back right after
    /// that is refused.
    ///
    /// # Errors
    /// As for reading the head.
    pub async fn remember_head(&self) -> Result<(), StoreError> {
        if self.memory.is_some() {
            self.head().await?;
        }
        Ok(())
    }

    /// What tells whether a signature fits a key.
    pub(super) fn verifier(&self) -> &V {
        &self.verifier
    }

    async fn head(&self) -> Result<Option<Object>, StoreError> {
        if self.keys.is_empty() && self.memory.is_none() {
            return self.store.get(HEAD_KEY).await;
        }
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
    let Some(object) = memory.get(SEEN_KEY).await.map_err(StoreError::of_memory)? else { return Ok(None) };
    let seen = state_v1::decode_seen(&object.bytes).map_err(|error| forgotten(memory, &error))?;
    Ok(Some((seen, object.version)))
}

fn forgotten<M: StateRead>(memory: &M, error: &CorruptError) -> StoreError {
    StoreError::Memory {
        location: memory.location(),
        detail: format!("`{SEEN_KEY}`, which names the newest head that was seen, cannot be read: {error}"),
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
            Err(error) => return Err(error.of_memory()),
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
#[allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking; clippy knows `#[test]` functions, not their helpers"
)]
mod tests {
    use super::*;
    use crate::domain::digest::Digest;
    use crate::domain::record::{Basis, Head};
    use crate::domain::signed_head::{Algorithm, HeadSignature};
    use crate::testing::{Fault, FaultyStore, MemoryStore, block_on};
    use crate::wire::state_v1::HeadDraft;

    /// Holds a signature that repeats the message behind the key: what trust does with a verdict is tested here, and the verdict
    /// itself where it is made.
    #[derive(Debug, Clone, Copy)]
    struct Echo;

    impl HeadVerifier for Echo {
        fn holds(&self, key: &HeadKey, message: &[u8], signature: &[u8]) -> bool {
            signature == [key.public(), message].concat()
        }
    }

    fn key(fill: u8) -> HeadKey {
        HeadKey::from_public(Algorithm::Ed25519, &[fill; 32]).expect("a key")
    }

    fn head(lineage: &str, serial: u64, snapshot: &str) -> Head {
        let manifest_digest = Digest::of_bytes(b"manifests");
        Head {
            lineage: lineage.to_owned(),
            serial,
            basis: Basis { commit: None, tree: None, dirty: false, manifest_digest },
            snapshot_digest: Digest::of_bytes(snapshot.as_bytes()),
            previous: None,
            applied_at: crate::domain::Timestamp::UNIX_EPOCH,
            applied_by: None,
            announced_by: None,
        }
    }

    fn bytes(head: &Head, signer: Option<&HeadKey>) -> Vec<u8> {
        let write_id = format!("w-{}", head.serial);
        let draft = HeadDraft::new(head.serial, &write_id, head);
        let signature = signer.map(|key| HeadSignature {
            key: key.id(),
            algorithm: key.algorithm(),
            bytes: [key.public(), &draft.message()].concat(),
        });
        draft.seal(signature.as_ref())
    }

    type Store = Trusted<MemoryStore, MemoryStore, Echo>;

    fn store(keys: &[HeadKey], remembers: bool) -> Store {
        Trusted::new(MemoryStore::new(), remembers.then(MemoryStore::new), keys.to_vec(), Echo)
    }

    fn put(store: &Store, bytes: &[u8]) {
        let version = block_on(store.store.get(HEAD_KEY)).expect("readable").map(|object| object.version);
        match version {
            Some(version) => block_on(store.replace(HEAD_KEY, &version, bytes)),
            None => block_on(store.create(HEAD_KEY, bytes)),
        }
        .expect("written");
    }

    fn read(store: &Store) -> Result<Option<Vec<u8>>, Distrust> {
        match block_on(store.get(HEAD_KEY)) {
            Ok(object) => Ok(object.map(|object| object.bytes)),
            Err(StoreError::Distrusted { why, .. }) => Err(*why),
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn a_pinned_key_is_asked_for_each_head() {
        let store = store(&[key(1), key(2)], false);
        assert_eq!(read(&store), Ok(None), "before the first apply there is nothing to sign");
        for signer in [key(1), key(2)] {
            let signed = bytes(&head("a", 1, "s"), Some(&signer));
            put(&store, &signed);
            assert_eq!(read(&store), Ok(Some(signed)));
        }
        put(&store, &bytes(&head("a", 1, "s"), None));
        assert_eq!(read(&store), Err(Distrust::Unsigned));
        put(&store, &bytes(&head("a", 1, "s"), Some(&key(3))));
        let refused = read(&store);
        assert!(
            matches!(&refused, Err(Distrust::UnknownKey { key: found, .. }) if *found == key(3).id()),
            "{refused:?}"
        );
        // Signed, and then edited by somebody who made the checksum fit again.
        let signed = String::from_utf8(bytes(&head("a", 1, "s"), Some(&key(1)))).expect("text");
        let signature =
            &signed[signed.find("\"signature\"").expect("signed")..signed.find("\"body\"").expect("a body")];
        let edited = String::from_utf8(bytes(&head("a", 2, "t"), None)).expect("text");
        put(&store, edited.replace("\"body\"", &format!("{signature}\"body\"")).as_bytes());
        assert_eq!(read(&store), Err(Distrust::BadSignature { key: key(1).id() }));
    }

    #[test]
    fn nothing_is_asked_where_nothing_is_pinned() {
        let store = store(&[], false);
        let signed = bytes(&head("a", 1, "s"), Some(&key(9)));
        put(&store, &signed);
        assert_eq!(read(&store), Ok(Some(signed)));
    }

    #[test]
    fn a_memory_refuses_what_is_older_than_what_it_saw() {
        let store = store(&[], true);
        assert_eq!(read(&store), Ok(None));
        let heads: Vec<_> = (1..=3).map(|serial| bytes(&head("a", serial, &serial.to_string()), None)).collect();
        for head in &heads {
            put(&store, head);
            assert_eq!(read(&store).as_ref(), Ok(&Some(head.clone())));
            assert_eq!(read(&store).as_ref(), Ok(&Some(head.clone())), "the same again");
        }
        put(&store, &heads[0]);
        assert_eq!(read(&store), Err(Distrust::Older { seen: 3, found: 1 }));
        put(&store, &bytes(&head("a", 3, "else"), None));
        assert_eq!(read(&store), Err(Distrust::Forked { serial: 3 }));
        put(&store, &bytes(&head("b", 4, "4"), None));
        assert!(matches!(read(&store), Err(Distrust::OtherLineage { .. })));
        let version = block_on(store.store.get(HEAD_KEY)).expect("readable").expect("there").version;
        block_on(store.remove(HEAD_KEY, &version)).expect("removed");
        assert_eq!(read(&store), Err(Distrust::Gone { seen: 3 }));
        put(&store, &heads[2]);
        assert_eq!(read(&store).as_ref(), Ok(&Some(heads[2].clone())), "no refusal was remembered");
    }

    #[test]
    fn what_is_refused_is_not_remembered() {
        let store = store(&[key(1)], true);
        let good = bytes(&head("a", 1, "s"), Some(&key(1)));
        put(&store, &bytes(&head("a", 90, "s"), Some(&key(2))));
        assert!(read(&store).is_err());
        put(&store, &good);
        assert_eq!(read(&store), Ok(Some(good)));
    }

    #[test]
    fn a_memory_that_cannot_be_written_or_read_lets_nothing_through() {
        let signed = bytes(&head("a", 1, "s"), None);
        for call in 0..2 {
            let memory = FaultyStore::failing_at(MemoryStore::new(), call, Fault::Refuse);
            let store = Trusted::new(MemoryStore::new(), Some(memory), Vec::new(), Echo);
            block_on(store.create(HEAD_KEY, &signed)).expect("written");
            assert!(block_on(store.get(HEAD_KEY)).is_err(), "call {call}");
        }
        let store = store(&[], true);
        put(&store, &signed);
        block_on(store.memory.as_ref().expect("a memory").create(SEEN_KEY, b"{}")).expect("written");
        assert!(matches!(block_on(store.get(HEAD_KEY)), Err(StoreError::Memory { .. })));
    }

    #[test]
    fn a_lost_reply_of_the_memory_is_read_back() {
        let signed = bytes(&head("a", 1, "s"), None);
        for fault in [Fault::LoseReply, Fault::LoseRequest] {
            let memory = FaultyStore::failing_at(MemoryStore::new(), 1, fault);
            let store = Trusted::new(MemoryStore::new(), Some(memory), Vec::new(), Echo);
            block_on(store.create(HEAD_KEY, &signed)).expect("written");
            assert!(block_on(store.get(HEAD_KEY)).is_ok(), "{fault:?}");
            assert!(store.memory.as_ref().expect("a memory").inner().objects().contains_key(SEEN_KEY));
        }
    }
}
