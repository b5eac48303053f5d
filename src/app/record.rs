//! The record in a store: one mutable head, and snapshots that are written once.
//!
//! A snapshot's key carries its digest, so that an apply which died before it swapped the head leaves an orphan behind
//! and never a key that the next apply would have to overwrite.

use super::{Failure, Meaning, swap};
use crate::domain::audit::AuditAction;
use crate::domain::desired::BrokerSpec;
use crate::domain::digest::Digest;
use crate::domain::ident::Name;
use crate::domain::record::{AppliedRole, Head, Record, Snapshot};
use crate::domain::text;
use crate::ports::{StateStore, Version};
use crate::wire::state_v1::{self, CorruptError};

/// The key of the head.
pub const HEAD_KEY: &str = "head.json";

/// The head as it was read, with what is needed to replace it.
#[derive(Debug, Clone)]
pub struct ReadHead {
    /// The head.
    pub head: Head,
    /// Digest of its stored bytes.
    pub digest: Digest,
    generation: u64,
    version: Version,
}

/// The key of a snapshot.
#[must_use]
pub fn snapshot_key(serial: u64, digest: &Digest) -> String {
    format!("snap/{serial:010}-{}.json", digest.short())
}

/// The head; `None` before the first apply.
pub async fn read_head<S: StateStore>(store: &S) -> Result<Option<ReadHead>, Failure> {
    let Some(object) = store.get(HEAD_KEY).await? else {
        return if never_applied(store).await? {
            Ok(None)
        } else {
            Err(damaged(store, HEAD_KEY, "it is gone, and what it leaves behind shows that there was one"))
        };
    };
    let envelope = state_v1::decode_head(&object.bytes).map_err(|error| corrupt(store, HEAD_KEY, &error))?;
    Ok(Some(ReadHead {
        digest: Digest::of_bytes(&object.bytes),
        head: envelope.body,
        generation: envelope.generation,
        version: object.version,
    }))
}

/// Whether a store without a head never had one. A first apply that died before its head leaves a snapshot of serial 1
/// and the event that announced it; anything more means that a head is gone, which is damage and no fresh start.
async fn never_applied<S: StateStore>(store: &S) -> Result<bool, Failure> {
    let snapshots = store.list("snap/").await?;
    if !snapshots.iter().all(|key| key.starts_with("snap/0000000001-")) || !store.list("lease/").await?.is_empty() {
        return Ok(false);
    }
    for key in store.list("audit/").await? {
        let Some(object) = store.get(&key).await? else { continue };
        let event = state_v1::decode_audit(&object.bytes).map_err(|error| corrupt(store, &key, &error))?;
        if event.body.action != AuditAction::ApplyRequested {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The whole record; `None` before the first apply.
pub async fn read_record<S: StateStore>(store: &S) -> Result<Option<(ReadHead, Record)>, Failure> {
    let Some(read) = read_head(store).await? else { return Ok(None) };
    let (key, bytes) = snapshot_bytes(store, &read.head).await?;
    let snapshot = state_v1::decode_snapshot(&bytes).map_err(|error| corrupt(store, &key, &error))?.body;
    check_serial(store, &key, &read.head, snapshot.serial)?;
    let record = Record { head: read.head.clone(), snapshot };
    Ok(Some((read, record)))
}

/// What `issue` needs of the record: the head, the Broker, and one role.
pub async fn read_role<S: StateStore>(
    store: &S,
    role: &Name,
) -> Result<Option<(Head, Option<(BrokerSpec, AppliedRole)>)>, Failure> {
    let Some(read) = read_head(store).await? else { return Ok(None) };
    let (key, bytes) = snapshot_bytes(store, &read.head).await?;
    let found = state_v1::decode_snapshot_role(&bytes, role).map_err(|error| corrupt(store, &key, &error))?;
    Ok(Some((read.head, found)))
}

async fn snapshot_bytes<S: StateStore>(store: &S, head: &Head) -> Result<(String, Vec<u8>), Failure> {
    let key = snapshot_key(head.serial, &head.snapshot_digest);
    let Some(object) = store.get(&key).await? else {
        return Err(damaged(store, &key, "the head names it, and it is not there"));
    };
    if Digest::of_bytes(&object.bytes) != head.snapshot_digest {
        return Err(damaged(
            store,
            &key,
            "it is not the snapshot that was applied: its digest differs from the head's",
        ));
    }
    Ok((key, object.bytes))
}

fn check_serial<S: StateStore>(store: &S, key: &str, head: &Head, serial: u64) -> Result<(), Failure> {
    if serial == head.serial {
        return Ok(());
    }
    Err(damaged(store, key, "its serial is not the head's"))
}

/// Makes `snapshot` the record: writes it, then swaps the head from `previous`. The swap is the one moment at which an
/// apply happens; losing it to another writer is [`Meaning::Busy`], and changes nothing.
pub(super) async fn replace<S: StateStore>(
    store: &S,
    previous: Option<&ReadHead>,
    snapshot: &Snapshot,
    make_head: impl FnOnce(Digest, Option<Digest>) -> Head,
    write_id: &str,
) -> Result<Head, Failure> {
    let bytes = state_v1::encode_snapshot(1, write_id, snapshot);
    let digest = Digest::of_bytes(&bytes);
    let key = snapshot_key(snapshot.serial, &digest);
    swap::swap(store, &key, None, &bytes).await?;

    let head = make_head(digest, previous.map(|read| read.digest.clone()));
    let generation = previous.map_or(1, |read| read.generation + 1);
    let bytes = state_v1::encode_head(generation, write_id, &head);
    swap::swap(store, HEAD_KEY, previous.map(|read| &read.version), &bytes).await?;
    Ok(head)
}

/// An object that cannot be believed.
pub(super) fn corrupt<S: StateStore>(store: &S, key: &str, error: &CorruptError) -> Failure {
    damaged(store, key, &error.to_string())
}

fn damaged<S: StateStore>(store: &S, key: &str, detail: &str) -> Failure {
    Failure::new(
        Meaning::Failed,
        "state-damaged",
        format!("`{}` in the state at {} cannot be used", text::escape(key), store.location()),
    )
    .because(detail)
    .help(
        "restore the state from a backup; if there is none and no lease is alive, begin a new state elsewhere and apply \
         the manifests to it. Nothing was changed",
    )
}
