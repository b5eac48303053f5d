//! Finding a repository and what is in it, with errors that say what to do.

use std::path::{Path, PathBuf};

use git2::{Commit, ErrorCode, ObjectType, Repository, Tree};

use super::intake::{DEPTH_MAX, Name, name};
use crate::domain::text;
use crate::ports::SourceError;

/// Where the manifests lie from the top of their repository, with `/` between names: `path_in_repo`, or else where `dir`
/// is in the work tree. `None` at the top itself, outside of a repository, and where reading manifests fails anyway.
#[must_use]
pub fn folder_in_repository(dir: &Path, path_in_repo: Option<&str>) -> Option<String> {
    let repository = discover(dir).ok()??;
    let path = match path_in_repo {
        Some(path) => checked_path(path),
        None => path_of(&repository, dir),
    };
    path.ok().filter(|path| !path.is_empty())
}

pub(super) fn no<T>(message: impl Into<String>, help: impl Into<String>) -> Result<T, SourceError> {
    Err(SourceError { message: message.into(), help: help.into() })
}

/// The repository that `dir` lies in, work tree or bare; `None` if there is none.
pub(super) fn discover(dir: &Path) -> Result<Option<Repository>, SourceError> {
    let dir = match dir.canonicalize() {
        Ok(dir) => dir,
        Err(error) => {
            return no(
                format!("the folder `{}` cannot be opened: {error}", dir.display()),
                "name a folder in the repository",
            );
        }
    };
    let Some(git_dir) = discover_path(&dir)? else { return Ok(None) };
    refuse_planted(&dir, &git_dir)?;
    open(&git_dir).map(Some)
}

/// Opens the repository whose git folder this is.
pub(super) fn open(git_dir: &Path) -> Result<Repository, SourceError> {
    Repository::open(git_dir).map_err(|error| cannot_open(git_dir, &error))
}

fn discover_path(dir: &Path) -> Result<Option<PathBuf>, SourceError> {
    match Repository::discover_path(dir, std::iter::empty::<&Path>()) {
        Ok(path) => Ok(Some(path)),
        Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
        Err(error) => Err(cannot_open(dir, &error)),
    }
}

/// Files that look like a bare repository can be committed to another repository like any files. Whoever runs there
/// would then read commits of the author's choosing under names like `main`.
fn refuse_planted(dir: &Path, git_dir: &Path) -> Result<(), SourceError> {
    let looks_bare = dir.starts_with(git_dir) && git_dir.file_name().is_none_or(|name| name != ".git");
    let Some(parent) = git_dir.parent().filter(|_| looks_bare) else { return Ok(()) };
    let Some(outer) = discover_path(parent)? else { return Ok(()) };
    if git_dir.starts_with(&outer) {
        // A part of that repository's own git folder, like a submodule's.
        return Ok(());
    }
    no(
        format!("`{}` looks like a bare repository and lies in the work tree of another one", git_dir.display()),
        "files of a repository must not pass for a repository: move it out, or name a folder outside of it",
    )
}

fn cannot_open(at: &Path, error: &git2::Error) -> SourceError {
    let shown = at.display();
    let text = error.message();
    if error.code() == ErrorCode::Owner {
        let root = if at.ends_with(".git") { at.parent().unwrap_or(at) } else { at };
        return SourceError {
            message: format!("the repository at `{shown}` belongs to another user and is not trusted"),
            help: format!("if you trust it: git config --global --add safe.directory '{}'", root.display()),
        };
    }
    if text.contains("object format") {
        return SourceError {
            message: format!("the repository at `{shown}` uses SHA-256 object ids, which are not supported yet"),
            help: "read the manifests from a folder instead of a commit, or keep them in a SHA-1 repository".to_owned(),
        };
    }
    SourceError {
        message: format!("the repository at `{shown}` cannot be opened: {text}"),
        help: "see whether `git status` works there".to_owned(),
    }
}

/// The commit that is checked out; `None` if there is none yet.
pub(super) fn head(repository: &Repository) -> Result<Option<Commit<'_>>, SourceError> {
    match repository.head() {
        Ok(head) => head.peel_to_commit().map(Some).map_err(|error| unreadable_object(repository, &error)),
        Err(error) if matches!(error.code(), ErrorCode::UnbornBranch | ErrorCode::NotFound) => Ok(None),
        Err(error) => Err(unreadable_object(repository, &error)),
    }
}

/// The commit that a revision (branch, tag, object id, `HEAD~1`, …) names.
pub(super) fn resolve<'a>(repository: &'a Repository, revision: &str) -> Result<Commit<'a>, SourceError> {
    let shown = text::short(revision, 100);
    let object = match repository.revparse_single(revision) {
        Ok(object) => object,
        Err(error) if error.code() == ErrorCode::Ambiguous => {
            return no(
                format!("the revision `{shown}` is ambiguous"),
                "write more of the object id, or a branch's full name",
            );
        }
        Err(_) if head(repository)?.is_none() => {
            return no(
                format!("the revision `{shown}` does not exist: nothing is committed here yet"),
                "commit the manifests first, or read them from the folder",
            );
        }
        Err(_) => {
            return no(format!("the revision `{shown}` does not exist"), unknown_revision_help(repository, revision));
        }
    };
    let kind = object.kind().map_or("object", |kind| kind.str());
    object.peel_to_commit().or_else(|error| match error.code() {
        ErrorCode::Peel | ErrorCode::InvalidSpec => no(
            format!("the revision `{shown}` names a {kind}, not a commit"),
            "name a commit, a branch or a tag of a commit",
        ),
        _ => Err(unreadable_object(repository, &error)),
    })
}

fn unknown_revision_help(repository: &Repository, revision: &str) -> String {
    let names = branches_and_tags(repository);
    if let Some(near) = text::nearest(revision, names.iter().map(String::as_str)) {
        return format!("did you mean `{}`?", text::short(near, 100));
    }
    if repository.is_shallow() {
        return "this is a shallow clone: fetch that revision (`git fetch --unshallow`, or `fetch-depth: 0` in CI)"
            .to_owned();
    }
    "name a branch, a tag or a commit of this repository; fetch it first if it is new (`git fetch`)".to_owned()
}

fn branches_and_tags(repository: &Repository) -> Vec<String> {
    let Ok(references) = repository.references() else { return Vec::new() };
    let mut names: Vec<String> =
        references.flatten().filter_map(|reference| reference.shorthand().ok().map(str::to_owned)).collect();
    names.sort();
    names
}

/// What to say about an object that should be there.
pub(super) fn unreadable_object(repository: &Repository, error: &git2::Error) -> SourceError {
    if error.code() == ErrorCode::NotFound {
        return SourceError {
            message: format!("an object is missing in `{}`: {}", repository.path().display(), error.message()),
            help: "a partial clone has only some objects: fetch the rest with `git fetch --refetch --no-filter`; in any other clone \
                   run `git fsck`"
                .to_owned(),
        };
    }
    SourceError {
        message: format!("`{}` cannot be read: {}", repository.path().display(), error.message()),
        help: "run `git fsck` there".to_owned(),
    }
}

/// Where `dir` lies in the repository, with slashes, empty for its root.
pub(super) fn path_of(repository: &Repository, dir: &Path) -> Result<String, SourceError> {
    let Some(work_tree) = repository.workdir() else { return Ok(String::new()) };
    let shown = dir.display();
    if std::fs::symlink_metadata(dir.components().collect::<PathBuf>()).is_ok_and(|meta| meta.is_symlink()) {
        return no(format!("`{shown}` is a symbolic link"), "name the folder that it points to");
    }
    let inside = match (dir.canonicalize(), work_tree.canonicalize()) {
        (Ok(dir), Ok(work_tree)) => dir.strip_prefix(&work_tree).map(Path::to_owned).ok(),
        _ => None,
    };
    let Some(inside) = inside else {
        return no(
            format!("`{shown}` does not lie in the work tree of `{}`", repository.path().display()),
            "name a folder in the work tree",
        );
    };
    match inside.to_str() {
        Some(inside) if !inside.split('/').any(|part| part == ".git") => Ok(inside.to_owned()),
        Some(_) => no(format!("`{shown}` is inside git's own folder"), "name a folder in the work tree"),
        None => no(format!("the path of `{shown}` is not UTF-8 text"), "rename the folder"),
    }
}

/// A path in a repository as people write it, checked: relative, without `..`.
pub(super) fn checked_path(path: &str) -> Result<String, SourceError> {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    if path.starts_with('/') || parts.contains(&"..") || path.contains('\0') {
        return no(
            format!("`{}` is not a path in a repository", text::short(path, 100)),
            "write the folder's path from the repository's root, without `..`",
        );
    }
    Ok(parts.join("/"))
}

/// The folder at this path in a commit; `None` if the commit has nothing there.
pub(super) fn subtree<'a>(
    repository: &'a Repository,
    commit: &Commit<'a>,
    path: &str,
) -> Result<Option<Tree<'a>>, SourceError> {
    let root = commit.tree().map_err(|error| unreadable_object(repository, &error))?;
    if path.is_empty() {
        return Ok(Some(root));
    }
    let mut tree = root;
    for part in path.split('/') {
        let Some(entry) = tree.get_name_bytes(part.as_bytes()).map(|entry| entry.to_owned()) else { return Ok(None) };
        if entry.kind() != Some(ObjectType::Tree) {
            return no(
                format!("`{}` is not a folder at commit {}", text::short(path, 200), commit.id()),
                "name the folder that holds the manifests; links and submodules are not followed",
            );
        }
        tree = repository.find_tree(entry.id()).map_err(|error| unreadable_object(repository, &error))?;
    }
    Ok(Some(tree))
}

/// What a tree holds that matters here.
pub(super) enum Item {
    File(git2::Oid),
    Symlink,
    Submodule,
    /// A name that is not text; whether it would be a manifest's.
    OddName(bool),
    TooDeep,
}

/// Shows `visit` everything below a tree that is not hidden, with its path and name, until it says to stop.
pub(super) fn walk(
    repository: &Repository,
    tree: &Tree<'_>,
    folder: &str,
    depth: usize,
    visit: &mut dyn FnMut(String, &str, Item) -> Result<bool, SourceError>,
) -> Result<bool, SourceError> {
    /// Git's modes of tree entries: the type of file in the upper bits.
    const TYPE: i32 = 0o170_000;
    for entry in tree {
        let bytes = entry.name_bytes();
        let mode = entry.filemode_raw() & TYPE;
        let text = match name(bytes) {
            Name::Hidden => continue,
            Name::Text(text) => text,
            Name::Odd(shown, manifest) => {
                let matters = manifest || mode != 0o100_000;
                if !visit(super::intake::join(folder, &shown), &shown, Item::OddName(matters))? {
                    return Ok(false);
                }
                continue;
            }
        };
        let path = super::intake::join(folder, text);
        let item = match mode {
            0o040_000 if depth == DEPTH_MAX => Item::TooDeep,
            0o040_000 => {
                let below = repository.find_tree(entry.id()).map_err(|error| unreadable_object(repository, &error))?;
                if !walk(repository, &below, &path, depth + 1, visit)? {
                    return Ok(false);
                }
                continue;
            }
            0o120_000 => Item::Symlink,
            0o160_000 => Item::Submodule,
            _ => Item::File(entry.id()),
        };
        if !visit(path, text, item)? {
            return Ok(false);
        }
    }
    Ok(true)
}
