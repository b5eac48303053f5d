//! What the broker's own policies say to what it has to ask STS for, worked out once for the rules about that side.

use std::borrow::Cow;

use serde_json::json;

use crate::domain::admission::{Asking, Issuing};
use crate::domain::credential::FederationTokenSpec;
use crate::domain::iam::{Element, Place, Policy, StatementTrace, Tree, Truth, Verdict, nearest_allow};
use crate::domain::ident::{BrokerPrincipal, RoleArn};
use crate::domain::role::{Field, Role};
use crate::domain::{lease, limits, text};

/// A credential that the target's trust policy does not refuse, and that the broker's own side may still stop.
#[derive(Debug)]
pub(super) struct Unsettled<'a> {
    pub(super) role: &'a Role,
    /// Where a finding points.
    pub(super) field: Field,
    /// What the broker's statement has to name: the target role, or the federated users of this role.
    pub(super) resource: Cow<'a, str>,
    /// Every action that is not certainly allowed, with what AWS answers.
    pub(super) answers: Vec<(&'static str, Verdict)>,
    asking: Asking<'a>,
    trust: Option<&'a Policy>,
}

impl<'a> Unsettled<'a> {
    /// For one target whose trust policy lets the broker, or may, with what it says to each action; `None` when everything is
    /// allowed.
    pub(super) fn target(
        issuing: &Issuing<'a>,
        asking: &Asking<'a>,
        trust: &'a Policy,
        role: &'a Role,
        by_trust: &[(&'static str, Verdict)],
        (index, arn): (usize, &'a RoleArn),
    ) -> Option<Self> {
        let admitted = by_trust.iter().filter(|(_, verdict)| !is_denied(verdict));
        let answers: Vec<_> = admitted
            .map(|(action, _)| (*action, asking.whole(issuing, Some(trust), action).verdict))
            .filter(|(_, verdict)| *verdict != Verdict::Allowed)
            .collect();
        if answers.is_empty() {
            return None;
        }
        let (field, resource) = (Field::RoleArn(index), Cow::Borrowed(arn.as_str()));
        Some(Self { role, field, resource, answers, asking: asking.clone(), trust: Some(trust) })
    }

    /// For one federation token; `None` when everything is allowed.
    pub(super) fn federation(
        issuing: &Issuing<'a>,
        broker: &BrokerPrincipal,
        role: &'a Role,
        spec: &FederationTokenSpec,
    ) -> Option<Self> {
        let name = &role.spec.name;
        let asking = issuing.ask_federation(name, spec);
        let tags = (!spec.session_tags.is_empty()).then_some("sts:TagSession");
        let answers: Vec<_> = std::iter::once("sts:GetFederationToken")
            .chain(tags)
            .map(|action| (action, asking.whole(issuing, None, action).verdict))
            .filter(|(_, verdict)| *verdict != Verdict::Allowed)
            .collect();
        let (partition, account) = (broker.partition(), broker.account());
        let stem = lease::credential_stem(name, limits::FEDERATION_NAME_MAX);
        let resource = Cow::Owned(format!("arn:{partition}:sts::{account}:federated-user/{stem}*"));
        let field = Field::CredentialType;
        (!answers.is_empty()).then_some(Self { role, field, resource, answers, asking, trust: None })
    }

    /// How each statement was judged on the way to the answer for `action`.
    pub(super) fn trace(&self, issuing: &Issuing<'_>, action: &str) -> Vec<StatementTrace> {
        self.asking.trace(issuing, self.trust, action)
    }

    /// The actions whose answers satisfy `wanted`.
    pub(super) fn actions(&self, wanted: impl Fn(&Verdict) -> bool) -> Vec<&'static str> {
        self.answers.iter().filter(|(_, verdict)| wanted(verdict)).map(|(action, _)| *action).collect()
    }
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
