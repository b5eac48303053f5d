//! The answers of `why`, over worlds that are written down.

use std::sync::Arc;

use jiff::Timestamp;
use leasehold::domain::credential::CredentialType;
use leasehold::domain::duration::LimitSource;
use leasehold::domain::iam::{Place, Verdict};
use leasehold::domain::ident::Name;
use leasehold::domain::span::SourceFile;
use leasehold::domain::why::{Answer, Reading, Recorded, Why, why};
use leasehold::wire::{manifest_v1, world_v1};
use serde_json::{Value, json};

const TARGET: &str = "arn:aws:iam::111122223333:role/App";
const ELSEWHERE: &str = "arn:aws:iam::444455556666:role/App";

fn manifests(principal: &str, role: &str) -> String {
    format!(
        "apiVersion: leasehold/v1\nkind: Broker\nmetadata: {{name: prod}}\nspec: {{principal: '{principal}', region: \
         eu-west-1, deployment: prod}}\n---\napiVersion: leasehold/v1\nkind: Role\nmetadata: {{name: app}}\nspec: {role}\n"
    )
}

fn assumed(arn: &str) -> String {
    format!("{{role_arns: ['{arn}'], max_sts_ttl: 2h}}")
}

fn answer(principal: &str, role: &str, world: &Value) -> Why {
    let file = SourceFile { path: "roles.yaml".to_owned(), text: manifests(principal, role) };
    let desired = manifest_v1::read(&[Arc::new(file)]).expect("valid");
    let world = world_v1::read(&world.to_string()).expect("a world");
    let now: Timestamp = "2026-12-01T12:00:00Z".parse().expect("an instant");
    why(&desired, &world, None, &Name::parse("app").expect("a name"), now).expect("it is declared")
}

fn role(trusted: &str) -> Value {
    json!({"role_id": "AROAEXAMPLEAPP0000001", "max_session_duration": 7200, "trust": {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": trusted}, "Action": "sts:AssumeRole"}]}})
}

fn world(roles: &Value, policies: &[Value]) -> Value {
    let named: Vec<Value> = policies.iter().map(|document| json!({"name": "p", "document": document})).collect();
    json!({"caller": {"arn": USER, "user_id": "AIDAEXAMPLE"}, "roles": roles,
           "broker": {"unique_id": "AIDAEXAMPLE", "policies": named}})
}

const USER: &str = "arn:aws:iam::111122223333:user/leasehold";

fn allow(action: &str, resource: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}]})
}

fn verdict(answer: &Why) -> &Verdict {
    &answer.ways[0].outcomes[0].evaluation.verdict
}

#[test]
fn a_trust_policy_that_names_the_broker_is_enough_in_one_account() {
    let found = answer(USER, &assumed(TARGET), &world(&json!({TARGET: role(USER)}), &[]));
    assert_eq!(*verdict(&found), Verdict::Allowed);
    assert_eq!(found.ways[0].answer(), Answer::Yes);
    assert_eq!((found.answer(), &found.recorded), (Answer::No, &Recorded::NoRecord), "nothing was applied");
    let limits: Vec<_> = found.ways[0].limits.iter().map(|limit| limit.source).collect();
    assert_eq!(limits, [LimitSource::RoleMax, LimitSource::MaxSessionDuration, LimitSource::Api]);
}

#[test]
fn across_accounts_both_sides_must_allow_and_the_one_that_does_not_is_named() {
    let asked = |policies: &[Value], trusted: &str| {
        answer(USER, &assumed(ELSEWHERE), &world(&json!({ELSEWHERE: role(trusted)}), policies))
    };
    let without = asked(&[allow("sts:AssumeRole", "arn:aws:iam::444455556666:role/Other")], USER);
    assert_eq!(*verdict(&without), Verdict::DeniedImplicitly { lacking: vec![Place::Identity] });
    let nearest = without.ways[0].outcomes[0].nearest();
    assert_eq!((nearest.len(), nearest[0].policy.as_str()), (1, "p"));
    assert_eq!(*verdict(&asked(&[allow("sts:*", "*")], USER)), Verdict::Allowed);
    let untrusted = asked(&[allow("sts:*", "*")], "arn:aws:iam::111122223333:user/other");
    assert_eq!(*verdict(&untrusted), Verdict::DeniedImplicitly { lacking: vec![Place::Resource] });
}

#[test]
fn what_could_not_be_read_makes_it_hang() {
    let mut unread = world(&json!({ELSEWHERE: role(USER)}), &[]);
    unread["broker"]["policies"] = json!({"unknown": "access-denied"});
    assert_eq!(answer(USER, &assumed(ELSEWHERE), &unread).ways[0].answer(), Answer::Depends);
    let hidden = json!({TARGET: {"unknown": "throttled", "detail": "slow"}});
    let found = answer(USER, &assumed(TARGET), &world(&hidden, &[allow("sts:*", "*")]));
    assert!(matches!(&found.ways[0].live, Some(Reading::Unknown(unknown)) if unknown.detail == "slow"));
    assert_eq!(found.ways[0].answer(), Answer::Depends);
    assert!(found.ways[0].limits.iter().all(|limit| limit.source != LimitSource::MaxSessionDuration));
}

#[test]
fn a_role_that_is_gone_is_refused_without_a_verdict() {
    let found = answer(USER, &assumed(TARGET), &world(&json!({TARGET: "absent"}), &[]));
    assert_eq!((found.ways[0].outcomes.len(), found.ways[0].answer()), (0, Answer::No));
}

#[test]
fn tags_and_a_source_identity_are_questions_of_their_own() {
    let spec = format!("{{role_arns: ['{TARGET}'], session_tags: {{team: x}}, source_identity: ci}}");
    let found = answer(USER, &spec, &world(&json!({TARGET: role(USER)}), &[]));
    let actions: Vec<_> = found.ways[0].outcomes.iter().map(|outcome| outcome.action.as_str()).collect();
    assert_eq!(actions, ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]);
    assert_eq!(found.ways[0].answer(), Answer::No, "the trust policy allows the first of them only");
}

#[test]
fn a_federation_token_hangs_on_the_brokers_own_policies() {
    let spec = "{credential_type: federation_token, policy_document: {Version: '2012-10-17', Statement: [{Effect: Allow, \
                Action: 's3:GetObject', Resource: '*'}]}}";
    let asked = |resource: &str| {
        answer(USER, spec, &world(&json!({}), &[allow("sts:GetFederationToken", resource)])).ways[0].answer()
    };
    assert_eq!(asked("arn:aws:sts::111122223333:federated-user/app-*"), Answer::Yes);
    assert_eq!(asked("arn:aws:sts::111122223333:federated-user/other-*"), Answer::No);
    assert_eq!(asked("arn:aws:sts::444455556666:federated-user/*"), Answer::No);
}

#[test]
fn every_user_may_ask_for_a_session_token_and_a_role_may_not() {
    let spec = "{credential_type: session_token}";
    let found = answer(USER, spec, &world(&json!({}), &[]));
    assert_eq!((found.credential_type, found.ways[0].answer()), (CredentialType::SessionToken, Answer::Yes));
    let of_role = answer("arn:aws:iam::111122223333:role/Runner", spec, &world(&json!({}), &[]));
    assert!(of_role.obstacles().iter().any(|line| line.contains("LH305")), "{:?}", of_role.obstacles());
}

#[test]
fn nobody_knows_a_role_that_is_neither_declared_nor_recorded() {
    let file = SourceFile { path: "roles.yaml".to_owned(), text: manifests(USER, &assumed(TARGET)) };
    let desired = manifest_v1::read(&[Arc::new(file)]).expect("valid");
    let world = world_v1::read(&world(&json!({}), &[]).to_string()).expect("a world");
    assert!(why(&desired, &world, None, &Name::parse("other").expect("a name"), Timestamp::UNIX_EPOCH).is_none());
}
