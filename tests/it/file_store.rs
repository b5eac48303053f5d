//! The file store against the conformance suite, against a hostile folder, and against kill -9.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use leasehold::ports::{StateRead as _, StateStore as _, StoreError};
use leasehold::state::FileStore;
use leasehold::testing::{block_on, store_conformance};

fn store(path: &Path) -> FileStore {
    FileStore::open(path).expect("a usable folder")
}

/// The detail and help of a store that cannot be used.
fn unusable<T: std::fmt::Debug>(result: Result<T, StoreError>) -> (String, String) {
    match result {
        Err(StoreError::Unusable { detail, help, .. }) => (detail, help),
        other => panic!("expected an unusable store, got {other:?}"),
    }
}

#[test]
fn it_conforms() {
    store_conformance::run_all(
        || {
            let folder = tempfile::tempdir().expect("tempdir");
            move || store(&folder.path().join("state"))
        },
        |job| block_on(job),
    );
}

#[test]
fn symlinks_in_the_folder_are_refused_and_never_followed() {
    let temp = tempfile::tempdir().expect("tempdir");
    let (root, outside) = (temp.path().join("state"), temp.path().join("outside"));
    std::fs::create_dir_all(&root).expect("made");
    std::fs::create_dir_all(&outside).expect("made");
    std::fs::write(outside.join("1.json"), "outside").expect("written");
    symlink(&outside, root.join("lease")).expect("linked");
    symlink(outside.join("1.json"), root.join("head.json")).expect("linked");
    let store = store(&root);

    for detail in [
        unusable(block_on(store.get("head.json"))).0,
        unusable(block_on(store.get("lease/1.json"))).0,
        unusable(block_on(store.list("lease/"))).0,
        unusable(block_on(store.list(""))).0,
        unusable(block_on(store.create("lease/2.json", b"x"))).0,
    ] {
        assert!(detail.contains("symbolic link"), "{detail}");
    }
    assert!(matches!(block_on(store.create("head.json", b"x")), Err(StoreError::Conflict { .. })));
    assert_eq!(std::fs::read(outside.join("1.json")).expect("untouched"), b"outside");
    assert_eq!(std::fs::read_dir(&outside).expect("a folder").count(), 1);
}

#[test]
fn the_folder_itself_may_not_be_a_symlink_or_a_file() {
    let temp = tempfile::tempdir().expect("tempdir");
    std::fs::create_dir(temp.path().join("real")).expect("made");
    symlink("real", temp.path().join("link")).expect("linked");
    std::fs::write(temp.path().join("file"), "").expect("written");
    for link in ["link", "link/", "link/."] {
        let (detail, help) = unusable(FileStore::open(&temp.path().join(link)));
        assert!(detail.contains("symbolic link") && help.contains("points to"), "{detail}");
    }
    let (_, help) = unusable(FileStore::open(&temp.path().join("file")));
    assert!(help.contains("not a folder"), "{help}");
}

#[test]
fn folders_pipes_and_odd_names_among_the_objects_are_named_without_hanging() {
    let temp = tempfile::tempdir().expect("tempdir");
    let root = temp.path();
    std::fs::create_dir_all(root.join("lease/1.json")).expect("made");
    assert!(Command::new("mkfifo").arg(root.join("pipe")).status().expect("mkfifo").success());
    std::fs::write(root.join(".tmp-999-0"), "half an obj").expect("written");
    let store = store(root);
    assert!(unusable(block_on(store.get("lease/1.json"))).0.contains("a folder, not an object"));
    assert!(unusable(block_on(store.get("pipe"))).0.contains("a named pipe"));
    assert!(unusable(block_on(store.list(""))).0.contains("a named pipe"));
    std::fs::remove_file(root.join("pipe")).expect("removed");
    assert_eq!(block_on(store.list("")), Ok(Vec::new()), "temporary files are not objects");
    std::fs::write(root.join("lease/\u{1b}[31m.json"), "").expect("written");
    let (detail, _) = unusable(block_on(store.list("lease/")));
    assert!(detail.contains("not the name of an object") && !detail.contains('\u{1b}'), "{detail}");
}

#[test]
fn a_lock_that_is_not_a_file_is_refused() {
    let temp = tempfile::tempdir().expect("tempdir");
    symlink("/dev/null", temp.path().join(".lock")).expect("linked");
    let store = store(temp.path());
    let version = block_on(store.create("head.json", b"1")).expect("created");
    assert!(unusable(block_on(store.replace("head.json", &version, b"2"))).0.contains("lock file"));
    assert_eq!(block_on(store.get("head.json")).expect("read").expect("present").bytes, b"1");
}

/// The environment variable that turns [`child_that_writes_until_killed`] into a writer.
const CHILD: &str = "LEASEHOLD_TEST_STORE_CHILD";

/// An object that tells whether it is whole.
fn whole(name: &str, generation: usize) -> String {
    let filler = "x".repeat(20_000);
    format!("{name} {generation} {filler} end")
}

fn is_whole(name: &str, bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let generation = text.split(' ').nth(1).and_then(|word| word.parse().ok());
    generation.is_some_and(|generation| text == whole(name, generation))
}

/// The writer that [`kill_9_loses_no_acknowledged_write_and_tears_no_object`] starts in a process of its own, and kills.
/// In any other process there is nothing for it to do.
#[test]
fn child_that_writes_until_killed() {
    let Some(root) = std::env::var_os(CHILD) else { return };
    let store = store(Path::new(&root));
    let mut acknowledged = std::io::stdout();
    for n in 0.. {
        let key = format!("lease/{}-{n}.json", std::process::id());
        let version = block_on(store.create(&key, whole(&key, 0).as_bytes())).expect("created");
        writeln!(acknowledged, "\nack {key} 0").expect("the parent reads");
        block_on(store.replace(&key, &version, whole(&key, 1).as_bytes())).expect("replaced");
        writeln!(acknowledged, "\nack {key} 1").expect("the parent reads");
    }
}

#[test]
fn kill_9_loses_no_acknowledged_write_and_tears_no_object() {
    let temp = tempfile::tempdir().expect("tempdir");
    let root = temp.path().join("state");
    let mut acknowledged = Vec::new();
    for round in 0..10_u64 {
        let start = || {
            Command::new(std::env::current_exe().expect("this binary"))
                .args(["--exact", "file_store::child_that_writes_until_killed", "--nocapture"])
                .env(CHILD, &root)
                .stdout(Stdio::piped())
                .spawn()
                .expect("started")
        };
        let mut children = [start(), start()];
        let mut readers = children.each_mut().map(|child| BufReader::new(child.stdout.take().expect("piped")).lines());
        for lines in &mut readers {
            // The child is at work when its first write is acknowledged.
            let first = lines.by_ref().map(|line| line.expect("text")).find(|line| line.starts_with("ack "));
            acknowledged.push(first.expect("the child writes"));
        }
        std::thread::sleep(Duration::from_micros(1_700 * round + 300));
        for child in &mut children {
            child.kill().expect("killed");
            child.wait().expect("reaped");
        }
        for lines in readers {
            acknowledged.extend(lines.map_while(Result::ok).filter(|line| line.starts_with("ack ")));
        }
    }

    let store = store(&root);
    let keys = block_on(store.list("lease/")).expect("list");
    for key in &keys {
        let object = block_on(store.get(key)).expect("read").expect("present");
        assert!(is_whole(key, &object.bytes), "`{key}` is torn");
    }
    for line in &acknowledged {
        let [_, key, generation] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let object = block_on(store.get(key)).expect("read").unwrap_or_else(|| panic!("`{key}` is lost"));
        let text = String::from_utf8_lossy(&object.bytes);
        let present: usize = text.split(' ').nth(1).and_then(|word| word.parse().ok()).expect("a generation");
        assert!(present >= generation.parse().expect("a number"), "`{key}` went back");
    }
    // The killed writers' lock is free, and a last write works.
    let version = block_on(store.create("head.json", b"1")).expect("created");
    block_on(store.replace("head.json", &version, b"2")).expect("replaced");
}
