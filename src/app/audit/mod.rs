//! The audit trail: one write-once object for each event. No audit, no credential.

mod cover;
mod of_lease;
mod read;

use super::swap::swap;
use super::{Failure, Meaning};
use crate::domain::audit::{AuditAction, AuditEvent, CiRun, Covers, EventId, Justification, Signer};
use crate::domain::digest::Digest;
use crate::domain::ident::Name;
use crate::domain::lease::{Ending, LeaseId};
use crate::domain::record::Head;
use crate::domain::ttl::Ttl;
use crate::ports::{Clock, Ids, StateStore};
use crate::wire::state_v1;

pub use cover::cover;
pub(super) use of_lease::Scribe;
pub use read::{AuditFilter, list_audit, show_audit, verify_audit};

/// What all events of one command have in common.
#[derive(Debug, Clone, Default)]
pub struct Who {
    /// ARN of the AWS identity, as far as it is known without asking.
    pub caller_arn: Option<String>,
    /// The CI run, where there is one.
    pub ci: Option<CiRun>,
    /// Who signed the commit that is applied, where that was asked for.
    pub signed_by: Option<Signer>,
    /// What the asker gave as the reason for asking.
    pub justification: Option<Justification>,
}

/// What is particular to one event.
#[derive(Debug, Clone)]
pub struct Event {
    /// What happened.
    pub action: AuditAction,
    /// The lease it is about.
    pub lease: Option<LeaseId>,
    /// The role it is about.
    pub role: Option<Name>,
    /// The TTL asked of AWS.
    pub ttl: Option<Ttl>,
    /// The public half of what was handed out.
    pub access_key_id: Option<String>,
    /// Why it was refused.
    pub reason: Option<String>,
    /// How the lease ended.
    pub ending: Option<Ending>,
    /// Digest of the lease's event before this one: [`Lease::audit_tail`](crate::domain::lease::Lease::audit_tail) of the
    /// lease as it was read.
    pub previous: Option<Digest>,
    /// What it vouches for.
    pub covers: Option<Covers>,
}

impl Event {
    /// An event of this action, and nothing else yet.
    #[must_use]
    pub fn new(action: AuditAction) -> Self {
        Self {
            action,
            lease: None,
            role: None,
            ttl: None,
            access_key_id: None,
            reason: None,
            ending: None,
            previous: None,
            covers: None,
        }
    }
}

/// An event that is in the store.
#[derive(Debug, Clone)]
pub struct Written {
    /// Its id.
    pub id: EventId,
    /// Digest of its stored bytes: what the lease's next event names as the one before it.
    pub digest: Digest,
}

/// Writes one event. Fails closed with [`Meaning::AuditNotWritable`].
///
/// Whoever writes an event of a lease names the one before it by [`Event::previous`], and keeps [`Written::digest`] as
/// `audit_tail` in the next form of the lease. In that order alone: a digest is kept once what it names is stored, so that
/// one which names nothing is damage, never a crash.
pub async fn write<S: StateStore>(
    store: &S,
    clock: &impl Clock,
    ids: &impl Ids,
    who: &Who,
    head: Option<&Head>,
    event: Event,
) -> Result<Written, Failure> {
    let at = clock.now();
    let ulid = ids.ulid(at);
    let Some(id) = EventId::parse(&ulid) else {
        return Err(Failure::new(Meaning::Failed, "bad-id", "the source of ids gave something that is no ULID"));
    };
    let Event { action, lease, role, ttl, access_key_id, reason, ending, previous, covers } = event;
    let event = AuditEvent {
        id: id.clone(),
        at,
        action,
        lease,
        role,
        caller_arn: who.caller_arn.clone(),
        ci: who.ci.clone(),
        signed_by: who.signed_by.clone(),
        justification: who.justification.clone(),
        ttl,
        access_key_id,
        serial: head.map(|head| head.serial),
        commit: head.and_then(|head| head.basis.commit.clone()),
        reason,
        ending,
        previous,
        covers,
    };
    let key = event.key();
    let bytes = state_v1::encode_audit(1, &ulid, &event);
    match swap(store, &key, None, &bytes).await {
        Ok(_) => Ok(Written { id, digest: Digest::of_bytes(&bytes) }),
        Err(error) => {
            let cause = error.to_string();
            let help = Failure::from(error).help.unwrap_or_default();
            Err(Failure::new(
                Meaning::AuditNotWritable,
                "audit-not-writable",
                "the audit event could not be written, and without it nothing is handed out",
            )
            .because(cause)
            .help(help))
        }
    }
}
