//! `drift`: what changed since the last apply, in AWS and in git. It is handed nothing that can write.

use super::plan::concerned;
use super::{AppError, Failure, Meaning, ledger, read_record, read_world};
use crate::domain::Timestamp;
use crate::domain::desired::Desired;
use crate::domain::plan::{PlanInput, SinceApply, plan};
use crate::domain::record::Basis;
use crate::ports::{CloudRead, StateRead};

/// Reads the record, then AWS, and sorts what differs by who changed it. `connect` is called with the Broker's region
/// once there is a record: that there is none needs no credentials to be told.
pub async fn drift<S: StateRead, C: CloudRead>(
    basis: Basis,
    desired: &Desired,
    store: &S,
    connect: impl AsyncFnOnce(&str) -> Result<C, Failure>,
    now: Timestamp,
    max_calls: Option<u32>,
) -> Result<SinceApply, AppError> {
    let Some((_, record)) = read_record(store).await? else { return Err(no_record(&store.location()).into()) };
    let cloud = connect(&desired.broker.spec.region).await?;
    let world = read_world(&cloud, desired, Some(&record), None, max_calls).await?;
    let plan = plan(&PlanInput {
        desired,
        basis: &basis,
        world: &world,
        record: Some(&record),
        open_leases: &ledger::open_leases(store, now, concerned(desired, &record)).await?,
        allow_deletes: None,
        target: None,
        now,
        base: None,
    });
    Ok(SinceApply::of(plan, &record))
}

fn no_record(location: &str) -> Failure {
    Failure::new(Meaning::Failed, "no-record", format!("there is no record in the state at {location}"))
        .because("nothing was applied yet, so there is nothing that AWS could have drifted from")
        .help("run `leasehold apply` first; if you did, name the state that it wrote (--state, LEASEHOLD_STATE)")
}

/// That some of the record could not be read: a run that found no drift has then not shown that there is none.
#[must_use]
pub fn unproven(found: &SinceApply) -> Option<Failure> {
    let first = found.unknowns.first()?;
    let more = match found.unknowns.len() - 1 {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    Some(
        Failure::new(Meaning::Failed, "drift-unproven", "not all that the record holds could be read from AWS")
            .because(format!("{}{more}: {}", first.subject, first.unknown.detail))
            .help("let the identity that runs `drift` read them (`leasehold policy reader` prints its policy), and run again"),
    )
}
