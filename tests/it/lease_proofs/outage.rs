//! Two hours without IAM: for one nothing is answered, for one reads are answered and changes are not. Then all is ended at
//! the pace that an account allows.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use leasehold::app::{IssueRequest, KeyWait, ledger};
use leasehold::domain::lease::LeaseState;
use leasehold::ports::Clock as _;
use leasehold::testing::{MemoryStore, block_on};

use super::account::Account;
use super::{applied, other_role, size};
use crate::scene::{request, sweeping, user_role};

/// What IAM takes of one account before it throttles.
const A_SECOND: i64 = 20;

fn stuck(store: &MemoryStore) -> BTreeSet<String> {
    let all = block_on(ledger::all(store)).expect("a ledger");
    all.iter().filter(|lease| lease.is_stuck()).map(leasehold::domain::lease::Lease::path).collect()
}

fn open(store: &MemoryStore) -> usize {
    let all = block_on(ledger::all(store)).expect("a ledger");
    all.iter().filter(|lease| !matches!(lease.state, LeaseState::Ended(_))).count()
}

#[test]
fn two_hours_without_iam_are_made_up_for() {
    let (users, sessions) = (size(30, 1_000), size(70, 4_000));
    let (scene, store) = applied(&(user_role("deployer", "") + &other_role()));
    for nth in 0..users + sessions {
        let role = if nth < users { "deployer" } else { "app" };
        scene.issue_as(&store, IssueRequest { wait: KeyWait::Skip, ..request(role) }).map(drop).expect("issued");
    }
    scene.clock.advance(SignedDuration::from_mins(90));
    let down = scene.clock.now();
    let hour = SignedDuration::from_hours(1);
    let (half, up) = (down + hour, down + hour + hour);
    scene.cloud.iam_down(down, half);
    let mut account = Account::new(&scene);
    account.pace = SignedDuration::from_millis(1_000 / A_SECOND);
    account.refusing = Some((down, up));
    let minute = SignedDuration::from_mins(1);
    let pause = |began| {
        let rest = minute - scene.clock.now().duration_since(began);
        scene.clock.advance(rest.max(SignedDuration::ZERO));
    };

    let mut failed = 0;
    while scene.clock.now() < half - minute {
        let began = scene.clock.now();
        let swept = account.sweep(&store, sweeping()).expect("what needs no IAM is done");
        failed += u64::from(swept.failed.iter().any(|failed| failed.what == "users of the broker's account"));
        pause(began);
    }
    assert!(failed >= 55, "every sweep of the first hour says that it could not look: {failed}");
    assert_eq!(stuck(&store).len() as u64, users, "each was tried more often than six times");

    let mut told = BTreeSet::new();
    // One sweep of all takes two minutes.
    while scene.clock.now() < up - minute * 4 {
        let began = scene.clock.now();
        let Ok(swept) = account.sweep(&store, sweeping()) else { continue };
        let now: BTreeSet<String> = swept.stuck().map(|failed| failed.what.clone()).collect();
        assert!(now.is_subset(&stuck(&store)), "only what is stuck is told as stuck");
        told.extend(now);
        pause(began);
    }
    assert_eq!(told, stuck(&store), "all that is stuck was told");
    assert_eq!(told.len() as u64, users, "every user is stuck by now, and no session");
    assert_eq!(open(&store) as u64, users, "sessions end without IAM's changes");

    scene.clock.set(up);
    let (mut deleted, mut tries) = (None, 0);
    let before = account.requests();
    while open(&store) > 0 {
        let began = scene.clock.now();
        assert!(began.duration_since(up) < hour, "it takes more than an hour");
        account.sweep(&store, sweeping()).expect("swept");
        tries += 1;
        if deleted.is_none() && scene.cloud.live_users().is_empty() {
            deleted = Some(scene.clock.now().duration_since(up));
        }
        if open(&store) > 0 {
            pause(began);
        }
    }
    let (deleted, ended) = (deleted.expect("deleted"), scene.clock.now().duration_since(up));
    println!(
        "outage: {users} users and {sessions} sessions due; after it all users deleted in {} s, all leases proven to have \
         ended in {} s, {tries} sweeps, {} requests at {A_SECOND} a second; stuck list exact",
        deleted.as_secs(),
        ended.as_secs(),
        account.requests() - before
    );
    assert!(deleted <= SignedDuration::from_mins(10), "{deleted}");
    assert!(ended <= SignedDuration::from_mins(10) + sweeping().grace + minute, "{ended}");
    assert!(stuck(&store).is_empty());
}
