//! Many real processes that issue from one state folder at once: every session has its lease.

use std::collections::{BTreeMap, BTreeSet};

use leasehold::output::exit;
use serde_json::Value;

use super::size;
use crate::canned_aws::{CannedAws, manifests, two};

#[test]
fn no_lease_is_lost_among_processes() {
    let (processes, issues) = (size(8, 64), size(3, 50));
    let aws = CannedAws::start();
    let sandbox = aws.sandbox();
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
    let list = sandbox.run(&["lease", "list", "--all", "--format", "json"]).expect(exit::FINE);
    let list: Value = serde_json::from_str(&list.stdout).expect("JSON");
    let leases = list["leases"].as_array().expect("a list");
    let named: BTreeSet<&str> = leases.iter().filter_map(|lease| lease["session_name"].as_str()).collect();
    let active = leases.iter().filter(|lease| lease["state"] == "active").count() as u64;
    let lost: Vec<String> = aws.sessions().into_iter().filter(|session| !named.contains(session.as_str())).collect();
    println!(
        "{processes} processes with {issues} issues each in {} s: exit codes {codes:?}, {active} active leases, {} lost",
        began.elapsed().as_secs(),
        lost.len()
    );
    assert!(lost.is_empty(), "{lost:?}");
    assert_eq!(codes.get(&i32::from(exit::FINE)), Some(&(processes * issues)), "{codes:?}");
    assert_eq!(active, processes * issues);
}
