//! Whether one folder lies inside of another, wherever their names lead.

use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};

/// Whether `inner` is `outer` or lies somewhere below it. Neither has to be there yet.
///
/// A symbolic link or `..` is followed as the system would, and folders that are there are compared by what they are, so
/// that a second mount or another case of letters hides nothing.
pub(super) fn lies_within(inner: &Path, outer: &Path) -> io::Result<bool> {
    let (inner, outer) = (resolved(inner)?, resolved(outer)?);
    let identity = identity(&outer)?;
    for folder in inner.ancestors() {
        if folder == outer || identity.is_some() && self::identity(folder)? == identity {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The path without links and `..`. What is not there yet will be made as it is named.
fn resolved(path: &Path) -> io::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    let mut there = path.as_path();
    let mut missing = Vec::new();
    let mut resolved = loop {
        match there.canonicalize() {
            Ok(found) => break found,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let (Some(parent), Some(name)) = (there.parent(), there.components().next_back()) else {
                    return Err(error);
                };
                missing.push(name);
                there = parent;
            }
            Err(error) => return Err(error),
        }
    };
    for name in missing.into_iter().rev() {
        match name {
            Component::ParentDir => {
                let _ = resolved.pop();
            }
            name => resolved.push(name),
        }
    }
    Ok(resolved)
}

fn identity(folder: &Path) -> io::Result<Option<(u64, u64)>> {
    match folder.metadata() {
        Ok(metadata) => Ok(Some((metadata.dev(), metadata.ino()))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_hides_that_a_folder_lies_inside() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |path: &str| folder.path().join(path);
        std::fs::create_dir_all(at("state/lease")).expect("made");
        std::fs::create_dir_all(at("other")).expect("made");
        std::os::unix::fs::symlink(at("state/lease"), at("other/link")).expect("linked");
        std::os::unix::fs::symlink(at("state"), at("alias")).expect("linked");
        let within = |inner: &str, outer: &str| lies_within(&at(inner), &at(outer)).expect("looked at");
        for inner in [
            "state",
            "state/",
            "state/.",
            "state/memory",
            "state/not/yet/there",
            "other/../state/memory",
            "other/link",
            "other/link/memory",
            "other/link/../memory",
            "not/there/../../state/memory",
        ] {
            assert!(within(inner, "state"), "{inner}");
            assert!(within(inner, "alias"), "{inner}");
        }
        for inner in ["", "other", "other/memory", "state/../memory", "state-memory", "states/memory", "memory"] {
            assert!(!within(inner, "state"), "{inner}");
        }
        assert!(within("new/state/memory", "new/state"), "neither is there yet");
        assert!(!within("new/memory", "new/state"));
        assert!(lies_within(&at("state/\0"), &at("state")).is_err(), "what cannot be told is not a no");
    }
}
