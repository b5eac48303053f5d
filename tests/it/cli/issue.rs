//! `issue`.

use insta::assert_snapshot;
use leasehold::output::exit;
use leasehold::testing::{CANARY_SECRET, CANARY_TOKEN};
use serde_json::Value;

use crate::canned_aws::{CannedAws, manifests, two};
use crate::sandbox::{Done, Sandbox};

/// Both roles applied: 30 minutes by default, one hour at most.
pub(super) fn applied(aws: &CannedAws) -> Sandbox {
    let sandbox = aws.sandbox();
    sandbox.commit(&manifests(&two("default_sts_ttl: 30m\nmax_sts_ttl: 1h")));
    let _ = sandbox.run(&["apply", "--auto-approve"]).expect(exit::FINE);
    sandbox
}

fn json(done: &Done) -> Value {
    serde_json::from_str(&done.stdout).unwrap_or_else(|error| panic!("{error}: {}", done.stdout))
}

#[test]
fn the_answer_of_vault() {
    let aws = CannedAws::start();
    let done = applied(&aws).run(&["issue", "app-readonly"]).expect(exit::FINE);
    let answer = json(&done);
    let data = &answer["data"];
    assert_eq!(data["secret_key"], CANARY_SECRET);
    assert_eq!(data["security_token"], CANARY_TOKEN);
    let seconds = answer["lease_duration"].as_u64().expect("seconds");
    assert!((1_790..=1_800).contains(&seconds), "{seconds}");
    let steady = done.shown().replace(CANARY_SECRET, "[secret]").replace(CANARY_TOKEN, "[token]");
    assert_snapshot!(steady.replace(&seconds.to_string(), "[seconds]"), @r#"
    exit 0
    ── stdout
    {
      "request_id": "[ulid]",
      "lease_id": "aws/creds/app-readonly/[ulid]",
      "lease_duration": [seconds],
      "renewable": false,
      "data": {
        "access_key": "[key id]",
        "secret_key": "[secret]",
        "security_token": "[token]",
        "session_token": "[token]",
        "arn": "arn:aws:sts::111122223333:assumed-role/App/app-readonly-[ulid]",
        "ttl": [seconds]
      },
      "warnings": null
    }
    "#);
    assert_eq!(aws.sessions().len(), 1);
}

#[test]
fn a_credential_process() {
    let aws = CannedAws::start();
    let done = applied(&aws).run(&["issue", "app-rw", "--format", "credential-process"]).expect(exit::FINE);
    let answer = json(&done);
    assert_eq!(answer["Version"], 1);
    assert_eq!(answer["SecretAccessKey"], CANARY_SECRET);
    assert_eq!(answer["SessionToken"], CANARY_TOKEN);
    let expires: jiff::Timestamp = answer["Expiration"].as_str().expect("text").parse().expect("an instant");
    assert!(expires > jiff::Timestamp::now());
}

#[test]
fn exports_mean_to_a_shell_what_was_issued() {
    let aws = CannedAws::start();
    let sandbox = applied(&aws);
    let done = sandbox.run(&["issue", "app-rw", "--format", "env"]).expect(exit::FINE);
    std::fs::write(sandbox.path("exports"), &done.stdout).expect("written");
    let shell = "unset AWS_ACCESS_KEY_ID; eval \"$(cat ../exports)\"; /usr/bin/env";
    let told = sandbox.run_plain("/bin/sh", &["-euc", shell]).expect(exit::FINE);
    for line in [
        "AWS_ACCESS_KEY_ID=ASIAEXAMPLE000000000".to_owned(),
        format!("AWS_SECRET_ACCESS_KEY={CANARY_SECRET}"),
        format!("AWS_SESSION_TOKEN={CANARY_TOKEN}"),
    ] {
        assert!(told.stdout.lines().any(|told| told == line), "{line} is not in:\n{}", told.stdout);
    }
}

#[test]
fn a_ttl_above_the_maximum_is_refused_or_lowered_aloud() {
    let aws = CannedAws::start();
    let sandbox = applied(&aws);
    let refused = sandbox.run(&["issue", "app-rw", "--ttl", "2h"]).expect(exit::ISSUE_REFUSED);
    assert_snapshot!(refused.shown(), @"
    exit 10
    ── stderr
    error[ttl-above-maximum]: 2h is more than `app-rw` may be issued for: the role's own maximum TTL allows 1h; help: ask for 1h or less, or say --clamp to take 1h; or raise max_sts_ttl of `app-rw` in git and apply
    ");
    let lowered = sandbox.run(&["issue", "app-rw", "--ttl", "2h", "--clamp"]).expect(exit::FINE);
    assert_snapshot!(lowered.stderr, @"note: asked for 2h, lowered to 1h: the role's own maximum TTL allows no more");
    let seen = aws.server.seen();
    let asked = seen.iter().find(|request| request.action() == "AssumeRole").expect("it was asked");
    assert_eq!(asked.field("DurationSeconds"), "3600");
}

#[test]
fn a_session_name_is_taken_as_it_is() {
    let aws = CannedAws::start();
    let sandbox = applied(&aws);
    let _ = sandbox.run(&["issue", "app-rw", "--session-name", "deploy-42"]).expect(exit::FINE);
    assert_eq!(aws.sessions(), ["deploy-42"]);
    let bad = sandbox.run(&["issue", "app-rw", "--session-name", "a b\u{1b}[2J"]).expect(exit::ISSUE_REFUSED);
    assert_snapshot!(bad.shown(), @r"
    exit 10
    ── stderr
    error[bad-session-name]: `a b\u{1b}[2J` is no session name; help: AWS wants 2 to 64 of: letters, digits and _+=,.@-
    ");
}

#[test]
fn a_role_arn_that_is_not_declared() {
    let aws = CannedAws::start();
    let sandbox = applied(&aws);
    let other = ["issue", "app-rw", "--role-arn", "arn:aws:iam::111122223333:role/Admin"];
    assert_snapshot!(sandbox.run(&other).expect(exit::ISSUE_REFUSED).shown(), @"
    exit 10
    ── stderr
    error[role-arn-not-declared]: the role `app-rw` may not be issued for `arn:aws:iam::111122223333:role/Admin`; help: it has: arn:aws:iam::111122223333:role/ProdAppRW
    ");
    assert!(aws.sessions().is_empty());
}

#[test]
fn nothing_is_issued_before_anything_is_applied() {
    let aws = CannedAws::start();
    let sandbox = aws.sandbox();
    sandbox.commit(&manifests(&two("max_sts_ttl: 1h")));
    assert_snapshot!(sandbox.run(&["issue", "app-rw"]).expect(exit::ISSUE_REFUSED).shown(), @"
    exit 10
    ── stderr
    error[nothing-applied]: nothing has been applied to the state at file://[root]/repo/.leasehold; help: run `leasehold apply` first, or point --state at the state it was applied to
    ");
}

#[test]
fn what_git_says_since_does_not_matter() {
    let aws = CannedAws::start();
    let sandbox = applied(&aws);
    sandbox.write("prod.yaml", "not even YAML: [");
    let _ = sandbox.run(&["issue", "app-rw"]).expect(exit::FINE);
}
