//! Where manifests come from: a folder, or a git commit.
//!
//! Both hold the same rules, so that the same files give the same set and the same digest from either. A manifest is a
//! file whose name ends in `.yaml` or `.yml`. Files and folders whose name begins with a dot (`.git`, `.github`,
//! `.leasehold`) are passed over. A symbolic link, a submodule or a special file anywhere else is refused, because what
//! it stands for lies outside of what was reviewed.
//!
//! Only the object database is read from git: nothing is checked out, and no hook, filter or command from a repository's
//! configuration is ever run. The repository is the one that the given folder lies in, whatever `GIT_DIR` says.

mod base_tree;
mod directory;
mod git_tree;
mod intake;
mod repository;
mod signed;
mod tracked;
mod work_tree;

pub use base_tree::BaseTree;
pub use directory::Directory;
pub use git_tree::GitTree;
pub use intake::{BYTES_MAX, DEPTH_MAX, FILE_BYTES_MAX, FILES_MAX, manifest_digest};
pub use repository::folder_in_repository;
pub use signed::{from_a_commit, signed_by};
pub use tracked::tracks;
pub use work_tree::{PATHS_SHOWN, WorkTree, work_tree_state};
