//! Manifests from folders and from git: the same rules, hostile contents, and repositories that cannot be read.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use git2::{FileMode, Oid, Repository, Signature};
use leasehold::ports::{ManifestSet, Manifests, SourceError};
use leasehold::source::{DEPTH_MAX, Directory, FILE_BYTES_MAX, GitTree, WorkTree, work_tree_state};
use tempfile::TempDir;

fn temp() -> TempDir {
    tempfile::tempdir().expect("tempdir")
}

fn write(root: &Path, path: &str, bytes: impl AsRef<[u8]>) {
    let path = root.join(path);
    std::fs::create_dir_all(path.parent().expect("below the root")).expect("made");
    std::fs::write(path, bytes).expect("written");
}

fn repository(root: &Path) -> Repository {
    let mut options = git2::RepositoryInitOptions::new();
    Repository::init_opts(root, options.initial_head("main")).expect("init")
}

fn commit_tree(repository: &Repository, tree: Oid) -> Oid {
    let author = Signature::new("A", "a@example.com", &git2::Time::new(0, 0)).expect("valid");
    let tree = repository.find_tree(tree).expect("tree");
    let parent = repository.head().ok().and_then(|head| head.peel_to_commit().ok());
    let parents: Vec<_> = parent.iter().collect();
    repository.commit(Some("HEAD"), &author, &author, "m", &tree, &parents).expect("commit")
}

/// Commits everything in the work tree.
fn commit_all(repository: &Repository) -> Oid {
    let mut index = repository.index().expect("index");
    index.add_all(["*"], git2::IndexAddOption::FORCE, None).expect("added");
    index.update_all(["*"], None).expect("updated");
    index.write().expect("written");
    let tree = index.write_tree().expect("tree");
    commit_tree(repository, tree)
}

fn paths(set: &ManifestSet) -> Vec<&str> {
    set.files.iter().map(|file| file.path.as_str()).collect()
}

fn problems(set: &ManifestSet) -> Vec<(&str, &str)> {
    set.problems.iter().map(|problem| (problem.path.as_deref().unwrap_or(""), problem.kind)).collect()
}

fn read(source: &impl Manifests) -> ManifestSet {
    let set = source.read().expect("readable");
    assert!(set.problems.iter().all(|problem| !problem.message.is_empty() && !problem.help.is_empty()));
    set
}

fn fault<T: std::fmt::Debug>(result: Result<T, SourceError>) -> (String, String) {
    let error = result.expect_err("a source that cannot be read");
    (error.message, error.help)
}

#[test]
fn a_folder_and_its_commit_give_the_same_files_and_digest() {
    let temp = temp();
    let repository = repository(temp.path());
    write(temp.path(), "prod/broker.yaml", "kind: Broker\n");
    write(temp.path(), "prod/roles/b.yml", "kind: Role\n");
    write(temp.path(), "prod/roles.yaml", "kind: Röle\r\n");
    write(temp.path(), "prod/README.md", "no manifest");
    write(temp.path(), "prod/.hidden.yaml", "no manifest");
    write(temp.path(), "prod/.github/workflow.yaml", "no manifest");
    write(temp.path(), "dev/other.yaml", "kind: Role\n");
    let commit = commit_all(&repository);

    let dir = temp.path().join("prod");
    let folder = read(&Directory::in_work_tree(&dir));
    let tree = read(&GitTree::open(&dir, "main", None).expect("open"));
    assert_eq!(paths(&folder), ["broker.yaml", "roles.yaml", "roles/b.yml"]);
    assert_eq!(folder.files, tree.files);
    assert_eq!(folder.basis, tree.basis);
    assert_eq!(tree.basis.commit, Some(commit.to_string()));
    assert!(!tree.basis.dirty);

    let alone = read(&Directory::new(&dir)).basis;
    assert_eq!((alone.commit, alone.tree, alone.dirty), (None, None, true));
    assert_eq!(alone.manifest_digest, tree.basis.manifest_digest);
    let named = read(&GitTree::open(temp.path(), &commit.to_string(), Some("./prod/")).expect("open"));
    assert_eq!(named.files, tree.files);

    // What is not committed is not read, and a settled commit stays.
    let settled = GitTree::open(&dir, "main", None).expect("open");
    write(temp.path(), "prod/broker.yaml", "kind: Changed\n");
    assert_eq!(read(&settled).files, tree.files);
    commit_all(&repository);
    assert_eq!(read(&settled).files, tree.files);
    assert_eq!(settled.commit(), commit.to_string());
    assert_ne!(read(&GitTree::open(&dir, "main", None).expect("open")).files, tree.files);
    assert_eq!(read(&GitTree::open(&dir, "main~1", None).expect("open")).files, tree.files);
}

#[test]
fn a_bare_repository_is_read_at_a_commit() {
    let temp = temp();
    let (work, bare) = (temp.path().join("work"), temp.path().join("bare.git"));
    let repository = repository(&work);
    write(&work, "prod/a.yaml", "kind: Role\n");
    let commit = commit_all(&repository);
    git2::build::RepoBuilder::new().bare(true).clone(work.to_str().expect("UTF-8"), &bare).expect("clone");

    let set = read(&GitTree::open(&bare, "main", Some("prod")).expect("open"));
    assert_eq!(paths(&set), ["a.yaml"]);
    assert_eq!(set.basis.commit, Some(commit.to_string()));
    assert_eq!(paths(&read(&GitTree::open(&bare, "HEAD", None).expect("open"))), ["prod/a.yaml"]);
    assert!(fault(work_tree_state(&bare)).1.contains("--ref"));
}

#[test]
fn a_hostile_folder_gives_one_clear_problem_each_and_no_hang() {
    let temp = temp();
    let (root, outside) = (temp.path().join("root"), temp.path().join("outside"));
    write(&outside, "secret.yaml", "planted-canary");
    write(&root, "good.yaml", "kind: Role\n");
    write(&root, "large.yaml", vec![b'#'; 2 * 1024 * 1024]);
    write(&root, "at-the-cap.yaml", vec![b'#'; usize::try_from(FILE_BYTES_MAX).expect("small")]);
    write(&root, "large.bin", vec![b'#'; 2 * 1024 * 1024]);
    write(&root, "latin1.yaml", b"kind: R\xf6le\n");
    write(&root, "ROLE.YAML", "kind: Role\n");
    write(&root, "control\u{1b}[31m.yaml", "kind: Role\n");
    symlink(outside.join("secret.yaml"), root.join("link.yaml")).expect("linked");
    symlink(&outside, root.join("linked-folder")).expect("linked");
    symlink("../../../../../../etc/passwd", root.join("passwd.yaml")).expect("linked");
    symlink("nowhere", root.join("dangling.yaml")).expect("linked");
    assert!(Command::new("mkfifo").arg(root.join("pipe.yaml")).status().expect("mkfifo").success());
    let _socket = std::os::unix::net::UnixListener::bind(root.join("socket.yaml")).expect("bound");
    std::fs::write(root.join(OsStr::from_bytes(b"odd\xff.yaml")), "").expect("written");
    std::fs::create_dir(root.join(OsStr::from_bytes(b"odd-folder\xff"))).expect("made");
    std::fs::write(root.join(OsStr::from_bytes(b"odd\xff.txt")), "").expect("written");
    let deep: PathBuf = std::iter::repeat_n("d", DEPTH_MAX + 3).collect();
    write(&root, deep.join("a.yaml").to_str().expect("UTF-8"), "kind: Role\n");
    let too_deep = vec!["d"; DEPTH_MAX + 1].join("/");

    let set = read(&Directory::new(&root));
    assert_eq!(paths(&set), ["at-the-cap.yaml", "control\u{1b}[31m.yaml", "good.yaml"]);
    assert_eq!(
        problems(&set),
        [
            ("ROLE.YAML", "file-name"),
            (too_deep.as_str(), "too-deep"),
            ("dangling.yaml", "symlink"),
            ("large.yaml", "too-large"),
            ("latin1.yaml", "not-utf8"),
            ("link.yaml", "symlink"),
            ("linked-folder", "symlink"),
            ("odd-folder\u{fffd}", "not-utf8"),
            ("odd\u{fffd}.yaml", "not-utf8"),
            ("passwd.yaml", "symlink"),
            ("pipe.yaml", "not-a-file"),
            ("socket.yaml", "not-a-file"),
        ]
    );
    assert!(!format!("{set:?}").contains("planted-canary"));
}

#[test]
fn a_file_that_may_not_be_read_is_a_problem_of_its_own() {
    use std::os::unix::fs::PermissionsExt as _;

    let temp = temp();
    write(temp.path(), "closed.yaml", "kind: Role\n");
    write(temp.path(), "open.yaml", "kind: Role\n");
    let closed = temp.path().join("closed.yaml");
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o0)).expect("set");
    let set = read(&Directory::new(temp.path()));
    if std::fs::read(&closed).is_ok() {
        // Root reads everything.
        assert_eq!(paths(&set), ["closed.yaml", "open.yaml"]);
    } else {
        assert_eq!(paths(&set), ["open.yaml"]);
        assert_eq!(problems(&set), [("closed.yaml", "unreadable")]);
    }
}

#[test]
fn a_root_that_is_no_folder_says_so() {
    let temp = temp();
    write(temp.path(), "file.yaml", "");
    symlink(".", temp.path().join("link")).expect("linked");
    assert!(fault(Directory::new(temp.path().join("none")).read()).0.contains("does not exist"));
    assert!(fault(Directory::new(temp.path().join("file.yaml")).read()).0.contains("is not a folder"));
    for link in ["link", "link/", "link/."] {
        assert!(fault(Directory::new(temp.path().join(link)).read()).0.contains("symbolic link"), "{link}");
    }
}

#[test]
fn a_hostile_tree_gives_the_same_problems_as_a_folder() {
    let temp = temp();
    let repository = repository(temp.path());
    let blob = |bytes: &[u8]| repository.blob(bytes).expect("blob");
    let mut inner = repository.treebuilder(None).expect("builder");
    inner.insert("deep.yaml", blob(b"kind: Role\n"), FileMode::BlobExecutable.into()).expect("inserted");
    let inner = inner.write().expect("tree");
    let mut root = repository.treebuilder(None).expect("builder");
    for (name, id, mode) in [
        (&b"good.yaml"[..], blob(b"kind: Role\n"), FileMode::Blob),
        (b"folder", inner, FileMode::Tree),
        (b"link.yaml", blob(b"/etc/passwd"), FileMode::Link),
        (b"linked-folder", blob(b"../outside"), FileMode::Link),
        (b"large.yaml", blob(&vec![b'#'; 2 * 1024 * 1024]), FileMode::Blob),
        (b"latin1.yaml", blob(b"R\xf6le"), FileMode::Blob),
        (b"odd\xff.yaml", blob(b""), FileMode::Blob),
        (b"odd\xff.txt", blob(b""), FileMode::Blob),
        (b"ROLE.YAML", blob(b""), FileMode::Blob),
        (b".hidden.yaml", blob(b""), FileMode::Blob),
    ] {
        root.insert(name, id, mode.into()).expect("inserted");
    }
    let submodule = Oid::from_str("1234567890123456789012345678901234567890").expect("an id");
    root.insert("vendored", submodule, FileMode::Commit.into()).expect("inserted");
    commit_tree(&repository, root.write().expect("tree"));

    let set = read(&GitTree::open(temp.path(), "HEAD", None).expect("open"));
    assert_eq!(paths(&set), ["folder/deep.yaml", "good.yaml"]);
    assert_eq!(
        problems(&set),
        [
            ("ROLE.YAML", "file-name"),
            ("large.yaml", "too-large"),
            ("latin1.yaml", "not-utf8"),
            ("link.yaml", "symlink"),
            ("linked-folder", "symlink"),
            ("odd\u{fffd}.yaml", "not-utf8"),
            ("vendored", "submodule"),
        ]
    );
    let (message, _) = fault(GitTree::open(temp.path(), "HEAD", Some("linked-folder")));
    assert!(message.contains("not a folder"), "{message}");
}

#[test]
fn revisions_and_paths_that_do_not_exist_are_explained() {
    let temp = temp();
    let outside = fault(GitTree::open(temp.path(), "HEAD", None));
    assert!(outside.0.contains("does not lie in a git repository"), "{outside:?}");

    let repository = repository(temp.path());
    let unborn = fault(GitTree::open(temp.path(), "HEAD", None));
    assert!(unborn.0.contains("nothing is committed here yet"), "{unborn:?}");

    write(temp.path(), "prod/a.yaml", "kind: Role\n");
    let commit = commit_all(&repository);
    let open = |revision: &str, path: Option<&str>| fault(GitTree::open(temp.path(), revision, path));
    assert_eq!(open("mian", None).1, "did you mean `main`?");
    assert!(open("0123456789", None).1.contains("fetch"));
    assert!(open("main:prod/a.yaml", None).0.contains("names a blob, not a commit"));
    assert!(open("nul\0byte", None).0.contains("does not exist"));
    assert!(open("main", Some("pord")).0.contains(&format!("no folder `pord` at commit {commit}")));
    assert!(open("main", Some("prod/a.yaml")).0.contains("not a folder"));
    for path in ["../prod", "/prod", "prod/../../x"] {
        assert!(open("main", Some(path)).0.contains("is not a path in a repository"), "{path}");
    }
    assert!(fault(GitTree::open(&temp.path().join("none"), "main", None)).0.contains("cannot be opened"));
    assert!(fault(GitTree::open(&temp.path().join(".git"), "main", None)).0.contains("git's own folder"));

    std::fs::write(temp.path().join(".git/shallow"), format!("{commit}\n")).expect("written");
    assert!(open("release-7", None).1.contains("git fetch --unshallow"));
    assert_eq!(paths(&read(&GitTree::open(temp.path(), "main", None).expect("shallow is fine"))), ["prod/a.yaml"]);
}

#[test]
fn missing_contents_and_other_object_formats_are_explained() {
    let temp = temp();
    let repository = repository(temp.path());
    write(temp.path(), "a.yaml", "kind: Role\n");
    commit_all(&repository);
    let id = Oid::hash_object(git2::ObjectType::Blob, b"kind: Role\n").expect("hashed").to_string();
    let object = temp.path().join(".git/objects").join(&id[..2]).join(&id[2..]);
    std::fs::remove_file(object).expect("removed");
    let (message, help) = fault(GitTree::open(temp.path(), "main", None).expect("open").read());
    assert!(
        message.contains("`a.yaml`") && message.contains("missing") && help.contains("git fetch --refetch"),
        "{message}"
    );

    let mut config = repository.config().expect("config");
    config.set_i32("core.repositoryformatversion", 1).expect("set");
    config.set_str("extensions.objectformat", "sha256").expect("set");
    let (message, help) = fault(GitTree::open(temp.path(), "main", None));
    assert!(message.contains("SHA-256") && help.contains("folder"), "{message}");
}

#[test]
fn a_repository_of_another_user_is_not_trusted() {
    let temp = temp();
    let repository = repository(temp.path());
    write(temp.path(), "a.yaml", "kind: Role\n");
    commit_all(&repository);
    // Only root can give files away; the foreign owner must not be trusted even then.
    let given =
        ["", ".git"].iter().all(|path| std::os::unix::fs::chown(temp.path().join(path), Some(4_242), None).is_ok());
    let result = GitTree::open(temp.path(), "main", None);
    if given {
        let (message, help) = fault(result);
        assert!(message.contains("another user") && help.contains("safe.directory"), "{message} {help}");
        assert!(!help.contains("/.git"), "{help}");
    } else {
        result.expect("our own");
    }
}

#[test]
fn committed_files_cannot_pass_for_a_repository() {
    let temp = temp();
    repository(temp.path());
    let planted = temp.path().join("manifests");
    Repository::init_bare(&planted).expect("init");
    let (message, _) = fault(GitTree::open(&planted, "main", None));
    assert!(message.contains("looks like a bare repository"), "{message}");
    assert!(fault(work_tree_state(&planted)).0.contains("looks like a bare repository"));
}

#[test]
fn a_linked_work_tree_is_a_work_tree() {
    let temp = temp();
    let main = temp.path().join("main");
    let repository = repository(&main);
    write(&main, "prod/a.yaml", "kind: Role\n");
    let commit = commit_all(&repository);
    let linked = temp.path().join("linked");
    repository.worktree("linked", &linked, None).expect("worktree");
    let set = read(&GitTree::open(&linked.join("prod"), "HEAD", None).expect("open"));
    assert_eq!(paths(&set), ["a.yaml"]);
    assert_eq!(set.basis.commit, Some(commit.to_string()));
    assert!(matches!(work_tree_state(&linked.join("prod")), Ok(WorkTree::Clean { .. })));
}

#[test]
fn the_work_tree_is_clean_only_if_the_manifests_are_those_of_head() {
    let temp = temp();
    let dir = temp.path().join("prod");
    write(temp.path(), "prod/a.yaml", "1");
    write(temp.path(), "prod/b.yaml", "2");
    assert_eq!(work_tree_state(&dir), Ok(WorkTree::NotARepository));
    assert!(read(&Directory::in_work_tree(&dir)).basis.dirty);

    let repository = repository(temp.path());
    let dirty = |commit: Option<Oid>, paths: &[&str]| {
        let commit = commit.map(|id| id.to_string());
        let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
        Ok(WorkTree::Dirty { commit, count: paths.len(), paths })
    };
    assert_eq!(work_tree_state(&dir), dirty(None, &["a.yaml", "b.yaml"]));

    let commit = commit_all(&repository);
    let tree = repository.find_commit(commit).expect("commit").tree_id().to_string();
    let clean = Ok(WorkTree::Clean { commit: commit.to_string(), tree });
    assert_eq!(work_tree_state(&dir), clean);

    write(temp.path(), "prod/notes.txt", "no manifest");
    write(temp.path(), "other/c.yaml", "elsewhere");
    assert_eq!(work_tree_state(&dir), clean, "only manifests of this folder matter");

    write(temp.path(), ".gitignore", "ignored.yaml\n");
    write(temp.path(), "prod/ignored.yaml", "planned all the same");
    write(temp.path(), "prod/a.yaml", "changed");
    std::fs::remove_file(dir.join("b.yaml")).expect("removed");
    symlink("a.yaml", dir.join("z.yaml")).expect("linked");
    assert_eq!(work_tree_state(&dir), dirty(Some(commit), &["a.yaml", "b.yaml", "ignored.yaml", "z.yaml"]));

    // Staged is not committed.
    let mut index = repository.index().expect("index");
    index.add_all(["prod/*"], git2::IndexAddOption::FORCE, None).expect("added");
    index.write().expect("written");
    assert!(matches!(work_tree_state(&dir), Ok(WorkTree::Dirty { count: 4, .. })));
    let set = read(&Directory::in_work_tree(&dir));
    assert_eq!((set.basis.commit, set.basis.tree, set.basis.dirty), (Some(commit.to_string()), None, true));

    for n in 0..30 {
        write(temp.path(), &format!("prod/many/{n:02}.yaml"), "new");
    }
    let Ok(WorkTree::Dirty { paths, count, .. }) = work_tree_state(&dir) else { panic!("it is dirty") };
    assert_eq!((paths.len(), count), (20, 34));
}
