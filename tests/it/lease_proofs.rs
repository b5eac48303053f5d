//! The claims about leases, each tried in many runs. `LEASEHOLD_LARGE_PROOFS=1` switches the large forms on, which print
//! their figures; `tests/README.md` has them.

mod account;
mod audit_sink;
mod bad_line;
mod caps;
mod crashes;
mod damage;
mod economy;
mod lookalikes;
mod outage;
mod process;
mod processes;
mod read_lag;
mod secrets;
mod sweep_memory;
mod twice;

use std::collections::BTreeMap;

use jiff::SignedDuration;
use leasehold::app::ledger;
use leasehold::domain::ident::AccountId;
use leasehold::domain::lease::{Lease, LeaseState};
use leasehold::ports::StateStore as _;
use leasehold::state::FileStore;
use leasehold::testing::{MemoryStore, block_on};
use leasehold::wire::state_v1;

use self::process::Process;
use crate::sandbox::Sandbox;
use crate::scene::{READ_ONLY, Scene, role, user_role};

/// Whether the large forms run.
fn large() -> bool {
    std::env::var_os("LEASEHOLD_LARGE_PROOFS").is_some()
}

/// The size of a proof: its small form, or its large one.
pub(crate) fn size(small: u64, big: u64) -> u64 {
    if large() { big } else { small }
}

/// A role whose users carry one of everything that `issue` hangs on them.
pub(crate) fn full_role() -> String {
    user_role(
        "deployer",
        "policy_document:\n  Version: \"2012-10-17\"\n  Statement: [{Effect: Allow, Action: \"s3:GetObject\", Resource: \"*\"}]\niam_groups: [ops]",
    )
}

/// A role that makes no users.
pub(crate) fn other_role() -> String {
    role("app", READ_ONLY, "max_sts_ttl: 1h")
}

/// A scene with these roles applied.
pub(crate) fn applied(roles: &str) -> (Scene, MemoryStore) {
    let (scene, store) = (Scene::new(), MemoryStore::new());
    scene.cloud.put_group(&AccountId::parse("111122223333").expect("an account"), "ops");
    scene.apply(&store, roles).expect("applied");
    (scene, store)
}

/// Puts what a store holds into the state folder of a sandbox.
pub(crate) fn into_folder(store: &MemoryStore, sandbox: &Sandbox) {
    let folder = FileStore::open(&sandbox.repo().join(".leasehold")).expect("a store");
    for (key, bytes) in store.objects() {
        block_on(folder.create(&key, &bytes)).expect("written");
    }
}

/// The leases of users, by the user's name.
fn leases(store: &MemoryStore) -> BTreeMap<String, Lease> {
    let objects = store.objects();
    let leases = objects.iter().filter(|(key, _)| key.starts_with("lease/"));
    leases
        .map(|(_, bytes)| state_v1::decode_lease(bytes).expect("a lease").body)
        .filter_map(|lease| Some((lease.request.user.as_ref()?.name.clone(), lease)))
        .collect()
}

/// Holds every live user to a lease that has not ended: no user without a record, and no record ended before its user.
#[track_caller]
fn accounted(scene: &Scene, store: &MemoryStore, when: &str) {
    let users = scene.cloud.live_users();
    if users.is_empty() {
        return;
    }
    let leases = leases(store);
    for user in users {
        let lease = leases.get(&user.live.name);
        let lease = lease.unwrap_or_else(|| panic!("{when}: the user {} has no lease", user.live.name));
        let ended = matches!(lease.state, LeaseState::Ended(_));
        assert!(!ended, "{when}: {:?} while its user lives", lease.state);
    }
}

/// Lets time pass and sweeps until nothing is left to do, with every live user accounted for all the while.
#[track_caller]
fn sweep_out(scene: &Scene, store: &MemoryStore, when: &str) {
    for minutes in [0, 1, 6, 11, 60, 540, 6, 11, 11] {
        scene.clock.advance(SignedDuration::from_mins(minutes));
        let process = Process::new(scene, store, when);
        let swept = scene.sweep(&process).unwrap_or_else(|failure| panic!("{when}: {failure:?}"));
        assert!(swept.foreign.is_empty() && swept.unrecorded.is_empty(), "{when}: {swept:?}");
        accounted(scene, store, when);
    }
    let left = scene.cloud.live_users();
    assert!(left.is_empty(), "{when}: {left:?} is left, with {:?}", leases(store));
    for lease in block_on(ledger::all(store)).expect("a ledger") {
        assert!(matches!(lease.state, LeaseState::Ended(_)), "{when}: {lease:?} never ended");
    }
}

/// Sweeps until the tombstones are gone, and holds the store to holding nothing of any lease.
#[track_caller]
fn sweep_away(scene: &Scene, store: &MemoryStore, when: &str) {
    for days in [91, 1] {
        scene.clock.advance(SignedDuration::from_hours(24 * days));
        let _ = scene.sweep(store).unwrap_or_else(|failure| panic!("{when}: {failure:?}"));
    }
    let of_leases = |key: &String| key.starts_with("lease/") || key.starts_with("due/");
    let left: Vec<String> = store.objects().into_keys().filter(of_leases).collect();
    assert!(left.is_empty(), "{when}: {left:?}");
}
