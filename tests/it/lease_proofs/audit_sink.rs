//! An audit trail that cannot be written: nothing is handed over, and what was made is ended.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use jiff::SignedDuration;
use leasehold::app::audit::Who;
use leasehold::app::{Meaning, issue};
use leasehold::ports::{Object, StateRead, StateStore, StoreError, Version};
use leasehold::state::FileStore;
use leasehold::testing::{Fault, FaultyStore, MemoryStore};

use super::{applied, full_role, other_role, sweep_out};
use crate::scene::{Scene, request};

/// Never answers a write of an audit event from the one with this number on.
struct Hanging<'a> {
    inner: &'a MemoryStore,
    from: usize,
    written: std::sync::atomic::AtomicUsize,
}

impl StateRead for Hanging<'_> {
    async fn get(&self, key: &str) -> Result<Option<Object>, StoreError> {
        self.inner.get(key).await
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        self.inner.list(prefix).await
    }

    async fn list_before(&self, prefix: &str, end: &str) -> Result<Vec<String>, StoreError> {
        self.inner.list_before(prefix, end).await
    }

    fn location(&self) -> String {
        self.inner.location()
    }
}

impl StateStore for Hanging<'_> {
    async fn create(&self, key: &str, bytes: &[u8]) -> Result<Version, StoreError> {
        let is_audit = key.starts_with("audit/");
        if is_audit && self.written.fetch_add(1, std::sync::atomic::Ordering::SeqCst) >= self.from {
            std::future::pending::<()>().await;
        }
        self.inner.create(key, bytes).await
    }

    async fn replace(&self, key: &str, expected: &Version, bytes: &[u8]) -> Result<Version, StoreError> {
        self.inner.replace(key, expected, bytes).await
    }

    async fn remove(&self, key: &str, expected: &Version) -> Result<(), StoreError> {
        self.inner.remove(key, expected).await
    }
}

/// How many events of an issue are written before the trail breaks: none, or the request.
const FROM: [usize; 2] = [0, 1];

#[test]
fn a_full_sink_gets_no_credential() {
    for role in ["deployer", "app"] {
        for fault in [Fault::Refuse, Fault::Busy, Fault::LoseRequest, Fault::Conflict] {
            for from in FROM {
                let when = format!("{role}, {fault:?} from event {from}");
                let (scene, store) = applied(&(full_role() + &other_role()));
                let written = std::sync::atomic::AtomicUsize::new(0);
                let faulty = FaultyStore::new(store.clone(), move |call| {
                    let is_audit = call.operation.writes() && call.key.starts_with("audit/");
                    let number = if is_audit { written.fetch_add(1, std::sync::atomic::Ordering::SeqCst) } else { 0 };
                    (is_audit && number >= from).then_some(fault)
                });
                let failure = scene.issue(&faulty, role).map(drop).expect_err(&when);
                assert_eq!(failure.meaning, Meaning::AuditNotWritable, "{when}: {failure:?}");
                ended(&scene, &store, role, from, &when);
            }
        }
    }
}

#[test]
fn a_sink_that_hangs_gets_no_credential() {
    for role in ["deployer", "app"] {
        for from in FROM {
            let when = format!("{role}, hanging from event {from}");
            let (scene, store) = applied(&(full_role() + &other_role()));
            let hanging = Hanging { inner: &store, from, written: 0.into() };
            {
                let connect = async |_: &str| Ok((&scene.cloud, &scene.cloud));
                let who = Who::default();
                let issuing = issue(&hanging, connect, &scene.clock, &scene.ids, &who, request(role));
                let mut issuing = pin!(issuing);
                let mut context = Context::from_waker(Waker::noop());
                for _ in 0..100 {
                    assert!(matches!(issuing.as_mut().poll(&mut context), Poll::Pending), "{when}: it went on");
                }
                // The command's time is over, and its process ends.
            }
            ended(&scene, &store, role, from, &when);
        }
    }
}

#[test]
fn a_sink_that_is_unlinked_gets_no_credential() {
    for role in ["deployer", "app"] {
        for from in FROM {
            let when = format!("{role}, unlinked from event {from}");
            let (scene, made) = applied(&(full_role() + &other_role()));
            let folder = tempfile::tempdir().expect("a folder");
            let files = FileStore::open(folder.path()).expect("a state folder");
            for (key, bytes) in made.objects() {
                leasehold::testing::block_on(files.create(&key, &bytes)).expect("copied");
            }
            let audit = folder.path().join("audit");
            let written = std::sync::atomic::AtomicUsize::new(0);
            let breaking = FaultyStore::new(files, move |call| {
                let is_audit = call.operation.writes() && call.key.starts_with("audit/");
                if is_audit && written.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == from {
                    std::fs::remove_dir_all(&audit).expect("it is there");
                    std::fs::write(&audit, "").expect("written");
                }
                None
            });
            let failure = scene.issue(&breaking, role).map(drop).expect_err(&when);
            assert_eq!(failure.meaning, Meaning::AuditNotWritable, "{when}: {failure:?}");
            for minutes in [0, 61, 6, 11] {
                scene.clock.advance(SignedDuration::from_mins(minutes));
                let swept = scene.sweep(breaking.inner()).unwrap_or_else(|failure| panic!("{when}: {failure:?}"));
                // What is to end ends without the audit, and that is said.
                assert!(swept.failed.iter().all(|failed| failed.what == "the audit"), "{when}: {swept:?}");
            }
            assert!(scene.cloud.live_users().is_empty(), "{when}");
        }
    }
}

/// Nothing was made if the request could not be written down; otherwise a sweep ends it.
fn ended(scene: &Scene, store: &MemoryStore, role: &str, from: usize, when: &str) {
    let made = scene.cloud.live_users().len() + scene.cloud.sessions().len();
    let is_ended_already = role == "deployer" && scene.cloud.live_users().is_empty();
    assert!(made == from || is_ended_already, "{when}: {made} were made");
    for user in scene.cloud.live_users() {
        assert!(user.keys.is_empty() || when.contains("hanging"), "{when}: a key that was dropped is still there");
    }
    sweep_out(scene, store, when);
}
