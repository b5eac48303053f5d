//! Many real processes that issue from one state at once, in a folder and in a bucket: every session has its lease.

use std::collections::{BTreeMap, BTreeSet};

use leasehold::output::exit;
use serde_json::Value;

use super::size;
use crate::bucket_server::{Asked, BucketServer, Fate};
use crate::canned_aws::{CannedAws, manifests, two};
use crate::sandbox::Sandbox;

#[test]
fn no_lease_is_lost_among_processes() {
    let aws = CannedAws::start();
    none_is_lost(&aws, &aws.sandbox(), "one folder", size(8, 64), size(3, 50));
}

#[test]
fn no_lease_is_lost_among_processes_that_share_a_bucket() {
    // As a hash of its number says. The probe before the first apply asks for a store that answers.
    let lost = |asked: &Asked| {
        let mixed = (asked.number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        asked.writes() && mixed.is_multiple_of(10) && !asked.key.contains("/probe/")
    };
    let fate = move |asked: &Asked| if lost(asked) { Fate::LoseReply } else { Fate::Good };
    let (aws, state) = (CannedAws::start(), BucketServer::with(fate).with_pages_of(1_000));
    let mut sandbox = aws.sandbox();
    sandbox.set("LEASEHOLD_STATE", &state.url("team/prod"));
    none_is_lost(&aws, &sandbox, "one bucket", size(4, 16), size(3, 50));
    let asked = state.asked();
    let losses = asked.iter().filter(|asked| lost(asked)).count();
    println!("{} requests to the bucket, {losses} replies to writes lost", asked.len());
    assert!(losses > 0, "the run has to lose something to prove anything");
}

/// Applies two roles, issues so many times from so many processes, and looks for each session among the leases.
fn none_is_lost(aws: &CannedAws, sandbox: &Sandbox, place: &str, processes: u64, issues: u64) {
    sandbox.commit(&manifests(&two("max_sts_ttl: 1h")));
    let _ = sandbox.run(&["apply", "--auto-approve"]).expect(exit::FINE);
    let began = std::time::Instant::now();
    let mut codes: BTreeMap<i32, u64> = BTreeMap::new();
    std::thread::scope(|scope| {
        let run = || -> Vec<i32> { (0..issues).map(|_| sandbox.run(&["issue", "app-rw"]).code).collect() };
        let running: Vec<_> = (0..processes).map(|_| scope.spawn(run)).collect();
        for code in running.into_iter().flat_map(|thread| thread.join().expect("no panic")) {
            *codes.entry(code).or_default() += 1;
        }
    });
    let took = began.elapsed().as_secs();
    let list = sandbox.run(&["lease", "list", "--all", "--format", "json"]).expect(exit::FINE);
    let list: Value = serde_json::from_str(&list.stdout).expect("JSON");
    let leases = list["leases"].as_array().expect("a list");
    let named: BTreeSet<&str> = leases.iter().filter_map(|lease| lease["session_name"].as_str()).collect();
    let active = leases.iter().filter(|lease| lease["state"] == "active").count() as u64;
    let lost: Vec<String> = aws.sessions().into_iter().filter(|session| !named.contains(session.as_str())).collect();
    println!(
        "{processes} processes with {issues} issues each from {place} in {took} s: exit codes {codes:?}, {active} active \
         leases, {} lost",
        lost.len()
    );
    assert!(lost.is_empty(), "{lost:?}");
    assert_eq!(codes.get(&i32::from(exit::FINE)), Some(&(processes * issues)), "{codes:?}");
    assert_eq!(active, processes * issues);
}
