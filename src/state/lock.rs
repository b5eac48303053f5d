//! The store's locks: held by whoever replaces an object, for as long as reading, comparing and renaming take.
//!
//! An object is always replaced under the same lock. The head has one of its own; all others share sixteen, so that many
//! jobs that end their issue at the same moment do not wait for each other's disk.

use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::fs::{FileType, FlockOperation, OFlags, flock, fstat, openat};
use rustix::io::Errno;

use super::{fault, folder};
use crate::domain::digest::Digest;
use crate::ports::StoreError;

/// Name of the lock file of a key in the state folder. It stays there: removing it would let two processes lock different
/// files.
fn name(key: &str) -> String {
    match key.contains('/') {
        false => ".lock".to_owned(),
        true => format!(".lock-{}", &Digest::of_bytes(key.as_bytes()).short()[..1]),
    }
}

/// Holds the lock until it is dropped or the process ends, however it ends.
pub(super) struct Lock {
    _file: OwnedFd,
}

impl Lock {
    /// Takes the lock of `key`, asking again for at most `wait`, then [`StoreError::Busy`].
    pub(super) fn take(root: impl AsFd, key: &str, location: &str, wait: Duration) -> Result<Self, StoreError> {
        let name = name(key);
        let doing = "opening the lock file";
        let flags =
            OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
        let file = match openat(root, &name, flags, folder::PRIVATE) {
            Ok(file) => file,
            Err(Errno::LOOP | Errno::ISDIR | Errno::NXIO) => {
                return Err(fault::foreign(location, format!("the lock file `{name}` is not a plain file")));
            }
            Err(errno) => return Err(fault::unusable(location, doing, errno)),
        };
        let stat = fstat(&file).map_err(|errno| fault::unusable(location, doing, errno))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(fault::foreign(location, format!("the lock file `{name}` is not a plain file")));
        }
        let deadline = Instant::now() + wait;
        let mut pause = Duration::from_micros(200);
        loop {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(Self { _file: file }),
                Err(Errno::INTR) => {}
                Err(Errno::WOULDBLOCK) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Err(StoreError::Busy { location: location.to_owned() });
                    }
                    std::thread::sleep(pause.min(left));
                    pause = (pause * 2).min(Duration::from_millis(20));
                }
                Err(errno) => return Err(fault::unusable(location, "locking", errno)),
            }
        }
    }
}
