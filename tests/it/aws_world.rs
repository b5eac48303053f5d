//! Reading a whole world: the broker, other accounts, policies, groups, quotas, and what each costs.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use leasehold::aws::{AwsReader, Session};
use leasehold::domain::ident::{AccountId, Arn, BrokerPrincipal, RoleArn};
use leasehold::domain::least_privilege::read_actions;
use leasehold::domain::world::calls::{GET_POLICY_LIMIT, GET_ROLE_LIMIT, fewest_calls};
use leasehold::domain::world::{Fact, LiveBroker, Reader, Wanted, WantedAccount, Why, World};
use leasehold::ports::CloudRead as _;

use crate::aws_faults::session;
use crate::canned_iam::{Held, allow, serve, tagged_and_bound};
use crate::emulator::block_on;
use crate::fault_server::{ACCOUNT, FaultServer, Reply, Request};

pub(crate) const OTHER: &str = "444455556666";
pub(crate) const THIRD: &str = "777788889999";
pub(crate) const BOUNDARY: &str = "arn:aws:iam::111122223333:policy/Boundary";
pub(crate) const SHARED: &str = "arn:aws:iam::aws:policy/ReadOnlyAccess";

pub(crate) fn id(text: &str) -> AccountId {
    AccountId::parse(text).expect("an account")
}

pub(crate) fn role_arn(account: &str, name: &str) -> RoleArn {
    RoleArn::parse(&format!("arn:aws:iam::{account}:role/{name}")).expect("a role")
}

/// Wants the roles `app-00000` and on of this account.
pub(crate) fn roles(account: &str, count: usize) -> WantedAccount {
    let roles = (0..count).map(|n| role_arn(account, &format!("app-{n:05}"))).collect();
    WantedAccount { roles, ..WantedAccount::default() }
}

/// The same through the account's reader role.
pub(crate) fn through_reader(account: &str, count: usize, external_id: Option<&str>) -> WantedAccount {
    let reader = Reader { role_arn: role_arn(account, "Reader"), external_id: external_id.map(str::to_owned) };
    WantedAccount { reader: Some(reader), ..roles(account, count) }
}

pub(crate) fn wanted<const N: usize>(broker: &str, accounts: [(&str, WantedAccount); N]) -> Wanted {
    let accounts = accounts.into_iter().map(|(account, wanted)| (id(account), wanted)).collect();
    Wanted { broker: BrokerPrincipal::parse(broker).expect("a principal"), accounts }
}

/// An account with the roles `app-00000` and on, and a reader.
pub(crate) fn holding(count: usize) -> Held {
    (0..count).fold(Held::default().reader("Reader", None), |held, n| held.role(&format!("app-{n:05}"), ""))
}

pub(crate) fn accounts<const N: usize>(accounts: [(&str, Held); N]) -> BTreeMap<String, Held> {
    accounts.into_iter().map(|(account, held)| (account.to_owned(), held)).collect()
}

/// A session that gives up soon.
pub(crate) async fn quick(server: &FaultServer) -> Session {
    session(&server.endpoint, Duration::from_secs(20), 2).await
}

/// Asks who asks, and reads.
pub(crate) fn read(server: &FaultServer, wanted: &Wanted) -> World {
    read_up_to(server, wanted, None)
}

pub(crate) fn read_up_to(server: &FaultServer, wanted: &Wanted, max_calls: Option<u32>) -> World {
    block_on(async {
        let reader = AwsReader::up_to(&quick(server).await, max_calls);
        let caller = reader.caller_identity().await.expect("always allowed");
        let world = reader.world(&caller, wanted).await;
        assert_eq!(world.calls, reader.calls());
        assert_eq!(usize::try_from(world.calls).expect("small"), server.seen().len(), "every call is counted");
        world
    })
}

pub(crate) fn why<T: std::fmt::Debug>(fact: &Fact<T>) -> Why {
    match fact {
        Fact::Unknown(unknown) => unknown.why,
        other => panic!("known: {other:?}"),
    }
}

pub(crate) fn detail<T: std::fmt::Debug>(fact: &Fact<T>) -> &str {
    match fact {
        Fact::Unknown(unknown) => &unknown.detail,
        other => panic!("known: {other:?}"),
    }
}

fn none(_: &Request) -> Option<Reply> {
    None
}

fn names(broker: &Fact<LiveBroker>) -> Vec<&str> {
    let policies = broker.present().expect("it exists").policies.present().expect("read");
    policies.iter().map(|policy| policy.name.as_str()).collect()
}

fn actions(server: &FaultServer) -> Vec<String> {
    server.seen().iter().map(|request| request.action().to_owned()).collect()
}

pub(crate) const ROLE: &str = "arn:aws:iam::111122223333:role/Broker";
pub(crate) const USER: &str = "arn:aws:iam::111122223333:user/ci";

/// A broker that is a role with everything.
pub(crate) fn role_broker() -> Held {
    holding(0)
        .role("Broker", &tagged_and_bound(BOUNDARY))
        .managed(BOUNDARY, &allow("sts:*", "*"), &[])
        .managed(SHARED, &allow("iam:Get*", "*"), &["role/Broker"])
        .inline("role/Broker", "issue", &allow("sts:SetSourceIdentity", "*"))
        .inline("role/Broker", "also", &allow("sts:TagSession", "*"))
}

/// A broker that is a user with everything.
pub(crate) fn user_broker() -> Held {
    holding(0)
        .user("ci", &["deployers", "readers"], &tagged_and_bound(BOUNDARY))
        .managed(BOUNDARY, &allow("sts:*", "*"), &[])
        .managed(SHARED, &allow("iam:Get*", "*"), &["user/ci", "group/readers"])
        .inline("user/ci", "own", &allow("sts:GetFederationToken", "*"))
        .inline("group/deployers", "deploy", &allow("sts:TagSession", "*"))
}

#[test]
fn a_role_as_broker_is_read_with_every_policy() {
    for size in [1, 1_000] {
        let server = serve(accounts([(ACCOUNT, role_broker())]), size, none);
        let world = read(&server, &wanted(ROLE, [(ACCOUNT, WantedAccount::default())]));
        assert_eq!(names(&world.broker), ["also", SHARED, "issue"], "sorted by name");
        let broker = world.broker.present().expect("it exists");
        assert_eq!((broker.unique_id.as_str(), broker.tags["team"].as_str()), ("AROABroker", "payments"));
        let boundary = broker.boundary.present().expect("it has one");
        assert!(boundary.name == BOUNDARY && boundary.document.policy.is_ok());
        assert!(broker.trust.as_ref().is_some_and(|trust| trust.policy.is_ok()), "it came with the role");
        let account = &world.accounts[&id(ACCOUNT)];
        assert_eq!(account.reader, Fact::Present("arn:aws:iam::111122223333:user/ci".to_owned()));
        assert_eq!(why(&account.roles), Why::NotRead);
        assert_eq!(why(&account.summary), Why::NotRead);
        // Who asks; itself; two lists; two inline; two managed and their versions. Short pages add one.
        assert_eq!(world.calls, 1 + 3 + 2 + 4 + u32::from(size == 1));
    }
}

#[test]
fn a_user_as_broker_is_read_with_what_its_groups_bring() {
    for size in [1, 1_000] {
        let server = serve(accounts([(ACCOUNT, user_broker())]), size, none);
        let world = read(&server, &wanted(USER, [(ACCOUNT, WantedAccount::default())]));
        let in_group = format!("group/readers/{SHARED}");
        assert_eq!(names(&world.broker), [SHARED, "group/deployers/deploy", in_group.as_str(), "own"]);
        assert_eq!(world.broker.present().expect("it exists").unique_id, "AIDAci");
        // Who asks; itself; three lists; two lists of each group; two inline; two managed and their versions.
        assert_eq!(world.calls, 1 + 4 + 4 + 2 + 4 + u32::from(size == 1));
    }
}

#[test]
fn a_broker_without_anything_has_no_policies_and_no_boundary() {
    let server = serve(accounts([(ACCOUNT, Held::default().role("Broker", ""))]), 1_000, none);
    let world = read(&server, &wanted(ROLE, [(ACCOUNT, WantedAccount::default())]));
    let broker = world.broker.present().expect("it exists");
    assert_eq!((&broker.policies, &broker.boundary), (&Fact::Present(Vec::new()), &Fact::Absent));
    assert!(broker.tags.is_empty());
}

#[test]
fn a_broker_that_is_gone_is_absent_and_one_of_another_path_is_not_it() {
    let server = serve(accounts([(ACCOUNT, Held::default().role("Broker", ""))]), 1_000, none);
    for (broker, absent) in [("role/Gone", true), ("user/ci", true), ("role/team/Broker", false)] {
        let broker = format!("arn:aws:iam::{ACCOUNT}:{broker}");
        let world = read_fresh(&server, &wanted(&broker, [(ACCOUNT, WantedAccount::default())]));
        assert_eq!(world.broker == Fact::Absent, absent, "{:?}", world.broker);
        if !absent {
            assert!(detail(&world.broker).contains("arn:aws:iam::111122223333:role/Broker"));
        }
    }
}

/// Reads from a server that was asked before.
fn read_fresh(server: &FaultServer, wanted: &Wanted) -> World {
    block_on(async {
        let reader = AwsReader::new(&quick(server).await);
        let caller = reader.caller_identity().await.expect("always allowed");
        reader.world(&caller, wanted).await
    })
}

#[test]
fn a_broker_that_is_a_target_is_asked_for_once() {
    let held = Held::default().role("app-00000", "").role("app-00001", "");
    let server = serve(accounts([(ACCOUNT, held)]), 1_000, none);
    let world = read(&server, &wanted(role_arn(ACCOUNT, "app-00000").as_str(), [(ACCOUNT, roles(ACCOUNT, 2))]));
    assert!(world.roles.values().all(|fact| fact.present().is_some()) && world.broker.present().is_some());
    assert_eq!(actions(&server).iter().filter(|action| *action == "GetRole").count(), 2);
}

#[test]
fn every_account_is_read_through_its_own_reader() {
    let server = serve(
        accounts([
            (ACCOUNT, holding(1).user("ci", &[], "")),
            (OTHER, holding(2).reader("Reader", Some("secret/1"))),
            (THIRD, holding(12)),
        ]),
        1_000,
        none,
    );
    let wanted = wanted(
        USER,
        [
            (ACCOUNT, roles(ACCOUNT, 1)),
            (OTHER, through_reader(OTHER, 2, Some("secret/1"))),
            (THIRD, through_reader(THIRD, 12, None)),
        ],
    );
    let world = read(&server, &wanted);
    assert_eq!(world.roles.len(), 15);
    for (arn, fact) in &world.roles {
        assert_eq!(fact.present().expect("read").arn, *arn);
    }
    let reader = format!("arn:aws:sts::{OTHER}:assumed-role/Reader/leasehold-ci");
    assert_eq!(world.accounts[&id(OTHER)].reader, Fact::Present(reader));
    let assumed: Vec<_> = server.seen().into_iter().filter(|request| request.action() == "AssumeRole").collect();
    assert_eq!(assumed.len(), 2);
    assert!(assumed.iter().all(|request| request.field("DurationSeconds") == "900"));
    assert_eq!(world.calls, fewest_calls(&wanted, &id(ACCOUNT)), "nothing but the least");
}

#[test]
fn a_broker_in_another_account_is_read_through_its_reader() {
    let held = holding(1).role("Broker", "").inline("role/Broker", "issue", &allow("sts:AssumeRole", "*"));
    let server = serve(accounts([(ACCOUNT, holding(1)), (OTHER, held)]), 1_000, none);
    let broker = format!("arn:aws:iam::{OTHER}:role/Broker");
    let world =
        read(&server, &wanted(&broker, [(ACCOUNT, roles(ACCOUNT, 1)), (OTHER, through_reader(OTHER, 1, None))]));
    assert_eq!(names(&world.broker), ["issue"]);
    // It may assume whatever there is, so everything there is was listed.
    for account in [ACCOUNT, OTHER] {
        assert!(world.accounts[&id(account)].roles.present().is_some(), "{account}");
    }
    assert_eq!(actions(&server).iter().filter(|action| *action == "AssumeRole").count(), 1, "entered once");
}

#[test]
fn every_role_is_listed_only_where_the_broker_reaches_beyond_what_is_declared() {
    let app = role_arn(ACCOUNT, "app-00000").to_string();
    let everywhere = format!("arn:aws:iam::{OTHER}:role/*");
    for (resource, listed) in [(app.as_str(), &[][..]), (&everywhere, &[OTHER]), ("*", &[ACCOUNT, OTHER])] {
        let broker = holding(3).role("Broker", "").inline("role/Broker", "p", &allow("sts:AssumeRole", resource));
        let server = serve(accounts([(ACCOUNT, broker), (OTHER, holding(30))]), 7, none);
        let wanted =
            wanted(ROLE, [(ACCOUNT, roles(ACCOUNT, 1)), (OTHER, through_reader(OTHER, GET_ROLE_LIMIT + 1, None))]);
        let world = read(&server, &wanted);
        assert!(world.roles.values().all(|fact| fact.present().is_some()));
        for (account, all) in [(ACCOUNT, 4), (OTHER, 30)] {
            let roles = &world.accounts[&id(account)].roles;
            match roles.present() {
                Some(roles) => assert!(listed.contains(&account) && roles.len() == all, "{resource}: {account}"),
                None => assert!(!listed.contains(&account) && why(roles) == Why::NotRead, "{resource}: {account}"),
            }
        }
        // Eleven roles are found in two pages of seven; thirty take five.
        let pages = |account: &str| {
            let of =
                |request: &&Request| request.action() == "ListRoles" && crate::canned_iam::key_of(request) == account;
            server.seen().iter().filter(of).count()
        };
        assert_eq!(pages(OTHER), if listed.contains(&OTHER) { 5 } else { 2 });
        assert_eq!(pages(ACCOUNT), usize::from(listed.contains(&ACCOUNT)));
    }
}

#[test]
fn a_list_that_was_read_to_its_end_anyway_is_kept() {
    let server = serve(accounts([(ACCOUNT, holding(11).user("ci", &[], ""))]), 1_000, none);
    let world = read(&server, &wanted(USER, [(ACCOUNT, roles(ACCOUNT, 11))]));
    assert_eq!(world.accounts[&id(ACCOUNT)].roles.present().map(BTreeSet::len), Some(11));
}

#[test]
fn policies_and_groups_are_there_or_not() {
    for count in [1, GET_POLICY_LIMIT, GET_POLICY_LIMIT + 1] {
        let arn = |n: usize| format!("arn:aws:iam::{ACCOUNT}:policy/P{n}");
        let mut held = (0..count).fold(Held::default().user("ci", &["deployers"], ""), |held, n| {
            held.managed(&arn(n), &allow("s3:*", "*"), &[])
        });
        held = held.managed("arn:aws:iam::aws:policy/Other", &allow("s3:*", "*"), &[]);
        let mut account = WantedAccount {
            groups: BTreeSet::from(["deployers".to_owned(), "gone".to_owned()]),
            summary: true,
            ..WantedAccount::default()
        };
        account.policies = (1..count).map(|n| Arn::parse(&arn(n)).expect("an ARN")).collect();
        let gone = Arn::parse(&arn(count)).expect("an ARN");
        account.policies.insert(gone.clone());
        let server = serve(accounts([(ACCOUNT, held)]), 1_000, none);
        let world = read(&server, &wanted(USER, [(ACCOUNT, account.clone())]));
        assert_eq!(world.policies.len(), count);
        for (declared, fact) in &world.policies {
            match fact {
                Fact::Absent => assert_eq!(*declared, gone),
                fact => assert_eq!(fact.present().map(String::as_str), Some(declared.as_str())),
            }
        }
        let listed = actions(&server).iter().filter(|action| *action == "ListPolicies").count();
        assert_eq!(listed, usize::from(count > GET_POLICY_LIMIT));
        let group = |name: &str| &world.groups[&(id(ACCOUNT), name.to_owned())];
        assert_eq!(group("gone"), &Fact::Absent);
        assert!(group("deployers").present().is_some_and(|arn| arn.ends_with(":group/deployers")));
        let summary = world.accounts[&id(ACCOUNT)].summary.present().expect("read").clone();
        assert_eq!((summary["Users"], summary["UsersQuota"]), (3, 5_000));
    }
}

#[test]
fn a_policy_of_another_case_is_present_with_its_live_arn() {
    let arn = |name: &str| format!("arn:aws:iam::aws:policy/{name}");
    let held = (0..20).fold(Held::default().user("ci", &[], ""), |held, n| {
        held.managed(&arn(&format!("P{n}")), &allow("s3:*", "*"), &[])
    });
    let policies = (0..11).map(|n| Arn::parse(&arn(&format!("p{n}"))).expect("an ARN")).collect();
    let server = serve(accounts([(ACCOUNT, held)]), 7, none);
    let world = read(&server, &wanted(USER, [(ACCOUNT, WantedAccount { policies, ..WantedAccount::default() })]));
    let live: Vec<_> = world.policies.values().map(|fact| fact.present().expect("there").as_str()).collect();
    assert!(live.len() == 11 && live.iter().all(|live| live.contains("policy/P")), "{live:?}");
    assert!(server.seen().iter().all(|request| request.action() != "ListPolicies" || request.field("Scope") == "AWS"));
}

#[test]
fn tags_are_read_where_a_condition_asks_for_them() {
    let asking = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:ResourceTag/team":"payments"}}}]}"#;
    for count in [2, GET_ROLE_LIMIT + 1] {
        let mut held = holding(count).user("ci", &[], "");
        for (name, (trust, more)) in &mut held.roles {
            *more = crate::iam_answers::tag("team", "payments");
            if name == "app-00001" {
                *trust = asking.to_owned();
            }
        }
        let server = serve(accounts([(ACCOUNT, held)]), 1_000, none);
        let world = read(&server, &wanted(USER, [(ACCOUNT, roles(ACCOUNT, count))]));
        for (arn, fact) in &world.roles {
            let tags = fact.present().expect("there").tags.as_ref().map(|tags| tags["team"].as_str());
            assert_eq!(tags, (arn.name() == "app-00001").then_some("payments"), "{arn}");
        }
        let one_by_one = actions(&server).iter().filter(|action| *action == "GetRole").count();
        assert_eq!(one_by_one, if count == 2 { 2 } else { 1 });
    }
}

#[test]
fn the_least_rights_of_a_reader_are_what_it_calls() {
    let mut called = BTreeSet::new();
    for (broker, held) in [(ROLE, role_broker()), (USER, user_broker())] {
        for policies in [1, GET_POLICY_LIMIT + 1] {
            let arn = |n| Arn::parse(&format!("arn:aws:iam::aws:policy/P{n}")).expect("an ARN");
            let account = WantedAccount {
                policies: (0..policies).map(arn).collect(),
                groups: BTreeSet::from(["deployers".to_owned()]),
                summary: true,
                ..roles(ACCOUNT, 1)
            };
            let server = serve(accounts([(ACCOUNT, held.clone()), (OTHER, holding(11))]), 1_000, none);
            read(&server, &wanted(broker, [(ACCOUNT, account), (OTHER, through_reader(OTHER, 11, None))]));
            called.extend(actions(&server));
        }
    }
    let of_sts = ["AssumeRole", "GetCallerIdentity"];
    let named: BTreeSet<String> = called
        .into_iter()
        .map(|action| format!("{}:{action}", if of_sts.contains(&action.as_str()) { "sts" } else { "iam" }))
        .collect();
    let documented: BTreeSet<String> = read_actions().into_iter().map(str::to_owned).collect();
    assert_eq!(named, documented);
}

#[test]
fn the_price_of_a_plan_in_calls() {
    for (declared, budget) in [(1_000, 3), (10_000, 12)] {
        let held = holding(declared).user("ci", &[], "");
        let server = serve(accounts([(ACCOUNT, held)]), 1_000, none);
        let wanted = wanted(USER, [(ACCOUNT, roles(ACCOUNT, declared))]);
        let world = read(&server, &wanted);
        assert!(world.roles.len() == declared && world.roles.values().all(|fact| fact.present().is_some()));
        let of_broker = 4;
        assert!(world.calls <= budget + of_broker, "{declared} roles took {} calls", world.calls);
        assert_eq!(world.calls, fewest_calls(&wanted, &id(ACCOUNT)));
    }
}
