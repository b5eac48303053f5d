//! `lease revoke`: ends IAM users at once; of sessions it says how long they live on, and denies them if that is asked.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::{Selection, select};
use crate::app::access::{roles_of, users_of};
use crate::app::audit::{Scribe, Who};
use crate::app::both::in_order;
use crate::app::end;
use crate::app::ledger::{self, StoredLease};
use crate::app::plan::no_such_role;
use crate::app::record::nothing_applied;
use crate::app::{AppError, Failure, IamAccess, Meaning, denies, read_record};
use crate::domain::Timestamp;
use crate::domain::audit::AuditAction;
use crate::domain::desired::BrokerSpec;
use crate::domain::ident::{AccountId, Name, RoleArn};
use crate::domain::lease::{Lease, OLDER_DENY, SessionDeny, credential_name, deny_policy_name, deny_session};
use crate::domain::limits::SESSION_NAME_MAX;
use crate::domain::record::Record;
use crate::ports::{IamUsers, Ids, StateRead, StateStore, Timer};

/// Users that are ended at once, as a sweep does by default.
const ENDED_AT_ONCE: usize = 4;

/// What to revoke, and how far to go.
#[derive(Debug, Clone)]
pub struct RevokeRequest {
    /// Which leases.
    pub selection: Selection,
    /// Deny each session on its target role.
    pub deny_session: bool,
    /// Deny, on the target roles, every session that was begun before now, whoever began it.
    pub deny_older: bool,
}

/// What became of one lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoked {
    /// The lease, as it is now.
    pub lease: Lease,
    /// What was done.
    pub outcome: Revoking,
}

/// What was done about one lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revoking {
    /// Its user and key are deleted; a sweep proves it later.
    Deleted,
    /// Its session is denied everything, as soon as AWS knows everywhere.
    Denied,
    /// AWS cannot call its session back: it lives until then.
    LivesOn(Timestamp),
    /// There was nothing left to end.
    Over,
    /// It could not be ended, or not be told of (hostile). A sweep tries again only if the lease was marked before.
    Failed(String),
}

/// Revokes. A lease that cannot be ended leaves the others as they are.
pub async fn revoke_leases<S: StateStore, A: IamAccess>(
    store: &S,
    access: &A,
    timer: &impl Timer,
    ids: &impl Ids,
    who: &Who,
    request: &RevokeRequest,
) -> Result<Vec<Revoked>, AppError> {
    let Some((read, record)) = read_record(store).await? else { return Err(nothing_applied(store).into()) };
    let broker = &record.snapshot.broker;
    let chosen = select(store, &request.selection).await?;
    if let Selection::Role(role) = &request.selection
        && chosen.is_empty()
        && !record.snapshot.roles.contains_key(role)
    {
        known(store, role, &record).await?;
    }
    if request.deny_older {
        let mut targets: BTreeSet<RoleArn> =
            chosen.iter().filter_map(|stored| stored.lease.request.role_arn.clone()).collect();
        if let Selection::Role(role) = &request.selection
            && let Some(applied) = record.snapshot.roles.get(role)
        {
            targets.extend(applied.spec.credential.role_arns().iter().cloned());
        }
        deny_older(store, access, broker, timer, ids, targets).await?;
    }
    let scribe = Scribe { store, clock: timer, ids, who, head: Some(&read.head) };
    let begun = timer.now();
    let has_user = |stored: &StoredLease| stored.lease.request.user.is_some() && stored.lease.is_open(begun);
    let (with_user, without): (Vec<StoredLease>, Vec<StoredLease>) = chosen.into_iter().partition(has_user);
    let mut revoked = users(&scribe, access, broker, with_user).await?;
    let mut accounts = BTreeMap::new();
    // One after the other: denies of one role are read, changed and written as one.
    for stored in without {
        let now = timer.now();
        let done = if !stored.lease.is_open(now) {
            Ok((stored.lease.clone(), Revoking::Over))
        } else if request.deny_session {
            session(&scribe, access, broker, &mut accounts, &stored, now).await
        } else if request.deny_older && stored.lease.request.role_arn.is_some() {
            note_denied(&scribe, &stored, now).await.map(|lease| (lease, Revoking::Denied))
        } else {
            Ok((stored.lease.clone(), Revoking::LivesOn(stored.lease.lives_until())))
        };
        let (lease, outcome) = done.unwrap_or_else(|failure| (stored.lease, Revoking::Failed(failure.message)));
        revoked.push(Revoked { lease, outcome });
    }
    // Oldest first, as they were chosen: an id begins with its time.
    revoked.sort_by(|one, other| one.lease.id.cmp(&other.lease.id));
    Ok(revoked)
}

/// Refuses a role that neither the record nor any lease knows: whoever mistypes it must not be told that nothing is open.
async fn known<S: StateRead>(store: &S, role: &Name, record: &Record) -> Result<(), Failure> {
    let mut names = ledger::roles(store).await?;
    if names.contains(role) {
        return Ok(());
    }
    names.extend(record.snapshot.roles.keys().cloned());
    let mut failure = no_such_role(
        role.as_str(),
        "in the record or among the leases",
        names.iter().map(Name::as_str),
        "`leasehold lease list` shows what is open; --state says where to look",
    );
    failure.meaning = Meaning::RefusedHere;
    Err(failure.because("nothing was revoked"))
}

/// Ends the users of these leases, several at once: in an incident there may be many.
async fn users<S: StateStore, T: Timer, D: Ids, A: IamAccess>(
    scribe: &Scribe<'_, S, T, D>,
    access: &A,
    broker: &BrokerSpec,
    chosen: Vec<StoredLease>,
) -> Result<Vec<Revoked>, Failure> {
    if chosen.is_empty() {
        return Ok(Vec::new());
    }
    let iam = &users_of(access, broker).await?;
    let end = |stored: StoredLease| async move {
        Ok(match user(scribe, iam, stored.clone()).await {
            Ok((lease, outcome)) => Revoked { lease, outcome },
            Err(failure) => Revoked { lease: stored.lease, outcome: Revoking::Failed(failure.message) },
        })
    };
    in_order(ENDED_AT_ONCE, chosen, end).await
}

async fn user<S: StateStore, T: Timer, D: Ids, I: IamUsers>(
    scribe: &Scribe<'_, S, T, D>,
    iam: &I,
    stored: StoredLease,
) -> Result<(Lease, Revoking), Failure> {
    let (store, clock, ids) = (scribe.store, scribe.clock, scribe.ids);
    // What is to end is not kept alive by an audit that cannot be written: that is said afterwards.
    let told = scribe.of_lease(&stored.lease, AuditAction::RevokeRequested, |_| {}).await;
    let (digest, unwritten) = told.map_or_else(|failure| (None, Some(failure)), |digest| (Some(digest), None));
    let stored = end::begin(store, ids, stored, clock.now(), digest).await?;
    let (stored, outcome) = end::attempt(store, ids, iam, stored, clock).await?;
    let outcome = match (outcome, unwritten) {
        (Err(error), _) => Revoking::Failed(error.reason()),
        (Ok(()), Some(failure)) => Revoking::Failed(format!("its user and key are deleted, and {}", failure.message)),
        (Ok(()), None) => Revoking::Deleted,
    };
    Ok((stored.lease, outcome))
}

async fn session<S: StateStore, T: Timer, D: Ids, A: IamAccess>(
    scribe: &Scribe<'_, S, T, D>,
    access: &A,
    broker: &BrokerSpec,
    accounts: &mut BTreeMap<AccountId, A::Roles>,
    stored: &StoredLease,
    now: Timestamp,
) -> Result<(Lease, Revoking), Failure> {
    let (lease, store, ids) = (&stored.lease, scribe.store, scribe.ids);
    let unique =
        lease.request.session_name.as_deref() == Some(&credential_name(&lease.role, &lease.id, SESSION_NAME_MAX));
    let (Some(role_arn), Some(deny)) = (&lease.request.role_arn, deny_session(lease, unique, now)) else {
        return Err(Failure::new(
            Meaning::RefusedHere,
            "session-not-known",
            "it cannot be denied by itself: it is no session of a role under the name that leasehold chooses",
        ));
    };
    let roles = match accounts.entry(role_arn.account().clone()) {
        Entry::Occupied(entered) => entered.into_mut(),
        Entry::Vacant(account) => account.insert(roles_of(access, broker, role_arn.account()).await?),
    };
    denies::put(store, roles, role_arn, &deny_policy_name(&lease.id), &ids.ulid(now), &deny).await?;
    Ok((note_denied(scribe, stored, now).await?, Revoking::Denied))
}

async fn note_denied<S: StateStore, T: Timer, D: Ids>(
    scribe: &Scribe<'_, S, T, D>,
    stored: &StoredLease,
    now: Timestamp,
) -> Result<Lease, Failure> {
    let told = scribe.of_lease(&stored.lease, AuditAction::SessionDenied, |_| {}).await;
    let mut next = Lease { denied_at: Some(now), updated_at: now, ..stored.lease.clone() };
    next.audit_tail = told.as_ref().ok().cloned().or(next.audit_tail);
    let lease = ledger::advance(scribe.store, stored, next, &scribe.ids.ulid(now)).await?.lease;
    told.map(|_| lease).map_err(|failure| failure.because("the session is denied all the same"))
}

async fn deny_older<S: StateStore, A: IamAccess>(
    store: &S,
    access: &A,
    broker: &BrokerSpec,
    timer: &impl Timer,
    ids: &impl Ids,
    targets: BTreeSet<RoleArn>,
) -> Result<(), Failure> {
    if targets.is_empty() {
        return Err(Failure::new(
            Meaning::RefusedHere,
            "no-target-role",
            "nothing that was chosen has a target role whose sessions could be denied",
        )
        .help("--deny-older is for assumed_role; name the role (--role)"));
    }
    for target in targets {
        let now = timer.now();
        let roles = roles_of(access, broker, target.account()).await?;
        denies::put(store, &roles, &target, OLDER_DENY, &ids.ulid(now), &SessionDeny::older_than(now)).await?;
    }
    Ok(())
}
