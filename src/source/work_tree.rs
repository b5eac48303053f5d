//! Whether the manifests in a folder are those of the commit that is checked out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use git2::{ObjectType, Oid};

use super::directory::Directory;
use super::intake::is_manifest;
use super::repository::{self, Item, no};
use crate::ports::{ManifestSet, Manifests as _, SourceError};

/// Paths that [`WorkTree::Dirty`] names at most.
pub const PATHS_SHOWN: usize = 20;

/// A folder's manifests against the commit that is checked out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkTree {
    /// The folder lies in no git repository.
    NotARepository,
    /// The same manifests, byte for byte.
    Clean {
        /// The commit's hex object id.
        commit: String,
        /// Its tree's hex object id.
        tree: String,
    },
    /// Some were changed, added or removed.
    Dirty {
        /// The commit's hex object id; `None` if nothing is committed yet.
        commit: Option<String>,
        /// The first [`PATHS_SHOWN`] paths that differ, relative to the folder, sorted (hostile: escape before printing).
        paths: Vec<String>,
        /// How many differ.
        count: usize,
    },
}

/// Holds the manifests in `dir` against those of the commit that is checked out, untracked and ignored ones included:
/// what git ignores would be planned all the same. Files that are no manifests do not matter.
///
/// The bytes are compared, not git's index: a checkout that turns line ends is not clean.
pub fn work_tree_state(dir: &Path) -> Result<WorkTree, SourceError> {
    compare(dir, &Directory::new(dir).read()?)
}

/// [`work_tree_state`] for a set that was read from `dir` already.
pub(super) fn compare(dir: &Path, set: &ManifestSet) -> Result<WorkTree, SourceError> {
    let Some(repository) = repository::discover(dir)? else { return Ok(WorkTree::NotARepository) };
    if repository.is_bare() {
        return no(
            format!("`{}` is a bare repository: it has no files to read", repository.path().display()),
            "name a commit (`--ref`)",
        );
    }
    let path = repository::path_of(&repository, dir)?;
    let head = repository::head(&repository)?;
    let folder = match &head {
        Some(commit) => repository::subtree(&repository, commit, &path)?,
        None => None,
    };
    // `None` stands for what is refused in a commit as it is in a folder, and never read.
    let mut committed: BTreeMap<String, Option<Oid>> = BTreeMap::new();
    if let Some(folder) = folder {
        repository::walk(&repository, &folder, "", 0, &mut |path, name, item| {
            match item {
                Item::File(id) if is_manifest(name) => {
                    committed.insert(path, Some(id));
                }
                Item::File(_) => {}
                Item::Symlink | Item::Submodule | Item::OddName(_) | Item::TooDeep => {
                    committed.insert(path, None);
                }
            }
            Ok(true)
        })?;
    }
    let differing = differing(set, committed)?;
    Ok(match head {
        Some(commit) if differing.is_empty() => {
            WorkTree::Clean { commit: commit.id().to_string(), tree: commit.tree_id().to_string() }
        }
        head => WorkTree::Dirty {
            commit: head.map(|commit| commit.id().to_string()),
            count: differing.len(),
            paths: differing.into_iter().take(PATHS_SHOWN).collect(),
        },
    })
}

fn differing(set: &ManifestSet, mut committed: BTreeMap<String, Option<Oid>>) -> Result<BTreeSet<String>, SourceError> {
    let mut differing = BTreeSet::new();
    for file in &set.files {
        let id = Oid::hash_object(ObjectType::Blob, file.text.as_bytes()).or_else(|error| {
            no(format!("`{}` cannot be hashed: {}", file.path, error.message()), "this is a fault of the program")
        })?;
        if committed.remove(&file.path) != Some(Some(id)) {
            differing.insert(file.path.clone());
        }
    }
    // A refused file was not read, so that its bytes cannot be compared; it stops a plan by itself.
    for path in set.problems.iter().filter_map(|problem| problem.path.as_ref()) {
        if committed.remove(path).is_none() {
            differing.insert(path.clone());
        }
    }
    differing.extend(committed.into_iter().filter(|(_, id)| id.is_some()).map(|(path, _)| path));
    Ok(differing)
}
