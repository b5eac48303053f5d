//! What AWS's own failures come to on the command line.

use std::time::{Duration, Instant};

use insta::assert_snapshot;
use leasehold::output::exit;

use super::issue::applied;
use crate::canned_aws::{CannedAws, manifests, two};
use crate::fault_server::{Reply, Request, error};
use crate::sandbox::Done;

/// `plan` where every request is answered so.
fn planned(fault: impl Fn(&Request) -> Option<Reply> + Send + 'static) -> Done {
    let aws = CannedAws::start();
    let sandbox = aws.sandbox();
    sandbox.commit(&manifests(&two("max_sts_ttl: 1h")));
    aws.fault(fault);
    sandbox.run(&["plan", "--timeout", "2s"])
}

/// `issue` where `AssumeRole` is answered so.
fn issued(reply: impl Fn() -> Reply + Send + 'static) -> Done {
    let aws = CannedAws::start();
    let sandbox = applied(&aws);
    aws.fault(move |request| (request.action() == "AssumeRole").then(&reply));
    // The last attempt begins well before the time limit, so that a busy machine does not turn its end into a timeout.
    sandbox.run(&["issue", "app-rw", "--timeout", "5s"])
}

#[test]
fn the_callers_credentials_have_expired() {
    let text = "The security token included in the request is expired";
    let done = planned(move |_| Some(error(403, "ExpiredToken", text))).expect(exit::REFUSED_BY_AWS);
    assert_snapshot!(done.shown(), @"
    exit 11
    ── stderr
    error[expired-token]: the AWS credentials that ask have expired; help: renew them: log in again, or let the runner assume its role again; AWS said: ExpiredToken: The security token included in the request is expired (request req-7)
    ");
}

#[test]
fn the_clock_is_wrong() {
    let text = "Signature expired: 20261123T100000Z is now earlier than 20261123T115500Z";
    let done = planned(move |_| Some(error(403, "SignatureDoesNotMatch", text))).expect(exit::REFUSED_BY_AWS);
    assert_snapshot!(done.shown(), @"
    exit 11
    ── stderr
    error[clock-skew]: this machine's clock is too far from AWS's; help: set the clock (AWS accepts a few minutes of difference); AWS said: SignatureDoesNotMatch: Signature expired: 20261123T100000Z is now earlier than 20261123T115500Z (request req-7)
    ");
}

#[test]
fn throttled_until_the_end() {
    let done = planned(|_| Some(error(400, "Throttling", "Rate exceeded"))).expect(exit::AWS_UNREACHABLE);
    assert_snapshot!(done.shown(), @"
    exit 12
    ── stderr
    error[throttled]: AWS throttled sts:GetCallerIdentity for longer than the time limit; help: run the command again later: the account's request rate is used up; AWS said: Throttling: Rate exceeded (request req-7)
    ");
}

#[test]
fn the_caller_may_not_do_anything() {
    let done = planned(|request| {
        (request.action() == "GetRole").then(|| error(403, "AccessDenied", "not authorized to perform: iam:GetRole"))
    });
    assert_snapshot!(done.expect(exit::FINDINGS_BLOCK).stdout.lines().last().unwrap_or_default(), @"Next: mend the blocking findings above, then plan again; apply refuses this plan.");
}

#[test]
fn the_role_allows_less_than_when_it_was_applied() {
    let text = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
    let done = issued(move || error(400, "ValidationError", text)).expect(exit::REFUSED_BY_AWS);
    assert_snapshot!(done.shown(), @"
    exit 11
    ── stderr
    error[above-max-session-duration]: the TTL is above MaxSessionDuration of arn:aws:iam::111122223333:role/ProdAppRW (it was 3600 seconds when the record was applied); help: raise MaxSessionDuration of arn:aws:iam::111122223333:role/ProdAppRW, or lower the TTL; `leasehold plan` shows the drift; AWS said: ValidationError: The requested DurationSeconds exceeds the MaxSessionDuration set for this role. (request req-7)
    ");
}

#[test]
fn the_answer_is_lost_and_the_lease_stays() {
    let done = issued(|| Reply::Reset).expect(exit::AWS_UNREACHABLE);
    assert_snapshot!(done.shown(), @"
    exit 12
    ── stderr
    error[lost-reply]: the connection broke before the whole answer to sts:AssumeRole was there; because client error (SendRequest): connection closed before message completed; because AWS may have made a session all the same; nobody has its keys, and the lease aws/creds/app-rw/[ulid] counts it as alive until [time]; help: run the command again
    ");
}

#[test]
fn hostile_text_of_aws_is_inert() {
    let done =
        issued(|| error(400, "Weird&#155;2J", "clear&#155;2J&#8238;the&#10;screen")).expect(exit::REFUSED_BY_AWS);
    assert!(done.stderr.contains("screen"), "{}", done.stderr);
    assert!(!done.all().contains(['\u{9b}', '\u{202e}']), "{:?}", done.stderr);
}

#[test]
fn an_aws_that_never_answers_is_given_up_in_time() {
    let started = Instant::now();
    let done = planned(|_| Some(Reply::Hang(Duration::from_secs(30)))).expect(exit::AWS_UNREACHABLE);
    assert!(started.elapsed() < Duration::from_secs(5), "it took {:?}", started.elapsed());
    assert_snapshot!(done.shown(), @"
    exit 12
    ── stderr
    error[timed-out]: AWS did not answer sts:GetCallerIdentity in time; because no answer within the time limit; help: run the command again, with a longer --timeout if AWS is slow from here
    ");
}

#[test]
fn a_failure_as_json() {
    let aws = CannedAws::start();
    let sandbox = aws.sandbox();
    sandbox.commit(&manifests(&two("max_sts_ttl: 1h")));
    aws.fault(|_| Some(error(403, "ExpiredToken", "expired")));
    let done = sandbox.run(&["plan", "--format", "json"]).expect(exit::REFUSED_BY_AWS);
    assert_eq!(done.stdout, "");
    let value: serde_json::Value = serde_json::from_str(&done.stderr).expect("JSON");
    assert_eq!((&value["exit_code"], &value["kind"]), (&serde_json::json!(11), &serde_json::json!("expired-token")));
}
