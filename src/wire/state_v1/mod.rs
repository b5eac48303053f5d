//! What a store holds.
//!
//! Each object is one envelope, and its checksum covers everything in it that can vary:
//!
//! ```json
//! {"format":"leasehold/state/v1","kind":"head","generation":3,"write_id":"01J…","checksum":"sha256:…","body":{…}}
//! ```
//!
//! The checksum is SHA-256 over the compact JSON array `[format, kind, generation, write_id, digest]`, whose last entry
//! is the digest of the body's bytes exactly as they are stored: checking it needs neither parsing the body nor
//! writing it again.
//!
//! A head may carry a signature over the text [`SIGNED_AS`] and its checksum, and so over all that the checksum covers:
//!
//! ```json
//! {…,"checksum":"sha256:…","signature":{"key":"sha256:…","algorithm":"ed25519","value":"base64"},"body":{…}}
//! ```
//!
//! [`Head::snapshot_digest`](crate::domain::record::Head::snapshot_digest), `Head::previous` and
//! [`AuditEvent::previous`](crate::domain::audit::AuditEvent::previous) are
//! [`Digest::of_bytes`] of the whole stored object that they name, envelope included.

mod audit;
mod deny;
mod head;
mod lease;
mod seen;
mod signature;
mod snapshot;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use thiserror::Error;

pub use audit::{AuditEvent, decode_audit, encode_audit};
pub use deny::{decode_deny, encode_deny};
pub use head::{HeadDraft, SignedHead, decode_head, encode_head, open_head};
pub use lease::{decode_lease, encode_lease};
pub use seen::{decode_seen, encode_seen};
pub use signature::SIGNED_AS;
pub use snapshot::{decode_snapshot, decode_snapshot_role, encode_snapshot};

use super::common_v1::Invalid;
use super::json::{self, Fault};
use crate::domain::digest::Digest;
use crate::domain::signed_head::HeadSignature;
use signature::Signature;

/// The `format` of every object.
pub const FORMAT: &str = "leasehold/state/v1";

/// What an object holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Which snapshot counts.
    Head,
    /// An applied role set.
    Snapshot,
    /// One lease.
    Lease,
    /// One event.
    Audit,
    /// A note of denies that have to go.
    Deny,
    /// The newest head that a reader has seen: kept by the reader, not in the state.
    Seen,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Head, Self::Snapshot, Self::Lease, Self::Audit, Self::Deny, Self::Seen];

    /// The word in the envelope.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Head => "head",
            Self::Snapshot => "snapshot",
            Self::Lease => "lease",
            Self::Audit => "audit",
            Self::Deny => "deny",
            Self::Seen => "seen",
        }
    }
}

/// A stored object whose checksum held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope<T> {
    /// Which write of this object this is, from 1.
    pub generation: u64,
    /// Names the one write that put it there, so that a writer whose reply was lost can tell whether it won.
    pub write_id: String,
    /// What it holds.
    pub body: T,
}

/// A stored object that cannot be used. None of these means "there is nothing yet": never start afresh over one.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CorruptError {
    /// No bytes, or only white space.
    #[error("the object is empty: a write was cut short, or something else emptied it")]
    Empty,
    /// JSON that ends too early.
    #[error("the object is truncated: it ends in the middle")]
    Truncated,
    /// Not JSON.
    #[error("the object is not JSON: {detail}")]
    NotJson {
        /// Where and why reading stopped.
        detail: String,
    },
    /// JSON of somebody else.
    #[error("this is not a leasehold state object")]
    Foreign,
    /// A version this program does not know.
    #[error("it was written by a newer leasehold ({format}): upgrade")]
    Newer {
        /// The version it states.
        format: String,
    },
    /// Another object under this name.
    #[error("it holds a {found} where a {expected} belongs: files were moved or renamed")]
    WrongKind {
        /// What was asked for.
        expected: &'static str,
        /// What it says it is (hostile).
        found: String,
    },
    /// The bytes are not those that were written.
    #[error("its checksum does not match: it was edited or damaged after it was written")]
    Checksum,
    /// A field that does not belong, is missing, or holds a value of the wrong shape.
    #[error("the object is malformed: {detail}")]
    Malformed {
        /// Which, and why (may quote it: hostile).
        detail: String,
    },
}

impl From<Fault> for CorruptError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Empty => Self::Empty,
            Fault::Truncated => Self::Truncated,
            Fault::NotJson(detail) => Self::NotJson { detail },
            Fault::Foreign => Self::Foreign,
            Fault::Newer(format) => Self::Newer { format },
            Fault::Malformed(detail) => Self::Malformed { detail },
        }
    }
}

impl From<Invalid> for CorruptError {
    fn from(error: Invalid) -> Self {
        Self::Malformed { detail: error.to_string() }
    }
}

impl From<serde_json::Error> for CorruptError {
    fn from(error: serde_json::Error) -> Self {
        Self::Malformed { detail: error.to_string() }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored<'a> {
    #[serde(borrow)]
    format: Cow<'a, str>,
    #[serde(borrow)]
    kind: Cow<'a, str>,
    generation: u64,
    #[serde(borrow)]
    write_id: Cow<'a, str>,
    #[serde(borrow)]
    checksum: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    signature: Option<Signature<'a>>,
    #[serde(borrow)]
    body: &'a RawValue,
}

fn checksum(kind: &str, generation: u64, write_id: &str, body: &str) -> Digest {
    let body = Digest::of_bytes(body.as_bytes());
    Digest::of_bytes(json::compact(&(FORMAT, kind, generation, write_id, body.as_str())).as_bytes())
}

fn seal<B: Serialize>(kind: Kind, generation: u64, write_id: &str, body: &B) -> Vec<u8> {
    seal_signed(kind, generation, write_id, body, None)
}

fn seal_signed<B: Serialize>(
    kind: Kind,
    generation: u64,
    write_id: &str,
    body: &B,
    signature: Option<&HeadSignature>,
) -> Vec<u8> {
    #[allow(clippy::expect_used, reason = "it was written as JSON a moment ago")]
    let body = RawValue::from_string(json::compact(body)).expect("JSON");
    let stored = Stored {
        format: FORMAT.into(),
        kind: kind.as_str().into(),
        generation,
        write_id: write_id.into(),
        checksum: checksum(kind.as_str(), generation, write_id, body.get()).as_str().to_owned().into(),
        signature: signature.map(Signature::from),
        body: &body,
    };
    let mut bytes = json::compact(&stored).into_bytes();
    bytes.push(b'\n');
    bytes
}

/// The envelope with its body unread, after its checksum held. Only a head is signed.
fn unseal(kind: Kind, bytes: &[u8]) -> Result<Envelope<&RawValue>, CorruptError> {
    let Unsealed { envelope, signature, checksum: _ } = unseal_signed(kind, bytes)?;
    match signature {
        Some(_) if kind != Kind::Head => Err(CorruptError::Malformed { detail: "only a head is signed".to_owned() }),
        _ => Ok(envelope),
    }
}

struct Unsealed<'a> {
    envelope: Envelope<&'a RawValue>,
    checksum: Digest,
    signature: Option<HeadSignature>,
}

fn unseal_signed(kind: Kind, bytes: &[u8]) -> Result<Unsealed<'_>, CorruptError> {
    let stored: Stored<'_> = serde_json::from_slice(bytes).map_err(|error| json::diagnose(bytes, FORMAT, &error))?;
    let Stored { format, kind: found, generation, write_id, checksum: stated, signature, body } = stored;
    json::check_format(&format, FORMAT)?;
    let checksum = checksum(&found, generation, &write_id, body.get());
    if stated != checksum.as_str() {
        return Err(CorruptError::Checksum);
    }
    if found != kind.as_str() {
        return Err(CorruptError::WrongKind { expected: kind.as_str(), found: found.into_owned() });
    }
    let signature = signature.map(HeadSignature::try_from).transpose()?;
    Ok(Unsealed { envelope: Envelope { generation, write_id: write_id.into_owned(), body }, checksum, signature })
}

fn open<B, T, F>(kind: Kind, bytes: &[u8], read: F) -> Result<Envelope<T>, CorruptError>
where
    B: DeserializeOwned,
    F: FnOnce(B) -> Result<T, Invalid>,
{
    let Envelope { generation, write_id, body } = unseal(kind, bytes)?;
    let body = read(serde_json::from_str(body.get())?)?;
    Ok(Envelope { generation, write_id, body })
}

/// Checks an object of any content and tells which write put it there, without reading its body.
///
/// This is how a writer whose reply was lost learns whether it won: by finding its own write id.
pub fn check(kind: Kind, bytes: &[u8]) -> Result<Envelope<()>, CorruptError> {
    let Envelope { generation, write_id, body: _ } = unseal(kind, bytes)?;
    Ok(Envelope { generation, write_id, body: () })
}

/// The JSON Schema of every kind of object.
#[must_use]
pub fn schema() -> serde_json::Value {
    /// One object of a store.
    #[derive(JsonSchema)]
    #[schemars(rename = "StateObject", untagged)]
    #[allow(dead_code, reason = "only its schema is used")]
    enum Object {
        Head(Of<head::Head>),
        Snapshot(Of<snapshot::Snapshot>),
        Lease(Of<lease::Lease>),
        Audit(Of<AuditEvent>),
        Deny(Of<deny::Deny>),
        Seen(Of<seen::Seen>),
    }

    /// One stored object.
    #[derive(JsonSchema)]
    #[schemars(rename = "{B}Object", deny_unknown_fields)]
    #[allow(dead_code, reason = "only its schema is used")]
    struct Of<B> {
        /// Version of the form.
        #[schemars(extend("const" = FORMAT))]
        format: String,
        /// `head`, `snapshot`, `lease`, `audit`, `deny` or `seen`: what `body` is.
        kind: String,
        /// Which write of this object this is, from 1.
        generation: u64,
        /// Names the one write that put it there.
        write_id: String,
        /// `sha256:…` over format, kind, generation, write id and the body's bytes.
        checksum: String,
        /// Of a head that is signed.
        #[schemars(default)]
        signature: Option<signature::Schema>,
        /// What it holds.
        body: B,
    }

    super::common_v1::schema_of::<Object>()
}

/// The digest by which another object names this one.
#[must_use]
pub fn digest(stored: &[u8]) -> Digest {
    Digest::of_bytes(stored)
}
