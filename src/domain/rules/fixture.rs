//! Declared sets and worlds for the rules' tests, built without YAML. Every field has a place of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Judging, Rule, RuleInput, look};
use crate::domain::Timestamp;
use crate::domain::credential::{
    AssumedRoleSpec, CredentialSpec, FederationTokenSpec, IamUserSpec, OnRemoval, PolicySpec, SessionTokenSpec,
};
use crate::domain::desired::{Account, Broker, BrokerSpec, Date, Desired, Limits, TtlPair, Waiver};
use crate::domain::finding::Finding;
use crate::domain::ident::{AccountId, BrokerPrincipal, Name, RoleArn};
use crate::domain::record::{AppliedRole, RoleFacts, Snapshot};
use crate::domain::role::{Field, MalformedArn, Places, Role, RoleSpec};
use crate::domain::span::{Located, Place, SourceFile};
use crate::domain::ttl::Ttl;
use crate::domain::world::{AttachedPolicy, Fact, LiveBroker, LivePolicy, LiveRole, Unknown, Why, World};

/// The role that a fixture's `assumed_role` names.
pub(super) const READ_ONLY: &str = "arn:aws:iam::111122223333:role/ProdAppReadOnly";

/// A target in an account that is not the broker's.
pub(super) const REPORTS: &str = "arn:aws:iam::444455556666:role/ReportsReadOnly";

/// An identity statement that allows everything.
pub(super) const ALLOW_ALL: &str = r#"{"Effect": "Allow", "Action": "*", "Resource": "*"}"#;

/// An identity statement.
pub(super) fn allow(action: &str, resource: &str) -> String {
    format!(r#"{{"Effect": "Allow", "Action": "{action}", "Resource": "{resource}"}}"#)
}

/// A declared set, a world and an instant.
pub(super) struct Scene {
    pub(super) desired: Desired,
    pub(super) world: World,
    pub(super) now: Timestamp,
    pub(super) recorded: Option<Snapshot>,
    file: Arc<SourceFile>,
    used: usize,
}

pub(super) fn statement(effect: &str, resource: &str, action: &str) -> String {
    format!(
        r#"{{"Effect": "{effect}", "Principal": {{"AWS": "arn:aws:iam::111122223333:{resource}"}}, "Action": "{action}"}}"#
    )
}

pub(super) fn trust(statements: &[&str]) -> String {
    format!(r#"{{"Version": "2012-10-17", "Statement": [{}]}}"#, statements.join(", "))
}

/// One declared role whose trust policy has these statements.
pub(super) fn trusting(statements: &[&str]) -> Scene {
    Scene::role_broker().assumed_role("a", 900, 900).live(READ_ONLY, 3_600, &trust(statements))
}

fn name(text: &str) -> Name {
    Name::parse(text).expect("a name")
}

fn arn(text: &str) -> RoleArn {
    RoleArn::parse(text).expect("a role ARN")
}

fn pair(default: u32, max: u32) -> TtlPair {
    let ttl = |seconds| Ttl::from_seconds(seconds).expect("not zero");
    TtlPair { default: ttl(default), max: ttl(max) }
}

impl Scene {
    pub(super) fn role_broker() -> Self {
        Self::with_broker("arn:aws:iam::111122223333:role/VaultRunner")
    }

    pub(super) fn user_broker() -> Self {
        Self::with_broker("arn:aws:iam::111122223333:user/leasehold")
    }

    fn with_broker(principal: &str) -> Self {
        let text = "one line\n".repeat(4_000);
        let file = Arc::new(SourceFile { path: "roles.yaml".to_owned(), text });
        let place = Place::new(Arc::clone(&file), 0, 1);
        let spec = BrokerSpec {
            name: name("prod"),
            principal: BrokerPrincipal::parse(principal).expect("a principal"),
            region: "ap-northeast-1".to_owned(),
            deployment: name("prod"),
            defaults: pair(900, 3_600),
            limits: Limits::default(),
            rules: super::Levels::default(),
        };
        let broker = Broker { spec, principal_place: place.clone(), place };
        let unread = Unknown { why: Why::NotRead, detail: "planned without AWS".to_owned() };
        Self {
            desired: Desired { broker, accounts: Vec::new(), roles: Vec::new(), waivers: Vec::new() },
            world: World::of_roles(Fact::Unknown(unread), BTreeMap::new()),
            now: "2026-12-01T00:00:00Z".parse().expect("an instant"),
            recorded: None,
            file,
            used: 0,
        }
    }

    fn next_place(&mut self) -> Place {
        self.used += 1;
        Place::new(Arc::clone(&self.file), self.used * 9, self.used * 9 + 3)
    }

    fn role(mut self, role: &str, credential: CredentialSpec) -> Self {
        let document = self.next_place();
        let mut fields: Vec<(Field, Place)> = [
            Field::Name,
            Field::CredentialType,
            Field::DefaultStsTtl,
            Field::MaxStsTtl,
            Field::DefaultTtl,
            Field::MaxTtl,
            Field::Expires,
        ]
        .into_iter()
        .map(|field| (field, self.next_place()))
        .collect();
        for index in 0..credential.role_arns().len() {
            fields.push((Field::RoleArn(index), self.next_place()));
        }
        let spec = RoleSpec {
            name: name(role),
            labels: BTreeMap::new(),
            description: None,
            protect: false,
            expires: None,
            credential,
        };
        self.desired.roles.push(Role { spec, malformed_arns: Vec::new(), places: Places::new(document, fields) });
        self
    }

    fn assumed(self, role: &str, arns: &[&str], ttl: TtlPair, edit: impl FnOnce(&mut AssumedRoleSpec)) -> Self {
        let mut spec = AssumedRoleSpec {
            role_arns: arns.iter().map(|text| arn(text)).collect(),
            ttl,
            external_id: None,
            session_tags: BTreeMap::new(),
            transitive_tag_keys: Vec::new(),
            source_identity: None,
            policy: PolicySpec::default(),
            mfa_serial_number: None,
        };
        edit(&mut spec);
        self.role(role, CredentialSpec::AssumedRole(spec))
    }

    pub(super) fn assumed_role(self, role: &str, default: u32, max: u32) -> Self {
        self.assumed(role, &[READ_ONLY], pair(default, max), |_| ())
    }

    pub(super) fn assumed_role_of(self, role: &str, arns: &[&str]) -> Self {
        self.assumed(role, arns, pair(900, 3_600), |_| ())
    }

    pub(super) fn assumed_role_with(self, role: &str, edit: impl FnOnce(&mut AssumedRoleSpec)) -> Self {
        self.assumed(role, &[READ_ONLY], pair(900, 3_600), edit)
    }

    pub(super) fn malformed(self, role: &str, text: &str) -> Self {
        let mut scene = self.assumed(role, &[], pair(900, 3_600), |_| ());
        let place = scene.next_place();
        let error = RoleArn::parse(text).expect_err("malformed");
        let entry = Located::new(MalformedArn { text: text.to_owned(), error }, place);
        scene.desired.roles.last_mut().expect("just added").malformed_arns.push(entry);
        scene
    }

    pub(super) fn iam_user(self, role: &str, default: u32, max: u32, edit: impl FnOnce(&mut IamUserSpec)) -> Self {
        let mut spec = IamUserSpec {
            on_removal: OnRemoval::default(),
            ttl: pair(default, max),
            user_path: None,
            iam_tags: BTreeMap::new(),
            permissions_boundary_arn: None,
            justification: None,
            policy: PolicySpec::default(),
        };
        edit(&mut spec);
        self.role(role, CredentialSpec::IamUser(spec))
    }

    pub(super) fn federation_token(self, role: &str, default: u32, max: u32) -> Self {
        let spec = FederationTokenSpec {
            ttl: pair(default, max),
            session_tags: BTreeMap::new(),
            policy: PolicySpec::default(),
        };
        self.role(role, CredentialSpec::FederationToken(spec))
    }

    pub(super) fn session_token(self, role: &str, default: u32, max: u32) -> Self {
        let spec = SessionTokenSpec { ttl: pair(default, max), mfa_serial_number: None };
        self.role(role, CredentialSpec::SessionToken(spec))
    }

    pub(super) fn waiver(mut self, waiver: &str, rule: &str, roles: &[&str], expires: &str) -> Self {
        let place = self.next_place();
        let rule = Located::new(rule.to_owned(), self.next_place());
        let roles = roles.iter().map(|role| Located::new(name(role), self.next_place())).collect();
        self.desired.waivers.push(Waiver {
            name: name(waiver),
            rule,
            roles,
            reason: "a reason".to_owned(),
            owner: "platform".to_owned(),
            expires: Date::parse(expires).expect("a day"),
            place,
        });
        self
    }

    pub(super) fn live(self, declared: &str, max_session_duration: u32, policy: &str) -> Self {
        self.live_as(declared, declared, max_session_duration, policy)
    }

    pub(super) fn live_as(mut self, declared: &str, live: &str, max_session_duration: u32, policy: &str) -> Self {
        let live = LiveRole {
            arn: arn(live),
            role_id: "AROAEXAMPLEREADONLY01".to_owned(),
            max_session_duration,
            trust: LivePolicy::read(policy),
            tags: None,
        };
        self.world.roles.insert(arn(declared), Fact::Present(live));
        self
    }

    pub(super) fn absent(mut self, declared: &str) -> Self {
        self.world.roles.insert(arn(declared), Fact::Absent);
        self
    }

    /// Everything that is declared and live was applied as it stands.
    pub(super) fn applied(mut self) -> Self {
        let facts = |arn: &RoleArn| Some((arn.clone(), RoleFacts::of(self.world.role(arn).present()?)));
        let applied = |role: &Role| {
            let facts = role.spec.credential.role_arns().iter().filter_map(facts).collect();
            (role.spec.name.clone(), AppliedRole { spec: role.spec.clone(), facts, violations: Vec::new() })
        };
        let roles = self.desired.roles.iter().map(applied).collect();
        self.recorded = Some(Snapshot { serial: 4, broker: self.desired.broker.spec.clone(), roles });
        self
    }

    /// An Account document.
    pub(super) fn account(mut self, id: &str, reader: Option<&str>) -> Self {
        let place = self.next_place();
        let id = Located::new(AccountId::parse(id).expect("an account"), self.next_place());
        let reader_role_arn = reader.map(|text| Located::new(arn(text), self.next_place()));
        self.desired.accounts.push(Account { name: name("account"), id, reader_role_arn, external_id: None, place });
        self
    }

    /// The broker with one identity policy, `issue`, of these statements, and perhaps a boundary of this one.
    pub(super) fn broker(mut self, statements: &[&str], boundary: Option<&str>) -> Self {
        let policy = |name: &str, statements: &[&str]| AttachedPolicy {
            name: name.to_owned(),
            document: LivePolicy::read(&trust(statements)),
        };
        self.world.broker = Fact::Present(LiveBroker {
            unique_id: "AROAEXAMPLEVAULTRUN01".to_owned(),
            tags: BTreeMap::new(),
            policies: Fact::Present(vec![policy("issue", statements)]),
            boundary: boundary.map_or(Fact::Absent, |statement| Fact::Present(policy("Boundary", &[statement]))),
            trust: None,
        });
        self
    }

    /// The broker's own trust policy.
    pub(super) fn broker_trusting(mut self, statements: &[&str]) -> Self {
        let Fact::Present(live) = &mut self.world.broker else { panic!("the broker first") };
        live.trust = Some(LivePolicy::read(&trust(statements)));
        self
    }

    /// What the broker needs for the declared `iam_user` roles, as identity statements.
    pub(super) fn user_statements(&self) -> Vec<String> {
        let statements = crate::domain::least_privilege::broker(&self.desired);
        let on_users =
            |it: &&crate::domain::least_privilege::Statement| it.resources.iter().any(|arn| arn.contains(":user/"));
        statements.iter().filter(on_users).map(|it| it.to_json(it.sid).to_string()).collect()
    }

    pub(super) fn input(&self) -> RuleInput<'_> {
        RuleInput {
            desired: &self.desired,
            world: &self.world,
            now: self.now,
            base: None,
            recorded: self.recorded.as_ref(),
        }
    }

    /// What this one rule says of a pull request with this base.
    pub(super) fn findings_against(&self, rule: &Rule, base: &Desired) -> Vec<Finding> {
        let mut findings = Vec::new();
        look(&Judging::new(RuleInput { base: Some(base), ..self.input() }), &[rule], &mut findings);
        findings
    }

    /// What this one rule says.
    pub(super) fn findings(&self, rule: &Rule) -> Vec<Finding> {
        let mut findings = Vec::new();
        look(&Judging::new(self.input()), &[rule], &mut findings);
        findings
    }
}
