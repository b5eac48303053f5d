//! Apply and issue with one thing going wrong at every call to the store, and what is left behind.

use leasehold::app::audit::verify_audit;
use leasehold::app::{LeaseFilter, ledger, list_leases, read_record};
use leasehold::domain::audit::{AuditAction, LATE_AFTER};
use leasehold::domain::lease::LeaseState;
use leasehold::ports::{Clock as _, Ids as _, StateStore as _};
use leasehold::testing::{Fault, FaultyStore, MemoryStore, block_on};
use leasehold::wire::state_v1;

use crate::scene::{READ_ONLY, READ_WRITE, Scene, role};

const FAULTS: [Fault; 7] = [
    Fault::Refuse,
    Fault::Busy,
    Fault::Conflict,
    Fault::LoseRequest,
    Fault::LoseReply,
    Fault::KillBefore,
    Fault::KillAfter,
];

/// A copy of a store's objects.
fn copy(store: &MemoryStore) -> MemoryStore {
    let copy = MemoryStore::new();
    for (key, bytes) in store.objects() {
        block_on(copy.create(&key, &bytes)).expect("a copy");
    }
    copy
}

/// Another process: the same deployment, and ids that the first one never gave.
fn later() -> Scene {
    let scene = Scene::new();
    for _ in 0..100 {
        scene.ids.ulid(scene.clock.now());
    }
    scene
}

fn granted(store: &MemoryStore) -> usize {
    let objects = store.objects();
    let events = objects.iter().filter(|(key, _)| key.starts_with("audit/"));
    events
        .map(|(_, bytes)| state_v1::decode_audit(bytes).expect("an event").body.action)
        .filter(|action| *action == AuditAction::IssueGranted)
        .count()
}

/// What a crash leaves behind is not taken for somebody's doing.
fn assert_whole(store: &MemoryStore, scene: &Scene, fault: Fault, step: usize) {
    let report = block_on(verify_audit(store, scene.clock.now())).expect("an audit that can be read");
    assert!(report.faults.is_empty(), "{fault:?} at {step}: {report:?}");
}

#[test]
fn no_session_is_without_a_lease_and_no_credential_without_an_audit() {
    let roles = role("app", READ_ONLY, "max_sts_ttl: 1h");
    let applied = MemoryStore::new();
    Scene::new().apply(&applied, &roles).expect("applied");
    let mut runs = 0;
    for fault in FAULTS {
        for step in 0.. {
            let scene = later();
            let store = FaultyStore::failing_at(copy(&applied), step, fault);
            let outcome = scene.issue(&store, "app");
            let reached = store.calls() > step;
            let left = store.inner();
            let leases = block_on(ledger::all(left)).expect("a ledger that can be read");
            let sessions = scene.cloud.sessions();
            assert!(sessions.len() <= 1);
            for session in &sessions {
                let lease = leases.iter().find(|lease| lease.request.session_name == session.name);
                let lease = lease.unwrap_or_else(|| panic!("{fault:?} at {step}: a session without a lease"));
                assert!(
                    lease.lives_until() >= session.expires_at,
                    "{fault:?} at {step}: it is believed dead too early"
                );
                assert!(!matches!(lease.state, LeaseState::Ended(_)), "{fault:?} at {step}: it is believed ended");
            }
            if outcome.is_ok() {
                assert_eq!(sessions.len(), 1);
                assert_eq!(leases[0].state, LeaseState::Active, "{fault:?} at {step}");
                assert_eq!(granted(left), 1, "{fault:?} at {step}: handed out without an audit");
            }
            assert_whole(left, &scene, fault, step);
            // Whatever happened, the next command works.
            scene.issue(left, "app").map(drop).unwrap_or_else(|failure| panic!("{fault:?} at {step}: {failure:?}"));
            assert_whole(left, &scene, fault, step);
            runs += 1;
            if !reached {
                break;
            }
        }
    }
    assert!(runs >= FAULTS.len() * 8, "only {runs} runs: the faults were not reached");
}

#[test]
fn an_apply_happens_whole_or_not_at_all() {
    let before = role("app", READ_ONLY, "max_sts_ttl: 1h");
    let after = role("app", READ_ONLY, "max_sts_ttl: 30m") + &role("rw", READ_WRITE, "max_sts_ttl: 1h");
    for first in [true, false] {
        let start = MemoryStore::new();
        if !first {
            Scene::new().apply(&start, &before).expect("applied");
        }
        let old = block_on(read_record(&start)).expect("readable").map(|(_, record)| record);
        for fault in FAULTS {
            for step in 0.. {
                let scene = later();
                let store = FaultyStore::failing_at(copy(&start), step, fault);
                let outcome = scene.apply(&store, &after);
                let reached = store.calls() > step;
                let left = store.inner();
                let record = block_on(read_record(left)).expect("a record that can be read").map(|(_, record)| record);
                let swapped = record != old;
                if swapped {
                    let record = record.expect("there");
                    assert_eq!(record.snapshot.roles.len(), 2, "{fault:?} at {step}: half an apply");
                }
                assert!(outcome.is_err() || swapped, "{fault:?} at {step}: said done, and it is not");
                assert_whole(left, &scene, fault, step);
                // Whatever happened, the same apply again ends in the same record.
                scene.clock.advance(LATE_AFTER + LATE_AFTER);
                scene.apply(left, &after).unwrap_or_else(|failure| panic!("{fault:?} at {step}: {failure:?}"));
                assert_whole(left, &scene, fault, step);
                assert!(!scene.plan(left, &after).plan.has_changes(), "{fault:?} at {step}");
                if !reached {
                    break;
                }
            }
        }
    }
}

#[test]
fn a_head_that_is_gone_is_damage_even_before_the_first_lease() {
    let (scene, store) = (Scene::new(), MemoryStore::new());
    let roles = role("app", READ_ONLY, "max_sts_ttl: 1h");
    scene.apply(&store, &roles).expect("applied");
    store.tamper("head.json", None);
    assert_eq!(scene.apply(&store, &roles).expect_err("refused").kind, "state-damaged");
    assert_eq!(scene.issue(&store, "app").map(drop).expect_err("refused").kind, "state-damaged");
}

#[test]
fn a_damaged_state_is_refused_and_never_taken_for_a_new_one() {
    let (scene, store) = (Scene::new(), MemoryStore::new());
    let roles = role("app", READ_ONLY, "max_sts_ttl: 1h");
    scene.apply(&store, &roles).expect("applied");
    scene.issue(&store, "app").map(drop).expect("issued");
    // An entry of the index says all that it says by its key.
    let is_read = |key: &str| !key.starts_with("audit/") && !key.starts_with("due/");
    for (key, bytes) in store.objects().into_iter().filter(|(key, _)| is_read(key)) {
        let mut cases: Vec<Option<Vec<u8>>> = vec![None, Some(Vec::new()), Some(bytes[..bytes.len() / 2].to_vec())];
        for at in (0..bytes.len()).step_by(7) {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1;
            cases.push(Some(flipped));
        }
        for damage in cases {
            // A lease that is gone cannot be missed by looking; every other damage must be seen.
            if key.starts_with("lease/") && damage.is_none() {
                continue;
            }
            let damaged = copy(&store);
            damaged.tamper(&key, damage.clone());
            // A plan reads the leases of no role that it leaves alone.
            let seen = if key.starts_with("lease/") {
                block_on(list_leases(&damaged, scene.clock.now(), LeaseFilter { role: None, all: true })).is_err()
            } else {
                scene.plan_in(&scene.cloud, &damaged, &roles).is_err()
            };
            assert!(seen, "{key} {:?}", damage.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()));
        }
    }
}
