//! Command lines that make no sense: exit code 64, and the nearest one that does.

use insta::assert_snapshot;
use leasehold::output::exit;

use super::issue::applied;
use crate::canned_aws::CannedAws;
use crate::sandbox::Sandbox;

fn usage(args: &[&str]) -> String {
    let done = Sandbox::new().run(args).expect(exit::USAGE);
    assert_eq!(done.stdout, "");
    done.shown()
}

#[test]
fn nothing_at_all() {
    assert!(usage(&[]).contains("Usage: leasehold"));
}

#[test]
fn a_mistyped_option_gets_a_suggestion() {
    assert_snapshot!(usage(&["plan", "--detailed-exit-code"]), @"
    exit 64
    ── stderr
    error: unexpected argument '--detailed-exit-code' found

      tip: a similar argument exists: '--detailed-exitcode'

    Usage: leasehold plan --detailed-exitcode

    For more information, try '--help'.
    ");
}

#[test]
fn a_mistyped_value_gets_a_suggestion() {
    assert_snapshot!(usage(&["plan", "--format", "jsn"]), @"
    exit 64
    ── stderr
    error: invalid value 'jsn' for '--format <FORMAT>'
      [possible values: text, json, markdown, html, github, github-summary, gitlab-code-quality, gitlab-terraform, junit, sarif]

      tip: a similar value exists: 'json'

    For more information, try '--help'.
    ");
}

#[test]
fn a_ttl_that_is_none() {
    assert_snapshot!(usage(&["issue", "app", "--ttl", "soon\u{1b}[31m"]), @r"
    exit 64
    ── stderr
    error: invalid value 'soon' for '--ttl <DURATION>': `soon\u{1b}[31m` is not a duration: write seconds (`900`) or hours, minutes and seconds (`1h30m`)

    For more information, try '--help'.
    ");
}

/// A CI system that looks for commands in a job's log finds none of an argument's.
#[test]
fn arguments_are_repeated_without_effect() {
    for forced in [false, true] {
        let mut sandbox = Sandbox::new();
        if forced {
            sandbox.set("CLICOLOR_FORCE", "1");
        }
        for args in [["plan", "x\n::error::y"], ["plan", "##[error]y"], ["plan", "x\n  ##vso[task.y]"], ["::y", "z"]] {
            let done = sandbox.run(&args).expect(exit::USAGE);
            assert!(done.stderr.contains("unexpected argument") || done.stderr.contains("unrecognized"), "{args:?}");
            for line in done.stderr.lines() {
                let live = line.trim_start().starts_with("::") || line.contains("##[") || line.contains("##vso[");
                assert!(!live, "{args:?}: {line}");
            }
        }
    }
}

#[test]
fn options_that_exclude_each_other() {
    assert_snapshot!(usage(&["apply", "plan.json", "--target", "app"]), @"
    exit 64
    ── stderr
    error: the argument '[PLAN]' cannot be used with '--target <ROLE>'

    Usage: leasehold apply <PLAN>

    For more information, try '--help'.
    ");
    assert_snapshot!(usage(&["apply", "--allow-dirty", "--ref", "HEAD"]), @"
    exit 64
    ── stderr
    error: the argument '--allow-dirty' cannot be used with '--ref <REV>'

    Usage: leasehold apply --allow-dirty [PLAN]

    For more information, try '--help'.
    ");
}

#[test]
fn a_rule_that_there_is_not() {
    assert_snapshot!(usage(&["explain", "LH1O3"]), @"
    exit 64
    ── stderr
    error[no-such-rule]: there is no rule `LH1O3`; help: did you mean `LH103`? `leasehold rules` lists them all
    ");
}

#[test]
fn a_state_that_is_no_url_of_ours() {
    let sandbox = Sandbox::new();
    sandbox.commit(&crate::canned_aws::manifests(""));
    assert_snapshot!(sandbox.run(&["lease", "list", "--state", "s4://bucket"]).expect(exit::USAGE).shown(), @"
    exit 64
    ── stderr
    error[bad-state-url]: `s4://bucket`: there is no scheme `s4`; help: did you mean `s3://`? write `s3://bucket/prefix`, `file:///absolute/folder`, `file://./relative/folder` or a plain path
    ");
}

#[test]
fn a_hash_that_is_none() {
    assert_snapshot!(usage(&["apply", "--expect-plan", "abc"]), @"
    exit 64
    ── stderr
    error[bad-plan-hash]: --expect-plan wants the hash that `plan` printed; help: it is `sha256:` and 64 hex digits
    ");
}

#[test]
fn variables_that_are_set_to_nothing_are_not_set() {
    let aws = CannedAws::start();
    let mut sandbox = applied(&aws);
    sandbox.set("LEASEHOLD_LOG", "");
    sandbox.set("LEASEHOLD_MFA_CODE", "");
    let done = sandbox.run(&["issue", "app-rw"]).expect(exit::FINE);
    assert_eq!(done.stderr, "");
    sandbox.set("LEASEHOLD_LOG", "loud");
    let wrong = sandbox.run(&["lease", "list"]).expect(exit::USAGE);
    assert!(wrong.stderr.contains("debug"), "the levels are named: {}", wrong.stderr);
}

#[test]
fn no_time_at_all_is_no_time_limit() {
    assert_snapshot!(usage(&["plan", "--timeout", "0"]), @"
    exit 64
    ── stderr
    error: invalid value '0' for '--timeout <DURATION>': a time limit of zero leaves no time to ask AWS: write one such as `30s`

    For more information, try '--help'.
    ");
}

#[test]
fn no_length_is_not_said_to_be_a_credentials() {
    for args in [&["sweep", "--grace", "0s"][..], &["sweep", "--max-duration", "0"], &["issue", "a", "--wait", "0s"]] {
        let said = usage(args);
        assert!(said.contains("is zero: write a length such as `5m`") && !said.contains("credential that"), "{said}");
    }
}
