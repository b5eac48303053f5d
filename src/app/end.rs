//! Ending the IAM user of a lease: everything that hangs on it, then the user itself.

use super::Failure;
use super::ledger::{self, StoredLease};
use crate::domain::Timestamp;
use crate::domain::digest::Digest;
use crate::domain::lease::{EXPIRY_POLICY, LEASE_POLICY, LeaseState, LeaseUser, Revoking, backoff};
use crate::domain::text;
use crate::ports::{Attachment, CloudError, IamUsers, Ids, Removal, StateStore, StoreError};

/// Rounds of taking everything off before it is given up for this time: somebody else may be hanging things on.
const ROUNDS: u32 = 3;

/// Why a user is still there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NotEnded {
    /// A call failed.
    Cloud(CloudError),
    /// AWS says that something hangs on it, again and again (hostile).
    Held(String),
}

impl NotEnded {
    /// Why, in one sentence (hostile).
    pub(super) fn reason(&self) -> String {
        match self {
            Self::Cloud(error) => error.to_string(),
            Self::Held(text) => format!("AWS will not delete the user: {text}"),
        }
    }
}

/// Ends a user of which it is known what was hung on it. In the least number of calls: its keys are listed and deleted, what
/// was hung on it is taken off, and it is deleted; only if AWS then says that more hangs on it, everything is listed.
///
/// That is four calls, and one for a declared inline policy, each managed policy and each group: list keys, delete the key,
/// delete the deny, delete the user.
///
/// The deny that holds an expired user goes after its keys, so that no key of it ever works again.
pub(super) async fn end_user<I: IamUsers>(iam: &I, user: &LeaseUser) -> Result<(), NotEnded> {
    take_off_all(iam, &user.name, Attachment::AccessKey).await?;
    let LeaseUser {
        name,
        path: _,
        inline_policy,
        policy_arns,
        groups,
        on_removal: _,
        asking_until: _,
        renewable_until: _,
    } = user;
    let policies: Vec<String> =
        inline_policy.then_some(LEASE_POLICY).into_iter().chain([EXPIRY_POLICY]).map(str::to_owned).collect();
    let known = [
        (Attachment::Group, groups.as_slice()),
        (Attachment::ManagedPolicy, policy_arns.as_slice()),
        (Attachment::InlinePolicy, &policies),
    ];
    for (kind, ids) in known {
        for id in ids {
            iam.take_off(name, kind, id).await.map_err(NotEnded::Cloud)?;
        }
    }
    match iam.delete_user(name).await.map_err(NotEnded::Cloud)? {
        Removal::Done | Removal::Absent => Ok(()),
        Removal::Held(_) => end_unknown_user(iam, name).await,
    }
}

/// Ends a user of which nothing is known: all nine kinds of things are listed and taken off.
pub(super) async fn end_unknown_user<I: IamUsers>(iam: &I, name: &str) -> Result<(), NotEnded> {
    let mut held = String::new();
    for _ in 0..ROUNDS {
        for id in iam.attachments(name, Attachment::AccessKey).await.map_err(NotEnded::Cloud)? {
            iam.deactivate_access_key(name, &id).await.map_err(NotEnded::Cloud)?;
        }
        for kind in Attachment::ALL {
            take_off_all(iam, name, kind).await?;
        }
        match iam.delete_user(name).await.map_err(NotEnded::Cloud)? {
            Removal::Done | Removal::Absent => return Ok(()),
            Removal::Held(text) => held = text,
        }
    }
    Err(NotEnded::Held(held))
}

async fn take_off_all<I: IamUsers>(iam: &I, name: &str, kind: Attachment) -> Result<(), NotEnded> {
    for id in iam.attachments(name, kind).await.map_err(NotEnded::Cloud)? {
        iam.take_off(name, kind, &id).await.map_err(NotEnded::Cloud)?;
    }
    Ok(())
}

/// Writes down that a lease is being ended, before anything of it is. One that is being ended already stays as it is. `told` is
/// the event that said so.
pub(super) async fn begin<S: StateStore>(
    store: &S,
    ids: &impl Ids,
    stored: StoredLease,
    now: Timestamp,
    told: Option<Digest>,
) -> Result<StoredLease, StoreError> {
    if matches!(stored.lease.state, LeaseState::Revoking(_)) {
        return Ok(stored);
    }
    let mut next = stored.lease.became(LeaseState::Revoking(Revoking::default()), now);
    next.audit_tail = told.or(next.audit_tail);
    ledger::advance(store, &stored, next, &ids.ulid(now)).await
}

/// Writes down that a lease is to be ended, however often another process changes it meanwhile. Answers whether it was not
/// over already.
pub(super) async fn mark<S: StateStore>(
    store: &S,
    ids: &impl Ids,
    mut stored: StoredLease,
    now: Timestamp,
) -> Result<bool, Failure> {
    loop {
        if matches!(stored.lease.state, LeaseState::Ended(_) | LeaseState::Revoking(_)) {
            return Ok(!matches!(stored.lease.state, LeaseState::Ended(_)));
        }
        let id = stored.lease.id.clone();
        match begin(store, ids, stored, now, None).await {
            Ok(_) => return Ok(true),
            Err(StoreError::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        // It was changed, by its issuer most likely: what it became has to end as well.
        let Some(changed) = ledger::find(store, &id).await? else { return Ok(false) };
        stored = changed;
    }
}

/// Ends the user of a lease that is [begun](begin) to be ended, and writes down what came of it.
pub(super) async fn attempt<S: StateStore, I: IamUsers>(
    store: &S,
    ids: &impl Ids,
    iam: &I,
    stored: StoredLease,
    clock: &impl crate::ports::Clock,
) -> Result<(StoredLease, Result<(), NotEnded>), StoreError> {
    let Some(user) = stored.lease.request.user.clone() else { return Ok((stored, Ok(()))) };
    let outcome = end_user(iam, &user).await;
    let now = clock.now();
    let before = match &stored.lease.state {
        LeaseState::Revoking(revoking) => revoking.clone(),
        LeaseState::Intent | LeaseState::Active | LeaseState::Ended(_) => Revoking::default(),
    };
    let revoking = match &outcome {
        Ok(()) => Revoking { failures: 0, not_before: None, removed_at: Some(now), error: None },
        Err(error) => failed(&before, &error.reason(), now),
    };
    let next = stored.lease.became(LeaseState::Revoking(revoking), now);
    let stored = ledger::advance(store, &stored, next, &ids.ulid(now)).await?;
    Ok((stored, outcome))
}

/// One more failure, and when to try again.
fn failed(before: &Revoking, why: &str, now: Timestamp) -> Revoking {
    let failures = before.failures.saturating_add(1);
    Revoking {
        failures,
        not_before: Some(now.saturating_add(backoff(failures)).unwrap_or(Timestamp::MAX)),
        removed_at: None,
        error: Some(text::short(why, 300)),
    }
}
