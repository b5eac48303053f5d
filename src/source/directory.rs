//! Manifests in a folder.

use std::io::Read as _;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, fstat, open, openat, statat};
use rustix::io::Errno;

use super::intake::{DEPTH_MAX, FILE_BYTES_MAX, Intake, Name, Refusal, join, name};
use super::work_tree::{WorkTree, compare};
use crate::ports::{ManifestSet, Manifests, SourceError};

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
/// `NONBLOCK` because to open a pipe would otherwise wait for its other end.
const FILE: OFlags =
    OFlags::RDONLY.union(OFlags::NOFOLLOW).union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(OFlags::CLOEXEC);

/// A folder as a source. Each folder is opened below the one before and never through a symbolic link, so that nothing
/// outside the root can be reached, whoever changes the folder meanwhile.
#[derive(Debug, Clone)]
pub struct Directory {
    root: PathBuf,
    compared: bool,
}

impl Directory {
    /// The folder alone: its basis names no commit and is dirty.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into(), compared: false }
    }

    /// The folder held against the commit that is checked out: the very files that were read decide whether the basis
    /// is dirty. Outside a repository it is the same as [`Directory::new`].
    #[must_use]
    pub fn in_work_tree(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into(), compared: true }
    }
}

impl Manifests for Directory {
    fn read(&self) -> Result<ManifestSet, SourceError> {
        let mut intake = Intake::default();
        walk(open_root(&self.root)?.as_fd(), "", 0, &mut intake);
        let mut set = intake.finish(None, None, true);
        if self.compared {
            match compare(&self.root, &set)? {
                WorkTree::NotARepository => {}
                WorkTree::Clean { commit, tree } => {
                    (set.basis.commit, set.basis.tree, set.basis.dirty) = (Some(commit), Some(tree), false);
                }
                WorkTree::Dirty { commit, .. } => set.basis.commit = commit,
            }
        }
        Ok(set)
    }
}

/// The path without `.` parts and without slashes at its end: behind such a slash a symlink would be followed.
fn plain(path: &Path) -> PathBuf {
    let plain: PathBuf = path.components().collect();
    if plain.as_os_str().is_empty() { PathBuf::from(".") } else { plain }
}

/// Refuses what is no folder, with the reason.
fn open_root(path: &Path) -> Result<OwnedFd, SourceError> {
    let path = plain(path);
    let shown = path.display();
    let no = |message: String, help: &str| Err(SourceError { message, help: help.to_owned() });
    match open(&path, FOLDER, Mode::empty()) {
        Ok(fd) => Ok(fd),
        Err(Errno::NOENT) => {
            no(format!("the folder `{shown}` does not exist"), "name the folder that holds the manifests")
        }
        Err(Errno::NOTDIR | Errno::LOOP | Errno::MLINK) => {
            if std::fs::symlink_metadata(&path).is_ok_and(|meta| meta.is_symlink()) {
                no(format!("`{shown}` is a symbolic link"), "name the folder that it points to")
            } else {
                no(
                    format!("`{shown}` is not a folder"),
                    "name the folder that holds the manifests, not one of its files",
                )
            }
        }
        Err(errno) => no(
            format!("the folder `{shown}` cannot be opened: {}", std::io::Error::from(errno)),
            "give the user who runs this read access to it",
        ),
    }
}

fn walk(folder: BorrowedFd<'_>, path: &str, depth: usize, intake: &mut Intake) {
    let entries = match Dir::read_from(folder) {
        Ok(entries) => entries,
        Err(errno) => return intake.unreadable(path, &errno.into()),
    };
    for entry in entries {
        if intake.is_over() {
            return;
        }
        let entry = match entry {
            Ok(entry) => entry,
            Err(errno) => return intake.unreadable(path, &errno.into()),
        };
        let mut file_type = entry.file_type();
        if file_type == FileType::Unknown {
            match statat(folder, entry.file_name(), AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => file_type = FileType::from_raw_mode(stat.st_mode),
                Err(Errno::NOENT) => continue,
                Err(errno) => {
                    intake.unreadable(&join(path, &entry.file_name().to_string_lossy()), &errno.into());
                    continue;
                }
            }
        }
        let text = match name(entry.file_name().to_bytes()) {
            Name::Hidden => continue,
            Name::Text(text) => text,
            Name::Odd(shown, manifest) => {
                if manifest || file_type != FileType::RegularFile {
                    intake.refuse(&join(path, &shown), Refusal::OddName);
                }
                continue;
            }
        };
        let path = join(path, text);
        match file_type {
            FileType::RegularFile => {
                if intake.wants(&path, text) {
                    read_file(folder, text, path, intake);
                }
            }
            FileType::Directory if depth == DEPTH_MAX => intake.refuse(&path, Refusal::TooDeep),
            FileType::Directory => match openat(folder, text, FOLDER, Mode::empty()) {
                Ok(below) => walk(below.as_fd(), &path, depth + 1, intake),
                Err(Errno::NOENT) => {}
                Err(errno) => refuse_open(&path, errno, intake),
            },
            FileType::Symlink => intake.refuse(&path, Refusal::Symlink),
            _ => intake.refuse(&path, Refusal::NotAFile),
        }
    }
}

/// What was a file or folder when it was listed may be something else by now.
fn refuse_open(path: &str, errno: Errno, intake: &mut Intake) {
    match errno {
        Errno::LOOP | Errno::MLINK | Errno::NOTDIR => intake.refuse(path, Refusal::Symlink),
        Errno::NXIO => intake.refuse(path, Refusal::NotAFile),
        _ => intake.unreadable(path, &errno.into()),
    }
}

fn read_file(folder: BorrowedFd<'_>, name: &str, path: String, intake: &mut Intake) {
    let fd = match openat(folder, name, FILE, Mode::empty()) {
        Ok(fd) => fd,
        Err(Errno::NOENT) => return,
        Err(errno) => return refuse_open(&path, errno, intake),
    };
    let stat = match fstat(&fd) {
        Ok(stat) => stat,
        Err(errno) => return intake.unreadable(&path, &errno.into()),
    };
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return intake.refuse(&path, Refusal::NotAFile);
    }
    let size = u64::try_from(stat.st_size).unwrap_or(u64::MAX);
    if size > FILE_BYTES_MAX {
        return intake.refuse(&path, Refusal::TooLarge);
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
    // It may have grown since: one byte above the cap is enough to tell.
    match std::fs::File::from(fd).take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes) {
        Ok(_) => intake.add(path, bytes),
        Err(error) => intake.unreadable(&path, &error),
    }
}
