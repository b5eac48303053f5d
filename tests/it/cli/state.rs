//! Where the state may be.

use std::os::unix::fs::PermissionsExt as _;

use insta::assert_snapshot;
use leasehold::output::exit;

use super::issue::applied;
use crate::canned_aws::{CannedAws, manifests, two};

/// The commands that read the state.
const READING: [&[&str]; 5] = [
    &["issue", "app-rw"],
    &["exec", "app-rw", "--", "true"],
    &["lease", "list"],
    &["plan"],
    &["apply", "--auto-approve"],
];

#[test]
fn a_state_that_a_pull_request_could_have_written_is_not_believed() {
    let aws = CannedAws::start();
    let sandbox = applied(&aws);
    sandbox.git(&["add", "--force", ".leasehold/head.json"]);
    for committed in [false, true] {
        if committed {
            sandbox.git(&["commit", "--quiet", "--message", "Plant a record"]);
            sandbox.git(&["rm", "--quiet", "--cached", ".leasehold/head.json"]);
        }
        for args in READING {
            let done = sandbox.run(args).expect(exit::FAILED);
            assert!(done.stderr.contains("error[state-in-git]") && done.stderr.contains("--state"), "{args:?}");
            assert_eq!(done.stdout, "");
        }
    }
    assert!(aws.sessions().is_empty());
    assert_snapshot!(sandbox.run(&["lease", "list"]).shown(), @"
    exit 1
    ── stderr
    error[state-in-git]: git tracks `.leasehold`, which lies in the state folder: whoever commits there would decide what is issued; help: find out who committed it; take it out of git (`git rm -r --cached .leasehold`, and commit) and remove what came from there, or name a state folder outside of the repository with --state
    ");
    let _ = sandbox.run(&["issue", "app-rw", "--state", ".leasehold"]).expect(exit::FINE);
}

#[test]
fn the_state_lies_in_the_repository_whose_manifests_are_read() {
    let aws = CannedAws::start();
    let sandbox = applied(&aws);
    let elsewhere = sandbox.path("elsewhere");
    std::fs::create_dir_all(elsewhere.join(".git")).expect("a folder");
    for (link, target) in [("link", "repo/roles"), ("alias", "repo")] {
        std::fs::create_dir_all(sandbox.repo().join("roles")).expect("a folder");
        std::os::unix::fs::symlink(sandbox.path(target), elsewhere.join(link)).expect("a link");
    }
    let expected = sandbox.run(&["lease", "list", "--format", "json"]).expect(exit::FINE).stdout;
    let _ = sandbox.run(&["issue", "app-rw"]).expect(exit::FINE);
    for dir in ["link/..", "alias", "link"] {
        let dir = elsewhere.join(dir);
        let done = sandbox.run(&["lease", "list", "--format", "json", "--dir", dir.to_str().expect("UTF-8")]);
        let done = done.expect(exit::FINE);
        assert_ne!(done.stdout, expected, "{}: the lease is not there", dir.display());
        assert!(!elsewhere.join(".leasehold").exists(), "{}", dir.display());
    }
}

#[test]
fn the_folder_that_is_made_is_none_of_gits_business() {
    let aws = CannedAws::start();
    let sandbox = aws.sandbox();
    sandbox.commit(&manifests(&two("max_sts_ttl: 1h")));
    sandbox.write(".gitignore", "");
    sandbox.git(&["commit", "--quiet", "--all", "--message", "Ignore nothing"]);
    let _ = sandbox.run(&["apply", "--auto-approve"]).expect(exit::FINE);
    sandbox.git(&["add", "--all"]);
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
    let _ = sandbox.run(&["issue", "app-rw"]).expect(exit::FINE);
}

#[test]
fn a_folder_that_anybody_may_write_to_is_not_believed() {
    let aws = CannedAws::start();
    let sandbox = applied(&aws);
    let folder = sandbox.repo().join(".leasehold");
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o770)).expect("ours");
    assert_snapshot!(sandbox.run(&["issue", "app-rw"]).expect(exit::FAILED).shown(), @"
    exit 1
    ── stderr
    error[state-unusable]: the state at file://[root]/repo/.leasehold cannot be used: the folder can be written by other users (mode 0770); help: whoever can write to it decides what is issued: make sure that nobody did, then `chmod 700 [root]/repo/.leasehold`; or name a folder of your own
    ");
}

#[test]
fn no_umask_makes_the_state_unusable() {
    let aws = CannedAws::start();
    let sandbox = aws.sandbox();
    sandbox.commit(&manifests(&two("max_sts_ttl: 1h")));
    let script = format!("umask 0777; {0} apply --auto-approve && {0} issue app-rw", crate::sandbox::binary());
    let _ = sandbox.run_plain("/bin/sh", &["-c", &script]).expect(exit::FINE);
    for (path, bits) in [(".leasehold", 0o700), (".leasehold/head.json", 0o600), (".leasehold/lease", 0o700)] {
        let mode = std::fs::metadata(sandbox.repo().join(path)).expect(path).permissions().mode() & 0o777;
        assert_eq!(mode, bits, "{path}");
    }
}
