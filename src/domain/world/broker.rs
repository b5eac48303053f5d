use std::collections::BTreeMap;

use super::{AttachedPolicy, Fact, LivePolicy};

/// The principal that issues, as it stands in IAM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveBroker {
    /// `AROA…` or `AIDA…`.
    pub unique_id: String,
    /// Tags of the user or role itself; a session's own tags are never known.
    pub tags: BTreeMap<String, String>,
    /// Everything that grants or denies by identity: inline, attached, and what the groups of a user bring. Known whole or
    /// not at all: a part would hide a Deny.
    pub policies: Fact<Vec<AttachedPolicy>>,
    /// The permissions boundary; absent when there is none.
    pub boundary: Fact<AttachedPolicy>,
    /// Whom a role lets be it; a user has none. `None` proves nothing: it may not have been told.
    pub trust: Option<LivePolicy>,
}
