//! What `apply` will do, and why: a value made by a pure function.

mod base;
mod brakes;
mod build;
mod drift;
mod effects;
mod fields;
mod overview;
mod since;

use std::collections::BTreeMap;

use super::Timestamp;
use super::desired::BrokerSpec;
use super::digest::Digest;
use super::document::Document;
use super::finding::Finding;
use super::ident::{Name, RoleArn};
use super::record::{AppliedRole, Basis};
use super::span::Place;
use super::world::{CallerIdentity, Unknown};

pub use base::{AgainstBase, Base, By, ChangeKind, Judge, RoleChange, Standing};
pub use brakes::PROTECTED_ROLE;
pub use build::{PlanInput, plan};
pub use effects::ends_users;
pub use overview::{AccountSeen, Bound, Levels, Overview, RoleSeen, Target, WaiverSeen};
pub use since::SinceApply;

/// Steps and report, bound to what they were made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// What it was made from.
    pub basis: PlanBasis,
    /// Digest over `basis`: manifests, record, rule set and every role's fingerprint; no time stamp.
    pub hash: Digest,
    /// The deployment that it is for: `spec.deployment` of the Broker document.
    pub deployment: Name,
    /// The change of the Broker document, if it changes.
    pub broker: Option<BrokerStep>,
    /// One for each role that changes, by name.
    pub steps: Vec<Step>,
    /// What was seen, and what stands in the way.
    pub report: Report,
}

/// What a plan was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanBasis {
    /// Where the manifests came from.
    pub manifests: Basis,
    /// The record it changes; `None` before the first apply.
    pub record: Option<RecordRef>,
    /// Version of the rule set that judged.
    pub rules: String,
    /// Digest of each role's step and of the facts it relies on, for every role declared or recorded.
    pub fingerprints: BTreeMap<Name, Digest>,
    /// The only role that was planned, if not all were.
    pub target: Option<Name>,
}

/// Names one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordRef {
    /// Its lineage.
    pub lineage: String,
    /// Its serial.
    pub serial: u64,
}

/// What happens to a role in the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// It is recorded for the first time.
    Create,
    /// What git says of it changes.
    Update,
    /// Git says the same; what AWS says (or how it is judged) changed.
    Refresh,
    /// It leaves the record, and can be issued no more.
    Delete,
}

impl Action {
    /// The word used in every output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Refresh => "refresh",
            Self::Delete => "delete",
        }
    }
}

/// One role's change, complete: `apply` decides nothing more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The role.
    pub role: Name,
    /// What happens.
    pub action: Action,
    /// What will be recorded; `None` for a deletion.
    pub after: Option<AppliedRole>,
    /// Field by field, in the order of the reference. A creation lists every field that is set.
    pub changes: Vec<Change>,
    /// What it means for people, in whole sentences ("3 open leases outlive it, the last until …").
    pub effects: Vec<String>,
    /// Where the role is declared; `None` for a deletion.
    pub place: Option<Place>,
}

/// The change of the Broker document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerStep {
    /// What will be recorded.
    pub after: BrokerSpec,
    /// Field by field; a creation lists every field.
    pub changes: Vec<Change>,
}

/// One field's old and new value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The manifest's field name, or that of a live fact (`arn:… MaxSessionDuration`).
    pub field: String,
    /// `None` when it was not set.
    pub before: Option<Shown>,
    /// `None` when it is no longer set.
    pub after: Option<Shown>,
}

/// A value as a diff shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// One line.
    Text(String),
    /// A JSON document, shown as a unified diff of its canonical form.
    Document(Document),
}

/// What was seen, what could not be seen, and what stands in the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Who read AWS; `None` when AWS was not read.
    pub caller: Option<CallerIdentity>,
    /// What is declared, at a glance.
    pub overview: Overview,
    /// Live facts that differ from the record.
    pub drift: Vec<Drift>,
    /// Judgements, waived ones included.
    pub findings: Vec<Finding>,
    /// What could not be known, and whom it concerns.
    pub unknowns: Vec<NotKnown>,
    /// Brakes that refuse this plan.
    pub brakes: Vec<Brake>,
    /// Roles whose recorded state stays as it is.
    pub unchanged: u32,
    /// API calls spent on reading.
    pub calls: u32,
    /// How the pull request compares with its base, if one was named.
    pub base: Option<AgainstBase>,
    /// The most that reading could make; `None` without a bound.
    pub max_calls: Option<u32>,
}

/// One live role that is no longer as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// The live role.
    pub role_arn: RoleArn,
    /// The recorded roles that issue it.
    pub roles: Vec<Name>,
    /// Whether it is gone altogether.
    pub gone: bool,
    /// Fact by fact.
    pub changes: Vec<Change>,
}

/// The subject of a [`NotKnown`]: who asks AWS.
pub const CALLER: &str = "caller identity";

/// Something that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotKnown {
    /// What: a role ARN, [`CALLER`], or an account or a part of it in words.
    pub subject: String,
    /// The roles that it concerns.
    pub roles: Vec<Name>,
    /// Why.
    pub unknown: Unknown,
}

/// A brake that refuses the whole plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brake {
    /// Stable kebab name.
    pub name: &'static str,
    /// What would happen, in one sentence.
    pub message: String,
    /// What to do if it is meant.
    pub remedy: String,
}

/// An open lease, as far as a plan cares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenLease {
    /// The role it was issued from.
    pub role: Name,
    /// The last instant at which its credential can still work.
    pub lives_until: Timestamp,
    /// Whether it is of an IAM user, which somebody has to end.
    pub is_user: bool,
}

impl Plan {
    /// Whether `apply` would write anything.
    #[must_use]
    pub fn has_changes(&self) -> bool {
        let Self { basis: _, hash: _, deployment: _, broker, steps, report: _ } = self;
        broker.is_some() || !steps.is_empty()
    }

    /// The findings for which `apply` refuses the whole plan: those that block and are about something that git changes,
    /// namely the set as a whole, a role that is created or updated, any role when the Broker changes, and whatever git
    /// alone can bring about. A role that git leaves alone and AWS broke must not stop the others: it is recorded as
    /// violating, and `issue` refuses it.
    pub fn refusals(&self) -> impl Iterator<Item = &Finding> {
        self.report.findings.iter().filter(|finding| {
            let changed = |role: &Name| {
                let git = |step: &&Step| matches!(step.action, Action::Create | Action::Update);
                self.steps.iter().filter(git).any(|step| step.role == *role)
            };
            finding.blocks()
                && (self.broker.is_some() || git_alone(finding.code) || finding.role.as_ref().is_none_or(changed))
        })
    }

    /// How many steps do this.
    #[must_use]
    pub fn count(&self, action: Action) -> usize {
        self.steps.iter().filter(|step| step.action == action).count()
    }
}

/// What differs between two Broker documents: field, value before, value after.
#[must_use]
pub fn broker_changes(before: &BrokerSpec, after: &BrokerSpec) -> Vec<(String, Option<String>, Option<String>)> {
    let text = |shown: Option<Shown>| match shown {
        Some(Shown::Text(text)) => Some(text),
        Some(Shown::Document(document)) => Some(document.value().to_string()),
        None => None,
    };
    let changes = fields::changes(fields::of_broker(before), fields::of_broker(after));
    changes.into_iter().map(|Change { field, before, after }| (field, text(before), text(after))).collect()
}

/// Whether findings of this code come of what git says and of nothing else.
#[must_use]
pub fn git_alone(code: &str) -> bool {
    super::rules::find(code).is_none_or(|rule| rule.origin == super::rules::Origin::Git)
}

impl PlanBasis {
    /// Digest of everything in it but where the manifests came from: no instant, no commit, no path, so that the same
    /// files against the same record and world give the same hash anywhere.
    #[must_use]
    pub fn hash(&self) -> Digest {
        let Self { manifests, record, rules, fingerprints, target } = self;
        let fingerprints: BTreeMap<&str, &str> =
            fingerprints.iter().map(|(name, digest)| (name.as_str(), digest.as_str())).collect();
        Digest::of_json(&serde_json::json!({
            "format": "leasehold/plan-hash/v1",
            "manifests": manifests.manifest_digest.as_str(),
            "record": record.as_ref().map(|RecordRef { lineage, serial }| serde_json::json!([lineage, serial])),
            "rules": rules,
            "roles": fingerprints,
            "target": target.as_ref().map(Name::as_str),
        }))
    }
}
