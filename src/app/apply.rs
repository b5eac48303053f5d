//! `apply`: makes a reviewed plan the record. Two halves, so that a person can be asked between them: [`review`] decides
//! what may be applied, [`commit`] swaps the head.

use std::collections::{BTreeMap, BTreeSet};

use super::audit::{self, Event, Who};
use super::{Failure, HeadSigning, Meaning, Planned, Trusted, end, ledger, record};
use crate::domain::audit::AuditAction;
use crate::domain::credential::OnRemoval;
use crate::domain::digest::Digest;
use crate::domain::finding::Finding;
use crate::domain::ident::Name;
use crate::domain::lease::LeaseState;
use crate::domain::plan::{Action, Plan, PlanBasis, Step, ends_users};
use crate::domain::record::{AppliedRole, Head, Snapshot};
use crate::ports::{Clock, HeadSigner, HeadVerifier, Ids, StateRead, StateStore};

/// How many events an apply vouches for at most, each of which it has to read.
const COVERED_BY_AN_APPLY: usize = 250;

/// What the plan must still be.
#[derive(Debug, Clone)]
pub enum Expectation {
    /// Whatever it is now.
    Nothing,
    /// Exactly the plan of this hash.
    Hash(Digest),
    /// The plan that was saved; roles whose facts moved since are left out, and said.
    Saved(Box<PlanBasis>),
}

/// What may be applied.
#[derive(Debug)]
pub struct Review {
    planned: Planned,
    /// Roles left out because they are no longer as they were reviewed.
    pub stale: Vec<Name>,
}

impl Review {
    /// The plan, with the steps that will be taken.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.planned.plan
    }

    /// Refuses to write a head that the pinned keys would refuse, and to sign what is taken over from a record that nobody
    /// has checked: that of roles which are no target, or which are left out because they changed since they were reviewed.
    ///
    /// # Errors
    /// `head-would-be-refused`, `head-not-trusted`, `head-not-checked`.
    pub fn check_signing<S: StateRead, M: StateStore, V: HeadVerifier>(
        &self,
        signing: &HeadSigning<'_, impl HeadSigner>,
        store: &Trusted<S, M, V>,
    ) -> Result<(), Failure> {
        let Planned { plan, head, record: _, desired: _ } = &self.planned;
        let takes_over = plan.basis.target.is_some() || !self.stale.is_empty();
        signing.check_trust(head.as_ref(), takes_over, store.pinned(), store.verifier())
    }
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The new head; `None` when there was nothing to do.
    pub head: Option<Head>,
    /// What happened to each role, by name.
    pub roles: Vec<(Name, Action)>,
    /// Whether the Broker document changed.
    pub broker: bool,
    /// Roles left out because they are no longer as they were reviewed.
    pub stale: Vec<Name>,
    /// Whether findings that block still stand, whether or not a role had to be recorded for them.
    pub findings_block: bool,
    /// Roles that are recorded and that `issue` refuses, with the codes of the findings that say why.
    pub violating: BTreeMap<Name, Vec<String>>,
    /// Leases whose users are ended by the next sweep because their role was removed, by path.
    pub revoking: Vec<String>,
    /// The key that the new head is signed with.
    pub signed_by: Option<Digest>,
}

/// Decides what of a plan may be applied. Refuses, in this order: uncommitted manifests, brakes, a plan that is not the
/// one reviewed, findings that block a role which git changes.
pub fn review(mut planned: Planned, expectation: &Expectation, allow_dirty: bool) -> Result<Review, Failure> {
    if planned.plan.basis.manifests.dirty && !allow_dirty {
        return Err(Failure::new(
            Meaning::Failed,
            "uncommitted-manifests",
            "the manifests are not those of a commit, and the record would name none",
        )
        .help("commit them and apply the commit (--ref HEAD), or say --allow-dirty, which the record keeps"));
    }
    if let Some(brake) = planned.plan.report.brakes.first() {
        let more = planned.plan.report.brakes.len() - 1;
        let mut failure = Failure::new(Meaning::Brake, brake.name, brake.message.clone()).help(brake.remedy.clone());
        if more > 0 {
            failure = failure.because(format!("more brakes refuse this plan ({more}); `plan` lists them"));
        }
        return Err(failure);
    }
    let stale = match expectation {
        Expectation::Nothing => Vec::new(),
        Expectation::Hash(hash) if *hash == planned.plan.hash => Vec::new(),
        Expectation::Hash(hash) => {
            return Err(stale_plan(format!("the plan is now {}, and {hash} was expected", planned.plan.hash)));
        }
        Expectation::Saved(saved) => drop_stale(&mut planned.plan, saved)?,
    };
    if let Some(failure) = blocked(&planned.plan) {
        return Err(failure);
    }
    Ok(Review { planned, stale })
}

/// Leaves out every role whose fingerprint is no longer the saved one.
fn drop_stale(plan: &mut Plan, saved: &PlanBasis) -> Result<Vec<Name>, Failure> {
    let PlanBasis { manifests, record, rules, fingerprints, target } = saved;
    let now = &plan.basis;
    if manifests.manifest_digest != now.manifests.manifest_digest {
        return Err(stale_plan("the manifests are not those the plan was made from"));
    }
    if *record != now.record {
        return Err(stale_plan("the record was changed by another apply since the plan was made"));
    }
    if *rules != now.rules || *target != now.target {
        return Err(stale_plan("the plan was made by another set of rules, or for another target"));
    }
    let moved = |name: &Name| fingerprints.get(name) != now.fingerprints.get(name);
    let names: BTreeSet<&Name> = fingerprints.keys().chain(now.fingerprints.keys()).collect();
    let stale: Vec<Name> = names.into_iter().filter(|name| moved(name)).cloned().collect();
    plan.steps.retain(|step| !stale.contains(&step.role));
    let nothing_left = plan.steps.is_empty() && plan.broker.is_none();
    if !stale.is_empty() && nothing_left {
        let names = stale.iter().map(Name::as_str).collect::<Vec<_>>().join(", ");
        return Err(stale_plan(format!("AWS changed since the plan was made, for: {names}")));
    }
    Ok(stale)
}

fn stale_plan(cause: impl Into<String>) -> Failure {
    Failure::new(Meaning::Stale, "stale-plan", "this is not the plan that was reviewed")
        .because(cause)
        .help("make a new plan, review it, and apply that one")
}

/// See [`Plan::refusals`].
fn blocked(plan: &Plan) -> Option<Failure> {
    let blocking: Vec<_> = plan.refusals().collect();
    let first = blocking.first()?;
    let failure = Failure::new(
        Meaning::FindingsBlock,
        "findings-block",
        if blocking.len() == 1 {
            "a finding blocks this plan".to_owned()
        } else {
            format!("{} findings block this plan", blocking.len())
        },
    )
    .help(format!("mend them, or waive those that may be waived; `leasehold explain {}` tells more", first.code));
    Some(blocking.iter().take(20).fold(failure, |failure, finding| {
        failure.because(format!("{} {}: {}", finding.code, finding.rule, finding.message))
    }))
}

/// Makes the reviewed plan the record. Writes the audit event first and fails closed; then the snapshot; then the head,
/// whose swap is the moment the apply happens. A head whose signature alone has to change is written anew.
pub async fn commit<S: StateStore>(
    review: Review,
    store: &S,
    clock: &impl Clock,
    ids: &impl Ids,
    who: &Who,
    signing: &HeadSigning<'_, impl HeadSigner>,
) -> Result<Applied, Failure> {
    let Review { planned: Planned { plan, head, record, desired }, stale } = review;
    signing.check(head.as_ref())?;
    let signed_by = signing.key_id();
    let (mut roles, recorded_broker) = match record {
        Some(record) => (record.snapshot.roles, Some(record.snapshot.broker)),
        None => (BTreeMap::new(), None),
    };
    let mut done = Vec::new();
    let before = roles.clone();
    for Step { role, action, after, changes: _, effects: _, place: _ } in plan.steps {
        match after {
            Some(after) => roles.insert(role.clone(), after),
            None => roles.remove(&role),
        };
        done.push((role, action));
    }
    let violating = roles
        .iter()
        .filter(|(_, applied)| !applied.violations.is_empty())
        .map(|(name, applied)| (name.clone(), applied.violations.clone()))
        .collect();
    let broker_changed = plan.broker.is_some();
    let findings_block = plan.report.findings.iter().any(Finding::blocks);
    let makers: BTreeSet<Name> =
        roles.iter().filter(|(_, applied)| applied.makes_users()).map(|(name, _)| name.clone()).collect();
    if done.is_empty() && !broker_changed && !signing.changes(head.as_ref()) {
        // An earlier apply may have died between its head and its leases.
        let revoking = if head.is_some() { revoke(store, clock, ids, &before, &makers).await? } else { Vec::new() };
        let (head, broker, signed_by) = (None, false, None);
        return Ok(Applied { head, roles: done, broker, stale, findings_block, violating, revoking, signed_by });
    }

    let previous = head.as_ref();
    // A plan for one role leaves the recorded Broker as it is, whatever git says of it by now.
    let broker = plan.broker.map(|step| step.after).or(recorded_broker).unwrap_or(desired.broker.spec);
    let now = clock.now();
    let serial = previous.map_or(1, |read| read.head.serial + 1);
    let lineage = previous.map_or_else(|| ids.ulid(now), |read| read.head.lineage.clone());
    let basis = plan.basis.manifests;
    let mut requested = Event::new(AuditAction::ApplyRequested);
    requested.reason = Some(format!("plan {}", plan.hash));
    requested.covers = audit::cover(store, now, COVERED_BY_AN_APPLY).await?;
    let requested = audit::write(store, clock, ids, who, previous.map(|read| &read.head), requested).await?;
    let announced_by = requested.digest;
    let make_head = |snapshot_digest, previous| Head {
        lineage,
        serial,
        basis,
        snapshot_digest,
        previous,
        applied_at: now,
        applied_by: who.caller_arn.clone(),
        announced_by: Some(announced_by.clone()),
    };
    let snapshot = Snapshot { serial, broker, roles };
    let head = record::replace(store, previous, &snapshot, make_head, &ids.ulid(now), signing).await?;
    // Whoever issues writes the intent first and looks at the head then. The head is swapped, so each lease of these roles is
    // either seen here, or its maker sees the new head.
    let revoking = revoke(store, clock, ids, &before, &makers).await;
    let mut applied = Event::new(AuditAction::Applied);
    applied.previous = Some(announced_by);
    applied.reason = Some(format!("plan {}", plan.hash));
    audit::write(store, clock, ids, who, Some(&head), applied).await.map_err(|failure| {
        failure.because(format!("the plan itself is applied: the record has serial {}", head.serial))
    })?;
    let revoking = revoking.map_err(|failure| {
        failure
            .because(format!("the plan itself is applied: the record has serial {}", head.serial))
            .help("end what is left: `leasehold lease revoke --role ROLE` for each role that was removed")
    })?;
    let (head, broker) = (Some(head), broker_changed);
    Ok(Applied { head, roles: done, broker, stale, findings_block, violating, revoking, signed_by })
}

/// Marks the open leases of users to be ended whose role makes no users any more: the next sweep does it. What is to become
/// of them says the record before this apply, or the lease where an earlier apply removed the role. Answers their paths.
async fn revoke<S: StateStore>(
    store: &S,
    clock: &impl Clock,
    ids: &impl Ids,
    before: &BTreeMap<Name, AppliedRole>,
    makers: &BTreeSet<Name>,
) -> Result<Vec<String>, Failure> {
    let mut marked = Vec::new();
    for stored in ledger::of_roles(store, |role| !makers.contains(role)).await? {
        let Some(user) = &stored.lease.request.user else { continue };
        let revokes = match before.get(&stored.lease.role) {
            Some(applied) if applied.makes_users() => ends_users(Some(applied), None),
            _ => user.on_removal == OnRemoval::Revoke,
        };
        let is_over = matches!(stored.lease.state, LeaseState::Ended(_) | LeaseState::Revoking(_));
        if revokes && !is_over && end::mark(store, ids, stored.clone(), clock.now()).await? {
            marked.push(stored.lease.path());
        }
    }
    Ok(marked)
}
