//! `lease renew`: lets an IAM user work longer, up to its role's `max_ttl` from when it was issued.

use super::find;
use crate::app::access::users_of;
use crate::app::audit::{Scribe, Who};
use crate::app::{AppError, Failure, IamAccess, Meaning, ledger, read_role};
use crate::domain::audit::AuditAction;
use crate::domain::lease::{EXPIRY_POLICY, Grant, Lease, LeaseState, expiry_deny};
use crate::domain::ttl::Ttl;
use crate::ports::{IamUsers, Ids, StateStore, Timer};

/// Renews a lease so that it ends `increment` from now. What was given by STS cannot be extended, and is refused.
///
/// The lease is written first: if moving the user's own deny then fails, the user ends earlier than the lease says, and
/// never later.
pub async fn renew_lease<S: StateStore, A: IamAccess>(
    store: &S,
    access: &A,
    timer: &impl Timer,
    ids: &impl Ids,
    who: &Who,
    id_or_path: &str,
    increment: Ttl,
) -> Result<Lease, AppError> {
    let stored = find(store, id_or_path).await?;
    let (lease, now) = (&stored.lease, timer.now());
    let refuse = |kind, message: String| Failure::new(Meaning::RefusedHere, kind, message);
    let Some(user) = &lease.request.user else {
        return Err(refuse(
            "not-renewable",
            format!("what is of type {} cannot be renewed: AWS does not extend a session", lease.credential_type),
        )
        .help(format!(
            "issue another when this one ends (`leasehold issue {}`), with a TTL that fits the job",
            lease.role
        ))
        .into());
    };
    let (LeaseState::Active, Some(grant)) = (&lease.state, &lease.grant) else {
        return Err(refuse("lease-not-active", format!("the lease {} is {}", lease.path(), lease.state.as_str()))
            .help("issue another")
            .into());
    };
    if now >= grant.expires_at {
        return Err(refuse("lease-expired", format!("the lease {} ended at {:.0}", lease.path(), grant.expires_at))
            .help("issue another")
            .into());
    }
    let Some((head, Some((broker, applied)))) = read_role(store, &lease.role).await? else {
        return Err(refuse("role-removed", format!("the role `{}` is not in the record any more", lease.role))
            .help("what was removed is not prolonged")
            .into());
    };
    if !applied.violations.is_empty() || applied.spec.expires.is_some_and(|day| day.is_over(now)) {
        return Err(refuse("role-not-issuable", format!("the role `{}` is not issued at present", lease.role))
            .because("it has expired, or findings block it")
            .help(format!("`leasehold why {}` tells why", lease.role))
            .into());
    }
    let most = applied.spec.credential.ttl().max.duration();
    let latest = lease.created_at.saturating_add(most).unwrap_or(user.renewable_until).min(user.renewable_until);
    let expires_at = now.saturating_add(increment.duration()).unwrap_or(user.renewable_until);
    if expires_at > latest {
        let left = Ttl::from_seconds(u32::try_from(latest.duration_since(now).as_secs()).unwrap_or_default());
        let refusal = refuse(
            "ttl-above-maximum",
            format!("{increment} from now is more than the lease {} may live: it ends at {latest:.0}", lease.path()),
        )
        .because(format!(
            "max_ttl of `{}` is {}, counted from when it was issued",
            lease.role,
            applied.spec.credential.ttl().max
        ));
        return Err(match left {
            Some(left) => refusal.help(format!("ask for {left} or less")).into(),
            None => refusal.help("issue another").into(),
        });
    }
    let iam = users_of(access, &broker).await?;
    let grant = Some(Grant { expires_at, ..grant.clone() });
    let mut request = lease.request.clone();
    request.dead_after = request.dead_after.max(expires_at);
    let scribe = Scribe { store, clock: timer, ids, who, head: Some(&head) };
    let told = scribe.of_lease(lease, AuditAction::Renewed, |event| event.ttl = Some(increment)).await?;
    let next = Lease { grant, request, updated_at: now, audit_tail: Some(told), ..lease.clone() };
    let name = user.name.clone();
    let stored = ledger::advance(store, &stored, next, &ids.ulid(now)).await?;
    iam.put_user_policy(&name, EXPIRY_POLICY, &expiry_deny(expires_at)).await.map_err(|error| {
        Failure::from(error)
            .because("the lease says the new time already, and the user ends at the old one")
            .help("run the command again")
    })?;
    Ok(stored.lease)
}
