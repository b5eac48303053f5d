//! Events of a lease that is there already.

use super::{Event, Who, write};
use crate::app::Failure;
use crate::domain::audit::AuditAction;
use crate::domain::digest::Digest;
use crate::domain::lease::Lease;
use crate::domain::record::Head;
use crate::ports::{Clock, Ids, StateStore};

/// Who writes, and of which record.
pub(in crate::app) struct Scribe<'a, S, C, I> {
    pub(in crate::app) store: &'a S,
    pub(in crate::app) clock: &'a C,
    pub(in crate::app) ids: &'a I,
    pub(in crate::app) who: &'a Who,
    pub(in crate::app) head: Option<&'a Head>,
}

impl<S: StateStore, C: Clock, I: Ids> Scribe<'_, S, C, I> {
    /// Writes an event of this lease, which names the one before it. Answers what the lease's next form keeps as its
    /// `audit_tail`.
    pub(in crate::app) async fn of_lease(
        &self,
        lease: &Lease,
        action: AuditAction,
        tell: impl FnOnce(&mut Event),
    ) -> Result<Digest, Failure> {
        let mut event = Event::new(action);
        event.lease = Some(lease.id.clone());
        event.role = Some(lease.role.clone());
        event.access_key_id = lease.grant.as_ref().map(|grant| grant.access_key_id.clone());
        event.previous = lease.audit_tail.clone();
        tell(&mut event);
        Ok(write(self.store, self.clock, self.ids, self.who, self.head, event).await?.digest)
    }
}
