//! For people at a terminal. This text may change with any version; machines read the JSON forms.

mod applied;
mod audit;
mod base;
mod diff;
mod drift;
mod failure;
#[cfg(test)]
mod hostile;
mod ink;
mod lease;
mod outcome;
mod plan;
mod problem;
mod rule;
mod simulation;
mod sweep;
#[cfg(test)]
mod tests;
mod why;

pub use applied::applied;
pub use audit::{audit_event, audit_events, audit_verification};
pub use drift::drift;
pub use failure::failure;
pub use lease::{credential_summary, lease, leases};
pub use plan::{plan, plan_in_hand};
pub use problem::problems;
pub use rule::{RuleLine, rule_page, rules};
pub use simulation::simulation;
pub use sweep::{progress, revoked, sweep};
pub use why::why;
