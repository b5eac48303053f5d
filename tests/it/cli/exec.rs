//! `exec`.

use leasehold::output::exit;
use leasehold::testing::{CANARY_SECRET, CANARY_TOKEN};
use leasehold::wire::credentials_v1::MISLEADING;

use super::issue::applied;
use crate::canned_aws::CannedAws;

#[test]
fn the_command_sees_the_credential_and_nothing_that_leads_elsewhere() {
    let aws = CannedAws::start();
    let mut sandbox = applied(&aws);
    // What leads elsewhere is empty here, so that our own search for credentials passes over it.
    for name in MISLEADING {
        sandbox.set(name, "");
    }
    let script = "env | sort";
    let done = sandbox.run(&["exec", "app-readonly", "--", "sh", "-c", script]).expect(exit::FINE);
    for expected in [
        format!("AWS_SECRET_ACCESS_KEY={CANARY_SECRET}"),
        format!("AWS_SESSION_TOKEN={CANARY_TOKEN}"),
        "AWS_ACCESS_KEY_ID=ASIA".to_owned(),
        "AWS_CREDENTIAL_EXPIRATION=20".to_owned(),
    ] {
        assert!(done.stdout.contains(&expected), "{expected}");
    }
    for name in MISLEADING {
        assert!(!done.stdout.contains(&format!("{name}=")), "{name}");
    }
    assert_eq!(done.stderr, "");
}

#[test]
fn the_commands_exit_code_is_ours() {
    let aws = CannedAws::start();
    let _ = applied(&aws).run(&["exec", "app-readonly", "--", "sh", "-c", "exit 41"]).expect(41);
}

#[test]
fn a_command_that_cannot_become_one_drops_the_credential() {
    let aws = CannedAws::start();
    let sandbox = applied(&aws);
    sandbox.write("tool", "#!/nowhere/interpreter\n");
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(sandbox.repo().join("tool"), executable).expect("ours");
    let done = sandbox.run(&["exec", "app-readonly", "--", "./tool"]).expect(exit::COMMAND_NOT_FOUND);
    assert!(
        done.stderr.contains("command-not-run") && done.stderr.contains("aws/creds/app-readonly/"),
        "{}",
        done.stderr
    );
    assert!(!done.all().contains(CANARY_SECRET) && !done.all().contains(CANARY_TOKEN));
}

#[test]
fn the_command_is_called_by_the_name_that_was_given() {
    let aws = CannedAws::start();
    let done = applied(&aws).run(&["exec", "app-rw", "--", "sh", "-c", "echo $0"]).expect(exit::FINE);
    assert_eq!(done.stdout, "sh\n");
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
