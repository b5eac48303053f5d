use std::collections::HashMap;

use crate::domain::Timestamp;
use crate::domain::credential::{AssumedRoleSpec, CredentialSpec};
use crate::domain::desired::Desired;
use crate::domain::iam::{Caller, Decision, Policy, Request, TrustDecision, decide_trust, evaluate_trust};
use crate::domain::ident::{BrokerPrincipal, RoleArn, UserArn};
use crate::domain::role::{Field, Role};
use crate::domain::world::{CallerIdentity, Fact, LiveRole, World};

use super::RuleInput;

/// What rules look at: the input, and what several of them would otherwise work out again.
#[derive(Debug)]
pub(super) struct Judging<'a> {
    /// What is declared.
    pub(super) desired: &'a Desired,
    /// The instant to judge at.
    pub(super) now: Timestamp,
    /// What the base of a pull request declares.
    pub(super) base: Option<&'a Desired>,
    caller: Caller<'a>,
    targets: Vec<(Declared<'a>, usize)>,
    facts: Vec<TargetFacts<'a>>,
}

/// One entry of one role's `role_arns`.
#[derive(Debug, Clone, Copy)]
struct Declared<'a> {
    role: &'a Role,
    spec: &'a AssumedRoleSpec,
    index: usize,
    arn: &'a RoleArn,
}

/// What is known of one role ARN, however many roles declare it.
#[derive(Debug)]
struct TargetFacts<'a> {
    fact: &'a Fact<LiveRole>,
    assume: Option<TrustDecision>,
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
    /// What its trust policy says to the broker's `sts:AssumeRole`; `None` when there is no policy to ask.
    pub(super) assume: Option<&'j TrustDecision>,
    index: usize,
}

impl Target<'_> {
    /// The field a finding about this entry points at.
    pub(super) fn field(&self) -> Field {
        Field::RoleArn(self.index)
    }

    /// The trust policy, when the role was read and its policy is one.
    pub(super) fn trust(&self) -> Option<&Policy> {
        self.fact.present().and_then(|live| live.trust.policy.as_ref().ok())
    }
}

impl<'a> Judging<'a> {
    pub(super) fn new(input: RuleInput<'a>) -> Self {
        let RuleInput { desired, world, now, base } = input;
        let caller = broker_as_caller(&desired.broker.spec.principal, world);
        let (index_of, mut known) = (world.index(), HashMap::new());
        let mut facts = Vec::new();
        let mut targets = Vec::new();
        for role in &desired.roles {
            let CredentialSpec::AssumedRole(spec) = &role.spec.credential else { continue };
            for (index, arn) in spec.role_arns.iter().enumerate() {
                let at = *known.entry(arn.as_str()).or_insert_with(|| {
                    let fact = index_of.role(arn);
                    let policy = fact.present().and_then(|live| live.trust.policy.as_ref().ok());
                    let assume = policy.map(|policy| decide_trust(policy, &Request::new(caller, "sts:AssumeRole")));
                    facts.push(TargetFacts { fact, assume });
                    facts.len() - 1
                });
                targets.push((Declared { role, spec, index, arn }, at));
            }
        }
        Self { desired, now, base, caller, targets, facts }
    }

    /// Every entry of every role's `role_arns`, in file order.
    pub(super) fn targets(&self) -> impl Iterator<Item = Target<'_>> {
        self.targets.iter().map(|(declared, at)| {
            let Declared { role, spec, index, arn } = *declared;
            let TargetFacts { fact, assume } = &self.facts[*at];
            Target { role, spec, arn, fact, assume: assume.as_ref(), index }
        })
    }

    /// The principal that issues.
    pub(super) fn principal(&self) -> &'a BrokerPrincipal {
        &self.desired.broker.spec.principal
    }

    /// What the target's trust policy says when the broker asks for `action`; `None` when there is no policy to ask.
    pub(super) fn asks(&self, target: &Target<'_>, action: &str) -> Option<Decision> {
        target.trust().map(|policy| evaluate_trust(policy, &self.caller, action))
    }
}

/// The broker as AWS will see it when it issues. The name of its session then is not known now, whoever plans.
fn broker_as_caller<'a>(principal: &'a BrokerPrincipal, world: &'a World) -> Caller<'a> {
    let unique_id = match principal {
        BrokerPrincipal::Role(arn) => world
            .role(arn)
            .present()
            .map(|live| live.role_id.as_str())
            .or_else(|| world.caller.present().and_then(|caller| id_of_role_session(caller, arn))),
        BrokerPrincipal::User(arn) => world.caller.present().and_then(|caller| id_of_user(caller, arn)),
    };
    Caller {
        partition: principal.partition(),
        account: principal.account().as_str(),
        principal_arn: principal.as_str(),
        session_arn: None,
        unique_id,
    }
}

fn id_of_role_session<'a>(caller: &'a CallerIdentity, role: &RoleArn) -> Option<&'a str> {
    let prefix = format!("arn:{}:sts::{}:assumed-role/{}/", role.arn().partition(), role.account(), role.name());
    caller.arn.starts_with(&prefix).then(|| caller.user_id.split(':').next()).flatten()
}

fn id_of_user<'a>(caller: &'a CallerIdentity, user: &UserArn) -> Option<&'a str> {
    (caller.arn == user.as_str()).then_some(caller.user_id.as_str())
}
