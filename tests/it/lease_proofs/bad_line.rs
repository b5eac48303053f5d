//! Thirty of a hundred requests throttled and five reset, with the real adapter: users are issued all the same,
//! also those whose key was lost on the way.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use leasehold::app::audit::Who;
use leasehold::app::{IssueRequest, KeyWait, issue};
use leasehold::aws::{AwsIssuer, AwsWriter};

use super::{applied, leases, size};
use crate::aws_faults::session;
use crate::canned_users::Users;
use crate::emulator::block_on;
use crate::fault_server::{FaultServer, Reply, Request, error, identity};
use crate::scene::{request, user_role};

/// Requests of one issue when none fails: who we are, the user, its deny, its policy, its key.
const LEAST: usize = 5;

/// A number below 200 that looks random.
fn roll(dice: &mut u64) -> u64 {
    *dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*dice >> 33) % 200
}

fn answer(users: &mut Users, request: &Request) -> Reply {
    if request.action() == "GetCallerIdentity" {
        return Reply::Answer(200, identity());
    }
    users.answer(request).unwrap_or_else(|| error(404, "NoSuchEntity", "The user cannot be found."))
}

#[test]
fn users_are_issued_over_a_bad_line() {
    let (issues, at_once) = (size(12, 1_000), size(6, 32));
    // The small form shares the processor with all other tests.
    let deadline = Duration::from_secs(size(60, 30));
    let users = Arc::new(Mutex::new((Users::default(), 5)));
    let at_aws = Arc::clone(&users);
    let server = FaultServer::start(move |request| {
        let (users, dice) = &mut *at_aws.lock().expect("no thread panics with it");
        match roll(dice) {
            0..60 => error(400, "Throttling", "Rate exceeded"),
            60..65 => Reply::Reset,
            65..70 => {
                let _ = answer(users, request);
                Reply::Reset
            }
            _ => answer(users, request),
        }
    });
    let (scene, store) = applied(&user_role("deployer", ""));
    let (next, failures) = (Mutex::new(0..issues), Mutex::new(Vec::new()));
    let slowest = Mutex::new(Duration::ZERO);
    std::thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                while next.lock().expect("no panic").next().is_some() {
                    let began = Instant::now();
                    let outcome = block_on(async {
                        let session = session(&server.endpoint, deadline, 16).await;
                        let connect = async |_: &str| Ok((AwsIssuer::new(&session), AwsWriter::new(&session)));
                        let asked = IssueRequest { wait: KeyWait::Skip, ..request("deployer") };
                        issue(&store, connect, &scene.clock, &scene.ids, &Who::default(), asked).await.map(drop)
                    });
                    let mut slowest = slowest.lock().expect("no panic");
                    *slowest = began.elapsed().max(*slowest);
                    if let Err(error) = outcome {
                        failures.lock().expect("no panic").push(format!("{error:?}"));
                    }
                }
            });
        }
    });
    let (failures, slowest) = (failures.into_inner().expect("no panic"), slowest.into_inner().expect("no panic"));
    let requests = server.seen().len();
    let least = LEAST * usize::try_from(issues).expect("few");
    let (users, _) = &*users.lock().expect("no panic");
    println!(
        "{issues} issues, {at_once} at once: {} done, {} failed; {} keys made; slowest {:.1} s; \
         {requests} requests, {:.2} times the least",
        issues - failures.len() as u64,
        failures.len(),
        users.keys_made,
        slowest.as_secs_f64(),
        requests as f64 / least as f64
    );
    assert!(failures.is_empty(), "{:#?}", &failures[..failures.len().min(3)]);
    assert!(users.keys_made > issues, "no key was lost, so nothing was proven");
    assert!(users.keys.values().all(|keys| keys.len() == 1), "a user has its one key and no lost one");
    assert!(requests <= 3 * least, "{requests}");
    assert!(slowest < deadline, "{slowest:?}");
    assert_eq!(leases(&store).len() as u64, issues, "each has its lease");
}
