use std::collections::{BTreeMap, BTreeSet};

use crate::domain::ident::{AccountId, Arn, BrokerPrincipal, RoleArn};
use crate::domain::ttl::Ttl;
use crate::domain::world::{Fact, Reader, Wanted, WantedAccount, Why, World};
use crate::ports::{AssumeRole, CloudErrorKind, CloudRead as _, FederationToken, Issuer as _};
use crate::testing::{FakeCloud, FixedClock, Trouble, block_on};

const ROLE: &str = "arn:aws:iam::111122223333:role/Broker";
const USER: &str = "arn:aws:iam::111122223333:user/broker";
const OWN: &str = "arn:aws:iam::111122223333:role/app";
const FOREIGN: &str = "arn:aws:iam::444455556666:role/app";

fn cloud(broker: &str) -> FakeCloud<FixedClock> {
    let clock = FixedClock::at("2026-11-23T12:00:00Z".parse().expect("an instant"));
    FakeCloud::new(clock, BrokerPrincipal::parse(broker).expect("a principal"))
}

fn arn(text: &str) -> RoleArn {
    RoleArn::parse(text).expect("a role")
}

fn id(text: &str) -> AccountId {
    AccountId::parse(text).expect("an account")
}

fn trust(principal: &str, condition: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"{principal}"}},"Action":["sts:AssumeRole","sts:TagSession"],"Condition":{condition}}}]}}"#
    )
}

fn policy(effect: &str, action: &str, resource: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"{effect}","Action":"{action}","Resource":"{resource}"}}]}}"#
    )
}

fn request(role: &str) -> AssumeRole {
    AssumeRole {
        role_arn: arn(role),
        session_name: "ci-run".to_owned(),
        ttl: Ttl::STS_MIN,
        external_id: None,
        source_identity: None,
        tags: BTreeMap::new(),
        transitive_tag_keys: Vec::new(),
        policy: None,
        policy_arns: Vec::new(),
        mfa: None,
    }
}

fn may(cloud: &FakeCloud<FixedClock>, request: &AssumeRole) -> bool {
    match block_on(cloud.assume_role(request)) {
        Ok(_) => true,
        Err(error) => {
            assert_eq!(error.kind, CloudErrorKind::AccessDenied, "{error}");
            false
        }
    }
}

#[test]
fn the_own_account_needs_an_identity_policy_only_when_the_trust_is_in_the_account() {
    let cloud = cloud(ROLE);
    cloud.put_role(&arn(OWN), 3_600, &trust(ROLE, "{}"));
    assert!(may(&cloud, &request(OWN)));
    cloud.put_role(&arn(OWN), 3_600, &trust("111122223333", "{}"));
    assert!(!may(&cloud, &request(OWN)));
    cloud.put_broker_policy("issue", &policy("Allow", "sts:AssumeRole", OWN));
    assert!(may(&cloud, &request(OWN)));
}

#[test]
fn another_account_always_needs_an_identity_policy() {
    let cloud = cloud(USER);
    cloud.put_role(&arn(FOREIGN), 3_600, &trust(USER, "{}"));
    assert!(!may(&cloud, &request(FOREIGN)));
    cloud.put_broker_policy("issue", &policy("Allow", "sts:AssumeRole", FOREIGN));
    assert!(may(&cloud, &request(FOREIGN)));
    let tagged = AssumeRole { tags: BTreeMap::from([("a".to_owned(), "b".to_owned())]), ..request(FOREIGN) };
    assert!(!may(&cloud, &tagged), "sts:TagSession is a request of its own");
    cloud.put_broker_policy("issue", &policy("Allow", "sts:*", FOREIGN));
    assert!(may(&cloud, &tagged));
    cloud.put_broker_policy("not", &policy("Deny", "sts:AssumeRole", "*"));
    assert!(!may(&cloud, &tagged));
}

#[test]
fn a_boundary_limits_and_what_is_no_policy_allows_nothing() {
    let cloud = cloud(ROLE);
    cloud.put_role(&arn(OWN), 3_600, &trust(ROLE, "{}"));
    let boundary = "arn:aws:iam::111122223333:policy/Boundary";
    cloud.bound_broker(Some((boundary, &policy("Allow", "s3:*", "*"))));
    assert!(!may(&cloud, &request(OWN)));
    cloud.bound_broker(Some((boundary, "no policy")));
    assert!(!may(&cloud, &request(OWN)));
    cloud.bound_broker(None);
    assert!(may(&cloud, &request(OWN)));
}

#[test]
fn conditions_are_held_against_the_request_and_what_nobody_knows_is_refused() {
    let cloud = cloud(ROLE);
    cloud.tag_broker(BTreeMap::from([("team".to_owned(), "payments".to_owned())]));
    for (condition, external_id, expected) in [
        (r#"{"StringEquals":{"sts:ExternalId":"x1"}}"#, Some("x1"), true),
        (r#"{"StringEquals":{"sts:ExternalId":"x1"}}"#, Some("x2"), false),
        (r#"{"StringEquals":{"sts:ExternalId":"x1"}}"#, None, false),
        (r#"{"StringLike":{"sts:RoleSessionName":"ci-*"}}"#, None, true),
        (r#"{"StringLike":{"sts:RoleSessionName":"cd-*"}}"#, None, false),
        (r#"{"StringEquals":{"aws:PrincipalTag/team":"payments"}}"#, None, true),
        (r#"{"StringEquals":{"aws:ResourceTag/team":"payments"}}"#, None, false),
        (r#"{"DateLessThan":{"aws:CurrentTime":"2027-01-01T00:00:00Z"}}"#, None, true),
        (r#"{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}"#, None, false),
        (r#"{"Bool":{"aws:MultiFactorAuthPresent":"true"}}"#, None, false),
    ] {
        cloud.put_role(&arn(OWN), 3_600, &trust(ROLE, condition));
        let request = AssumeRole { external_id: external_id.map(str::to_owned), ..request(OWN) };
        assert_eq!(may(&cloud, &request), expected, "{condition} with {external_id:?}");
    }
}

#[test]
fn federation_tokens_need_an_identity_policy() {
    let cloud = cloud(USER);
    let token = FederationToken {
        name: "ci".to_owned(),
        ttl: Ttl::STS_MIN,
        tags: BTreeMap::new(),
        policy: None,
        policy_arns: Vec::new(),
    };
    assert!(block_on(cloud.federation_token(&token)).is_err());
    let named = "arn:aws:sts::111122223333:federated-user/ci";
    cloud.put_broker_policy("tokens", &policy("Allow", "sts:GetFederationToken", named));
    assert!(block_on(cloud.federation_token(&token)).is_ok());
}

fn wanted(external_id: Option<&str>) -> Wanted {
    let own = WantedAccount {
        roles: BTreeSet::from([arn(OWN)]),
        policies: ["Here", "Gone"]
            .map(|name| Arn::parse(&format!("arn:aws:iam::aws:policy/{name}")).expect("an ARN"))
            .into(),
        groups: BTreeSet::from(["here".to_owned(), "gone".to_owned()]),
        summary: true,
        ..WantedAccount::default()
    };
    let role_arn = arn("arn:aws:iam::444455556666:role/Reader");
    let reader = Some(Reader { role_arn, external_id: external_id.map(str::to_owned) });
    let other = WantedAccount { reader, roles: BTreeSet::from([arn(FOREIGN)]), ..WantedAccount::default() };
    let closed = WantedAccount {
        roles: BTreeSet::from([arn("arn:aws:iam::777788889999:role/app")]),
        ..WantedAccount::default()
    };
    let accounts = [(id("111122223333"), own), (id("444455556666"), other), (id("777788889999"), closed)].into();
    Wanted { broker: BrokerPrincipal::parse(ROLE).expect("a principal"), accounts }
}

fn read(cloud: &FakeCloud<FixedClock>, wanted: &Wanted) -> World {
    block_on(async {
        let caller = crate::ports::CloudRead::caller_identity(cloud).await.expect("always allowed");
        cloud.world(&caller, wanted).await
    })
}

fn why<T: std::fmt::Debug>(fact: &Fact<T>) -> Why {
    match fact {
        Fact::Unknown(unknown) => unknown.why,
        other => panic!("known: {other:?}"),
    }
}

#[test]
fn a_world_is_read_from_several_accounts() {
    let cloud = cloud(ROLE);
    cloud.put_role(&arn(OWN), 3_600, &trust(ROLE, r#"{"StringEquals":{"aws:ResourceTag/team":"x"}}"#));
    cloud.put_role(&arn(FOREIGN), 3_600, &trust(ROLE, "{}"));
    cloud.put_role(&arn("arn:aws:iam::444455556666:role/more"), 3_600, &trust(ROLE, "{}"));
    cloud.put_broker_policy("issue", &policy("Allow", "sts:AssumeRole", "arn:aws:iam::444455556666:role/*"));
    cloud.put_managed_policy("arn:aws:iam::aws:policy/Here");
    cloud.put_group(&id("111122223333"), "here");
    cloud.put_reader(&arn("arn:aws:iam::444455556666:role/Reader"), Some("x1"));
    let world = read(&cloud, &wanted(Some("x1")));
    assert_eq!(world.calls, cloud.calls());
    let broker = world.broker.present().expect("it exists");
    assert_eq!(broker.policies.present().map(Vec::len), Some(1));
    assert_eq!(world.role(&arn(OWN)).present().expect("there").tags, Some(BTreeMap::new()), "asked for, and none");
    assert_eq!(world.role(&arn(FOREIGN)).present().expect("there").tags, None);
    assert_eq!(world.accounts[&id("444455556666")].roles.present().map(BTreeSet::len), Some(2));
    assert_eq!(why(&world.accounts[&id("111122223333")].roles), Why::NotRead);
    assert_eq!(world.accounts[&id("111122223333")].summary.present().map(|all| all["UsersQuota"]), Some(5_000));
    assert_eq!(world.policies.values().filter(|fact| **fact == Fact::Absent).count(), 1);
    assert_eq!(world.groups.values().filter(|fact| **fact == Fact::Absent).count(), 1);
    assert_eq!(why(world.role(&arn("arn:aws:iam::777788889999:role/app"))), Why::OtherAccount);
    let refused = read(&cloud, &wanted(Some("x2")));
    assert_eq!(why(refused.role(&arn(FOREIGN))), Why::AccessDenied);
    assert!(refused.role(&arn(OWN)).present().is_some());
}

#[test]
fn what_goes_wrong_with_one_call_is_unknown_and_no_more() {
    for (call, trouble, expected) in [(3, Trouble::Throttle, Why::Throttled), (4, Trouble::LoseReply, Why::Unreachable)]
    {
        let cloud = cloud(ROLE);
        cloud.put_role(&arn(OWN), 3_600, &trust(ROLE, "{}"));
        cloud.trouble(call, trouble);
        let world = read(&cloud, &wanted(None));
        match call {
            3 => assert_eq!(why(&world.broker), expected),
            _ => assert_eq!(why(&world.broker.present().expect("it exists").policies), expected),
        }
        assert!(world.role(&arn(OWN)).present().is_some());
    }
    let cloud = cloud(ROLE);
    cloud.hide_broker();
    assert_eq!(why(&read(&cloud, &wanted(None)).broker), Why::AccessDenied);
}
