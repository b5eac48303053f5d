//! `sweep`: ends what is due. It may run anywhere, at any time, and several at once: whatever it does is a compare-and-swap,
//! or may be done twice with the same end.
//!
//! Three things are looked at: leases that the index has as due; IAM users below the deployment's path that no lease accounts
//! for; denies of sessions that are over.

mod denies;
mod turns;
mod unrecorded;
mod work;

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use jiff::SignedDuration;

use self::turns::in_turns;
use self::work::{Did, Work, unwritten};
use super::access::users_of;
use super::audit::{self, Event, Who};
use super::both::at_most;
use super::record::nothing_applied;
use super::{AppError, Failure, IamAccess, ledger, read_record};
use crate::domain::Timestamp;
use crate::domain::audit::AuditAction;
use crate::domain::credential::CredentialSpec;
use crate::domain::lease::{Due, Lease, LeaseId, LeaseState, Owner};
use crate::domain::least_privilege::lease_user_path;
use crate::domain::record::{AppliedRole, Head, Record};
use crate::ports::{IamUsers, Ids, ListedUser, StateStore, Timer};

/// Events that one sweep vouches for: each is read.
const COVERED_AT_MOST: usize = 250;

/// How to sweep.
#[derive(Debug, Clone, Copy)]
pub struct SweepRequest {
    /// How long AWS may take until everything that was done is known everywhere.
    pub grace: SignedDuration,
    /// Nothing new is begun after this long.
    pub max_duration: Option<SignedDuration>,
    /// Leases worked on at once.
    pub at_once: usize,
    /// Look, and change nothing.
    pub dry_run: bool,
    /// Read every lease, not only those that the index has as due, and enter each into the index anew.
    pub full: bool,
}

/// What a sweep found and did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Swept {
    /// Leases there was something to do about.
    pub due: u64,
    /// Leases whose session had ended by itself, and that say so now.
    pub expired: u64,
    /// Leases whose user was deleted; its absence is not proven yet.
    pub deleted: u64,
    /// Leases whose user is proven to be gone.
    pub removed: u64,
    /// Records of leases whose time to be kept was over.
    pub forgotten: u64,
    /// Denies of sessions that were over, taken off their roles.
    pub denies_cleared: u64,
    /// Users below the deployment's path that no lease accounted for and that were provably ours, by name.
    pub unrecorded: Vec<String>,
    /// Users below the deployment's path that are not provably ours, and that were left alone (hostile).
    pub foreign: Vec<String>,
    /// What was tried and failed.
    pub failed: Vec<NotSwept>,
    /// What was due and not begun, because the time was over or AWS could not be asked.
    pub left: u64,
    /// How long the lease that was due first had been due when the sweep began, of those that are not done with.
    pub oldest_overdue: Option<SignedDuration>,
    /// Whether the users in AWS were looked at: there was no need to, if no role makes any and no lease has one.
    pub users_listed: bool,
}

impl Swept {
    /// Leases that have failed so often that somebody should look.
    pub fn stuck(&self) -> impl Iterator<Item = &NotSwept> {
        self.failed.iter().filter(|failed| failed.stuck)
    }
}

/// Something that could not be ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotSwept {
    /// The lease by its path, or what else it is.
    pub what: String,
    /// Why, in one sentence (hostile).
    pub why: String,
    /// Attempts that failed, one after the other.
    pub failures: u32,
    /// Whether somebody should look.
    pub stuck: bool,
}

impl NotSwept {
    /// A lease as it is after the last try to end it.
    fn lease(lease: &Lease, why: String) -> Self {
        let failures = match &lease.state {
            LeaseState::Revoking(revoking) => revoking.failures,
            LeaseState::Intent | LeaseState::Active | LeaseState::Ended(_) => 0,
        };
        Self { what: lease.path(), why, failures, stuck: lease.is_stuck() }
    }

    /// Something of which no failures are counted.
    fn other(what: impl Into<String>, why: String) -> Self {
        Self { what: what.into(), why, failures: 0, stuck: false }
    }
}

/// Sweeps. `progress` hears of each lease that is done with, and of how many there are.
pub async fn sweep<S: StateStore, A: IamAccess>(
    store: &S,
    access: &A,
    timer: &impl Timer,
    ids: &impl Ids,
    who: &Who,
    request: SweepRequest,
    progress: &impl Fn(u64, u64),
) -> Result<Swept, AppError> {
    let now = timer.now();
    let Some((read, record)) = read_record(store).await? else {
        // A schedule that looks in the wrong place must not be told that all is well.
        return Err(nothing_applied(store).into());
    };
    let broker = &record.snapshot.broker;
    let mut due: BTreeMap<LeaseId, Vec<Due>> = BTreeMap::new();
    let (entries, strange) = ledger::due(store, now).await?;
    for entry in entries {
        due.entry(entry.lease.clone()).or_default().push(entry);
    }
    let order = in_turns(&due);
    if request.full {
        for id in ledger::ids(store).await? {
            due.entry(id).or_default();
        }
    }
    let end = request.max_duration.map(|most| now.saturating_add(most).unwrap_or(Timestamp::MAX));
    let notes = Notes::default();
    for failure in strange {
        notes.failed("the index of leases", failure.message);
    }
    let mut queue = order;
    let ordered: BTreeSet<LeaseId> = queue.iter().cloned().collect();
    queue.extend(due.keys().filter(|id| !ordered.contains(*id)).cloned());
    let work =
        Work { store, iam: None, listed: None, timer, ids, who, head: &read.head, request, now, end, notes: &notes };
    let makes_users = record.snapshot.roles.values().any(AppliedRole::makes_users);
    if !makes_users {
        // Leases of roles that are gone may have users all the same: those are left to the second pass.
        pass(&work, &due, &queue, progress).await;
        queue = std::mem::take(&mut *lock(&notes.users));
    }
    if makes_users || !queue.is_empty() {
        let iam = users_of(access, broker).await?;
        let listed = match iam.users(&lease_user_path(&broker.deployment, None)).await {
            Ok(listed) => Some(listed),
            Err(error) => {
                notes.failed("users of the broker's account", error.to_string());
                None
            }
        };
        let suspects = match &listed {
            Some(listed) => {
                let until = users_due_by(now, &record);
                unrecorded::suspects(store, &due, listed, now, request.grace, until).await?
            }
            None => unrecorded::Suspects::default(),
        };
        lock(&notes.report).users_listed = listed.is_some();
        queue.extend(suspects.leases.iter().cloned());
        let work = Work { iam: Some(&iam), listed: listed.as_deref(), ..work };
        pass(&work, &due, &queue, progress).await;
        if let Some(listed) = &listed {
            let owner = Owner { deployment: &broker.deployment, lineage: &record.head.lineage };
            let users = unrecorded::lost(suspects.users, &lock(&notes.absent), listed, now, request.grace);
            unrecorded::end(&work, &iam, owner, users).await;
        }
    }
    denies::clear(&work, access, broker).await?;

    if !request.dry_run && did_something(&lock(&notes.report)) {
        finished(store, timer, ids, who, &read.head, &notes).await;
    }
    let mut report = notes.report.into_inner().unwrap_or_else(PoisonError::into_inner);
    // The index may still have entries of leases that have ended: nothing is overdue about those.
    let unfinished = notes.unfinished.into_inner().unwrap_or_else(PoisonError::into_inner);
    let oldest = unfinished.iter().filter_map(|id| due.get(id)).flatten().map(|entry| entry.at).min();
    report.oldest_overdue = oldest.map(|at| now.duration_since(at));
    report.failed.sort_by(|a, b| a.what.cmp(&b.what));
    report.foreign.sort();
    report.unrecorded.sort();
    Ok(report)
}

/// By when the leases of all users are due, unless their roles were different once. What is due later has ended and is kept, and
/// there may be very much of it.
fn users_due_by(now: Timestamp, record: &Record) -> Timestamp {
    let longest = record.snapshot.roles.values().filter_map(|role| match &role.spec.credential {
        CredentialSpec::IamUser(user) => Some(user.ttl.max.duration()),
        _ => None,
    });
    longest.max().and_then(|longest| now.checked_add(longest).ok()).unwrap_or(now)
}

/// Whether there is something to tell of.
fn did_something(report: &Swept) -> bool {
    report.deleted + report.removed + report.denies_cleared > 0 || !report.unrecorded.is_empty()
}

/// Writes that a sweep went through, and vouches for what was written before. That keeps nothing from having been swept.
async fn finished<S: StateStore>(store: &S, timer: &impl Timer, ids: &impl Ids, who: &Who, head: &Head, notes: &Notes) {
    let mut event = Event::new(AuditAction::SweepFinished);
    let covered = match audit::cover(store, timer.now(), COVERED_AT_MOST).await {
        Ok(covers) => {
            event.covers = covers;
            Ok(())
        }
        Err(failure) => Err(failure),
    };
    let written = audit::write(store, timer, ids, who, Some(head), event).await.map(drop);
    if let Err(failure) = covered.and(written) {
        notes.failed("the audit", unwritten(&failure));
    }
}

/// Gives each lease its turn.
async fn pass<S: StateStore, U: IamUsers, T: Timer, I: Ids>(
    work: &Work<'_, S, U, T, I>,
    due: &BTreeMap<LeaseId, Vec<Due>>,
    queue: &[LeaseId],
    progress: &impl Fn(u64, u64),
) {
    let (total, done) = (queue.len() as u64, Cell::new(0_u64));
    let mut ids = queue.iter();
    at_most(work.request.at_once, || {
        let id = ids.next()?;
        let entries = due.get(id).map(Vec::as_slice).unwrap_or_default();
        let done = &done;
        Some(async move {
            work.notes.on(id, work.on(id, entries).await);
            done.set(done.get() + 1);
            progress(done.get(), total);
        })
    })
    .await;
}

/// What the turns leave behind.
#[derive(Debug, Default)]
struct Notes {
    report: Mutex<Swept>,
    /// Leases that the index had and that are not there.
    absent: Mutex<BTreeSet<LeaseId>>,
    /// Leases whose users have to be ended, met while nobody was connected to IAM.
    users: Mutex<Vec<LeaseId>>,
    /// Leases that are not done with.
    unfinished: Mutex<BTreeSet<LeaseId>>,
}

impl Notes {
    fn failed(&self, what: impl Into<String>, why: String) {
        lock(&self.report).failed.push(NotSwept::other(what, why));
    }

    /// Counts what was done about a lease.
    fn on(&self, id: &LeaseId, did: Result<Did, Failure>) {
        let mut report = lock(&self.report);
        if matches!(did, Ok(Did::Left | Did::Failed(_)) | Err(_)) {
            lock(&self.unfinished).insert(id.clone());
        }
        report.due += u64::from(!matches!(did, Ok(Did::Nothing | Did::NeedsUsers)));
        match did {
            Ok(Did::Nothing) => {}
            Ok(Did::Expired) => report.expired += 1,
            Ok(Did::Deleted) => report.deleted += 1,
            Ok(Did::Removed) => report.removed += 1,
            Ok(Did::Forgotten) => report.forgotten += 1,
            Ok(Did::Left) => report.left += 1,
            Ok(Did::NeedsUsers) => lock(&self.users).push(id.clone()),
            Ok(Did::Failed(failed)) => report.failed.push(failed),
            Err(failure) => report.failed.push(NotSwept::other(format!("lease/{id}"), failure.message)),
        }
    }
}

/// Whether a user of this name is listed. Names are unique whatever their case.
fn is_listed(listed: &[ListedUser], name: &str) -> bool {
    listed.iter().any(|user| user.name.eq_ignore_ascii_case(name))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
