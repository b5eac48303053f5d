//! A plan as JSON: complete enough to be rendered without the manifests, to be saved by `plan --out`, and to be
//! compared by `apply FILE`. It holds no credentials.

mod base;
mod overview;
mod read;
mod report;
#[cfg(test)]
pub(crate) mod samples;
mod step;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use base::{AgainstBase, By, ChangeKind, Judge, RoleChange, Standing};
pub use overview::{
    Account, BrokerSeen, Levels, Limit, LimitSource, Overview, PrincipalKind, RoleSeen, Target, Waiver,
};
pub use read::{MAX_BYTES, PlanFileError};
pub use report::{Brake, Caller, Drift, NotKnown};
pub use step::{Action, BrokerStep, Change, Shown, Step};

use super::common_v1::{self, Finding, Invalid, Tally, unique_map};
use super::json;
use crate::domain::digest::Digest;
use crate::domain::plan;

/// The `format` of every plan.
pub const FORMAT: &str = "leasehold/plan/v1";

/// A plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Plan")]
pub struct Document {
    /// Version of the form.
    #[schemars(extend("const" = FORMAT))]
    pub format: String,
    /// `sha256:…` over `basis`: what `apply --expect-plan` takes.
    pub hash: String,
    /// The deployment that it is for: `spec.deployment` of the Broker document.
    pub deployment: String,
    /// Folder of the manifests, from the top of their repository, with `/` between names. Missing when it is the top itself,
    /// or when they lie in no repository. Every place's path is relative to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// What it was made from.
    pub basis: PlanBasis,
    /// The change of the Broker document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broker: Option<BrokerStep>,
    /// One for each role that changes, by name.
    pub steps: Vec<Step>,
    /// Who read AWS; missing when AWS was not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller: Option<Caller>,
    /// What is declared, at a glance; missing from plans of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overview: Option<Overview>,
    /// Live facts that differ from the record.
    pub drift: Vec<Drift>,
    /// Judgements, waived ones included.
    pub findings: Vec<Finding>,
    /// What could not be known, and whom it concerns.
    pub unknowns: Vec<NotKnown>,
    /// Brakes that refuse this plan.
    pub brakes: Vec<Brake>,
    /// API calls spent on reading.
    pub calls: u32,
    /// How the pull request compares with its base; only of `plan --base`. It is not part of the hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<AgainstBase>,
    /// The most that reading could make; missing without a bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_calls: Option<u32>,
    /// Everything above, counted.
    pub summary: Summary,
}

/// What a plan was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanBasis {
    /// Where the manifests came from.
    pub manifests: common_v1::Basis,
    /// The record it changes; missing before the first apply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<RecordRef>,
    /// Version of the rule set that judged.
    pub rules: String,
    /// `sha256:…` of each role's step and of the facts it relies on.
    #[serde(deserialize_with = "unique_map")]
    pub fingerprints: BTreeMap<String, String>,
    /// The only role that was planned, if not all were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
}

/// Names one record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordRef {
    /// Its lineage.
    pub lineage: String,
    /// Its serial.
    pub serial: u64,
}

/// A plan, counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// Whether `apply` would write anything.
    pub changes: bool,
    /// Roles recorded for the first time.
    pub create: u64,
    /// Roles whose declaration changes.
    pub update: u64,
    /// Roles of which only AWS's side, or its judgement, changed.
    pub refresh: u64,
    /// Roles that leave the record.
    pub delete: u64,
    /// Roles whose recorded state stays as it is.
    pub unchanged: u64,
    /// Findings that are not waived.
    pub findings: u64,
    /// Of those, the ones that stop `apply`.
    pub blocking: u64,
    /// Findings that are waived.
    pub waived: u64,
    /// Things that could not be known.
    pub unknown: u64,
    /// Live roles that are no longer as recorded.
    pub drifted: u64,
    /// Brakes that refuse the plan.
    pub brakes: u64,
}

impl Document {
    /// The document of a plan.
    #[must_use]
    pub fn from_plan(plan: &plan::Plan) -> Self {
        let plan::Plan { basis, hash, deployment, broker, steps, report } = plan;
        let plan::Report { caller, overview, drift, findings, unknowns, brakes, unchanged, calls, max_calls, base } =
            report;
        let mut document = Self {
            format: FORMAT.to_owned(),
            hash: hash.to_string(),
            deployment: deployment.to_string(),
            folder: None,
            basis: basis.into(),
            broker: broker.as_ref().map(BrokerStep::from),
            steps: steps.iter().map(Step::from).collect(),
            caller: caller.as_ref().map(Caller::from),
            overview: Some(overview.into()),
            drift: drift.iter().map(Drift::from).collect(),
            findings: findings.iter().map(Finding::from).collect(),
            unknowns: unknowns.iter().map(NotKnown::from).collect(),
            brakes: brakes.iter().map(Brake::from).collect(),
            calls: *calls,
            base: base.as_ref().map(AgainstBase::from),
            max_calls: *max_calls,
            summary: Summary::default(),
        };
        document.summary = document.count(u64::from(*unchanged));
        document
    }

    /// The path of a manifest from the top of its repository, which is how a forge names it.
    #[must_use]
    pub fn repository_path(&self, path: &str) -> String {
        match &self.folder {
            Some(folder) => format!("{folder}/{path}"),
            None => path.to_owned(),
        }
    }

    /// The canonical bytes: indented JSON with a line break at the end; the same plan always gives the same bytes.
    #[must_use]
    pub fn to_json(&self) -> String {
        json::pretty(self)
    }

    /// Whether a finding makes `apply` refuse, as [`plan::Plan::refusals`] says.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        let changed = |role: &String| {
            let git = |step: &&Step| matches!(step.action, Action::Create | Action::Update);
            self.steps.iter().filter(git).any(|step| step.role == *role)
        };
        self.findings.iter().any(|finding| {
            finding.blocks
                && (self.broker.is_some()
                    || plan::git_alone(&finding.code)
                    || finding.role.as_ref().is_none_or(changed))
        })
    }

    /// Whether this saved document shows a role's step as `now` does. Effects are left out: they tell of leases and hours.
    #[must_use]
    pub fn shows_like(&self, now: &Self, role: &str) -> bool {
        let step = |document: &Self| {
            document.steps.iter().find(|step| step.role == role).map(|step| {
                let Step { role: _, action, after, changes, effects: _, place: _ } = step;
                (*action, after.clone(), changes.clone())
            })
        };
        step(self) == step(now)
    }

    /// The plan's hash, as a domain value.
    pub fn hash(&self) -> Result<Digest, Invalid> {
        common_v1::digest("hash", &self.hash)
    }

    /// What the plan was made from, as a domain value.
    pub fn basis(&self) -> Result<plan::PlanBasis, Invalid> {
        let PlanBasis { manifests, record, rules, fingerprints, target } = &self.basis;
        let fingerprints = fingerprints.iter().map(|(key, digest)| {
            Ok((common_v1::name("fingerprints", key)?, common_v1::digest("fingerprints", digest)?))
        });
        Ok(plan::PlanBasis {
            manifests: manifests.clone().try_into()?,
            record: record
                .as_ref()
                .map(|RecordRef { lineage, serial }| plan::RecordRef { lineage: lineage.clone(), serial: *serial }),
            rules: rules.clone(),
            fingerprints: fingerprints.collect::<Result<_, Invalid>>()?,
            target: target.as_ref().map(|text| common_v1::name("target", text)).transpose()?,
        })
    }

    fn count(&self, unchanged: u64) -> Summary {
        let steps = |action| self.steps.iter().filter(|step| step.action == action).count() as u64;
        let Tally { findings, blocking, waived } = Tally::of(&self.findings);
        Summary {
            changes: self.broker.is_some() || !self.steps.is_empty(),
            create: steps(Action::Create),
            update: steps(Action::Update),
            refresh: steps(Action::Refresh),
            delete: steps(Action::Delete),
            unchanged,
            findings,
            blocking,
            waived,
            unknown: self.unknowns.len() as u64,
            drifted: self.drift.len() as u64,
            brakes: self.brakes.len() as u64,
        }
    }
}

impl From<&plan::PlanBasis> for PlanBasis {
    fn from(basis: &plan::PlanBasis) -> Self {
        let plan::PlanBasis { manifests, record, rules, fingerprints, target } = basis;
        Self {
            manifests: manifests.into(),
            record: record.as_ref().map(RecordRef::from),
            rules: rules.clone(),
            fingerprints: fingerprints.iter().map(|(name, digest)| (name.to_string(), digest.to_string())).collect(),
            target: target.as_ref().map(ToString::to_string),
        }
    }
}

/// The JSON Schema of a plan.
#[must_use]
pub fn schema() -> serde_json::Value {
    common_v1::schema_of::<Document>()
}

impl From<&plan::RecordRef> for RecordRef {
    fn from(record: &plan::RecordRef) -> Self {
        let plan::RecordRef { lineage, serial } = record;
        Self { lineage: lineage.clone(), serial: *serial }
    }
}
