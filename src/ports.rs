//! The outside world, as traits with error meaning. Adapters implement them; use cases know nothing else.

mod head;
mod iam;

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

use jiff::SignedDuration;
use thiserror::Error;

use crate::domain::Timestamp;
use crate::domain::finding::ManifestError;
use crate::domain::ident::RoleArn;
use crate::domain::record::Basis;
use crate::domain::secret::{Credentials, Secret};
use crate::domain::signed_head::Distrust;
use crate::domain::span::SourceFile;
use crate::domain::ttl::Ttl;
use crate::domain::world::{CallerIdentity, Wanted, World};

pub use head::{HeadSigner, HeadVerifier, SigningError};
pub use iam::{Attachment, IamUsers, ListedUser, LiveUser, Made, NewUser, Removal, RolePolicies};

/// Where manifests come from: a folder, or a commit.
pub trait Manifests {
    /// Every manifest file, sorted by path. Files that were refused one by one are `problems`; `Err` is for a source that
    /// cannot be read at all.
    fn read(&self) -> Result<ManifestSet, SourceError>;
}

/// What a source holds.
#[derive(Debug, Clone)]
pub struct ManifestSet {
    /// The files, sorted by path.
    pub files: Vec<Arc<SourceFile>>,
    /// Files that were refused (a symlink, too large, not UTF-8), each with its path and reason.
    pub problems: Vec<ManifestError>,
    /// What to bind a plan to.
    pub basis: Basis,
}

/// A source that cannot be read at all.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct SourceError {
    /// What is wrong, in one sentence.
    pub message: String,
    /// What to do.
    pub help: String,
}

/// Reads IAM and STS; changes nothing.
pub trait CloudRead {
    /// `sts:GetCallerIdentity`.
    fn caller_identity(&self) -> impl Future<Output = Result<CallerIdentity, CloudError>> + Send;

    /// Everything that is wanted, one entry for each: few roles are read one by one, many in bulk. Never fails as a whole:
    /// what could not be read is [`Unknown`](crate::domain::world::Fact::Unknown), and one account's failure leaves the
    /// others as they are.
    fn world(&self, caller: &CallerIdentity, wanted: &Wanted) -> impl Future<Output = World> + Send;

    /// API calls made so far, retries included.
    fn calls(&self) -> u32;
}

/// Asks STS for credentials.
pub trait Issuer {
    /// Who asks.
    fn caller_identity(&self) -> impl Future<Output = Result<CallerIdentity, CloudError>> + Send;

    /// `sts:AssumeRole`.
    fn assume_role(&self, request: &AssumeRole) -> impl Future<Output = Result<Issued, CloudError>> + Send;

    /// `sts:GetFederationToken`.
    fn federation_token(&self, request: &FederationToken) -> impl Future<Output = Result<Issued, CloudError>> + Send;

    /// `sts:GetSessionToken`.
    fn session_token(&self, request: &SessionToken) -> impl Future<Output = Result<Issued, CloudError>> + Send;
}

impl<T: Issuer + Sync> Issuer for &T {
    fn caller_identity(&self) -> impl Future<Output = Result<CallerIdentity, CloudError>> + Send {
        T::caller_identity(self)
    }

    fn assume_role(&self, request: &AssumeRole) -> impl Future<Output = Result<Issued, CloudError>> + Send {
        T::assume_role(self, request)
    }

    fn federation_token(&self, request: &FederationToken) -> impl Future<Output = Result<Issued, CloudError>> + Send {
        T::federation_token(self, request)
    }

    fn session_token(&self, request: &SessionToken) -> impl Future<Output = Result<Issued, CloudError>> + Send {
        T::session_token(self, request)
    }
}

/// Parameters of `sts:AssumeRole`.
#[allow(missing_debug_implementations, reason = "a token code is a secret for thirty seconds")]
pub struct AssumeRole {
    /// `RoleArn`.
    pub role_arn: RoleArn,
    /// `RoleSessionName`.
    pub session_name: String,
    /// `DurationSeconds`.
    pub ttl: Ttl,
    /// `ExternalId`.
    pub external_id: Option<String>,
    /// `SourceIdentity`.
    pub source_identity: Option<String>,
    /// `Tags`.
    pub tags: BTreeMap<String, String>,
    /// `TransitiveTagKeys`.
    pub transitive_tag_keys: Vec<String>,
    /// `Policy`: JSON text.
    pub policy: Option<String>,
    /// `PolicyArns`.
    pub policy_arns: Vec<String>,
    /// `SerialNumber` and `TokenCode`.
    pub mfa: Option<Mfa>,
}

/// Parameters of `sts:GetFederationToken`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FederationToken {
    /// `Name`, 2 to 32 characters.
    pub name: String,
    /// `DurationSeconds`.
    pub ttl: Ttl,
    /// `Tags`.
    pub tags: BTreeMap<String, String>,
    /// `Policy`: JSON text.
    pub policy: Option<String>,
    /// `PolicyArns`.
    pub policy_arns: Vec<String>,
}

/// Parameters of `sts:GetSessionToken`.
#[allow(missing_debug_implementations, reason = "a token code is a secret for thirty seconds")]
pub struct SessionToken {
    /// `DurationSeconds`.
    pub ttl: Ttl,
    /// `SerialNumber` and `TokenCode`.
    pub mfa: Option<Mfa>,
}

/// One use of an MFA device.
#[allow(missing_debug_implementations, reason = "a token code is a secret for thirty seconds")]
pub struct Mfa {
    /// Its serial number or ARN.
    pub serial_number: String,
    /// Six digits, good once.
    pub token_code: Secret,
}

/// What STS answered.
#[allow(missing_debug_implementations, reason = "it holds secrets")]
pub struct Issued {
    /// The credentials.
    pub credentials: Credentials,
    /// ARN of the session, where STS names one.
    pub arn: Option<String>,
    /// `AROA…:<session name>` or `<account>:<name>`, where STS names one.
    pub user_id: Option<String>,
    /// Percent of the packed budget that policies and tags took.
    pub packed_policy_size: Option<u32>,
}

/// A call to AWS that did not give what was asked. Texts of AWS are hostile.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{operation}: {message}")]
pub struct CloudError {
    /// What it means.
    pub kind: CloudErrorKind,
    /// `sts:AssumeRole`, `iam:GetRole`, ….
    pub operation: &'static str,
    /// AWS's error code, when AWS answered.
    pub code: Option<String>,
    /// AWS's own text, or the transport's.
    pub message: String,
    /// AWS's request id.
    pub request_id: Option<String>,
}

/// Meanings of a failed call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloudErrorKind {
    /// No credentials were found.
    NoCredentials,
    /// Credentials were found and could not be loaded (a profile, a process, SSO).
    CredentialsFailed,
    /// No region was found.
    NoRegion,
    /// Nothing of ours can have been acted on: the connection was never made.
    Unreachable,
    /// The request went out and no whole answer came back: AWS may have acted.
    LostReply,
    /// The time limit passed; AWS may have acted.
    TimedOut,
    /// The caller's own credentials have expired.
    ExpiredToken,
    /// The caller's own credentials are not known to AWS.
    InvalidCredentials,
    /// This machine's clock is too far from AWS's.
    ClockSkew,
    /// Not authorized.
    AccessDenied,
    /// Too many requests, after all retries.
    Throttled,
    /// Any other refusal (validation, malformed policy, packed size, region off); `code` tells which.
    Refused,
    /// AWS had a fault of its own, after all retries; it may have acted.
    ServiceFault,
    /// An answer that makes no sense.
    Malformed,
    /// Not asked: the calls that the command may make were made.
    CallsSpent,
}

impl CloudErrorKind {
    /// Whether AWS may have done what was asked although no good answer came.
    #[must_use]
    pub fn may_have_acted(self) -> bool {
        match self {
            Self::LostReply | Self::TimedOut | Self::ServiceFault | Self::Malformed => true,
            Self::NoCredentials
            | Self::CredentialsFailed
            | Self::NoRegion
            | Self::Unreachable
            | Self::ExpiredToken
            | Self::InvalidCredentials
            | Self::ClockSkew
            | Self::AccessDenied
            | Self::Throttled
            | Self::Refused
            | Self::CallsSpent => false,
        }
    }
}

/// The half of a store that changes nothing: what a command is handed that only looks.
///
/// Keys are relative paths of ASCII letters, digits, `-`, `_`, `.` and `/`, without empty parts and without parts that
/// begin with a dot: those belong to the store itself. [`check_key`] is that rule. No key may lie below another one, as
/// a file below a file cannot.
pub trait StateRead {
    /// The object, or `None` if there is none.
    fn get(&self, key: &str) -> impl Future<Output = Result<Option<Object>, StoreError>> + Send;

    /// All keys with this prefix, sorted.
    fn list(&self, prefix: &str) -> impl Future<Output = Result<Vec<String>, StoreError>> + Send;

    /// The keys with this prefix that sort before `end`, sorted. A store that gives its keys in pages asks for no page
    /// that begins at or after `end`: an index sorted by time is read up to now and no further.
    fn list_before(&self, prefix: &str, end: &str) -> impl Future<Output = Result<Vec<String>, StoreError>> + Send;

    /// Where it is, for messages.
    fn location(&self) -> String;
}

/// A store of small objects with compare-and-swap: the only way to write a mutable one.
pub trait StateStore: StateRead {
    /// Writes an object that must not exist yet. [`StoreError::Conflict`] if it does.
    fn create(&self, key: &str, bytes: &[u8]) -> impl Future<Output = Result<Version, StoreError>> + Send;

    /// Replaces an object that must still have this version. [`StoreError::Conflict`] if it has another or is gone.
    fn replace(
        &self,
        key: &str,
        expected: &Version,
        bytes: &[u8],
    ) -> impl Future<Output = Result<Version, StoreError>> + Send;

    /// Removes an object that must still have this version. [`StoreError::Conflict`] if it has another. One that is gone
    /// is no conflict: whoever removed it wanted the same.
    fn remove(&self, key: &str, expected: &Version) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Longest key, in bytes. Object stores allow 1,024 with a bucket prefix in front of it.
pub const KEY_MAX: usize = 512;

/// Longest part of a key between two slashes, in bytes: file systems allow 255.
pub const KEY_PART_MAX: usize = 200;

/// Holds a key against the grammar at [`StateRead`]; the error completes "the key …".
pub fn check_key(key: &str) -> Result<(), &'static str> {
    if key.is_empty() {
        return Err("is empty");
    }
    if key.len() > KEY_MAX {
        return Err("is longer than 512 bytes");
    }
    if !key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'/')) {
        return Err("has a character other than ASCII letters, digits, `-`, `_`, `.` and `/`");
    }
    for part in key.split('/') {
        if part.is_empty() {
            return Err("has an empty part, or begins or ends with `/`");
        }
        if part.starts_with('.') {
            return Err("has a part that begins with a dot");
        }
        if part.len() > KEY_PART_MAX {
            return Err("has a part longer than 200 bytes");
        }
    }
    Ok(())
}

/// Holds a prefix for [`StateRead::list`] against the grammar: empty, or the beginning of some key.
pub fn check_prefix(prefix: &str) -> Result<(), &'static str> {
    // A letter makes a key of every beginning of one, be it cut at a slash or inside a part.
    if prefix.is_empty() { Ok(()) } else { check_key(&format!("{prefix}x")) }
}

/// An object and the version to replace it by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its version.
    pub version: Version,
}

/// An opaque token that changes with every write of other bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version(pub String);

/// A store that did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StoreError {
    /// Another writer was there first.
    #[error("`{key}` was changed by another writer")]
    Conflict {
        /// The object.
        key: String,
    },
    /// Another process holds the store and did not let go in time.
    #[error("the state at {location} is busy: another process holds it")]
    Busy {
        /// The store.
        location: String,
    },
    /// The write may or may not have happened; reading back tells.
    #[error("`{key}` may or may not have been written: {detail}")]
    Ambiguous {
        /// The object.
        key: String,
        /// What happened.
        detail: String,
    },
    /// Nobody answered for the store, or nobody could be asked.
    #[error("the state at {location} cannot be reached: {detail}")]
    Unreachable {
        /// The store.
        location: String,
        /// What happened.
        detail: String,
        /// What to do.
        help: String,
    },
    /// The store cannot be used.
    #[error("the state at {location} cannot be used: {detail}")]
    Unusable {
        /// The store.
        location: String,
        /// What happened.
        detail: String,
        /// What to do.
        help: String,
    },
    /// The head is there, or is not, and must not be believed.
    #[error("`{key}` in the state at {location} is not trusted: {why}")]
    Distrusted {
        /// The object.
        key: String,
        /// The store.
        location: String,
        /// Why.
        why: Box<Distrust>,
    },
    /// The folder in which a reader remembers the newest head cannot be used.
    #[error("what --head-memory remembers at {location} cannot be used: {detail}")]
    Memory {
        /// The folder.
        location: String,
        /// What happened.
        detail: String,
        /// What to do.
        help: String,
    },
}

impl StoreError {
    /// The error of a store that is a reader's memory: whoever reads it must not look at the state for the fault.
    #[must_use]
    pub fn of_memory(self) -> Self {
        const HELP: &str = "--head-memory wants a folder of its own on a local disk with room, which belongs to the user who runs this, \
                            which nobody else can write to (mode 700), and which is no link; mend it, or name another";
        match self {
            Self::Unusable { location, detail, help: _ } => Self::Memory { location, detail, help: HELP.to_owned() },
            other => other,
        }
    }
}

/// The time.
pub trait Clock {
    /// Now, in UTC.
    fn now(&self) -> Timestamp;
}

impl<C: Clock> Clock for &C {
    fn now(&self) -> Timestamp {
        (**self).now()
    }
}

impl<C: Clock> Clock for Arc<C> {
    fn now(&self) -> Timestamp {
        self.as_ref().now()
    }
}

/// Time that passes.
pub trait Timer: Clock {
    /// Comes back after this long.
    fn sleep(&self, duration: SignedDuration) -> impl Future<Output = ()> + Send;
}

impl<T: Timer + Sync> Timer for &T {
    fn sleep(&self, duration: SignedDuration) -> impl Future<Output = ()> + Send {
        T::sleep(self, duration)
    }
}

impl<T: Timer + Send + Sync> Timer for Arc<T> {
    fn sleep(&self, duration: SignedDuration) -> impl Future<Output = ()> + Send {
        self.as_ref().sleep(duration)
    }
}

/// Fresh ids.
pub trait Ids {
    /// A ULID: 26 characters that sort by `now`, never given twice.
    fn ulid(&self, now: Timestamp) -> String;
}
