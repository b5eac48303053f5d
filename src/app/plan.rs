//! `plan`: reads git, the record and AWS, and decides what an apply would do. It is handed nothing that can write, neither to AWS nor to the state.

use std::collections::BTreeMap;

use super::record::ReadHead;
use super::{AppError, Base, Failure, Meaning, ledger, read_record, read_world};
use crate::domain::Timestamp;
use crate::domain::desired::Desired;
use crate::domain::ident::Name;
use crate::domain::plan::{self, Plan, PlanInput, plan};
use crate::domain::record::{Basis, Record};
use crate::domain::role::RoleSpec;
use crate::domain::text;
use crate::ports::{CloudRead, StateRead};

/// What a person may say about a plan.
#[derive(Debug, Clone, Copy, Default)]
pub struct PlanRequest<'a> {
    /// Plan this role and no other.
    pub target: Option<&'a str>,
    /// How many deletions are meant.
    pub allow_deletes: Option<u32>,
    /// The most calls to AWS that reading may make.
    pub max_calls: Option<u32>,
}

/// A plan with what it was made from, for an apply to go on with.
#[derive(Debug)]
pub struct Planned {
    /// The plan.
    pub plan: Plan,
    /// The head it would replace.
    pub head: Option<ReadHead>,
    /// The record it would change.
    pub record: Option<Record>,
    /// What git says.
    pub desired: Desired,
}

/// Makes the plan.
pub async fn make_plan<C: CloudRead, S: StateRead>(
    basis: Basis,
    desired: Desired,
    cloud: &C,
    store: &S,
    now: Timestamp,
    request: PlanRequest<'_>,
) -> Result<Planned, AppError> {
    make(None, basis, desired, cloud, store, now, request).await
}

/// Makes the plan of a pull request, held against its base.
pub async fn make_plan_against<C: CloudRead, S: StateRead>(
    base: &Base,
    basis: Basis,
    desired: Desired,
    cloud: &C,
    store: &S,
    now: Timestamp,
    request: PlanRequest<'_>,
) -> Result<Planned, AppError> {
    make(Some(base), basis, desired, cloud, store, now, request).await
}

async fn make<C: CloudRead, S: StateRead>(
    base: Option<&Base>,
    basis: Basis,
    desired: Desired,
    cloud: &C,
    store: &S,
    now: Timestamp,
    request: PlanRequest<'_>,
) -> Result<Planned, AppError> {
    let (head, record) = read_record(store).await?.unzip();
    let target = request.target.map(|name| target(name, &desired, record.as_ref())).transpose()?;
    let both = base.and_then(|base| base.desired.as_ref()).map(|base| of_both(base, &desired));
    let judged = both.as_ref().unwrap_or(&desired);
    let world = read_world(cloud, judged, record.as_ref(), target.as_ref(), request.max_calls).await?;
    // Leases are read only if there are any to read, and only to say what a change means for them.
    let open_leases = match &record {
        Some(record) => ledger::open_leases(store, now, concerned(&desired, record)).await?,
        None => Vec::new(),
    };
    let plan = plan(&PlanInput {
        desired: &desired,
        basis: &basis,
        world: &world,
        record: record.as_ref(),
        open_leases: &open_leases,
        allow_deletes: request.allow_deletes,
        target: target.as_ref(),
        now,
        base: base.map(|base| plan::Base {
            commit: &base.commit,
            desired: base.desired.as_ref(),
            is_ancestor: base.is_ancestor,
        }),
    });
    Ok(Planned { plan, head, record, desired })
}

/// What has to be read of AWS to judge a pull request and its base: the roles of both. How it is read is for the base to
/// say: a pull request could name an account's reader of its own choosing.
fn of_both(base: &Desired, head: &Desired) -> Desired {
    let mut both = base.clone();
    both.roles.extend(head.roles.iter().cloned());
    both
}

/// Whether a role's open leases matter to a plan: git takes it away, or says something else of it.
pub(super) fn concerned<'a>(desired: &'a Desired, record: &'a Record) -> impl Fn(&Name) -> bool + use<'a> {
    let declared: BTreeMap<&Name, &RoleSpec> = desired.roles.iter().map(|role| (&role.spec.name, &role.spec)).collect();
    move |name| record.snapshot.roles.get(name).is_none_or(|recorded| declared.get(name) != Some(&&recorded.spec))
}

pub(super) fn target(name: &str, desired: &Desired, record: Option<&Record>) -> Result<Name, Failure> {
    let declared = desired.roles.iter().map(|role| &role.spec.name);
    let recorded = record.into_iter().flat_map(|record| record.snapshot.roles.keys());
    let known: Vec<&Name> = declared.chain(recorded).collect();
    if let Some(found) = known.iter().find(|known| known.as_str() == name) {
        return Ok((*found).clone());
    }
    Err(no_such_role(name, "declared or recorded", known.into_iter().map(Name::as_str), DECLARE_IT))
}

/// The refusal of a role name that nothing has, with the nearest that something has, or else what to do.
pub(super) fn no_such_role<'a>(
    name: &str,
    where_: &str,
    known: impl Iterator<Item = &'a str>,
    otherwise: &str,
) -> Failure {
    let failure =
        Failure::new(Meaning::Usage, "no-such-role", format!("there is no role `{}` {where_}", text::escape(name)));
    match text::nearest(name, known) {
        Some(near) => failure.help(format!("did you mean `{near}`?")),
        None => failure.help(otherwise),
    }
}

/// What to do where no role has a name like it.
pub(super) const DECLARE_IT: &str = "declare it, or look for its name in the manifests; --dir says where they are";
