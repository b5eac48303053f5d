//! A plan sorted by who changed something since the last apply: AWS, or git.

use std::collections::BTreeSet;

use super::{Action, BrokerStep, CALLER, Drift, NotKnown, Plan, RecordRef, Report, Step};
use crate::domain::ident::RoleArn;
use crate::domain::record::{Basis, Record};
use crate::domain::world::CallerIdentity;

/// What is no longer as it was when the record was applied, by where it changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SinceApply {
    /// The record that both sides are held against.
    pub record: RecordRef,
    /// Where the manifests came from.
    pub basis: Basis,
    /// Who read AWS.
    pub caller: Option<CallerIdentity>,
    /// What changed in AWS.
    pub drift: Vec<Drift>,
    /// Recorded roles of which git and the live facts on record are as they were, and that are judged otherwise, or of
    /// which something could be read that could not be before: by the rules, by the calendar, by a right to read.
    pub rejudged: Vec<Step>,
    /// What of the record could not be read: whether it drifted is not known.
    pub unknowns: Vec<NotKnown>,
    /// The change of the Broker document that git holds and no apply has recorded.
    pub pending_broker: Option<BrokerStep>,
    /// The changes of roles that git holds and no apply has recorded.
    pub pending: Vec<Step>,
    /// Live roles whose facts the record holds.
    pub recorded: u32,
    /// API calls spent on reading.
    pub calls: u32,
}

impl SinceApply {
    /// Sorts a plan that was made for all roles against `record`.
    #[must_use]
    pub fn of(plan: Plan, record: &Record) -> Self {
        let Plan { basis, hash: _, deployment: _, broker, steps, report } = plan;
        let Report {
            caller,
            overview: _,
            drift,
            findings: _,
            unknowns,
            brakes: _,
            unchanged: _,
            calls,
            max_calls: _,
            base: _,
        } = report;
        let applied = || record.snapshot.roles.values();
        let recorded: BTreeSet<&RoleArn> = applied().flat_map(|role| role.facts.keys()).collect();
        let named: BTreeSet<&str> = applied()
            .flat_map(|role| role.spec.credential.role_arns())
            .chain(recorded.iter().copied())
            .map(RoleArn::as_str)
            .collect();
        // What else is not known of an account says nothing about the facts of the record.
        let of_record = |unknown: &NotKnown| unknown.subject == CALLER || named.contains(unknown.subject.as_str());
        let drifted: BTreeSet<_> = drift.iter().flat_map(|drift| drift.roles.clone()).collect();
        let (refreshed, pending): (Vec<_>, Vec<_>) = steps.into_iter().partition(|step| step.action == Action::Refresh);
        Self {
            record: RecordRef { lineage: record.head.lineage.clone(), serial: record.head.serial },
            basis: basis.manifests,
            caller,
            rejudged: refreshed.into_iter().filter(|step| !drifted.contains(&step.role)).collect(),
            drift,
            unknowns: unknowns.into_iter().filter(of_record).collect(),
            pending_broker: broker,
            pending,
            recorded: u32::try_from(recorded.len()).unwrap_or(u32::MAX),
            calls,
        }
    }

    /// Whether AWS is known to differ from the record.
    #[must_use]
    pub fn has_drifted(&self) -> bool {
        !self.drift.is_empty()
    }

    /// Whether everything of the record was read: only then is the absence of drift proven.
    #[must_use]
    pub fn is_proven(&self) -> bool {
        self.unknowns.is_empty()
    }
}
