use jiff::SignedDuration;
use jiff::civil::DateTime;
use jiff::tz::Offset;

use super::next::TOMBSTONE_AGE;
use super::{LEASE_ID_LENGTH, Lease, LeaseId, LeaseState, later, whole};
use crate::domain::Timestamp;
use crate::domain::ident::Name;

/// An entry of the index by time: when somebody has to look at a lease next.
///
/// Its key is `due/<day>/<time>-<lease id>-<role>.json`, with `-over-` before `.json` where the lease has ended and is only kept
/// for a while. So keys sort by time, and whoever lists them learns which leases there are, and of which roles, without
/// reading one. A lease that has no other entry than such a one has ended.
///
/// Before a lease is stored in a form that is due at some instant, the entry for that instant is there. Entries may be
/// superfluous or too early; none is ever missing or too late.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Due {
    /// When, in whole seconds.
    pub at: Timestamp,
    /// The lease.
    pub lease: LeaseId,
    /// Its role.
    pub role: Name,
    /// Whether it has ended by then, and is only kept.
    pub over: bool,
}

/// The form of the instant in a key.
const FORM: &str = "%Y-%m-%d/%H%M%SZ";
/// What stands in the key of a lease that has ended; no name ends with a dash.
const OVER: &str = "-over-";
/// Characters of an instant in that form.
const FORM_LENGTH: usize = 18;

impl Due {
    /// What every key begins with.
    pub const PREFIX: &'static str = "due/";

    /// When somebody has to look at this lease next.
    #[must_use]
    pub fn of(lease: &Lease) -> Self {
        let over = matches!(lease.state, LeaseState::Ended(_));
        // Seconds are cut off, never rounded up: an entry may be too early.
        Self { at: whole(lease.due_at()), lease: lease.id.clone(), role: lease.role.clone(), over }
    }

    /// The entry's key.
    #[must_use]
    pub fn key(&self) -> String {
        let Self { at, lease, role, over } = self;
        let over = if *over { OVER } else { "" };
        format!("{}-{lease}-{role}{over}.json", by_time(Self::PREFIX, *at))
    }

    /// Reads a key back; `None` if it is none of these.
    #[must_use]
    pub fn parse(key: &str) -> Option<Self> {
        let text = key.strip_prefix(Self::PREFIX)?.strip_suffix(".json")?;
        let (text, over) = text.strip_suffix(OVER).map_or((text, false), |text| (text, true));
        let (at, rest) = text.split_at_checked(FORM_LENGTH)?;
        let (lease, role) = rest.strip_prefix('-')?.split_at_checked(LEASE_ID_LENGTH)?;
        let at = Offset::UTC.to_timestamp(DateTime::strptime(FORM, at).ok()?).ok()?;
        let due = Self { at, lease: LeaseId::parse(lease)?, role: Name::parse(role.strip_prefix('-')?).ok()?, over };
        (due.key() == key).then_some(due)
    }

    /// All keys of entries at or before `now` sort before this.
    #[must_use]
    pub fn end(now: Timestamp) -> String {
        by_time_end(Self::PREFIX, now)
    }
}

/// The beginning of a key that sorts by time; what follows it begins with `-`.
#[must_use]
pub fn by_time(prefix: &str, at: Timestamp) -> String {
    format!("{prefix}{}", at.strftime(FORM))
}

/// All keys [by time](by_time) at or before `now` sort before this.
#[must_use]
pub fn by_time_end(prefix: &str, now: Timestamp) -> String {
    // `.` sorts after `-`, which follows the instant in every key.
    by_time(prefix, now) + "."
}

impl Lease {
    /// The earliest instant at which there is something to do about this lease.
    #[must_use]
    pub fn due_at(&self) -> Timestamp {
        match (&self.state, &self.request.user) {
            (LeaseState::Ended(_), _) => later(self.updated_at, TOMBSTONE_AGE),
            (LeaseState::Revoking(revoking), _) => {
                revoking.not_before.unwrap_or_else(|| self.provable_at(SignedDuration::ZERO).unwrap_or(self.updated_at))
            }
            (LeaseState::Intent, Some(user)) => user.asking_until,
            (LeaseState::Active, Some(_)) => self.lives_until(),
            // The same before and after AWS has answered: one entry serves both, and looking late harms nobody, because
            // the session has ended by itself.
            (LeaseState::Intent | LeaseState::Active, None) => self.request.dead_after,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(at: &str) -> Due {
        Due {
            at: at.parse().expect("valid"),
            lease: LeaseId::parse("01KAQ000000000000000000001").expect("a ULID"),
            role: Name::parse("app-1").expect("valid"),
            over: false,
        }
    }

    #[test]
    fn keys_are_read_back_and_sort_by_time() {
        let (first, second) = (due("2026-11-26T01:02:03Z"), due("2026-11-26T10:00:00Z"));
        assert_eq!(first.key(), "due/2026-11-26/010203Z-01KAQ000000000000000000001-app-1.json");
        assert!(first.key() < second.key());
        let ended = Due { over: true, ..first.clone() };
        for one in [first, second, ended] {
            assert_eq!(Due::parse(&one.key()), Some(one.clone()));
            assert!(one.key() < Due::end(one.at), "what is due now is found now");
            assert!(one.key() > Due::end(one.at - SignedDuration::from_secs(1)));
        }
    }

    #[test]
    fn other_keys_are_none() {
        let key = due("2026-11-26T01:02:03Z").key();
        for (from, to) in [
            ("due/", "lease/"),
            (".json", ""),
            ("app-1", "APP 1"),
            ("010203", "250203"),
            ("KAQ", "KAI"),
            ("-app-1", ""),
        ] {
            assert_eq!(Due::parse(&key.replacen(from, to, 1)), None, "{from}");
        }
        assert_eq!(Due::parse("due/2026-11-26/010203Z-\u{e9}"), None);
    }
}
