//! The store itself.

use std::io::Write as _;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use rustix::fs::{AtFlags, Dir, OFlags, fchmod, fstat, fsync, linkat, openat, renameat, statat, unlinkat};
use rustix::io::Errno;

use super::lock::Lock;
use super::{fault, folder, within};
use crate::domain::digest::Digest;
use crate::ports::{Object, StateRead, StateStore, StoreError, Version, check_key, check_prefix};

/// Temporary files lie in the state folder itself and begin with this.
const TEMPORARY: &str = ".tmp-";

/// Seconds after which a temporary file is taken to be a dead process's.
const STALE_SECONDS: u32 = 3_600;

/// Largest object: nothing that is written here comes near, so a larger one is foreign.
const OBJECT_MAX: u64 = 256 * 1024 * 1024;

/// How long a writer waits for another by default.
const LOCK_WAIT: Duration = Duration::from_secs(10);

/// A [`StateStore`] in a folder.
///
/// Making an object takes no lock: the object gets its name by a hard link, which fails if the name is taken. Replacing
/// one takes the lock of its key, because a file system has no compare-and-swap. Readers take no lock and never see half
/// an object. The version of an object is the digest of its bytes.
///
/// Locks are advisory and not dependable on network file systems: keep the folder on a local disk.
///
/// All methods do their work before they return a ready future; waiting for the lock blocks the thread.
#[derive(Debug)]
pub struct FileStore {
    root: PathBuf,
    location: String,
    lock_wait: Duration,
    folder: OnceLock<OwnedFd>,
    /// Set by a failed fsync. The kernel then forgets which pages it could not write, so that whatever is read
    /// afterwards may be gone after a power cut: nothing here may be believed by this process any more.
    broken: AtomicBool,
}

/// Makes temporary names of one process differ.
static COUNTER: AtomicU64 = AtomicU64::new(0);

impl FileStore {
    /// The store in this folder. Nothing is made before the first write: a folder that is missing reads as empty.
    /// [`StoreError::Unusable`] if there is something else than a folder, or a symlink, or no access, or a folder that
    /// belongs to somebody else than root and the effective user, or that group or others may write to.
    pub fn open(root: &Path) -> Result<Self, StoreError> {
        let store = Self {
            root: root.to_owned(),
            location: format!("file://{}", root.display()),
            lock_wait: LOCK_WAIT,
            folder: OnceLock::new(),
            broken: AtomicBool::new(false),
        };
        store.root()?;
        Ok(store)
    }

    /// Waits this long for another writer, instead of ten seconds.
    #[must_use]
    pub fn with_lock_wait(mut self, wait: Duration) -> Self {
        self.lock_wait = wait;
        self
    }

    /// Whether this folder is that of `outer` or lies inside of it, also by way of a symlink or `..`.
    ///
    /// # Errors
    /// [`StoreError::Unusable`] if that cannot be told.
    pub fn lies_within(&self, outer: &Self) -> Result<bool, StoreError> {
        within::lies_within(&self.root, &outer.root).map_err(|error| {
            let errno = Errno::from_io_error(&error).unwrap_or(Errno::IO);
            self.unusable(&format!("looking whether it lies inside of {}", outer.location), errno)
        })
    }

    fn root(&self) -> Result<Option<BorrowedFd<'_>>, StoreError> {
        if self.broken.load(Ordering::Acquire) {
            return Err(self.lost_faith("an earlier write of this process could not be forced to the disk", Errno::IO));
        }
        if self.folder.get().is_none()
            && let Some(fd) = folder::open_root(&self.root, &self.location)?
        {
            // Another thread may have been first; both opened the same folder.
            let _ = self.folder.set(fd);
        }
        Ok(self.folder.get().map(OwnedFd::as_fd))
    }

    fn root_or_made(&self) -> Result<BorrowedFd<'_>, StoreError> {
        if let Some(root) = self.root()? {
            return Ok(root);
        }
        let made = folder::make_root(&self.root, &self.location)?;
        Ok(self.folder.get_or_init(|| made).as_fd())
    }

    fn checked(&self, key: &str) -> Result<(), StoreError> {
        check_key(key).map_err(|why| fault::bad_key(&self.location, key, why))
    }

    fn unusable(&self, doing: &str, errno: Errno) -> StoreError {
        fault::unusable(&self.location, doing, errno)
    }

    /// The error after a failed fsync; marks the store as broken.
    fn lost_faith(&self, doing: &str, errno: Errno) -> StoreError {
        self.broken.store(true, Ordering::Release);
        StoreError::Unusable {
            location: self.location.clone(),
            detail: format!("{doing}: {}", std::io::Error::from(errno)),
            help: "what was being written may or may not survive a restart of this machine: read the kernel's log and \
                   check the disk before anything is written again"
                .to_owned(),
        }
    }

    fn read(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(root) = self.root()? else { return Ok(None) };
        let (path, name) = folder::split(key);
        let Some(parent) = folder::open_below(root, path, &self.location)? else { return Ok(None) };
        folder::read(parent.as_fd(), name, key, &self.location, OBJECT_MAX)
    }

    /// A new file with these bytes, on the disk, that has no name of its own yet.
    fn temporary<'a>(&self, root: BorrowedFd<'a>, key: &str, bytes: &[u8]) -> Result<Temporary<'a>, StoreError> {
        let doing = format!("writing `{key}`");
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let (name, fd) = loop {
            let name = format!("{TEMPORARY}{}-{}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed));
            match openat(root, &name, flags, folder::PRIVATE) {
                Ok(fd) => break (name, fd),
                // A dead process of the same id left it.
                Err(Errno::EXIST | Errno::INTR) => {}
                Err(errno) => return Err(self.unusable(&doing, errno)),
            }
        };
        let mut temporary = Temporary { root, name, file: std::fs::File::from(fd), present: true };
        fchmod(&temporary.file, folder::PRIVATE).map_err(|errno| self.unusable(&doing, errno))?;
        if let Err(error) = temporary.file.write_all(bytes) {
            return Err(self.unusable(&doing, Errno::from_io_error(&error).unwrap_or(Errno::IO)));
        }
        match fsync(&temporary.file) {
            Ok(()) => Ok(temporary),
            // A disk that is full can say so as late as here. The file has no name yet: nothing is lost.
            Err(errno @ (Errno::NOSPC | Errno::DQUOT)) => Err(self.unusable(&doing, errno)),
            Err(errno) => Err(self.lost_faith(&format!("forcing `{key}` to the disk"), errno)),
        }
    }

    fn sync_folder(&self, parent: BorrowedFd<'_>, key: &str) -> Result<(), StoreError> {
        fsync(parent).map_err(|errno| {
            self.lost_faith(&format!("`{key}` was changed, but its folder could not be forced to the disk"), errno)
        })
    }

    fn make(&self, key: &str, bytes: &[u8]) -> Result<Version, StoreError> {
        self.checked(key)?;
        let (path, name) = folder::split(key);
        let root = self.root_or_made()?;
        let parent = folder::make_below(root, path, &self.location)?;
        let mut temporary = self.temporary(root, key, bytes)?;
        match linkat(root, &temporary.name, &parent, name, AtFlags::empty()) {
            Ok(()) => {}
            Err(Errno::EXIST) if temporary.is_also(parent.as_fd(), name) => {}
            Err(Errno::EXIST) => return Err(StoreError::Conflict { key: key.to_owned() }),
            Err(errno @ (Errno::IO | Errno::INTR | Errno::TIMEDOUT)) => return Err(ambiguous(key, errno)),
            Err(errno) => return Err(self.unusable(&format!("naming `{key}`"), errno)),
        }
        temporary.remove();
        self.sync_folder(parent.as_fd(), key)?;
        Ok(version_of(bytes))
    }

    fn swap(&self, key: &str, expected: &Version, bytes: &[u8]) -> Result<Version, StoreError> {
        self.checked(key)?;
        let conflict = || StoreError::Conflict { key: key.to_owned() };
        let (path, name) = folder::split(key);
        let root = self.root()?.ok_or_else(conflict)?;
        let parent = folder::open_below(root, path, &self.location)?.ok_or_else(conflict)?;
        let lock = Lock::take(root, key, &self.location, self.lock_wait)?;
        let current = folder::read(parent.as_fd(), name, key, &self.location, OBJECT_MAX)?;
        if current.is_none_or(|current| version_of(&current) != *expected) {
            return Err(conflict());
        }
        let mut temporary = self.temporary(root, key, bytes)?;
        match renameat(root, &temporary.name, &parent, name) {
            Ok(()) => temporary.present = false,
            Err(errno @ (Errno::IO | Errno::INTR | Errno::TIMEDOUT)) => return Err(ambiguous(key, errno)),
            Err(errno) => return Err(self.unusable(&format!("renaming to `{key}`"), errno)),
        }
        self.sync_folder(parent.as_fd(), key)?;
        sweep(root, &temporary);
        drop(lock);
        Ok(version_of(bytes))
    }

    fn take_away(&self, key: &str, expected: &Version) -> Result<(), StoreError> {
        self.checked(key)?;
        let (path, name) = folder::split(key);
        let Some(root) = self.root()? else { return Ok(()) };
        let Some(parent) = folder::open_below(root, path, &self.location)? else { return Ok(()) };
        let _lock = Lock::take(root, key, &self.location, self.lock_wait)?;
        match folder::read(parent.as_fd(), name, key, &self.location, OBJECT_MAX)? {
            None => return Ok(()),
            Some(current) if version_of(&current) != *expected => {
                return Err(StoreError::Conflict { key: key.to_owned() });
            }
            Some(_) => {}
        }
        match unlinkat(&parent, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(errno @ (Errno::IO | Errno::INTR | Errno::TIMEDOUT)) => return Err(ambiguous(key, errno)),
            Err(errno) => return Err(self.unusable(&format!("removing `{key}`"), errno)),
        }
        self.sync_folder(parent.as_fd(), key)
    }

    fn keys(&self, prefix: &str, end: Option<&str>) -> Result<Vec<String>, StoreError> {
        check_prefix(prefix).map_err(|why| fault::bad_key(&self.location, prefix, why))?;
        let Some(root) = self.root()? else { return Ok(Vec::new()) };
        let (path, _) = folder::split(prefix);
        let Some(base) = folder::open_below(root, path, &self.location)? else { return Ok(Vec::new()) };
        let path = if path.is_empty() { String::new() } else { format!("{path}/") };
        let mut keys = Vec::new();
        folder::collect(base.as_fd(), &path, folder::Wanted { prefix, end }, &self.location, &mut keys)?;
        keys.sort_unstable();
        Ok(keys)
    }
}

impl StateRead for FileStore {
    async fn get(&self, key: &str) -> Result<Option<Object>, StoreError> {
        self.checked(key)?;
        Ok(self.read(key)?.map(|bytes| Object { version: version_of(&bytes), bytes }))
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        self.keys(prefix, None)
    }

    async fn list_before(&self, prefix: &str, end: &str) -> Result<Vec<String>, StoreError> {
        self.keys(prefix, Some(end))
    }

    fn location(&self) -> String {
        self.location.clone()
    }
}

impl StateStore for FileStore {
    async fn create(&self, key: &str, bytes: &[u8]) -> Result<Version, StoreError> {
        self.make(key, bytes)
    }

    async fn replace(&self, key: &str, expected: &Version, bytes: &[u8]) -> Result<Version, StoreError> {
        self.swap(key, expected, bytes)
    }

    async fn remove(&self, key: &str, expected: &Version) -> Result<(), StoreError> {
        self.take_away(key, expected)
    }
}

fn version_of(bytes: &[u8]) -> Version {
    Version(Digest::of_bytes(bytes).as_str().to_owned())
}

fn ambiguous(key: &str, errno: Errno) -> StoreError {
    StoreError::Ambiguous { key: key.to_owned(), detail: std::io::Error::from(errno).to_string() }
}

/// A file under a temporary name, which goes when this is dropped.
struct Temporary<'a> {
    root: BorrowedFd<'a>,
    name: String,
    file: std::fs::File,
    present: bool,
}

impl Temporary<'_> {
    /// Whether `name` is this very file: a network file system may do what was asked and lose the answer.
    fn is_also(&self, parent: BorrowedFd<'_>, name: &str) -> bool {
        match (fstat(&self.file), statat(parent, name, AtFlags::SYMLINK_NOFOLLOW)) {
            (Ok(ours), Ok(theirs)) => (ours.st_dev, ours.st_ino) == (theirs.st_dev, theirs.st_ino),
            _ => false,
        }
    }

    fn remove(&mut self) {
        if self.present {
            self.present = false;
            // One that stays is harmless, and removed later as stale.
            let _ = unlinkat(self.root, &self.name, AtFlags::empty());
        }
    }
}

impl Drop for Temporary<'_> {
    fn drop(&mut self) {
        self.remove();
    }
}

/// Removes temporary files that are an hour older than the one just written, by the file system's own clock. Called
/// under a lock. Whatever fails here is tried again by the next writer.
fn sweep(root: BorrowedFd<'_>, just_written: &Temporary<'_>) {
    let (Ok(now), Ok(entries)) = (fstat(&just_written.file), Dir::read_from(root)) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        if !name.to_bytes().starts_with(TEMPORARY.as_bytes()) {
            continue;
        }
        let stale = statat(root, name, AtFlags::SYMLINK_NOFOLLOW)
            .is_ok_and(|stat| now.st_mtime.saturating_sub(stat.st_mtime) > STALE_SECONDS.into());
        if stale {
            let _ = unlinkat(root, name, AtFlags::empty());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::os::unix::fs::PermissionsExt as _;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    /// The store's futures are ready when they are returned.
    fn now<F: Future>(future: F) -> F::Output {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(output) => output,
            Poll::Pending => panic!("the file store never waits for a waker"),
        }
    }

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).expect("present").permissions().mode() & 0o777
    }

    #[test]
    fn reading_makes_nothing_and_the_first_write_makes_private_folders() {
        let temp = tempfile::tempdir().expect("tempdir");
        let root = temp.path().join("a/b/state");
        let store = FileStore::open(&root).expect("a missing folder is fine");
        assert_eq!(now(store.get("head.json")), Ok(None));
        assert_eq!(now(store.list("")), Ok(Vec::new()));
        let stale = Version("x".to_owned());
        assert!(matches!(now(store.replace("head.json", &stale, b"")), Err(StoreError::Conflict { .. })));
        assert!(!temp.path().join("a").exists());
        now(store.create("lease/1.json", b"{}")).expect("created");
        for folder in ["a", "a/b", "a/b/state", "a/b/state/lease"] {
            assert_eq!(mode(&temp.path().join(folder)), 0o700, "{folder}");
        }
        assert_eq!(mode(&root.join("lease/1.json")), 0o600);
        let mut names: Vec<_> = std::fs::read_dir(&root).expect("a folder").flatten().map(|e| e.file_name()).collect();
        names.sort();
        assert_eq!(names, [".gitignore", "lease"], "no temporary file stays");
        assert_eq!(mode(&root.join(".gitignore")), 0o600);
        assert_eq!(std::fs::read(root.join(".gitignore")).expect("read"), b"*\n");
        assert_eq!(now(store.list("")), Ok(vec!["lease/1.json".to_owned()]));
    }

    #[test]
    fn a_folder_that_others_may_write_to_is_refused() {
        let temp = tempfile::tempdir().expect("tempdir");
        for shared in [0o720, 0o702, 0o777] {
            std::fs::set_permissions(temp.path(), std::fs::Permissions::from_mode(shared)).expect("set");
            let Err(StoreError::Unusable { detail, help, .. }) = FileStore::open(temp.path()) else {
                panic!("{shared:o} was taken");
            };
            assert!(detail.contains(&format!("mode {shared:04o}")) && help.contains("chmod 700"), "{detail}; {help}");
        }
        for fine in [0o700, 0o755, 0o500] {
            std::fs::set_permissions(temp.path(), std::fs::Permissions::from_mode(fine)).expect("set");
            FileStore::open(temp.path()).expect("nobody else can write");
        }
    }

    #[test]
    fn a_folder_of_another_user_is_refused() {
        let temp = tempfile::tempdir().expect("tempdir");
        // Only root can give a folder away, and to anybody else there is always one of another's at hand.
        if rustix::process::geteuid().is_root() {
            std::os::unix::fs::chown(temp.path(), Some(12_345), None).expect("root may");
            let Err(StoreError::Unusable { detail, .. }) = FileStore::open(temp.path()) else { panic!("taken") };
            assert!(detail.contains("another user (id 12345)"), "{detail}");
        } else {
            FileStore::open(Path::new("/")).expect("what root owns is trusted");
        }
    }

    #[test]
    fn a_writer_that_does_not_let_go_makes_the_store_busy_for_replacing_only() {
        let temp = tempfile::tempdir().expect("tempdir");
        let store = FileStore::open(temp.path()).expect("a folder").with_lock_wait(Duration::from_millis(30));
        let version = now(store.create("head.json", b"1")).expect("created");
        let held = Lock::take(store.root_or_made().expect("open"), "head.json", "", Duration::ZERO).expect("free");
        assert!(matches!(now(store.replace("head.json", &version, b"2")), Err(StoreError::Busy { .. })));
        let lease = now(store.create("lease/1.json", b"{}")).expect("a new object needs no lock");
        now(store.replace("lease/1.json", &lease, b"{ }")).expect("a lease does not wait for the head");
        assert!(now(store.get("head.json")).is_ok());
        drop(held);
        now(store.replace("head.json", &version, b"2")).expect("free again");
    }

    #[test]
    fn only_old_temporary_files_are_swept() {
        let temp = tempfile::tempdir().expect("tempdir");
        let (old, young) = (temp.path().join(".tmp-1-1"), temp.path().join(".tmp-1-2"));
        let file = std::fs::File::create(&old).expect("made");
        let two_hours_ago = std::time::SystemTime::now() - Duration::from_secs(7_200);
        file.set_modified(two_hours_ago).expect("set");
        std::fs::write(&young, "half").expect("made");
        let store = FileStore::open(temp.path()).expect("a folder");
        let version = now(store.create("head.json", b"1")).expect("created");
        assert!(old.exists() && young.exists(), "making an object holds no lock and sweeps nothing");
        now(store.replace("head.json", &version, b"2")).expect("replaced");
        assert!(!old.exists() && young.exists());
        assert_eq!(now(store.list("")), Ok(vec!["head.json".to_owned()]));
    }

    #[test]
    fn after_a_failed_fsync_nothing_is_believed_any_more() {
        let temp = tempfile::tempdir().expect("tempdir");
        let store = FileStore::open(temp.path()).expect("a folder");
        now(store.create("head.json", b"1")).expect("created");
        let error = store.lost_faith("forcing `head.json` to the disk", Errno::IO);
        assert!(matches!(error, StoreError::Unusable { .. }));
        assert!(now(store.get("head.json")).is_err());
        assert!(now(store.create("other", b"")).is_err());
        assert!(now(store.list("")).is_err());
    }

    #[test]
    fn an_object_larger_than_any_of_ours_is_foreign() {
        let temp = tempfile::tempdir().expect("tempdir");
        let sparse = std::fs::File::create(temp.path().join("head.json")).expect("made");
        sparse.set_len(OBJECT_MAX + 1).expect("sparse");
        let store = FileStore::open(temp.path()).expect("a folder");
        let error = now(store.get("head.json")).expect_err("too large");
        assert!(error.to_string().contains("larger than"), "{error}");
    }
}
