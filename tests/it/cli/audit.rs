//! `audit list`, `audit show` and `audit verify`.

use insta::assert_snapshot;
use leasehold::output::exit;
use serde_json::Value;

use super::issue::applied;
use crate::canned_aws::{BROKER, CannedAws};

#[test]
fn events_are_listed_shown_and_verified() {
    let aws = CannedAws::start();
    let sandbox = applied(&aws);
    let _ = sandbox.run(&["issue", "app-readonly", "--reason", " the \u{1b}[31mnightly export "]).expect(exit::FINE);

    let list = sandbox.run(&["audit", "list", "--role", "app-readonly", "--format", "json"]).expect(exit::FINE);
    let list: Value = serde_json::from_str(&list.stdout).expect("JSON");
    let events = list["events"].as_array().expect("a list");
    let actions: Vec<_> = events.iter().filter_map(|entry| entry["event"]["action"].as_str()).collect();
    assert_eq!(actions, ["issue-requested", "issue-granted"]);
    assert!(events.iter().all(|entry| entry["event"]["justification"] == "the \u{1b}[31mnightly export"));
    assert_eq!(events[1]["event"]["previous"], events[0]["digest"]);

    let callers: Vec<_> = events.iter().map(|entry| entry["event"]["caller_arn"].as_str()).collect();
    assert_eq!(callers, [None, Some(BROKER)]);

    let id = events[1]["event"]["id"].as_str().expect("an id");
    let one = sandbox.run(&["audit", "show", id]).expect(exit::FINE);
    assert!(!one.stdout.contains('\u{1b}'), "{}", one.stdout);
    assert!(one.stdout.contains("nightly export"), "{}", one.stdout);
    let one = sandbox.run(&["audit", "show", id, "--format", "json"]).expect(exit::FINE);
    let one: Value = serde_json::from_str(&one.stdout).expect("JSON");
    assert_eq!(one["events"], Value::Array(vec![events[1].clone()]));

    assert_snapshot!(sandbox.run(&["audit", "verify"]).expect(exit::FINE).shown(), @"
    exit 0
    ── stdout
    The audit is whole: 4 events (0 vouched for by a later one), 1 lease, 0 faults.
    ");
    let key = events[0]["key"].as_str().expect("a key");
    std::fs::remove_file(sandbox.path("repo/.leasehold").join(key)).expect("removed");
    let cut = sandbox.run(&["audit", "verify", "--format", "json"]).expect(exit::FAILED);
    let cut: Value = serde_json::from_str(&cut.stdout).expect("JSON");
    let kinds: Vec<_> = cut["faults"].as_array().expect("a list").iter().filter_map(|f| f["kind"].as_str()).collect();
    assert_eq!((cut["whole"].as_bool(), kinds), (Some(false), vec!["gap", "no-request", "lease-tail"]));
}

#[test]
fn a_reason_is_not_empty_and_not_without_end() {
    let aws = CannedAws::start();
    let sandbox = applied(&aws);
    for reason in [" ", &"x".repeat(501)] {
        let _ = sandbox.run(&["issue", "app-readonly", "--reason", reason]).expect(exit::USAGE);
    }
    let _ = sandbox.run(&["audit", "list", "--since", "yesterday"]).expect(exit::USAGE);
    let _ = sandbox.run(&["audit", "list", "--action", "nothing"]).expect(exit::USAGE);
    let _ = sandbox.run(&["audit", "show", "x"]).expect(exit::USAGE);
}

#[test]
fn a_state_that_holds_nothing_is_not_called_whole() {
    let aws = CannedAws::start();
    assert_snapshot!(aws.sandbox().run(&["audit", "verify"]).shown(), @"
    exit 1
    ── stderr
    error[no-audit]: there is no audit in the state at file://[root]/repo/.leasehold; help: nothing was ever applied there, or everything is gone; --state says where to look
    ");
}
