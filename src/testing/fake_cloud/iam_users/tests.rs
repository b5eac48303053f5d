use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::SignedDuration;

use crate::domain::Timestamp;
use crate::domain::ident::{AccountId, BrokerPrincipal, RoleArn};
use crate::ports::{
    Attachment, CloudError, CloudErrorKind, IamUsers as _, Issuer as _, Made, NewUser, Removal, RolePolicies as _,
};
use crate::testing::{Chances, FakeCloud, FixedClock, Lag, Trouble, block_on};

const POLICY: &str = "arn:aws:iam::aws:policy/ReadOnlyAccess";
const DENY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"DateGreaterThanEquals":{"aws:CurrentTime":"2026-11-23T13:00:00Z"}}}]}"#;
const DEVICE: &str = "arn:aws:iam::111122223333:mfa/u";

type Cloud = FakeCloud<Arc<FixedClock>>;

fn noon() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().expect("an instant")
}

fn cloud() -> (Cloud, Arc<FixedClock>) {
    let clock = Arc::new(FixedClock::at(noon()));
    let broker = BrokerPrincipal::parse("arn:aws:iam::111122223333:role/Broker").expect("a principal");
    let cloud = FakeCloud::new(Arc::clone(&clock), broker);
    cloud.put_managed_policy(POLICY);
    cloud.put_group(&AccountId::parse("111122223333").expect("an account"), "Developers");
    (cloud, clock)
}

fn new(name: &str) -> NewUser {
    NewUser {
        name: name.to_owned(),
        path: "/leasehold/d/".to_owned(),
        tags: BTreeMap::from([("leasehold:lease".to_owned(), "x".to_owned())]),
        permissions_boundary: Some(POLICY.to_owned()),
    }
}

fn seconds(seconds: i64) -> SignedDuration {
    SignedDuration::from_secs(seconds)
}

fn code<T>(told: Result<T, CloudError>) -> String {
    let error = told.err().expect("a refusal");
    format!("{}: {}", error.code.unwrap_or_default(), error.message)
}

fn worst(longest: i64, outlasts_patience: bool) -> Option<Lag> {
    Some(Lag { longest: seconds(longest), seed: None, outlasts_patience })
}

#[test]
fn a_user_lives_and_ends() {
    let (cloud, _) = cloud();
    block_on(async {
        let Made::Now(made) = cloud.create_user(&new("u")).await.expect("made") else { panic!("there is none yet") };
        assert_eq!(made.arn, "arn:aws:iam::111122223333:user/leasehold/d/u");
        assert_eq!(made.created_at, noon());
        assert_eq!(cloud.user("U").await.expect("asked").as_ref(), Some(&made), "names have no case");
        assert_eq!(cloud.create_user(&new("U")).await.expect("asked"), Made::Already);
        cloud.put_user_policy("u", "leasehold-expiry", DENY).await.expect("put");
        cloud.attach_user_policy("u", POLICY).await.expect("attached");
        cloud.add_user_to_group("u", "developers").await.expect("joined");
        let key = cloud.create_access_key("u").await.expect("made");
        assert_eq!(cloud.try_key(&key).await.expect("it works").arn, made.arn);
        let below = cloud.users("/leasehold/d/").await.expect("listed");
        assert_eq!(below.iter().map(|user| user.name.as_str()).collect::<Vec<_>>(), ["u"]);
        assert!(cloud.users("/leasehold/e/").await.expect("listed").is_empty());
        let user = cloud.live_user("u").expect("there");
        assert_eq!(user.attachments(Attachment::Group), ["Developers"]);
        assert_eq!(cloud.deactivate_access_key("u", &key.access_key_id).await.expect("asked"), Removal::Done);
        assert!(code(cloud.try_key(&key).await).starts_with("InvalidClientTokenId"));
        assert!(matches!(cloud.delete_user("u").await.expect("asked"), Removal::Held(_)));
        for kind in Attachment::ALL {
            for id in cloud.attachments("u", kind).await.expect("listed") {
                cloud.take_off("u", kind, &id).await.expect("taken off");
            }
        }
        assert_eq!(cloud.delete_user("u").await.expect("asked"), Removal::Done);
        assert_eq!(cloud.delete_user("u").await.expect("asked"), Removal::Absent);
        assert_eq!(cloud.user("u").await.expect("asked"), None);
        assert!(cloud.attachments("u", Attachment::AccessKey).await.expect("listed").is_empty());
    });
    assert!(cloud.live_users().is_empty());
    assert_eq!(cloud.calls_by_operation()["iam:DeleteUser"], 3);
}

#[test]
fn each_of_the_nine_kinds_holds_a_user() {
    for (kind, id, text) in [
        (Attachment::AccessKey, "AKIAPLANTED", "must delete access keys first"),
        (Attachment::LoginProfile, "login-profile", "must delete login profile first"),
        (Attachment::SigningCertificate, "CERT", "must remove referenced objects first"),
        (Attachment::SshPublicKey, "APKA", "must remove referenced objects first"),
        (Attachment::ServiceSpecificCredential, "ACCA", "must remove referenced objects first"),
        (Attachment::MfaDevice, DEVICE, "must delete MFA device first"),
        (Attachment::Group, "Developers", "must remove referenced objects first"),
        (Attachment::ManagedPolicy, POLICY, "must detach all policies first"),
        (Attachment::InlinePolicy, "more", "must delete policies first"),
    ] {
        let (cloud, _) = cloud();
        cloud.put_user("u", "/", BTreeMap::new());
        assert!(cloud.hang("u", kind, id));
        block_on(async {
            let held = cloud.delete_user("u").await.expect("asked");
            assert_eq!(held, Removal::Held(format!("Cannot delete entity, {text}.")));
            assert_eq!(cloud.attachments("u", kind).await.expect("listed"), [id]);
            assert_eq!(cloud.take_off("u", kind, id).await.expect("asked"), Removal::Done);
            assert_eq!(cloud.take_off("u", kind, id).await.expect("asked"), Removal::Absent);
            assert_eq!(cloud.delete_user("u").await.expect("asked"), Removal::Done);
        });
        assert!(cloud.devices().is_empty());
    }
}

#[test]
fn refusals_are_those_of_iam() {
    let (cloud, _) = cloud();
    block_on(async {
        let boundary = NewUser { permissions_boundary: Some("arn:aws:iam::aws:policy/No".to_owned()), ..new("v") };
        assert!(code(cloud.create_user(&boundary).await).starts_with("NoSuchEntity: Scope ARN"));
        for name in ["", "a b", &"x".repeat(65)] {
            assert!(code(cloud.create_user(&new(name)).await).starts_with("ValidationError"), "{name}");
        }
        assert!(
            code(cloud.create_user(&NewUser { path: "x".to_owned(), ..new("v") }).await).starts_with("ValidationError")
        );
        let twice = ["a", "A"].map(|key| (key.to_owned(), String::new())).into();
        assert!(code(cloud.create_user(&NewUser { tags: twice, ..new("v") }).await).starts_with("InvalidInput"));
        assert_eq!(
            code(cloud.put_user_policy("v", "p", DENY).await),
            "NoSuchEntity: The user with name v cannot be found."
        );
        cloud.create_user(&new("v")).await.expect("made");
        assert!(code(cloud.put_user_policy("v", "p", "{").await).starts_with("MalformedPolicyDocument"));
        assert!(code(cloud.attach_user_policy("v", "arn:aws:iam::aws:policy/No").await).contains("not attachable"));
        assert!(code(cloud.add_user_to_group("v", "No").await).contains("The group with name No"));
        for _ in 0..2 {
            cloud.create_access_key("v").await.expect("made");
        }
        assert_eq!(
            code(cloud.create_access_key("v").await),
            "LimitExceeded: Cannot exceed quota for AccessKeysPerUser: 2"
        );
        let account = AccountId::parse("111122223333").expect("an account");
        for group in 0..11 {
            cloud.put_group(&account, &format!("g{group}"));
            let policy = format!("arn:aws:iam::aws:policy/P{group}");
            cloud.put_managed_policy(&policy);
            let (joined, attached) = (
                cloud.add_user_to_group("v", &format!("g{group}")).await,
                cloud.attach_user_policy("v", &policy).await,
            );
            assert_eq!((joined.is_ok(), attached.is_ok()), (group < 10, group < 10), "{group}");
        }
        // White space is free.
        let padded = format!("{DENY}{}", " ".repeat(3_000));
        cloud.put_user_policy("v", "a", &padded).await.expect("small enough");
        let long = DENY.replace("2026-11-23T13:00:00Z", &"9".repeat(2_000));
        assert_eq!(
            code(cloud.put_user_policy("v", "b", &long).await),
            "LimitExceeded: Maximum policy size of 2048 bytes exceeded for user v"
        );
        assert_eq!(cloud.live_user("v").expect("there").attachments(Attachment::InlinePolicy), ["a"]);
        let full = [("Users".to_owned(), 4_999), ("UsersQuota".to_owned(), 5_000)].into();
        cloud.put_summary(&account, full);
        assert!(code(cloud.create_user(&new("w")).await).contains("UsersPerAccount"));
    });
}

#[test]
fn reads_and_deletes_may_see_the_old_world_until_the_lag_is_over() {
    let (cloud, clock) = cloud();
    block_on(async {
        cloud.lag(worst(5, true));
        cloud.create_user(&new("u")).await.expect("made");
        assert_eq!(cloud.user("u").await.expect("asked"), None);
        assert!(cloud.users("/").await.expect("listed").is_empty());
        assert!(code(cloud.put_user_policy("u", "p", DENY).await).contains("user with name u"));
        assert_eq!(cloud.delete_user("u").await.expect("asked"), Removal::Absent);
        assert_eq!(cloud.create_user(&new("u")).await.expect("asked"), Made::Already);
        cloud.lag(worst(5, false));
        cloud.put_user_policy("u", "p", DENY).await.expect("an adapter asks until the user is there");
        clock.advance(seconds(5));
        assert!(cloud.user("u").await.expect("asked").is_some());
        cloud.take_off("u", Attachment::InlinePolicy, "p").await.expect("taken off");
        assert!(matches!(cloud.delete_user("u").await.expect("asked"), Removal::Held(_)), "it is seen still");
        clock.advance(seconds(5));
        assert_eq!(cloud.delete_user("u").await.expect("asked"), Removal::Done);
        assert!(cloud.user("u").await.expect("asked").is_some());
        assert_eq!(cloud.users("/").await.expect("listed").len(), 1);
        assert!(cloud.live_users().is_empty());
        clock.advance(seconds(5));
        assert_eq!(cloud.user("u").await.expect("asked"), None);
    });
}

#[test]
fn a_key_works_after_a_while_and_lives_until_everything_is_denied() {
    let (cloud, clock) = cloud();
    cloud.delay_keys(seconds(8));
    let key = block_on(async {
        cloud.create_user(&new("u")).await.expect("made");
        let key = cloud.create_access_key("u").await.expect("made");
        assert!(code(cloud.try_key(&key).await).starts_with("InvalidClientTokenId"));
        clock.advance(seconds(8));
        cloud.try_key(&key).await.expect("it works");
        cloud.put_user_policy("u", "leasehold-expiry", DENY).await.expect("put");
        key
    });
    let expiry: Timestamp = "2026-11-23T13:00:00Z".parse().expect("an instant");
    let id = key.access_key_id.as_str();
    assert!(!cloud.key_lives(id, noon() - seconds(1)), "it was not there");
    assert!(cloud.key_lives(id, noon()));
    assert!(cloud.key_lives(id, expiry - seconds(1)));
    assert!(!cloud.key_lives(id, expiry));
    clock.set(expiry);
    block_on(cloud.try_key(&key)).expect("AWS tells everybody who they are");
    cloud.edit_user("u", |user| user.inline.clear());
    assert!(cloud.key_lives(id, expiry), "nothing denies any more");
    cloud.edit_user("u", |user| user.keys.clear());
    assert!(!cloud.key_lives(id, expiry));
}

#[test]
fn every_call_goes_wrong_when_it_is_told_to() {
    let (cloud, _) = cloud();
    block_on(async {
        cloud.trouble(1, Trouble::LoseReply);
        let lost = cloud.create_user(&new("u")).await.expect_err("told to");
        assert!(lost.kind.may_have_acted());
        assert_eq!(cloud.create_user(&new("u")).await.expect("asked"), Made::Already);
        cloud.trouble(3, Trouble::Throttle);
        cloud.trouble(4, Trouble::Unreachable);
        for kind in [CloudErrorKind::Throttled, CloudErrorKind::Unreachable] {
            assert_eq!(cloud.put_user_policy("u", "p", DENY).await.expect_err("told to").kind, kind);
        }
        assert!(cloud.live_user("u").expect("there").inline.is_empty());
        cloud.trouble(5, Trouble::KillAfter);
        cloud.put_user_policy("u", "p", DENY).await.expect_err("dead");
        assert_eq!(cloud.live_user("u").expect("there").inline.len(), 1);
        cloud.user("u").await.expect_err("dead");
        cloud.caller_identity().await.expect_err("dead");
        assert!(cloud.is_killed());
        cloud.revive();
        cloud.trouble(8, Trouble::KillBefore);
        cloud.take_off("u", Attachment::InlinePolicy, "p").await.expect_err("dead");
        assert_eq!(cloud.live_user("u").expect("there").inline.len(), 1);
        cloud.revive();
        assert!(cloud.user("u").await.expect("asked").is_some());
    });
}

#[test]
fn chance_is_the_same_in_every_run_and_an_outage_is_iams_alone() {
    let run = || {
        let (cloud, _) = cloud();
        cloud.chances(Some(Chances { seed: 3, throttled: 30, reset: 5 }));
        let told = |_| block_on(cloud.users("/")).err().map(|error| error.kind);
        (0..1_000).map(told).collect::<Vec<_>>()
    };
    let first = run();
    assert_eq!(first, run());
    let count = |kind| first.iter().filter(|told| **told == Some(kind)).count();
    assert!((250..350).contains(&count(CloudErrorKind::Throttled)), "{}", count(CloudErrorKind::Throttled));
    assert!((30..70).contains(&count(CloudErrorKind::LostReply)), "{}", count(CloudErrorKind::LostReply));
    let (cloud, clock) = cloud();
    cloud.iam_down(noon(), noon() + seconds(60));
    assert_eq!(block_on(cloud.users("/")).expect_err("down").kind, CloudErrorKind::ServiceFault);
    block_on(cloud.caller_identity()).expect("STS is up");
    clock.advance(seconds(60));
    block_on(cloud.users("/")).expect("up again");
}

#[test]
fn roles_have_inline_policies() {
    let (cloud, clock) = cloud();
    let role = RoleArn::parse("arn:aws:iam::111122223333:role/app").expect("a role");
    let deny = |name: &str| DENY.replace("2026-11-23T13:00:00Z", name);
    block_on(async {
        assert_eq!(cloud.role_policies(&role).await.expect("asked"), None);
        assert_eq!(
            code(cloud.put_role_policy(&role, "p", DENY).await),
            "NoSuchEntity: The role with name app cannot be found."
        );
        cloud.put_role(&role, 3_600, r#"{"Version":"2012-10-17","Statement":[]}"#);
        cloud.put_role_policy(&role, "p", DENY).await.expect("put");
        assert_eq!(cloud.role_policies(&role).await.expect("asked"), Some(vec!["p".to_owned()]));
        assert_eq!(cloud.role_policy(&role, "p").await.expect("asked").as_deref(), Some(DENY));
        let long = cloud.put_role_policy(&role, "q", &deny(&"9".repeat(10_200))).await;
        assert_eq!(code(long), "LimitExceeded: Maximum policy size of 10240 bytes exceeded for role app");
        cloud.lag(worst(5, false));
        assert_eq!(cloud.delete_role_policy(&role, "p").await.expect("asked"), Removal::Done);
        assert!(cloud.role_policy(&role, "p").await.expect("asked").is_some());
        assert!(cloud.inline_policies(&role).is_empty());
        clock.advance(seconds(5));
        assert_eq!(cloud.role_policy(&role, "p").await.expect("asked"), None);
        assert_eq!(cloud.delete_role_policy(&role, "p").await.expect("asked"), Removal::Absent);
        let served = RoleArn::parse("arn:aws:iam::111122223333:role/aws-service-role/x/s").expect("a role");
        cloud.put_role(&served, 3_600, r#"{"Version":"2012-10-17","Statement":[]}"#);
        assert!(code(cloud.put_role_policy(&served, "p", DENY).await).starts_with("UnmodifiableEntity"));
    });
}
