//! Whether the audit is whole.
//!
//! What makes a gap certain is one rule of the writers: a digest is written down only once what it names is stored. So a
//! process that dies at any moment leaves events that nothing names, and never a name without its event.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::SignedDuration;

use super::{AuditAction, AuditEvent, Covers, EventId, History, LATE_AFTER, StoredEvent, covered_digest};
use crate::domain::Timestamp;
use crate::domain::digest::Digest;
use crate::domain::lease::{Lease, LeaseId, LeaseState};
use crate::domain::text;

/// What is wrong with the audit. Texts are safe to print after escaping.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// What kind of fault.
    pub kind: FaultKind,
    /// Key of the object that shows it.
    pub key: String,
    /// One sentence (hostile).
    pub message: String,
}

/// Kinds of faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultKind {
    /// An object that is no event, or was changed after it was written.
    Unreadable,
    /// An event under a key that is not its own: it was moved or copied.
    Misplaced,
    /// An event whose time is not that of its id.
    Misdated,
    /// An event names one before it that is not there.
    Gap,
    /// An event names one before it that belongs to something else.
    ForeignPrevious,
    /// An event is older than the one it names as before it.
    Backwards,
    /// A lease, or an event of one, without the request that every lease begins with.
    NoRequest,
    /// More than one of what happens once for each lease.
    Repeated,
    /// A lease names an event that is not there.
    LeaseTail,
    /// The head names an event that is not there.
    HeadTail,
    /// A lease is gone although its credential may be alive.
    LeaseGone,
    /// The events that another vouches for are not those that are there.
    Cover,
    /// Events that vouch for others do not follow on each other.
    CoverChain,
}

impl FaultKind {
    /// The word used in every output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Misplaced => "misplaced",
            Self::Misdated => "misdated",
            Self::Gap => "gap",
            Self::ForeignPrevious => "foreign-previous",
            Self::Backwards => "backwards",
            Self::NoRequest => "no-request",
            Self::Repeated => "repeated",
            Self::LeaseTail => "lease-tail",
            Self::HeadTail => "head-tail",
            Self::LeaseGone => "lease-gone",
            Self::Cover => "cover",
            Self::CoverChain => "cover-chain",
        }
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What verifying found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Events looked at.
    pub events: u64,
    /// Of these, the ones that another vouches for.
    pub covered: u64,
    /// Leases looked at.
    pub leases: u64,
    /// What no crash can explain, sorted.
    pub faults: Vec<Fault>,
    /// What a crash explains, and somebody who removed an event does too.
    pub notes: Vec<String>,
}

/// Walks all chains.
#[must_use]
pub fn verify(history: &History, now: Timestamp) -> Report {
    let mut walk = Walk {
        history,
        by_digest: BTreeMap::new(),
        by_lease: BTreeMap::new(),
        by_time: by_time(history),
        covering: BTreeMap::new(),
        faults: Vec::new(),
    };
    for stored in &history.events {
        if let Ok(event) = &stored.event {
            walk.by_digest.insert(&stored.digest, event);
            if let Some(lease) = &event.lease {
                walk.by_lease.entry(lease).or_default().push(event);
            }
            if let Some(covers) = &event.covers {
                walk.covering.entry(&event.id).or_insert(covers);
            }
        }
    }
    for stored in &history.events {
        match &stored.event {
            Ok(event) => walk.event(stored, event),
            Err(why) => walk.fault(FaultKind::Unreadable, &stored.key, why.0.clone()),
        }
    }
    walk.once_each();
    let mut notes = Vec::new();
    for lease in &history.leases {
        notes.extend(walk.lease(lease));
    }
    walk.gone(now);
    if let Some(digest) = history.head.as_ref().and_then(|head| head.announced_by.as_ref())
        && walk.by_digest.get(digest).is_none_or(|event| event.action != AuditAction::ApplyRequested)
    {
        walk.fault(FaultKind::HeadTail, "head.json", "the event that announced its apply is not in the audit");
    }
    walk.roots();
    let covered = walk.covered();
    let mut faults = walk.faults;
    faults.sort();
    Report { events: history.events.len() as u64, covered, leases: history.leases.len() as u64, faults, notes }
}

fn by_time(history: &History) -> Vec<(i64, usize)> {
    let with_ids = history.events.iter().enumerate();
    let mut times: Vec<(i64, usize)> =
        with_ids.filter_map(|(index, stored)| Some((stored.id()?.milliseconds(), index))).collect();
    times.sort_unstable();
    times
}

struct Walk<'a> {
    history: &'a History,
    by_digest: BTreeMap<&'a Digest, &'a AuditEvent>,
    by_lease: BTreeMap<&'a LeaseId, Vec<&'a AuditEvent>>,
    /// When the id in each key was made, and which event of the history it is; sorted.
    by_time: Vec<(i64, usize)>,
    /// What each event vouches for that vouches for others.
    covering: BTreeMap<&'a EventId, &'a Covers>,
    faults: Vec<Fault>,
}

impl<'a> Walk<'a> {
    fn fault(&mut self, kind: FaultKind, key: &str, message: impl Into<String>) {
        self.faults.push(Fault { kind, key: key.to_owned(), message: message.into() });
    }

    fn event(&mut self, stored: &StoredEvent, event: &AuditEvent) {
        let key = &stored.key;
        if event.key() != *key {
            self.fault(FaultKind::Misplaced, key, format!("it is the event {}: it was moved or copied", event.id));
        }
        if event.id.milliseconds() != event.at.as_millisecond() {
            self.fault(FaultKind::Misdated, key, format!("it says {}, and its id was made at another time", event.at));
        }
        match &event.previous {
            Some(digest) => self.previous(key, event, digest),
            None if event.lease.is_some() && !may_begin(event.action) => {
                self.fault(FaultKind::NoRequest, key, format!("{} names no event before it", event.action));
            }
            None => {}
        }
        if let Some(covers) = &event.covers {
            self.covers(key, event, covers);
        }
    }

    fn previous(&mut self, key: &str, event: &AuditEvent, digest: &Digest) {
        let Some(previous) = self.by_digest.get(digest).copied() else {
            let message = format!("the event before it ({}) was removed or changed", digest.short());
            return self.fault(FaultKind::Gap, key, message);
        };
        if previous.lease != event.lease {
            let message = format!("the event before it, {}, is of another lease", previous.id);
            self.fault(FaultKind::ForeignPrevious, key, message);
        }
        // The clocks of two machines may differ by as much as AWS bears.
        if later(event.at, LATE_AFTER) < previous.at {
            let message = format!("it happened before {}, which it names as the one before it", previous.id);
            self.fault(FaultKind::Backwards, key, message);
        }
    }

    fn covers(&mut self, key: &str, event: &AuditEvent, covers: &Covers) {
        // As they stand in the history: sorted by key.
        let mut indexes: Vec<usize> = self.within(covers).iter().map(|(_, index)| *index).collect();
        indexes.sort_unstable();
        let found: Vec<&StoredEvent> = indexes.into_iter().filter_map(|index| self.history.events.get(index)).collect();
        let digest = covered_digest(found.iter().map(|stored| (stored.key.as_str(), &stored.digest)));
        if digest != covers.digest || found.len() as u64 != covers.count {
            let message = format!(
                "it vouches for {} events from {} to {}, and the {} that are there now are not those",
                covers.count,
                instant(covers.from),
                instant(covers.until),
                found.len()
            );
            self.fault(FaultKind::Cover, key, message);
        }
        let before = covers.previous.as_ref().map(|id| (id, self.covering.get(id)));
        let follows = match before {
            None => covers.from == 0,
            Some((id, Some(before))) => before.until == covers.from && *id < event.id,
            Some((_, None)) => false,
        };
        if !follows {
            let message = "the event that vouches for what was before is not there, or ends elsewhere";
            self.fault(FaultKind::CoverChain, key, message);
        }
    }

    fn covering(&self) -> impl Iterator<Item = (&'a str, &'a AuditEvent, &'a Covers)> + use<'a> {
        self.history.events.iter().filter_map(|stored| {
            let event = stored.event.as_ref().ok()?;
            Some((stored.key.as_str(), event, event.covers.as_ref()?))
        })
    }

    /// The events that these can have been, by time.
    fn within(&self, covers: &Covers) -> &[(i64, usize)] {
        let at = |bound: i64| self.by_time.partition_point(|(time, _)| *time < bound);
        self.by_time.get(at(covers.from)..at(covers.until)).unwrap_or_default()
    }

    /// How many events somebody vouches for.
    fn covered(&self) -> u64 {
        let mut spans: Vec<(i64, i64)> = self.covering.values().map(|covers| (covers.from, covers.until)).collect();
        spans.sort_unstable();
        let (mut spans, mut until, mut covered) = (spans.into_iter().peekable(), i64::MIN, 0);
        for (time, _) in &self.by_time {
            while let Some((_, end)) = spans.next_if(|(from, _)| from <= time) {
                until = until.max(end);
            }
            covered += u64::from(*time < until);
        }
        covered
    }

    /// Two processes may vouch at the same time for the same events; later than that, everybody sees who was there before.
    fn roots(&mut self) {
        let mut first: BTreeMap<Option<&EventId>, &AuditEvent> = BTreeMap::new();
        for (key, event, covers) in self.covering() {
            let earliest = *first.entry(covers.previous.as_ref()).or_insert(event);
            if later(earliest.at, LATE_AFTER) < event.at {
                let message = format!("it overlooks {}, which vouched for the same events long before", earliest.id);
                self.fault(FaultKind::CoverChain, key, message);
            }
        }
    }

    /// A lease is asked for once, and answered once.
    fn once_each(&mut self) {
        let mut repeated = Vec::new();
        for events in self.by_lease.values() {
            for action in [AuditAction::IssueRequested, AuditAction::IssueGranted, AuditAction::IssueRefused] {
                let of_action = events.iter().filter(|event| event.action == action);
                repeated.extend(of_action.skip(1).map(|event| (event.key(), action)));
            }
        }
        for (key, action) in repeated {
            self.fault(FaultKind::Repeated, &key, format!("the lease has another event {action}"));
        }
    }

    fn lease(&mut self, lease: &Lease) -> Option<String> {
        let key = format!("lease/{}.json", lease.id);
        if let Some(digest) = &lease.audit_tail
            && self.by_digest.get(digest).and_then(|event| event.lease.as_ref()) != Some(&lease.id)
        {
            let message = format!("its newest event ({}) was removed or changed", digest.short());
            self.fault(FaultKind::LeaseTail, &key, message);
        }
        let has = |action| {
            let events = self.by_lease.get(&lease.id);
            events.is_some_and(|events| events.iter().any(|event| event.action == action))
        };
        let granted = has(AuditAction::IssueGranted) || has(AuditAction::IssueRefused);
        if !has(AuditAction::IssueRequested) {
            self.fault(FaultKind::NoRequest, &key, "the audit has no request for this lease");
        }
        let handed_out = lease.grant.is_some() && lease.state != LeaseState::Intent;
        (handed_out && !granted).then(|| {
            format!(
                "the lease {} is {} and no event says that it was granted: the process ended before it could, and handed \
                 nothing out; or the event was removed",
                lease.id,
                lease.state.as_str()
            )
        })
    }

    /// Leases are removed long after their credentials died.
    fn gone(&mut self, now: Timestamp) {
        let there: BTreeSet<&LeaseId> = self.history.leases.iter().map(|lease| &lease.id).collect();
        let mut gone = Vec::new();
        for (id, events) in &self.by_lease {
            let alive = events.iter().find(|event| {
                let seconds = event.ttl.map_or(0, |ttl| i64::from(ttl.seconds()));
                event.action == AuditAction::IssueGranted && now < later(event.at, SignedDuration::from_secs(seconds))
            });
            let ended = events.iter().any(|event| event.action == AuditAction::Ended);
            if let Some(event) = alive.filter(|_| !ended && !there.contains(id)) {
                gone.push((
                    event.key(),
                    format!("its lease {} is gone, and its credential may be alive", text::escape(id.as_str())),
                ));
            }
        }
        for (key, message) in gone {
            self.fault(FaultKind::LeaseGone, &key, message);
        }
    }
}

/// Whether a lease's chain, or what stands for one, begins with this.
fn may_begin(action: AuditAction) -> bool {
    matches!(action, AuditAction::IssueRequested | AuditAction::OrphanEnded)
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(Timestamp::MAX)
}

fn instant(milliseconds: i64) -> String {
    Timestamp::from_millisecond(milliseconds).map_or_else(|_| milliseconds.to_string(), |at| at.to_string())
}
