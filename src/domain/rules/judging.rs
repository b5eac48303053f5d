use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use crate::domain::Timestamp;
use crate::domain::admission::{self, Asking, Issuing};
use crate::domain::credential::{AssumedRoleSpec, CredentialSpec};
use crate::domain::desired::Desired;
use crate::domain::iam::Place::Resource;
use crate::domain::iam::{Effect, Policy, StatementTrace, Truth, Verdict};
use crate::domain::ident::{BrokerPrincipal, RoleArn};
use crate::domain::record::Snapshot;
use crate::domain::role::{Field, Role};
use crate::domain::world::{Fact, LiveRole, World};

use super::RuleInput;
use super::broker_side::{Unsettled, is_denied};
use super::refusal::Refused;
use super::statements::{self, Spot};
use super::words;

/// What rules look at: the input, and what several of them would otherwise work out again.
#[derive(Debug)]
pub(super) struct Judging<'a> {
    /// What is declared.
    pub(super) desired: &'a Desired,
    /// What was read.
    pub(super) world: &'a World,
    /// The instant to judge at.
    pub(super) now: Timestamp,
    /// The broker as AWS will see it when it issues.
    pub(super) issuing: Issuing<'a>,
    /// What the base of a pull request declares.
    pub(super) base: Option<&'a Desired>,
    /// What was last applied.
    pub(super) recorded: Option<&'a Snapshot>,
    /// What the trust side lets, or may let, and the broker's own side stops, or may stop; in file order.
    pub(super) unsettled: Vec<Unsettled<'a>>,
    /// The accounts that have an Account document.
    pub(super) declared_accounts: BTreeSet<&'a str>,
    targets: Vec<Known<'a>>,
}

/// One declared role.
#[derive(Debug)]
pub(super) struct Declared<'a> {
    /// The role.
    pub(super) role: &'a Role,
    policy: OnceCell<Option<Policy>>,
}

/// One entry of one role's `role_arns`, and what is known of it.
#[derive(Debug)]
struct Known<'a> {
    role: &'a Role,
    spec: &'a AssumedRoleSpec,
    index: usize,
    arn: &'a RoleArn,
    fact: &'a Fact<LiveRole>,
    asking: Rc<Asking<'a>>,
    /// What the trust policy says to each action of the request, to `sts:AssumeRole` first; empty when there is no policy to ask.
    answers: Vec<(&'static str, Verdict)>,
    refused: Option<Refused>,
}

/// One entry of one role's `role_arns` with what is known of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target<'j> {
    /// The role that declares it.
    pub(super) role: &'j Role,
    /// The role's credential.
    pub(super) spec: &'j AssumedRoleSpec,
    /// The declared ARN.
    pub(super) arn: &'j RoleArn,
    /// What was read under that ARN.
    pub(super) fact: &'j Fact<LiveRole>,
    /// What its trust policy says to the broker's `sts:AssumeRole`, if the broker's own policies allow it; `None` when there
    /// is no policy to ask.
    pub(super) assume: Option<&'j Verdict>,
    /// Why that refuses the broker; `None` when it does not, or when no statement comes near.
    pub(super) refused: Option<&'j Refused>,
    /// The request that issues this target.
    pub(super) asking: &'j Asking<'j>,
    answers: &'j [(&'static str, Verdict)],
    index: usize,
}

impl<'a> Declared<'a> {
    pub(super) fn new(role: &'a Role) -> Self {
        Self { role, policy: OnceCell::new() }
    }

    /// Its `policy_document`, if it has one and IAM would read it.
    pub(super) fn policy(&self) -> Option<&Policy> {
        let read = || {
            let document = words::policy_spec(&self.role.spec.credential)?.document.as_ref()?;
            Policy::parse_value(document.value()).ok()
        };
        self.policy.get_or_init(read).as_ref()
    }
}

impl<'j> Target<'j> {
    /// The field a finding about this entry points at.
    pub(super) fn field(&self) -> Field {
        Field::RoleArn(self.index)
    }

    /// What its trust policy says when the broker asks for one of the actions of the request, if the broker's own policies
    /// allow it; `None` when there is no policy to ask, and for any other action.
    pub(super) fn answer(&self, action: &str) -> Option<&'j Verdict> {
        self.answers.iter().find(|(of, _)| *of == action).map(|(_, verdict)| verdict)
    }

    /// The trust policy, when the role was read and its policy is one.
    pub(super) fn trust(&self) -> Option<&'j Policy> {
        self.fact.present().and_then(|live| live.trust.policy.as_ref().ok())
    }
}

impl<'a> Judging<'a> {
    pub(super) fn new(input: RuleInput<'a>) -> Self {
        let RuleInput { desired, world, now, base, recorded } = input;
        let issuing = Issuing::new(&desired.broker.spec, world, now);
        let index_of = world.index();
        let principal = &desired.broker.spec.principal;
        let (mut targets, mut unsettled) = (Vec::new(), Vec::new());
        for role in &desired.roles {
            let spec = match &role.spec.credential {
                CredentialSpec::AssumedRole(spec) => spec,
                CredentialSpec::FederationToken(spec) if !principal.is_role() => {
                    unsettled.extend(Unsettled::federation(&issuing, principal, role, spec));
                    continue;
                }
                CredentialSpec::IamUser(spec) => {
                    unsettled.extend(Unsettled::users(&issuing, &desired.broker.spec, role, spec));
                    continue;
                }
                CredentialSpec::FederationToken(_) | CredentialSpec::SessionToken(_) => continue,
            };
            for (index, arn) in spec.role_arns.iter().enumerate() {
                let fact = index_of.role(arn);
                let live = fact.present();
                let asking = Rc::new(issuing.ask(&role.spec.name, spec, arn, live));
                let mut answers = Vec::new();
                if let Some(policy) = live.and_then(|live| live.trust.policy.as_ref().ok()) {
                    answers.extend(admission::actions(spec).into_iter().map(|it| (it, asking.trust(policy, it))));
                    if answers.first().is_some_and(|(_, verdict)| !is_denied(verdict)) {
                        unsettled.extend(Unsettled::target(&issuing, &asking, policy, role, &answers, (index, arn)));
                    }
                }
                targets.push(Known { role, spec, index, arn, fact, asking, answers, refused: None });
            }
        }
        let declared_accounts = desired.accounts.iter().map(|account| account.id.value.as_str()).collect();
        let mut judging = Self { desired, world, now, base, recorded, issuing, unsettled, declared_accounts, targets };
        let refused: Vec<_> = judging.targets().map(|target| Refused::new(&judging, target)).collect();
        for (known, refused) in judging.targets.iter_mut().zip(refused) {
            known.refused = refused;
        }
        judging
    }

    /// Every entry of every role's `role_arns`, in file order.
    pub(super) fn targets(&self) -> impl Iterator<Item = Target<'_>> {
        self.targets.iter().map(|Known { role, spec, index, arn, fact, asking, answers, refused }| Target {
            role,
            spec,
            arn,
            fact,
            assume: answers.first().map(|(_, verdict)| verdict),
            refused: refused.as_ref(),
            asking,
            answers,
            index: *index,
        })
    }

    /// The principal that issues.
    pub(super) fn principal(&self) -> &'a BrokerPrincipal {
        &self.desired.broker.spec.principal
    }

    /// How each statement was judged when the broker asks for `action`; empty when the trust policy was not read.
    pub(super) fn trace(&self, target: &Target<'_>, action: &str) -> Vec<StatementTrace> {
        let trace = |policy| target.asking.trace(&self.issuing, Some(policy), action);
        target.trust().map(trace).unwrap_or_default()
    }

    /// The first statement that admits the broker, or may: one that certainly does before one that does if its conditions hold.
    pub(super) fn admitting<'t>(&self, target: Target<'t>) -> Option<Spot<'t>> {
        let traces = self.trace(&target, "sts:AssumeRole");
        let own = || traces.iter().filter(|it| it.place == Resource).enumerate();
        let admits = |wanted: fn(Truth) -> bool| {
            own().find(|(_, it)| it.effect == Effect::Allow && it.elements.iter().all(|it| wanted(it.holds)))
        };
        let (at, _) = admits(|holds| holds == Truth::True).or_else(|| admits(|holds| holds != Truth::False))?;
        statements::of(target).nth(at)
    }

    /// Whether the target's trust policy lets the broker only as a principal of its account.
    pub(super) fn is_delegated(&self, target: &Target<'_>) -> bool {
        target.trust().is_some_and(|policy| target.asking.is_delegated(policy, "sts:AssumeRole"))
    }
}
