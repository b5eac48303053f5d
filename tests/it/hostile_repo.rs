//! The real binary on a repository made to hurt it: one clear error for each thing, nothing read outside of the root,
//! nobody called, no control character on the way to a terminal, and an end within seconds.

use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use git2::{ObjectType, Repository, Signature};
use leasehold::output::exit;

use crate::canned_aws::manifests;
use crate::sandbox::{Sandbox, binary};
use crate::scene::{READ_ONLY, role};

/// What no command may take longer than.
const SOON: Duration = Duration::from_secs(5);

/// A name, what it does to the repository, and the kind of error it comes to.
type Case = (&'static str, fn(&Sandbox), &'static str);

const CASES: [Case; 10] = [
    ("a symlink out of the tree", symlink_to_file, "symlink"),
    ("a folder that is a symlink", symlink_to_folder, "symlink"),
    ("a file of 2 MiB", |sandbox| sandbox.write("large.yaml", &"# \n".repeat(700_000)), "too-large"),
    ("a named pipe", pipe, "not-a-file"),
    (
        "10,000 levels of nesting",
        |sandbox| sandbox.write("deep.yaml", &format!("a: {}", "[".repeat(10_000))),
        "too-deep",
    ),
    (
        "10,000 levels of lists without a bracket",
        |sandbox| sandbox.write("deeper.yaml", &"- ".repeat(10_000)),
        "too-deep",
    ),
    ("an alias bomb", alias_bomb, "alias"),
    ("control characters in a file's name", odd_file_name, "unknown-field"),
    ("control characters in a role's name", odd_role_name, "unsafe-character"),
    ("bytes that are no text", bytes, "not-utf8"),
];

fn symlink_to_file(sandbox: &Sandbox) {
    symlink("../outside/secret.yaml", sandbox.repo().join("link.yaml")).expect("made");
}

fn symlink_to_folder(sandbox: &Sandbox) {
    symlink(sandbox.path("outside"), sandbox.repo().join("roles")).expect("made");
}

fn pipe(sandbox: &Sandbox) {
    let _ = sandbox.run_plain("mkfifo", &["pipe.yaml"]).expect(exit::FINE);
}

fn alias_bomb(sandbox: &Sandbox) {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..20 {
        let below = format!("*a{}", level - 1);
        text += &format!("a{level}: &a{level} [{}]\n", [below.as_str(); 10].join(", "));
    }
    sandbox.write("bomb.yaml", &text);
}

fn odd_file_name(sandbox: &Sandbox) {
    sandbox.write("evil\u{1b}]0;owned\u{7}\u{202e}.yaml", &role("app", READ_ONLY, "max_sts_tll: 1h"));
}

fn odd_role_name(sandbox: &Sandbox) {
    sandbox.write("odd.yaml", &role(r#""evil\e[2J\u202e""#, READ_ONLY, "max_sts_ttl: 1h"));
}

fn bytes(sandbox: &Sandbox) {
    std::fs::write(sandbox.repo().join("bytes.yaml"), b"a: \xff\xfe\x1b[2J\n").expect("written");
}

/// A repository with a sound Broker, and a folder beside it that no command may look into.
fn repository() -> Sandbox {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("outside")).expect("made");
    std::fs::write(sandbox.path("outside/secret.yaml"), role("outside", READ_ONLY, "max_sts_ttl: 1h"))
        .expect("written");
    sandbox.commit(&manifests(&role("app", READ_ONLY, "max_sts_ttl: 1h")));
    sandbox
}

#[track_caller]
fn one_error(name: &str, sandbox: &Sandbox, args: &[&str], kind: &str) {
    let started = Instant::now();
    let done = sandbox.run(args);
    assert!(started.elapsed() < SOON, "{name}: {args:?} took {:?}", started.elapsed());
    let done = done.expect(exit::FAILED);
    assert_eq!((done.stdout.as_str(), done.stderr.lines().count()), ("", 1), "{name}: {args:?}: {}", done.stderr);
    assert!(done.stderr.contains(&format!("error[{kind}]")), "{name}: {args:?}: {}", done.stderr);
    let inert = |c: char| c == '\n' || !(c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c));
    assert!(done.stderr.chars().all(inert), "{name}: {args:?}: {:?}", done.stderr);
    assert!(!done.stderr.contains("role `outside`"), "{name}: {args:?}: {}", done.stderr);
}

#[test]
fn each_thing_is_one_clear_error() {
    for (name, hurt, kind) in CASES {
        let sandbox = repository();
        hurt(&sandbox);
        one_error(name, &sandbox, &["validate"], kind);
        one_error(name, &sandbox, &["plan"], kind);
    }
}

#[test]
fn the_same_out_of_a_commit() {
    // Git holds no named pipes.
    for (name, hurt, kind) in CASES.into_iter().filter(|(name, ..)| *name != "a named pipe") {
        let sandbox = repository();
        hurt(&sandbox);
        sandbox.commit(&manifests(&role("app", READ_ONLY, "max_sts_ttl: 1h")));
        one_error(name, &sandbox, &["plan", "--ref", "HEAD"], kind);
        let _ = sandbox.run(&["apply", "--auto-approve"]).expect(exit::FAILED);
    }
}

/// Commits a tree that git itself would never write: one file under this name.
fn commit_entry(repo: &Path, name: &str) {
    let repository = Repository::open(repo).expect("a repository");
    let odb = repository.odb().expect("an object database");
    let text = role("outside", READ_ONLY, "max_sts_ttl: 1h");
    let blob = odb.write(ObjectType::Blob, text.as_bytes()).expect("written");
    let mut tree = Vec::new();
    write!(tree, "100644 {name}\0").expect("memory");
    tree.extend(blob.as_bytes());
    let tree = odb.write(ObjectType::Tree, &tree).expect("written");
    let author = Signature::new("A", "a@example.com", &git2::Time::new(0, 0)).expect("valid");
    let id = tree.to_string();
    let text = format!("tree {id}\nauthor {author} 0 +0000\ncommitter {author} 0 +0000\n\nm\n");
    let commit = odb.write(ObjectType::Commit, text.as_bytes()).expect("written");
    repository.reference("refs/heads/evil", commit, true, "").expect("made");
}

#[test]
fn paths_that_climb_in_a_tree_lead_nowhere() {
    for name in
        ["../outside/secret.yaml", "..", "a/../../outside/secret.yaml", "/etc/passwd.yaml", "\u{1b}[2J/../x.yaml"]
    {
        let sandbox = repository();
        commit_entry(&sandbox.repo(), name);
        let started = Instant::now();
        let done = sandbox.run(&["plan", "--ref", "evil"]).expect(exit::FAILED);
        assert!(started.elapsed() < SOON, "{name:?}");
        assert_eq!(done.stderr.lines().count(), 1, "{name:?}: {}", done.stderr);
        assert!(!done.stderr.chars().any(|c| c != '\n' && c.is_control()), "{name:?}: {:?}", done.stderr);
        assert!(!done.stderr.contains("credentials"), "{name:?} was taken for a manifest: {}", done.stderr);
    }
}

/// Everything at once.
fn everything() -> Sandbox {
    let sandbox = repository();
    for (_, hurt, _) in CASES {
        hurt(&sandbox);
    }
    sandbox
}

#[test]
fn everything_at_once_is_told_in_one_run() {
    let sandbox = everything();
    let started = Instant::now();
    let done = sandbox.run(&["plan"]).expect(exit::FAILED);
    assert!(started.elapsed() < SOON, "it took {:?}", started.elapsed());
    assert_eq!(done.stderr.lines().count(), CASES.len(), "{}", done.stderr);
}

/// Whether system calls can be traced here.
fn can_trace() -> bool {
    let tried = Command::new("strace").args(["-f", "-o", "/dev/null", "true"]).output();
    let can = tried.is_ok_and(|output| output.status.success());
    let must = std::env::var("LEASEHOLD_REQUIRE_STRACE").is_ok_and(|value| !value.is_empty() && value != "0");
    assert!(can || !must, "strace does not work here, and LEASEHOLD_REQUIRE_STRACE forbids going without");
    if !can {
        // Past the capture of the test harness: a skip that nobody sees is a lie.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: without a working strace, nobody watches which files and connections a plan opens"
        );
    }
    can
}

/// Runs a command under strace; answers every call that opens a file or a connection, paths resolved.
fn traced(sandbox: &Sandbox, program: &str, args: &[&str]) -> String {
    let trace = sandbox.path("trace");
    let watch = "trace=open,openat,openat2,creat,connect,sendto,execve";
    let mut command = sandbox.plain("strace", &["-f", "-y", "-s", "4096", "-e", watch, "-o"]);
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).arg(&trace).arg(program).args(args);
    command.output().expect("strace runs");
    std::fs::read_to_string(&trace).expect("a trace")
}

#[test]
fn nothing_outside_is_opened_and_nobody_is_called() {
    if !can_trace() {
        return;
    }
    let sandbox = everything();
    let outside = sandbox.path("outside");
    let outside = outside.to_str().expect("UTF-8");
    let seen = traced(&sandbox, "cat", &["link.yaml"]);
    assert!(seen.contains(outside), "a program that follows the link is seen, or this test tells nothing:\n{seen}");
    for args in [&["plan"][..], &["validate"], &["plan", "--dir", "."], &["plan", "--ref", "HEAD"]] {
        let seen = traced(&sandbox, binary(), args);
        let opened = sandbox.repo().join("prod.yaml");
        assert!(
            args.contains(&"--ref") || seen.contains(opened.to_str().expect("UTF-8")),
            "{args:?}: what lies inside is read, or this test tells nothing:\n{seen}"
        );
        // The last one is a sound commit: it gets as far as looking for credentials, and finds none to call anybody with.
        for line in seen.lines() {
            assert!(!line.contains(outside), "{args:?} opens something outside:\n{line}");
            assert!(!line.contains("connect(") && !line.contains("sendto("), "{args:?} calls somebody:\n{line}");
        }
        assert_eq!(seen.matches("execve(").count(), 1, "{args:?} starts another program:\n{seen}");
    }
}
