//! A store that fails on cue.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::ports::{Object, StateRead, StateStore, StoreError, Version};

/// Which method was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// [`StateRead::get`].
    Get,
    /// [`StateStore::create`].
    Create,
    /// [`StateStore::replace`].
    Replace,
    /// [`StateStore::remove`].
    Remove,
    /// [`StateRead::list`] and [`StateRead::list_before`].
    List,
}

impl Operation {
    /// Whether it can change the store.
    #[must_use]
    pub fn writes(self) -> bool {
        matches!(self, Self::Create | Self::Replace | Self::Remove)
    }
}

/// One call, as the script sees it before it is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call<'a> {
    /// Calls made before this one, of any operation.
    pub index: usize,
    /// The method.
    pub operation: Operation,
    /// The key, or the prefix of a list.
    pub key: &'a str,
}

/// What goes wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing happens, and the caller is told so: [`StoreError::Unusable`].
    Refuse,
    /// Another process holds the lock: [`StoreError::Busy`], nothing happens.
    Busy,
    /// Another writer won, as far as the caller can tell: [`StoreError::Conflict`], nothing happens.
    Conflict,
    /// The request is lost on its way: nothing happens, and the caller gets [`StoreError::Ambiguous`].
    LoseRequest,
    /// The reply is lost on its way: it happens, and the caller gets [`StoreError::Ambiguous`].
    LoseReply,
    /// The process dies before the effect: this and every later call fails.
    KillBefore,
    /// The process dies after the effect: this and every later call fails.
    KillAfter,
}

type Script = Box<dyn Fn(&Call<'_>) -> Option<Fault> + Send + Sync>;

/// A decorator that asks a script before each call. What a killed process left is read through the inner store.
pub struct FaultyStore<S> {
    inner: S,
    script: Script,
    calls: AtomicUsize,
    killed: AtomicBool,
}

impl<S: StateRead + Sync> FaultyStore<S> {
    /// Passes every call on to `inner`, except where `script` names a fault.
    pub fn new(inner: S, script: impl Fn(&Call<'_>) -> Option<Fault> + Send + Sync + 'static) -> Self {
        Self { inner, script: Box::new(script), calls: AtomicUsize::new(0), killed: AtomicBool::new(false) }
    }

    /// One fault at the call with this index; to try a use case against a fault at every step, count up until
    /// [`FaultyStore::calls`] says that the step was not reached.
    pub fn failing_at(inner: S, index: usize, fault: Fault) -> Self {
        Self::new(inner, move |call| (call.index == index).then_some(fault))
    }

    /// Calls made so far.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// Whether the script has killed the process.
    #[must_use]
    pub fn is_killed(&self) -> bool {
        self.killed.load(Ordering::SeqCst)
    }

    /// The store behind.
    #[must_use]
    pub fn inner(&self) -> &S {
        &self.inner
    }

    /// The fault of the next call, with those that forbid its effect already turned into the error.
    fn before(&self, operation: Operation, key: &str) -> Result<Option<Fault>, StoreError> {
        let index = self.calls.fetch_add(1, Ordering::SeqCst);
        if self.is_killed() {
            return Err(self.unusable("the process was killed"));
        }
        let fault = (self.script)(&Call { index, operation, key });
        match fault {
            None | Some(Fault::LoseReply | Fault::KillAfter) => Ok(fault),
            Some(Fault::Refuse) => Err(self.unusable("refused by the script")),
            Some(Fault::Busy) => Err(StoreError::Busy { location: self.location() }),
            Some(Fault::Conflict) => Err(StoreError::Conflict { key: key.to_owned() }),
            Some(Fault::LoseRequest) => Err(lost(key, "the request")),
            Some(Fault::KillBefore) => Err(self.kill()),
        }
    }

    /// The result after the effect.
    fn after<T>(&self, fault: Option<Fault>, key: &str, result: Result<T, StoreError>) -> Result<T, StoreError> {
        match fault {
            Some(Fault::LoseReply) => Err(lost(key, "the reply")),
            Some(Fault::KillAfter) => Err(self.kill()),
            _ => result,
        }
    }

    fn kill(&self) -> StoreError {
        self.killed.store(true, Ordering::SeqCst);
        self.unusable("the process was killed")
    }

    fn unusable(&self, detail: &str) -> StoreError {
        StoreError::Unusable {
            location: self.location(),
            detail: detail.to_owned(),
            help: "this is a test's doing".to_owned(),
        }
    }
}

fn lost(key: &str, what: &str) -> StoreError {
    StoreError::Ambiguous { key: key.to_owned(), detail: format!("{what} was lost") }
}

impl<S: StateRead + Sync> StateRead for FaultyStore<S> {
    async fn get(&self, key: &str) -> Result<Option<Object>, StoreError> {
        let fault = self.before(Operation::Get, key)?;
        let result = self.inner.get(key).await;
        self.after(fault, key, result)
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        let fault = self.before(Operation::List, prefix)?;
        let result = self.inner.list(prefix).await;
        self.after(fault, prefix, result)
    }

    async fn list_before(&self, prefix: &str, end: &str) -> Result<Vec<String>, StoreError> {
        let fault = self.before(Operation::List, prefix)?;
        let result = self.inner.list_before(prefix, end).await;
        self.after(fault, prefix, result)
    }

    fn location(&self) -> String {
        self.inner.location()
    }
}

impl<S: StateStore + Sync> StateStore for FaultyStore<S> {
    async fn create(&self, key: &str, bytes: &[u8]) -> Result<Version, StoreError> {
        let fault = self.before(Operation::Create, key)?;
        let result = self.inner.create(key, bytes).await;
        self.after(fault, key, result)
    }

    async fn replace(&self, key: &str, expected: &Version, bytes: &[u8]) -> Result<Version, StoreError> {
        let fault = self.before(Operation::Replace, key)?;
        let result = self.inner.replace(key, expected, bytes).await;
        self.after(fault, key, result)
    }

    async fn remove(&self, key: &str, expected: &Version) -> Result<(), StoreError> {
        let fault = self.before(Operation::Remove, key)?;
        let result = self.inner.remove(key, expected).await;
        self.after(fault, key, result)
    }
}

impl<S: fmt::Debug> fmt::Debug for FaultyStore<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultyStore")
            .field("inner", &self.inner)
            .field("calls", &self.calls)
            .field("killed", &self.killed)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MemoryStore, block_on};

    fn create_with(fault: Fault) -> (FaultyStore<MemoryStore>, StoreError) {
        let store = FaultyStore::failing_at(MemoryStore::new(), 0, fault);
        let error = block_on(store.create("a", b"1")).expect_err("the script says so");
        (store, error)
    }

    #[test]
    fn a_lost_request_and_a_lost_reply_differ_only_in_the_effect() {
        let (store, error) = create_with(Fault::LoseRequest);
        assert!(matches!(error, StoreError::Ambiguous { .. }));
        assert!(store.inner().objects().is_empty());
        let (store, error) = create_with(Fault::LoseReply);
        assert!(matches!(error, StoreError::Ambiguous { .. }));
        assert_eq!(store.inner().objects().len(), 1);
        block_on(store.get("a")).expect("only the first call failed");
    }

    #[test]
    fn refusals_have_no_effect_and_their_own_meaning() {
        for fault in [Fault::Refuse, Fault::Busy, Fault::Conflict, Fault::KillBefore] {
            let (store, error) = create_with(fault);
            assert!(store.inner().objects().is_empty(), "{fault:?}");
            match fault {
                Fault::Busy => assert!(matches!(error, StoreError::Busy { .. })),
                Fault::Conflict => assert!(matches!(error, StoreError::Conflict { .. })),
                _ => assert!(matches!(error, StoreError::Unusable { .. })),
            }
        }
    }

    #[test]
    fn after_a_kill_nothing_works() {
        let (store, _) = create_with(Fault::KillAfter);
        assert!(store.is_killed());
        assert_eq!(store.inner().objects().len(), 1);
        assert!(block_on(store.get("a")).is_err());
        assert!(block_on(store.list("")).is_err());
        assert_eq!(store.calls(), 3);
    }

    #[test]
    fn the_script_sees_operation_and_key() {
        let store = FaultyStore::new(MemoryStore::new(), |call| {
            (call.operation.writes() && call.key.starts_with("audit/")).then_some(Fault::Refuse)
        });
        block_on(store.create("lease/1", b"")).expect("not an audit event");
        block_on(store.get("audit/1")).expect("not a write");
        assert!(block_on(store.create("audit/1", b"")).is_err());
    }
}
