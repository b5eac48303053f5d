//! What our evaluator says to one question.

use std::collections::{BTreeMap, BTreeSet};

use leasehold::domain::Timestamp;
use leasehold::domain::iam::{
    AssumeRole, Broker, Caller, Context, Knowledge, Layer, NamedPolicy, Open, Policies, Policy, Request,
    ResourcePolicy, Session, Template, Tree, Verdict, evaluate,
};
use serde_json::{Value, json};

use crate::emulator::REGION;

/// The actions that one call to assume a role is authorized for.
pub(super) const ASSUME: &str = "sts:AssumeRole";
pub(super) const TAG: &str = "sts:TagSession";
pub(super) const IDENTITY: &str = "sts:SetSourceIdentity";

/// Everything that decides one question, in the form that a quirk can change.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ask {
    pub(super) trust: Value,
    pub(super) identity: Value,
    pub(super) boundary: Option<Value>,
    pub(super) session_policy: Option<Value>,
    pub(super) account: String,
    pub(super) principal_arn: String,
    pub(super) session_arn: Option<String>,
    pub(super) unique_id: String,
    pub(super) target: String,
    pub(super) external_id: Option<&'static str>,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) transitive_tag_keys: Vec<String>,
    pub(super) source_identity: Option<&'static str>,
    pub(super) at: Timestamp,
    /// What else is known of condition keys; it counts more than the rest.
    pub(super) known: BTreeMap<String, Knowledge>,
    /// What is authorized.
    pub(super) actions: Vec<&'static str>,
    /// For which of them the broker's own policies are asked.
    pub(super) asks_broker_for: Vec<&'static str>,
    /// Whether the broker's own policies must allow although the trust policy names the broker itself.
    pub(super) broker_must_allow: bool,
}

/// What was decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Told {
    Allowed,
    Denied,
    /// What is open.
    Open(BTreeSet<String>),
}

impl Told {
    pub(super) fn is(&self, allowed: bool) -> bool {
        *self == if allowed { Self::Allowed } else { Self::Denied }
    }
}

fn read(document: &Value) -> Policy {
    Policy::parse_value(document).unwrap_or_else(|error| panic!("{error}: {document:#}"))
}

fn named(policy: &Policy) -> NamedPolicy<'_> {
    NamedPolicy { name: "P", policy }
}

impl Ask {
    /// What all policies say, each action of the call being asked for.
    pub(super) fn decide(&self) -> Told {
        let trust = read(&self.trust);
        let own = [Some(&self.identity), self.boundary.as_ref(), self.session_policy.as_ref()].map(|it| it.map(read));
        let everything = read(&json!({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}));
        let account_only =
            read(&json!({"Statement": {"Effect": "Allow", "Principal": {"AWS": self.account}, "Action": "*"}}));
        let tags = BTreeMap::from(super::lanes::TARGET_TAGS.map(|(key, value)| (key.to_owned(), value.to_owned())));
        let own_tags = BTreeMap::from(super::lanes::BROKER_TAGS.map(|(key, value)| (key.to_owned(), value.to_owned())));
        let context = self.context(&tags, &own_tags);
        let ask = |action: &'static str, trust: &Policy| {
            let layer = |at: usize| match &own[at] {
                _ if !self.asks_broker_for.contains(&action) => Layer::Read(vec![named(&everything)]),
                Some(policy) => Layer::Read(vec![named(policy)]),
                None => Layer::None,
            };
            let policies = Policies {
                identity: layer(0),
                resource: ResourcePolicy::Trust(named(trust)),
                boundary: layer(1),
                session: layer(2),
                ..Policies::default()
            };
            evaluate(&Request::new(self.caller(), action).on(&self.target).within(&context), &policies).verdict
        };
        let mut verdicts: Vec<Verdict> = self.actions.iter().map(|action| ask(action, &trust)).collect();
        if self.broker_must_allow {
            verdicts.push(ask(ASSUME, &account_only));
        }
        combine(&verdicts)
    }

    fn caller(&self) -> Caller<'_> {
        Caller {
            partition: "aws",
            account: &self.account,
            principal_arn: &self.principal_arn,
            session_arn: self.session_arn.as_deref(),
            unique_id: Some(&self.unique_id),
        }
    }

    /// All that is known: nothing is left open but what nobody can know before the call.
    fn context<'a>(
        &'a self,
        target_tags: &'a BTreeMap<String, String>,
        tags: &'a BTreeMap<String, String>,
    ) -> Context<'a> {
        let session = Session { passes_on_nothing: true, untagged: true, not_federated: true };
        let request = AssumeRole {
            broker: Broker {
                caller: self.caller(),
                tags: Some(tags),
                session: self.session_arn.as_ref().map(|_| session),
            },
            target: &self.target,
            target_tags: Some(target_tags),
            session_name: Template::new(super::lanes::SESSION_NAME, 0, ""),
            external_id: self.external_id,
            session_tags: &self.tags,
            transitive_tag_keys: &self.transitive_tag_keys,
            source_identity: self.source_identity,
            mfa: false,
            region: Some(REGION),
            at: self.at,
            organization: Knowledge::ABSENT,
        };
        let mut context = Context::assume_role(request)
            // Loopback, without TLS.
            .with("aws:SourceIp", Knowledge::is("127.0.0.1"))
            .with("aws:SecureTransport", Knowledge::is("false"))
            .with("sts:RoleSessionName", Knowledge::is(super::lanes::SESSION_NAME));
        for (key, knowledge) in &self.known {
            context.set(key, knowledge.clone());
        }
        context
    }
}

fn combine(verdicts: &[Verdict]) -> Told {
    let mut open = BTreeSet::new();
    for verdict in verdicts {
        match verdict {
            Verdict::Allowed => {}
            Verdict::DeniedExplicitly { .. } | Verdict::DeniedImplicitly { .. } => return Told::Denied,
            Verdict::Depends(tree) => collect(tree, &mut open),
        }
    }
    if open.is_empty() { Told::Allowed } else { Told::Open(open) }
}

fn collect(tree: &Tree, open: &mut BTreeSet<String>) {
    match tree {
        Tree::All(parts) | Tree::Any(parts) => parts.iter().for_each(|part| collect(part, open)),
        Tree::Not(part) => collect(part, open),
        Tree::Statement { clause, .. } => open.extend(clause.open.iter().map(name)),
        Tree::Unread(place) => panic!("{place:?} was read"),
    }
}

/// What is open, in a word: a condition's key or its family, or the element.
fn name(open: &Open) -> String {
    match open {
        Open::Principal { why, .. } => format!("principal: {why}"),
        Open::Action { .. } => "action".to_owned(),
        Open::Resource { .. } => "resource".to_owned(),
        Open::Condition(condition) if condition.operator.known.is_none() => "operator".to_owned(),
        Open::Condition(condition) if condition.values.is_empty() => "no value".to_owned(),
        Open::Condition(condition) => {
            let key = condition.key.to_ascii_lowercase();
            key.split_once('/').map_or(key.clone(), |(family, _)| format!("{family}/"))
        }
    }
}
