//! `lease`: listing and showing, and what is refused.

use insta::assert_snapshot;
use leasehold::output::exit;
use serde_json::Value;

use super::issue::applied;
use crate::canned_aws::CannedAws;

#[test]
fn what_cannot_be_renewed_or_revoked_is_refused_without_asking_aws() {
    let aws = CannedAws::start();
    let sandbox = applied(&aws);
    let issued = sandbox.run(&["issue", "app-readonly"]).expect(exit::FINE);
    let issued: Value = serde_json::from_str(&issued.stdout).expect("JSON");
    let path = issued["lease_id"].as_str().expect("a path");
    let asked = aws.server.seen().len();
    assert_snapshot!(sandbox.run(&["lease", "renew", path, "--increment", "15m"]).shown(), @"
    exit 10
    ── stderr
    error[not-renewable]: what is of type assumed_role cannot be renewed: AWS does not extend a session; help: issue another when this one ends (`leasehold issue app-readonly`), with a TTL that fits the job
    ");
    let unknown = "01JZ0000000000000000000001";
    assert_snapshot!(sandbox.run(&["lease", "revoke", unknown]).shown(), @"
    exit 1
    ── stderr
    error[no-such-lease]: there is no lease `[ulid]` in the state at file://[root]/repo/.leasehold; help: `leasehold lease list --all` lists them; --state says where to look
    ");
    assert_snapshot!(sandbox.run(&["lease", "revoke", &format!("aws/creds/app-rw/{}", &path[path.len() - 26..])]).shown(), @"
    exit 1
    ── stderr
    error[no-such-lease]: there is no lease `aws/creds/app-rw/[ulid]` in the state at file://[root]/repo/.leasehold; help: `leasehold lease list --all` lists them; --state says where to look
    ");
    assert_snapshot!(sandbox.run(&["lease", "revoke", "all"]).shown(), @"
    exit 64
    ── stderr
    error[bad-lease-id]: `all` is no lease id; help: a lease id has 26 characters, `aws/creds/<role>/<id>` in full; `leasehold lease list --all` lists them
    ");
    assert_snapshot!(sandbox.run(&["lease", "revoke", "--role", "app-rw"]).shown(), @"
    exit 0
    ── stdout
    No open lease was chosen.
    ");
    assert_snapshot!(sandbox.run(&["lease", "revoke", "--role", "app-rx"]).shown(), @"
    exit 10
    ── stderr
    error[no-such-role]: there is no role `app-rx` in the record or among the leases; because nothing was revoked; help: did you mean `app-rw`?
    ");
    for prefix in ["", "a", "aws/", "creds/app-readonly", "aws/creds-app", "*"] {
        let refused = sandbox.run(&["lease", "revoke", "--prefix", prefix]).expect(exit::USAGE);
        assert!(refused.stderr.contains("error[bad-lease-prefix]"), "{}", refused.stderr);
    }
    assert_snapshot!(sandbox.run(&["lease", "revoke", "--prefix", "app-readonly"]).shown(), @"
    exit 64
    ── stderr
    error[bad-lease-prefix]: no lease has a path that begins with `app-readonly`; help: write --prefix aws/creds/ROLE/, or the beginning of that; --all chooses every lease
    ");
    for prefix in ["aws/creds", "aws/creds/", "aws/creds/app-re", "aws/creds/app-readonly/", path] {
        let chosen = sandbox.run(&["lease", "revoke", "--prefix", prefix]).expect(exit::FINE);
        assert!(chosen.stdout.contains("lives on aws/creds/app-readonly/"), "{}", chosen.stdout);
    }
    assert_snapshot!(sandbox.run(&["lease", "revoke", path]).shown(), @"
    exit 0
    ── stdout
      lives on aws/creds/app-readonly/[ulid]: AWS calls no session back: it lives until [time]; --deny-session denies it everything
    ");
    assert_eq!(aws.server.seen().len(), asked);
}

#[test]
fn a_sweep_of_a_state_that_holds_nothing_does_not_say_that_all_is_well() {
    let aws = CannedAws::start();
    let done = aws.sandbox().run(&["sweep"]).expect(exit::FAILED);
    assert!(done.stderr.contains("error[nothing-applied]") && done.stdout.is_empty(), "{}", done.shown());
    assert_eq!(aws.server.seen().len(), 0);
}

#[test]
fn leases_are_listed_and_shown() {
    let aws = CannedAws::start();
    let sandbox = applied(&aws);
    assert_snapshot!(sandbox.run(&["lease", "list"]).expect(exit::FINE).shown(), @"
    exit 0
    ── stdout
    No leases in the state at file://[root]/repo/.leasehold.
    ");
    let _ = sandbox.run(&["issue", "app-readonly"]).expect(exit::FINE);
    let _ = sandbox.run(&["issue", "app-rw", "--session-name", "deploy-42"]).expect(exit::FINE);

    let list = sandbox.run(&["lease", "list", "--format", "json"]).expect(exit::FINE);
    let list: Value = serde_json::from_str(&list.stdout).expect("JSON");
    let leases = list["leases"].as_array().expect("a list");
    assert_eq!(leases.len(), 2, "{list:#}");
    let id = leases[1]["id"].as_str().expect("an id");
    let one = sandbox.run(&["lease", "show", id, "--format", "json"]).expect(exit::FINE);
    let one: Value = serde_json::from_str(&one.stdout).expect("JSON");
    assert_eq!(one["leases"], Value::Array(vec![leases[1].clone()]));
    let by_path = sandbox.run(&["lease", "show", &format!("aws/creds/app-rw/{id}")]).expect(exit::FINE);
    assert_snapshot!(by_path.shown(), @"
    exit 0
    ── stdout
      lease            aws/creds/app-rw/[ulid]
      state            active
      open             yes: its credential may still work
      role             app-rw
      type             assumed_role
      role ARN         arn:aws:iam::111122223333:role/ProdAppRW
      session name     deploy-42
      ARN              arn:aws:sts::111122223333:assumed-role/App/deploy-42
      aws:userid       AROAEXAMPLE:s
      access key id    [key id]
      TTL              30m
      created          [time]
      changed          [time]
      expires          [time]
      record           1 of [ulid]
      commit           [commit]
    ");
    let of_role = sandbox.run(&["lease", "list", "--role", "app-rw", "--format", "json"]).expect(exit::FINE);
    assert!(of_role.stdout.contains(id) && !of_role.stdout.contains("app-readonly"));
    let text = sandbox.run(&["lease", "list"]).expect(exit::FINE);
    assert!(text.stdout.lines().all(|line| line.chars().count() <= 100), "{}", text.stdout);
    assert_eq!(text.stdout.matches('.').count(), 1, "no part of a second: {}", text.stdout);
    assert_eq!(text.stdout.matches("app-r").count(), 2, "{}", text.stdout);
}

#[test]
fn a_lease_that_there_is_not() {
    let aws = CannedAws::start();
    let sandbox = applied(&aws);
    assert_snapshot!(sandbox.run(&["lease", "show", "01ARZ3NDEKTSV4RRFFQ69G5FAV"]).shown(), @"
    exit 1
    ── stderr
    error[no-such-lease]: there is no lease `[ulid]` in the state at file://[root]/repo/.leasehold; help: `leasehold lease list --all` lists them; --state says where to look
    ");
    assert_snapshot!(sandbox.run(&["lease", "show", "../../head"]).shown(), @"
    exit 64
    ── stderr
    error[bad-lease-id]: `../../head` is no lease id; help: a lease id has 26 characters, `aws/creds/<role>/<id>` in full; `leasehold lease list --all` lists them
    ");
    assert_snapshot!(sandbox.run(&["lease", "list", "--role", "app-rx"]).shown(), @"
    exit 0
    ── stdout
    No leases in the state at file://[root]/repo/.leasehold.
    ── stderr
    note: the state at file://[root]/repo/.leasehold has no open lease of a role `app-rx`
    ");
}
