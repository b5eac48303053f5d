//! `--max-calls`.

use insta::assert_snapshot;
use leasehold::output::exit;
use leasehold::wire::plan_v1;

use crate::canned_aws::{CannedAws, manifests, two};

const HOUR: &str = "max_sts_ttl: 1h";
/// Who asks, the broker and its three lists, two roles.
const FEWEST: &str = "7";

#[test]
fn a_plan_that_is_known_to_take_more_calls_is_refused_before_it_reads() {
    let aws = CannedAws::start();
    let sandbox = aws.sandbox();
    sandbox.commit(&manifests(&two(HOUR)));
    let refused = sandbox.run(&["plan", "--max-calls", "6"]).expect(exit::FAILED);
    assert_snapshot!(refused.shown(), @"
    exit 1
    ── stderr
    error[too-many-calls]: this plan takes 7 calls to AWS at least, and --max-calls allows 6; help: say --max-calls 7 or more: what the broker's policies, long lists and repeated calls add is not known beforehand; or plan one role with --target
    ");
    assert_eq!(aws.server.seen().len(), 1, "only who asks");
    let again = sandbox.run(&["apply", "--auto-approve", "--max-calls", "6"]).expect(exit::FAILED);
    assert_eq!(again.shown(), refused.shown());
    assert_eq!(aws.server.seen().len(), 2, "only who asks");
    let none = sandbox.run(&["plan", "--max-calls", "0"]).expect(exit::USAGE);
    assert!(none.stderr.contains("'0' for '--max-calls <N>': it must be 1 or more"), "{}", none.stderr);
}

#[test]
fn a_plan_says_how_many_calls_it_made_of_how_many() {
    let aws = CannedAws::start();
    let sandbox = aws.sandbox();
    sandbox.commit(&manifests(&two(HOUR)));
    let done = sandbox.run(&["plan", "--max-calls", FEWEST]).expect(exit::FINE);
    let said = done.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("(7 calls of 7 allowed)"), "{}", done.stdout);
    assert!(done.stdout.contains("leasehold apply --max-calls 7 --expect-plan"), "{}", done.stdout);
    let json = sandbox.run(&["plan", "--max-calls", "50", "--format", "json"]).expect(exit::FINE);
    let document = plan_v1::Document::read(&json.stdout).expect("a plan");
    assert_eq!((document.calls, document.max_calls), (7, Some(50)));
    let free = sandbox.run(&["plan", "--format", "json"]).expect(exit::FINE);
    let unbounded = plan_v1::Document::read(&free.stdout).expect("a plan");
    assert!(unbounded.max_calls.is_none() && unbounded.hash == document.hash, "the bound is not of the plan");
}

#[test]
fn what_the_calls_do_not_reach_is_not_known_and_blocks() {
    let aws = CannedAws::start();
    let sandbox = aws.sandbox();
    sandbox.commit(&manifests(&two(HOUR)));
    // Repeated calls count: two throttled ones leave two roles unread.
    aws.fault(|request| {
        let throttled = request.action() == "GetUser" && request.number < 3;
        throttled.then(|| crate::fault_server::error(400, "Throttling", "Rate exceeded"))
    });
    let done = sandbox.run(&["plan", "--max-calls", FEWEST]).expect(exit::FINDINGS_BLOCK);
    assert_eq!(aws.server.seen().len(), 7);
    assert!(done.stdout.contains("budget (iam:GetRole: not asked: all 7 calls"), "{}", done.stdout);
    assert!(done.stdout.contains("plan again with a higher --max-calls"), "{}", done.stdout);
    assert!(done.stdout.contains("2 unknown."), "{}", done.stdout);
}
