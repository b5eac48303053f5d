//! The only place that names adapters.

mod access;
mod head_signing;
mod state;

use std::path::Path;
use std::sync::Arc;

use leasehold::app::{AppError, Base, Failure, Meaning, read_base};
use leasehold::domain::desired::Desired;
use leasehold::domain::record::Basis;
use leasehold::domain::signing::{AllowedSigners, Refusal, SignedBy};
use leasehold::domain::span::SourceFile;
use leasehold::output::count;
use leasehold::ports::{ManifestSet, Manifests as _, SourceError};
use leasehold::source::{self, BaseTree, Directory, GitTree, WorkTree};

use crate::args::SourceArgs;
use crate::system;

pub(crate) use access::LiveAccess;
pub(crate) use head_signing::{SigningKey, signing};
pub(crate) use state::{Place, Store, broker, looked_at, place, reached, reader, state, state_place};

/// Where a command takes its manifests from when the command line leaves it open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prefer {
    /// The commit that is checked out, in CI; the files otherwise.
    CommitInCi,
    /// The commit that is checked out.
    Commit,
}

/// Reads the manifests.
pub(crate) fn manifests(args: &SourceArgs, prefer: Prefer, allow_dirty: bool) -> Result<ManifestSet, Failure> {
    let set = read_manifests(args, prefer, allow_dirty)?;
    let ManifestSet { files, problems, basis } = &set;
    tracing::info!(
        files = files.len(),
        refused = problems.len(),
        commit = basis.commit,
        dirty = basis.dirty,
        "manifests"
    );
    Ok(set)
}

fn read_manifests(args: &SourceArgs, prefer: Prefer, allow_dirty: bool) -> Result<ManifestSet, Failure> {
    if let Some(rev) = &args.rev {
        return at_commit(&args.dir, rev, args.path.as_deref());
    }
    let commit = match prefer {
        Prefer::CommitInCi => system::in_ci(),
        Prefer::Commit => true,
    };
    if !commit {
        return files(&args.dir);
    }
    match source::work_tree_state(&args.dir).map_err(source_failure)? {
        WorkTree::Clean { .. } => at_commit(&args.dir, "HEAD", None),
        WorkTree::Dirty { .. } if allow_dirty || prefer == Prefer::CommitInCi => files(&args.dir),
        WorkTree::NotARepository if allow_dirty || prefer == Prefer::CommitInCi => files(&args.dir),
        WorkTree::NotARepository => Err(Failure::new(
            Meaning::Failed,
            "uncommitted-manifests",
            format!("{} is not in a git repository, and the record would name no commit", shown(&args.dir)),
        )
        .help("apply from a repository, or say --allow-dirty, which the record keeps")),
        WorkTree::Dirty { paths, .. } => {
            let named: Vec<_> = paths.iter().take(5).map(|path| leasehold::domain::text::escape(path)).collect();
            Err(Failure::new(
                Meaning::Failed,
                "uncommitted-manifests",
                "the manifests differ from the commit that is checked out, and the record would name a commit that does not hold them",
            )
            .because(format!("changed or untracked: {}", named.join(", ")))
            .help("commit them, or apply the commit as it is (--ref HEAD), or say --allow-dirty, which the record keeps"))
        }
    }
}

/// The folder of the manifests from the top of their repository, as a forge names it.
pub(crate) fn folder(args: &SourceArgs) -> Option<String> {
    source::folder_in_repository(&args.dir, args.path.as_deref())
}

/// Lowers the manifests. That there is no Broker among them is told with where they were looked for.
pub(crate) fn validate(args: &SourceArgs, manifests: &ManifestSet) -> Result<Desired, AppError> {
    let mut result = leasehold::app::validate(manifests);
    if let Err(AppError::Manifests(errors)) = &mut result {
        let at = args.rev.as_ref().map(|rev| format!(" at {rev}")).unwrap_or_default();
        let read = count(manifests.files.len() as u64, "manifest");
        for error in errors.iter_mut().filter(|error| error.kind == "no-broker") {
            let place = format!("{read} in {}{at}", std::path::absolute(&args.dir).unwrap_or_default().display());
            error.message = format!("{}: read {place}", error.message);
        }
    }
    result
}

fn files(dir: &Path) -> Result<ManifestSet, Failure> {
    Directory::in_work_tree(dir).read().map_err(source_failure)
}

/// A set of manifests that lie nowhere yet.
pub(crate) fn set_of(files: Vec<Arc<SourceFile>>) -> ManifestSet {
    let manifest_digest = source::manifest_digest(&files);
    let basis = Basis { commit: None, tree: None, dirty: true, manifest_digest };
    ManifestSet { files, problems: Vec::new(), basis }
}

/// The paths in a folder that are read as manifests, or refused as such.
pub(crate) fn manifest_paths(dir: &Path) -> Result<Vec<String>, Failure> {
    let ManifestSet { files, problems, basis: _ } = Directory::new(dir).read().map_err(source_failure)?;
    let refused = problems.iter().map(|problem| problem.path.clone().unwrap_or_else(|| problem.message.clone()));
    Ok(files.iter().map(|file| file.path.clone()).chain(refused).collect())
}

fn at_commit(dir: &Path, rev: &str, path: Option<&str>) -> Result<ManifestSet, Failure> {
    GitTree::open(dir, rev, path).and_then(|tree| tree.read()).map_err(source_failure)
}

/// Reads the base of a pull request, of the same folder.
pub(crate) fn base(args: &SourceArgs, revision: &str, planned: &ManifestSet) -> Result<Base, Failure> {
    let commit = if planned.basis.dirty { None } else { planned.basis.commit.as_deref() };
    let found = BaseTree::open(&args.dir, revision, args.path.as_deref(), commit).map_err(base_failure)?;
    let BaseTree { commit, folder, is_ancestor } = found;
    let set = folder.map(|folder| folder.read()).transpose().map_err(base_failure)?;
    tracing::info!(commit, files = set.as_ref().map(|set| set.files.len()), is_ancestor, "base");
    read_base(&commit, set.as_ref(), is_ancestor)
}

/// Who signed a commit, or why nobody on the list did.
pub(crate) fn signed_by(
    dir: &Path,
    commit: &str,
    allowed: &AllowedSigners,
) -> Result<Result<SignedBy, Refusal>, Failure> {
    source::signed_by(dir, commit, allowed).map_err(source_failure)
}

/// The path by which a commit to the repository could decide what `file` says.
pub(crate) fn comes_from_a_commit(dir: &Path, file: &Path) -> Result<Option<String>, Failure> {
    source::from_a_commit(dir, file).map_err(source_failure)
}

fn base_failure(error: SourceError) -> Failure {
    let failure = source_failure(error);
    Failure { message: format!("the base cannot be read: {}", failure.message), ..failure }
}

fn source_failure(error: SourceError) -> Failure {
    Failure::new(Meaning::Failed, "manifests-unreadable", error.message).help(error.help)
}

fn shown(path: &Path) -> String {
    leasehold::domain::text::escape(&path.to_string_lossy()).into_owned()
}
