//! The audit of real commands: whole as they leave it, and never whole after somebody was at it.

use std::future::pending;

use jiff::SignedDuration;
use leasehold::app::audit::{AuditFilter, list_audit, show_audit, verify_audit};
use leasehold::app::{Meaning, Patient};
use leasehold::domain::audit::{AuditAction, FaultKind, LATE_AFTER, Report};
use leasehold::domain::world::LivePolicy;
use leasehold::ports::{Clock as _, CloudRead, Object, StateRead, StateStore, StoreError, Version};
use leasehold::testing::{MemoryStore, Trouble, block_on};

use crate::scene::{READ_ONLY, READ_WRITE, Scene, USER, arn, role, trusting, user_role};

fn verified(store: &MemoryStore, scene: &Scene) -> Report {
    block_on(verify_audit(store, scene.clock.now())).expect("an audit that can be read")
}

/// Two applies with an issue and a refusal between them, an hour apart.
fn history() -> (Scene, MemoryStore) {
    let (scene, store) = (Scene::new(), MemoryStore::new());
    let hour = SignedDuration::from_hours(1);
    scene.apply(&store, &role("app", READ_ONLY, "max_sts_ttl: 1h")).expect("applied");
    scene.clock.advance(hour);
    scene.issue(&store, "app").map(drop).expect("issued");
    scene.issue(&store, "nothing").map(drop).expect_err("refused");
    scene.clock.advance(hour);
    let more = role("app", READ_ONLY, "max_sts_ttl: 1h") + &role("rw", READ_WRITE, "max_sts_ttl: 1h");
    scene.apply(&store, &more).expect("applied");
    (scene, store)
}

/// What of the events of `issue` names the caller, in their order.
fn callers(store: &MemoryStore) -> Vec<(AuditAction, Option<String>)> {
    let all = block_on(list_audit(store, AuditFilter::default())).expect("listed");
    let events = all.into_iter().map(|stored| stored.event.expect("sound"));
    events.filter(|event| event.lease.is_some()).map(|event| (event.action, event.caller_arn)).collect()
}

#[test]
fn who_asked_is_named_as_soon_as_aws_has_said_so() {
    let requested = (AuditAction::IssueRequested, None);
    let caller = |scene: &Scene| block_on(CloudRead::caller_identity(&scene.cloud)).expect("always allowed").arn;
    let kinds = [
        (Scene::new(), role("app", READ_ONLY, "max_sts_ttl: 1h")),
        (Scene::with_broker(USER), user_role("app", "")),
        (
            Scene::with_broker(USER),
            role("app", READ_ONLY, "").replace(&format!("role_arns: [{READ_ONLY}]"), "credential_type: session_token"),
        ),
    ];
    for (scene, roles) in kinds {
        let store = MemoryStore::new();
        scene.apply(&store, &roles).expect("applied");
        let issued = scene.issue(&store, "app").expect("issued");
        assert!(!issued.notes.iter().any(|note| note.contains("ARN")), "{:?}", issued.notes);
        assert_eq!(callers(&store), [requested.clone(), (AuditAction::IssueGranted, Some(caller(&scene)))], "{roles}");
    }

    let (scene, store) = (Scene::new(), MemoryStore::new());
    scene.apply(&store, &role("app", READ_ONLY, "max_sts_ttl: 1h")).expect("applied");
    scene.cloud.edit_role(&arn(READ_ONLY), |live| live.trust = LivePolicy::read(&trusting(USER)));
    scene.issue(&store, "app").map(drop).expect_err("refused by AWS");
    assert_eq!(callers(&store), [requested, (AuditAction::IssueRefused, Some(caller(&scene)))]);
}

#[test]
fn a_session_does_not_depend_on_who_asked_and_the_silence_is_told() {
    let (scene, store) = (Scene::new(), MemoryStore::new());
    scene.apply(&store, &role("app", READ_ONLY, "max_sts_ttl: 1h")).expect("applied");
    scene.cloud.trouble(CloudRead::calls(&scene.cloud) + 2, Trouble::Throttle);
    let issued = scene.issue(&store, "app").expect("issued");
    let told: Vec<_> = issued.notes.iter().filter(|note| note.contains("sts:GetCallerIdentity")).collect();
    assert_eq!(told.len(), 1, "{:?}", issued.notes);
    assert_eq!(callers(&store), [(AuditAction::IssueRequested, None), (AuditAction::IssueGranted, None)]);
    assert_eq!(verified(&store, &scene).faults, []);
}

fn keys(store: &MemoryStore) -> Vec<String> {
    store.objects().into_keys().filter(|key| key.starts_with("audit/")).collect()
}

#[test]
fn an_honest_audit_is_whole_and_an_apply_vouches_for_what_was_before() {
    let (scene, store) = history();
    let report = verified(&store, &scene);
    assert_eq!(report.faults, []);
    assert_eq!((report.events, report.covered, report.leases), (7, 5, 1));
    let all = block_on(list_audit(&store, AuditFilter::default())).expect("listed");
    let covering = all.iter().filter_map(|stored| stored.event.as_ref().ok()?.covers.as_ref());
    assert_eq!(covering.map(|covers| covers.count).collect::<Vec<_>>(), [5]);
}

#[test]
fn any_byte_changed_in_an_event_and_any_event_removed_is_found() {
    let (scene, store) = history();
    let keys = keys(&store);
    let (last, held) = keys.split_last().expect("events");
    for key in held {
        let bytes = store.objects()[key].clone();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            store.tamper(key, Some(changed));
            // Not every other byte is another event, but every other digest is.
            assert!(!verified(&store, &scene).faults.is_empty(), "{key} at {at}");
        }
        store.tamper(key, None);
        assert!(!verified(&store, &scene).faults.is_empty(), "{key} removed");
        store.tamper(key, Some(bytes));
    }
    // Nothing names the newest yet: the head names the event before it.
    store.tamper(last, None);
    assert_eq!(verified(&store, &scene).faults, []);
    for key in &keys {
        store.tamper(key, None);
    }
    let kinds: Vec<_> = verified(&store, &scene).faults.into_iter().map(|fault| fault.kind).collect();
    assert_eq!(kinds, [FaultKind::NoRequest, FaultKind::LeaseTail, FaultKind::HeadTail]);
}

#[test]
fn what_is_vouched_for_is_vouched_for_once() {
    let (scene, store) = history();
    for days in [1, 7, 30, 400] {
        scene.clock.advance(SignedDuration::from_hours(days * 24));
        scene.apply(&store, &role("app", READ_ONLY, &format!("max_sts_ttl: {}m", 15 + days.min(40)))).expect("applied");
        let report = verified(&store, &scene);
        assert_eq!(report.faults, []);
        // All but the two events of the last apply.
        assert_eq!(report.covered + 2, report.events);
    }
}

#[test]
fn events_are_found_by_what_they_say() {
    let (scene, store) = history();
    let listed = |filter| block_on(list_audit(&store, filter)).expect("listed");
    let granted = listed(AuditFilter { action: Some(AuditAction::IssueGranted), ..AuditFilter::default() });
    assert_eq!(granted.len(), 1);
    let event = granted[0].event.clone().expect("readable");
    let path = format!("aws/creds/app/{}", event.lease.clone().expect("a lease"));
    assert_eq!(listed(AuditFilter { lease: Some(&path), ..AuditFilter::default() }).len(), 2);
    assert_eq!(listed(AuditFilter { role: Some("app"), ..AuditFilter::default() }).len(), 2);
    assert_eq!(listed(AuditFilter { since: Some(scene.clock.now()), ..AuditFilter::default() }), []);
    assert_eq!(listed(AuditFilter { since: Some(event.at), ..AuditFilter::default() }).len(), 4);
    for stored in listed(AuditFilter::default()) {
        let id = stored.id().expect("a key of ours");
        assert_eq!(block_on(show_audit(&store, id.as_str())).expect("there"), stored);
    }
    assert_eq!(block_on(show_audit(&store, "x")).expect_err("no id").kind, "bad-event-id");
    let other = "01JZ0000000000000000000000";
    assert_eq!(block_on(show_audit(&store, other)).expect_err("none").kind, "no-such-event");
}

/// A store whose audit never answers a write after the first few.
struct Hanging(MemoryStore, usize);

impl StateRead for Hanging {
    async fn get(&self, key: &str) -> Result<Option<Object>, StoreError> {
        self.0.get(key).await
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        self.0.list(prefix).await
    }

    async fn list_before(&self, prefix: &str, end: &str) -> Result<Vec<String>, StoreError> {
        self.0.list_before(prefix, end).await
    }

    fn location(&self) -> String {
        self.0.location()
    }
}

impl StateStore for Hanging {
    async fn create(&self, key: &str, bytes: &[u8]) -> Result<Version, StoreError> {
        if key.starts_with("audit/") && keys(&self.0).len() >= self.1 {
            pending::<()>().await;
        }
        self.0.create(key, bytes).await
    }

    async fn replace(&self, key: &str, expected: &Version, bytes: &[u8]) -> Result<Version, StoreError> {
        self.0.replace(key, expected, bytes).await
    }

    async fn remove(&self, key: &str, expected: &Version) -> Result<(), StoreError> {
        self.0.remove(key, expected).await
    }
}

#[test]
fn an_audit_that_hangs_is_given_up_and_nothing_is_handed_out() {
    // The request cannot be written; or it can, and the answer cannot.
    for (written, sessions) in [(0, 0), (1, 1)] {
        let (scene, store) = (Scene::new(), MemoryStore::new());
        scene.apply(&store, &role("app", READ_ONLY, "max_sts_ttl: 1h")).expect("applied");
        let hanging = Hanging(store.clone(), keys(&store).len() + written);
        let patient = Patient::new(hanging, scene.clock.clone(), SignedDuration::from_secs(10));
        let begin = scene.clock.now();
        let failure = scene.issue(&patient, "app").map(drop).expect_err("refused");
        assert_eq!(failure.meaning, Meaning::AuditNotWritable);
        assert_eq!(scene.cloud.sessions().len(), sessions);
        let took = scene.clock.now().duration_since(begin);
        assert!(SignedDuration::from_secs(10) <= took && took < LATE_AFTER, "{took:#}");
        assert_eq!(verified(&store, &scene).faults, []);
    }
}
