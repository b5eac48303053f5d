//! What a failed system call means to somebody who has to mend it.

use rustix::io::Errno;

use crate::ports::StoreError;

/// A store that cannot be used because `doing` (a few words, with the path) failed.
pub(super) fn unusable(location: &str, doing: &str, errno: Errno) -> StoreError {
    StoreError::Unusable {
        location: location.to_owned(),
        detail: format!("{doing}: {}", std::io::Error::from(errno)),
        help: help(errno).to_owned(),
    }
}

/// A store that cannot be used because of what lies in it.
pub(super) fn foreign(location: &str, detail: String) -> StoreError {
    StoreError::Unusable {
        location: location.to_owned(),
        detail,
        help: "nothing here writes such a thing: find out who did, move it out of the state folder, and run again"
            .to_owned(),
    }
}

/// A key or prefix that no caller of ours should have made.
pub(super) fn bad_key(location: &str, key: &str, why: &str) -> StoreError {
    StoreError::Unusable {
        location: location.to_owned(),
        detail: format!("the key `{}` {why}", crate::domain::text::short(key, 200)),
        help: "this is a fault of the program that asked; nothing was read or written".to_owned(),
    }
}

fn help(errno: Errno) -> &'static str {
    match errno {
        Errno::ACCESS | Errno::PERM => {
            "the folder and everything in it must belong to the user who runs this (it is made with mode 0700); \
             reading needs read access, writing needs write access"
        }
        Errno::ROFS => {
            "the file system is mounted read-only: `plan` can read it, everything that writes needs a writable one"
        }
        Errno::NOSPC | Errno::DQUOT => {
            "free some space on that disk and run again; what was acknowledged before is safe"
        }
        Errno::NOLCK | Errno::OPNOTSUPP | Errno::NOSYS | Errno::STALE => {
            "this looks like a network file system: locks and renames are not dependable there; \
             keep the state on a local disk"
        }
        Errno::XDEV => "the state folder and all folders in it must be on one file system",
        Errno::IO => {
            "the disk or its driver failed: read the kernel's log and check the disk before anything is written again"
        }
        Errno::NOTDIR => {
            "something that is not a folder stands where a folder of the state belongs: name another with `--state`"
        }
        Errno::MFILE | Errno::NFILE => "too many files are open: raise the limit (`ulimit -n`)",
        Errno::NAMETOOLONG => "name a state folder with a shorter path",
        _ => "check that the state folder is a plain folder on a local disk",
    }
}
