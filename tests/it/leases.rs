//! Leases from issue to proof, over the fake cloud.

use std::path::Path;

use jiff::SignedDuration;
use leasehold::app::{RevokeRequest, Revoking, Selection, ledger};
use leasehold::domain::lease::{Due, Ending, Lease, LeaseState, STUCK_AFTER};
use leasehold::domain::ttl::Ttl;
use leasehold::ports::{Clock as _, Ids as _, StateStore};
use leasehold::state::FileStore;
use leasehold::testing::{CountingIds, MemoryStore, block_on};

use crate::scene::{READ_ONLY, Scene, request, role, sweeping, user_role};

/// Puts a lease into the store in `folder` whose ending has failed this often, and that is due.
pub(crate) fn plant_failing(folder: &Path, failures: u32) {
    let (scene, made) = (Scene::new(), MemoryStore::new());
    scene.apply(&made, &user_role("deployer", "")).expect("applied");
    let issued = scene.issue(&made, "deployer").expect("issued").lease;
    let revoking = leasehold::domain::lease::Revoking { failures, ..Default::default() };
    let lease = issued.became(LeaseState::Revoking(revoking), issued.created_at);
    let store = FileStore::open(folder).expect("a state folder");
    block_on(ledger::enter(&store, &Due::of(&lease))).expect("entered");
    block_on(ledger::open(&store, lease, &CountingIds::new().ulid(issued.created_at))).expect("written");
}

fn lease<S: StateStore>(store: &S, lease: &Lease) -> Lease {
    block_on(ledger::find(store, &lease.id)).expect("readable").expect("there").lease
}

fn one(lease: &Lease) -> RevokeRequest {
    RevokeRequest { selection: Selection::One(lease.path()), deny_session: false, deny_older: false }
}

#[test]
fn a_user_lives_from_issue_to_proof() {
    let (scene, store) = (Scene::new(), MemoryStore::new());
    scene.apply(&store, &user_role("deployer", "")).expect("applied");
    let before = scene.cloud.calls_by_operation();
    let issued = scene.issue(&store, "deployer").expect("issued");
    let key = issued.credentials.access_key_id.clone();
    let iam: u32 = scene
        .cloud
        .calls_by_operation()
        .iter()
        .filter(|(operation, _)| operation.starts_with("iam:"))
        .map(|(operation, count)| count - before.get(operation).unwrap_or(&0))
        .sum();
    assert_eq!(iam, 4, "user, deny, one policy, key");
    let users = scene.cloud.live_users();
    assert_eq!(users.len(), 1);
    assert!(users[0].live.path.starts_with("/leasehold/prod/ci/"));
    assert!(scene.cloud.key_lives(&key, scene.clock.now()));
    let expiry = lease(&store, &issued.lease).lives_until();
    assert!(!scene.cloud.key_lives(&key, expiry), "it is dead from its expiry on, whatever becomes of us");

    scene.clock.advance(SignedDuration::from_mins(59));
    assert_eq!(scene.sweep(&store).expect("swept").due, 0, "it is not its time yet");
    scene.clock.advance(SignedDuration::from_mins(2));
    let swept = scene.sweep(&store).expect("swept");
    assert_eq!((swept.due, swept.deleted, swept.removed, swept.failed.len()), (1, 1, 0, 0), "{swept:?}");
    assert!(scene.cloud.live_users().is_empty());
    let removals = scene.cloud.calls_by_operation().get("iam:DeleteUserPolicy").copied();
    assert_eq!(removals, Some(1), "the deny alone: its role declares no policy of its own");
    assert!(matches!(lease(&store, &issued.lease).state, LeaseState::Revoking(_)), "nobody has seen it absent yet");
    scene.clock.advance(SignedDuration::from_mins(6));
    let swept = scene.sweep(&store).expect("swept");
    assert_eq!((swept.deleted, swept.removed), (0, 1), "{swept:?}");
    assert_eq!(lease(&store, &issued.lease).state, LeaseState::Ended(Ending::Removed));

    scene.clock.advance(SignedDuration::from_hours(24 * 91));
    let swept = scene.sweep(&store).expect("swept");
    assert_eq!(swept.forgotten, 1, "{swept:?}");
    let left: Vec<String> =
        store.objects().into_keys().filter(|key| key.starts_with("lease/") || key.starts_with("due/")).collect();
    assert_eq!(left, Vec::<String>::new());
}

#[test]
fn revoking_a_user_is_at_once_and_a_session_is_told_the_truth() {
    let (scene, store) = (Scene::new(), MemoryStore::new());
    let roles = user_role("deployer", "") + &role("app", READ_ONLY, "max_sts_ttl: 1h");
    scene.apply(&store, &roles).expect("applied");
    let user = scene.issue(&store, "deployer").expect("issued");
    let [first, second] = [0, 1].map(|_| scene.issue(&store, "app").expect("issued").lease);
    let key = user.credentials.access_key_id.clone();

    let revoked = scene.revoke(&store, &one(&user.lease)).expect("revoked");
    assert_eq!(revoked[0].outcome, Revoking::Deleted);
    assert!(!scene.cloud.key_lives(&key, scene.clock.now()));
    let revoked = scene.revoke(&store, &one(&first)).expect("revoked");
    assert_eq!(revoked[0].outcome, Revoking::LivesOn(first.lives_until()));

    let deny = RevokeRequest { deny_session: true, ..one(&first) };
    let revoked = scene.revoke(&store, &deny).expect("revoked");
    assert_eq!(revoked[0].outcome, Revoking::Denied);
    let policies = scene.cloud.inline_policies(&crate::scene::arn(READ_ONLY));
    let text = policies.values().next().expect("one policy");
    let user_id = |lease: &Lease| lease.grant.as_ref().and_then(|grant| grant.user_id.clone()).expect("a session");
    assert!(text.contains(&user_id(&first)) && !text.contains(&user_id(&second)), "{text}");

    scene.clock.advance(SignedDuration::from_hours(2));
    let swept = scene.sweep(&store).expect("swept");
    assert_eq!((swept.expired, swept.denies_cleared, swept.removed), (2, 1, 1), "{swept:?}");
    assert!(scene.cloud.inline_policies(&crate::scene::arn(READ_ONLY)).is_empty());
}

#[test]
fn removing_a_role_ends_its_users_and_keep_lets_them_be() {
    for (more, ends) in [("", true), ("on_removal: revoke", true), ("on_removal: keep", false)] {
        let (scene, store) = (Scene::new(), MemoryStore::new());
        let other = role("app", READ_ONLY, "max_sts_ttl: 1h");
        scene.apply(&store, &(user_role("deployer", more) + &other)).expect("applied");
        let issued = scene.issue(&store, "deployer").expect("issued");
        let applied = scene.apply(&store, &other).expect("applied");
        assert_eq!(!applied.revoking.is_empty(), ends, "{more}");
        scene.sweep(&store).expect("swept");
        assert_eq!(scene.cloud.live_users().is_empty(), ends, "{more}");
        assert_eq!(scene.cloud.key_lives(&issued.credentials.access_key_id, scene.clock.now()), !ends, "{more}");
    }
}

#[test]
fn renewing_moves_the_end_up_to_the_maximum_and_no_further() {
    let (scene, store) = (Scene::new(), MemoryStore::new());
    let roles = user_role("deployer", "") + &role("app", READ_ONLY, "max_sts_ttl: 1h");
    scene.apply(&store, &roles).expect("applied");
    let issued = scene.issue(&store, "deployer").expect("issued");
    let (path, key) = (issued.lease.path(), issued.credentials.access_key_id.clone());
    let renewed = scene.renew(&store, &path, "3h").expect("renewed");
    assert!(scene.cloud.key_lives(&key, renewed.lives_until() - SignedDuration::from_secs(2)));
    assert!(!scene.cloud.key_lives(&key, renewed.lives_until()));
    scene.clock.advance(SignedDuration::from_hours(2));
    assert_eq!(scene.sweep(&store).expect("swept").due, 0, "the old entry of the index says nothing any more");
    let refused = scene.renew(&store, &path, "7h").expect_err("beyond max_ttl");
    assert_eq!(refused.kind, "ttl-above-maximum");
    assert!(refused.help.expect("help").contains("5h59m"));

    let session = scene.issue(&store, "app").expect("issued").lease;
    assert_eq!(scene.renew(&store, &session.path(), "15m").expect_err("a session").kind, "not-renewable");
    scene.clock.advance(SignedDuration::from_hours(2));
    assert_eq!(scene.renew(&store, &path, "1h").expect_err("over").kind, "lease-expired");
}

#[test]
fn a_user_without_a_lease_is_ended_only_if_it_is_ours() {
    let (scene, store) = (Scene::new(), MemoryStore::new());
    scene.apply(&store, &user_role("deployer", "")).expect("applied");
    let issued = scene.issue(&store, "deployer").expect("issued");
    scene.cloud.put_user("deployer-01KAQ000000000000000000001", "/leasehold/prod/ci/", Default::default());
    scene.cloud.put_user("somebody", "/leasehold/prod/", Default::default());
    let key = format!("lease/{}.json", issued.lease.id);
    store.tamper(&key, None);
    scene.clock.advance(SignedDuration::from_mins(10));
    let swept = scene.sweep(&store).expect("swept");
    assert_eq!(swept.unrecorded, [issued.lease.request.user.expect("a user").name]);
    assert_eq!(swept.foreign.len(), 2);
    assert_eq!(scene.cloud.live_users().len(), 2);
}

#[test]
fn two_states_of_one_deployment_leave_the_users_of_each_other_alone() {
    let scene = Scene::new();
    let [first, second] = [MemoryStore::new(), MemoryStore::new()];
    for store in [&first, &second] {
        scene.apply(store, &user_role("deployer", "")).expect("applied");
    }
    let user = scene.issue(&first, "deployer").expect("issued").lease.request.user.expect("a user");
    scene.clock.advance(SignedDuration::from_mins(10));
    let swept = scene.sweep(&second).expect("swept");
    assert_eq!((swept.foreign, swept.unrecorded), (vec![format!("{}{}", user.path, user.name)], vec![]));
    assert_eq!(scene.cloud.live_users().len(), 1);
}

#[test]
fn all_are_revoked_and_told_oldest_first() {
    let (scene, store) = (Scene::new(), MemoryStore::new());
    let roles = user_role("deployer", "") + &role("app", READ_ONLY, "max_sts_ttl: 1h");
    scene.apply(&store, &roles).expect("applied");
    let mut issued = Vec::new();
    for nth in 0..23 {
        scene.clock.advance(SignedDuration::from_secs(1));
        let role = if nth % 3 == 0 { "app" } else { "deployer" };
        issued.push(scene.issue(&store, role).expect("issued").lease);
    }
    let all = RevokeRequest { selection: Selection::All, deny_session: true, deny_older: false };
    let revoked = scene.revoke(&store, &all).expect("revoked");
    let expected: Vec<_> = issued
        .iter()
        .map(|lease| {
            (lease.id.clone(), if lease.request.user.is_some() { Revoking::Deleted } else { Revoking::Denied })
        })
        .collect();
    assert_eq!(revoked.into_iter().map(|one| (one.lease.id, one.outcome)).collect::<Vec<_>>(), expected);
    assert!(scene.cloud.live_users().is_empty());
    let again = scene.revoke(&store, &all).expect("revoked");
    assert!(again.iter().all(|one| one.outcome != Revoking::Over), "what is over is not chosen");
}

#[test]
fn a_foreign_object_in_the_index_is_told_and_keeps_no_lease_from_its_end() {
    let (scene, store) = (Scene::new(), MemoryStore::new());
    scene.apply(&store, &user_role("deployer", "")).expect("applied");
    scene.issue(&store, "deployer").expect("issued");
    for key in ["due/.DS_Store", "due/", "deny/0.json"] {
        store.tamper(key, Some(b"x".to_vec()));
    }
    scene.clock.advance(SignedDuration::from_hours(2));
    let swept = scene.sweep(&store).expect("swept");
    assert_eq!((swept.deleted, swept.failed.len()), (1, 3), "{swept:?}");
    assert!(scene.cloud.live_users().is_empty());
}

#[test]
fn a_dry_run_changes_nothing() {
    let (scene, store) = (Scene::new(), MemoryStore::new());
    scene.apply(&store, &user_role("deployer", "")).expect("applied");
    scene
        .issue_as(&store, leasehold::app::IssueRequest { ttl: Ttl::parse("15m").ok(), ..request("deployer") })
        .expect("issued");
    scene.clock.advance(SignedDuration::from_mins(20));
    let before = store.objects();
    let swept = scene.sweep_as(&store, leasehold::app::SweepRequest { dry_run: true, ..sweeping() }).expect("swept");
    assert_eq!(swept.deleted, 1);
    assert_eq!(store.objects(), before);
    assert_eq!(scene.cloud.live_users().len(), 1);
}

#[test]
fn a_stuck_lease_is_told_by_every_sweep_also_while_it_waits() {
    let (scene, store) = (Scene::new(), MemoryStore::new());
    scene.apply(&store, &user_role("deployer", "")).expect("applied");
    let issued = scene.issue(&store, "deployer").expect("issued").lease;
    scene.clock.advance(SignedDuration::from_hours(2));
    let revoking = leasehold::domain::lease::Revoking { failures: STUCK_AFTER, ..Default::default() };
    let known = block_on(ledger::find(&store, &issued.id)).expect("readable").expect("there");
    let now = scene.clock.now();
    let (not_before, error) = (Some(now + SignedDuration::from_mins(5)), Some("AWS says no".to_owned()));
    let waits = LeaseState::Revoking(leasehold::domain::lease::Revoking { not_before, error, ..revoking });
    block_on(ledger::advance(&store, &known, issued.became(waits, now), &CountingIds::new().ulid(now)))
        .expect("written");
    // Its first entry has been due for long, and is the only one that is.
    for pause in [0, 1, 3] {
        scene.clock.advance(SignedDuration::from_mins(pause));
        let swept = scene.sweep(&store).expect("swept");
        let told: Vec<_> = swept.stuck().collect();
        assert_eq!(told.len(), 1, "{swept:?}");
        assert_eq!((told[0].what.clone(), told[0].why.as_str()), (issued.path(), "AWS says no"));
        assert_eq!(told[0].failures, STUCK_AFTER);
        assert_eq!(scene.cloud.live_users().len(), 1, "it is not tried before its time");
    }
    scene.clock.advance(SignedDuration::from_mins(2));
    let swept = scene.sweep(&store).expect("swept");
    assert_eq!((swept.deleted, swept.stuck().count()), (1, 0), "{swept:?}");
}
