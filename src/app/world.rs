//! Reading AWS for one plan.

use std::collections::BTreeSet;

use super::{AppError, Failure};
use crate::domain::desired::Desired;
use crate::domain::ident::{Name, RoleArn};
use crate::domain::record::Record;
use crate::domain::world::{Fact, World};
use crate::ports::CloudRead;

/// Reads everything the plan judges: every declared and every recorded role ARN, or those of `target` alone. Fails only
/// when nobody can be asked at all.
pub async fn read_world<C: CloudRead>(
    cloud: &C,
    desired: &Desired,
    record: Option<&Record>,
    target: Option<&Name>,
) -> Result<World, AppError> {
    let caller = cloud.caller_identity().await.map_err(Failure::from)?;
    let concerns = |name: &Name| target.is_none_or(|target| target == name);
    let declared =
        desired.roles.iter().filter(|role| concerns(&role.spec.name)).flat_map(|role| role.spec.credential.role_arns());
    let recorded = record
        .into_iter()
        .flat_map(|record| record.snapshot.roles.iter())
        .filter(|(name, _)| concerns(name))
        .flat_map(|(_, applied)| applied.facts.keys());
    let arns: BTreeSet<&RoleArn> = declared.chain(recorded).collect();
    let arns: Vec<RoleArn> = arns.into_iter().cloned().collect();
    let roles = if arns.is_empty() { Default::default() } else { cloud.roles(&caller, &arns).await };
    Ok(World { caller: Fact::Present(caller), roles, calls: cloud.calls() })
}
