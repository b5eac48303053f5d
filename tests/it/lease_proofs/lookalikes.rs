//! Users of others in the account that look like ours: never touched.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use leasehold::app::read_record;
use leasehold::domain::lease::{LeaseId, TAG_EXPIRES, TAG_LEASE, TAG_LINEAGE, TAG_ROLE};
use leasehold::ports::Attachment;
use leasehold::testing::{FakeUser, block_on};

use super::{applied, full_role, size};
use crate::scene::sweeping;

const DEPLOYMENT: &str = "leasehold:deployment";

/// Tags as `issue` gives them.
fn tags((deployment, lineage): (&str, &str), role: &str, lease: &str) -> BTreeMap<String, String> {
    let expires = "2026-11-23T12:00:00Z";
    [(DEPLOYMENT, deployment), (TAG_LINEAGE, lineage), (TAG_ROLE, role), (TAG_LEASE, lease), (TAG_EXPIRES, expires)]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into()
}

/// Name, path and tags of somebody else's user; each kind misses one thing that ours have.
fn lookalike(nth: u64, lineage: &str) -> (String, String, BTreeMap<String, String>) {
    let id = format!("01KAQ0000000000000000{nth:05}");
    assert!(LeaseId::parse(&id).is_some());
    let (name, path) = (format!("deployer-{id}"), "/leasehold/prod/ci/".to_owned());
    let (prod, test) = (("prod", lineage), ("test", lineage));
    let ours = tags(prod, "deployer", &id);
    let without = |key: &str| {
        let mut less = ours.clone();
        less.remove(key);
        less
    };
    match nth % 16 {
        0 => (name, path, BTreeMap::new()),
        1 => (name, path, without(DEPLOYMENT)),
        2 => (name, path, without(TAG_LEASE)),
        3 => (name, path, without(TAG_ROLE)),
        4 => (name, path, tags(test, "deployer", &id)),
        5 => (name, path, tags(prod, "deployer", "01KAQ000000000000000099999")),
        6 => (name, path, tags(prod, "other", &id)),
        7 => (name, "/".to_owned(), ours),
        8 => (name, "/leasehold/prod-2/ci/".to_owned(), ours),
        9 => (name, "/leasehold/test/".to_owned(), tags(test, "deployer", &id)),
        10 => (name, "/Leasehold/Prod/ci/".to_owned(), ours),
        11 => (format!("Deployer-{id}"), path, ours),
        12 => (format!("deployer-{}", id.to_lowercase()), path, ours),
        13 => (name, path, without(TAG_LINEAGE)),
        14 => (name, path, tags(("prod", "01KAQ000000000000000000000"), "deployer", &id)),
        _ => (format!("somebody{nth}"), path, ours),
    }
}

#[test]
fn users_of_others_are_never_touched() {
    let (users, sweeps) = (size(96, 500), size(4, 50));
    let (scene, store) = applied(&full_role());
    let lineage = block_on(read_record(&store)).expect("readable").expect("applied").1.head.lineage;
    for nth in 0..users {
        let (name, path, tags) = lookalike(nth, &lineage);
        scene.cloud.put_user(&name, &path, tags);
        scene.cloud.hang(&name, Attachment::AccessKey, &format!("AKIAOTHER{nth:011}"));
        scene.cloud.hang(&name, Attachment::InlinePolicy, "leasehold-expiry");
    }
    let others: Vec<FakeUser> = scene.cloud.live_users();
    let (mut ended, mut reported) = (0, 0);
    for round in 0..sweeps {
        scene.issue(&store, "deployer").map(drop).expect("issued");
        let request = leasehold::app::SweepRequest { full: round % 3 == 0, ..sweeping() };
        for _ in 0..2 {
            scene.clock.advance(SignedDuration::from_mins(40));
            let swept = scene.sweep_as(&store, request).expect("swept");
            assert!(swept.unrecorded.is_empty() && swept.failed.is_empty(), "{swept:?}");
            ended += swept.deleted;
            reported = swept.foreign.len();
        }
        let now: Vec<FakeUser> =
            scene.cloud.live_users().into_iter().filter(|user| others.iter().any(|it| it.live == user.live)).collect();
        assert_eq!(now, others, "sweep {round}");
    }
    assert_eq!(ended, sweeps, "our own users were ended meanwhile");
    println!("{users} look-alikes, {} sweeps: 0 touched, {reported} below our path reported each time", 2 * sweeps);
    assert!(reported > 0);
}
