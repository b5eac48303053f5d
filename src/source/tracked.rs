//! Whether git holds what must not come from git.

use std::path::Path;

use git2::{ErrorCode, ObjectType};

use super::repository::{self, no, unreadable_object};
use crate::ports::SourceError;

/// The first path at or below `folder`, or the submodule that holds it, that is in the index or in the checked-out commit of
/// the repository that `dir` lies in; `None` if there is none, or no repository, or only a bare one, which puts no file anywhere.
///
/// Names are compared without regard to ASCII case, because some file systems do not tell them apart.
pub fn tracks(dir: &Path, folder: &Path) -> Result<Option<String>, SourceError> {
    let Some(repository) = repository::discover(dir)? else { return Ok(None) };
    let Some(work_tree) = repository.workdir() else { return Ok(None) };
    let (Some(parent), Some(name)) = (folder.parent(), folder.file_name()) else { return Ok(None) };
    let (Ok(parent), Ok(work_tree)) = (parent.canonicalize(), work_tree.canonicalize()) else { return Ok(None) };
    let Ok(parent) = parent.strip_prefix(&work_tree) else { return Ok(None) };
    let folder = parent.join(name);
    let wanted = folder.as_os_str().as_encoded_bytes();

    let index = repository.index().or_else(|error| {
        no(
            format!("the index of `{}` cannot be read: {}", repository.path().display(), error.message()),
            "see whether `git status` works there",
        )
    })?;
    // Nothing but a submodule stands above a file: it lies in that, and the commit says which one is checked out.
    let staged = index.iter().find(|entry| lies_in(&entry.path, wanted) || lies_in(wanted, &entry.path));
    if let Some(entry) = staged {
        return Ok(Some(String::from_utf8_lossy(&entry.path).into_owned()));
    }
    let Some(commit) = repository::head(&repository)? else { return Ok(None) };
    let tree = commit.tree().map_err(|error| unreadable_object(&repository, &error))?;
    for path in folder.ancestors().filter(|path| !path.as_os_str().is_empty()) {
        match tree.get_path(path) {
            Ok(entry) if path != folder && entry.kind() == Some(ObjectType::Tree) => {}
            Ok(_) => return Ok(Some(path.to_string_lossy().into_owned())),
            Err(error) if error.code() == ErrorCode::NotFound => {}
            Err(error) => return Err(unreadable_object(&repository, &error)),
        }
    }
    Ok(None)
}

fn lies_in(path: &[u8], folder: &[u8]) -> bool {
    let Some((head, rest)) = path.split_at_checked(folder.len()) else { return false };
    head.eq_ignore_ascii_case(folder) && (rest.is_empty() || rest.starts_with(b"/"))
}

#[cfg(test)]
mod tests {
    use super::lies_in;

    #[test]
    fn a_path_lies_in_a_folder_or_is_it() {
        for (path, folder, expected) in [
            ("a/.leasehold/head.json", "a/.leasehold", true),
            (".LeaseHold/head.json", ".leasehold", true),
            (".leasehold", ".leasehold", true),
            (".leasehold2/head.json", ".leasehold", false),
            ("a/.leasehold/x", ".leasehold", false),
            ("", ".leasehold", false),
        ] {
            assert_eq!(lies_in(path.as_bytes(), folder.as_bytes()), expected, "{path}");
        }
    }
}
