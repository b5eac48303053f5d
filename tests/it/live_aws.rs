//! The AWS adapters against a server that enforces IAM.

use std::collections::BTreeMap;

use leasehold::aws::{AwsIssuer, AwsReader};
use leasehold::domain::ttl::Ttl;
use leasehold::domain::world::{Fact, Why};
use leasehold::ports::{CloudErrorKind, CloudRead as _, FederationToken, Issuer as _, SessionToken};

use crate::emulator::{self, Account, assume, block_on, keys};

fn why<T: std::fmt::Debug>(fact: &Fact<T>) -> Why {
    match fact {
        Fact::Unknown(unknown) => unknown.why,
        other => panic!("known: {other:?}"),
    }
}

#[test]
fn the_caller_is_named_by_account_and_arn() {
    let Some(emulator) = emulator::shared() else { return };
    let account = emulator.account();
    block_on(async {
        account.seed().await;
        let reader = account.reader(account.credentials_of("VaultRunner").await).await;
        let caller = reader.caller_identity().await.expect("always allowed");
        assert_eq!(caller.account.as_str(), account.id);
        assert_eq!(caller.arn, format!("arn:aws:sts::{}:assumed-role/VaultRunner/leasehold-test", account.id));
        assert!(caller.user_id.ends_with(":leasehold-test"), "{}", caller.user_id);
        assert_eq!(reader.calls(), 1);
    });
}

#[test]
fn few_roles_are_read_one_by_one() {
    let Some(emulator) = emulator::shared() else { return };
    let account = emulator.account();
    block_on(async {
        account.seed().await;
        let reader = account.reader(account.credentials_of("VaultRunner").await).await;
        let caller = reader.caller_identity().await.expect("always allowed");
        let wanted = ["ProdAppReadOnly", "ProdAppRW", "Missing"].map(|name| account.role_arn(name));
        let facts = reader.roles(&caller, &wanted).await;
        let live = facts[&wanted[0]].present().expect("it exists");
        assert_eq!((live.arn.clone(), live.max_session_duration), (wanted[0].clone(), 7_200));
        assert!(live.role_id.starts_with("AROA"), "{}", live.role_id);
        let broker = account.role_arn("VaultRunner");
        assert_eq!(live.trust.canonical["Statement"][0]["Principal"]["AWS"][0], broker.as_str());
        assert_eq!(facts[&wanted[2]], Fact::Absent);
        assert_eq!(reader.calls(), 1 + 3);
    });
}

#[test]
fn many_roles_are_read_in_one_call() {
    let Some(emulator) = emulator::shared() else { return };
    let account = emulator.account();
    block_on(async {
        account.seed().await;
        let reader = account.reader(account.credentials_of("VaultRunner").await).await;
        let caller = reader.caller_identity().await.expect("always allowed");
        let mut wanted: Vec<_> = (0..9).map(|n| account.role_arn(&format!("Missing{n}"))).collect();
        wanted.push(account.role_arn("ProdAppReadOnly"));
        wanted.push(account.role_arn("prodapprw"));
        let facts = reader.roles(&caller, &wanted).await;
        assert_eq!(facts.len(), 11);
        assert_eq!(facts[&wanted[9]].present().expect("it exists").max_session_duration, 7_200);
        let other_case = facts[&wanted[10]].present().expect("names are unique without regard to case");
        assert_eq!(other_case.arn, account.role_arn("ProdAppRW"));
        assert!(wanted[..9].iter().all(|arn| facts[arn] == Fact::Absent));
        assert_eq!(reader.calls(), 1 + 1);
    });
}

#[test]
fn what_may_not_be_read_is_unknown() {
    let Some(emulator) = emulator::shared() else { return };
    let account = emulator.account();
    block_on(async {
        account.seed().await;
        let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;
        let reader = account.reader(account.user("nobody", policy).await).await;
        let caller = reader.caller_identity().await.expect("always allowed");
        let few = [account.role_arn("ProdAppReadOnly")];
        let facts = reader.roles(&caller, &few).await;
        assert_eq!(why(&facts[&few[0]]), Why::AccessDenied);
        let many: Vec<_> = (0..11).map(|n| account.role_arn(&format!("Role{n}"))).collect();
        let facts = reader.roles(&caller, &many).await;
        assert!(many.iter().all(|arn| why(&facts[arn]) == Why::AccessDenied));
        assert_eq!(reader.calls(), 3, "a denial is not asked again");
    });
}

#[test]
fn roles_of_another_account_are_not_asked_for() {
    let Some(emulator) = emulator::shared() else { return };
    let (account, other) = (emulator.account(), emulator.account());
    block_on(async {
        let reader = account.reader(keys(&account.id, "test")).await;
        let caller = reader.caller_identity().await.expect("always allowed");
        let wanted = [other.role_arn("ProdAppReadOnly")];
        let facts = reader.roles(&caller, &wanted).await;
        let Fact::Unknown(unknown) = &facts[&wanted[0]] else { panic!("known") };
        assert_eq!(unknown.why, Why::OtherAccount);
        assert!(unknown.detail.contains(&other.id) && unknown.detail.contains(&account.id), "{}", unknown.detail);
        assert_eq!(reader.calls(), 1);
    });
}

#[test]
fn issued_credentials_work() {
    let Some(emulator) = emulator::shared() else { return };
    let account = emulator.account();
    block_on(async {
        account.seed().await;
        let session = account.session(account.credentials_of("VaultRunner").await).await;
        let issuer = AwsIssuer::new(&session);
        let issued = issuer.assume_role(&assume(&account.role_arn("ProdAppReadOnly"))).await.expect("trusted");
        assert!(issued.credentials.access_key_id.starts_with("ASIA"), "{}", issued.credentials.access_key_id);
        assert!(issued.credentials.expires_at.is_some());
        let session_arn = format!("arn:aws:sts::{}:assumed-role/ProdAppReadOnly/leasehold-test", account.id);
        assert_eq!(issued.arn.as_ref(), Some(&session_arn));
        assert!(issued.user_id.as_ref().is_some_and(|id| id.ends_with(":leasehold-test")));
        let issued = AwsReader::new(&session.with_credentials(&issued.credentials));
        assert_eq!(issued.caller_identity().await.expect("they work").arn, session_arn);
        let broker = issuer.caller_identity().await.expect("its own are untouched");
        assert!(broker.arn.contains(":assumed-role/VaultRunner/"), "{}", broker.arn);
    });
}

#[test]
fn a_role_that_does_not_trust_the_broker_is_denied_in_awss_words() {
    let Some(emulator) = emulator::shared() else { return };
    let account = emulator.account();
    block_on(async {
        account.seed().await;
        let stranger = Account::trust(account.role_arn("ProdAppRW").as_str(), r#""sts:AssumeRole""#, "{}");
        let target = account.create_role("Closed", 3_600, &stranger).await;
        let issuer = account.issuer(account.credentials_of("VaultRunner").await).await;
        let Err(error) = issuer.assume_role(&assume(&target)).await else { panic!("issued") };
        assert_eq!((error.kind, error.code.as_deref()), (CloudErrorKind::AccessDenied, Some("AccessDenied")));
        assert!(error.message.contains("is not authorized to perform: sts:AssumeRole"), "{}", error.message);
        assert!(!error.kind.may_have_acted());
    });
}

#[test]
fn tags_need_tag_session_in_the_trust_policy() {
    let Some(emulator) = emulator::shared() else { return };
    let account = emulator.account();
    block_on(async {
        account.seed().await;
        let broker = account.role_arn("VaultRunner");
        let open = Account::trust(broker.as_str(), r#"["sts:AssumeRole","sts:TagSession"]"#, "{}");
        let tagged = account.create_role("Tagged", 3_600, &open).await;
        let issuer = account.issuer(account.credentials_of("VaultRunner").await).await;
        for (role, allowed) in [(tagged, true), (account.role_arn("ProdAppRW"), false)] {
            let mut request = assume(&role);
            request.tags.insert("team".to_owned(), "payments".to_owned());
            request.transitive_tag_keys.push("team".to_owned());
            match issuer.assume_role(&request).await {
                Ok(_) => assert!(allowed, "{role}"),
                Err(error) => {
                    assert!(!allowed, "{role}: {error}");
                    assert_eq!(error.kind, CloudErrorKind::AccessDenied);
                    assert!(error.message.contains("sts:TagSession"), "{error}");
                }
            }
        }
    });
}

#[test]
fn the_external_id_is_sent() {
    let Some(emulator) = emulator::shared() else { return };
    let account = emulator.account();
    block_on(async {
        account.seed().await;
        let broker = account.role_arn("VaultRunner");
        let condition = r#"{"StringEquals":{"sts:ExternalId":"ticket-7"}}"#;
        let trust = Account::trust(broker.as_str(), r#""sts:AssumeRole""#, condition);
        let target = account.create_role("Guarded", 3_600, &trust).await;
        let issuer = account.issuer(account.credentials_of("VaultRunner").await).await;
        for (external_id, allowed) in [(Some("ticket-7"), true), (Some("ticket-8"), false), (None, false)] {
            let mut request = assume(&target);
            request.external_id = external_id.map(str::to_owned);
            assert_eq!(issuer.assume_role(&request).await.is_ok(), allowed, "{external_id:?}");
        }
    });
}

#[test]
fn a_session_policy_narrows_the_session() {
    let Some(emulator) = emulator::shared() else { return };
    let account = emulator.account();
    block_on(async {
        account.seed().await;
        let root = account.issuer(keys(&account.id, "test")).await;
        let mut request = assume(&account.role_arn("VaultRunner"));
        let policy =
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:GetRole","Resource":"*"}]}"#;
        request.policy = Some(policy.to_owned());
        let narrow = root.assume_role(&request).await.expect("root may").credentials;
        let reader = account.reader(narrow).await;
        let caller = reader.caller_identity().await.expect("always allowed");
        let few = [account.role_arn("ProdAppRW")];
        assert!(reader.roles(&caller, &few).await[&few[0]].present().is_some());
        let many: Vec<_> = (0..11).map(|n| account.role_arn(&format!("Role{n}"))).collect();
        assert_eq!(why(&reader.roles(&caller, &many).await[&many[0]]), Why::AccessDenied);
    });
}

#[test]
fn unknown_keys_are_invalid_credentials() {
    let Some(emulator) = emulator::shared() else { return };
    let account = emulator.account();
    block_on(async {
        let reader = account.reader(keys("AKIAIOSFODNN7EXAMPLE", "wrong")).await;
        let error = reader.caller_identity().await.expect_err("nobody has this key");
        assert_eq!(error.kind, CloudErrorKind::InvalidCredentials, "{error:?}");
        assert_eq!(reader.calls(), 1);
    });
}

#[test]
fn an_iam_user_gets_federation_and_session_tokens() {
    let Some(emulator) = emulator::shared() else { return };
    let account = emulator.account();
    block_on(async {
        let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
        let issuer = account.issuer(account.user("broker", policy).await).await;
        let ttl = Ttl::parse("1h").expect("valid");
        let federated = issuer
            .federation_token(&FederationToken {
                name: "ci-job".to_owned(),
                ttl,
                tags: BTreeMap::new(),
                policy: Some(policy.to_owned()),
                policy_arns: Vec::new(),
            })
            .await
            .expect("a user may");
        assert_eq!(federated.arn, Some(format!("arn:aws:sts::{}:federated-user/ci-job", account.id)));
        assert_eq!(federated.user_id, Some(format!("{}:ci-job", account.id)));
        let caller = account.reader(federated.credentials).await.caller_identity().await.expect("they work");
        assert_eq!(caller.account.as_str(), account.id);

        let session = issuer.session_token(&SessionToken { ttl, mfa: None }).await.expect("a user may");
        assert_eq!((session.arn, session.user_id), (None, None));
        let caller = account.reader(session.credentials).await.caller_identity().await.expect("they work");
        assert_eq!(caller.arn, format!("arn:aws:iam::{}:user/broker", account.id));
    });
}
