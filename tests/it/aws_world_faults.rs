//! Reading a world that AWS or the network does not give whole.

use std::time::{Duration, Instant};

use leasehold::domain::ident::Arn;
use leasehold::domain::world::calls::{GET_POLICY_LIMIT, fewest_calls};
use leasehold::domain::world::{Fact, WantedAccount, Why};

use crate::aws_world::{
    BOUNDARY, OTHER, ROLE, SHARED, THIRD, USER, accounts, detail, holding, id, read, read_up_to, role_arn, role_broker,
    roles, through_reader, user_broker, wanted, why,
};
use crate::canned_iam::{Held, allow, key_of, serve};
use crate::fault_server::{ACCOUNT, Reply, Request, error};
use crate::iam_answers::{answer, decoded};

/// Every list that a broker takes, and the broker it takes it of.
const LISTS: [(&str, &str); 7] = [
    (ROLE, "ListRolePolicies"),
    (ROLE, "ListAttachedRolePolicies"),
    (USER, "ListUserPolicies"),
    (USER, "ListAttachedUserPolicies"),
    (USER, "ListGroupsForUser"),
    (USER, "ListGroupPolicies"),
    (USER, "ListAttachedGroupPolicies"),
];

fn held(broker: &str) -> Held {
    if broker == ROLE { role_broker() } else { user_broker() }
}

fn list_of(action: &str) -> &'static str {
    match action {
        "ListGroupsForUser" => "Groups",
        action if action.starts_with("ListAttached") => "AttachedPolicies",
        _ => "PolicyNames",
    }
}

#[test]
fn a_list_of_policies_that_is_not_whole_makes_none_of_them_known() {
    for (broker, action) in LISTS {
        let list = list_of(action);
        let empty = move |rest: &str| answer(action, &format!("<{list}></{list}>{rest}"));
        type Make = Box<dyn Fn(&Request) -> Reply + Send + Sync>;
        let faults: Vec<(&str, Why, Make)> = vec![
            ("denied", Why::AccessDenied, Box::new(|_| error(403, "AccessDenied", "not this"))),
            ("throttled", Why::Throttled, Box::new(|_| error(400, "Throttling", "Rate exceeded"))),
            ("broken", Why::Unreachable, Box::new(|_| error(500, "ServiceFailure", "sorry"))),
            (
                "circling",
                Why::Truncated,
                Box::new(move |_| empty("<IsTruncated>true</IsTruncated><Marker>again</Marker>")),
            ),
            ("hiding where it goes on", Why::Truncated, Box::new(move |_| empty("<IsTruncated>true</IsTruncated>"))),
            (
                "complete and going on",
                Why::Truncated,
                Box::new(move |_| empty("<IsTruncated>false</IsTruncated><Marker>x</Marker>")),
            ),
            ("silent about its end", Why::Malformed, Box::new(move |_| empty(""))),
            ("without the list", Why::Malformed, Box::new(move |_| answer(action, "<IsTruncated>false</IsTruncated>"))),
            (
                "cut",
                Why::Malformed,
                Box::new(move |_| {
                    let Reply::Answer(_, whole) = empty("<IsTruncated>false</IsTruncated>") else {
                        panic!("an answer")
                    };
                    Reply::Open(200, whole[..whole.len() - 30].to_owned())
                }),
            ),
        ];
        for (name, expected, fault) in faults {
            let server = serve(accounts([(ACCOUNT, held(broker))]), 1_000, move |request| {
                (request.action() == action).then(|| fault(request))
            });
            let world = read(&server, &wanted(broker, [(ACCOUNT, WantedAccount::default())]));
            let live = world.broker.present().unwrap_or_else(|| panic!("{action} {name}: {:?}", world.broker));
            assert_eq!(why(&live.policies), expected, "{action} {name}: {:?}", live.policies);
            assert!(live.boundary.present().is_some(), "{action} {name}");
        }
    }
}

#[test]
fn a_list_of_policies_that_ends_after_a_page_is_not_known_by_that_page() {
    let server = serve(accounts([(ACCOUNT, role_broker())]), 1, |request| {
        let second = request.action() == "ListRolePolicies" && request.field("Marker") == "1";
        second.then(|| error(403, "AccessDenied", "no more"))
    });
    let world = read(&server, &wanted(ROLE, [(ACCOUNT, WantedAccount::default())]));
    let policies = &world.broker.present().expect("it exists").policies;
    assert!(why(policies) == Why::AccessDenied && detail(policies).contains("ended after page 1"), "{policies:?}");
}

#[test]
fn a_document_that_cannot_be_read_makes_no_policy_known() {
    for (broker, action) in [
        (ROLE, "GetRolePolicy"),
        (ROLE, "GetPolicy"),
        (ROLE, "GetPolicyVersion"),
        (USER, "GetUserPolicy"),
        (USER, "GetGroupPolicy"),
        (USER, "GetPolicyVersion"),
    ] {
        for (status, code, expected) in [
            (403, "AccessDenied", Why::AccessDenied),
            (404, "NoSuchEntity", Why::Malformed),
            (400, "Throttling", Why::Throttled),
            (200, "", Why::Malformed),
        ] {
            let server = serve(accounts([(ACCOUNT, held(broker))]), 1_000, move |request| {
                let fault = || if status == 200 { answer(action, "") } else { error(status, code, "no") };
                let concerned = request.action() == action && decoded(request.field("PolicyArn")) != BOUNDARY;
                concerned.then(fault)
            });
            let world = read(&server, &wanted(broker, [(ACCOUNT, WantedAccount::default())]));
            let live = world.broker.present().expect("it exists");
            assert_eq!(why(&live.policies), expected, "{action} {code}: {:?}", live.policies);
        }
    }
}

#[test]
fn a_boundary_that_cannot_be_read_is_neither_absent_nor_a_reason_to_forget_the_policies() {
    let server = serve(accounts([(ACCOUNT, role_broker())]), 1_000, |request| {
        let concerned = request.action() == "GetPolicyVersion" && decoded(request.field("PolicyArn")) == BOUNDARY;
        concerned.then(|| error(403, "AccessDenied", "not this"))
    });
    let world = read(&server, &wanted(ROLE, [(ACCOUNT, WantedAccount::default())]));
    let live = world.broker.present().expect("it exists");
    assert!(live.policies.present().is_some_and(|policies| policies.len() == 3));
    assert!(why(&live.boundary) == Why::AccessDenied && detail(&live.boundary).contains(BOUNDARY));
}

#[test]
fn a_broker_that_may_not_be_read_is_unknown_and_the_roles_are_judged() {
    for (broker, action) in [(ROLE, "GetRole"), (USER, "GetUser")] {
        let held = held(broker).role("app-00000", "");
        let server = serve(accounts([(ACCOUNT, held)]), 1_000, move |request| {
            let concerned = request.action() == action && request.field("RoleName") != "app-00000";
            concerned.then(|| error(403, "AccessDenied", "not the broker"))
        });
        let world = read(&server, &wanted(broker, [(ACCOUNT, roles(ACCOUNT, 1))]));
        assert!(why(&world.broker) == Why::AccessDenied && detail(&world.broker).contains("not the broker"));
        assert!(world.roles[&role_arn(ACCOUNT, "app-00000")].present().is_some());
        assert_eq!(world.calls, 3);
    }
}

#[test]
fn policy_documents_are_decoded_strictly() {
    for (document, sound) in [("%7B%2", false), ("%FF", false), ("not%20a%20policy", true)] {
        let server = serve(accounts([(ACCOUNT, role_broker())]), 1_000, move |request| {
            let inner = "<RoleName>Broker</RoleName><PolicyName>p</PolicyName><PolicyDocument>";
            (request.action() == "GetRolePolicy")
                .then(|| answer("GetRolePolicy", &format!("{inner}{document}</PolicyDocument>")))
        });
        let world = read(&server, &wanted(ROLE, [(ACCOUNT, WantedAccount::default())]));
        let policies = &world.broker.present().expect("it exists").policies;
        match policies.present() {
            Some(policies) => assert!(sound && policies.iter().any(|policy| policy.document.policy.is_err())),
            None => assert!(!sound && why(policies) == Why::Malformed, "{policies:?}"),
        }
    }
}

#[test]
fn what_fails_in_one_account_leaves_the_others_as_they_are() {
    let three = || accounts([(ACCOUNT, holding(1).user("ci", &[], "")), (OTHER, holding(1)), (THIRD, holding(1))]);
    let wanted = wanted(
        USER,
        [
            (ACCOUNT, roles(ACCOUNT, 1)),
            (OTHER, WantedAccount { summary: true, groups: ["g".to_owned()].into(), ..through_reader(OTHER, 1, None) }),
            (THIRD, through_reader(THIRD, 1, None)),
        ],
    );
    type Fault = fn(&Request) -> Option<Reply>;
    let faults: [(&str, Why, Fault); 4] = [
        ("not assumable", Why::AccessDenied, |request| {
            let concerned = request.action() == "AssumeRole" && decoded(request.field("RoleArn")).contains(OTHER);
            concerned.then(|| error(403, "AccessDenied", "User: x is not authorized to perform: sts:AssumeRole"))
        }),
        ("credentials refused", Why::AccessDenied, |request| {
            (key_of(request) == OTHER).then(|| error(403, "InvalidClientTokenId", "The security token is invalid"))
        }),
        ("throttled", Why::Throttled, |request| {
            (key_of(request) == OTHER).then(|| error(400, "Throttling", "Rate exceeded"))
        }),
        ("cut off", Why::Unreachable, |request| (key_of(request) == OTHER).then_some(Reply::Reset)),
    ];
    for (name, expected, fault) in faults {
        let server = serve(three(), 1_000, fault);
        let world = read(&server, &wanted);
        for account in [ACCOUNT, THIRD] {
            assert!(world.roles[&role_arn(account, "app-00000")].present().is_some(), "{name}: {account}");
            assert!(world.accounts[&id(account)].reader.present().is_some(), "{name}: {account}");
        }
        assert!(world.broker.present().is_some(), "{name}");
        assert_eq!(why(&world.roles[&role_arn(OTHER, "app-00000")]), expected, "{name}");
        assert_eq!(why(&world.accounts[&id(OTHER)].summary), expected, "{name}");
        assert_eq!(why(&world.groups[&(id(OTHER), "g".to_owned())]), expected, "{name}");
    }
}

#[test]
fn a_reader_that_is_not_there_says_what_to_declare_or_what_aws_said() {
    let server =
        serve(accounts([(ACCOUNT, holding(1)), (OTHER, holding(1).reader("Reader", Some("right")))]), 1_000, |_| None);
    let foreign = WantedAccount { reader: through_reader(THIRD, 0, None).reader, ..roles(OTHER, 1) };
    for (account, expected, words) in [
        (roles(OTHER, 1), Why::OtherAccount, "declare an Account document with its id and a reader_role_arn"),
        (foreign, Why::OtherAccount, "a role of account 777788889999"),
        (through_reader(OTHER, 1, Some("wrong")), Why::AccessDenied, "not authorized to perform: sts:AssumeRole"),
        (through_reader(OTHER, 1, None), Why::AccessDenied, "`arn:aws:iam::444455556666:role/Reader`"),
    ] {
        let broker = format!("arn:aws:iam::{OTHER}:role/Broker");
        let before = server.seen().len();
        let reader = leasehold::aws::AwsReader::new(&crate::emulator::block_on(crate::aws_world::quick(&server)));
        let world = crate::emulator::block_on(async {
            use leasehold::ports::CloudRead as _;
            let caller = reader.caller_identity().await.expect("always allowed");
            reader.world(&caller, &wanted(&broker, [(ACCOUNT, roles(ACCOUNT, 1)), (OTHER, account)])).await
        });
        let fact = &world.roles[&role_arn(OTHER, "app-00000")];
        assert!(why(fact) == expected && detail(fact).contains(words), "{fact:?}");
        for told in [detail(&world.accounts[&id(OTHER)].reader), detail(&world.broker)] {
            assert_eq!(told, detail(fact));
        }
        assert!(world.roles[&role_arn(ACCOUNT, "app-00000")].present().is_some());
        let asked = server.seen().len() - before;
        assert_eq!(asked, if expected == Why::OtherAccount { 2 } else { 3 }, "nothing is asked in vain, or twice");
    }
}

#[test]
fn a_list_of_all_roles_that_breaks_is_unknown_and_the_declared_ones_are_known() {
    let held = holding(9).role("Broker", "").inline("role/Broker", "p", &allow("sts:AssumeRole", "*"));
    let server = serve(accounts([(ACCOUNT, held)]), 4, |request| {
        let second = request.action() == "ListRoles" && request.field("Marker") == "4";
        second.then(|| error(403, "AccessDenied", "no more"))
    });
    let world = read(&server, &wanted(ROLE, [(ACCOUNT, roles(ACCOUNT, 9))]));
    assert!(world.roles.values().all(|fact| fact.present().is_some()));
    let all = &world.accounts[&id(ACCOUNT)].roles;
    assert!(why(all) == Why::AccessDenied && detail(all).contains("the list of roles ended after page 1"), "{all:?}");
}

#[test]
fn a_list_of_policies_that_breaks_makes_none_of_them_absent() {
    let arn = |n: usize| Arn::parse(&format!("arn:aws:iam::{ACCOUNT}:policy/P{n:02}")).expect("an ARN");
    let held =
        (0..20).fold(holding(0).user("ci", &[], ""), |held, n| held.managed(arn(n).as_str(), &allow("s3:*", "*"), &[]));
    let server = serve(accounts([(ACCOUNT, held)]), 5, |request| {
        let second = request.action() == "ListPolicies" && request.field("Marker") == "5";
        second.then(|| error(400, "Throttling", "Rate exceeded"))
    });
    let policies = (0..=GET_POLICY_LIMIT).map(arn).collect();
    let world = read(&server, &wanted(USER, [(ACCOUNT, WantedAccount { policies, ..WantedAccount::default() })]));
    let facts: Vec<_> = world.policies.values().collect();
    assert!(facts[..5].iter().all(|fact| fact.present().is_some()));
    assert!(facts[5..].iter().all(|fact| why(fact) == Why::Throttled), "{facts:?}");
}

#[test]
fn quotas_below_zero_make_no_sense_of_any() {
    let server = serve(accounts([(ACCOUNT, holding(0).user("ci", &[], ""))]), 1_000, |request| {
        let numbers = crate::iam_answers::summary(&[("Users", 3), ("UsersQuota", -1)]);
        (request.action() == "GetAccountSummary").then(|| answer("GetAccountSummary", &numbers))
    });
    let account = WantedAccount { summary: true, ..WantedAccount::default() };
    let world = read(&server, &wanted(USER, [(ACCOUNT, account)]));
    let summary = &world.accounts[&id(ACCOUNT)].summary;
    assert!(why(summary) == Why::Malformed && detail(summary).contains("-1 as UsersQuota"), "{summary:?}");
}

#[test]
fn no_more_calls_are_made_than_allowed() {
    let held = || accounts([(ACCOUNT, user_broker().role("app-00000", "")), (OTHER, holding(12))]);
    let wanted = wanted(USER, [(ACCOUNT, roles(ACCOUNT, 1)), (OTHER, through_reader(OTHER, 12, None))]);
    let whole = read(&serve(held(), 5, |_| None), &wanted);
    assert!(whole.calls >= fewest_calls(&wanted, &id(ACCOUNT)));
    for most in 1..=whole.calls {
        // With every other answer a throttle, retries count too: that takes its time, so not with each number.
        for faulty in [false, true] {
            if faulty && most % 8 != 3 {
                continue;
            }
            let server = serve(held(), 5, move |request| {
                let fault = faulty && request.number > 0 && request.number % 2 == 1;
                fault.then(|| error(400, "Throttling", "Rate exceeded"))
            });
            let world = read_up_to(&server, &wanted, Some(most));
            assert!(world.calls <= most && server.seen().len() <= usize::try_from(most).expect("small"), "{most}");
            if !faulty && most < whole.calls {
                assert_eq!(world.calls, most, "all that are allowed are made");
                let unknown = |fact: &Fact<_>| matches!(fact, Fact::Unknown(unknown) if unknown.why == Why::Budget);
                let spent = world.roles.values().any(unknown)
                    || matches!(&world.broker, Fact::Unknown(unknown) if unknown.why == Why::Budget)
                    || world.broker.present().is_some_and(
                        |broker| matches!(&broker.policies, Fact::Unknown(unknown) if unknown.why == Why::Budget),
                    );
                assert!(spent, "{most}: {world:?}");
            } else if !faulty {
                assert_eq!(leasehold::domain::world::World { max_calls: None, ..world }, whole);
            }
        }
    }
}

#[test]
fn at_most_four_calls_to_an_account_are_under_way_and_a_throttle_slows_all_of_them() {
    let held = (0..9)
        .fold(holding(10).user("ci", &[], ""), |held, n| held.inline("user/ci", &format!("p{n}"), &allow("s3:*", "*")));
    let server = serve(accounts([(ACCOUNT, held)]), 1_000, |request| {
        // Time for others to come in.
        std::thread::sleep(Duration::from_millis(20));
        (request.action() == "GetUserPolicy" && request.number < 10).then(|| error(400, "Throttling", "Rate exceeded"))
    });
    let started = Instant::now();
    let world = crate::emulator::block_on(async {
        use leasehold::ports::CloudRead as _;
        let session = crate::aws_faults::session(&server.endpoint, Duration::from_secs(30), 8).await;
        let reader = leasehold::aws::AwsReader::new(&session);
        let caller = reader.caller_identity().await.expect("always allowed");
        reader.world(&caller, &wanted(USER, [(ACCOUNT, roles(ACCOUNT, 10))])).await
    });
    assert!(world.broker.present().is_some_and(|broker| broker.policies.present().is_some()), "{:?}", world.broker);
    assert!(world.roles.values().all(|fact| fact.present().is_some()));
    assert!(server.busiest() <= 4, "{}", server.busiest());
    // After the burst was taken away, ten roles come at five a second, a little faster each time.
    assert!(started.elapsed() > Duration::from_millis(1_500), "{:?}", started.elapsed());
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
}

#[test]
fn a_managed_policy_that_comes_twice_is_read_once() {
    let server = serve(accounts([(ACCOUNT, user_broker())]), 1_000, |_| None);
    read(&server, &wanted(USER, [(ACCOUNT, WantedAccount::default())]));
    let asked = |request: &&Request| request.action() == "GetPolicy" && decoded(request.field("PolicyArn")) == SHARED;
    assert_eq!(server.seen().iter().filter(asked).count(), 1);
}
