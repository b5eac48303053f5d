//! One IAM user with one key, built so that no step leaves more than the lease knows of.
//!
//! The user is made with its path, tags and boundary in one call; the deny that ends it by itself is its first policy; its
//! key comes last, after everybody who might have ended the role or the lease had a chance to say so.

use jiff::SignedDuration;

use super::Prepared;
use crate::app::ledger::{self, StoredLease};
use crate::app::{Failure, Meaning};
use crate::domain::Timestamp;
use crate::domain::credential::IamUserSpec;
use crate::domain::digest::canonical_json;
use crate::domain::ident::AccountId;
use crate::domain::lease::{self, EXPIRY_POLICY, LEASE_POLICY, LeaseUser, Owner};
use crate::domain::secret::Credentials;
use crate::domain::world::CallerIdentity;
use crate::ports::{
    Attachment, Clock, CloudError, CloudErrorKind, IamUsers, Issued, Made, NewUser, Removal, StateRead, StateStore,
    Timer,
};

/// Checks in a row that a new key must pass: AWS's servers learn of it one by one.
const CHECKS: u32 = 3;
/// The pause between two checks.
const BETWEEN_CHECKS: SignedDuration = SignedDuration::from_millis(500);
/// How long a key is checked before it is given up. AWS takes 5 to 15 seconds as a rule.
const CHECK_AT_MOST: SignedDuration = SignedDuration::from_secs(60);
/// Keys that are asked for when the answer is lost each time.
const KEYS_AT_MOST: u32 = 8;
/// Lists that are read until a deleted key is listed no more. AWS may list it for a while.
const LISTS_AT_MOST: u32 = 3;

/// What to do between making a key and handing it over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyWait {
    /// Ask AWS with the key until it works.
    Verify,
    /// Nothing.
    Skip,
    /// Wait this long.
    For(SignedDuration),
}

/// Why there is no key.
pub(super) enum Unmade {
    /// A call failed. `may_be` says whether there may be a user.
    Cloud { error: CloudError, may_be: bool },
    /// Something of ours stood in the way after the user was made.
    Here(Failure),
    /// Something stood in the way before anything was made.
    Not(Failure),
}

/// Makes the user and its key. `still_wanted` is asked right before the key is made.
pub(super) async fn make<I: IamUsers, S: StateRead>(
    iam: &I,
    store: &S,
    prepared: &Prepared,
    spec: &IamUserSpec,
    stored: &StoredLease,
    clock: &impl Clock,
    still_wanted: impl AsyncFnOnce() -> Result<(), Failure>,
) -> Result<Issued, Unmade> {
    let lease = &stored.lease;
    let Some(user) = &lease.request.user else { return Err(Unmade::Here(no_user())) };
    if clock.now() >= user.asking_until {
        // A sweep may take the lease for a dead process's by now.
        return Err(Unmade::Not(
            Failure::new(Meaning::Unreachable, "out-of-time", "the time limit passed before AWS was asked")
                .help("give the command more time (--timeout)"),
        ));
    }
    let expires_at = expiry(lease);
    let deployment = &prepared.broker.deployment;
    let owner = Owner { deployment, lineage: &lease.lineage };
    let new = NewUser {
        name: user.name.clone(),
        path: user.path.clone(),
        tags: lease::tags(owner, &lease.role, &lease.id, expires_at, &spec.iam_tags),
        permissions_boundary: spec.permissions_boundary_arn.as_ref().map(ToString::to_string),
    };
    let failed =
        |may_be: bool| move |error: CloudError| Unmade::Cloud { may_be: may_be || error.kind.may_have_acted(), error };
    let live = match iam.create_user(&new).await.map_err(failed(false))? {
        Made::Now(live) => live,
        Made::Already => {
            let there = iam.user(&user.name).await.map_err(failed(true))?;
            there.filter(|live| lease.has_user(deployment, &live.name, &live.path, &live.tags)).ok_or_else(|| {
                Unmade::Here(
                    Failure::new(
                        Meaning::RefusedByAws,
                        "user-of-somebody-else",
                        format!("there is a user `{}` in AWS already, and it is not of this lease", user.name),
                    )
                    .because("its path, its tags or its name differ from what leasehold would have given it")
                    .help("look at it in IAM; nothing of it was changed. Run the command again: the next lease has another name"),
                )
            })?
        }
    };
    let failed = failed(true);
    iam.put_user_policy(&user.name, EXPIRY_POLICY, &lease::expiry_deny(expires_at)).await.map_err(failed)?;
    if let Some(document) = &spec.policy.document {
        iam.put_user_policy(&user.name, LEASE_POLICY, &canonical_json(document)).await.map_err(failed)?;
    }
    for arn in &spec.policy.arns {
        iam.attach_user_policy(&user.name, arn.as_str()).await.map_err(failed)?;
    }
    for group in &spec.policy.groups {
        iam.add_user_to_group(&user.name, group).await.map_err(failed)?;
    }
    still_wanted().await.map_err(Unmade::Here)?;
    unchanged(store, stored).await.map_err(Unmade::Here)?;
    let mut credentials = key(iam, user, clock).await.map_err(failed)?;
    credentials.expires_at = Some(expires_at);
    Ok(Issued { credentials, arn: Some(live.arn), user_id: Some(live.user_id), packed_policy_size: None })
}

/// When the user's own policy begins to deny everything.
pub(super) fn expiry(lease: &lease::Lease) -> Timestamp {
    lease.created_at.saturating_add(lease.request.ttl.duration()).unwrap_or(Timestamp::MAX)
}

/// Name and path of the lease's user, and how long it is to be believed to be in the making.
pub(super) fn named(
    prepared: &Prepared,
    spec: &IamUserSpec,
    id: &lease::LeaseId,
    now: Timestamp,
    deadline: SignedDuration,
) -> LeaseUser {
    let Prepared { broker, role, .. } = prepared;
    let (name, path) = LeaseUser::named(&role.spec.name, id, &broker.deployment, spec.user_path.as_deref());
    LeaseUser {
        name,
        path,
        inline_policy: spec.policy.document.is_some(),
        policy_arns: spec.policy.arns.iter().map(ToString::to_string).collect(),
        groups: spec.policy.groups.clone(),
        on_removal: spec.on_removal,
        asking_until: now.saturating_add(deadline).unwrap_or(Timestamp::MAX),
        renewable_until: now.saturating_add(spec.ttl.max.duration()).unwrap_or(Timestamp::MAX),
    }
}

/// Refuses when somebody is ending the lease already.
async fn unchanged<S: StateRead>(store: &S, stored: &StoredLease) -> Result<(), Failure> {
    match ledger::find(store, &stored.lease.id).await? {
        Some(now) if now.lease == stored.lease => Ok(()),
        _ => Err(Failure::new(
            Meaning::RefusedHere,
            "lease-ended",
            format!("the lease {} was revoked before its key was made", stored.lease.path()),
        )
        .help("find out who revoked it (`leasehold audit list --lease`), and run the command again")),
    }
}

/// Makes the key. One whose secret was lost on the way is deleted: nobody can use it, and it takes one of the two places that
/// a user has. Once AWS lists no key, the next is made, until the command's time limit. A lost key that AWS lists only later
/// goes with the user: ending it lists its keys.
async fn key<I: IamUsers>(iam: &I, user: &LeaseUser, clock: &impl Clock) -> Result<Credentials, CloudError> {
    let mut tries = 1;
    loop {
        let lost = match iam.create_access_key(&user.name).await {
            Err(error) if error.kind.may_have_acted() => error,
            answer => return answer,
        };
        delete_keys(iam, &user.name).await?;
        if tries == KEYS_AT_MOST || clock.now() >= user.asking_until {
            return Err(lost);
        }
        tries += 1;
    }
}

/// Deletes every key of a user that nobody has a key of yet, until AWS lists none.
async fn delete_keys<I: IamUsers>(iam: &I, user: &str) -> Result<(), CloudError> {
    for _ in 0..LISTS_AT_MOST {
        let keys = iam.attachments(user, Attachment::AccessKey).await?;
        if keys.is_empty() {
            break;
        }
        for id in keys {
            iam.take_off(user, Attachment::AccessKey, &id).await?;
        }
    }
    Ok(())
}

/// Waits until the key can be used, and tells how long that took.
pub(super) async fn wait<I: IamUsers>(
    iam: &I,
    timer: &impl Timer,
    credentials: &Credentials,
    account: &str,
    wait: KeyWait,
) -> Result<Option<SignedDuration>, Failure> {
    let began = timer.now();
    match wait {
        KeyWait::Skip => return Ok(None),
        KeyWait::For(duration) => timer.sleep(duration).await,
        KeyWait::Verify => {
            let mut passed = 0;
            while passed < CHECKS {
                match iam.try_key(credentials).await {
                    Ok(identity) if identity.account.as_str() == account => passed += 1,
                    Ok(identity) => {
                        return Err(Failure::new(
                            Meaning::RefusedByAws,
                            "key-of-another-account",
                            format!("the new key belongs to account {}, not to {account}", identity.account),
                        ));
                    }
                    Err(error) if spreading(error.kind) => passed = 0,
                    Err(error) => return Err(error.into()),
                }
                if passed < CHECKS {
                    if timer.now().duration_since(began) > CHECK_AT_MOST {
                        return Err(Failure::new(
                            Meaning::Unreachable,
                            "key-does-not-work",
                            format!("the new key did not work within {} seconds", CHECK_AT_MOST.as_secs()),
                        )
                        .help("run the command again; if it happens again, look at AWS's health page"));
                    }
                    timer.sleep(BETWEEN_CHECKS).await;
                }
            }
        }
    }
    Ok(Some(timer.now().duration_since(began)))
}

/// Answers that a new key gets while AWS's servers learn of it, or that say nothing about the key.
fn spreading(kind: CloudErrorKind) -> bool {
    matches!(
        kind,
        CloudErrorKind::InvalidCredentials
            | CloudErrorKind::AccessDenied
            | CloudErrorKind::Throttled
            | CloudErrorKind::ServiceFault
            | CloudErrorKind::LostReply
            | CloudErrorKind::TimedOut
            | CloudErrorKind::Unreachable
    )
}

/// Deletes the key of a credential that is dropped, if AWS lets us; the sweep does it otherwise.
pub(super) async fn drop_key<I: IamUsers>(iam: &I, user: &str, access_key_id: &str) -> Result<(), CloudError> {
    match iam.take_off(user, Attachment::AccessKey, access_key_id).await? {
        Removal::Done | Removal::Absent | Removal::Held(_) => Ok(()),
    }
}

/// Marks the lease of a user that is, or may be, there as one to be ended now.
pub(super) async fn abandon<S: StateStore>(
    store: &S,
    stored: &StoredLease,
    why: &str,
    now: Timestamp,
    write_id: &str,
) -> Result<(), Failure> {
    let revoking = lease::Revoking { error: Some(crate::domain::text::short(why, 300)), ..lease::Revoking::default() };
    let next = stored.lease.became(lease::LeaseState::Revoking(revoking), now);
    ledger::advance(store, stored, next, write_id).await?;
    Ok(())
}

/// Users are made in the broker's account and nowhere else: a sweep looks for them there.
pub(super) fn wrong_account(identity: &CallerIdentity, account: &AccountId) -> Failure {
    Failure::new(
        Meaning::RefusedHere,
        "wrong-account",
        format!("{} is of account {}, and the broker of account {account}", identity.arn, identity.account),
    )
    .help("give the broker's own credentials")
}

fn no_user() -> Failure {
    Failure::new(Meaning::Failed, "no-user", "the lease of an IAM user names no user")
}
