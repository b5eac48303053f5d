//! The whole audit as it was read, with what refers to it.

use super::{AuditEvent, COVERING, EventId};
use crate::domain::digest::Digest;
use crate::domain::lease::Lease;
use crate::domain::record::Head;

/// Why the bytes under a key are no event (may quote them: hostile).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable(pub String);

/// What is stored under one key of the audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// The key.
    pub key: String,
    /// Digest of the stored bytes.
    pub digest: Digest,
    /// What they say.
    pub event: Result<AuditEvent, Unreadable>,
}

impl StoredEvent {
    /// The id in the key, whatever the object says.
    #[must_use]
    pub fn id(&self) -> Option<EventId> {
        id_in_key(&self.key)
    }
}

/// The id in a key of the audit.
#[must_use]
pub fn id_in_key(key: &str) -> Option<EventId> {
    let file = key.rsplit('/').next()?.strip_suffix(".json")?;
    EventId::parse(file.strip_suffix(COVERING).unwrap_or(file))
}

/// Everything that verifying looks at. Head and leases are to be read before the events: whatever they name was stored
/// before they were.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// The events, sorted by key.
    pub events: Vec<StoredEvent>,
    /// The leases.
    pub leases: Vec<Lease>,
    /// The head.
    pub head: Option<Head>,
}
