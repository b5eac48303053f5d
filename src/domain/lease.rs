//! The durable record of one issued credential, from intent to end. It never holds a secret.

mod due;
mod next;
mod session_deny;
mod user;

use std::fmt;

use jiff::SignedDuration;

use super::Timestamp;
use super::credential::CredentialType;
use super::digest::Digest;
use super::ident::{Name, RoleArn};
use super::ttl::Ttl;

pub use due::{Due, by_time, by_time_end};
pub use next::{Next, STUCK_AFTER, TOMBSTONE_AGE, backoff};
pub use session_deny::{DENY_PREFIX, Denied, OLDER_DENY, SessionDeny, deny_policy_name, deny_session};
pub use user::{
    EXPIRY_POLICY, LEASE_POLICY, LeaseUser, Owner, TAG_EXPIRES, TAG_LEASE, TAG_LINEAGE, TAG_PREFIX, TAG_ROLE,
    TAGS_OF_OURS, expiry_chars, expiry_deny, is_ours, tags,
};

/// Twenty-six characters of Crockford's base 32 that sort by time (a ULID).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeaseId(String);

/// Whether this is a ULID in its one spelling: 26 characters of Crockford's base 32, upper case, 128 bits at most.
pub(super) fn is_ulid(text: &str) -> bool {
    let word = |b: u8| b.is_ascii_digit() || (b.is_ascii_uppercase() && !matches!(b, b'I' | b'L' | b'O' | b'U'));
    text.len() == LEASE_ID_LENGTH && text.bytes().all(word) && text.as_bytes()[0] <= b'7'
}

/// Characters of a [`LeaseId`].
pub const LEASE_ID_LENGTH: usize = 26;

/// The name of what is issued from a role, up to the lease's id: the role's name, as far as there is room, and `-`.
/// `longest` is the longest name that AWS takes.
#[must_use]
pub fn credential_stem(role: &Name, longest: usize) -> String {
    let room = longest.saturating_sub(LEASE_ID_LENGTH + 1);
    format!("{}-", role.as_str().chars().take(room).collect::<String>())
}

/// The name of a session, a token or a user: unique for each lease, so that CloudTrail leads back to it.
#[must_use]
pub fn credential_name(role: &Name, lease: &LeaseId, longest: usize) -> String {
    credential_stem(role, longest) + lease.as_str()
}

impl LeaseId {
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
}

impl fmt::Display for LeaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One issued credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Its id.
    pub id: LeaseId,
    /// The role it was issued from.
    pub role: Name,
    /// What kind of credential.
    pub credential_type: CredentialType,
    /// Where it stands.
    pub state: LeaseState,
    /// What was asked of AWS, written down before asking.
    pub request: LeaseRequest,
    /// What AWS answered; `None` before, and for ever if the answer was lost.
    pub grant: Option<Grant>,
    /// Lineage of the record it was issued from.
    pub lineage: String,
    /// Serial of the record it was issued from.
    pub serial: u64,
    /// Commit of the record it was issued from.
    pub commit: Option<String>,
    /// When the intent was written.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When its session was denied on its target role, if it was.
    pub denied_at: Option<Timestamp>,
    /// Digest of an audit event of this lease that was in the store before this form of it was: what the lease's next
    /// event names as the one before it. `None` in a lease that was written before leases said so.
    pub audit_tail: Option<Digest>,
}

/// What was asked of AWS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseRequest {
    /// The role to assume; `None` for tokens.
    pub role_arn: Option<RoleArn>,
    /// `RoleSessionName`, or `Name` of a federation token; `None` for session tokens.
    pub session_name: Option<String>,
    /// `SourceIdentity`.
    pub source_identity: Option<String>,
    /// The IAM user to make; `None` for everything that STS gives.
    pub user: Option<LeaseUser>,
    /// `DurationSeconds`, or how long an IAM user may work.
    pub ttl: Ttl,
    /// No credential of this lease can live longer than this, whatever was lost: asked at the latest, plus the TTL.
    pub dead_after: Timestamp,
}

/// What AWS answered, without the secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// `ASIA…` or `AKIA…`.
    pub access_key_id: String,
    /// AWS's own expiry; for an IAM user, the instant from which its own policy denies everything.
    pub expires_at: Timestamp,
    /// ARN of the session, where AWS names one.
    pub arn: Option<String>,
    /// `AROA…:<session name>`: the value of `aws:userid` in every request of the session.
    pub user_id: Option<String>,
}

/// The life of a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeaseState {
    /// AWS is about to be asked, or was, and the answer is not known.
    Intent,
    /// The credential is out.
    Active,
    /// It is being ended.
    Revoking(Revoking),
    /// It is over, and there is proof.
    Ended(Ending),
}

/// An ending under way. Only IAM users have one: what STS gave ends by itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Revoking {
    /// Attempts that failed, one after the other.
    pub failures: u32,
    /// Nobody tries before this; `None` until an attempt has failed.
    pub not_before: Option<Timestamp>,
    /// When the user was deleted, as far as AWS answered. Its absence is not proven yet.
    pub removed_at: Option<Timestamp>,
    /// Why the last attempt failed, in one sentence (may hold AWS's own text: hostile).
    pub error: Option<String>,
}

/// Proofs that a credential is dead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// AWS refused: there never was one.
    Refused,
    /// Its AWS expiry has passed.
    Expired,
    /// It was removed, and read back as absent.
    Removed,
}

impl LeaseState {
    /// The word used in every output.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Intent => "intent",
            Self::Active => "active",
            Self::Revoking(_) => "revoking",
            Self::Ended(_) => "ended",
        }
    }
}

impl Ending {
    /// Reads [`as_str`](Self::as_str) back.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Refused, Self::Expired, Self::Removed].into_iter().find(|ending| ending.as_str() == word)
    }

    /// The word used in every output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Expired => "expired",
            Self::Removed => "removed",
        }
    }
}

impl Lease {
    /// The last instant at which a credential of this lease can still work.
    #[must_use]
    pub fn lives_until(&self) -> Timestamp {
        self.grant.as_ref().map_or(self.request.dead_after, |grant| grant.expires_at)
    }

    /// Whether a credential of it may be alive, or an IAM user of it be left.
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        !matches!(self.state, LeaseState::Ended(_)) && (self.request.user.is_some() || now < self.lives_until())
    }

    /// Whether ending it has failed so often that somebody should look. It is tried again all the same.
    #[must_use]
    pub fn is_stuck(&self) -> bool {
        matches!(&self.state, LeaseState::Revoking(revoking) if revoking.failures >= STUCK_AFTER)
    }

    /// The lease in this state from `now` on.
    #[must_use]
    pub fn became(&self, state: LeaseState, now: Timestamp) -> Self {
        Self { state, updated_at: now, ..self.clone() }
    }

    /// Vault's path-like name, `aws/creds/<role>/<id>`.
    #[must_use]
    pub fn path(&self) -> String {
        format!("aws/creds/{}/{}", self.role, self.id)
    }
}

/// The instant as IAM reads dates: ISO 8601, and no part of a second, which is cut off so that nothing lives longer.
fn date(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The instant without its part of a second.
fn whole(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

/// `from` and `step`, or the end of time.
fn later(from: Timestamp, step: SignedDuration) -> Timestamp {
    from.saturating_add(step).unwrap_or(Timestamp::MAX)
}
