//! The record in a store: one mutable head, and snapshots that are written once.
//!
//! A snapshot's key carries its digest, so that an apply which died before it swapped the head leaves an orphan behind
//! and never a key that the next apply would have to overwrite.

use super::both::{READS_AT_ONCE, any};
use super::{Failure, HeadSigning, Meaning, ledger, swap};
use crate::domain::audit::{AuditAction, EventId, LATE_AFTER, id_in_key};
use crate::domain::desired::BrokerSpec;
use crate::domain::digest::Digest;
use crate::domain::ident::Name;
use crate::domain::lease::LeaseId;
use crate::domain::record::{AppliedRole, Head, Record, Snapshot};
use crate::domain::signed_head::HeadSignature;
use crate::domain::text;
use crate::ports::{HeadSigner, StateRead, StateStore, Version};
use crate::wire::state_v1::{self, CorruptError, HeadDraft, SignedHead};

/// The key of the head.
pub const HEAD_KEY: &str = "head.json";

/// The head as it was read, with what is needed to replace it.
#[derive(Debug, Clone)]
pub struct ReadHead {
    /// The head.
    pub head: Head,
    /// Digest of its stored bytes.
    pub digest: Digest,
    /// The key that its signature names, which was checked only if the store is a [`Trusted`](super::Trusted) one.
    pub signed_by: Option<Digest>,
    /// Its signature, which was checked likewise.
    pub(super) signature: Option<HeadSignature>,
    /// What that has to be made over.
    pub(super) message: Vec<u8>,
    generation: u64,
    version: Version,
}

/// The key of a snapshot.
#[must_use]
pub fn snapshot_key(serial: u64, digest: &Digest) -> String {
    format!("snap/{serial:010}-{}.json", digest.short())
}

/// The head; `None` before the first apply. A head that is older than what was applied after it is damage: it would bring
/// back roles that were removed.
pub async fn read_head<S: StateRead>(store: &S) -> Result<Option<ReadHead>, Failure> {
    // The snapshots are looked at before the head, so that an apply in between only ever makes the head newer.
    let mut newest = newest_serial(store).await?;
    let mut suspect: Option<Digest> = None;
    loop {
        let Some(read) = head_alone(store).await? else { return Ok(None) };
        let (head, next) = (read.head.serial, read.head.serial + 1);
        // An apply that died before it swapped the head leaves a snapshot of the next serial, and no more.
        if newest <= head || newest == next && !was_used(store, next).await? {
            return Ok(Some(read));
        }
        if suspect.as_ref() == Some(&read.digest) {
            return Err(damaged(
                store,
                HEAD_KEY,
                &format!(
                    "it is the head of serial {head}, and a later one was applied: it was put back from an older copy"
                ),
            ));
        }
        suspect = Some(read.digest);
        newest = newest_serial(store).await?;
    }
}

/// Whether this is the head still, which was [read](read_head) a moment ago: that nothing later was applied to it was found
/// then, and what has not changed since is no older.
pub(super) async fn is_head_still<S: StateRead>(store: &S, head: &Head) -> Result<bool, Failure> {
    Ok(head_alone(store).await?.is_some_and(|now| now.head == *head))
}

async fn newest_serial<S: StateRead>(store: &S) -> Result<u64, Failure> {
    let keys = store.list("snap/").await?;
    let serial = |key: &String| key.strip_prefix("snap/")?.split('-').next()?.parse::<u64>().ok();
    Ok(keys.iter().filter_map(serial).max().unwrap_or_default())
}

/// Whether a serial was ever the record's: an apply said so, or a lease was issued from it. Neither can be older than the
/// serial's snapshots, so nothing older is read. All the rest is, by every command until the next apply: the newest first, and
/// several at once.
async fn was_used<S: StateRead>(store: &S, serial: u64) -> Result<bool, Failure> {
    let from = written_from(store, serial).await?;
    let events = store.list("audit/").await?;
    let is_new = |key: &&String| id_in_key(key).is_none_or(|id| from <= id.milliseconds());
    let told = async |key: &String| {
        let Some(object) = store.get(key).await? else { return Ok(false) };
        let event = state_v1::decode_audit(&object.bytes).map_err(|error| corrupt(store, key, &error))?.body;
        Ok(event.serial >= Some(serial))
    };
    if any::<_, Failure>(READS_AT_ONCE, events.iter().rev().filter(is_new), told).await? {
        return Ok(true);
    }
    let leases = ledger::ids(store).await?;
    let is_new = |id: &&LeaseId| EventId::parse(id.as_str()).is_none_or(|id| from <= id.milliseconds());
    let issued = async |id: &LeaseId| Ok(ledger::find(store, id).await?.is_some_and(|it| it.lease.serial >= serial));
    any::<_, Failure>(READS_AT_ONCE, leases.iter().rev().filter(is_new), issued).await
}

/// The first instant, in milliseconds since 1970, at which something may have named this serial: its first snapshot's
/// writing, less what the clocks of two machines may differ by. A snapshot that does not tell bounds nothing.
async fn written_from<S: StateRead>(store: &S, serial: u64) -> Result<i64, Failure> {
    let mut from = i64::MAX;
    for key in store.list(&format!("snap/{serial:010}-")).await? {
        let Some(object) = store.get(&key).await? else { continue };
        let sound = state_v1::check(state_v1::Kind::Snapshot, &object.bytes).ok();
        let written = sound.and_then(|snapshot| EventId::parse(&snapshot.write_id));
        from = from.min(written.map_or(0, |id| id.milliseconds()));
    }
    let margin = i64::try_from(LATE_AFTER.as_millis()).unwrap_or(i64::MAX);
    Ok(if from == i64::MAX { 0 } else { from.saturating_sub(margin) })
}

async fn head_alone<S: StateRead>(store: &S) -> Result<Option<ReadHead>, Failure> {
    let object = match store.get(HEAD_KEY).await? {
        Some(object) => object,
        None if never_applied(store).await? => return Ok(None),
        // The first apply of another process may have ended between the two looks, and a head is never removed: only one
        // that is absent after what it leaves behind was seen is gone.
        None => match store.get(HEAD_KEY).await? {
            Some(object) => object,
            None => {
                return Err(damaged(store, HEAD_KEY, "it is gone, and what it leaves behind shows that there was one"));
            }
        },
    };
    let read = state_v1::open_head(&object.bytes).map_err(|error| corrupt(store, HEAD_KEY, &error))?;
    let SignedHead { envelope, signature, message } = read;
    Ok(Some(ReadHead {
        digest: Digest::of_bytes(&object.bytes),
        signed_by: signature.as_ref().map(|signature| signature.key.clone()),
        signature,
        message,
        head: envelope.body,
        generation: envelope.generation,
        version: object.version,
    }))
}

/// Whether a store without a head never had one. A first apply that died before its head leaves a snapshot of serial 1
/// and the event that announced it; anything more means that a head is gone, which is damage and no fresh start.
async fn never_applied<S: StateRead>(store: &S) -> Result<bool, Failure> {
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
pub async fn read_record<S: StateRead>(store: &S) -> Result<Option<(ReadHead, Record)>, Failure> {
    let Some(read) = read_head(store).await? else { return Ok(None) };
    let (key, bytes) = snapshot_bytes(store, &read.head).await?;
    let snapshot = state_v1::decode_snapshot(&bytes).map_err(|error| corrupt(store, &key, &error))?.body;
    check_serial(store, &key, &read.head, snapshot.serial)?;
    let record = Record { head: read.head.clone(), snapshot };
    Ok(Some((read, record)))
}

/// What `issue` needs of the record: the head, the Broker, and one role.
pub async fn read_role<S: StateRead>(
    store: &S,
    role: &Name,
) -> Result<Option<(Head, Option<(BrokerSpec, AppliedRole)>)>, Failure> {
    let Some(read) = read_head(store).await? else { return Ok(None) };
    let (key, bytes) = snapshot_bytes(store, &read.head).await?;
    let found = state_v1::decode_snapshot_role(&bytes, role).map_err(|error| corrupt(store, &key, &error))?;
    Ok(Some((read.head, found)))
}

async fn snapshot_bytes<S: StateRead>(store: &S, head: &Head) -> Result<(String, Vec<u8>), Failure> {
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

fn check_serial<S: StateRead>(store: &S, key: &str, head: &Head, serial: u64) -> Result<(), Failure> {
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
    signing: &HeadSigning<'_, impl HeadSigner>,
) -> Result<Head, Failure> {
    let bytes = state_v1::encode_snapshot(1, write_id, snapshot);
    let digest = Digest::of_bytes(&bytes);
    let key = snapshot_key(snapshot.serial, &digest);
    swap::swap(store, &key, None, &bytes).await?;

    let head = make_head(digest, previous.map(|read| read.digest.clone()));
    let generation = previous.map_or(1, |read| read.generation + 1);
    let draft = HeadDraft::new(generation, write_id, &head);
    let bytes = draft.seal(signing.sign(&draft.message()).await?.as_ref());
    swap::swap(store, HEAD_KEY, previous.map(|read| &read.version), &bytes).await?;
    Ok(head)
}

/// That there is no record where leases were to be ended.
pub(super) fn nothing_applied<S: StateRead>(store: &S) -> Failure {
    let message = format!("nothing has been applied to the state at {}", store.location());
    Failure::new(Meaning::Failed, "nothing-applied", message).help("point --state at the state that the leases are in")
}

/// An object that cannot be believed.
pub(super) fn corrupt<S: StateRead>(store: &S, key: &str, error: &CorruptError) -> Failure {
    damaged(store, key, &error.to_string())
}

pub(super) fn damaged<S: StateRead>(store: &S, key: &str, detail: &str) -> Failure {
    Failure::new(
        Meaning::Failed,
        "state-damaged",
        format!("`{}` in the state at {} cannot be used", text::escape(key), store.location()),
    )
    .because(detail)
    .help(
        "restore the newest backup of the whole state; if there is none and no lease is alive, begin a new state elsewhere \
         and apply the manifests to it. Nothing was changed",
    )
}
