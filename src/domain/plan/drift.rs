//! What changed in AWS behind git's back.

use std::collections::BTreeMap;

use super::{Drift, fields};
use crate::domain::ident::{Name, RoleArn};
use crate::domain::record::{RoleFacts, Snapshot};
use crate::domain::world::{Fact, World};

/// Live facts that differ from the recorded ones, by role ARN. What could not be read is no drift.
pub(super) fn find(snapshot: &Snapshot, world: &World, concerns: impl Fn(&Name) -> bool) -> Vec<Drift> {
    let mut recorded: BTreeMap<&RoleArn, (&RoleFacts, Vec<&Name>)> = BTreeMap::new();
    for (name, applied) in snapshot.roles.iter().filter(|(name, _)| concerns(name)) {
        for (arn, facts) in &applied.facts {
            recorded.entry(arn).or_insert_with(|| (facts, Vec::new())).1.push(name);
        }
    }
    recorded
        .into_iter()
        .filter_map(|(arn, (facts, roles))| {
            let (gone, changes) = match world.role(arn) {
                Fact::Unknown(_) => return None,
                Fact::Absent => (true, Vec::new()),
                Fact::Present(live) if facts.still_hold(live) => return None,
                Fact::Present(live) => {
                    let now = RoleFacts::of(live);
                    (false, fields::changes(fields::of_facts(facts), fields::of_facts(&now)))
                }
            };
            Some(Drift { role_arn: arn.clone(), roles: roles.into_iter().cloned().collect(), gone, changes })
        })
        .collect()
}
