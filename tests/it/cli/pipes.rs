//! Where the output goes: a reader that left, a disk that is full.

use std::fs::OpenOptions;
use std::process::Stdio;

use insta::assert_snapshot;
use leasehold::output::exit;

use super::issue::applied;
use crate::canned_aws::{CannedAws, manifests, two};
use crate::sandbox::Sandbox;

/// Every command that prints, on a sandbox where all of them work.
const PRINTING: [&[&str]; 13] = [
    &["--help"],
    &["plan", "--help"],
    &["validate"],
    &["plan"],
    &["policy", "broker"],
    &["lease", "list"],
    &["audit", "list"],
    &["audit", "verify"],
    &["rules"],
    &["explain", "LH103"],
    &["schema", "manifest"],
    &["completions", "bash"],
    &["man"],
];

#[test]
fn a_reader_that_left_is_no_panic() {
    let aws = CannedAws::start();
    let sandbox = applied(&aws);
    for args in PRINTING {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let output = sandbox.command(args).stdout(writer).stderr(Stdio::piped()).output().expect("it runs");
        let done = sandbox.done(&output);
        assert!(!done.stderr.contains("panicked"), "{args:?}: {}", done.stderr);
        let _ = done.expect(exit::FINE);
    }
}

/// What carries no secret is not missed by anybody who closed the output.
#[test]
fn a_closed_output_is_alike_for_all_that_print() {
    let aws = CannedAws::start();
    let sandbox = applied(&aws);
    for args in PRINTING {
        let closed = format!("{} {} >&-", crate::sandbox::binary(), args.join(" "));
        let done = sandbox.run_plain("/bin/sh", &["-c", &closed]).expect(exit::FINE);
        assert!(done.stderr.is_empty(), "{args:?}: {}", done.stderr);
    }
}

#[test]
fn credentials_that_nobody_took_are_a_failure() {
    let aws = CannedAws::start();
    let sandbox = applied(&aws);
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let output = sandbox.command(&["issue", "app-rw"]).stdout(writer).stderr(Stdio::piped()).output().expect("it runs");
    assert_snapshot!(sandbox.done(&output).expect(exit::FAILED).shown(), @"
    exit 1
    ── stderr
    error[output-failed]: the output could not be written; because Broken pipe (os error 32); because the credential was dropped; its lease is aws/creds/app-rw/[ulid]
    ");
}

#[test]
fn a_closed_output_costs_no_lease() {
    let aws = CannedAws::start();
    let sandbox = applied(&aws);
    let closed = format!("{} issue app-rw >&-", crate::sandbox::binary());
    assert_snapshot!(sandbox.run_plain("/bin/sh", &["-c", &closed]).shown(), @"
    exit 1
    ── stderr
    error[output-closed]: standard output is closed or leads nowhere, and the credential would be lost; help: nothing was issued; send standard output to what needs the credential
    ");
    assert!(aws.sessions().is_empty());
    let chosen = format!("{} issue app-rw >/dev/null", crate::sandbox::binary());
    let _ = sandbox.run_plain("/bin/sh", &["-c", &chosen]).expect(exit::FINE);
}

#[test]
fn a_full_disk_is_said() {
    let aws = CannedAws::start();
    let sandbox = applied(&aws);
    for args in PRINTING.into_iter().chain([&["issue", "app-rw"][..]]) {
        let full = OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
        let output = sandbox.command(args).stdout(full).stderr(Stdio::piped()).output().expect("it runs");
        let done = sandbox.done(&output).expect(exit::FAILED);
        assert!(done.stderr.contains("could not be written"), "{args:?}: {}", done.shown());
    }
}

#[test]
fn an_apply_that_cannot_be_told_is_applied_and_fails_aloud() {
    let aws = CannedAws::start();
    let sandbox: Sandbox = aws.sandbox();
    sandbox.commit(&manifests(&two("max_sts_ttl: 1h")));
    let full = OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
    let mut command = sandbox.command(&["apply", "--auto-approve"]);
    let output = command.stdout(full).stderr(Stdio::piped()).output().expect("it runs");
    let _ = sandbox.done(&output).expect(exit::FAILED);
    assert!(!sandbox.repo().join(".leasehold/head.json").exists(), "a plan that nobody could see is not applied");
}
