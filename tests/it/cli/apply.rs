//! `apply`.

use insta::assert_snapshot;
use leasehold::output::exit;
use leasehold::wire::plan_v1;
use serde_json::Value;

use crate::canned_aws::{CannedAws, manifests, two};

const HOUR: &str = "max_sts_ttl: 1h";

#[test]
fn a_saved_plan_is_applied_as_it_was_saved() {
    let aws = CannedAws::start();
    let sandbox = aws.sandbox();
    sandbox.commit(&manifests(&two(HOUR)));
    let _ = sandbox.run(&["plan", "--out", "../plan.json"]).expect(exit::FINE);
    let done = sandbox.run(&["apply", "--auto-approve", "--format", "json", "../plan.json"]).expect(exit::FINE);
    let applied: Value = serde_json::from_str(&done.stdout).expect("JSON");
    assert_eq!(applied["roles"].as_array().map(Vec::len), Some(2), "{applied:#}");
    let again = sandbox.run(&["apply", "--auto-approve", "../plan.json"]);
    assert_snapshot!(again.expect(exit::STALE_PLAN).stderr, @"error[stale-plan]: this is not the plan that was reviewed; because the record was changed by another apply since the plan was made; help: make a new plan, review it, and apply that one");
}

#[test]
fn a_saved_plan_for_one_role_is_applied_for_that_role() {
    let aws = CannedAws::start();
    let sandbox = aws.sandbox();
    sandbox.commit(&manifests(&two(HOUR)));
    let _ = sandbox.run(&["plan", "--target", "app-rw", "--out", "../plan.json"]).expect(exit::FINE);
    let _ = sandbox.run(&["apply", "--auto-approve", "../plan.json"]).expect(exit::FINE);
    let left = sandbox.run(&["plan", "--format", "json"]).expect(exit::FINE);
    let left = plan_v1::Document::read(&left.stdout).expect("a plan");
    assert_eq!(left.steps.iter().map(|step| step.role.as_str()).collect::<Vec<_>>(), ["app-readonly"]);
}

#[test]
fn a_file_that_is_no_plan() {
    let aws = CannedAws::start();
    let sandbox = aws.sandbox();
    sandbox.commit(&manifests(&two(HOUR)));
    std::fs::write(sandbox.path("plan.json"), "{\"format\": \"leasehold/plan/v9\"}").expect("written");
    assert_snapshot!(sandbox.run(&["apply", "../plan.json"]).expect(exit::FAILED).shown(), @"
    exit 1
    ── stderr
    error[plan-unreadable]: ../plan.json cannot be used as a saved plan; because the plan was written by a newer leasehold (leasehold/plan/v9): upgrade, or plan again
    ");
    assert_snapshot!(sandbox.run(&["apply", "../missing.json"]).expect(exit::FAILED).shown(), @"
    exit 1
    ── stderr
    error[plan-unreadable]: ../missing.json cannot be used as a saved plan; because No such file or directory (os error 2); help: save one with `leasehold plan --out FILE`
    ");
}

#[test]
fn nobody_to_ask_means_no() {
    let aws = CannedAws::start();
    let sandbox = aws.sandbox();
    sandbox.commit(&manifests(&two(HOUR)));
    let done = sandbox.run(&["apply"]).expect(exit::FAILED);
    assert_snapshot!(sandbox_error(&done.stderr), @"error[not-approved]: nobody can be asked whether to apply this plan; help: say --auto-approve, best together with --expect-plan");
    assert!(!sandbox.repo().join(".leasehold/head.json").exists());
    let plan = sandbox.run(&["plan", "--format", "json"]).expect(exit::FINE);
    let hash = plan_v1::Document::read(&plan.stdout).expect("a plan").hash;
    assert!(done.stderr.contains(&hash));
    let _ = sandbox.run(&["apply", "--auto-approve", "--expect-plan", &hash]).expect(exit::FINE);
}

/// The message without the plan's hash.
fn sandbox_error(text: &str) -> String {
    text.split("sha256:").next().unwrap_or_default().to_owned()
}

#[test]
fn a_second_time_changes_nothing_and_says_so() {
    let aws = CannedAws::start();
    let sandbox = aws.sandbox();
    sandbox.commit(&manifests(&two(HOUR)));
    let _ = sandbox.run(&["apply", "--auto-approve"]).expect(exit::FINE);
    let before = sandbox.files("repo/.leasehold");
    let again = sandbox.run(&["apply"]).expect(exit::FINE);
    assert_snapshot!(again.shown(), @"
    exit 0
    ── stdout
    No changes. The record holds what the manifests declare (2 roles).

    Compared: commit 30f67939ee38; record 1; AWS as arn:aws:iam::111122223333:user/ci sees it (7 calls).
    Plan: 0 to create, 0 to update, 0 to refresh, 0 to delete; 0 findings (0 blocking), 0 unknown.
    Nothing to apply: the record is as git says.
    ");
    assert_eq!(sandbox.files("repo/.leasehold"), before);
}

#[test]
fn the_record_names_the_commit() {
    let aws = CannedAws::start();
    let sandbox = aws.sandbox();
    sandbox.commit(&manifests(&two(HOUR)));
    let _ = sandbox.run(&["apply", "--auto-approve"]).expect(exit::FINE);
    let head = std::fs::read_to_string(sandbox.repo().join(".leasehold/head.json")).expect("a head");
    assert!(head.contains(&sandbox.git(&["rev-parse", "HEAD"])), "{head}");
    assert!(head.contains(&sandbox.git(&["rev-parse", "HEAD^{tree}"])), "{head}");
}

#[test]
fn a_dirty_tree_is_refused_unless_the_record_may_say_so() {
    let aws = CannedAws::start();
    let sandbox = aws.sandbox();
    sandbox.commit(&manifests(&two(HOUR)));
    sandbox.write("prod.yaml", &manifests(&two("max_sts_ttl: 30m")));
    assert_snapshot!(sandbox.run(&["apply", "--auto-approve"]).expect(exit::FAILED).shown(), @"
    exit 1
    ── stderr
    error[uncommitted-manifests]: the manifests differ from the commit that is checked out, and the record would name a commit that does not hold them; because changed or untracked: prod.yaml; help: commit them, or apply the commit as it is (--ref HEAD), or say --allow-dirty, which the record keeps
    ");
    assert!(!sandbox.repo().join(".leasehold/head.json").exists());
    let _ = sandbox.run(&["apply", "--auto-approve", "--allow-dirty"]).expect(exit::FINE);
    let head = std::fs::read_to_string(sandbox.repo().join(".leasehold/head.json")).expect("a head");
    let head: Value = serde_json::from_str(&head).expect("JSON");
    assert_eq!(find(&head, "dirty"), Some(&Value::Bool(true)), "{head:#}");
}

fn find<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    let map = value.as_object()?;
    map.get(name).or_else(|| map.values().find_map(|value| find(value, name)))
}

#[test]
fn of_two_at_once_none_is_lost() {
    let aws = CannedAws::start();
    let sandbox = aws.sandbox();
    sandbox.commit(&manifests(&two(HOUR)));
    let _ = sandbox.run(&["apply", "--auto-approve"]).expect(exit::FINE);
    sandbox.commit(&manifests(&two("max_sts_ttl: 30m")));
    let mut running = Vec::new();
    for _ in 0..4 {
        let mut command = sandbox.command(&["apply", "--auto-approve"]);
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        running.push(command.spawn().expect("it runs"));
    }
    let mut done = 0;
    for child in running {
        let one = sandbox.done(&child.wait_with_output().expect("it ends"));
        assert!([exit::FINE, exit::STORE_BUSY].map(i32::from).contains(&one.code), "{}", one.shown());
        done += usize::from(one.code == 0);
    }
    assert!(done >= 1, "one of them wins");
    let head: Value =
        serde_json::from_slice(&std::fs::read(sandbox.repo().join(".leasehold/head.json")).expect("a head"))
            .expect("JSON");
    assert_eq!(find(&head, "serial"), Some(&Value::from(2)), "the same change is recorded once");
}
