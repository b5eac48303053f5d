//! `exec`.

use leasehold::output::exit;
use leasehold::testing::{CANARY_SECRET, CANARY_TOKEN};

use super::issue::applied;
use crate::canned_aws::CannedAws;

#[test]
fn the_command_sees_the_credential_and_nothing_that_leads_elsewhere() {
    let aws = CannedAws::start();
    let mut sandbox = applied(&aws);
    sandbox.set("AWS_PROFILE", "");
    sandbox.set("AWS_ROLE_ARN", "");
    let script = "env | grep ^AWS_ | sort";
    let done = sandbox.run(&["exec", "app-readonly", "--", "sh", "-c", script]).expect(exit::FINE);
    for expected in [
        format!("AWS_SECRET_ACCESS_KEY={CANARY_SECRET}"),
        format!("AWS_SESSION_TOKEN={CANARY_TOKEN}"),
        "AWS_ACCESS_KEY_ID=ASIA".to_owned(),
        "AWS_CREDENTIAL_EXPIRATION=20".to_owned(),
    ] {
        assert!(done.stdout.contains(&expected), "{expected}");
    }
    assert!(!done.stdout.contains("AWS_PROFILE") && !done.stdout.contains("AWS_ROLE_ARN"));
    assert_eq!(done.stderr, "");
}

#[test]
fn the_commands_exit_code_is_ours() {
    let aws = CannedAws::start();
    let _ = applied(&aws).run(&["exec", "app-readonly", "--", "sh", "-c", "exit 41"]).expect(41);
}

#[test]
fn a_command_that_cannot_be_run_drops_the_credential() {
    let aws = CannedAws::start();
    let done = applied(&aws).run(&["exec", "app-readonly", "--", "./nothing-here"]).expect(exit::FAILED);
    assert!(
        done.stderr.contains("command-not-run") && done.stderr.contains("aws/creds/app-readonly/"),
        "{}",
        done.stderr
    );
    assert!(!done.all().contains(CANARY_SECRET) && !done.all().contains(CANARY_TOKEN));
}

#[test]
fn a_refusal_runs_nothing() {
    let aws = CannedAws::start();
    let sandbox = applied(&aws);
    let done = sandbox.run(&["exec", "app-readonli", "--", "touch", "ran"]).expect(exit::ISSUE_REFUSED);
    assert_eq!(done.stdout, "");
    assert!(!sandbox.repo().join("ran").exists());
    assert!(aws.sessions().is_empty());
}
