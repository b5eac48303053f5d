//! Reading many roles: pages, budgets of calls, lists that end too early.

use std::sync::Barrier;
use std::time::Duration;

use leasehold::aws::AwsReader;
use leasehold::domain::ident::{AccountId, RoleArn};
use leasehold::domain::limits::GET_ROLE_LIMIT;
use leasehold::domain::world::{CallerIdentity, Fact, LiveRole, Unknown, Why};
use leasehold::ports::CloudRead as _;

use crate::aws_faults::session;
use crate::emulator::block_on;
use crate::fault_server::{ACCOUNT, FaultServer, Reply, Request, error, got, identity, page, role};

const TRUST: &str = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%5D%7D";

fn arns(count: usize) -> Vec<RoleArn> {
    (0..count).map(|n| RoleArn::parse(&format!("arn:aws:iam::{ACCOUNT}:role/app-{n:05}")).expect("valid")).collect()
}

fn caller() -> CallerIdentity {
    CallerIdentity {
        account: AccountId::parse(ACCOUNT).expect("valid"),
        arn: format!("arn:aws:iam::{ACCOUNT}:user/ci"),
        user_id: "AIDAEXAMPLE".to_owned(),
    }
}

/// Reads the roles; gives each one's fact in the order asked, and the calls it took.
fn read(server: &FaultServer, wanted: &[RoleArn]) -> (Vec<Fact<LiveRole>>, u32) {
    block_on(async {
        let reader = AwsReader::new(&session(&server.endpoint, Duration::from_secs(20), 2).await);
        let facts = reader.roles(&caller(), wanted).await;
        (wanted.iter().map(|arn| facts[arn].clone()).collect(), reader.calls())
    })
}

fn unknown(fact: &Fact<LiveRole>) -> &Unknown {
    match fact {
        Fact::Unknown(unknown) => unknown,
        other => panic!("known: {other:?}"),
    }
}

/// An account of `count` roles, listed in pages of `size`.
fn account(request: &Request, count: usize, size: usize) -> Reply {
    let from: usize = request.field("Marker").parse().unwrap_or(0);
    let until = (from + size).min(count);
    let roles: Vec<_> = (from..until).map(|n| role(&format!("app-{n:05}"), TRUST)).collect();
    let marker = (until < count).then(|| until.to_string());
    Reply::Answer(200, page(&roles, marker.as_deref()))
}

#[test]
fn the_price_of_a_plan_in_calls() {
    for (declared, budget) in [(1_000, 3), (10_000, 12)] {
        let server = FaultServer::start(move |request| match request.action() {
            "ListRoles" => account(request, declared, request.field("MaxItems").parse().expect("a page size")),
            _ => Reply::Answer(200, identity()),
        });
        let calls = block_on(async {
            let reader = AwsReader::new(&session(&server.endpoint, Duration::from_secs(60), 8).await);
            let caller = reader.caller_identity().await.expect("answered");
            let facts = reader.roles(&caller, &arns(declared)).await;
            assert_eq!(facts.len(), declared);
            assert!(facts.iter().all(|(arn, fact)| fact.present().is_some_and(|live| live.arn == *arn)));
            reader.calls()
        });
        assert!(calls <= budget, "{declared} roles took {calls} calls");
        assert_eq!(usize::try_from(calls).expect("small"), server.seen().len());
    }
}

#[test]
fn the_way_of_reading_changes_at_the_documented_count() {
    let server = FaultServer::start(|request| match request.action() {
        "GetRole" => Reply::Answer(200, got(&role(request.field("RoleName"), TRUST))),
        _ => account(request, 20, 1_000),
    });
    let (facts, calls) = read(&server, &arns(GET_ROLE_LIMIT));
    assert!(facts.iter().all(|fact| fact.present().is_some()));
    assert_eq!(calls, 10);
    assert!(server.seen().iter().all(|request| request.action() == "GetRole"));
    let (facts, calls) = read(&server, &arns(GET_ROLE_LIMIT + 1));
    assert!(facts.iter().all(|fact| fact.present().is_some()));
    assert_eq!(calls, 1);
    assert_eq!(server.seen().last().map(|request| request.action().to_owned()).as_deref(), Some("ListRoles"));
}

#[test]
fn four_roles_are_read_at_a_time() {
    // Nobody is answered before four are waiting.
    let four = Barrier::new(4);
    let server = FaultServer::start(move |request| {
        four.wait();
        Reply::Answer(200, got(&role(request.field("RoleName"), TRUST)))
    });
    let (facts, _) = read(&server, &arns(8));
    assert!(facts.iter().all(|fact| fact.present().is_some()));
    assert_eq!(server.busiest(), 4);
}

#[test]
fn a_role_under_another_path_is_present_with_its_live_arn() {
    let server = FaultServer::start(|request| Reply::Answer(200, got(&role(request.field("RoleName"), TRUST))));
    let moved = RoleArn::parse(&format!("arn:aws:iam::{ACCOUNT}:role/team/app-00000")).expect("valid");
    let (facts, _) = read(&server, &[moved]);
    assert_eq!(facts[0].present().map(|live| live.arn.clone()), Some(arns(1)[0].clone()));
}

#[test]
fn a_role_asked_for_twice_is_read_once() {
    let server = FaultServer::start(|request| Reply::Answer(200, got(&role(request.field("RoleName"), TRUST))));
    let wanted = arns(1);
    assert_eq!(read(&server, &[wanted[0].clone(), wanted[0].clone()]).1, 1);
}

#[test]
fn a_failure_that_meets_every_role_is_not_repeated_for_each() {
    let server = FaultServer::start(|_| error(403, "ExpiredToken", "expired"));
    let (facts, calls) = read(&server, &arns(10));
    assert!(facts.iter().all(|fact| unknown(fact).why == Why::AccessDenied));
    assert!(calls <= 4, "{calls}");
}

#[test]
fn one_denied_role_does_not_hide_the_others() {
    let server = FaultServer::start(|request| match request.field("RoleName") {
        "app-00001" => error(403, "AccessDenied", "not this one"),
        "app-00002" => error(404, "NoSuchEntity", "The role with name app-00002 cannot be found."),
        name => Reply::Answer(200, got(&role(name, TRUST))),
    });
    let (facts, _) = read(&server, &arns(4));
    assert!(facts[0].present().is_some() && facts[3].present().is_some());
    assert_eq!(unknown(&facts[1]).why, Why::AccessDenied);
    assert!(unknown(&facts[1]).detail.contains("not this one"));
    assert_eq!(facts[2], Fact::Absent);
}

#[test]
fn pages_of_one_are_followed_to_the_end() {
    let server = FaultServer::start(|request| account(request, 5, 1));
    let (facts, calls) = read(&server, &arns(12));
    assert!(facts[..5].iter().all(|fact| fact.present().is_some()));
    assert!(facts[5..].iter().all(|fact| *fact == Fact::Absent));
    assert_eq!(calls, 5);
}

#[test]
fn a_list_that_goes_round_in_circles_is_truncated() {
    let server = FaultServer::start(|request| {
        let name = if request.field("Marker").is_empty() { "app-00000" } else { "app-00001" };
        Reply::Answer(200, page(&[role(name, TRUST)], Some("again")))
    });
    let (facts, calls) = read(&server, &arns(11));
    assert!(facts[..2].iter().all(|fact| fact.present().is_some()));
    assert!(facts[2..].iter().all(|fact| unknown(fact).why == Why::Truncated));
    assert_eq!(calls, 2);
}

#[test]
fn a_list_that_hides_where_it_goes_on_is_truncated() {
    let server = FaultServer::start(|_| {
        let whole = page(&[role("app-00000", TRUST)], Some("x"));
        Reply::Answer(200, whole.replace("<Marker>x</Marker>", ""))
    });
    let (facts, _) = read(&server, &arns(11));
    assert!(facts[0].present().is_some());
    assert!(facts[1..].iter().all(|fact| unknown(fact).why == Why::Truncated));
}

#[test]
fn a_list_that_is_complete_and_goes_on_is_truncated() {
    let server = FaultServer::start(|_| {
        let whole = page(&[role("app-00000", TRUST)], Some("x"));
        Reply::Answer(200, whole.replace("<IsTruncated>true", "<IsTruncated>false"))
    });
    let (facts, _) = read(&server, &arns(11));
    assert!(facts[0].present().is_some());
    assert!(facts[1..].iter().all(|fact| unknown(fact).why == Why::Truncated));
}

#[test]
fn a_list_that_is_cut_anywhere_makes_no_role_absent() {
    let roles: Vec<_> = (0..3).map(|n| role(&format!("app-{n:05}"), TRUST)).collect();
    let whole = page(&roles, None);
    for cut in [0, 30, 60, 90, whole.len() / 2, whole.len() - 60, whole.len() - 20, whole.len() - 1] {
        let cut = whole[..cut].to_owned();
        let server = FaultServer::start(move |_| Reply::Open(200, cut.clone()));
        let (facts, _) = read(&server, &arns(11));
        assert!(facts.iter().all(|fact| unknown(fact).why == Why::Malformed), "{facts:?}");
    }
    let server = FaultServer::start(move |_| Reply::Open(200, whole.clone()));
    let (facts, _) = read(&server, &arns(11));
    assert!(facts[..3].iter().all(|fact| fact.present().is_some()));
    assert!(facts[3..].iter().all(|fact| *fact == Fact::Absent));
}

#[test]
fn a_list_that_does_not_say_whether_it_is_complete_makes_no_role_absent() {
    for part in ["<IsTruncated>false</IsTruncated>", "<Roles></Roles>"] {
        let damaged = page(&[], None).replace(part, "");
        let server = FaultServer::start(move |_| Reply::Answer(200, damaged.clone()));
        let (facts, _) = read(&server, &arns(11));
        assert!(facts.iter().all(|fact| unknown(fact).why == Why::Malformed), "{part}: {facts:?}");
    }
}

#[test]
fn a_role_whose_answer_is_cut_is_neither_present_nor_absent() {
    let present = got(&role("app-00000", TRUST));
    let absent = "<ErrorResponse><Error><Code>NoSuchEntity</Code></Error></ErrorResponse>";
    for (status, whole, cut) in [
        (200, present.as_str(), present.len() - 18),
        (200, &present, present.len() - 1),
        (404, absent, absent.len() - 16),
        (404, absent, absent.len() - 32),
    ] {
        let cut = whole[..cut].to_owned();
        let server = FaultServer::start(move |_| Reply::Open(status, cut.clone()));
        let (facts, _) = read(&server, &arns(1));
        assert_eq!(unknown(&facts[0]).why, Why::Malformed, "{facts:?}");
    }
}

#[test]
fn a_list_longer_than_any_of_iam_is_not_read_to_its_end() {
    let server = FaultServer::start(|_| {
        let begin = page(&[role("app-00000", TRUST)], None).replace("</Roles>", "<member><Path>");
        Reply::Flood(begin, 200 << 20)
    });
    let (facts, calls) = read(&server, &arns(11));
    for fact in &facts {
        assert_eq!(unknown(fact).why, Why::Malformed);
        assert!(unknown(fact).detail.contains("longer than 16777216 bytes"), "{}", unknown(fact).detail);
    }
    assert_eq!(calls, 1);
}

#[test]
fn what_came_before_a_list_broke_is_known_and_the_rest_is_not_absent() {
    for (code, status, why) in [
        ("Throttling", 400, Why::Throttled),
        ("AccessDenied", 403, Why::AccessDenied),
        ("ServiceFailure", 500, Why::Unreachable),
    ] {
        let server = FaultServer::start(move |request| match request.field("Marker") {
            "2" => error(status, code, "no"),
            _ => account(request, 20, 2),
        });
        let (facts, _) = read(&server, &arns(11));
        assert!(facts[..2].iter().all(|fact| fact.present().is_some()), "{code}");
        for fact in &facts[2..] {
            assert_eq!(unknown(fact).why, why);
            assert!(unknown(fact).detail.contains("ended after page 1"), "{}", unknown(fact).detail);
        }
    }
}

#[test]
fn trust_policies_are_decoded_strictly() {
    let server = FaultServer::start(|request| {
        let trust = match request.field("RoleName") {
            "app-00000" => "%7B%22Sid%22%3A%22a%2Bb+c%22%7D",
            "app-00001" => "%7B%2",
            "app-00002" => "%FF",
            "app-00003" => "not%20a%20policy",
            _ => "",
        };
        Reply::Answer(200, got(&role(request.field("RoleName"), trust)))
    });
    let (facts, _) = read(&server, &arns(4));
    let trust = |index: usize| facts[index].present().expect("decoded").trust.canonical.clone();
    assert!(trust(0).to_string().contains("a+b+c"));
    assert_eq!(unknown(&facts[1]).why, Why::Malformed);
    assert_eq!(unknown(&facts[2]).why, Why::Malformed);
    assert_eq!(*trust(3), "not a policy");
}
