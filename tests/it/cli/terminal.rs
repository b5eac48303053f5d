//! At a terminal.

use std::io::Write as _;
use std::process::{Command, Stdio};

use leasehold::output::exit;
use leasehold::testing::{CANARY_SECRET, CANARY_TOKEN};

use super::issue::applied;
use crate::canned_aws::{CannedAws, manifests, two};
use crate::sandbox::{Done, Sandbox, binary};

/// Runs a command with a terminal on all three streams, and types this. Both streams come back as one.
fn at_a_terminal(sandbox: &Sandbox, args: &[&str], typed: &str) -> Done {
    at_a_terminal_in(sandbox, &[&[binary()], args].concat(), typed)
}

/// [`at_a_terminal`] for any program.
fn at_a_terminal_in(sandbox: &Sandbox, program: &[&str], typed: &str) -> Done {
    const PTY: &str = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";
    let python = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output().expect("python3");
    let python = String::from_utf8(python.stdout).expect("UTF-8");
    let mut command = sandbox.plain(python.trim(), &["-c", PTY]);
    command.args(program).env("TERM", "xterm").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("python3 runs");
    child.stdin.take().expect("piped").write_all(typed.as_bytes()).expect("it listens");
    sandbox.done(&child.wait_with_output().expect("it ends"))
}

#[test]
fn secrets_are_not_shown_unless_asked() {
    let aws = CannedAws::start();
    let sandbox = applied(&aws);
    for format in ["json", "credential-process", "env"] {
        let done = at_a_terminal(&sandbox, &["issue", "app-rw", "--format", format], "").expect(exit::FINE);
        assert!(done.stdout.contains("app-rw") && done.stdout.contains("--show"), "{}", done.stdout);
        assert!(!done.stdout.contains(CANARY_SECRET) && !done.stdout.contains(CANARY_TOKEN), "{}", done.stdout);
    }
    let shown = at_a_terminal(&sandbox, &["issue", "app-rw", "--show"], "").expect(exit::FINE);
    assert!(shown.stdout.contains(CANARY_SECRET) && shown.stdout.contains(CANARY_TOKEN));
}

#[test]
fn arguments_of_strangers_are_inert() {
    let sandbox = Sandbox::new();
    let done = at_a_terminal(&sandbox, &["issue", "app", "--ttl", "1\u{1b}]0;owned\u{7}\u{9b}2J\u{202e}"], "");
    let done = done.expect(exit::USAGE);
    assert!(done.stdout.contains("is not a duration"), "{}", done.stdout);
    assert!(!done.stdout.contains(['\u{1b}', '\u{7}', '\u{9b}', '\u{202e}']), "{:?}", done.stdout);
    let colored = at_a_terminal(&sandbox, &["issue", "app", "--ttl", "soon"], "").expect(exit::USAGE);
    assert!(colored.stdout.contains('\u{1b}'), "a terminal gets colours");
}

#[test]
fn only_yes_applies() {
    let aws = CannedAws::start();
    let sandbox = aws.sandbox();
    sandbox.commit(&manifests(&two("max_sts_ttl: 1h")));
    for typed in ["no\n", "y\n", "\n", "\u{4}"] {
        let done = at_a_terminal(&sandbox, &["apply"], typed).expect(exit::FAILED);
        assert!(done.stdout.contains("Only `yes` is accepted"), "{typed:?}: {}", done.stdout);
        assert!(!sandbox.repo().join(".leasehold/head.json").exists(), "{typed:?}");
    }
    let done = at_a_terminal(&sandbox, &["apply"], "yes\n").expect(exit::FINE);
    assert!(done.stdout.contains('\u{1b}'), "a terminal gets colours");
    assert!(sandbox.repo().join(".leasehold/head.json").exists());
}

#[test]
fn a_terminal_gets_no_colours_either_when_none_are_wanted() {
    let aws = CannedAws::start();
    let mut sandbox = aws.sandbox();
    sandbox.commit(&manifests(&two("max_sts_ttl: 2h")));
    for args in [
        &["plan", "--no-color"][..],
        &["issue", "app-rw", "--no-color"],
        &["plan", "--no-color", "--help"],
        &["plann", "--no-color"],
    ] {
        let done = at_a_terminal(&sandbox, args, "");
        assert!(!done.stdout.contains('\u{1b}'), "{args:?}: {}", done.stdout);
    }
    sandbox.set("NO_COLOR", "1");
    for args in [&["plan"][..], &["plan", "--help"], &["plann"], &["issue", "app-rw"], &["explain", "LH1O3"]] {
        let done = at_a_terminal(&sandbox, args, "");
        assert!(!done.stdout.contains('\u{1b}'), "{args:?}: {}", done.stdout);
    }
}

#[test]
fn text_is_as_wide_as_the_terminal() {
    let mut sandbox = Sandbox::new();
    sandbox.commit(&manifests(&two("max_sts_tll: 1h")));
    sandbox.set("COLUMNS", "150");
    let script =
        |columns: u16| format!("stty cols {columns} && {} lease show 01ARZ3NDEKTSV4RRFFQ69G5FAV --no-color", binary());
    let lines = |done: Done| done.stdout.lines().count();
    let shown = |columns| lines(at_a_terminal_in(&sandbox, &["/bin/sh", "-c", &script(columns)], ""));
    let (narrow, wide) = (shown(50), shown(150));
    assert!(narrow > wide, "{narrow} lines at 50 columns, {wide} at 150");
}
