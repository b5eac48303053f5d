//! Leases in a store: one object each, changed by compare-and-swap alone, and an index by time of when each has to be
//! looked at next.

use std::collections::BTreeSet;

use super::Failure;
use super::both::{READS_AT_ONCE, in_order};
use super::record::{corrupt, damaged};
use super::swap::{swap, take_away};
use crate::domain::Timestamp;
use crate::domain::ident::Name;
use crate::domain::lease::{Due, Lease, LeaseId, LeaseState};
use crate::domain::plan::OpenLease;
use crate::ports::{StateRead, StateStore, StoreError, Version};
use crate::wire::state_v1;

/// What every entry of the index holds: all that it says stands in its key.
const ENTRY: &[u8] = b"{}\n";

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

/// Enters a lease into the index as it is, before it is stored in that form.
pub async fn enter<S: StateStore>(store: &S, due: &Due) -> Result<(), StoreError> {
    match swap(store, &due.key(), None, ENTRY).await {
        Ok(_) => Ok(()),
        // All entries of one key are alike.
        Err(StoreError::Conflict { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Writes a lease that is not there yet, and that is [entered](enter) already.
pub async fn open<S: StateStore>(store: &S, lease: Lease, write_id: &str) -> Result<StoredLease, StoreError> {
    let key = key(&lease.id);
    let bytes = state_v1::encode_lease(1, write_id, &lease);
    let version = swap(store, &key, None, &bytes).await?;
    Ok(StoredLease { lease, generation: 1, version })
}

/// Replaces a lease by its next form, and enters it into the index first if that is due at another time.
pub async fn advance<S: StateStore>(
    store: &S,
    stored: &StoredLease,
    next: Lease,
    write_id: &str,
) -> Result<StoredLease, StoreError> {
    let due = Due::of(&next);
    let moved = due != Due::of(&stored.lease);
    if moved {
        enter(store, &due).await?;
    }
    let key = key(&next.id);
    let generation = stored.generation + 1;
    let bytes = state_v1::encode_lease(generation, write_id, &next);
    let version = swap(store, &key, Some(&stored.version), &bytes).await?;
    // A sweep that read the lease before this write may have taken the entry for one that says nothing.
    if moved && store.get(&due.key()).await?.is_none() {
        enter(store, &due).await?;
    }
    Ok(StoredLease { lease: next, generation, version })
}

/// Removes a lease that nobody needs to know of any more. Its entries in the index go with the sweep that finds them.
pub async fn forget<S: StateStore>(store: &S, stored: &StoredLease) -> Result<(), StoreError> {
    store.remove(&key(&stored.lease.id), &stored.version).await
}

/// One lease; `None` if there is none with this id.
pub async fn find<S: StateRead>(store: &S, id: &LeaseId) -> Result<Option<StoredLease>, Failure> {
    read(store, &key(id)).await
}

/// The ids of all leases, oldest first, without reading one.
pub async fn ids<S: StateRead>(store: &S) -> Result<Vec<LeaseId>, Failure> {
    let keys = store.list("lease/").await?;
    keys.iter()
        .map(|key| {
            let id = key.strip_prefix("lease/").and_then(|rest| rest.strip_suffix(".json")).and_then(LeaseId::parse);
            id.ok_or_else(|| damaged(store, key, "it is not the name of a lease"))
        })
        .collect()
}

/// Every lease, oldest first. An object that cannot be believed is a failure: a ledger with a hole says nothing.
pub async fn all<S: StateRead>(store: &S) -> Result<Vec<Lease>, Failure> {
    Ok(found(store, ids(store).await?).await?.into_iter().map(|stored| stored.lease).collect())
}

/// The entries of the index that are due by `now`, in the order of their time. What lies among them and is none is told, and
/// keeps nobody from the others.
pub async fn due<S: StateRead>(store: &S, now: Timestamp) -> Result<(Vec<Due>, Vec<Failure>), Failure> {
    let (mut due, mut strange) = (Vec::new(), Vec::new());
    for key in store.list_before(Due::PREFIX, &Due::end(now)).await? {
        match entry(store, &key) {
            Ok(entry) => due.push(entry),
            Err(failure) => strange.push(failure),
        }
    }
    Ok((due, strange))
}

/// The ids of the leases of these roles that have not ended, by the index alone. One that ended a moment ago may be among
/// them.
pub async fn open_ids<S: StateRead>(store: &S, wanted: impl Fn(&Name) -> bool) -> Result<BTreeSet<LeaseId>, Failure> {
    Ok(not_over(entries(store, &store.list(Due::PREFIX).await?)?, wanted))
}

/// The same of all roles, as far as they are due by then and the index can be read.
pub async fn open_ids_due_by<S: StateRead>(store: &S, until: Timestamp) -> Result<BTreeSet<LeaseId>, Failure> {
    Ok(not_over(due(store, until).await?.0, |_| true))
}

fn not_over(entries: Vec<Due>, wanted: impl Fn(&Name) -> bool) -> BTreeSet<LeaseId> {
    entries.into_iter().filter(|entry| !entry.over && wanted(&entry.role)).map(|entry| entry.lease).collect()
}

/// The roles that the index knows a lease of, ended ones that are still kept among them.
pub async fn roles<S: StateRead>(store: &S) -> Result<BTreeSet<Name>, Failure> {
    Ok(entries(store, &store.list(Due::PREFIX).await?)?.into_iter().map(|entry| entry.role).collect())
}

/// The leases of these roles that have not ended, oldest first, found without reading any other.
pub async fn of_roles<S: StateRead>(store: &S, wanted: impl Fn(&Name) -> bool) -> Result<Vec<StoredLease>, Failure> {
    let mut leases = found(store, open_ids(store, wanted).await?).await?;
    leases.retain(|stored| !matches!(stored.lease.state, LeaseState::Ended(_)));
    Ok(leases)
}

/// Those of these leases that are there, in this order.
async fn found<S: StateRead>(store: &S, ids: impl IntoIterator<Item = LeaseId>) -> Result<Vec<StoredLease>, Failure> {
    let stored = in_order(READS_AT_ONCE, ids, |id| async move { find(store, &id).await }).await?;
    Ok(stored.into_iter().flatten().collect())
}

/// Takes an entry out of the index that its lease does not need, and that has been due for longer than any write takes: a
/// younger one may belong to a write that is still to come.
pub async fn strike<S: StateStore>(store: &S, due: &Due) -> Result<(), StoreError> {
    take_away(store, &due.key()).await
}

/// What a plan needs to know of the leases that may still be alive.
pub async fn open_leases<S: StateRead>(
    store: &S,
    now: Timestamp,
    wanted: impl Fn(&Name) -> bool,
) -> Result<Vec<OpenLease>, Failure> {
    let leases = of_roles(store, wanted).await?;
    Ok(leases
        .into_iter()
        .filter(|stored| stored.lease.is_open(now))
        .map(|StoredLease { lease, .. }| OpenLease {
            lives_until: lease.lives_until(),
            is_user: lease.request.user.is_some(),
            role: lease.role,
        })
        .collect())
}

fn entries<S: StateRead>(store: &S, keys: &[String]) -> Result<Vec<Due>, Failure> {
    keys.iter().map(|key| entry(store, key)).collect()
}

fn entry<S: StateRead>(store: &S, key: &str) -> Result<Due, Failure> {
    Due::parse(key).ok_or_else(|| damaged(store, key, "it is not an entry of the index of leases"))
}

async fn read<S: StateRead>(store: &S, key: &str) -> Result<Option<StoredLease>, Failure> {
    let Some(object) = store.get(key).await? else { return Ok(None) };
    let envelope = state_v1::decode_lease(&object.bytes).map_err(|error| corrupt(store, key, &error))?;
    if key != self::key(&envelope.body.id) {
        return Err(damaged(store, key, "it holds the lease of another id: files were moved or copied"));
    }
    Ok(Some(StoredLease { lease: envelope.body, generation: envelope.generation, version: object.version }))
}
