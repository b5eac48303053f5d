//! IAM users below the deployment's path that no due lease speaks of.
//!
//! A lease is there before its user, so a user without one was lost with its store, or is somebody else's. It is ended only
//! if its path, its name and its tags all say that it is ours; everything else is reported and left alone.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use super::work::{Work, unwritten};
use super::{NotSwept, lock};
use crate::app::audit::{self, Event, Scribe};
use crate::app::end;
use crate::app::{Failure, ledger};
use crate::domain::Timestamp;
use crate::domain::audit::AuditAction;
use crate::domain::lease::{Due, LEASE_ID_LENGTH, LeaseId, LeaseState, Next, Owner, is_ours};
use crate::ports::{IamUsers, Ids, ListedUser, StateRead, StateStore, Timer};

/// So many users are looked up one by one; for more, the index is read as far as leases of users are due.
const ONE_BY_ONE: usize = 8;

/// Users that have to be looked at, and leases that the index should have had.
#[derive(Debug, Default)]
pub(super) struct Suspects {
    /// Leases with something to do that the index did not name.
    pub(super) leases: BTreeSet<LeaseId>,
    /// Users that no open lease accounts for.
    pub(super) users: Vec<ListedUser>,
}

/// Sorts the listed users. Young ones are left alone: what was made a moment ago may be seen before its lease is. By `until`
/// a lease of a user is due, most likely: one that is not is looked up.
pub(super) async fn suspects<S: StateRead>(
    store: &S,
    due: &BTreeMap<LeaseId, Vec<Due>>,
    listed: &[ListedUser],
    now: Timestamp,
    grace: SignedDuration,
    until: Timestamp,
) -> Result<Suspects, Failure> {
    let mut suspects = Suspects::default();
    let unexplained: Vec<&ListedUser> = listed
        .iter()
        .filter(|user| lease_of(&user.name).is_none_or(|id| !due.contains_key(&id)))
        .filter(|user| is_old(user, now, grace))
        .collect();
    let known: BTreeSet<LeaseId> =
        if unexplained.len() > ONE_BY_ONE { ledger::open_ids_due_by(store, until).await? } else { BTreeSet::new() };
    for user in unexplained {
        let Some(id) = lease_of(&user.name) else {
            suspects.users.push(user.clone());
            continue;
        };
        let stored = if known.contains(&id) { continue } else { ledger::find(store, &id).await? };
        match stored {
            Some(stored) if matches!(stored.lease.state, LeaseState::Ended(_)) => suspects.users.push(user.clone()),
            Some(stored) => {
                if !matches!(stored.lease.next(now, grace), Next::Wait(_)) {
                    suspects.leases.insert(id);
                }
            }
            None => suspects.users.push(user.clone()),
        }
    }
    Ok(suspects)
}

/// Users that no lease accounts for: those that were found so, and those whose lease the index has and the store has not.
pub(super) fn lost(
    mut users: Vec<ListedUser>,
    absent: &BTreeSet<LeaseId>,
    listed: &[ListedUser],
    now: Timestamp,
    grace: SignedDuration,
) -> Vec<ListedUser> {
    let of_absent = |user: &&ListedUser| lease_of(&user.name).is_some_and(|id| absent.contains(&id));
    users.extend(listed.iter().filter(of_absent).filter(|user| is_old(user, now, grace)).cloned());
    users
}

fn is_old(user: &ListedUser, now: Timestamp, grace: SignedDuration) -> bool {
    user.created_at.saturating_add(grace).is_ok_and(|at| at <= now)
}

/// Ends the users that are provably ours, and reports the others.
pub(super) async fn end<S: StateStore, U: IamUsers, T: Timer, I: Ids>(
    work: &Work<'_, S, U, T, I>,
    iam: &U,
    owner: Owner<'_>,
    users: Vec<ListedUser>,
) {
    for user in users {
        if work.is_over() {
            lock(&work.notes.report).left += 1;
            continue;
        }
        let failed = |why: String| NotSwept::other(format!("user {}", user.name), why);
        let live = match iam.user(&user.name).await {
            Ok(Some(live)) => live,
            Ok(None) => continue,
            Err(error) => {
                lock(&work.notes.report).failed.push(failed(error.to_string()));
                continue;
            }
        };
        if is_ours(owner, &live.name, &live.path, &live.tags).is_none() {
            lock(&work.notes.report).foreign.push(format!("{}{}", live.path, live.name));
            continue;
        }
        if work.request.dry_run {
            lock(&work.notes.report).unrecorded.push(live.name);
            continue;
        }
        match end::end_unknown_user(iam, &live.name).await {
            Ok(()) => {
                let mut event = Event::new(AuditAction::OrphanEnded);
                event.reason = Some(format!("the user {}{}", live.path, live.name));
                let Scribe { store, clock, ids, who, head } = work.scribe();
                if let Err(failure) = audit::write(store, clock, ids, who, head, event).await {
                    work.notes.failed("the audit", unwritten(&failure));
                }
                lock(&work.notes.report).unrecorded.push(live.name);
            }
            Err(error) => lock(&work.notes.report).failed.push(failed(error.reason())),
        }
    }
}

/// The lease that a user's name ends in.
fn lease_of(name: &str) -> Option<LeaseId> {
    let (rest, id) = name.split_at_checked(name.len().checked_sub(LEASE_ID_LENGTH)?)?;
    rest.ends_with('-').then(|| LeaseId::parse(id)).flatten()
}
