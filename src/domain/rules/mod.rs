//! One rule a file; the file's opening comment is the rule's public page.

use super::Timestamp;
use super::desired::Desired;
use super::finding::Finding;
use super::world::World;

/// What a rule may look at.
#[derive(Debug, Clone, Copy)]
pub struct RuleInput<'a> {
    /// What is declared.
    pub desired: &'a Desired,
    /// What was read.
    pub world: &'a World,
    /// The instant to judge at.
    pub now: Timestamp,
}

/// Runs every rule. Findings come in a stable order: by file and place, then by code.
#[must_use]
pub fn judge(_input: RuleInput<'_>) -> Vec<Finding> {
    Vec::new()
}

/// Names the set of rules and their levels: a plan made by another set is another plan.
#[must_use]
pub fn version() -> String {
    String::new()
}
