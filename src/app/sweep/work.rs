//! One lease's turn.

use jiff::SignedDuration;

use super::{NotSwept, Notes, SweepRequest, is_listed, lock};
use crate::app::Failure;
use crate::app::audit::{Event, Scribe, Who};
use crate::app::end;
use crate::app::ledger::{self, StoredLease};
use crate::domain::Timestamp;
use crate::domain::audit::AuditAction;
use crate::domain::digest::Digest;
use crate::domain::lease::{Due, Ending, Lease, LeaseId, LeaseState, Next, Revoking, STUCK_AFTER};
use crate::domain::record::Head;
use crate::ports::{IamUsers, Ids, ListedUser, StateStore, StoreError, Timer};

/// How long an entry has been due when it is taken to belong to no write that is still under way.
const SETTLED: SignedDuration = SignedDuration::from_mins(10);

/// What every turn needs.
pub(super) struct Work<'a, S, U, T, I> {
    pub(super) store: &'a S,
    pub(super) iam: Option<&'a U>,
    /// The users below the deployment's path; `None` if they could not be listed, or nobody needed to.
    pub(super) listed: Option<&'a [ListedUser]>,
    pub(super) timer: &'a T,
    pub(super) ids: &'a I,
    pub(super) who: &'a Who,
    pub(super) head: &'a Head,
    pub(super) request: SweepRequest,
    /// When the sweep began, before the users were listed.
    pub(super) now: Timestamp,
    pub(super) end: Option<Timestamp>,
    pub(super) notes: &'a Notes,
}

/// What a turn came to.
pub(super) enum Did {
    /// There was nothing to do.
    Nothing,
    Expired,
    Deleted,
    Removed,
    Forgotten,
    /// Not begun.
    Left,
    /// Not begun, because nobody is connected to IAM.
    NeedsUsers,
    Failed(NotSwept),
}

impl<S: StateStore, U: IamUsers, T: Timer, I: Ids> Work<'_, S, U, T, I> {
    /// Whether the time is over in which something new is begun.
    pub(super) fn is_over(&self) -> bool {
        self.end.is_some_and(|end| self.timer.now() >= end)
    }

    /// Does what there is to do about one lease. `entries` are those that the index has of it as due.
    pub(super) async fn on(&self, id: &LeaseId, entries: &[Due]) -> Result<Did, Failure> {
        if self.is_over() {
            return Ok(Did::Left);
        }
        let did = match ledger::find(self.store, id).await? {
            Some(stored) => match self.turn(stored, entries).await {
                // Another process was first, and does what there is to do.
                Err(StoreError::Conflict { .. }) => return Ok(Did::Nothing),
                did => did?,
            },
            None => {
                lock(&self.notes.absent).insert(id.clone());
                (None, Did::Nothing)
            }
        };
        let (kept, did) = did;
        // A stuck lease waits for its next try, and every sweep until then has to meet it: one of its due entries stays.
        let told_again = if matches!(&did, Did::Failed(failed) if failed.stuck) { entries.iter().max() } else { None };
        if !self.request.dry_run && !matches!(did, Did::NeedsUsers) {
            // The lease's own entry stays. All others that are due say what is no longer true, or what is about to be: whoever
            // changes a lease enters it first.
            let settled = |entry: &&Due| entry.at.saturating_add(SETTLED).is_ok_and(|at| at <= self.now);
            let needed = |entry: &Due| kept.as_ref() == Some(entry) || told_again == Some(entry);
            for entry in entries.iter().filter(|entry| !needed(entry)).filter(settled) {
                ledger::strike(self.store, entry).await?;
            }
        }
        Ok(did)
    }

    /// Answers with the entry that the lease still needs, if it is still there.
    async fn turn(&self, stored: StoredLease, entries: &[Due]) -> Result<(Option<Due>, Did), StoreError> {
        let next = stored.lease.next(self.now, self.request.grace);
        let dry_run = self.request.dry_run;
        let (stored, did) = match next {
            Next::Wait(_) => {
                let due = Due::of(&stored.lease);
                if self.request.full && !dry_run && !entries.contains(&due) {
                    ledger::enter(self.store, &due).await?;
                }
                let did = match &stored.lease.state {
                    LeaseState::Revoking(revoking) if stored.lease.is_stuck() => {
                        let why = revoking.error.clone().unwrap_or_default();
                        Did::Failed(NotSwept::lease(&stored.lease, why))
                    }
                    _ => Did::Nothing,
                };
                (stored, did)
            }
            Next::Close(_) if dry_run => (stored, Did::Expired),
            Next::Close(ending) => (self.close(stored, ending).await?, Did::Expired),
            Next::EndUser | Next::ProveAbsent if self.iam.is_none() => return Ok((None, Did::NeedsUsers)),
            Next::EndUser if dry_run => (stored, Did::Deleted),
            Next::EndUser => self.end_user(stored).await?,
            // A list that could not be had proves nothing.
            Next::ProveAbsent if self.listed.is_none() => (stored, Did::Left),
            Next::ProveAbsent if self.is_present(&stored) && dry_run => (stored, Did::Deleted),
            Next::ProveAbsent if self.is_present(&stored) => {
                let now = self.timer.now();
                let again = stored.lease.became(LeaseState::Revoking(Revoking::default()), now);
                let stored = ledger::advance(self.store, &stored, again, &self.ids.ulid(now)).await?;
                self.end_user(stored).await?
            }
            Next::ProveAbsent if dry_run => (stored, Did::Removed),
            Next::ProveAbsent => (self.close(stored, Ending::Removed).await?, Did::Removed),
            Next::Forget if dry_run => (stored, Did::Forgotten),
            Next::Forget => {
                ledger::forget(self.store, &stored).await?;
                return Ok((None, Did::Forgotten));
            }
        };
        Ok((Some(Due::of(&stored.lease)), did))
    }

    fn is_present(&self, stored: &StoredLease) -> bool {
        let listed = self.listed.unwrap_or_default();
        stored.lease.request.user.as_ref().is_some_and(|user| is_listed(listed, &user.name))
    }

    async fn close(&self, stored: StoredLease, ending: Ending) -> Result<StoredLease, StoreError> {
        let now = self.timer.now();
        let mut ended = stored.lease.became(LeaseState::Ended(ending), now);
        // A session ends at the time that its grant says: only what was ended is told of.
        if ending == Ending::Removed {
            let told = self.tell(&stored.lease, AuditAction::Ended, |event| event.ending = Some(ending)).await;
            ended.audit_tail = told.or(ended.audit_tail);
        }
        ledger::advance(self.store, &stored, ended, &self.ids.ulid(now)).await
    }

    async fn end_user(&self, stored: StoredLease) -> Result<(StoredLease, Did), StoreError> {
        let Some(iam) = self.iam else { return Ok((stored, Did::Left)) };
        let stored = end::begin(self.store, self.ids, stored, self.timer.now(), None).await?;
        let (stored, outcome) = end::attempt(self.store, self.ids, iam, stored, self.timer).await?;
        let did = match outcome {
            Ok(()) => Did::Deleted,
            Err(error) => {
                if matches!(&stored.lease.state, LeaseState::Revoking(it) if it.failures == STUCK_AFTER) {
                    self.tell(&stored.lease, AuditAction::Stuck, |event| event.reason = Some(error.reason())).await;
                }
                Did::Failed(NotSwept::lease(&stored.lease, error.reason()))
            }
        };
        Ok((stored, did))
    }

    pub(super) fn scribe(&self) -> Scribe<'_, S, T, I> {
        Scribe { store: self.store, clock: self.timer, ids: self.ids, who: self.who, head: Some(self.head) }
    }

    /// Writes an event of a lease. One that cannot be written keeps nothing from being ended; it is reported.
    async fn tell(&self, lease: &Lease, action: AuditAction, fill: impl FnOnce(&mut Event)) -> Option<Digest> {
        match self.scribe().of_lease(lease, action, fill).await {
            Ok(digest) => Some(digest),
            Err(failure) => {
                self.notes.failed("the audit", unwritten(&failure));
                None
            }
        }
    }
}

/// Why an event is not in the audit.
pub(super) fn unwritten(failure: &Failure) -> String {
    let causes = failure.causes.iter().map(|cause| format!(": {cause}"));
    format!("an event could not be written{}", causes.collect::<String>())
}
