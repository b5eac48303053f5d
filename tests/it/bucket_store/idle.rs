//! What a sweep asks of a bucket full of leases none of which is due.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use leasehold::app::audit::Who;
use leasehold::app::{IssueRequest, KeyWait, sweep};
use leasehold::domain::ttl::Ttl;
use leasehold::ports::Clock as _;

use super::{store, wait};
use crate::bucket_server::{Asked, BucketServer};
use crate::lease_proofs::{applied, full_role, other_role, size};
use crate::scene::{Access, request, sweeping};

/// Requests to the bucket, whatever it holds.
const MOST: usize = 20;

#[test]
fn a_sweep_with_nothing_due_asks_for_little() {
    // Pages are small where leases are few: read as a whole, the index would take 35.
    asks_for_little(8, 30, 300, 10);
    asks_for_little(size(20, 1_000), size(30, 9_000), size(300, 90_000), size(10, 1_000));
}

/// With leases of users and sessions that are alive, of sessions that ended and are still kept, and so many keys on a page.
fn asks_for_little(users: u64, sessions: u64, ended: u64, page: u64) {
    let (scene, memory) = applied(&(full_role() + &other_role()));
    let hour = Some(Ttl::parse("1h").expect("a duration"));
    let issue = |role: &str, many: u64| {
        let began = scene.clock.now();
        for _ in 0..many {
            // The clock ticks: a hundred thousand would take an hour.
            scene.clock.set(began);
            let asked = IssueRequest { ttl: hour, wait: KeyWait::Skip, ..request(role) };
            scene.issue_as(&memory, asked).map(drop).expect("issued");
        }
    };
    let still = |minutes: i64| {
        scene.clock.advance(SignedDuration::from_mins(minutes));
        scene.clock.now()
    };
    issue("app", ended);
    let now = still(90);
    assert_eq!(scene.sweep(&memory).expect("swept").expired, ended);
    scene.clock.set(now);
    issue("app", sessions);
    issue("deployer", users);
    // Each lease of a user was due as an intent once, in case its process had died: the first sweep after that strikes the entry.
    let now = still(20);
    assert_eq!(scene.sweep(&memory).expect("swept").due, 0);
    scene.clock.set(now);
    let now = still(1);

    let server = BucketServer::start().with_pages_of(usize::try_from(page).expect("few"));
    let objects = memory.objects();
    let leases = objects.keys().filter(|key| key.starts_with("lease/")).count();
    assert_eq!(leases as u64, users + sessions + ended);
    for (key, bytes) in objects {
        server.put(&format!("team/prod/{key}"), &bytes);
    }
    let (access, who, quiet) = (Access(&scene.cloud), Who::default(), |_: u64, _: u64| {});
    let began = std::time::Instant::now();
    scene.clock.set(now);
    let swept = wait(sweep(&store(&server), &access, &scene.clock, &scene.ids, &who, sweeping(), &quiet));
    let took = began.elapsed();
    let swept = swept.expect("swept");
    assert_eq!(swept.due, 0, "{swept:?}");
    let mut asked: BTreeMap<String, usize> = BTreeMap::new();
    for line in server.asked().iter().map(Asked::line) {
        *asked.entry(line).or_default() += 1;
    }
    println!(
        "{leases} leases, {users} of users and {sessions} of sessions that are alive: {} requests in {took:?}: {asked:?}",
        server.asked().len()
    );
    assert!(server.asked().len() < MOST, "{asked:?}");
}
