//! `lease list` and `lease show`.

use insta::assert_snapshot;
use leasehold::output::exit;
use serde_json::Value;

use super::issue::applied;
use crate::canned_aws::CannedAws;

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
      session ARN      arn:aws:sts::111122223333:assumed-role/App/deploy-42
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
    ");
}
