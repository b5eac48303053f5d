//! Whether a statement applies to a request.

use super::condition::{Condition, Scope};
use super::context::OPEN;
use super::decision::{Clause, Open};
use super::naming::{Named, Via, principal};
use super::pattern::ActionPattern;
use super::policy::{Policy, Version};
use super::request::Request;
use super::resource;
use super::statement::{Effect, Selector, Statement};
use super::truth::Truth;

/// What a policy is to a request, which decides the elements that count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// The trust policy of the role that is asked for: names principals; its resource is the role.
    Trust,
    /// The policy of any other resource: names principals and resources.
    Attached,
    /// A policy of the caller, or a limit on it: names resources.
    Identity,
}

/// Whether a statement applies.
#[derive(Debug)]
pub(super) enum Judged {
    No,
    Yes(Via),
    Maybe(Clause),
}

/// Where the conditions and resources of a policy are judged.
pub(super) fn scope<'a>(policy: &Policy, request: &Request<'a>) -> Scope<'a> {
    let variables = policy.version() == Some(Version::V2012);
    Scope { context: request.context.unwrap_or(&OPEN), action: request.action, variables }
}

/// Judges one statement of `policy`.
pub(super) fn judge(policy: &Policy, statement: &Statement, request: &Request<'_>, side: Side) -> Judged {
    let mut open = Vec::new();
    let via = match principal(statement, request, side) {
        Named::No => return Judged::No,
        Named::Yes(via) => via,
        Named::Maybe(via, unknown) => {
            open.push(unknown);
            via
        }
    };
    match action(statement, request.action) {
        (Truth::False, _) => return Judged::No,
        (Truth::True, _) => {}
        (Truth::Unknown, written) => open.push(Open::Action { written }),
    }
    let scope = scope(policy, request);
    match resource::applies(statement, request.resource, &scope, side) {
        (Truth::False, _) => return Judged::No,
        (Truth::True, _) => {}
        (Truth::Unknown, written) => open.push(Open::Resource { written }),
    }
    for condition in &statement.conditions {
        match holds(condition, request, &scope) {
            Truth::False => return Judged::No,
            Truth::True => {}
            Truth::Unknown if request.context.is_none() => open.push(Open::Condition(condition.clone())),
            Truth::Unknown => open.push(Open::Condition(condition.narrowed(&scope))),
        }
    }
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

/// Whether one condition holds. Without a context nothing is known, not even what cannot hold at all.
pub(super) fn holds(condition: &Condition, request: &Request<'_>, scope: &Scope<'_>) -> Truth {
    if request.context.is_some() { condition.holds(scope) } else { Truth::Unknown }
}

/// Whether the statement is about the action; if that is not known, because of which entry.
pub(super) fn action(statement: &Statement, action: &str) -> (Truth, String) {
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
