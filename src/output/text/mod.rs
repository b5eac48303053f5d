//! For people at a terminal. This text may change with any version; machines read the JSON forms.

mod applied;
mod base;
mod diff;
mod failure;
#[cfg(test)]
mod hostile;
mod ink;
mod lease;
mod plan;
mod problem;
mod rule;
#[cfg(test)]
mod tests;

pub use applied::applied;
pub use failure::failure;
pub use lease::{credential_summary, lease, leases};
pub use plan::{plan, plan_in_hand};
pub use problem::problems;
pub use rule::{RuleLine, rule_page, rules};
