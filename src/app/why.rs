//! `why`: reads git, the record and AWS for one role, and explains. It is handed nothing that can write.

use super::plan::target;
use super::{AppError, read_record, read_world};
use crate::domain::Timestamp;
use crate::domain::desired::Desired;
use crate::domain::why::{Why, why};
use crate::ports::{CloudRead, StateRead};

/// Explains the role of this name.
pub async fn explain<C: CloudRead, S: StateRead>(
    desired: &Desired,
    cloud: &C,
    store: &S,
    now: Timestamp,
    role: &str,
    max_calls: Option<u32>,
) -> Result<Why, AppError> {
    let record = read_record(store).await?.map(|(_, record)| record);
    let name = target(role, desired, record.as_ref())?;
    let world = read_world(cloud, desired, record.as_ref(), Some(&name), max_calls).await?;
    why(desired, &world, record.as_ref(), &name, now).ok_or_else(|| {
        super::plan::no_such_role(role, "declared or recorded", std::iter::empty(), super::plan::DECLARE_IT).into()
    })
}
