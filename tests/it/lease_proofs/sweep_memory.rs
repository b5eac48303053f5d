//! What a sweep of many due users keeps in memory, beside one that finds nothing to do: the real process, over HTTP.

use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use leasehold::app::{IssueRequest, KeyWait};
use serde_json::Value;

use super::{applied, full_role, into_folder, size};
use crate::canned_aws::caller;
use crate::canned_users::Users;
use crate::fault_server::{FaultServer, Reply, error, identity};
use crate::sandbox::Sandbox;
use crate::scene::request;

/// What a thousand users may add to a sweep, in KiB.
const MOST: u64 = 32 << 10;

#[test]
fn a_sweep_of_many_users_keeps_little_in_memory() {
    let users = size(60, 1_000);
    let (idle, busy) = (peak_of_a_sweep(0), peak_of_a_sweep(users));
    let more = busy.saturating_sub(idle);
    println!("peak of a sweep: {idle} KiB with nothing due, {busy} KiB with {users} users due, {more} KiB more");
    assert!(more <= MOST, "{more} KiB");
}

/// The most memory that a sweep held while it ended so many users, in KiB.
fn peak_of_a_sweep(due: u64) -> u64 {
    let (scene, store) = applied(&full_role());
    // Their hour is over.
    scene.clock.set(Timestamp::now() - SignedDuration::from_hours(2));
    let mut users = Users::default();
    for _ in 0..due {
        scene.issue_as(&store, IssueRequest { wait: KeyWait::Skip, ..request("deployer") }).map(drop).expect("issued");
    }
    for user in scene.cloud.live_users() {
        users.put(&user.live.name, &user.live.path);
    }
    let users = Arc::new(Mutex::new(users));
    let at_aws = Arc::clone(&users);
    let server = FaultServer::start(move |request| match request.action() {
        "GetCallerIdentity" => Reply::Answer(200, identity()),
        _ => {
            let answer = at_aws.lock().expect("no thread panics with it").answer(request);
            answer.unwrap_or_else(|| error(404, "NoSuchEntity", "The user cannot be found."))
        }
    });
    let sandbox = Sandbox::at(&server.endpoint, &caller());
    into_folder(&store, &sandbox);
    let mut sweep = sandbox.command(&["sweep", "--rate", "1000", "--format", "json"]);
    let mut child = sweep.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let peak = peak(&mut child);
    let done = sandbox.done(&child.wait_with_output().expect("it ended")).expect(leasehold::output::exit::FINE);
    let swept: Value = serde_json::from_str(&done.stdout).expect("JSON");
    assert_eq!(swept["deleted"], due, "{swept}");
    assert!(users.lock().expect("no panic").names().is_empty());
    peak
}

/// The most memory that a process holds until it ends, in KiB, as the kernel keeps it for each process.
fn peak(child: &mut Child) -> u64 {
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().expect("it is ours").is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let told = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        // A process that has just ended has none any more.
        peak = told.and_then(|told| told.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(peak);
        std::thread::sleep(Duration::from_millis(2));
    }
    assert!(peak > 0, "it ended before it was looked at");
    peak
}
