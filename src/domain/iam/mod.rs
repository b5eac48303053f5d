//! IAM's policy language: reading, canonical form, and what a trust policy says to one caller.

mod canonical;
mod decision;
mod policy;
mod trust;

pub use canonical::canonical;
pub use decision::{Decision, Residual};
pub use policy::{Policy, PolicyError};
pub use trust::{Caller, evaluate_trust};
