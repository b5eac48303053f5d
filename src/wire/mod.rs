//! Text forms.
//!
//! Every form that leaves the process, or comes back into it, has a type of its own here with a version in its name:
//! nothing of the domain is serialised as it stands, so that neither can change the other by accident. Forms that are
//! read back are read strictly: an unknown field is an error.

pub mod json;

pub mod common_v1;

pub mod apply_v1;
pub mod credentials_v1;
pub mod findings_v1;
pub mod lease_v1;
pub mod manifest_v1;
pub mod plan_v1;
pub mod rules_v1;
pub mod state_v1;
pub mod world_v1;

#[cfg(test)]
mod rule_pages;
