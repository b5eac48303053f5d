//! IAM's policy language: reading, canonical form, and what a trust policy says to one caller.
//!
//! Reading ([`Policy::parse`]) refuses what AWS refuses and keeps what AWS keeps: what is legal but odd is read, told
//! in [`Policy::notes`], and judged so that it never allows anything by itself. Judging is three-valued: what is not
//! known stays unknown, and ends in [`Decision::Depends`] or [`Verdict::Depends`] with the conditions that decide.
//!
//! [`decide_trust`] asks one trust policy. [`evaluate()`] asks all policies that a request meets, and [`trace()`] tells how
//! each statement was judged. What is known of the request's condition keys is a [`Context`].

mod canonical;
mod condition;
mod context;
mod decision;
mod evaluate;
mod json;
mod judge;
#[cfg(test)]
mod laws;
mod naming;
mod note;
mod outcome;
mod pattern;
mod policies;
mod policy;
mod principal;
mod request;
mod resource;
mod shape;
mod solve;
mod statement;
mod trace;
mod tree;
mod trust;
mod truth;
mod verdict;

pub use canonical::canonical;
pub use condition::{Condition, Known, Operator, Quantifier, Test};
pub use context::{
    Arity, AssumeRole, Broker, Carried, Context, KEYS, Key, Knowledge, Session, Template, Values, arity, documented,
};
pub use decision::{Clause, Decision, Open, Residual, TrustDecision};
pub use evaluate::evaluate;
pub use note::{NoteKind, PolicyNote};
pub use outcome::Outcome;
pub use pattern::{ActionPattern, wildcard_match};
pub use policies::{Layer, NamedPolicy, Policies, ResourcePolicy};
pub use policy::{Policy, PolicyError, Version};
pub use principal::Principal;
pub use request::{Caller, Request};
pub use statement::{Effect, Selector, Statement};
pub use trace::{Element, ElementTrace, StatementTrace, nearest_allow, trace};
pub use tree::Tree;
pub use trust::{decide_trust, evaluate_trust};
pub use truth::Truth;
pub use verdict::{Caveat, Evaluation, Place, Verdict};
