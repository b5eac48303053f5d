//! Why a trust policy refuses the broker, and which rule says so.
//!
//! One cause, one finding: where conditions alone keep the broker out, and a more specific rule is about each of them,
//! those rules speak and LH201 does not. In every other case LH201 speaks alone.

use crate::domain::finding::Finding;
use crate::domain::iam::{Condition, Effect, Element, ElementTrace, Place, Statement, Truth, Verdict, nearest_allow};

use super::judging::{Judging, Target};
use super::rule::{Rule, Said};
use super::statements::{self, Spot, is_about};

/// Something in a request that a rule of its own is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// `sts:ExternalId`.
    ExternalId,
    /// `sts:DurationSeconds`.
    Duration,
    /// `aws:MultiFactorAuthPresent` or `aws:MultiFactorAuthAge`, and no MFA device is declared.
    Mfa,
}

/// Why a trust policy refuses the broker. It is worked out once for each target: see [`Target::refused`].
#[derive(Debug)]
pub(super) struct Refused {
    /// Which statement denies, or which Allow comes nearest.
    statement: usize,
    miss: Option<ElementTrace>,
    /// What keeps the broker out, and which of the statement's conditions says so.
    causes: Vec<(Cause, usize)>,
}

impl Refused {
    /// Why this target refuses the broker; `None` when it does not, or when no statement comes near.
    pub(super) fn new(judging: &Judging<'_>, target: Target<'_>) -> Option<Self> {
        let statements = target.trust()?.statements();
        let causes = |statement: usize| {
            let conditions = statements[statement].conditions.iter().enumerate();
            conditions.map(|(at, condition)| cause_of(judging, &target, condition).map(|cause| (cause, at)))
        };
        match target.assume? {
            Verdict::DeniedExplicitly { statement, .. } => {
                let denies = |it: &Statement| it.effect == Effect::Deny && it.label == *statement;
                let statement = statements.iter().position(denies)?;
                Some(Self { statement, miss: None, causes: causes(statement).flatten().take(1).collect() })
            }
            Verdict::DeniedImplicitly { .. } => {
                let traces = judging.trace(&target, "sts:AssumeRole");
                let nearest = nearest_allow(&traces, Place::Resource)?;
                let mut own = traces.iter().filter(|it| it.place == Place::Resource);
                let statement = own.position(|it| std::ptr::eq(it, nearest))?;
                let failing = || nearest.elements.iter().filter(|it| it.holds == Truth::False);
                let conditions = nearest.elements.iter().filter(|it| it.element == Element::Condition);
                let failed = conditions.zip(causes(statement)).filter(|(it, _)| it.holds == Truth::False);
                let causes: Vec<_> = failed.filter_map(|(_, cause)| cause).collect();
                let causes = if causes.len() == failing().count() { causes } else { Vec::new() };
                Some(Self { statement, miss: failing().next().cloned(), causes })
            }
            Verdict::Allowed | Verdict::Depends(_) => None,
        }
    }

    /// Whether more specific rules say all that keeps the broker out, so that LH201 does not have to speak.
    pub(super) fn is_explained(&self) -> bool {
        !self.causes.is_empty()
    }

    /// The first element of the nearest Allow that fails; `None` for a Deny.
    pub(super) fn miss(&self) -> Option<&ElementTrace> {
        self.miss.as_ref()
    }

    /// The statement on which the refusal of this target turns.
    pub(super) fn spot<'j>(&self, target: Target<'j>) -> Option<Spot<'j>> {
        statements::of(target).nth(self.statement)
    }
}

/// The statement with which this cause, alone or with others, keeps the broker out of this target, and the condition.
pub(super) fn refused_by(target: Target<'_>, cause: Cause) -> Option<(Spot<'_>, &Condition)> {
    let refused = target.refused?;
    let (_, at) = refused.causes.iter().find(|(it, _)| *it == cause)?;
    let spot = refused.spot(target)?;
    Some((spot, spot.statement.conditions.get(*at)?))
}

/// What a rule says of a statement that keeps the broker out by one condition.
pub(super) struct Turning {
    /// Why the condition does not let it in.
    pub(super) but: String,
    pub(super) label: &'static str,
    pub(super) remedy: String,
}

/// Adds a finding if this cause keeps the broker out of this target.
pub(super) fn refused_for(
    target: Target<'_>,
    cause: Cause,
    rule: &Rule,
    findings: &mut Vec<Finding>,
    say: impl Fn(&Spot<'_>, &Condition) -> Turning,
) {
    findings.extend(refused_by(target, cause).map(|(spot, condition)| {
        let Turning { but, label, remedy } = say(&spot, condition);
        let message = format!("{} turns on `{}`, and {but}", spot.named(), condition.line());
        rule.about(target.role, target.field(), Said { message, label: label.to_owned(), remedy })
    }));
}

fn cause_of(judging: &Judging<'_>, target: &Target<'_>, condition: &Condition) -> Option<Cause> {
    let without_device = !judging.principal().is_role() && target.spec.mfa_serial_number.is_none();
    [
        ("sts:ExternalId", Cause::ExternalId, true),
        ("sts:DurationSeconds", Cause::Duration, true),
        ("aws:MultiFactorAuthPresent", Cause::Mfa, without_device),
        ("aws:MultiFactorAuthAge", Cause::Mfa, without_device),
    ]
    .into_iter()
    .find_map(|(key, cause, applies)| (applies && is_about(condition, key)).then_some(cause))
}
