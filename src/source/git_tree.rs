//! Manifests at a commit.

use std::path::{Path, PathBuf};

use git2::{Commit, ErrorCode, ObjectType, Oid, Repository, Tree};

use super::intake::{FILE_BYTES_MAX, Intake, Refusal};
use super::repository::{self, Item, no};
use crate::ports::{ManifestSet, Manifests, SourceError};

/// A folder at a commit, as a source. It is read from the object database: nothing is checked out.
#[derive(Debug, Clone)]
pub struct GitTree {
    git_dir: PathBuf,
    commit: Oid,
    /// The commit's whole tree, for the basis.
    tree: Oid,
    /// The folder's tree.
    folder: Oid,
}

impl GitTree {
    /// Finds the repository that `dir` lies in (a work tree or a bare one), the commit that `revision` names, and in it
    /// the folder at `path_in_repo`, or else the one that corresponds to `dir` in the work tree, or else the root.
    ///
    /// The commit is settled here: a branch that moves before [`Manifests::read`] changes nothing.
    pub fn open(dir: &Path, revision: &str, path_in_repo: Option<&str>) -> Result<Self, SourceError> {
        let Some(repository) = repository::discover(dir)? else {
            return no(
                format!("`{}` does not lie in a git repository", dir.display()),
                "name a folder in one, or read the manifests from the folder instead of a commit",
            );
        };
        let path = match path_in_repo {
            Some(path) => repository::checked_path(path)?,
            None => repository::path_of(&repository, dir)?,
        };
        let commit = repository::resolve(&repository, revision)?;
        let Some(folder) = repository::subtree(&repository, &commit, &path)? else {
            return no(
                format!("there is no folder `{path}` at commit {}", commit.id()),
                "commit it first, or name the folder that held the manifests then",
            );
        };
        Ok(Self::at(&repository, &commit, &folder))
    }

    /// A folder of a commit that was found already.
    pub(super) fn at(repository: &Repository, commit: &Commit<'_>, folder: &Tree<'_>) -> Self {
        Self { git_dir: repository.path().to_owned(), commit: commit.id(), tree: commit.tree_id(), folder: folder.id() }
    }

    /// The commit's hex object id.
    #[must_use]
    pub fn commit(&self) -> String {
        self.commit.to_string()
    }
}

impl Manifests for GitTree {
    fn read(&self) -> Result<ManifestSet, SourceError> {
        let repository = repository::open(&self.git_dir)?;
        let unreadable = |error: git2::Error| repository::unreadable_object(&repository, &error);
        let objects = repository.odb().map_err(unreadable)?;
        let folder = repository.find_tree(self.folder).map_err(unreadable)?;
        let mut intake = Intake::default();
        repository::walk(&repository, &folder, "", 0, &mut |path, name, item| {
            match item {
                Item::File(id) if intake.wants(&path, name) => {
                    let about = |error: git2::Error| {
                        let mut fault = repository::unreadable_object(&repository, &error);
                        if error.code() == ErrorCode::NotFound {
                            fault.message = format!("the contents of `{path}` ({id}) are missing in the repository");
                        }
                        fault
                    };
                    // The header first: what is too large is never unpacked.
                    let (size, kind) = objects.read_header(id).map_err(about)?;
                    if kind != ObjectType::Blob {
                        intake.refuse(&path, Refusal::NotAFile);
                    } else if u64::try_from(size).unwrap_or(u64::MAX) > FILE_BYTES_MAX {
                        intake.refuse(&path, Refusal::TooLarge);
                    } else {
                        let bytes = objects.read(id).map_err(about)?.data().to_vec();
                        intake.add(path, bytes);
                    }
                }
                Item::File(_) | Item::OddName(false) => {}
                Item::Symlink => intake.refuse(&path, Refusal::Symlink),
                Item::Submodule => intake.refuse(&path, Refusal::Submodule),
                Item::OddName(true) => intake.refuse(&path, Refusal::OddName),
                Item::TooDeep => intake.refuse(&path, Refusal::TooDeep),
            }
            Ok(!intake.is_over())
        })?;
        Ok(intake.finish(Some(self.commit.to_string()), Some(self.tree.to_string()), false))
    }
}
