//! Many writers at once. The small form runs always; `LEASEHOLD_TEST_RACES=full` runs 16 processes that create 50 objects
//! each, and 500 applies, with every tenth reply lost.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use leasehold::app::{Expectation, Meaning, PlanRequest, commit, make_plan, read_head, review, validate};
use leasehold::domain::record::Head;
use leasehold::ports::{StateStore as _, StoreError};

use super::{open, settings, wait};
use crate::bucket_server::{Asked, BUCKET, BucketServer, Fate};
use crate::scene::{READ_ONLY, Scene, role};

fn full() -> bool {
    std::env::var("LEASEHOLD_TEST_RACES").is_ok_and(|form| form == "full")
}

/// Every tenth reply to a write is lost, as a hash of its number says.
fn one_in_ten(asked: &Asked) -> Fate {
    let mixed = (asked.number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
    if asked.writes() && mixed.is_multiple_of(10) { Fate::LoseReply } else { Fate::Good }
}

/// The variables that turn [`child_that_creates`] into a writer.
const ENDPOINT: &str = "LEASEHOLD_TEST_BUCKET_ENDPOINT";
const ROUNDS: &str = "LEASEHOLD_TEST_BUCKET_ROUNDS";

/// A writer in a process of its own. In any other process there is nothing for it to do.
#[test]
fn child_that_creates() {
    let (Ok(endpoint), Ok(rounds)) = (std::env::var(ENDPOINT), std::env::var(ROUNDS)) else { return };
    let store = open(settings(&endpoint, BUCKET, "team/prod"));
    for round in 0..rounds.parse::<usize>().expect("a number") {
        let key = format!("lease/{round}.json");
        let bytes = std::process::id().to_string();
        match wait(store.create(&key, bytes.as_bytes())) {
            Ok(_) => writeln!(std::io::stdout(), "\nwon {key} {bytes}").expect("the parent reads"),
            Err(StoreError::Conflict { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn of_processes_that_create_one_key_one_wins() {
    let (processes, rounds) = if full() { (16, 50) } else { (4, 12) };
    let server = BucketServer::start();
    let started = Instant::now();
    let start = |_| {
        Command::new(std::env::current_exe().expect("this binary"))
            .args(["--exact", "bucket_store::races::child_that_creates", "--nocapture"])
            .env(ENDPOINT, &server.endpoint)
            .env(ROUNDS, rounds.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .expect("started")
    };
    let children: Vec<_> = (0..processes).map(start).collect();
    let mut won = BTreeMap::new();
    for child in children {
        let output = child.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        for line in String::from_utf8_lossy(&output.stdout).lines().filter(|line| line.starts_with("won ")) {
            let [_, key, bytes] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
            let before = won.insert(format!("team/prod/{key}"), bytes.as_bytes().to_vec());
            assert_eq!(before, None, "`{key}` was won twice");
        }
    }
    println!("{processes} processes, {rounds} keys each: {:?}", started.elapsed());
    assert_eq!(won.len(), rounds);
    assert_eq!(won, server.objects());
}

#[test]
fn of_concurrent_applies_no_serial_is_lost_or_taken_twice_though_replies_are_lost() {
    let (writers, applies) = if full() { (10_usize, 500_usize) } else { (4, 32) };
    let server = BucketServer::with(one_in_ten).with_pages_of(1_000);
    let left = AtomicUsize::new(applies);
    let conflicts = AtomicUsize::new(0);
    let started = Instant::now();
    let heads: Vec<Head> = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..writers)
            .map(|writer| {
                let (server, left, conflicts) = (&server, &left, &conflicts);
                scope.spawn(move || writes_heads(writer, server, left, conflicts))
            })
            .collect();
        writers.into_iter().flat_map(|writer| writer.join().expect("no writer panics")).collect()
    });
    let lost = server.asked().iter().filter(|asked| one_in_ten(asked) == Fate::LoseReply).count();
    println!(
        "{applies} applies by {writers} writers, {} requests, {lost} replies lost, {} conflicts: {:?}",
        server.asked().len(),
        conflicts.load(Ordering::Relaxed),
        started.elapsed()
    );
    assert!(lost > 0, "the run has to lose something to prove anything");
    let mut serials: Vec<u64> = heads.iter().map(|head| head.serial).collect();
    serials.sort_unstable();
    assert_eq!(serials, (1..=applies as u64).collect::<Vec<_>>(), "contiguous, each taken once");
    let lineages: std::collections::BTreeSet<_> = heads.iter().map(|head| head.lineage.as_str()).collect();
    assert_eq!(lineages.len(), 1);
    let last =
        wait(read_head(&open(settings(&server.endpoint, BUCKET, "team/prod")))).expect("readable").expect("there");
    assert_eq!(Some(&last.head), heads.iter().max_by_key(|head| head.serial));
    // Each head names the one before it, so a lost update would break the chain.
    let snapshots = server.objects().into_keys().filter(|key| key.contains("/snap/")).count();
    assert!(snapshots >= applies);
}

/// Applies until all applies are done; answers the heads that this writer made.
fn writes_heads(writer: usize, server: &BucketServer, left: &AtomicUsize, conflicts: &AtomicUsize) -> Vec<Head> {
    let (scene, ids) = (Scene::new(), UniqueIds { writer, next: AtomicUsize::new(0) });
    let mut heads = Vec::new();
    let mut turn = 0;
    while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
        loop {
            turn += 1;
            // As each command does: a session has one limit of time for all that it asks.
            let store = open(settings(&server.endpoint, BUCKET, "team/prod"));
            // Another TTL each time, and another for each writer, so that every plan has something to do.
            let ttl = format!("max_sts_ttl: {}s", 900 + (turn * 16 + writer) % 2_700);
            let outcome = wait(async {
                let set = scene.set(&role("app-readonly", READ_ONLY, &ttl));
                let desired = validate(&set).expect("good manifests");
                let now = leasehold::ports::Clock::now(&scene.clock);
                let planned = make_plan(set.basis, desired, &scene.cloud, &store, now, PlanRequest::default());
                let planned = planned.await.map_err(|error| match error {
                    leasehold::app::AppError::Failed(failure) => *failure,
                    leasehold::app::AppError::Manifests(errors) => panic!("{errors:?}"),
                })?;
                let review = review(planned, &Expectation::Nothing, false)?;
                commit(
                    review,
                    &store,
                    &scene.clock,
                    &ids,
                    &leasehold::app::audit::Who::default(),
                    &leasehold::app::HeadSigning::none(),
                )
                .await
            });
            match outcome {
                Ok(applied) => match applied.head {
                    Some(head) => break heads.push(head),
                    None => continue,
                },
                Err(failure) if failure.meaning == Meaning::Busy => {
                    conflicts.fetch_add(1, Ordering::Relaxed);
                }
                Err(failure) => panic!("{failure:?}"),
            }
        }
    }
    heads
}

/// Ids that no other writer has.
struct UniqueIds {
    writer: usize,
    next: AtomicUsize,
}

impl leasehold::ports::Ids for UniqueIds {
    fn ulid(&self, _: leasehold::domain::Timestamp) -> String {
        format!("01KXRACES{:02}{:015}", self.writer, self.next.fetch_add(1, Ordering::Relaxed))
    }
}

#[test]
fn a_first_apply_that_ends_between_two_looks_is_no_damage() {
    // The first answer about the head was true when it was given: there was none yet.
    let first = AtomicUsize::new(0);
    let server = BucketServer::with(move |asked| {
        let head = asked.method == "GET" && asked.key.ends_with("head.json");
        if head && first.fetch_add(1, Ordering::Relaxed) == 0 { Fate::Refuse(404, "NoSuchKey") } else { Fate::Good }
    });
    let memory = leasehold::testing::MemoryStore::new();
    let _ = Scene::new().apply(&memory, &role("app-readonly", READ_ONLY, "max_sts_ttl: 1h")).expect("applied");
    for (key, bytes) in memory.objects() {
        server.put(&format!("team/prod/{key}"), &bytes);
    }
    let read = wait(read_head(&open(settings(&server.endpoint, BUCKET, "team/prod")))).expect("no damage");
    assert_eq!(read.map(|read| read.head.serial), Some(1));
}
