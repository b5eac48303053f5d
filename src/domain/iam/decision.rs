use super::condition::Condition;
use super::statement::Effect;

/// What a policy says to one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Some statement allows it and none denies it.
    Allowed,
    /// A statement denies it, whatever else is said.
    DeniedExplicitly {
        /// The statement's `Sid`, else its position (`#2`, from 1).
        statement: String,
    },
    /// No statement allows it.
    DeniedImplicitly,
    /// It hangs on what is not known before the request is made.
    Depends(Residual),
}

/// What a trust policy says to one request, and whether that is enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustDecision {
    /// What it says.
    pub decision: Decision,
    /// Whether all that allows (or could allow) does so by naming the caller's account: then the caller's own identity
    /// policy must allow the call too, even in the same account. Across accounts it always must. `false` when denied.
    pub delegated: bool,
}

/// What a decision hangs on: it is allowed when one of `allow` holds (or `allow` is empty: a statement allows already)
/// and none of `deny` holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Residual {
    /// Statements that could allow; empty when one does without condition.
    pub allow: Vec<Clause>,
    /// Statements that could deny.
    pub deny: Vec<Clause>,
}

/// A statement that could decide: it does when everything in `open` holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    /// The statement's `Sid`, else its position (`#2`, from 1).
    pub statement: String,
    /// Its effect.
    pub effect: Effect,
    /// Whether it matches the caller by its account alone.
    pub delegated: bool,
    /// What is not known; never empty.
    pub open: Vec<Open>,
}

/// One thing that is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Open {
    /// Whether the statement's principal is the caller.
    Principal {
        /// The principal as written (hostile); empty when the statement has none.
        written: String,
        /// Why it is not known, one clause.
        why: &'static str,
    },
    /// Whether the statement's action is the one asked for: it is malformed.
    Action {
        /// The action as written (hostile).
        written: String,
    },
    /// Whether the statement's resource is the one asked for.
    Resource {
        /// The resource as written (hostile); empty when the statement has none, or excludes some.
        written: String,
    },
    /// Whether this condition holds.
    Condition(Condition),
}

impl Residual {
    /// One line for each thing that is not known, the allowing statements first. Parts are as written in the policy:
    /// escape the lines before printing them.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.allow.iter().chain(&self.deny).map(Clause::line).collect()
    }
}

impl Clause {
    /// `Allow #1 if StringEquals sts:ExternalId "a" or "b", and …`; not escaped.
    #[must_use]
    pub fn line(&self) -> String {
        let open: Vec<String> = self.open.iter().map(Open::line).collect();
        format!("{} {} if {}", self.effect.as_str(), self.statement, open.join(", and "))
    }
}

impl Open {
    /// The thing that is not known, as a clause; not escaped.
    #[must_use]
    pub fn line(&self) -> String {
        match self {
            Self::Principal { written, why } if written.is_empty() => format!("its principal is the caller ({why})"),
            Self::Principal { written, why } => format!("the principal {written} is the caller ({why})"),
            Self::Action { written } => format!("the malformed action \"{written}\" is the one asked for"),
            Self::Resource { written } if written.is_empty() => "its resource is the one asked for".to_owned(),
            Self::Resource { written } => format!("the resource {written} is the one asked for"),
            Self::Condition(condition) => condition.line(),
        }
    }
}
