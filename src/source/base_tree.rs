//! Manifests at the commit that a pull request is held against.

use std::path::Path;

use git2::{Oid, Repository};

use super::git_tree::GitTree;
use super::repository::{self, no};
use crate::ports::SourceError;

/// A folder at the base of a pull request.
#[derive(Debug, Clone)]
pub struct BaseTree {
    /// Hex object id of the commit.
    pub commit: String,
    /// The folder; `None` if the base does not have it.
    pub folder: Option<GitTree>,
    /// Whether the planned commit has the base among its ancestors; `None` when that cannot be told: nothing is planned
    /// that is a commit, or the clone is shallow.
    pub is_ancestor: Option<bool>,
}

impl BaseTree {
    /// Finds the base as [`GitTree::open`] finds a commit. `planned` is the hex object id of the commit to be planned.
    pub fn open(
        dir: &Path,
        revision: &str,
        path_in_repo: Option<&str>,
        planned: Option<&str>,
    ) -> Result<Self, SourceError> {
        let Some(repository) = repository::discover(dir)? else {
            return no(
                format!("`{}` does not lie in a git repository, and so has no base", dir.display()),
                "plan a folder in one, or plan without --base",
            );
        };
        let path = match path_in_repo {
            Some(path) => repository::checked_path(path)?,
            None => repository::path_of(&repository, dir)?,
        };
        let commit = repository::resolve(&repository, revision)?;
        let folder = repository::subtree(&repository, &commit, &path)?;
        Ok(Self {
            commit: commit.id().to_string(),
            folder: folder.map(|folder| GitTree::at(&repository, &commit, &folder)),
            is_ancestor: planned.and_then(|planned| is_ancestor(&repository, commit.id(), planned)),
        })
    }
}

fn is_ancestor(repository: &Repository, base: Oid, planned: &str) -> Option<bool> {
    let planned = Oid::from_str(planned).ok()?;
    match repository.graph_descendant_of(planned, base) {
        _ if planned == base => Some(true),
        Ok(true) => Some(true),
        Ok(false) if !repository.is_shallow() => Some(false),
        // The commits in between are not all there.
        Ok(false) | Err(_) => None,
    }
}
