//! Folders opened one below the other, never through a symlink.

use std::io::{Read as _, Write as _};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{
    AtFlags, CWD, Dir, FileType, Mode, OFlags, chmodat, fchmod, fstat, fsync, mkdirat, open, openat, statat,
};
use rustix::io::Errno;
use rustix::process::{Uid, geteuid};

use super::fault;
use crate::ports::{StoreError, check_key};

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Mode of every file: set once more after creation, because a umask takes from what creation is asked for.
pub(super) const PRIVATE: Mode = Mode::RUSR.union(Mode::WUSR);

/// Folders below the root in which objects are looked for.
const DEPTH_MAX: usize = 16;

/// The path without `.` parts and without slashes at its end: behind such a slash a symlink would be followed.
fn plain(path: &Path) -> PathBuf {
    let plain: PathBuf = path.components().collect();
    if plain.as_os_str().is_empty() { PathBuf::from(".") } else { plain }
}

/// Opens the state folder; `None` if there is none. One that others could write to is refused.
pub(super) fn open_root(path: &Path, location: &str) -> Result<Option<OwnedFd>, StoreError> {
    match open(plain(path), FOLDER, Mode::empty()) {
        Ok(fd) => {
            refuse_shared(&fd, path, location)?;
            Ok(Some(fd))
        }
        Err(Errno::NOENT) => Ok(None),
        Err(errno) => {
            let symlink = std::fs::symlink_metadata(plain(path)).is_ok_and(|meta| meta.is_symlink());
            if symlink {
                return Err(StoreError::Unusable {
                    location: location.to_owned(),
                    detail: "the folder is a symbolic link".to_owned(),
                    help: "name the folder that it points to".to_owned(),
                });
            }
            Err(fault::unusable(location, "opening the folder", errno))
        }
    }
}

/// Whoever can write to the folder decides what `issue` believes: nobody else may, by owner or by mode.
fn refuse_shared(fd: &OwnedFd, path: &Path, location: &str) -> Result<(), StoreError> {
    let stat = fstat(fd).map_err(|errno| fault::unusable(location, "looking at the folder", errno))?;
    let refuse =
        |detail: String, help: String| Err(StoreError::Unusable { location: location.to_owned(), detail, help });
    let owner = Uid::from_raw(stat.st_uid);
    if owner != geteuid() && !owner.is_root() {
        return refuse(
            format!("the folder belongs to another user (id {})", owner.as_raw()),
            "whoever owns it decides what is issued: run as that user, or name a folder of your own with `--state`"
                .to_owned(),
        );
    }
    let mode = Mode::from_raw_mode(stat.st_mode);
    if mode.intersects(Mode::WGRP | Mode::WOTH) {
        return refuse(
            format!("the folder can be written by other users (mode {:04o})", mode.as_raw_mode()),
            format!(
                "whoever can write to it decides what is issued: make sure that nobody did, then `chmod 700 {}`; or name a \
                 folder of your own",
                crate::domain::text::escape(&path.to_string_lossy())
            ),
        );
    }
    Ok(())
}

/// Makes the state folder and whatever is missing above it, each on the disk before the next.
pub(super) fn make_root(path: &Path, location: &str) -> Result<OwnedFd, StoreError> {
    use std::os::unix::fs::DirBuilderExt as _;

    let path = plain(path);
    let mut missing: Vec<&Path> = Vec::new();
    for folder in path.ancestors() {
        if folder.as_os_str().is_empty() || folder.symlink_metadata().is_ok() {
            break;
        }
        missing.push(folder);
    }
    let made = missing.first().is_some_and(|first| *first == path);
    for folder in missing.into_iter().rev() {
        let doing = format!("making `{}`", folder.display());
        let fail = |error: std::io::Error| {
            fault::unusable(location, &doing, Errno::from_io_error(&error).unwrap_or(Errno::IO))
        };
        match std::fs::DirBuilder::new().mode(0o700).create(folder) {
            // The umask may have taken from the mode what this very process needs.
            Ok(()) => {
                chmodat(CWD, folder, Mode::RWXU, AtFlags::empty()).map_err(|errno| fail(errno.into()))?;
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(fail(error)),
        }
        let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        std::fs::File::open(parent).and_then(|parent| parent.sync_all()).map_err(fail)?;
    }
    match open_root(&path, location)? {
        Some(fd) => {
            if made {
                ignore_all(&fd, location)?;
            }
            Ok(fd)
        }
        None => Err(fault::unusable(location, "opening the folder just made", Errno::NOENT)),
    }
}

/// Tells git to leave the whole folder alone: a state that is committed could be written by a pull request.
fn ignore_all(root: &OwnedFd, location: &str) -> Result<(), StoreError> {
    let doing = "writing `.gitignore`";
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let fd = match openat(root, ".gitignore", flags, PRIVATE) {
        Ok(fd) => fd,
        // Another process made the folder at the same time.
        Err(Errno::EXIST) => return Ok(()),
        Err(errno) => return Err(fault::unusable(location, doing, errno)),
    };
    fchmod(&fd, PRIVATE).map_err(|errno| fault::unusable(location, doing, errno))?;
    std::fs::File::from(fd)
        .write_all(b"*\n")
        .map_err(|error| fault::unusable(location, doing, Errno::from_io_error(&error).unwrap_or(Errno::IO)))
}

/// The folder a key's object is in, and the object's name there.
pub(super) fn split(key: &str) -> (&str, &str) {
    key.rsplit_once('/').unwrap_or(("", key))
}

/// Opens `folder` (parts joined by `/`, or empty for the root itself); `None` if it is not there.
pub(super) fn open_below(root: BorrowedFd<'_>, folder: &str, location: &str) -> Result<Option<OwnedFd>, StoreError> {
    walk(root, folder, location, false)
}

/// Opens `folder` and makes what is missing, mode 0700, each on the disk before the next.
pub(super) fn make_below(root: BorrowedFd<'_>, folder: &str, location: &str) -> Result<OwnedFd, StoreError> {
    let made = walk(root, folder, location, true)?;
    made.ok_or_else(|| fault::unusable(location, &format!("opening `{folder}/` just made"), Errno::NOENT))
}

fn walk(root: BorrowedFd<'_>, folder: &str, location: &str, make: bool) -> Result<Option<OwnedFd>, StoreError> {
    let fail = |part: &str, errno| fault::unusable(location, &format!("opening the folder `{part}`"), errno);
    let mut at = openat(root, ".", FOLDER, Mode::empty()).map_err(|errno| fail(".", errno))?;
    for part in folder.split('/').filter(|part| !part.is_empty()) {
        let next = match openat(&at, part, FOLDER, Mode::empty()) {
            Err(Errno::NOENT) if make => {
                let made = mkdirat(&at, part, Mode::RWXU);
                match made.and_then(|()| chmodat(&at, part, Mode::RWXU, AtFlags::empty())) {
                    Ok(()) | Err(Errno::EXIST) => {}
                    Err(errno) => return Err(fault::unusable(location, &format!("making the folder `{part}`"), errno)),
                }
                fsync(&at).map_err(|errno| fault::unusable(location, "forcing a folder to the disk", errno))?;
                openat(&at, part, FOLDER, Mode::empty())
            }
            other => other,
        };
        at = match next {
            Ok(fd) => fd,
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::NOTDIR | Errno::LOOP | Errno::MLINK) => {
                let found = what_is(&at, part);
                // An object has nothing below it, and to ask for that is no fault of the folder's.
                if found == describe(FileType::RegularFile) && !make {
                    return Ok(None);
                }
                return Err(fault::foreign(location, format!("`{part}` in `/{folder}` is {found}, not a folder")));
            }
            Err(errno) => return Err(fail(part, errno)),
        };
    }
    Ok(Some(at))
}

/// A few words for what stands at `name`, which is not what was expected.
fn what_is(folder: impl AsFd, name: &str) -> &'static str {
    statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)
        .map_or("something unreadable", |stat| describe(FileType::from_raw_mode(stat.st_mode)))
}

fn describe(file_type: FileType) -> &'static str {
    match file_type {
        FileType::RegularFile => "a file",
        FileType::Directory => "a folder",
        FileType::Symlink => "a symbolic link",
        FileType::Fifo => "a named pipe",
        FileType::Socket => "a socket",
        FileType::CharacterDevice | FileType::BlockDevice => "a device",
        FileType::Unknown => "something unknown",
    }
}

/// The bytes of an object; `None` if there is none. Anything but a plain file of at most `max` bytes is refused.
pub(super) fn read(
    folder: BorrowedFd<'_>,
    name: &str,
    key: &str,
    location: &str,
    max: u64,
) -> Result<Option<Vec<u8>>, StoreError> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    let fail = |errno| fault::unusable(location, &format!("reading `{key}`"), errno);
    let fd = match openat(folder, name, flags, Mode::empty()) {
        Ok(fd) => fd,
        Err(Errno::NOENT) => return Ok(None),
        Err(Errno::LOOP | Errno::MLINK | Errno::NXIO) => {
            return Err(fault::foreign(location, format!("`{key}` is {}, not an object", what_is(folder, name))));
        }
        Err(errno) => return Err(fail(errno)),
    };
    let stat = fstat(&fd).map_err(fail)?;
    let file_type = FileType::from_raw_mode(stat.st_mode);
    if file_type != FileType::RegularFile {
        return Err(fault::foreign(location, format!("`{key}` is {}, not an object", describe(file_type))));
    }
    let size = u64::try_from(stat.st_size).unwrap_or(u64::MAX);
    let too_large = || fault::foreign(location, format!("`{key}` is larger than {max} bytes"));
    if size > max {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
    let read = std::fs::File::from(fd).take(max.saturating_add(1)).read_to_end(&mut bytes);
    let read = read.map_err(|error| fail(Errno::from_io_error(&error).unwrap_or(Errno::IO)))?;
    if u64::try_from(read).unwrap_or(u64::MAX) > max {
        return Err(too_large());
    }
    Ok(Some(bytes))
}

/// Which keys a listing wants.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    /// They begin with this.
    pub(super) prefix: &'a str,
    /// They sort before this.
    pub(super) end: Option<&'a str>,
}

impl Wanted<'_> {
    fn key(self, key: &str) -> bool {
        key.starts_with(self.prefix) && self.end.is_none_or(|end| key < end)
    }

    /// A folder matters as soon as a key below it could be wanted.
    fn folder(self, key: &str) -> bool {
        let path = format!("{key}/");
        (key.starts_with(self.prefix) || self.prefix.starts_with(&path))
            && self.end.is_none_or(|end| path.as_str() < end)
    }
}

/// Adds the keys of all objects in `folder` and below that are wanted. `path` is the folder's own key part,
/// empty or ending in `/`. Names that begin with a dot are the store's own.
pub(super) fn collect(
    folder: BorrowedFd<'_>,
    path: &str,
    wanted: Wanted<'_>,
    location: &str,
    keys: &mut Vec<String>,
) -> Result<(), StoreError> {
    let fail = |errno| fault::unusable(location, &format!("listing `{path}`"), errno);
    if path.matches('/').count() > DEPTH_MAX {
        return Err(fault::foreign(location, format!("`{path}` lies more than {DEPTH_MAX} folders deep")));
    }
    let mut below = Vec::new();
    for entry in Dir::read_from(folder).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let name = entry.file_name();
        if name.to_bytes().starts_with(b".") {
            continue;
        }
        let key = format!("{path}{}", name.to_string_lossy());
        if !wanted.key(&key) && !wanted.folder(&key) {
            continue;
        }
        if name.to_str().is_err() || check_key(&key).is_err() {
            return Err(fault::foreign(location, format!("`{}` is not the name of an object", key.escape_debug())));
        }
        let mut file_type = entry.file_type();
        if file_type == FileType::Unknown {
            match statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => file_type = FileType::from_raw_mode(stat.st_mode),
                Err(Errno::NOENT) => continue,
                Err(errno) => return Err(fail(errno)),
            }
        }
        match file_type {
            FileType::RegularFile if wanted.key(&key) => keys.push(key),
            FileType::Directory if wanted.folder(&key) => below.push(key),
            FileType::RegularFile | FileType::Directory => {}
            other => {
                return Err(fault::foreign(location, format!("`{key}` is {}, not an object", describe(other))));
            }
        }
    }
    for key in below {
        let (_, name) = split(&key);
        if let Some(fd) = open_below(folder, name, location)? {
            collect(fd.as_fd(), &format!("{key}/"), wanted, location, keys)?;
        }
    }
    Ok(())
}
