//! A pull request held against its base: what it changes, what it brings, and who judges it.
//!
//! A plan for a pull request is judged twice: by the Broker, Account and Waiver documents of the base, so that a pull
//! request cannot loosen what judges it, and by its own, because `apply` will judge by those after the merge. The stricter
//! judgement counts: a finding has the higher of the two levels, and is waived only where both waive it.
//!
//! Steps, fingerprints and the hash are those of the pull request's own documents, as if there were no base: after the
//! merge there is none, and the hash that was reviewed must be the hash that is applied.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Change, PlanInput, fields};
use crate::domain::desired::{Desired, Waiver};
use crate::domain::finding::{Finding, apply_waivers};
use crate::domain::ident::Name;
use crate::domain::role::{Field, Role};
use crate::domain::rules::{self, RuleInput};
use crate::domain::span::Place;

/// What a pull request is compared with, and judged by.
#[derive(Debug, Clone, Copy)]
pub struct Base<'a> {
    /// Hex object id of the commit.
    pub commit: &'a str,
    /// What its manifests declare; `None` when it has none yet.
    pub desired: Option<&'a Desired>,
    /// Whether the planned commit has the base among its ancestors; `None` when that cannot be told.
    pub is_ancestor: Option<bool>,
}

/// What a pull request changes against its base, and who judged it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgainstBase {
    /// Hex object id of the base.
    pub commit: String,
    /// Whether the planned commit has the base among its ancestors; `None` when that cannot be told.
    pub is_ancestor: Option<bool>,
    /// Whose documents judged.
    pub judge: Judge,
    /// Roles that the pull request adds, changes or removes, by name.
    pub roles: Vec<RoleChange>,
    /// One for each finding of the report, in its order.
    pub standings: Vec<Standing>,
}

/// Whose Broker, Account and Waiver documents judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judge {
    /// The base and the pull request have the same.
    Same,
    /// They differ: both judged, and the stricter judgement counts.
    Both,
    /// The base has no manifests, so that only the pull request's own could judge.
    Own,
}

impl Judge {
    /// The word used in every output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Both => "both",
            Self::Own => "own",
        }
    }
}

/// What a pull request does to one role's declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleChange {
    /// The role.
    pub role: Name,
    /// What happens to it.
    pub kind: ChangeKind,
    /// Field by field; only of a role that is changed.
    pub changes: Vec<Change>,
}

/// What happens to a declaration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// The base does not declare it.
    Added,
    /// Both declare it, and not alike.
    Changed,
    /// Only the base declares it.
    Removed,
}

impl ChangeKind {
    /// The word used in every output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Removed => "removed",
        }
    }
}

/// Where a finding comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Whether the base, judged by its own documents in the same world, has no finding of the same rule, role and words.
    pub new: bool,
    /// Which judge found it.
    pub by: By,
}

/// Which judge found something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The base's documents and the pull request's own.
    Both,
    /// Only the base's.
    Base,
    /// Only the pull request's own.
    Own,
}

impl By {
    /// The word used in every output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Both => "both",
            Self::Base => "base",
            Self::Own => "own",
        }
    }
}

/// What makes two findings the same whatever line they stand on.
type Key = (&'static str, Option<Name>, String);

fn key(finding: &Finding) -> Key {
    (finding.code, finding.role.clone(), finding.message.clone())
}

/// Every finding, judged by both, and what the pull request changes. `own` are the findings by its own documents.
pub(super) fn against(input: &PlanInput<'_>, base: &Base<'_>, own: Vec<Finding>) -> (Vec<Finding>, AgainstBase) {
    let Base { commit, desired, is_ancestor } = *base;
    let own_alone = Standing { new: true, by: By::Own };
    let (judge, findings) = match desired {
        None => (Judge::Own, own.into_iter().map(|finding| (finding, own_alone)).collect()),
        Some(base) => judged(input, base, own),
    };
    let roles = role_changes(input, desired.map_or(&[][..], |desired| &desired.roles));
    let (findings, standings) = findings.into_iter().unzip();
    (findings, AgainstBase { commit: commit.to_owned(), is_ancestor, judge, roles, standings })
}

fn judged(input: &PlanInput<'_>, base: &Desired, own: Vec<Finding>) -> (Judge, Vec<(Finding, Standing)>) {
    let before: BTreeSet<Key> = found(input, base).iter().map(key).collect();
    let of_own: BTreeSet<Key> = own.iter().map(key).collect();
    let judge = if rules::same_judge(base, input.desired) { Judge::Same } else { Judge::Both };
    // The roles as they would be, under the documents as they are.
    let by_base = match judge {
        Judge::Same | Judge::Own => own.clone(),
        Judge::Both => found(
            input,
            &Desired {
                broker: base.broker.clone(),
                accounts: base.accounts.clone(),
                roles: input.desired.roles.clone(),
                waivers: base.waivers.clone(),
            },
        ),
    };
    let of_base: BTreeSet<Key> = by_base.iter().map(key).collect();
    let only_base = by_base.into_iter().filter(|finding| !of_own.contains(&key(finding)));
    let only_base: Vec<Finding> = only_base.filter_map(|finding| moved(finding, input.desired, base)).collect();
    let mut findings: Vec<Finding> = own.into_iter().chain(only_base).collect();

    let levels = [&input.desired.broker.spec.rules, &base.broker.spec.rules];
    for finding in &mut findings {
        let rule = rules::find(finding.code);
        let strictest = rule.and_then(|rule| levels.iter().map(|levels| levels.of(rule)).max());
        finding.level = strictest.unwrap_or(finding.level);
    }
    let mut by_base = findings.clone();
    waive(&mut findings, &input.desired.waivers, input);
    waive(&mut by_base, &base.waivers, input);
    for (finding, by_base) in findings.iter_mut().zip(by_base) {
        finding.waived_by = finding.waived_by.take().and(by_base.waived_by);
    }
    rules::sort(&mut findings);
    let standing = |finding: &Finding| {
        let key = key(finding);
        let by = match (of_own.contains(&key), of_base.contains(&key)) {
            // That the judges differ is found by holding them side by side.
            _ if finding.code == rules::JUDGE_CHANGED => By::Both,
            (true, true) => By::Both,
            (false, _) => By::Base,
            (true, false) => By::Own,
        };
        Standing { new: !before.contains(&key), by }
    };
    let findings = findings.into_iter().map(|finding| {
        let standing = standing(&finding);
        (finding, standing)
    });
    (judge, findings.collect())
}

fn found(input: &PlanInput<'_>, desired: &Desired) -> Vec<Finding> {
    let recorded = input.record.map(|record| &record.snapshot);
    let mut findings = rules::judge(RuleInput { desired, world: input.world, now: input.now, base: None, recorded });
    findings.retain(|finding| finding.role.as_ref().is_none_or(|role| input.concerns(role)));
    findings
}

fn waive(findings: &mut [Finding], waivers: &[Waiver], input: &PlanInput<'_>) {
    for finding in findings.iter_mut() {
        finding.waived_by = None;
    }
    apply_waivers(findings, waivers, input.now);
}

/// A finding that only the base's documents bring about, at a place that the reader of the pull request has. One about
/// the base's own documents is none of the pull request: those that replace them were judged, and LH604 tells that they do.
fn moved(mut finding: Finding, desired: &Desired, base: &Desired) -> Option<Finding> {
    let role = desired.roles.iter().find(|role| Some(&role.spec.name) == finding.role.as_ref())?;
    let waivers = base.waivers.iter().map(|waiver| &waiver.place);
    let accounts = base.accounts.iter().map(|account| &account.place);
    let mut foreign = waivers.chain(accounts).chain([&base.broker.place]).map(Place::file);
    if finding.place.as_ref().is_some_and(|place| foreign.any(|file| Arc::ptr_eq(file, place.file()))) {
        finding.place = Some(role.places.of(Field::Name));
    }
    Some(finding)
}

fn role_changes(input: &PlanInput<'_>, base: &[Role]) -> Vec<RoleChange> {
    let by_name = |roles: &'_ [Role]| {
        let mut named = BTreeMap::new();
        for role in roles.iter().filter(|role| input.concerns(&role.spec.name)) {
            // Of several documents of one name, the first: a second one is a finding that blocks.
            named.entry(role.spec.name.clone()).or_insert_with(|| role.clone());
        }
        named
    };
    let (mut before, after) = (by_name(base), by_name(&input.desired.roles));
    let mut changes = Vec::new();
    for (name, role) in after {
        match before.remove(&name) {
            None => changes.push(RoleChange { role: name, kind: ChangeKind::Added, changes: Vec::new() }),
            Some(old) if old.spec == role.spec && same_malformed(&old, &role) => {}
            Some(old) => changes.push(RoleChange {
                role: name,
                kind: ChangeKind::Changed,
                changes: fields::changes(fields::of_role(&old.spec), fields::of_role(&role.spec)),
            }),
        }
    }
    let removed = before.into_keys();
    changes.extend(removed.map(|role| RoleChange { role, kind: ChangeKind::Removed, changes: Vec::new() }));
    changes.sort_by(|a, b| a.role.cmp(&b.role));
    changes
}

/// Entries of `role_arns` that are no ARNs are in no specification.
fn same_malformed(a: &Role, b: &Role) -> bool {
    a.malformed_arns.iter().map(|entry| &entry.text).eq(b.malformed_arns.iter().map(|entry| &entry.text))
}
