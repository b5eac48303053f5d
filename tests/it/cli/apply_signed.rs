//! `apply --require-signed-by`.

use std::os::unix::fs::symlink;

use insta::assert_snapshot;
use leasehold::output::exit;

use crate::canned_aws::{CannedAws, manifests, two};
use crate::sandbox::{Done, Sandbox};
use crate::signing::{commit, key};

/// A sandbox with two keys, one of which is on the list outside of the repository.
fn signers(aws: &CannedAws) -> (Sandbox, String) {
    let mut sandbox = aws.sandbox();
    let allowed = key(&sandbox, "allowed", &["-t", "ed25519"]);
    let stranger = key(&sandbox, "stranger", &["-t", "ed25519"]);
    std::fs::write(sandbox.path("list"), format!("# who may\npat@example.com {allowed}\n")).expect("written");
    for key in [allowed, stranger] {
        let file = sandbox.path("print.pub");
        std::fs::write(&file, key).expect("written");
        let shown = sandbox.run_plain("ssh-keygen", &["-l", "-f", file.to_str().expect("UTF-8")]).expect(0).stdout;
        sandbox.hide(shown.split(' ').nth(1).expect("a fingerprint"), "[fingerprint]");
    }
    sandbox.write(".gitignore", "/.leasehold/\n");
    (sandbox, manifests(&two("max_sts_ttl: 1h")))
}

fn apply(sandbox: &Sandbox, list: &str, more: &[&str]) -> Done {
    sandbox.run(&[&["apply", "--auto-approve", "--require-signed-by", list][..], more].concat())
}

/// The message alone: commits signed by fresh keys have fresh ids.
fn refusal(done: Done) -> String {
    let done = done.expect(exit::FAILED);
    assert!(done.stdout.is_empty(), "nothing was planned: {}", done.stdout);
    let mut shown = done.shown();
    if let Some(at) = shown.find("the commit ") {
        shown.replace_range(at + 11..at + 23, "[short]");
    }
    shown
}

#[test]
fn a_commit_signed_by_somebody_on_the_list_is_applied() {
    let aws = CannedAws::start();
    let (sandbox, text) = signers(&aws);
    let id = commit(&sandbox, &text, "allowed");
    let done = apply(&sandbox, "../list", &[]).expect(exit::FINE);
    let signed: Vec<_> = done.shown().lines().filter(|line| line.starts_with("Signed by")).map(str::to_owned).collect();
    assert_eq!(signed, ["Signed by: pat@example.com with the ssh-ed25519 key [fingerprint]."]);
    assert!(sandbox.repo().join(".leasehold/head.json").is_file());
    // At a commit of a bare repository as well, and in JSON without a word more.
    sandbox.git(&["clone", "--quiet", "--bare", ".", "../bare.git"]);
    let state = format!("file://{}", sandbox.path("state").display());
    let more = ["--dir", "../bare.git", "--ref", &id, "--state", &state, "--format", "json"];
    let json = apply(&sandbox, "../list", &more).expect(exit::FINE).stdout;
    assert!(json.starts_with('{') && !json.contains("pat@example.com"), "{json}");
}

#[test]
fn what_is_not_signed_by_them_is_refused_before_aws_is_asked() {
    let aws = CannedAws::start();
    let (sandbox, text) = signers(&aws);
    sandbox.commit(&text);
    assert_snapshot!(refusal(apply(&sandbox, "../list", &[])), @"
    exit 1
    ── stderr
    error[unsigned-commit]: the commit [short] is not signed; help: sign it with an SSH key: `git commit -S` with gpg.format=ssh, or let whatever merges sign its merge commits
    ");
    commit(&sandbox, &text, "stranger");
    assert_snapshot!(refusal(apply(&sandbox, "../list", &[])), @"
    exit 1
    ── stderr
    error[unknown-signer]: the commit [short] was signed by the ssh-ed25519 key [fingerprint], which is not among the allowed signers; help: if that key may sign, somebody who answers for the list adds it there
    ");
    // Signed parents make no signed merge.
    sandbox.git(&["checkout", "--quiet", "-b", "side"]);
    commit(&sandbox, &text, "allowed");
    sandbox.git(&["checkout", "--quiet", "main"]);
    sandbox.git(&["merge", "--quiet", "--no-ff", "--message", "Merge", "side"]);
    assert_snapshot!(refusal(apply(&sandbox, "../list", &[])), @"
    exit 1
    ── stderr
    error[unsigned-commit]: the commit [short] is not signed; help: sign it with an SSH key: `git commit -S` with gpg.format=ssh, or let whatever merges sign its merge commits
    ");
    let _ = apply(&sandbox, "../list", &["--ref", "side"]).expect(exit::FINE);
    assert_eq!(aws.server.seen().iter().filter(|request| request.action() == "GetRole").count(), 2);
}

#[test]
fn a_list_that_a_commit_can_change_decides_nothing() {
    let aws = CannedAws::start();
    let (sandbox, text) = signers(&aws);
    let list = std::fs::read_to_string(sandbox.path("list")).expect("a list");
    sandbox.write("keys/list", &list);
    symlink("../list", sandbox.repo().join("link")).expect("a link");
    symlink("..", sandbox.repo().join("way")).expect("a link");
    sandbox.write(".gitignore", "/.leasehold/\n/own/\n");
    sandbox.write("manifests/prod.yaml", &text);
    sandbox.git(&["add", "--all"]);
    commit(&sandbox, &text, "allowed");
    let dir = ["--dir", "manifests"];
    assert_snapshot!(refusal(apply(&sandbox, "keys/list", &dir)), @"
    exit 1
    ── stderr
    error[signers-in-git]: git tracks `keys/list`: whoever commits there would decide who may sign; help: keep the list where no commit to this repository reaches it; or take it from a commit that was signed already: git show <commit>:<path> > /a/file/outside
    ");
    for tracked in ["link", "way/list", "manifests/../keys/list"] {
        let shown = refusal(apply(&sandbox, tracked, &dir));
        assert!(shown.contains("error[signers-in-git]"), "{tracked}: {shown}");
    }
    // From outside, a link may lead into the work tree too.
    symlink("repo/keys/list", sandbox.path("inward")).expect("a link");
    assert!(refusal(apply(&sandbox, "../inward", &dir)).contains("error[signers-in-git]: git tracks `keys/list`"));
    // Nor does it help that the tracked link stands in the middle of the way.
    symlink("repo/link", sandbox.path("first")).expect("a link");
    let shown = refusal(apply(&sandbox, "../first", &dir));
    assert!(shown.contains("error[signers-in-git]: git tracks `link`"), "{shown}");
    // What git does not track came from no commit.
    sandbox.write("own/list", &list);
    let _ = apply(&sandbox, "own/list", &dir).expect(exit::FINE);
}

#[test]
fn a_list_in_a_submodule_decides_nothing_because_a_commit_says_which_one() {
    let aws = CannedAws::start();
    let (sandbox, text) = signers(&aws);
    let list = std::fs::read_to_string(sandbox.path("list")).expect("a list");
    sandbox.git(&["init", "--quiet", "keys"]);
    sandbox.write("keys/list", &list);
    sandbox.git(&["-C", "keys", "add", "--all"]);
    sandbox.git(&["-C", "keys", "commit", "--quiet", "--message", "Keys"]);
    sandbox.write("manifests/prod.yaml", &text);
    sandbox.git(&["-c", "advice.addEmbeddedRepo=false", "add", "--all"]);
    commit(&sandbox, &text, "allowed");
    for in_index in [true, false] {
        if !in_index {
            sandbox.git(&["rm", "--quiet", "--cached", "keys"]);
        }
        let shown = refusal(apply(&sandbox, "keys/list", &["--dir", "manifests"]));
        assert!(shown.contains("error[signers-in-git]: git tracks `keys`"), "{in_index}: {shown}");
    }
}

#[test]
fn a_list_that_cannot_be_used_is_told_with_its_line() {
    let aws = CannedAws::start();
    let (sandbox, text) = signers(&aws);
    commit(&sandbox, &text, "allowed");
    let list = std::fs::read_to_string(sandbox.path("list")).expect("a list");
    std::fs::write(sandbox.path("faulty"), format!("{list}x valid-until=\"2027\" ssh-ed25519 AAAA\n"))
        .expect("written");
    assert_snapshot!(refusal(apply(&sandbox, "../faulty", &[])), @"
    exit 1
    ── stderr
    error[signers-unreadable]: ../faulty cannot be used as a list of allowed signers; because line 3: `valid-until` is neither a type of key nor an option; help: each line is `principals [options] keytype base64-key`: see ssh-keygen(1)
    ");
    assert_snapshot!(refusal(apply(&sandbox, "../nowhere", &[])), @"
    exit 1
    ── stderr
    error[signers-unreadable]: ../nowhere cannot be used as a list of allowed signers; because No such file or directory (os error 2); help: name a file of allowed signers, as git takes it
    ");
    std::fs::write(sandbox.path("binary"), b"\xff\xfe").expect("written");
    assert!(refusal(apply(&sandbox, "../binary", &[])).contains("error[signers-unreadable]"));
    let both = apply(&sandbox, "../list", &["--allow-dirty"]).expect(exit::USAGE);
    assert!(both.stderr.contains("--allow-dirty"), "{}", both.stderr);
}
