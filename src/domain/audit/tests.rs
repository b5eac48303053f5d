//! Histories as our processes write them, dying at any step; and the same with one thing changed behind their back.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::domain::credential::CredentialType;
use crate::domain::lease::{Grant, Lease, LeaseRequest, LeaseState, Revoking};
use crate::domain::record::{Basis, Head};

const START: i64 = 1_795_000_000_000;
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

fn ulid(milliseconds: i64, count: u64) -> String {
    let digits = |mut value: u64, length: usize| {
        let mut text = vec![b'0'; length];
        for letter in text.iter_mut().rev() {
            *letter = LETTERS[(value % 32) as usize];
            value /= 32;
        }
        String::from_utf8(text).expect("ASCII")
    };
    digits(milliseconds as u64, 10) + &digits(count, 16)
}

fn sealed(event: AuditEvent) -> StoredEvent {
    StoredEvent { key: event.key(), digest: Digest::of_bytes(format!("{event:?}").as_bytes()), event: Ok(event) }
}

/// What one process does; it dies before step number `dies`, if that comes.
#[derive(Debug, Clone, Copy)]
enum Act {
    Issue { refused: bool, dies: usize },
    End { nth: usize, dies: usize },
    Apply { dies: usize },
    Wait { minutes: i64 },
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        (any::<bool>(), 0..7_usize).prop_map(|(refused, dies)| Act::Issue { refused, dies }),
        (0..8_usize, 0..6_usize).prop_map(|(nth, dies)| Act::End { nth, dies }),
        (0..5_usize).prop_map(|dies| Act::Apply { dies }),
        (1..40_i64).prop_map(|minutes| Act::Wait { minutes }),
    ]
}

#[derive(Default)]
struct World {
    history: History,
    passed: i64,
    count: u64,
}

impl World {
    fn of(acts: &[Act]) -> Self {
        let mut world = Self::default();
        for act in acts {
            // A process that dies stops; the next begins.
            let _ = world.act(*act);
        }
        world.history.events.sort_by(|a, b| a.key.cmp(&b.key));
        world
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(START + self.passed).expect("in range")
    }

    fn act(&mut self, act: Act) -> Option<()> {
        match act {
            Act::Wait { minutes } => self.passed += minutes * 60_000,
            Act::Issue { refused, dies } => self.issue(refused, &mut { dies })?,
            Act::End { nth, dies } => self.end(nth, &mut { dies })?,
            Act::Apply { dies } => self.apply(&mut { dies })?,
        }
        Some(())
    }

    fn write(&mut self, action: AuditAction, change: impl FnOnce(&mut AuditEvent)) -> Digest {
        self.passed += 3;
        self.count += 1;
        let mut event = AuditEvent {
            id: EventId::parse(&ulid(START + self.passed, self.count)).expect("a ULID"),
            at: self.now(),
            action,
            lease: None,
            role: None,
            caller_arn: None,
            ci: None,
            signed_by: None,
            justification: None,
            ttl: None,
            access_key_id: None,
            serial: None,
            commit: None,
            reason: None,
            ending: None,
            previous: None,
            covers: None,
        };
        change(&mut event);
        let stored = sealed(event);
        let digest = stored.digest.clone();
        self.history.events.push(stored);
        digest
    }

    fn issue(&mut self, refused: bool, left: &mut usize) -> Option<()> {
        self.count += 1;
        let id = LeaseId::parse(&ulid(START + self.passed, self.count))?;
        let ttl = Ttl::from_seconds(900);
        let of_lease = |previous: Option<Digest>| {
            let id = id.clone();
            move |event: &mut AuditEvent| (event.lease, event.previous, event.ttl) = (Some(id), previous, ttl)
        };
        alive(left)?;
        let requested = self.write(AuditAction::IssueRequested, of_lease(None));
        alive(left)?;
        let at = self.now();
        self.history.leases.push(Lease {
            id: id.clone(),
            role: Name::parse("r").ok()?,
            credential_type: CredentialType::AssumedRole,
            state: LeaseState::Intent,
            request: LeaseRequest {
                role_arn: None,
                session_name: None,
                source_identity: None,
                user: None,
                ttl: ttl?,
                dead_after: at,
            },
            grant: None,
            lineage: String::new(),
            serial: 1,
            commit: None,
            created_at: at,
            updated_at: at,
            denied_at: None,
            audit_tail: Some(requested.clone()),
        });
        alive(left)?;
        let nth = self.history.leases.len() - 1;
        if refused {
            self.history.leases[nth].state = LeaseState::Ended(Ending::Refused);
            alive(left)?;
            self.write(AuditAction::IssueRefused, of_lease(Some(requested)));
            return Some(());
        }
        let lease = &mut self.history.leases[nth];
        lease.state = LeaseState::Active;
        lease.grant = Some(Grant { access_key_id: "ASIA".into(), expires_at: at, arn: None, user_id: None });
        alive(left)?;
        self.write(AuditAction::IssueGranted, of_lease(Some(requested)));
        Some(())
    }

    fn end(&mut self, nth: usize, left: &mut usize) -> Option<()> {
        let nth = nth.checked_rem(self.history.leases.len())?;
        for (action, state) in [
            (AuditAction::RevokeRequested, LeaseState::Revoking(Revoking::default())),
            (AuditAction::Ended, LeaseState::Ended(Ending::Removed)),
        ] {
            alive(left)?;
            let Lease { id, audit_tail, .. } = self.history.leases[nth].clone();
            let digest = self.write(action, |event| (event.lease, event.previous) = (Some(id), audit_tail));
            alive(left)?;
            let lease = &mut self.history.leases[nth];
            (lease.state, lease.audit_tail) = (state, Some(digest));
        }
        Some(())
    }

    fn apply(&mut self, left: &mut usize) -> Option<()> {
        alive(left)?;
        let covers = self.cover();
        let announced = self.write(AuditAction::ApplyRequested, |event| event.covers = covers);
        alive(left)?;
        let digest = Digest::of_bytes(b"");
        self.history.head = Some(Head {
            lineage: String::new(),
            serial: 1,
            basis: Basis { commit: None, tree: None, dirty: true, manifest_digest: digest.clone() },
            snapshot_digest: digest,
            previous: None,
            applied_at: self.now(),
            applied_by: None,
            announced_by: Some(announced.clone()),
        });
        alive(left)?;
        self.write(AuditAction::Applied, |event| event.previous = Some(announced));
        Some(())
    }

    fn cover(&self) -> Option<Covers> {
        let mut events: Vec<_> = self.history.events.iter().collect();
        events.sort_by(|a, b| a.key.cmp(&b.key));
        let last = events.iter().rev().find_map(|stored| {
            let event = stored.event.as_ref().ok()?;
            Some((event.id.clone(), event.covers.clone()?.until))
        });
        let from = last.as_ref().map_or(0, |(_, until)| *until);
        let until = START + self.passed - LATE_AFTER.as_millis() as i64;
        events.retain(|stored| stored.id().is_some_and(|id| (from..until).contains(&id.milliseconds())));
        let digest = covered_digest(events.iter().map(|stored| (stored.key.as_str(), &stored.digest)));
        let count = events.len() as u64;
        (count > 0).then(|| Covers { from, until, count, digest, previous: last.map(|(id, _)| id) })
    }
}

/// Counts a step down; `None` when the process dies.
fn alive(left: &mut usize) -> Option<()> {
    *left = left.checked_sub(1)?;
    Some(())
}

/// Digests that something in the history names, and whether an event vouches for one of this id.
fn is_held(history: &History, stored: &StoredEvent) -> bool {
    let events = || history.events.iter().filter_map(|stored| stored.event.as_ref().ok());
    let named: BTreeSet<&Digest> = events()
        .filter_map(|event| event.previous.as_ref())
        .chain(history.leases.iter().filter_map(|lease| lease.audit_tail.as_ref()))
        .chain(history.head.iter().filter_map(|head| head.announced_by.as_ref()))
        .collect();
    let id = stored.id().expect("a key of ours");
    named.contains(&stored.digest) || events().filter_map(|event| event.covers.as_ref()).any(|covers| covers.has(&id))
}

fn kinds(history: &History, now: Timestamp) -> Vec<FaultKind> {
    verify(history, now).faults.into_iter().map(|fault| fault.kind).collect()
}

proptest! {
    #[test]
    fn no_crash_is_taken_for_a_fault(acts in prop::collection::vec(act(), 0..40)) {
        let world = World::of(&acts);
        prop_assert_eq!(verify(&world.history, world.now()).faults, vec![]);
    }

    #[test]
    fn whatever_is_changed_is_found(acts in prop::collection::vec(act(), 4..40), at in any::<prop::sample::Index>()) {
        let World { history, passed, count } = World::of(&acts);
        prop_assume!(!history.events.is_empty());
        let now = Timestamp::from_millisecond(START + passed).expect("in range");
        let nth = at.index(history.events.len());
        let changed = |change: &dyn Fn(&mut Vec<StoredEvent>)| {
            let mut history = history.clone();
            change(&mut history.events);
            history.events.sort_by(|a, b| a.key.cmp(&b.key));
            kinds(&history, now)
        };

        // Bytes that do not fit their checksum, another event's bytes, and a copy: always.
        let edited = changed(&|events| events[nth].event = Err(Unreadable("its checksum".into())));
        prop_assert!(edited.contains(&FaultKind::Unreadable));
        if history.events.len() > 1 {
            let other = (nth + 1) % history.events.len();
            let swapped = changed(&|events| {
                let (a, b) = (events[nth].clone(), events[other].clone());
                (events[nth].digest, events[nth].event) = (b.digest, b.event);
                (events[other].digest, events[other].event) = (a.digest, a.event);
            });
            prop_assert!(swapped.iter().filter(|kind| **kind == FaultKind::Misplaced).count() >= 2);
        }
        let copied = changed(&|events| {
            let mut copy = events[nth].clone();
            copy.key = format!("audit/2026-11-23/{}.json", ulid(START + passed, count + 1));
            events.push(copy);
        });
        prop_assert!(copied.contains(&FaultKind::Misplaced));

        // With a checksum that was made to fit, or nothing left of it: as soon as something names it or vouches for it.
        if is_held(&history, &history.events[nth]) {
            let removed = changed(&|events| drop(events.remove(nth)));
            prop_assert!(!removed.is_empty());
            let resealed = changed(&|events| {
                let mut event = events[nth].event.clone().expect("readable");
                event.reason = Some("another".into());
                events[nth] = sealed(event);
            });
            prop_assert!(!resealed.is_empty());
            // All that came after is cut off too.
            let cut = changed(&|events| events.truncate(nth));
            let held_by_what_stays = history.leases.iter().any(|lease| lease.audit_tail.as_ref() == Some(&history.events[nth].digest));
            prop_assert!(!held_by_what_stays || cut.contains(&FaultKind::LeaseTail));
        }
    }
}

fn hours(acts: impl IntoIterator<Item = Act>) -> World {
    World::of(&acts.into_iter().flat_map(|act| [act, Act::Wait { minutes: 60 }]).collect::<Vec<_>>())
}

const ISSUE: Act = Act::Issue { refused: false, dies: usize::MAX };
const APPLY: Act = Act::Apply { dies: usize::MAX };

#[test]
fn an_event_that_nothing_names_is_missed_once_another_vouches_for_it() {
    let mut world = hours([APPLY, ISSUE, APPLY]);
    let granted = |stored: &StoredEvent| stored.event.as_ref().is_ok_and(|e| e.action == AuditAction::IssueGranted);
    let nth = world.history.events.iter().position(granted).expect("granted");
    world.history.events.remove(nth);
    let report = verify(&world.history, world.now());
    assert_eq!(report.faults.len(), 1, "{report:?}");
    assert_eq!(report.faults[0].kind, FaultKind::Cover);
    assert_eq!(report.notes.len(), 1, "the lease is active, and nothing says that it was granted");
}

#[test]
fn the_head_and_the_leases_miss_a_tail_that_was_cut_off() {
    let mut world = hours([APPLY, ISSUE, APPLY]);
    world.history.events.clear();
    assert_eq!(kinds(&world.history, world.now()), [FaultKind::NoRequest, FaultKind::LeaseTail, FaultKind::HeadTail]);
}

#[test]
fn an_event_slipped_in_among_those_vouched_for_is_found() {
    let mut world = hours([APPLY, ISSUE, APPLY]);
    let mut event = world.history.events[0].event.clone().expect("readable");
    event.id = EventId::parse(&ulid(event.id.milliseconds(), 999)).expect("a ULID");
    world.history.events.insert(1, sealed(event));
    world.history.events.sort_by(|a, b| a.key.cmp(&b.key));
    assert_eq!(kinds(&world.history, world.now()), [FaultKind::Cover]);
}

#[test]
fn a_lease_that_is_gone_while_its_credential_lives_is_missed() {
    let mut world = World::of(&[ISSUE]);
    world.history.leases.clear();
    assert_eq!(kinds(&world.history, world.now()), [FaultKind::LeaseGone]);
    world.passed += 901_000;
    assert_eq!(kinds(&world.history, world.now()), []);
}

#[test]
fn vouching_begins_once() {
    let mut world = hours([APPLY, ISSUE, APPLY, ISSUE, APPLY]);
    let covering: Vec<usize> =
        (0..world.history.events.len()).filter(|nth| world.history.events[*nth].key.contains(COVERING)).collect();
    assert_eq!(covering.len(), 2);
    // The second begins anew, as if the first had not been.
    let mut event = world.history.events[covering[1]].event.clone().expect("readable");
    let covers = event.covers.as_mut().expect("covers");
    (covers.from, covers.previous) = (0, None);
    let (until, events) = (covers.until, &world.history.events);
    let within: Vec<_> = events.iter().filter(|e| e.id().is_some_and(|id| id.milliseconds() < until)).collect();
    covers.count = within.len() as u64;
    covers.digest = covered_digest(within.iter().map(|stored| (stored.key.as_str(), &stored.digest)));
    world.history.events[covering[1]] = sealed(event);
    assert!(kinds(&world.history, world.now()).contains(&FaultKind::CoverChain));
}

#[test]
fn an_id_carries_its_time() {
    let id = EventId::parse(&ulid(START, 5)).expect("a ULID");
    assert_eq!(id.milliseconds(), START);
    assert_eq!(EventId::parse("7ZZZZZZZZZZZZZZZZZZZZZZZZZ").expect("the last").milliseconds(), (1 << 48) - 1);
}

#[test]
fn a_justification_has_an_end() {
    assert_eq!(Justification::parse(" why \n").expect("fits").as_str(), "why");
    assert!(Justification::parse(" \t").is_none());
    assert!(Justification::parse(&"é".repeat(JUSTIFICATION_MAX)).is_some());
    assert!(Justification::parse(&"é".repeat(JUSTIFICATION_MAX + 1)).is_none());
}
