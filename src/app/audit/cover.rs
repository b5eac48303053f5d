//! Vouching for the events of others.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::Offset;

use crate::app::Failure;
use crate::app::both::{READS_AT_ONCE, in_order};
use crate::domain::Timestamp;
use crate::domain::audit::{COVERING, Covers, EventId, LATE_AFTER, covered_digest, id_in_key};
use crate::domain::digest::Digest;
use crate::ports::StateRead;
use crate::wire::state_v1;

/// Days that are listed one by one; what lies further back is found by listing the whole audit.
const DAYS: i64 = 32;

/// What an event of `now` can vouch for: the events since those that are vouched for already, the oldest `at_most` of them,
/// each of which is read. `None` if there are none that are old enough.
pub async fn cover<S: StateRead>(store: &S, now: Timestamp, at_most: usize) -> Result<Option<Covers>, Failure> {
    let mut days = Days { store, listed: BTreeMap::new() };
    let last = newest_cover(&mut days, now).await?;
    let from = last.as_ref().map_or(0, |(_, covers)| covers.until);
    let until = now.saturating_sub(LATE_AFTER).unwrap_or(Timestamp::MIN).as_millisecond();
    let mut keys = keys_between(&mut days, from, until).await?;
    let Some((_, first)) = keys.first() else { return Ok(None) };
    // Ids of one millisecond are covered together.
    let until = keys.get(at_most).map_or(until, |(_, id)| id.milliseconds().max(first.milliseconds() + 1));
    keys.retain(|(_, id)| id.milliseconds() < until);
    let covered = in_order(READS_AT_ONCE, keys, |(key, _)| async move {
        let object = store.get(&key).await?;
        Ok::<_, Failure>(object.map(|object| (key, Digest::of_bytes(&object.bytes))))
    });
    let covered: Vec<_> = covered.await?.into_iter().flatten().collect();
    let digest = covered_digest(covered.iter().map(|(key, digest)| (key.as_str(), digest)));
    let previous = last.map(|(id, _)| id);
    Ok(Some(Covers { from, until, count: covered.len() as u64, digest, previous }))
}

/// The audit's days, each listed once: what is looked for in them lies some minutes back.
struct Days<'a, S> {
    store: &'a S,
    listed: BTreeMap<Date, Vec<String>>,
}

impl<S: StateRead> Days<'_, S> {
    async fn of(&mut self, day: Date) -> Result<&[String], Failure> {
        Ok(match self.listed.entry(day) {
            Entry::Occupied(listed) => listed.into_mut(),
            Entry::Vacant(not_yet) => not_yet.insert(self.store.list(&format!("audit/{day}/")).await?),
        })
    }
}

/// Keys whose ids were made from `from` up to `until`, sorted.
async fn keys_between<S: StateRead>(
    days: &mut Days<'_, S>,
    from: i64,
    until: i64,
) -> Result<Vec<(String, EventId)>, Failure> {
    let bound = |ms| Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MIN);
    let keys = keys_of_days(days, bound(from), bound(until)).await?;
    let with_ids = keys.into_iter().filter_map(|key| id_in_key(&key).map(|id| (key, id)));
    Ok(with_ids.filter(|(_, id)| (from..until).contains(&id.milliseconds())).collect())
}

async fn keys_of_days<S: StateRead>(
    days: &mut Days<'_, S>,
    first: Timestamp,
    last: Timestamp,
) -> Result<Vec<String>, Failure> {
    if last.duration_since(first).as_hours() / 24 > DAYS {
        return Ok(days.store.list("audit/").await?);
    }
    let mut keys = Vec::new();
    let mut next = day_of(first);
    while next <= day_of(last) {
        keys.extend_from_slice(days.of(next).await?);
        next = match next.checked_add(1.day()) {
            Ok(next) => next,
            Err(_) => break,
        };
    }
    Ok(keys)
}

/// The newest event that vouches for others. One that cannot be read is passed over, and told by `audit verify`: it must
/// not keep an apply from happening.
async fn newest_cover<S: StateRead>(
    days: &mut Days<'_, S>,
    now: Timestamp,
) -> Result<Option<(EventId, Covers)>, Failure> {
    // Another machine's clock may be ahead of ours.
    let mut day = day_of(now.saturating_add(LATE_AFTER).unwrap_or(Timestamp::MAX));
    for _ in 0..8 {
        let store = days.store;
        if let Some(found) = newest_of(store, days.of(day).await?).await? {
            return Ok(Some(found));
        }
        day = match day.checked_sub(1.day()) {
            Ok(day) => day,
            Err(_) => break,
        };
    }
    newest_of(days.store, &days.store.list("audit/").await?).await
}

async fn newest_of<S: StateRead>(store: &S, keys: &[String]) -> Result<Option<(EventId, Covers)>, Failure> {
    let suffix = format!("{COVERING}.json");
    let keys: BTreeSet<&String> = keys.iter().filter(|key| key.ends_with(&suffix)).collect();
    for key in keys.iter().rev() {
        let Some(object) = store.get(key).await? else { continue };
        if let Ok(envelope) = state_v1::decode_audit(&object.bytes)
            && envelope.body.key() == **key
            && let Some(covers) = envelope.body.covers
        {
            return Ok(Some((envelope.body.id, covers)));
        }
    }
    Ok(None)
}

fn day_of(at: Timestamp) -> Date {
    Offset::UTC.to_datetime(at).date()
}
