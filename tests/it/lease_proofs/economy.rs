//! What a sweep costs: calls to AWS for each user, and reads of the store when nothing is due. And that no reading of the
//! audit grows with what was long before.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::SignedDuration;
use leasehold::app::audit::cover;
use leasehold::app::{HEAD_KEY, IssueRequest, KeyWait, read_head};
use leasehold::ports::Clock as _;
use leasehold::testing::{Fault, FaultyStore, MemoryStore, Operation, block_on};

use super::{applied, full_role, other_role, size};
use crate::scene::{Scene, request};

/// What ending one user of [`full_role`] takes, as `app::end` documents it: four calls, one for its inline policy, one for
/// its managed policy and one for its group.
const LEAST: u64 = 4 + 1 + 1 + 1;

#[test]
fn a_sweep_costs_the_least_number_of_calls() {
    let users = size(30, 1_000);
    let (scene, store) = applied(&full_role());
    for _ in 0..users {
        scene.issue_as(&store, IssueRequest { wait: KeyWait::Skip, ..request("deployer") }).map(drop).expect("issued");
    }
    scene.clock.advance(SignedDuration::from_mins(20));
    // Each lease was due as an intent once, in case its process had died. The first sweep after that reads it, and strikes
    // the entry.
    assert_eq!(scene.sweep(&store).expect("swept").due, 0);
    scene.clock.advance(SignedDuration::from_mins(1));
    let reads = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&reads);
    let counted = FaultyStore::new(store.clone(), move |call| {
        if call.operation == Operation::Get && call.key.starts_with("lease/") {
            seen.fetch_add(1, Ordering::SeqCst);
        }
        None
    });
    let swept = scene.sweep(&counted).expect("swept");
    assert_eq!((swept.due, reads.load(Ordering::SeqCst)), (0, 0), "nothing is due, and no lease is read");
    let idle = counted.calls();
    assert!(idle <= 10, "{idle} calls to the store with nothing due");

    scene.clock.advance(SignedDuration::from_hours(1));
    let before = scene.cloud.calls_by_operation();
    let swept = scene.sweep(&store).expect("swept");
    assert_eq!(swept.deleted, users, "{swept:?}");
    let calls = |operation: &str| {
        let count = |calls: &std::collections::BTreeMap<&'static str, u32>| calls.get(operation).copied().unwrap_or(0);
        u64::from(count(&scene.cloud.calls_by_operation()) - count(&before))
    };
    let after = scene.cloud.calls_by_operation();
    let iam: u64 = after.keys().filter(|name| name.starts_with("iam:")).map(|name| calls(name)).sum();
    println!(
        "{users} due users: {iam} IAM calls, {LEAST} for each and one list; idle sweep: {idle} calls to the store"
    );
    assert_eq!(iam, LEAST * users + calls("iam:ListUsers"));
    assert_eq!(calls("iam:ListUsers"), 1);
}

/// A store whose reads of single objects are counted: of audit events, of leases, and of anything else.
fn counting(store: &MemoryStore) -> (FaultyStore<MemoryStore>, impl Fn() -> [usize; 3]) {
    let reads = Arc::new([const { AtomicUsize::new(0) }; 3]);
    let seen = Arc::clone(&reads);
    let counted = FaultyStore::new(store.clone(), move |call| {
        if call.operation == Operation::Get {
            let kind = ["audit/", "lease/"].iter().position(|prefix| call.key.starts_with(prefix));
            seen[kind.unwrap_or(2)].fetch_add(1, Ordering::SeqCst);
        }
        None
    });
    (counted, move || [0, 1, 2].map(|kind: usize| reads[kind].load(Ordering::SeqCst)))
}

/// A state with so many leases that were issued an hour ago, whose events a second apply has vouched for.
fn aged(leases: u64) -> (Scene, MemoryStore) {
    let (scene, store) = applied(&other_role());
    for _ in 0..leases {
        scene.issue(&store, "app").map(drop).expect("issued");
    }
    scene.clock.advance(SignedDuration::from_hours(1));
    scene.apply(&store, &other_role().replace("1h", "50m")).expect("applied");
    scene.clock.advance(SignedDuration::from_hours(1));
    (scene, store)
}

#[test]
fn an_orphan_snapshot_has_only_younger_leases_and_events_read() {
    for old in [2, 40] {
        let (scene, store) = aged(old);
        let killed = FaultyStore::new(store.clone(), |call| {
            (call.operation == Operation::Replace && call.key == HEAD_KEY).then_some(Fault::KillBefore)
        });
        scene.apply(&killed, &other_role().replace("1h", "40m")).map(drop).expect_err("killed");
        let reads = || {
            let (counted, reads) = counting(&store);
            block_on(read_head(&counted)).expect("sound").expect("applied");
            reads()
        };
        // The event that announced the orphan; the head and the orphan itself.
        assert_eq!(reads(), [1, 0, 2], "{old} old leases");
        for _ in 0..3 {
            scene.issue(&store, "app").map(drop).expect("issued");
        }
        assert_eq!(reads(), [1 + 2 * 3, 3, 2], "{old} old leases");
        // The next apply, and nothing has to be looked for any more.
        scene.apply(&store, &other_role().replace("1h", "30m")).expect("applied");
        assert_eq!(reads(), [0, 0, 1], "{old} old leases");
    }
}

#[test]
fn vouching_reads_the_newest_that_vouches_and_what_it_vouches_for() {
    for old in [2, 40] {
        let (scene, store) = aged(old);
        for _ in 0..3 {
            scene.issue(&store, "app").map(drop).expect("issued");
        }
        // What is younger than any write that may be under way is left to the next.
        scene.clock.advance(SignedDuration::from_hours(1));
        scene.issue(&store, "app").map(drop).expect("issued");
        // The second apply's two events, and two of each issue.
        for (at_most, covered) in [(250, 2 + 2 * 3), (3, 3)] {
            let (counted, reads) = counting(&store);
            let covers =
                block_on(cover(&counted, scene.clock.now(), at_most)).expect("read").expect("something to cover");
            assert_eq!(covers.count, covered, "{old} old leases");
            assert_eq!(reads(), [1 + usize::try_from(covered).expect("few"), 0, 0], "{old} old leases");
            let lists = counted.calls() - reads().iter().sum::<usize>();
            assert!(lists <= 2, "{lists} days listed");
        }
    }
}

#[test]
fn what_has_ended_is_not_overdue_when_users_cannot_be_listed() {
    let (scene, store) = applied(&full_role());
    scene.issue_as(&store, IssueRequest { wait: KeyWait::Skip, ..request("deployer") }).map(drop).expect("issued");
    scene.clock.advance(SignedDuration::from_hours(2));
    assert_eq!(scene.sweep(&store).expect("swept").deleted, 1);
    scene.clock.advance(SignedDuration::from_mins(6));
    assert_eq!(scene.sweep(&store).expect("swept").removed, 1);
    let refused = || {
        let now = scene.clock.now();
        scene.cloud.iam_down(now, now + SignedDuration::from_secs(60));
        let swept = scene.sweep(&store).expect("swept");
        assert!(!swept.users_listed, "{swept:?}");
        scene.clock.advance(SignedDuration::from_mins(2));
        (swept.failed.len(), swept.oldest_overdue)
    };
    // The ended lease still has entries: those of its past, and the one of its removal in 90 days.
    assert_eq!(refused(), (1, None));
    scene.clock.advance(SignedDuration::from_hours(91 * 24));
    assert_eq!(refused(), (1, None));

    scene.issue_as(&store, IssueRequest { wait: KeyWait::Skip, ..request("deployer") }).map(drop).expect("issued");
    scene.clock.advance(SignedDuration::from_hours(2));
    let (failed, overdue) = refused();
    let overdue = overdue.expect("a user that has to be ended");
    assert!(failed == 2 && overdue >= SignedDuration::from_mins(50), "{failed} failed, {overdue}");
}
