//! Use cases, one file each: read through ports, one pure call, write through ports.

mod access;
mod apply;
pub mod audit;
mod base;
mod both;
mod denies;
mod drift;
mod end;
mod failure;
mod head_signing;
mod issue;
mod judge_offline;
mod leases;
pub mod ledger;
mod patience;
mod plan;
mod policy;
mod probe;
mod record;
mod refusal;
mod simulate;
mod store_policy;
mod swap;
mod sweep;
mod trust;
mod validate;
mod why;
mod world;

pub use access::IamAccess;
pub use apply::{Applied, Expectation, Review, commit, review};
pub use base::{Base, read_base};
pub use drift::{drift, unproven};
pub use failure::{AppError, Failure, Meaning};
pub use head_signing::{HeadSigning, NoKey};
pub use issue::{IssueRequest, IssuedLease, KeyWait, issue};
pub use judge_offline::judge_offline;
pub use leases::{
    LeaseFilter, RevokeRequest, Revoked, Revoking, Selection, list_leases, renew_lease, revoke_leases, show_lease,
};
pub use patience::Patient;
pub use plan::{PlanRequest, Planned, make_plan, make_plan_against};
pub use policy::{PolicyOf, policy};
pub use probe::probe;
pub use record::{HEAD_KEY, ReadHead, read_head, read_record, read_role, snapshot_key};
pub use simulate::simulate;
pub use store_policy::store_policy;
pub use sweep::{NotSwept, SweepRequest, Swept, sweep};
pub use trust::Trusted;
pub use validate::validate;
pub use why::explain;
pub use world::read_world;
