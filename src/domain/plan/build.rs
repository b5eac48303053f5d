//! The pure planner.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Action, Base, BrokerStep, CALLER, NotKnown, OpenLease, Plan, PlanBasis, RecordRef, Report, Step, base, brakes,
    drift, effects, fields, overview,
};
use crate::domain::Timestamp;
use crate::domain::desired::Desired;
use crate::domain::digest::Digest;
use crate::domain::finding::{Finding, apply_waivers};
use crate::domain::ident::{AccountId, Name, RoleArn};
use crate::domain::record::{AppliedRole, Basis, Record, RoleFacts};
use crate::domain::role::{Field, Role, RoleSpec};
use crate::domain::rules::{self, RuleInput};
use crate::domain::world::{Fact, LiveAccount, LiveRole, Unknown, Why, World, WorldIndex};

/// Everything a plan is made from.
#[derive(Debug, Clone, Copy)]
pub struct PlanInput<'a> {
    /// What git says.
    pub desired: &'a Desired,
    /// Which files said it.
    pub basis: &'a Basis,
    /// What AWS says; it must hold every declared and every recorded role ARN.
    pub world: &'a World,
    /// What was last applied.
    pub record: Option<&'a Record>,
    /// Leases that may still be alive.
    pub open_leases: &'a [OpenLease],
    /// The person's word for how many deletions are meant.
    pub allow_deletes: Option<u32>,
    /// Plan this role and no other.
    pub target: Option<&'a Name>,
    /// The instant to judge at.
    pub now: Timestamp,
    /// The base, when a pull request is planned.
    pub base: Option<Base<'a>>,
}

impl PlanInput<'_> {
    pub(super) fn concerns(&self, role: &Name) -> bool {
        self.target.is_none_or(|target| target == role)
    }
}

/// Makes the plan. Total and deterministic: the same input gives the same plan, and a plan made again after it was
/// applied has no steps.
#[must_use]
pub fn plan(input: &PlanInput<'_>) -> Plan {
    let mut own = judge(input);
    apply_waivers(&mut own, &input.desired.waivers, input.now);
    let world = input.world.index();
    let both = both(input);
    let blocking = blocking_codes(&own);
    let leases = leases_by_role(input);
    let mut steps = Vec::new();
    let mut fingerprints = Vec::with_capacity(both.len());
    let mut unchanged = 0;
    for (name, Both { before, role }) in &both {
        let (name, before, role) = (*name, *before, *role);
        let after = role.map(|role| Next::of(role, before, &world, blocking.get(name)));
        let open = leases.get(name).map_or(&[][..], Vec::as_slice);
        let (fingerprint, step) = step(name, before, after.as_ref(), role, open, input.now);
        fingerprints.push((name.clone(), fingerprint));
        match step {
            Some(step) => steps.push(step),
            None => unchanged += 1,
        }
    }

    let basis = PlanBasis {
        manifests: input.basis.clone(),
        record: input
            .record
            .map(|record| RecordRef { lineage: record.head.lineage.clone(), serial: record.head.serial }),
        rules: rules::version(&input.desired.broker.spec.rules),
        fingerprints: fingerprints.into_iter().collect(),
        target: input.target.cloned(),
    };
    let (findings, against) = match &input.base {
        None => (own, None),
        Some(base) => {
            let (findings, against) = base::against(input, base, own);
            (findings, Some(against))
        }
    };
    let report = Report {
        caller: input.world.caller.present().cloned(),
        overview: overview::of(input, both.iter().filter_map(|(_, both)| both.role), &world, &findings),
        drift: input
            .record
            .map(|record| drift::find(&record.snapshot, &world, |name| input.concerns(name)))
            .unwrap_or_default(),
        unknowns: unknowns(input, &world, &both),
        brakes: brakes::find(input, &steps),
        findings,
        unchanged,
        calls: input.world.calls,
        base: against,
        max_calls: input.world.max_calls,
    };
    let deployment = input.desired.broker.spec.deployment.clone();
    Plan { hash: basis.hash(), deployment, broker: broker_step(input), basis, steps, report }
}

fn judge(input: &PlanInput<'_>) -> Vec<Finding> {
    let base = input.base.and_then(|base| base.desired);
    let recorded = input.record.map(|record| &record.snapshot);
    let mut findings =
        rules::judge(RuleInput { desired: input.desired, world: input.world, now: input.now, base, recorded });
    findings.retain(|finding| finding.role.as_ref().is_none_or(|role| input.concerns(role)));
    findings
}

/// A role as it was recorded and as it is declared: one of them at least.
struct Both<'a> {
    before: Option<&'a AppliedRole>,
    role: Option<&'a Role>,
}

/// Every role that is declared or recorded, by name. Of several documents of one name, the first: a second one is a
/// finding that blocks. Both sides are sorted and walked side by side, because names share long beginnings.
fn both<'a>(input: &PlanInput<'a>) -> Vec<(&'a Name, Both<'a>)> {
    let mut declared: Vec<&Role> = input.desired.roles.iter().filter(|role| input.concerns(&role.spec.name)).collect();
    declared.sort_by(|a, b| a.spec.name.cmp(&b.spec.name));
    declared.dedup_by(|later, first| later.spec.name == first.spec.name);
    let recorded = input.record.into_iter().flat_map(|record| &record.snapshot.roles);
    let mut recorded = recorded.filter(|(name, _)| input.concerns(name)).peekable();
    let mut both = Vec::with_capacity(declared.len());
    for role in declared {
        let name = &role.spec.name;
        while let Some((gone, applied)) = recorded.next_if(|(recorded, _)| *recorded < name) {
            both.push((gone, Both { before: Some(applied), role: None }));
        }
        let before = recorded.next_if(|(recorded, _)| *recorded == name).map(|(_, applied)| applied);
        both.push((name, Both { before, role: Some(role) }));
    }
    both.extend(recorded.map(|(gone, applied)| (gone, Both { before: Some(applied), role: None })));
    both
}

fn blocking_codes(findings: &[Finding]) -> BTreeMap<&Name, BTreeSet<&'static str>> {
    let mut codes: BTreeMap<&Name, BTreeSet<&'static str>> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| finding.blocks()) {
        if let Some(role) = &finding.role {
            codes.entry(role).or_default().insert(finding.code);
        }
    }
    codes
}

/// The leases that are alive, by role.
fn leases_by_role<'a>(input: &PlanInput<'a>) -> BTreeMap<&'a Name, Vec<&'a OpenLease>> {
    let mut leases: BTreeMap<&Name, Vec<&OpenLease>> = BTreeMap::new();
    for lease in input.open_leases.iter().filter(|lease| lease.is_user || lease.lives_until > input.now) {
        leases.entry(&lease.role).or_default().push(lease);
    }
    leases
}

/// What will be recorded of a role, not copied yet: most roles of a plan turn out to be as they were.
struct Next<'a> {
    spec: &'a RoleSpec,
    facts: BTreeMap<&'a RoleArn, Known<'a>>,
    violations: BTreeSet<&'a str>,
}

enum Known<'a> {
    Live(&'a LiveRole),
    Recorded(&'a RoleFacts),
}

impl<'a> Next<'a> {
    /// A fact that could not be read keeps its recorded value: not knowing changes nothing.
    fn of(
        role: &'a Role,
        before: Option<&'a AppliedRole>,
        world: &WorldIndex<'a>,
        blocking: Option<&BTreeSet<&'a str>>,
    ) -> Self {
        let mut facts = BTreeMap::new();
        let mut all_known = true;
        for arn in role.spec.credential.role_arns() {
            match world.role(arn) {
                Fact::Present(live) => {
                    facts.insert(arn, Known::Live(live));
                }
                Fact::Absent => {}
                Fact::Unknown(_) => {
                    all_known = false;
                    if let Some(kept) = before.and_then(|before| before.facts.get(arn)) {
                        facts.insert(arn, Known::Recorded(kept));
                    }
                }
            }
        }
        let mut violations = blocking.cloned().unwrap_or_default();
        let unproven = !all_known || violations.iter().any(|code| rules::UNPROVEN.contains(code));
        if let Some(before) = before.filter(|before| unproven && before.spec == role.spec) {
            // A role that nobody changed is not suspended because today it could not be read, nor freed for it.
            violations.retain(|code| !rules::UNPROVEN.contains(code));
            violations.extend(before.violations.iter().map(String::as_str));
        }
        Self { spec: &role.spec, facts, violations }
    }

    fn is(&self, before: &AppliedRole) -> bool {
        let AppliedRole { spec, facts, violations } = before;
        let same = |known: &Known<'_>, recorded: &RoleFacts| match known {
            Known::Live(live) => recorded.still_hold(live),
            Known::Recorded(kept) => *kept == recorded,
        };
        *self.spec == *spec
            && self.violations.iter().eq(violations)
            && self.facts.len() == facts.len()
            && self.facts.iter().zip(facts).all(|((arn, known), (old, recorded))| *arn == old && same(known, recorded))
    }

    fn to_applied(&self) -> AppliedRole {
        let facts = self.facts.iter().map(|(arn, known)| {
            let facts = match known {
                Known::Live(live) => RoleFacts::of(live),
                Known::Recorded(kept) => (*kept).clone(),
            };
            ((*arn).clone(), facts)
        });
        AppliedRole {
            spec: self.spec.clone(),
            facts: facts.collect(),
            violations: self.violations.iter().map(|code| (*code).to_owned()).collect(),
        }
    }
}

fn step(
    name: &Name,
    before: Option<&AppliedRole>,
    next: Option<&Next<'_>>,
    role: Option<&Role>,
    open: &[&OpenLease],
    now: Timestamp,
) -> (Digest, Option<Step>) {
    let action = match (before, next) {
        (None, Some(_)) => Some(Action::Create),
        (Some(before), Some(next)) if before.spec != *next.spec => Some(Action::Update),
        (Some(before), Some(next)) if !next.is(before) => Some(Action::Refresh),
        (Some(_), None) => Some(Action::Delete),
        (Some(_), Some(_)) | (None, None) => None,
    };
    let old = before.map(fields::of_applied);
    let Some(action) = action else {
        return (fields::fingerprint("none", old.as_ref(), None), None);
    };
    let after = next.map(Next::to_applied);
    let new = after.as_ref().map(fields::of_applied);
    let fingerprint = fields::fingerprint(action.as_str(), old.as_ref(), new.as_ref());
    // A creation shows what git says; the facts it was reviewed against are in the snapshot, and drift shows theirs.
    let changes = match (action, &after) {
        (Action::Create, Some(after)) => fields::changes(Vec::new(), fields::of_role(&after.spec)),
        (Action::Update, Some(after)) => {
            fields::changes(before.map(|b| fields::of_role(&b.spec)).unwrap_or_default(), fields::of_role(&after.spec))
        }
        (Action::Refresh, _) => fields::changes(old.unwrap_or_default(), new.unwrap_or_default()),
        (Action::Delete | Action::Create | Action::Update, _) => Vec::new(),
    };
    let effects = effects::of_step(action, before, after.as_ref(), open, now);
    let place = role.map(|role| role.places.of(Field::Name));
    (fingerprint, Some(Step { role: name.clone(), action, after, changes, effects, place }))
}

fn broker_step(input: &PlanInput<'_>) -> Option<BrokerStep> {
    let before = input.record.map(|record| &record.snapshot.broker);
    // A plan for one role leaves the Broker alone, unless there is none yet to issue that role.
    if input.target.is_some() && before.is_some() {
        return None;
    }
    let after = &input.desired.broker.spec;
    (before != Some(after)).then(|| BrokerStep {
        after: after.clone(),
        changes: fields::changes(before.map(fields::of_broker).unwrap_or_default(), fields::of_broker(after)),
    })
}

fn unknowns(input: &PlanInput<'_>, world: &WorldIndex<'_>, both: &[(&Name, Both<'_>)]) -> Vec<NotKnown> {
    let mut concerned: BTreeMap<&RoleArn, (&Unknown, BTreeSet<&Name>)> = BTreeMap::new();
    for (name, Both { before, role }) in both {
        let declared = role.iter().flat_map(|role| role.spec.credential.role_arns());
        let recorded = before.iter().flat_map(|applied| applied.facts.keys());
        for arn in declared.chain(recorded) {
            if let Fact::Unknown(unknown) = world.role(arn) {
                concerned.entry(arn).or_insert_with(|| (unknown, BTreeSet::new())).1.insert(name);
            }
        }
    }
    let of_set = |subject: String, unknown: &Unknown| NotKnown { subject, roles: Vec::new(), unknown: unknown.clone() };
    let caller = match &input.world.caller {
        Fact::Unknown(unknown) => Some(of_set(CALLER.to_owned(), unknown)),
        Fact::Present(_) | Fact::Absent => None,
    };
    let told: BTreeSet<&AccountId> = concerned.keys().map(|arn| arn.account()).collect();
    let mut accounts = Vec::new();
    for (id, LiveAccount { reader, roles, summary }) in &input.world.accounts {
        if let Some(unknown) = asked_in_vain(reader) {
            // Nothing of it was read: each of its roles says so already.
            accounts.extend((!told.contains(id)).then(|| of_set(format!("account {id}"), unknown)));
            continue;
        }
        accounts.extend(asked_in_vain(roles).map(|it| of_set(format!("list of all roles of account {id}"), it)));
        accounts.extend(asked_in_vain(summary).map(|it| of_set(format!("quotas of account {id}"), it)));
    }
    let roles = concerned.into_iter().map(|(arn, (unknown, names))| NotKnown {
        subject: arn.to_string(),
        roles: names.into_iter().cloned().collect(),
        unknown: unknown.clone(),
    });
    caller.into_iter().chain(accounts).chain(roles).collect()
}

/// Why something was not read that somebody asked for.
fn asked_in_vain<T>(fact: &Fact<T>) -> Option<&Unknown> {
    match fact {
        Fact::Unknown(unknown) => (unknown.why != Why::NotRead).then_some(unknown),
        Fact::Present(_) | Fact::Absent => None,
    }
}
