//! Leases in a store: one object each, changed by compare-and-swap alone.

use super::Failure;
use super::record::{corrupt, damaged};
use super::swap::swap;
use crate::domain::Timestamp;
use crate::domain::lease::{Lease, LeaseId};
use crate::domain::plan::OpenLease;
use crate::ports::{StateRead, StateStore, StoreError, Version};
use crate::wire::state_v1;

/// A lease as it is in the store.
#[derive(Debug, Clone)]
pub struct StoredLease {
    /// The lease.
    pub lease: Lease,
    generation: u64,
    version: Version,
}

fn key(id: &LeaseId) -> String {
    format!("lease/{id}.json")
}

/// Writes a lease that is not there yet.
pub async fn open<S: StateStore>(store: &S, lease: Lease, write_id: &str) -> Result<StoredLease, StoreError> {
    let key = key(&lease.id);
    let bytes = state_v1::encode_lease(1, write_id, &lease);
    let version = swap(store, &key, None, &bytes).await?;
    Ok(StoredLease { lease, generation: 1, version })
}

/// Replaces a lease by its next form.
pub async fn advance<S: StateStore>(
    store: &S,
    stored: &StoredLease,
    next: Lease,
    write_id: &str,
) -> Result<StoredLease, StoreError> {
    let key = key(&next.id);
    let generation = stored.generation + 1;
    let bytes = state_v1::encode_lease(generation, write_id, &next);
    let version = swap(store, &key, Some(&stored.version), &bytes).await?;
    Ok(StoredLease { lease: next, generation, version })
}

/// One lease; `None` if there is none with this id.
pub async fn find<S: StateRead>(store: &S, id: &LeaseId) -> Result<Option<StoredLease>, Failure> {
    read(store, &key(id)).await
}

/// Every lease, oldest first. An object that cannot be believed is a failure: a ledger with a hole says nothing.
pub async fn all<S: StateRead>(store: &S) -> Result<Vec<Lease>, Failure> {
    let mut leases = Vec::new();
    for key in store.list("lease/").await? {
        leases.extend(read(store, &key).await?.map(|stored| stored.lease));
    }
    Ok(leases)
}

/// What a plan needs to know of the leases that may still be alive.
pub async fn open_leases<S: StateRead>(store: &S, now: Timestamp) -> Result<Vec<OpenLease>, Failure> {
    let leases = all(store).await?;
    Ok(leases
        .into_iter()
        .filter(|lease| lease.is_open(now))
        .map(|lease| OpenLease { lives_until: lease.lives_until(), role: lease.role })
        .collect())
}

async fn read<S: StateRead>(store: &S, key: &str) -> Result<Option<StoredLease>, Failure> {
    let Some(object) = store.get(key).await? else { return Ok(None) };
    let envelope = state_v1::decode_lease(&object.bytes).map_err(|error| corrupt(store, key, &error))?;
    if key != self::key(&envelope.body.id) {
        return Err(damaged(store, key, "it holds the lease of another id: files were moved or copied"));
    }
    Ok(Some(StoredLease { lease: envelope.body, generation: envelope.generation, version: object.version }))
}
