//! What the evaluator says, as JSON.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::iam;

/// What all policies together say to one request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "decision", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Verdict {
    /// Allowed, whatever is still unknown.
    Allowed,
    /// A statement denies it, whatever is still unknown.
    DeniedExplicitly {
        /// What the policy is to the request: `identity policy`, `permissions boundary`, ….
        place: String,
        /// The policy's name.
        policy: String,
        /// The statement's `Sid`, else its position (`#2`, from 1).
        statement: String,
    },
    /// Not allowed, whatever is still unknown.
    DeniedImplicitly {
        /// The places that do not allow what they must. Empty when each could, but no request satisfies all of them.
        lacking: Vec<String>,
    },
    /// Allowed exactly when this holds.
    Depends {
        /// What must hold.
        residual: Tree,
        /// The same for people, one line a part, parts of parts indented.
        lines: Vec<String>,
    },
}

/// What must hold for a request to be allowed; nothing in it is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Tree {
    /// Every part holds.
    All(Vec<Tree>),
    /// Some part holds.
    Any(Vec<Tree>),
    /// The part, a Deny, does not hold.
    Not(Box<Tree>),
    /// A statement applies: everything that is open of it holds.
    Statement {
        /// What the policy is to the request.
        place: String,
        /// The policy's name.
        policy: String,
        /// The statement's `Sid`, else its position.
        statement: String,
        /// `Allow` or `Deny`.
        effect: String,
        /// What is not known, one clause each.
        open: Vec<String>,
    },
    /// A policy that could not be read lets it.
    Unread {
        /// What the policy is to the request.
        place: String,
    },
}

/// How one statement was judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatementTrace {
    /// What its policy is to the request.
    pub place: String,
    /// The policy's name.
    pub policy: String,
    /// The statement's `Sid`, else its position.
    pub statement: String,
    /// `Allow` or `Deny`.
    pub effect: String,
    /// Whether it applies.
    pub applies: Truth,
    /// Its elements in the order in which they are asked; it applies when all hold.
    pub elements: Vec<ElementTrace>,
}

/// How one element of a statement was judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ElementTrace {
    /// `Principal`, `Action`, `Resource` or `Condition`.
    pub element: String,
    /// Whether it holds.
    pub holds: Truth,
    /// What the policy says.
    pub wanted: String,
    /// What the request has, as far as it is known.
    pub found: String,
}

/// Kleene's three truth values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Truth {
    /// It holds, whatever is still unknown.
    True,
    /// It does not hold, whatever is still unknown.
    False,
    /// It hangs on what is not known.
    Unknown,
}

impl From<&iam::Verdict> for Verdict {
    fn from(verdict: &iam::Verdict) -> Self {
        match verdict {
            iam::Verdict::Allowed => Self::Allowed,
            iam::Verdict::DeniedExplicitly { place, policy, statement } => Self::DeniedExplicitly {
                place: place.as_str().to_owned(),
                policy: policy.clone(),
                statement: statement.clone(),
            },
            iam::Verdict::DeniedImplicitly { lacking } => {
                Self::DeniedImplicitly { lacking: lacking.iter().map(|place| place.as_str().to_owned()).collect() }
            }
            iam::Verdict::Depends(tree) => Self::Depends { residual: tree.into(), lines: tree.lines() },
        }
    }
}

impl From<&iam::Tree> for Tree {
    fn from(tree: &iam::Tree) -> Self {
        match tree {
            iam::Tree::All(parts) => Self::All(parts.iter().map(Self::from).collect()),
            iam::Tree::Any(parts) => Self::Any(parts.iter().map(Self::from).collect()),
            iam::Tree::Not(part) => Self::Not(Box::new(part.as_ref().into())),
            iam::Tree::Statement { place, policy, clause } => Self::Statement {
                place: place.as_str().to_owned(),
                policy: policy.clone(),
                statement: clause.statement.clone(),
                effect: clause.effect.as_str().to_owned(),
                open: clause.open.iter().map(iam::Open::line).collect(),
            },
            iam::Tree::Unread(place) => Self::Unread { place: place.as_str().to_owned() },
        }
    }
}

impl From<&iam::StatementTrace> for StatementTrace {
    fn from(trace: &iam::StatementTrace) -> Self {
        let iam::StatementTrace { place, policy, statement, effect, elements } = trace;
        Self {
            place: place.as_str().to_owned(),
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
            holds: (*holds).into(),
            wanted: wanted.clone(),
            found: found.clone(),
        }
    }
}

impl From<iam::Truth> for Truth {
    fn from(truth: iam::Truth) -> Self {
        match truth {
            iam::Truth::True => Self::True,
            iam::Truth::False => Self::False,
            iam::Truth::Unknown => Self::Unknown,
        }
    }
}
