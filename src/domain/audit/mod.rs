//! What is written down about each credential, from the request to the end, and about each apply and sweep. Allow-listed
//! fields only: no field here can hold a secret.

mod cover;
mod history;
#[cfg(test)]
mod tests;
mod verify;

use std::fmt;

use crate::domain::Timestamp;
use crate::domain::digest::Digest;
use crate::domain::ident::Name;
use crate::domain::lease::{Ending, LeaseId, is_ulid};
use crate::domain::ttl::Ttl;

pub use cover::{Covers, LATE_AFTER, covered_digest};
pub use history::{History, StoredEvent, Unreadable, id_in_key};
pub use verify::{Fault, FaultKind, Report, verify};

/// Names one event: a ULID, like [`LeaseId`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(String);

impl EventId {
    /// Checks the form; letters are upper case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        is_ulid(text).then(|| Self(text.to_owned()))
    }

    /// The 26 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Milliseconds since 1970 at which it was made: its first ten characters.
    #[must_use]
    pub fn milliseconds(&self) -> i64 {
        const ALPHABET: &[u8] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        let value = |byte: u8| ALPHABET.iter().position(|letter| *letter == byte).unwrap_or_default() as i64;
        self.0.bytes().take(10).fold(0, |sum, byte| sum << 5 | value(byte))
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One event of the audit trail. Each is stored once and never changed; the events of one lease form a chain by
/// [`previous`](Self::previous).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEvent {
    /// Its id.
    pub id: EventId,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub action: AuditAction,
    /// The lease it is about; `None` for an apply, a sweep as a whole, and a refusal before there was a lease.
    pub lease: Option<LeaseId>,
    /// The role it is about; `None` for an apply and a sweep.
    pub role: Option<Name>,
    /// ARN of the AWS identity that asked, as far as it was known (hostile).
    pub caller_arn: Option<String>,
    /// The CI run that asked, where there is one.
    pub ci: Option<CiRun>,
    /// Who signed the commit that is applied, where that was asked for.
    pub signed_by: Option<Signer>,
    /// What the asker gave as the reason for asking.
    pub justification: Option<Justification>,
    /// The TTL asked of AWS.
    pub ttl: Option<Ttl>,
    /// `ASIA…` or `AKIA…`: the public half of what was handed out.
    pub access_key_id: Option<String>,
    /// Serial of the record acted on.
    pub serial: Option<u64>,
    /// Commit of the record acted on: hex object id.
    pub commit: Option<String>,
    /// Why it was refused, in one sentence (may hold AWS's own text: hostile).
    pub reason: Option<String>,
    /// How the lease ended; only of [`AuditAction::Ended`].
    pub ending: Option<Ending>,
    /// Digest of the stored bytes of an event before it that concerns the same lease, or the same apply; `None` for the
    /// first. What it names was in the store before this event was.
    pub previous: Option<Digest>,
    /// The events that this one vouches for.
    pub covers: Option<Covers>,
}

impl AuditEvent {
    /// Where it is stored: by the day it happened on, in UTC. An event that vouches for others shows it in its key, so that
    /// the newest such is found without reading any other.
    #[must_use]
    pub fn key(&self) -> String {
        let suffix = if self.covers.is_some() { COVERING } else { "" };
        format!("audit/{}/{}{suffix}.json", self.at.strftime("%F"), self.id)
    }
}

/// What stands in the key of an event that vouches for others, between its id and `.json`.
pub const COVERING: &str = ".covers";

/// Longest [`Justification`], in characters.
pub const JUSTIFICATION_MAX: usize = 500;

/// What an asker gives as the reason for asking: 1 to 500 characters, not only white space (hostile).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Justification(String);

impl Justification {
    /// Checks the length; white space around it is left out.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let fits = (1..=JUSTIFICATION_MAX).contains(&text.chars().count());
        fits.then(|| Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Who signed a commit (hostile).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// The principals of the line of the list that allows it.
    pub principals: String,
    /// `SHA256:…`: the key's fingerprint, as `ssh-keygen -l` prints it.
    pub key: String,
}

/// A CI run, as the CI system names it (hostile).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CiRun {
    /// `github-actions`, `gitlab-ci`, ….
    pub system: String,
    /// What leads back to the run: its URL or id.
    pub run: String,
    /// The repository it runs for, as the system names it.
    pub repository: Option<String>,
    /// The branch or tag it runs for.
    pub reference: Option<String>,
    /// Who set it off, as the system names them.
    pub actor: Option<String>,
}

/// What an event tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AuditAction {
    /// A credential is about to be asked of AWS.
    IssueRequested,
    /// AWS gave one.
    IssueGranted,
    /// None was given, by AWS or by us.
    IssueRefused,
    /// A set of roles is about to become the record.
    ApplyRequested,
    /// A set of roles became the record.
    Applied,
    /// A credential is about to be ended before its time.
    RevokeRequested,
    /// A lease is over; `ending` says how.
    Ended,
    /// A lease was given more time.
    Renewed,
    /// What a session that cannot be called back may do was denied.
    SessionDenied,
    /// Ending a credential failed so often that a person should look.
    Stuck,
    /// Something of ours in AWS that no lease names was ended.
    OrphanEnded,
    /// A sweep went through everything that was due.
    SweepFinished,
}

impl AuditAction {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::IssueRequested,
        Self::IssueGranted,
        Self::IssueRefused,
        Self::ApplyRequested,
        Self::Applied,
        Self::RevokeRequested,
        Self::Ended,
        Self::Renewed,
        Self::SessionDenied,
        Self::Stuck,
        Self::OrphanEnded,
        Self::SweepFinished,
    ];

    /// Reads [`as_str`](Self::as_str) back.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == word)
    }

    /// The word used in every output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::IssueRequested => "issue-requested",
            Self::IssueGranted => "issue-granted",
            Self::IssueRefused => "issue-refused",
            Self::ApplyRequested => "apply-requested",
            Self::Applied => "applied",
            Self::RevokeRequested => "revoke-requested",
            Self::Ended => "ended",
            Self::Renewed => "renewed",
            Self::SessionDenied => "session-denied",
            Self::Stuck => "stuck",
            Self::OrphanEnded => "orphan-ended",
            Self::SweepFinished => "sweep-finished",
        }
    }
}

impl fmt::Display for AuditAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
