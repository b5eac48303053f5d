//! The brokers that ask: each has a lane of its own, in which its policies change from one question to the next.

use std::collections::BTreeMap;

use aws_sdk_iam::types::Tag;
use leasehold::aws::AwsIssuer;
use leasehold::domain::ident::RoleArn;
use leasehold::domain::secret::Credentials;
use leasehold::ports::{AssumeRole, CloudErrorKind, Issuer as _};
use serde_json::{Value, json};

use super::ask::{ASSUME, Ask, IDENTITY, TAG};
use super::cases::Case;
use crate::emulator::{Account, assume};

/// `RoleSessionName` of every question.
pub(super) const SESSION_NAME: &str = "leasehold-test";
/// Tags of every role that is asked for, and of every broker.
pub(super) const TARGET_TAGS: [(&str, &str); 2] = [("stage", "prod"), ("team", "payments")];
pub(super) const BROKER_TAGS: [(&str, &str); 1] = [("team", "payments")];

/// Whether the broker is a user or a session of a role, and what limits it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    User,
    BoundedUser,
    Role,
    BoundedRole,
    /// A session that was made with a policy.
    NarrowRole,
}

impl Kind {
    pub(super) const ALL: [Self; 5] = [Self::User, Self::BoundedUser, Self::Role, Self::BoundedRole, Self::NarrowRole];

    fn name(self) -> &'static str {
        match self {
            Self::User => "Deployer",
            Self::BoundedUser => "Apprentice",
            Self::Role => "Runner",
            Self::BoundedRole => "Fenced",
            Self::NarrowRole => "Narrow",
        }
    }

    fn is_user(self) -> bool {
        matches!(self, Self::User | Self::BoundedUser)
    }
}

/// What boundaries and session policies let through: the roles of this test but those whose number ends in 6 (not
/// allowed) or 7 (denied).
fn limit() -> Value {
    let allowed: Vec<String> = "01234589".chars().map(|digit| format!("arn:aws:iam::*:role/apps/*-*{digit}")).collect();
    json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "sts:*", "Resource": allowed},
        {"Effect": "Deny", "Action": "sts:AssumeRole", "Resource": "arn:aws:iam::*:role/apps/*-*7"}]})
}

/// One broker.
pub(super) struct Lane {
    pub(super) kind: Kind,
    account: Account,
    other: Account,
    principal_arn: String,
    session_arn: Option<String>,
    unique_id: String,
    issuer: AwsIssuer,
}

fn tags(of: &[(&str, &str)]) -> Vec<Tag> {
    of.iter().map(|(key, value)| Tag::builder().key(*key).value(*value).build().expect("both are set")).collect()
}

impl Lane {
    /// Makes the broker, in an account of its own.
    pub(super) async fn open(kind: Kind, account: Account, other: Account) -> Self {
        let iam = account.iam();
        let boundary = if matches!(kind, Kind::BoundedUser | Kind::BoundedRole) {
            let made = iam.create_policy().policy_name("Fence").policy_document(limit().to_string()).send().await;
            Some(made.expect("IAM takes the policy").policy.and_then(|policy| policy.arn).expect("and names it"))
        } else {
            None
        };
        let name = kind.name();
        let (principal_arn, unique_id, credentials) = if kind.is_user() {
            let made = iam.create_user().user_name(name).path("/ci/").set_tags(Some(tags(&BROKER_TAGS)));
            let user = made.set_permissions_boundary(boundary).send().await.expect("IAM makes the user").user;
            let user = user.expect("and gives it");
            let key = iam.create_access_key().user_name(name).send().await.expect("IAM makes the key").access_key;
            let key = key.expect("and gives it");
            (user.arn, user.user_id, crate::emulator::keys(&key.access_key_id, &key.secret_access_key))
        } else {
            let root = format!("arn:aws:iam::{}:root", account.id);
            let made = iam.create_role().role_name(name).path("/ci/").set_tags(Some(tags(&BROKER_TAGS)));
            let made = made.assume_role_policy_document(Account::trust(&root, r#""sts:AssumeRole""#, "{}"));
            let role = made.set_permissions_boundary(boundary).send().await.expect("IAM makes the role").role;
            let role = role.expect("and gives it");
            let credentials = session_of(&account, &role.arn, kind).await;
            (role.arn, role.role_id, credentials)
        };
        let session_arn =
            (!kind.is_user()).then(|| format!("arn:aws:sts::{}:assumed-role/{name}/{SESSION_NAME}", account.id));
        let issuer = account.issuer(credentials).await;
        Self { kind, account, other, principal_arn, session_arn, unique_id, issuer }
    }

    /// A text with `{…}` filled in.
    fn render(&self, value: &Value, target: &RoleArn) -> Value {
        let name = self.kind.name();
        let at = target.as_str();
        let target_account = at.split(':').nth(4).expect("an ARN");
        let word = if self.kind.is_user() { "user" } else { "role" };
        let elsewhere = format!("arn:aws:iam::{}:{word}/{name}", self.account.id);
        let other_case = self.principal_arn.replace(name, &name.to_lowercase());
        let session = self.session_arn.as_ref().unwrap_or(&self.principal_arn);
        let filled = [
            ("{broker}", self.principal_arn.as_str()),
            ("{session}", session),
            ("{account}", &self.account.id),
            ("{other account}", &self.other.id),
            ("{id}", &self.unique_id),
            ("{elsewhere}", &elsewhere),
            ("{other case}", &other_case),
            ("{name}", name),
            ("{target}", at),
            ("{target account}", target_account),
        ];
        let text = filled.iter().fold(value.to_string(), |text, (hole, with)| text.replace(hole, with));
        serde_json::from_str(&text).expect("still JSON")
    }

    /// Asks the emulator: the question as it stands there, and whether it let the broker in.
    pub(super) async fn ask(&self, number: usize, case: &Case) -> (Ask, bool) {
        let home = if case.across { &self.other } else { &self.account };
        let target = home.role_arn(&format!("apps/payments-{}-{number}", self.kind.name()));
        let (trust, identity) = (self.render(&case.trust, &target), self.render(&case.identity, &target));
        let name = target.as_str().rsplit('/').next().expect("a name");
        let made = home.iam().create_role().role_name(name).path("/apps/").set_tags(Some(tags(&TARGET_TAGS)));
        let made = made.assume_role_policy_document(trust.to_string()).send().await.expect("IAM makes the role");
        assert_eq!(made.role.map(|role| role.arn).as_deref(), Some(target.as_str()));
        self.give(&identity).await;
        let request = AssumeRole {
            external_id: case.external_id.map(str::to_owned),
            source_identity: case.source_identity.map(str::to_owned),
            tags: case.tags.clone(),
            transitive_tag_keys: case.transitive_tag_keys.clone(),
            ..assume(&target)
        };
        let allowed = match self.issuer.assume_role(&request).await {
            Ok(_) => true,
            Err(error) if error.kind == CloudErrorKind::AccessDenied => false,
            Err(error) => panic!("neither allowed nor denied: {error:?}"),
        };
        (self.question(case, trust, identity, &target), allowed)
    }

    /// Makes this the broker's only identity policy.
    async fn give(&self, policy: &Value) {
        let (iam, name, text) = (self.account.iam(), self.kind.name(), policy.to_string());
        if self.kind.is_user() {
            let put = iam.put_user_policy().user_name(name).policy_name("p").policy_document(text);
            put.send().await.expect("IAM takes the policy");
        } else {
            let put = iam.put_role_policy().role_name(name).policy_name("p").policy_document(text);
            put.send().await.expect("IAM takes the policy");
        }
    }

    fn question(&self, case: &Case, trust: Value, identity: Value, target: &RoleArn) -> Ask {
        let mut actions = vec![ASSUME];
        actions.extend((!case.tags.is_empty()).then_some(TAG));
        actions.extend(case.source_identity.map(|_| IDENTITY));
        Ask {
            trust,
            identity,
            boundary: matches!(self.kind, Kind::BoundedUser | Kind::BoundedRole).then(limit),
            session_policy: (self.kind == Kind::NarrowRole).then(limit),
            account: self.account.id.clone(),
            principal_arn: self.principal_arn.clone(),
            session_arn: self.session_arn.clone(),
            unique_id: self.unique_id.clone(),
            target: target.as_str().to_owned(),
            external_id: case.external_id,
            tags: case.tags.clone(),
            transitive_tag_keys: case.transitive_tag_keys.clone(),
            source_identity: case.source_identity,
            at: jiff::Timestamp::now(),
            known: BTreeMap::new(),
            asks_broker_for: actions.clone(),
            actions,
            broker_must_allow: false,
        }
    }
}

async fn session_of(account: &Account, arn: &str, kind: Kind) -> Credentials {
    let role = RoleArn::parse(arn).expect("a role ARN");
    let policy = (kind == Kind::NarrowRole).then(|| limit().to_string());
    let request = AssumeRole { policy, ..assume(&role) };
    let issuer = AwsIssuer::new(&account.root().await);
    issuer.assume_role(&request).await.expect("the account's root may").credentials
}
