//! What a sweep costs: calls to AWS for each user, and reads of the store when nothing is due.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::SignedDuration;
use leasehold::app::{IssueRequest, KeyWait};
use leasehold::testing::{FaultyStore, Operation};

use super::{applied, full_role, size};
use crate::scene::request;

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
