//! What changed in AWS behind git's back.

use std::collections::BTreeMap;

use super::{Drift, fields};
use crate::domain::ident::{Name, RoleArn};
use crate::domain::record::{RoleFacts, Snapshot};
use crate::domain::world::{Fact, LiveRole, WorldIndex};

/// Live facts that differ from the recorded ones, by role ARN. What could not be read is no drift.
pub(super) fn find(snapshot: &Snapshot, world: &WorldIndex<'_>, concerns: impl Fn(&Name) -> bool) -> Vec<Drift> {
    let mut drifted: BTreeMap<&RoleArn, Drift> = BTreeMap::new();
    for (name, applied) in snapshot.roles.iter().filter(|(name, _)| concerns(name)) {
        for (arn, facts) in &applied.facts {
            let live = match world.role(arn) {
                Fact::Unknown(_) => continue,
                Fact::Present(live) if facts.still_hold(live) => continue,
                Fact::Present(live) => Some(live),
                Fact::Absent => None,
            };
            let drift = drifted.entry(arn).or_insert_with(|| new(arn, facts, live));
            drift.roles.push(name.clone());
        }
    }
    drifted.into_values().collect()
}

fn new(arn: &RoleArn, facts: &RoleFacts, live: Option<&LiveRole>) -> Drift {
    let now = live.map(RoleFacts::of);
    let changes = now.as_ref().map(|now| fields::changes(fields::of_facts(facts), fields::of_facts(now)));
    Drift { role_arn: arn.clone(), roles: Vec::new(), gone: live.is_none(), changes: changes.unwrap_or_default() }
}
