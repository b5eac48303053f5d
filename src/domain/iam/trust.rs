use super::decision::{Decision, Residual, TrustDecision};
use super::judge::{Judged, Side, judge};
use super::naming::Via;
use super::policy::Policy;
use super::request::{Caller, Request};
use super::statement::Effect;

/// What a role's trust policy says when `caller` asks for `action`, nothing else being known of the request.
#[must_use]
pub fn evaluate_trust(policy: &Policy, caller: &Caller<'_>, action: &str) -> Decision {
    decide_trust(policy, &Request::new(*caller, action)).decision
}

/// What a role's trust policy says to `request`.
///
/// A Deny that certainly matches decides. Else, when an Allow certainly matches and no Deny could, it is allowed. Else,
/// when some Allow could match, it depends. Else it is denied implicitly. What AWS would refuse to store never helps to
/// allow: in an Allow it does not match, in a Deny it may.
#[must_use]
pub fn decide_trust(policy: &Policy, request: &Request<'_>) -> TrustDecision {
    let denied = |decision| TrustDecision { decision, delegated: false };
    let mut allowed: Option<Via> = None;
    let (mut allow, mut deny) = (Vec::new(), Vec::new());
    for statement in policy.statements() {
        match (statement.effect, judge(policy, statement, request, Side::Trust)) {
            (_, Judged::No) => {}
            (Effect::Deny, Judged::Yes(_)) => {
                return denied(Decision::DeniedExplicitly { statement: statement.label.clone() });
            }
            (Effect::Allow, Judged::Yes(via)) => allowed = allowed.max(Some(via)),
            (Effect::Allow, Judged::Maybe(clause)) => allow.push(clause),
            (Effect::Deny, Judged::Maybe(clause)) => deny.push(clause),
        }
    }
    match allowed {
        None if allow.is_empty() => denied(Decision::DeniedImplicitly),
        None => {
            let delegated = allow.iter().all(|clause| clause.delegated);
            TrustDecision { decision: Decision::Depends(Residual { allow, deny }), delegated }
        }
        Some(via) => {
            let delegated = via == Via::Account;
            if deny.is_empty() {
                return TrustDecision { decision: Decision::Allowed, delegated };
            }
            TrustDecision { decision: Decision::Depends(Residual { allow: Vec::new(), deny }), delegated }
        }
    }
}

#[cfg(test)]
mod tests;
