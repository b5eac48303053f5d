//! `drift`.

use insta::assert_snapshot;
use leasehold::output::exit;
use leasehold::wire::drift_v1;

use crate::canned_aws::{BROKER, CannedAws, manifests, two};
use crate::fault_server::error;
use crate::sandbox::Sandbox;
use crate::scene;

const HOUR: &str = "max_sts_ttl: 1h";

fn applied(aws: &CannedAws) -> Sandbox {
    let sandbox = aws.sandbox();
    sandbox.commit(&manifests(&two(HOUR)));
    let _ = sandbox.run(&["apply", "--auto-approve"]).expect(exit::FINE);
    sandbox
}

fn report(sandbox: &Sandbox, code: u8) -> drift_v1::Document {
    let done = sandbox.run(&["drift", "--format", "json"]).expect(code);
    serde_json::from_str(&done.stdout).expect("a drift report")
}

#[test]
fn before_the_first_apply_there_is_nothing_to_drift_from() {
    let mut sandbox = Sandbox::new();
    sandbox.commit(&manifests(&two(HOUR)));
    sandbox.unset("AWS_ENDPOINT_URL");
    // Neither credentials nor AWS are there, and neither is missed.
    assert_snapshot!(sandbox.run(&["drift"]).expect(exit::FAILED).shown(), @"
    exit 1
    ── stderr
    error[no-record]: there is no record in the state at file://[root]/repo/.leasehold; because nothing was applied yet, so there is nothing that AWS could have drifted from; help: run `leasehold apply` first; if you did, name the state that it wrote (--state, LEASEHOLD_STATE)
    ");
}

#[test]
fn nothing_drifted() {
    let aws = CannedAws::start();
    let sandbox = applied(&aws);
    let before = sandbox.files("repo/.leasehold");
    assert_snapshot!(sandbox.run(&["drift"]).expect(exit::FINE).shown(), @"
    exit 0
    ── stdout
    No drift. AWS is as it was when serial 1 was applied (2 live roles).

    Compared: record 1; AWS as arn:aws:iam::111122223333:user/ci sees it (7 calls); commit 30f67939ee38.
    Drift: 0 of 2 live roles drifted, 0 unknown; 0 judged otherwise; 0 pending in git.
    ");
    assert_eq!(sandbox.files("repo/.leasehold"), before, "it only reads");
}

#[test]
fn what_aws_changed_and_what_git_changed_are_kept_apart() {
    let aws = CannedAws::start();
    let sandbox = applied(&aws);
    sandbox.commit(&manifests(&scene::role("app-rw", scene::READ_WRITE, "max_sts_ttl: 30m")));
    let pending = report(&sandbox, exit::FINE);
    assert_eq!((pending.summary.drifted, pending.summary.pending, pending.summary.unknown), (0, 2, 0));
    aws.put("ProdAppReadOnly", 7_200, &scene::trusting(BROKER));
    assert_snapshot!(sandbox.run(&["drift"]).expect(exit::DRIFT).shown(), @"
    exit 8
    ── stdout
    Drift: AWS is no longer as it was when these roles were applied.

      ! arn:aws:iam::111122223333:role/ProdAppReadOnly, issued by app-readonly
          MaxSessionDuration: 3600 → 7200

    Pending in git, which is no drift: the next apply records it.

      - app-readonly will be deleted: it is no longer declared
          • It can be issued no more.

      ~ app-rw will be updated: its declaration has changed (prod.yaml:11)
          max_sts_ttl: 1h → 30m
          • Max TTL 1h → 30m; no open lease outlives it.

    Compared: record 1; AWS as arn:aws:iam::111122223333:user/ci sees it (7 calls); commit cbf91e870bbd.
    Drift: 1 of 2 live roles drifted, 0 unknown; 0 judged otherwise; 2 pending in git.
    Next: put AWS back, or review what it says now with `leasehold plan` and record it with
    `leasehold apply`.
    ");
    let both = report(&sandbox, exit::DRIFT);
    assert_eq!((both.summary.drifted, both.summary.pending), (1, 2));
    assert_eq!(both.drift[0].role_arn, scene::READ_ONLY);
}

#[test]
fn what_is_pending_tells_of_open_leases() {
    let aws = CannedAws::start();
    let sandbox = applied(&aws);
    let _ = sandbox.run(&["issue", "app-rw", "--ttl", "1h"]).expect(exit::FINE);
    sandbox.commit(&manifests(&two("max_sts_ttl: 30m")));
    let effects = report(&sandbox, exit::FINE).pending.steps.into_iter().flat_map(|step| step.effects);
    assert_eq!(effects.filter(|effect| effect.contains("1 open lease outlives it")).count(), 1);
}

#[test]
fn what_could_not_be_read_is_no_proof() {
    let aws = CannedAws::start();
    let sandbox = applied(&aws);
    aws.fault(|request| {
        (request.field("RoleName") == "ProdAppRW").then(|| error(403, "AccessDenied", "not authorized: iam:GetRole"))
    });
    assert_snapshot!(sandbox.run(&["drift"]).expect(exit::FAILED).shown(), @"
    exit 1
    ── stdout
    Not known: what could not be read may have drifted.

      ? arn:aws:iam::111122223333:role/ProdAppRW (access-denied)
          iam:GetRole: not authorized: iam:GetRole
          It concerns app-rw.

    Compared: record 1; AWS as arn:aws:iam::111122223333:user/ci sees it (7 calls); commit 30f67939ee38.
    Drift: 0 of 2 live roles drifted, 1 unknown; 0 judged otherwise; 0 pending in git.
    ── stderr
    error[drift-unproven]: not all that the record holds could be read from AWS; because arn:aws:iam::111122223333:role/ProdAppRW: iam:GetRole: not authorized: iam:GetRole; help: let the identity that runs `drift` read them (`leasehold policy reader` prints its policy), and run again
    ");
    assert_eq!(report(&sandbox, exit::FAILED).unknowns.len(), 1);
    // Another role that is seen to have drifted is drift all the same.
    aws.put("ProdAppReadOnly", 7_200, &scene::trusting(BROKER));
    assert_eq!(report(&sandbox, exit::DRIFT).summary.unknown, 1);
}

#[test]
fn a_role_that_git_adds_and_aws_hides_is_no_unknown_of_the_record() {
    let aws = CannedAws::start();
    let sandbox = aws.sandbox();
    sandbox.commit(&manifests(&scene::role("app-rw", scene::READ_WRITE, HOUR)));
    let _ = sandbox.run(&["apply", "--auto-approve"]).expect(exit::FINE);
    sandbox.commit(&manifests(&two(HOUR)));
    aws.fault(|request| {
        (request.field("RoleName") == "ProdAppReadOnly").then(|| error(403, "AccessDenied", "not authorized"))
    });
    let found = report(&sandbox, exit::FINE);
    assert_eq!((found.unknowns.len(), found.summary.pending, found.summary.recorded), (0, 1, 1));
}
