//! What every [`StateStore`] must do. A backend's tests call [`run_all`]; whatever does not hold panics with its reason.
#![allow(clippy::expect_used, clippy::panic, reason = "a conformance suite speaks by panicking, like any test")]

use std::future::Future;
use std::pin::Pin;

use crate::ports::{StateStore, StoreError, Version};

/// A boxed future for the executor that [`run_all`] is given.
pub type Job<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Runs the whole suite.
///
/// `fresh` makes a new, empty store and returns a function that opens it, once for each writer: handles of one store
/// share its objects as processes would. `run` is the executor the backend needs, [`super::block_on`] or a runtime's;
/// it is called from several threads at once.
pub fn run_all<S, Open>(fresh: impl Fn() -> Open, run: impl Fn(Job<'_>) + Sync)
where
    S: StateStore + Send + Sync,
    Open: Fn() -> S + Sync,
{
    run(Box::pin(an_empty_store_has_nothing(&fresh()())));
    run(Box::pin(what_is_created_reads_back(&fresh()())));
    run(Box::pin(create_never_overwrites(&fresh()())));
    run(Box::pin(replace_needs_the_present_version(&fresh()())));
    run(Box::pin(replace_never_creates(&fresh()())));
    run(Box::pin(remove_needs_the_present_version(&fresh()())));
    run(Box::pin(versions_follow_the_bytes(&fresh()())));
    run(Box::pin(list_is_sorted_and_by_prefix(&fresh()())));
    run(Box::pin(list_before_ends_where_it_is_told(&fresh()())));
    run(Box::pin(bad_keys_are_refused(&fresh()())));
    let open = fresh();
    run(Box::pin(handles_share_their_objects(&open(), &open())));
    concurrent_creates_have_one_winner(&fresh(), &run);
    concurrent_increments_lose_nothing(&fresh(), &run);
}

async fn bytes_of(store: &impl StateStore, key: &str) -> Option<Vec<u8>> {
    store.get(key).await.expect("get").map(|object| object.bytes)
}

fn assert_conflict<T>(result: Result<T, StoreError>, on: &str) {
    match result {
        Err(StoreError::Conflict { key }) => assert_eq!(key, on, "the conflict names its object"),
        Err(error) => panic!("a conflict on `{on}` must be reported as one, not as: {error}"),
        Ok(_) => panic!("a write on `{on}` that must conflict was accepted"),
    }
}

/// Reading and listing what was never written is no error.
pub async fn an_empty_store_has_nothing(store: &impl StateStore) {
    assert_eq!(store.get("head.json").await.expect("get"), None);
    assert_eq!(store.get("lease/missing.json").await.expect("get"), None);
    assert_eq!(store.list("").await.expect("list"), Vec::<String>::new());
    assert_eq!(store.list("lease/").await.expect("list"), Vec::<String>::new());
    assert!(!store.location().is_empty());
}

/// Empty, small, binary and large objects come back byte for byte, with the version that the write returned.
pub async fn what_is_created_reads_back(store: &impl StateStore) {
    let large: Vec<u8> = (0..3_000_000_u32).map(|n| n.to_le_bytes()[n as usize % 3]).collect();
    let cases: [(&str, &[u8]); 4] =
        [("empty", b""), ("head.json", b"{}"), ("a/b/c/binary", &[0, 255, 10, 13, 0]), ("snap/large.json", &large)];
    for (key, bytes) in cases {
        let version = store.create(key, bytes).await.expect("create");
        let object = store.get(key).await.expect("get").expect("present");
        assert!(object.bytes == bytes, "`{key}` reads back as it was written");
        assert_eq!(object.version, version, "get and create agree on the version of `{key}`");
    }
}

/// The second create of a key conflicts, even with the same bytes, and changes nothing.
pub async fn create_never_overwrites(store: &impl StateStore) {
    store.create("lease/1.json", b"first").await.expect("create");
    assert_conflict(store.create("lease/1.json", b"second").await, "lease/1.json");
    assert_conflict(store.create("lease/1.json", b"first").await, "lease/1.json");
    assert_eq!(bytes_of(store, "lease/1.json").await.as_deref(), Some(&b"first"[..]));
}

/// A replace with the present version is done once; with any other it conflicts and changes nothing.
pub async fn replace_needs_the_present_version(store: &impl StateStore) {
    let first = store.create("head.json", b"1").await.expect("create");
    let second = store.replace("head.json", &first, b"2").await.expect("replace");
    assert_conflict(store.replace("head.json", &first, b"3").await, "head.json");
    assert_conflict(store.replace("head.json", &Version("no such version".to_owned()), b"3").await, "head.json");
    assert_eq!(bytes_of(store, "head.json").await.as_deref(), Some(&b"2"[..]));
    store.replace("head.json", &second, b"").await.expect("replace with nothing");
    assert_eq!(bytes_of(store, "head.json").await.as_deref(), Some(&b""[..]));
}

/// A replace of what is not there conflicts and makes nothing.
pub async fn replace_never_creates(store: &impl StateStore) {
    let version = store.create("other", b"1").await.expect("create");
    assert_conflict(store.replace("head.json", &version, b"1").await, "head.json");
    assert_conflict(store.replace("lease/1.json", &version, b"1").await, "lease/1.json");
    assert_eq!(store.list("").await.expect("list"), ["other"]);
}

/// An object goes when its version is the present one; one that is gone is no conflict, and its key is free again.
pub async fn remove_needs_the_present_version(store: &impl StateStore) {
    let absent = Version("absent".to_owned());
    store.remove("due/1.json", &absent).await.expect("there is nothing to remove, and no folder either");
    let first = store.create("due/1.json", b"1").await.expect("create");
    assert_conflict(store.remove("due/1.json", &absent).await, "due/1.json");
    let second = store.replace("due/1.json", &first, b"2").await.expect("replace");
    assert_conflict(store.remove("due/1.json", &first).await, "due/1.json");
    assert_eq!(bytes_of(store, "due/1.json").await.as_deref(), Some(&b"2"[..]));
    store.remove("due/1.json", &second).await.expect("remove");
    store.remove("due/1.json", &second).await.expect("it is gone already");
    assert_eq!(store.get("due/1.json").await.expect("get"), None);
    assert_eq!(store.list("").await.expect("list"), Vec::<String>::new());
    assert_conflict(store.replace("due/1.json", &second, b"3").await, "due/1.json");
    store.create("due/1.json", b"4").await.expect("the key is free again");
}

/// Every write of other bytes gives another version, and get returns the last.
pub async fn versions_follow_the_bytes(store: &impl StateStore) {
    let mut version = store.create("head.json", b"0").await.expect("create");
    let mut seen = vec![version.clone()];
    for n in 1..10_u32 {
        version = store.replace("head.json", &version, n.to_string().as_bytes()).await.expect("replace");
        assert!(!seen.contains(&version), "write {n} repeats an older version");
        assert_eq!(store.get("head.json").await.expect("get").map(|object| object.version), Some(version.clone()));
        seen.push(version.clone());
    }
}

/// A prefix is a prefix of the key's text, wherever it is cut; the order is that of the keys' bytes.
pub async fn list_is_sorted_and_by_prefix(store: &impl StateStore) {
    let keys = [
        "lease/B.json",
        "lease/a.json",
        "lease-x",
        "lease/A/1",
        "audit/2026-11-23/1.json",
        "head.json",
        "lease/A.json",
    ];
    for key in keys {
        store.create(key, key.as_bytes()).await.expect("create");
    }
    let mut sorted = keys.to_vec();
    sorted.sort_unstable();
    assert_eq!(store.list("").await.expect("list"), sorted);
    for prefix in
        ["lease/", "lease", "lease/A", "lease/A/", "audit/2026", "audit/2026-11-23/1.json", "zzz", "lease/A/1/"]
    {
        let expected: Vec<&str> = sorted.iter().copied().filter(|key| key.starts_with(prefix)).collect();
        assert_eq!(store.list(prefix).await.expect("list"), expected, "prefix `{prefix}`");
    }
}

/// What sorts at or after the end is left out, wherever the end lies; the rest is as [`StateRead::list`] gives it.
///
/// [`StateRead::list`]: crate::ports::StateRead::list
pub async fn list_before_ends_where_it_is_told(store: &impl StateStore) {
    let keys =
        ["due/2026-11-25/235959Z-b", "due/2026-11-26/000000Z-a", "due/2026-11-26/120000Z-a", "due/2026-11-27/1", "dv"];
    for key in keys {
        store.create(key, b"{}").await.expect("create");
    }
    for end in [
        "due/2026-11-26/000000Z",
        "due/2026-11-26/000000Z-a",
        "due/2026-11-26/000000Z-b",
        "due/2026-11-26",
        "due/",
        "e",
        "a",
        "due/2026-11-27/",
    ] {
        let expected: Vec<&str> = keys.iter().copied().filter(|key| key.starts_with("due/") && *key < end).collect();
        assert_eq!(store.list_before("due/", end).await.expect("list"), expected, "before `{end}`");
    }
    assert_eq!(store.list_before("due/2026-11-26/", "z").await.expect("list"), keys[1..3]);
}

/// Keys outside the grammar are refused by every method, and nothing is made.
pub async fn bad_keys_are_refused(store: &impl StateStore) {
    let long = "k".repeat(crate::ports::KEY_MAX + 1);
    let version = Version("any".to_owned());
    let bad = [
        "", "/", "/head", "head/", "a//b", ".", "..", "../head", "a/../b", "a/./b", ".hidden", "a/.tmp-1", "a b", "ä",
        "a\\b", "a\0", "a\n", "a:b", "a*", &long,
    ];
    for key in bad {
        assert!(matches!(store.get(key).await, Err(StoreError::Unusable { .. })), "get of {key:?}");
        assert!(matches!(store.create(key, b"x").await, Err(StoreError::Unusable { .. })), "create of {key:?}");
        assert!(
            matches!(store.replace(key, &version, b"x").await, Err(StoreError::Unusable { .. })),
            "replace of {key:?}"
        );
        assert!(matches!(store.remove(key, &version).await, Err(StoreError::Unusable { .. })), "remove of {key:?}");
    }
    for prefix in ["/", "../", "a//", ".h", "a/../", "a b"] {
        assert!(matches!(store.list(prefix).await, Err(StoreError::Unusable { .. })), "list of {prefix:?}");
    }
    assert_eq!(store.list("").await.expect("list"), Vec::<String>::new());
}

/// What one handle writes, another reads at once, and their versions are the same.
pub async fn handles_share_their_objects(one: &impl StateStore, other: &impl StateStore) {
    let version = one.create("head.json", b"1").await.expect("create");
    assert_eq!(other.get("head.json").await.expect("get").map(|object| object.version), Some(version.clone()));
    other.replace("head.json", &version, b"2").await.expect("replace");
    assert_conflict(one.replace("head.json", &version, b"3").await, "head.json");
}

/// Writers at once.
const WRITERS: usize = 8;
/// Writes of each.
const ROUNDS: usize = 12;

/// Of several writers that create one key at once, exactly one wins, and its bytes stay.
pub fn concurrent_creates_have_one_winner<S>(open: &(impl Fn() -> S + Sync), run: &(impl Fn(Job<'_>) + Sync))
where
    S: StateStore + Send + Sync,
{
    let wins = std::sync::Mutex::new(Vec::new());
    let start = std::sync::Barrier::new(WRITERS);
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (wins, start) = (&wins, &start);
            scope.spawn(move || {
                let store = open();
                start.wait();
                for round in 0..ROUNDS {
                    run(Box::pin(async {
                        let (key, bytes) = (format!("lease/{round}.json"), format!("writer {writer}"));
                        match store.create(&key, bytes.as_bytes()).await {
                            Ok(_) => wins.lock().expect("no writer panicked").push((key, bytes)),
                            Err(error) => assert_conflict::<()>(Err(error), &key),
                        }
                    }));
                }
            });
        }
    });
    let mut wins = wins.into_inner().expect("no writer panicked");
    wins.sort();
    run(Box::pin(async {
        let store = open();
        let won: Vec<&str> = wins.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(store.list("lease/").await.expect("list"), won, "each key has one winner");
        for (key, bytes) in &wins {
            assert_eq!(
                bytes_of(&store, key).await.as_deref(),
                Some(bytes.as_bytes()),
                "the winner's bytes are in `{key}`"
            );
        }
    }));
}

/// Several writers count one number up by compare-and-swap: no increment is lost, and no other error than a conflict
/// is seen.
pub fn concurrent_increments_lose_nothing<S>(open: &(impl Fn() -> S + Sync), run: &(impl Fn(Job<'_>) + Sync))
where
    S: StateStore + Send + Sync,
{
    run(Box::pin(async {
        open().create("counter", b"0").await.expect("create");
    }));
    std::thread::scope(|scope| {
        for _ in 0..WRITERS {
            scope.spawn(move || {
                let store = open();
                run(Box::pin(async {
                    for _ in 0..ROUNDS {
                        increment(&store).await;
                    }
                }));
            });
        }
    });
    run(Box::pin(async {
        let total = bytes_of(&open(), "counter").await.expect("present");
        assert_eq!(String::from_utf8(total).expect("digits"), (WRITERS * ROUNDS).to_string());
    }));
}

async fn increment(store: &impl StateStore) {
    loop {
        let object = store.get("counter").await.expect("get").expect("present");
        let count: usize =
            String::from_utf8(object.bytes).expect("digits").parse().expect("a number, never half of one");
        match store.replace("counter", &object.version, (count + 1).to_string().as_bytes()).await {
            Ok(_) => return,
            Err(error) => assert_conflict::<()>(Err(error), "counter"),
        }
    }
}
