//! What the broker's own policies say to what it has to ask AWS for, worked out once for the rules about that side.

use std::borrow::Cow;
use std::rc::Rc;

use serde_json::json;

use crate::domain::admission::{Asking, Issuing};
use crate::domain::credential::{FederationTokenSpec, IamUserSpec};
use crate::domain::desired::BrokerSpec;
use crate::domain::iam::{Element, Place, Policy, StatementTrace, Tree, Truth, Verdict, nearest_allow};
use crate::domain::ident::{BrokerPrincipal, RoleArn};
use crate::domain::role::{Field, Role};
use crate::domain::{lease, least_privilege, limits, text};

/// A credential that no trust policy refuses, and that the broker's own side may still stop.
#[derive(Debug)]
pub(super) struct Unsettled<'a> {
    pub(super) role: &'a Role,
    /// Where a finding points.
    pub(super) field: Field,
    /// What the broker's statement has to name: the target role, or the federated users or the IAM users of this role.
    pub(super) resource: Cow<'a, str>,
    /// Every action that is not certainly allowed.
    pub(super) answers: Vec<Answer<'a>>,
    trust: Option<&'a Policy>,
    /// What has to be allowed where something is to be added; empty where the actions and the resource say it.
    needed: Vec<least_privilege::Statement>,
}

/// What AWS answers to one action.
#[derive(Debug)]
pub(super) struct Answer<'a> {
    pub(super) action: &'static str,
    pub(super) verdict: Verdict,
    asking: Rc<Asking<'a>>,
}

impl Answer<'_> {
    /// What a statement has to name that is about this action alone: a group is not the users that are put into it.
    fn group(&self) -> Option<&str> {
        (self.action == "iam:AddUserToGroup").then(|| self.asking.target())
    }
}

impl<'a> Unsettled<'a> {
    /// For one target whose trust policy lets the broker, or may, with what it says to each action; `None` when everything is
    /// allowed.
    pub(super) fn target(
        issuing: &Issuing<'a>,
        asking: &Rc<Asking<'a>>,
        trust: &'a Policy,
        role: &'a Role,
        by_trust: &[(&'static str, Verdict)],
        (index, arn): (usize, &'a RoleArn),
    ) -> Option<Self> {
        let admitted = by_trust.iter().filter(|(_, verdict)| !is_denied(verdict)).map(|(action, _)| *action);
        let answers: Vec<_> = open(issuing, asking, Some(trust), admitted).collect();
        let (field, resource) = (Field::RoleArn(index), Cow::Borrowed(arn.as_str()));
        (!answers.is_empty()).then_some(Self { role, field, resource, answers, trust: Some(trust), needed: Vec::new() })
    }

    /// For one federation token; `None` when everything is allowed.
    pub(super) fn federation(
        issuing: &Issuing<'a>,
        broker: &BrokerPrincipal,
        role: &'a Role,
        spec: &FederationTokenSpec,
    ) -> Option<Self> {
        let name = &role.spec.name;
        let asking = Rc::new(issuing.ask_federation(name, spec));
        let tags = (!spec.session_tags.is_empty()).then_some("sts:TagSession");
        let actions = std::iter::once("sts:GetFederationToken").chain(tags);
        let answers: Vec<_> = open(issuing, &asking, None, actions).collect();
        let (partition, account) = (broker.partition(), broker.account());
        let stem = lease::credential_stem(name, limits::FEDERATION_NAME_MAX);
        let resource = Cow::Owned(format!("arn:{partition}:sts::{account}:federated-user/{stem}*"));
        let field = Field::CredentialType;
        (!answers.is_empty()).then_some(Self { role, field, resource, answers, trust: None, needed: Vec::new() })
    }

    /// For the users of one role; `None` when everything is allowed. Where an action is denied for one of several policies
    /// or groups, it is not asked what it hangs on for the others.
    pub(super) fn users(
        issuing: &Issuing<'a>,
        broker: &BrokerSpec,
        role: &'a Role,
        spec: &IamUserSpec,
    ) -> Option<Self> {
        let name = &role.spec.name;
        let asked = issuing.ask_user(name, spec).into_iter();
        let mut answers: Vec<Answer<'a>> =
            asked.filter_map(|(action, asking)| open(issuing, &Rc::new(asking), None, [action]).next()).collect();
        let denied: Vec<_> = answers.iter().filter(|it| is_denied(&it.verdict)).map(|it| it.action).collect();
        answers.retain(|it| is_denied(&it.verdict) || !denied.contains(&it.action));
        if answers.is_empty() {
            return None;
        }
        let needed = least_privilege::making_users(broker, name, spec);
        let resource = Cow::Owned(least_privilege::lease_users(broker, name, spec.user_path.as_deref()));
        Some(Self { role, field: Field::CredentialType, resource, answers, trust: None, needed })
    }

    /// How each statement was judged on the way to this answer.
    pub(super) fn trace(&self, issuing: &Issuing<'_>, answer: &Answer<'_>) -> Vec<StatementTrace> {
        answer.asking.trace(issuing, self.trust, answer.action)
    }

    /// Whether there is another side that may stop the call.
    pub(super) fn has_trust(&self) -> bool {
        self.trust.is_some()
    }

    /// The actions whose answers satisfy `wanted`, each once.
    pub(super) fn actions(&self, wanted: impl Fn(&Verdict) -> bool) -> Vec<&'static str> {
        let mut actions = Vec::new();
        for answer in self.answers.iter().filter(|answer| wanted(&answer.verdict)) {
            if !actions.contains(&answer.action) {
                actions.push(answer.action);
            }
        }
        actions
    }

    /// Those actions with what they are on: ``ACTION, … on `RESOURCE` ``.
    pub(super) fn calls(&self, wanted: impl Fn(&Verdict) -> bool) -> String {
        let wanted: Vec<_> = self.answers.iter().filter(|answer| wanted(&answer.verdict)).collect();
        let mut calls: Vec<(&str, Vec<&str>)> = Vec::new();
        for answer in wanted {
            let resource = answer.group().unwrap_or(&self.resource);
            match calls.iter_mut().find(|(known, _)| *known == resource) {
                Some((_, actions)) if actions.contains(&answer.action) => {}
                Some((_, actions)) => actions.push(answer.action),
                None => calls.push((resource, vec![answer.action])),
            }
        }
        let calls: Vec<String> =
            calls.iter().map(|(resource, actions)| format!("{} on `{resource}`", actions.join(", "))).collect();
        calls.join(", and ")
    }

    /// What those answers are about, as policies name it.
    pub(super) fn resources<'u>(&'u self, answers: &[&'u Answer<'a>]) -> Vec<&'u str> {
        let mut resources: Vec<&str> = Vec::new();
        for resource in answers.iter().map(|answer| answer.group().unwrap_or(&self.resource)) {
            if !resources.contains(&resource) {
                resources.push(resource);
            }
        }
        resources
    }

    /// What allows these actions, to be added somewhere: ``this statement to WHERE: `{…}` ``.
    pub(super) fn to_add(&self, actions: &[&str], place: &str) -> String {
        let needed = self.needed.iter().filter(|it| it.actions.iter().any(|action| actions.contains(action)));
        let needed: Vec<String> = needed.map(|it| format!("`{}`", it.to_json(it.sid))).collect();
        match needed.as_slice() {
            [] => format!("this statement to {place}: `{}`", identity_statement(actions, &self.resource)),
            [one] => format!("this statement to {place}: {one}"),
            several => format!("these statements to {place}: {}", several.join(", ")),
        }
    }
}

/// The answers to those actions of one request that are not certainly allowed.
fn open<'a>(
    issuing: &Issuing<'_>,
    asking: &Rc<Asking<'a>>,
    trust: Option<&Policy>,
    actions: impl IntoIterator<Item = &'static str>,
) -> impl Iterator<Item = Answer<'a>> {
    let answer = move |action| {
        let verdict = asking.whole(issuing, trust, action).verdict;
        (verdict != Verdict::Allowed).then(|| Answer { action, verdict, asking: Rc::clone(asking) })
    };
    actions.into_iter().filter_map(answer)
}

/// Whether AWS refuses, whatever is still unknown.
pub(super) fn is_denied(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::DeniedExplicitly { .. } | Verdict::DeniedImplicitly { .. })
}

/// Whether something of the broker's own that could not be read decides.
pub(super) fn waits_for_unread(verdict: &Verdict, place: Place) -> bool {
    let Verdict::Depends(tree) = verdict else { return false };
    leaves(tree).iter().any(|leaf| matches!(leaf, Tree::Unread(at) if *at == place))
}

/// The statements of the broker's own policies that decide, one line each, without repetition; not escaped.
pub(super) fn open_lines(verdict: &Verdict) -> Vec<String> {
    let Verdict::Depends(tree) = verdict else { return Vec::new() };
    let mut lines = Vec::new();
    for leaf in leaves(tree) {
        let Tree::Statement { place: Place::Identity | Place::Boundary, policy, clause } = leaf else { continue };
        let line = format!("{} of `{policy}`", clause.line());
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}

fn leaves(tree: &Tree) -> Vec<&Tree> {
    match tree {
        Tree::All(parts) | Tree::Any(parts) => parts.iter().flat_map(leaves).collect(),
        Tree::Not(part) => leaves(part),
        Tree::Statement { .. } | Tree::Unread(_) => vec![tree],
    }
}

/// The Allow that comes nearest, and what keeps it from applying, as a clause.
pub(super) fn nearest(traces: &[StatementTrace], place: Place) -> Option<String> {
    let near = nearest_allow(traces, place)?;
    let miss = near.misses().find(|miss| miss.holds == Truth::False).or_else(|| near.misses().next())?;
    let name = match miss.element {
        Element::Condition => "condition",
        Element::Principal | Element::Action | Element::Resource => miss.element.as_str(),
    };
    Some(format!(
        "the nearest is statement `{}` of `{}`, whose {name} is {} and not {}",
        text::short(&near.statement, 64),
        text::short(&near.policy, 128),
        text::short(&miss.wanted, 160),
        text::short(&miss.found, 160),
    ))
}

/// The statement that lets the broker do these actions on this resource, on one line.
pub(super) fn identity_statement(actions: &[&str], resource: &str) -> String {
    identity_statement_on(actions, &[resource])
}

/// [`identity_statement`] for several resources.
pub(super) fn identity_statement_on(actions: &[&str], resources: &[&str]) -> String {
    let one_or_many = |texts: &[&str]| match texts {
        [one] => json!(one),
        several => json!(several),
    };
    json!({"Action": one_or_many(actions), "Effect": "Allow", "Resource": one_or_many(resources)}).to_string()
}
