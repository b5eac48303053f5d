//! How each statement was judged, element by element.

use super::condition::Condition;
use super::context::{Knowledge, Values};
use super::judge::{Side, action, holds, scope};
use super::naming::{Named, principal};
use super::policies::{Layer, NamedPolicy, Policies, ResourcePolicy};
use super::policy::Policy;
use super::request::Request;
use super::resource;
use super::statement::{Effect, Selector, Statement};
use super::truth::Truth;
use super::verdict::Place;

/// How one statement was judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementTrace {
    /// What its policy is to the request.
    pub place: Place,
    /// Its policy (hostile).
    pub policy: String,
    /// Its label (hostile).
    pub statement: String,
    /// What it does where it applies.
    pub effect: Effect,
    /// Its elements in the order in which they are asked; it applies when all hold.
    pub elements: Vec<ElementTrace>,
}

/// How one element of a statement was judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ElementTrace {
    /// Which.
    pub element: Element,
    /// Whether it holds.
    pub holds: Truth,
    /// What the policy says (hostile).
    pub wanted: String,
    /// What the request has, as far as it is known (hostile).
    pub found: String,
}

/// An element of a statement that decides whether it applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Element {
    /// `Principal` or `NotPrincipal`.
    Principal,
    /// `Action` or `NotAction`.
    Action,
    /// `Resource` or `NotResource`.
    Resource,
    /// One key of `Condition`.
    Condition,
}

impl Element {
    /// Its name in a policy.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Principal => "Principal",
            Self::Action => "Action",
            Self::Resource => "Resource",
            Self::Condition => "Condition",
        }
    }
}

impl StatementTrace {
    /// Whether the statement applies.
    #[must_use]
    pub fn applies(&self) -> Truth {
        self.elements.iter().fold(Truth::True, |all, it| all.and(it.holds))
    }

    /// The elements that do not hold, or not certainly.
    pub fn misses(&self) -> impl Iterator<Item = &ElementTrace> {
        self.elements.iter().filter(|it| it.holds != Truth::True)
    }

    /// How far it is from applying: elements that fail, then elements that are open, then how early the first is.
    fn distance(&self) -> (usize, usize, usize) {
        let count = |truth| self.elements.iter().filter(|it| it.holds == truth).count();
        let held = self.elements.iter().take_while(|it| it.holds == Truth::True).count();
        (count(Truth::False), count(Truth::Unknown), usize::MAX - held)
    }
}

/// Of the Allows of one place the one that comes nearest to applying; the first of several.
#[must_use]
pub fn nearest_allow(traces: &[StatementTrace], place: Place) -> Option<&StatementTrace> {
    let allows = traces.iter().filter(|it| it.place == place && it.effect == Effect::Allow);
    allows.min_by_key(|it| it.distance())
}

/// How every statement of every policy was judged, place by place.
///
/// [`super::evaluate()`] says what follows. Each element is judged for itself, also behind one that fails.
#[must_use]
pub fn trace(request: &Request<'_>, policies: &Policies<'_>) -> Vec<StatementTrace> {
    let Policies { identity, resource, boundary, session, scps, rcps } = policies;
    let mut traces = Vec::new();
    let mut add = |place, side, named: &[NamedPolicy<'_>]| {
        for NamedPolicy { name, policy } in named {
            traces.extend(policy.statements().iter().map(|statement| StatementTrace {
                place,
                policy: (*name).to_owned(),
                statement: statement.label.clone(),
                effect: statement.effect,
                elements: elements(policy, statement, request, side),
            }));
        }
    };
    scps.iter().for_each(|layer| add(Place::Scp, Side::Identity, read(layer)));
    rcps.iter().for_each(|layer| add(Place::Rcp, Side::Attached, read(layer)));
    match resource {
        ResourcePolicy::Trust(named) => add(Place::Resource, Side::Trust, &[*named]),
        ResourcePolicy::Attached(named) => add(Place::Resource, Side::Attached, &[*named]),
        ResourcePolicy::None | ResourcePolicy::UnreadTrust | ResourcePolicy::UnreadAttached => {}
    }
    for (place, layer) in [(Place::Identity, identity), (Place::Boundary, boundary), (Place::Session, session)] {
        add(place, Side::Identity, read(layer));
    }
    traces
}

fn read<'l, 'a>(layer: &'l Layer<'a>) -> &'l [NamedPolicy<'a>] {
    match layer {
        Layer::Read(named) => named,
        Layer::None | Layer::Assumed | Layer::Unread => &[],
    }
}

fn elements(policy: &Policy, statement: &Statement, request: &Request<'_>, side: Side) -> Vec<ElementTrace> {
    let scope = scope(policy, request);
    let mut elements = Vec::new();
    let mut add = |element, holds, wanted, found: &str| {
        elements.push(ElementTrace { element, holds, wanted, found: found.to_owned() });
    };
    if side != Side::Identity || statement.principal.is_some() {
        let holds = match principal(statement, request, side) {
            Named::No => Truth::False,
            Named::Yes(_) => Truth::True,
            Named::Maybe(..) => Truth::Unknown,
        };
        let wanted = statement.principal.as_ref().map_or_else(String::new, |it| listed(it, |entry| entry.text()));
        let caller = &request.caller;
        add(Element::Principal, holds, wanted, caller.session_arn.unwrap_or(caller.principal_arn));
    }
    let (holds_action, _) = action(statement, request.action);
    add(Element::Action, holds_action, listed(&statement.action, |it| it.as_str().to_owned()), request.action);
    if side != Side::Trust {
        let (holds, _) = resource::applies(statement, request.resource, &scope, side);
        let wanted = statement.resource.as_ref().map_or_else(String::new, |it| listed(it, Clone::clone));
        add(Element::Resource, holds, wanted, request.resource.unwrap_or("not known"));
    }
    for condition in &statement.conditions {
        let found = request.context.map(|_| told(condition, &scope.knowledge(&condition.key)));
        add(
            Element::Condition,
            holds(condition, request, &scope),
            condition.line(),
            &found.unwrap_or_else(|| "not known".to_owned()),
        );
    }
    elements
}

fn listed<T>(selector: &Selector<T>, text: impl Fn(&T) -> String) -> String {
    let entries = selector.entries().iter().map(text).collect::<Vec<_>>().join(" or ");
    match selector {
        Selector::Only(_) => entries,
        Selector::Except(_) => format!("anything but {entries}"),
    }
}

/// `sts:ExternalId is "x"`, `… is absent`, …
fn told(condition: &Condition, knowledge: &Knowledge) -> String {
    let key = &condition.key;
    let values = match &knowledge.values {
        Values::Known(values) => values.iter().map(|value| format!("\"{value}\"")).collect::<Vec<_>>().join(" and "),
        Values::Like(form) => format!("\"{form}\""),
        Values::Unknown if knowledge.present == Truth::True => "present".to_owned(),
        Values::Unknown => "not known".to_owned(),
    };
    match knowledge.present {
        Truth::False => format!("{key} is absent"),
        Truth::True => format!("{key} is {values}"),
        Truth::Unknown if knowledge.values == Values::Unknown => format!("{key} is not known"),
        Truth::Unknown => format!("{key} is {values}, or absent"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::iam::{Caller, Context, Template};

    fn parse(text: &str) -> Policy {
        Policy::parse(text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    #[test]
    fn each_element_says_what_was_wanted_and_what_was_found() {
        let trust = parse(
            r#"{"Statement": [
                {"Sid": "Other", "Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "sts:TagSession"},
                {"Sid": "Near", "Effect": "Allow", "Principal": {"AWS": ["111122223333"]}, "Action": "sts:AssumeRole",
                 "Condition": {"StringEquals": {"sts:ExternalId": "x", "aws:SourceVpc": "v"},
                               "StringLike": {"sts:RoleSessionName": "ci-*"}, "Null": {"aws:SourceIp": "true"}}}]}"#,
        );
        let identity = parse(r#"{"Statement": {"Effect": "Deny", "NotAction": "s3:*", "Resource": ["b", "c"]}}"#);
        let caller = Caller {
            partition: "aws",
            account: "111122223333",
            principal_arn: "arn:aws:iam::111122223333:user/Runner",
            session_arn: None,
            unique_id: None,
        };
        let context = Context::open()
            .with("sts:externalid", Knowledge::ABSENT)
            .with("aws:SourceVpc", Knowledge::is("v").perhaps())
            .with("sts:RoleSessionName", Knowledge::like(Template::new("ci-", 1, "-x")));
        let target = "arn:aws:iam::111122223333:role/Target";
        let request = Request::new(caller, "sts:AssumeRole").on(target).within(&context);
        let policies = Policies {
            identity: Layer::Read(vec![NamedPolicy { name: "I", policy: &identity }]),
            resource: ResourcePolicy::Trust(NamedPolicy { name: "T", policy: &trust }),
            ..Policies::default()
        };
        let traces = trace(&request, &policies);
        let lines: Vec<String> = traces
            .iter()
            .flat_map(|it| it.elements.iter().map(move |element| (it, element)))
            .map(|(it, ElementTrace { element, holds, wanted, found })| {
                format!("{} {} {holds:?}: {wanted}; {found}", it.statement, element.as_str())
            })
            .collect();
        assert_eq!(
            lines,
            [
                "Other Principal False: 444455556666; arn:aws:iam::111122223333:user/Runner",
                "Other Action False: sts:TagSession; sts:AssumeRole",
                "Near Principal True: 111122223333; arn:aws:iam::111122223333:user/Runner",
                "Near Action True: sts:AssumeRole; sts:AssumeRole",
                r#"Near Condition Unknown: Null aws:SourceIp "true"; aws:SourceIp is not known"#,
                r#"Near Condition Unknown: StringEquals aws:SourceVpc "v"; aws:SourceVpc is "v", or absent"#,
                r#"Near Condition False: StringEquals sts:ExternalId "x"; sts:ExternalId is absent"#,
                r#"Near Condition True: StringLike sts:RoleSessionName "ci-*"; sts:RoleSessionName is "ci-…-x""#,
                "#1 Action True: anything but s3:*; sts:AssumeRole",
                "#1 Resource False: b or c; arn:aws:iam::111122223333:role/Target",
            ]
        );
        let near = nearest_allow(&traces, Place::Resource).expect("two Allows");
        assert_eq!((near.statement.as_str(), near.applies(), near.misses().count()), ("Near", Truth::False, 3));
        assert!(nearest_allow(&traces, Place::Identity).is_none());
    }
}
