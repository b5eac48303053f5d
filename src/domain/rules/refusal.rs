//! Why a trust policy refuses the broker, and which rule says so.
//!
//! One cause, one finding: where conditions alone keep the broker out, and a more specific rule is about each of them,
//! those rules speak and LH201 does not. In every other case LH201 speaks alone.

use crate::domain::iam::{Condition, Effect, Element, ElementTrace, Place, Truth, Verdict, nearest_allow};

use super::judging::{Judging, Target};
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

/// The statement on which a target's refusal turns.
pub(super) struct Refusal<'j> {
    /// The statement that denies, or the Allow that comes nearest.
    pub(super) spot: Spot<'j>,
    /// The first element of that Allow that fails; `None` for a Deny.
    pub(super) miss: Option<ElementTrace>,
    /// What keeps the broker out, when more specific rules say all of it; empty when LH201 has to speak.
    pub(super) causes: Vec<(Cause, &'j Condition)>,
}

/// Why this target refuses the broker; `None` when it does not, or when no statement comes near.
pub(super) fn refusal<'j>(judging: &'j Judging<'_>, target: Target<'j>) -> Option<Refusal<'j>> {
    let of_policy = || target.trust().into_iter().flat_map(|policy| statements::of(target, policy));
    let cause = |condition| Some((cause_of(judging, &target, condition)?, condition));
    match target.assume? {
        Verdict::DeniedExplicitly { statement, .. } => {
            let denies = |spot: &Spot<'_>| spot.statement.effect == Effect::Deny && spot.statement.label == *statement;
            let spot = of_policy().find(denies)?;
            let causes = spot.statement.conditions.iter().filter_map(cause).take(1).collect();
            Some(Refusal { spot, miss: None, causes })
        }
        Verdict::DeniedImplicitly { .. } => {
            let traces = judging.trace(&target, "sts:AssumeRole");
            let nearest = nearest_allow(&traces, Place::Resource)?;
            let own = traces.iter().filter(|it| it.place == Place::Resource);
            let (spot, _) = of_policy().zip(own).find(|(_, it)| std::ptr::eq(*it, nearest))?;
            let failing = || nearest.elements.iter().filter(|it| it.holds == Truth::False);
            let conditions = nearest.elements.iter().filter(|it| it.element == Element::Condition);
            let failed = conditions.zip(&spot.statement.conditions).filter(|(it, _)| it.holds == Truth::False);
            let causes: Vec<_> = failed.filter_map(|(_, condition)| cause(condition)).collect();
            let causes = if causes.len() == failing().count() { causes } else { Vec::new() };
            let miss = failing().next().cloned();
            Some(Refusal { spot, miss, causes })
        }
        Verdict::Allowed | Verdict::Depends(_) => None,
    }
}

/// Every target that this cause, alone or with others, keeps the broker out of.
pub(super) fn refused_by<'j>(
    judging: &'j Judging<'_>,
    cause: Cause,
) -> impl Iterator<Item = (Refusal<'j>, &'j Condition)> {
    judging.targets().filter_map(move |target| {
        let refusal = refusal(judging, target)?;
        let condition = refusal.causes.iter().find(|(it, _)| *it == cause)?.1;
        Some((refusal, condition))
    })
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
