//! What the evaluator says about one action, as JSON: the verdict, what it hangs on, and how it came about.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::iam::{self, Truth};

/// What was found out about one action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// The action.
    pub action: String,
    /// The verdict. It is certain unless it is `depends`: no value of what is not known would change it.
    pub verdict: Verdict,
    /// The statement that denies; with `denied-explicitly` alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denied_by: Option<StatementRef>,
    /// The places that do not allow what they must; with `denied-implicitly` alone. Empty when each could allow, but no
    /// request satisfies all of them together and none of the Denys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lacking: Option<Vec<Place>>,
    /// It is allowed exactly when this holds; with `depends` alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub depends_on: Option<Tree>,
    /// The verdict's reason, for people.
    pub lines: Vec<String>,
    /// What the verdict rests on that is not in the policies given.
    pub caveats: Vec<Caveat>,
    /// How each statement was judged, place by place.
    pub trace: Vec<StatementTrace>,
}

/// What AWS answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Allowed.
    Allowed,
    /// A statement denies it.
    DeniedExplicitly,
    /// Not everything that must allow it does.
    DeniedImplicitly,
    /// What is not known decides.
    Depends,
}

/// What a policy is to a request; the words are those of the request's `policies`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// A service control policy of the caller's account.
    Scp,
    /// A resource control policy of the resource's account.
    Rcp,
    /// The trust policy of the role, or the policy of another resource.
    Resource,
    /// A policy of the caller.
    Identity,
    /// The caller's permissions boundary.
    Boundary,
    /// A policy of the caller's session.
    Session,
}

/// Names one statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatementRef {
    /// What its policy is to the request.
    pub place: Place,
    /// Its policy.
    pub policy: String,
    /// Its `Sid`, else `#` and its position from 1.
    pub statement: String,
}

/// What must hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Tree {
    /// Every part.
    All(Vec<Tree>),
    /// Some part.
    Any(Vec<Tree>),
    /// Not the part.
    Not(Box<Tree>),
    /// A statement applies.
    Statement(TreeStatement),
    /// A policy that could not be read allows it.
    Unread(Place),
}

/// A statement that could apply: it does when everything in `open` holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TreeStatement {
    /// What its policy is to the request.
    pub place: Place,
    /// Its policy.
    pub policy: String,
    /// Its `Sid`, else `#` and its position from 1.
    pub statement: String,
    /// `Allow` or `Deny`.
    pub effect: String,
    /// Whether it names the caller by its account alone.
    pub by_account: bool,
    /// What is not known.
    pub open: Vec<Open>,
}

/// One thing that is not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Open {
    /// Whether the principal, as written, is the caller, and why that is not known.
    Principal {
        /// As written; empty when the statement has none.
        written: String,
        /// Why it is not known.
        why: String,
    },
    /// Whether the action, as written and malformed, is the one asked for.
    Action(String),
    /// Whether the resource, as written, is the one asked for; empty when the statement has none, or excludes some.
    Resource(String),
    /// Whether the condition holds.
    Condition(Condition),
}

/// One key of a `Condition`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// The operator as written.
    pub operator: String,
    /// The key as written.
    pub key: String,
    /// The values that are still in question.
    pub values: Vec<String>,
}

/// Something a verdict rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Caveat {
    /// Which kind.
    pub kind: CaveatKind,
    /// Policies of which place.
    pub place: Place,
    /// The same for people.
    pub text: String,
}

/// Kinds of caveats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CaveatKind {
    /// The policies were assumed not to limit, and could still deny.
    SubjectTo,
    /// AWS's pages differ on whether this limits a caller that the trust policy names itself; it is taken to.
    StrictReading,
}

/// How one statement was judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatementTrace {
    /// What its policy is to the request.
    pub place: Place,
    /// Its policy.
    pub policy: String,
    /// Its `Sid`, else `#` and its position from 1.
    pub statement: String,
    /// `Allow` or `Deny`.
    pub effect: String,
    /// Whether it applies: whether all elements hold.
    pub applies: Holds,
    /// Its elements in the order in which they are asked.
    pub elements: Vec<ElementTrace>,
}

/// How one element of a statement was judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ElementTrace {
    /// `Principal`, `Action`, `Resource` or `Condition`.
    pub element: String,
    /// What the policy says.
    pub wanted: String,
    /// What the request has, as far as it is known.
    pub found: String,
    /// Whether it holds.
    pub holds: Holds,
}

/// Whether something holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Holds {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// It hangs on what is not known.
    Unknown,
}

impl From<&iam::Outcome> for Outcome {
    fn from(outcome: &iam::Outcome) -> Self {
        let iam::Outcome { action, evaluation: iam::Evaluation { verdict, caveats }, trace } = outcome;
        let mut out = Self {
            action: action.clone(),
            verdict: Verdict::Allowed,
            denied_by: None,
            lacking: None,
            depends_on: None,
            lines: Vec::new(),
            caveats: caveats.iter().map(Caveat::from).collect(),
            trace: trace.iter().map(StatementTrace::from).collect(),
        };
        match verdict {
            iam::Verdict::Allowed => {}
            iam::Verdict::DeniedExplicitly { place, policy, statement } => {
                out.verdict = Verdict::DeniedExplicitly;
                out.lines = vec![format!("{} {policy}: Deny {statement} applies", place.as_str())];
                let (policy, statement) = (policy.clone(), statement.clone());
                out.denied_by = Some(StatementRef { place: (*place).into(), policy, statement });
            }
            iam::Verdict::DeniedImplicitly { lacking } => {
                out.verdict = Verdict::DeniedImplicitly;
                out.lines = lacking.iter().map(|place| format!("no {} allows it", place.as_str())).collect();
                if lacking.is_empty() {
                    out.lines.push("no request can satisfy all that must allow it and none of the Denys".to_owned());
                }
                out.lacking = Some(lacking.iter().map(|place| (*place).into()).collect());
            }
            iam::Verdict::Depends(tree) => {
                out.verdict = Verdict::Depends;
                out.lines = tree.lines();
                out.depends_on = Some(tree.into());
            }
        }
        out
    }
}

impl From<iam::Place> for Place {
    fn from(place: iam::Place) -> Self {
        match place {
            iam::Place::Scp => Self::Scp,
            iam::Place::Rcp => Self::Rcp,
            iam::Place::Resource => Self::Resource,
            iam::Place::Identity => Self::Identity,
            iam::Place::Boundary => Self::Boundary,
            iam::Place::Session => Self::Session,
        }
    }
}

impl Place {
    /// What it is called in texts.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Scp => iam::Place::Scp,
            Self::Rcp => iam::Place::Rcp,
            Self::Resource => iam::Place::Resource,
            Self::Identity => iam::Place::Identity,
            Self::Boundary => iam::Place::Boundary,
            Self::Session => iam::Place::Session,
        }
        .as_str()
    }
}

impl From<Truth> for Holds {
    fn from(truth: Truth) -> Self {
        match truth {
            Truth::True => Self::Yes,
            Truth::False => Self::No,
            Truth::Unknown => Self::Unknown,
        }
    }
}

impl From<&iam::Tree> for Tree {
    fn from(tree: &iam::Tree) -> Self {
        match tree {
            iam::Tree::All(parts) => Self::All(parts.iter().map(Self::from).collect()),
            iam::Tree::Any(parts) => Self::Any(parts.iter().map(Self::from).collect()),
            iam::Tree::Not(part) => Self::Not(Box::new(part.as_ref().into())),
            iam::Tree::Unread(place) => Self::Unread((*place).into()),
            iam::Tree::Statement { place, policy, clause } => {
                let iam::Clause { statement, effect, delegated, open } = clause;
                Self::Statement(TreeStatement {
                    place: (*place).into(),
                    policy: policy.clone(),
                    statement: statement.clone(),
                    effect: effect.as_str().to_owned(),
                    by_account: *delegated,
                    open: open.iter().map(Open::from).collect(),
                })
            }
        }
    }
}

impl From<&iam::Open> for Open {
    fn from(open: &iam::Open) -> Self {
        match open {
            iam::Open::Principal { written, why } => {
                Self::Principal { written: written.clone(), why: (*why).to_owned() }
            }
            iam::Open::Action { written } => Self::Action(written.clone()),
            iam::Open::Resource { written } => Self::Resource(written.clone()),
            iam::Open::Condition(iam::Condition { operator, key, values }) => Self::Condition(Condition {
                operator: operator.written.clone(),
                key: key.clone(),
                values: values.clone(),
            }),
        }
    }
}

impl From<&iam::Caveat> for Caveat {
    fn from(caveat: &iam::Caveat) -> Self {
        let (kind, place, text) = match caveat {
            iam::Caveat::SubjectTo(place) => {
                (CaveatKind::SubjectTo, place, "was assumed not to limit, and could still deny")
            }
            iam::Caveat::StrictReading(place) => (
                CaveatKind::StrictReading,
                place,
                "is taken to limit a caller whom the trust policy names itself; AWS's pages differ on it",
            ),
        };
        Self { kind, place: (*place).into(), text: format!("the {} {text}", place.as_str()) }
    }
}

impl From<&iam::StatementTrace> for StatementTrace {
    fn from(trace: &iam::StatementTrace) -> Self {
        let iam::StatementTrace { place, policy, statement, effect, elements } = trace;
        Self {
            place: (*place).into(),
            policy: policy.clone(),
            statement: statement.clone(),
            effect: effect.as_str().to_owned(),
            applies: trace.applies().into(),
            elements: elements.iter().map(ElementTrace::from).collect(),
        }
    }
}

impl From<&iam::ElementTrace> for ElementTrace {
    fn from(trace: &iam::ElementTrace) -> Self {
        let iam::ElementTrace { element, holds, wanted, found } = trace;
        Self {
            element: element.as_str().to_owned(),
            wanted: wanted.clone(),
            found: found.clone(),
            holds: (*holds).into(),
        }
    }
}
