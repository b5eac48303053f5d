//! `audit list`, `audit show` and `audit verify`: what the audit says, and whether it is whole.

use crate::app::both::{READS_AT_ONCE, in_order};
use crate::app::{Failure, Meaning, ledger, read_head};
use crate::domain::Timestamp;
use crate::domain::audit::{AuditAction, EventId, History, Report, StoredEvent, Unreadable, verify};
use crate::domain::digest::Digest;
use crate::domain::text;
use crate::ports::StateRead;
use crate::wire::state_v1;

/// Which events to list.
#[derive(Debug, Clone, Copy, Default)]
pub struct AuditFilter<'a> {
    /// Only those of this role.
    pub role: Option<&'a str>,
    /// Only those of this lease: its id, or its path.
    pub lease: Option<&'a str>,
    /// Only those at this instant or later.
    pub since: Option<Timestamp>,
    /// Only those that tell of this.
    pub action: Option<AuditAction>,
}

/// Events, oldest first. What cannot be read is listed whatever the filter says: it may be anything.
pub async fn list_audit<S: StateRead>(store: &S, filter: AuditFilter<'_>) -> Result<Vec<StoredEvent>, Failure> {
    let AuditFilter { role, lease, since, action } = filter;
    let lease = lease.map(|lease| lease.rsplit('/').next().unwrap_or_default().to_ascii_uppercase());
    let mut keys = store.list("audit/").await?;
    if let Some(since) = since {
        let first = format!("audit/{}/", since.strftime("%F"));
        keys.retain(|key| *key >= first);
    }
    let mut events = read(store, keys).await?;
    events.retain(|stored| {
        let Ok(event) = &stored.event else { return true };
        role.is_none_or(|role| event.role.as_ref().is_some_and(|name| name.as_str() == role))
            && lease.as_ref().is_none_or(|lease| event.lease.as_ref().is_some_and(|id| id.as_str() == lease))
            && since.is_none_or(|since| event.at >= since)
            && action.is_none_or(|action| event.action == action)
    });
    Ok(events)
}

/// One event, by its id.
pub async fn show_audit<S: StateRead>(store: &S, id: &str) -> Result<StoredEvent, Failure> {
    let Some(parsed) = EventId::parse(&id.trim().to_ascii_uppercase()) else {
        return Err(Failure::new(Meaning::Usage, "bad-event-id", format!("`{}` is no event id", text::short(id, 80)))
            .help("an event id has 26 characters; `leasehold audit list` lists them"));
    };
    // The day is in the id, as the key's first part says it.
    let day = Timestamp::from_millisecond(parsed.milliseconds()).unwrap_or(Timestamp::MIN).strftime("%F").to_string();
    let mut keys = store.list(&format!("audit/{day}/{parsed}")).await?;
    keys.truncate(1);
    read(store, keys).await?.pop().ok_or_else(|| {
        let message = format!("there is no event `{parsed}` in the state at {}", store.location());
        Failure::new(Meaning::Failed, "no-such-event", message).help("`leasehold audit list` lists them")
    })
}

/// Reads everything and walks all chains.
pub async fn verify_audit<S: StateRead>(store: &S, now: Timestamp) -> Result<Report, Failure> {
    let report = verify(&history(store).await?, now);
    if report.faults.is_empty() {
        return Ok(report);
    }
    // An event that was written while its neighbours were listed may have been missed; it is not missed twice.
    let again = verify(&history(store).await?, now);
    let faults = again.faults.iter().filter(|fault| report.faults.contains(fault)).cloned().collect();
    Ok(Report { faults, ..again })
}

/// Head and leases first: whatever they name was stored before they were.
async fn history<S: StateRead>(store: &S) -> Result<History, Failure> {
    let head = read_head(store).await?.map(|read| read.head);
    let leases = ledger::all(store).await?;
    let events = read(store, store.list("audit/").await?).await?;
    Ok(History { events, leases, head })
}

async fn read<S: StateRead>(store: &S, keys: Vec<String>) -> Result<Vec<StoredEvent>, Failure> {
    let events = in_order(READS_AT_ONCE, keys, |key| async move {
        // Gone since it was listed: what names it will tell.
        let Some(object) = store.get(&key).await? else { return Ok::<_, Failure>(None) };
        let event = state_v1::decode_audit(&object.bytes);
        let event = event.map(|envelope| envelope.body).map_err(|error| Unreadable(error.to_string()));
        Ok(Some(StoredEvent { key, digest: Digest::of_bytes(&object.bytes), event }))
    });
    Ok(events.await?.into_iter().flatten().collect())
}
