use super::decision::{Clause, Decision, Open, Residual, TrustDecision};
use super::pattern::{ActionPattern, wildcard_match};
use super::policy::Policy;
use super::principal::Principal;
use super::request::{Caller, Request};
use super::statement::{Effect, Selector, Statement};
use super::truth::Truth;

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
        match (statement.effect, judge(statement, request)) {
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

/// How a principal names the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Via {
    /// By its account, which must let it too.
    Account,
    /// Itself, or everyone.
    Direct,
}

enum Judged {
    No,
    Yes(Via),
    Maybe(Clause),
}

fn judge(statement: &Statement, request: &Request<'_>) -> Judged {
    let mut open = Vec::new();
    let via = match principal(statement, &request.caller) {
        Named::No => return Judged::No,
        Named::Yes(via) => via,
        Named::Maybe(unknown) => {
            open.push(unknown);
            Via::Direct
        }
    };
    match action(statement, request.action) {
        (Truth::False, _) => return Judged::No,
        (Truth::True, _) => {}
        (Truth::Unknown, written) => open.push(Open::Action { written }),
    }
    // Nothing is known of the request's context: every condition is open.
    open.extend(statement.conditions.iter().cloned().map(Open::Condition));
    if open.is_empty() {
        return Judged::Yes(via);
    }
    Judged::Maybe(Clause {
        statement: statement.label.clone(),
        effect: statement.effect,
        delegated: via == Via::Account,
        open,
    })
}

fn action(statement: &Statement, action: &str) -> (Truth, String) {
    let best = |patterns: &[ActionPattern]| {
        let mut best = (Truth::False, String::new());
        for pattern in patterns {
            match pattern.matches(action) {
                Truth::True => return (Truth::True, String::new()),
                Truth::Unknown if best.0 == Truth::False => best = (Truth::Unknown, pattern.as_str().to_owned()),
                Truth::Unknown | Truth::False => {}
            }
        }
        best
    };
    match &statement.action {
        Selector::Only(patterns) => match (best(patterns), statement.effect) {
            ((Truth::Unknown, _), Effect::Allow) => (Truth::False, String::new()),
            (found, _) => found,
        },
        // An empty `NotAction` would be "everything": too much to believe of what AWS refuses.
        Selector::Except(patterns) if patterns.is_empty() => (Truth::Unknown, String::new()),
        Selector::Except(patterns) => {
            let (truth, written) = best(patterns);
            (!truth, written)
        }
    }
}

enum Named {
    No,
    Yes(Via),
    Maybe(Open),
}

fn principal(statement: &Statement, caller: &Caller<'_>) -> Named {
    let entries = match &statement.principal {
        Some(Selector::Only(entries)) => entries,
        Some(Selector::Except(_)) => {
            return maybe(String::new(), "NotPrincipal has no defined meaning in a trust policy");
        }
        None => return maybe(String::new(), "a trust policy's statement must have one"),
    };
    let mut best = Named::No;
    for entry in entries {
        match (&best, named(entry, statement.effect, caller)) {
            (_, Named::Yes(Via::Direct)) => return Named::Yes(Via::Direct),
            (_, yes @ Named::Yes(_)) => best = yes,
            (Named::No, open @ Named::Maybe(_)) => best = open,
            _ => {}
        }
    }
    best
}

fn maybe(written: String, why: &'static str) -> Named {
    Named::Maybe(Open::Principal { written, why })
}

fn named(entry: &Principal, effect: Effect, caller: &Caller<'_>) -> Named {
    let direct = |matches: bool| if matches { Named::Yes(Via::Direct) } else { Named::No };
    // What AWS refuses to store matches nobody, but a Deny that may have meant the caller is not waved through.
    let refused = |text: &str, meant: bool| match effect {
        Effect::Deny if meant => maybe(text.to_owned(), "AWS refuses such a principal"),
        Effect::Deny | Effect::Allow => Named::No,
    };
    match entry {
        Principal::Anyone => Named::Yes(Via::Direct),
        Principal::Account { account, .. } if account != caller.account => Named::No,
        Principal::Account { partition, .. } => match partition.as_deref() {
            Some("aws") | None if caller.partition == "aws" => Named::Yes(Via::Account),
            // The two forms have one canonical form, so both must say the same here.
            Some("aws") | None => maybe(entry.text(), "an account id does not tell its partition"),
            Some(partition) if partition == caller.partition => Named::Yes(Via::Account),
            Some(_) => Named::No,
        },
        Principal::Role(arn) | Principal::User(arn) => direct(arn == caller.principal_arn),
        Principal::Session { arn, stem } => match caller.session_arn {
            Some(session) => direct(arn == session),
            None if is_role_of_session(&arn[..*stem], caller) => maybe(arn.clone(), "the session's name is not known"),
            None => Named::No,
        },
        Principal::UniqueId(id) => match caller.unique_id {
            Some(known) => direct(id == known),
            None => {
                let kind = caller.kind_and_name().map(|(kind, _)| kind);
                let other_kind = matches!((kind, id.starts_with("AROA")), (Some("role"), false) | (Some("user"), true));
                if other_kind { Named::No } else { maybe(id.clone(), "the caller's unique id is not known") }
            }
        },
        Principal::Wildcard(text) => {
            let meant = |arn: &str| wildcard_match(text, arn, false);
            refused(text, meant(caller.principal_arn) || caller.session_arn.is_some_and(meant))
        }
        Principal::Unrecognized(text) => refused(text, true),
        Principal::FederatedUser(_) | Principal::Service(_) | Principal::Federated(_) | Principal::CanonicalUser(_) => {
            Named::No
        }
    }
}

/// Whether `stem` (`arn:<partition>:sts::<account>:assumed-role/<role>/`) is that of the caller's sessions. A session's
/// ARN has the role's name without its path.
fn is_role_of_session(stem: &str, caller: &Caller<'_>) -> bool {
    let Some(("role", name)) = caller.kind_and_name() else { return false };
    let mut parts = stem.splitn(6, ':').skip(1);
    let (partition, account, resource) = (parts.next(), parts.nth(2), parts.next());
    partition == Some(caller.partition)
        && account == Some(caller.account)
        && resource.and_then(|it| it.strip_prefix("assumed-role/")).and_then(|it| it.strip_suffix('/')) == Some(name)
}

#[cfg(test)]
mod tests;
