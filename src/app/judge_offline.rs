//! What the rules can say without AWS.

use std::collections::BTreeMap;

use crate::domain::Timestamp;
use crate::domain::desired::Desired;
use crate::domain::finding::{Finding, apply_waivers};
use crate::domain::rules::{self, RuleInput};
use crate::domain::world::{Fact, Unknown, Why, World};

/// Judges what is declared as if nothing could be read, with waivers applied. That nothing was read is no finding here:
/// nobody asked.
#[must_use]
pub fn judge_offline(desired: &Desired, now: Timestamp) -> Vec<Finding> {
    let not_read = Unknown { why: Why::NotRead, detail: "AWS was not asked".to_owned() };
    let world = World::of_roles(Fact::Unknown(not_read), BTreeMap::new());
    let mut findings = rules::judge(RuleInput { desired, world: &world, now, base: None, recorded: None });
    findings.retain(|finding| !rules::UNPROVEN.contains(&finding.code));
    apply_waivers(&mut findings, &desired.waivers, now);
    findings
}
