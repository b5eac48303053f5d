use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CorruptError, Envelope, Kind, Unsealed, checksum, seal_signed, signature, unseal_signed};
use crate::domain::record;
use crate::domain::signed_head::HeadSignature;
use crate::wire::common_v1::{Basis, Invalid, digest, timestamp};
use crate::wire::json;

/// Which snapshot counts.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Head {
    /// Random at the first apply, the same for ever after.
    lineage: String,
    /// From 1, one more with each apply.
    serial: u64,
    /// Where the manifests came from.
    basis: Basis,
    /// `sha256:…` of the stored snapshot with this serial.
    snapshot_digest: String,
    /// `sha256:…` of the stored head this one replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    previous: Option<String>,
    /// RFC 3339.
    applied_at: String,
    /// ARN of the AWS identity that applied it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    applied_by: Option<String>,
    /// `sha256:…` of the stored audit event that announced the apply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    announced_by: Option<String>,
}

/// A head that can be signed before it is stored.
#[derive(Debug)]
pub struct HeadDraft<'a> {
    generation: u64,
    write_id: &'a str,
    head: &'a record::Head,
}

impl<'a> HeadDraft<'a> {
    /// Of this head.
    #[must_use]
    pub fn new(generation: u64, write_id: &'a str, head: &'a record::Head) -> Self {
        Self { generation, write_id, head }
    }

    /// What a signature is made over.
    #[must_use]
    pub fn message(&self) -> Vec<u8> {
        let body = json::compact(&wire(self.head));
        signature::message(&checksum(Kind::Head.as_str(), self.generation, self.write_id, &body))
    }

    /// The bytes to store.
    #[must_use]
    pub fn seal(&self, signature: Option<&HeadSignature>) -> Vec<u8> {
        seal_signed(Kind::Head, self.generation, self.write_id, &wire(self.head), signature)
    }
}

/// The bytes to store of a head that nobody signs.
#[must_use]
pub fn encode_head(generation: u64, write_id: &str, head: &record::Head) -> Vec<u8> {
    HeadDraft::new(generation, write_id, head).seal(None)
}

fn wire(head: &record::Head) -> Head {
    let record::Head { lineage, serial, basis, snapshot_digest, previous, applied_at, applied_by, announced_by } = head;
    Head {
        lineage: lineage.clone(),
        serial: *serial,
        basis: basis.into(),
        snapshot_digest: snapshot_digest.to_string(),
        previous: previous.as_ref().map(ToString::to_string),
        applied_at: applied_at.to_string(),
        applied_by: applied_by.clone(),
        announced_by: announced_by.as_ref().map(ToString::to_string),
    }
}

/// A stored head with the signature that it carries, which nobody has checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedHead {
    /// The head.
    pub envelope: Envelope<record::Head>,
    /// Its signature.
    pub signature: Option<HeadSignature>,
    /// What that has to be made over.
    pub message: Vec<u8>,
}

/// Reads stored bytes, and checks no signature.
pub fn decode_head(bytes: &[u8]) -> Result<Envelope<record::Head>, CorruptError> {
    Ok(open_head(bytes)?.envelope)
}

/// Reads stored bytes, with what it takes to check the signature.
pub fn open_head(bytes: &[u8]) -> Result<SignedHead, CorruptError> {
    let Unsealed { envelope: Envelope { generation, write_id, body }, checksum, signature } =
        unseal_signed(Kind::Head, bytes)?;
    let envelope = Envelope { generation, write_id, body: read(serde_json::from_str(body.get())?)? };
    Ok(SignedHead { envelope, signature, message: signature::message(&checksum) })
}

fn read(wire: Head) -> Result<record::Head, Invalid> {
    let Head { lineage, serial, basis, snapshot_digest, previous, applied_at, applied_by, announced_by } = wire;
    Ok(record::Head {
        lineage,
        serial,
        basis: basis.try_into()?,
        snapshot_digest: digest("snapshot_digest", &snapshot_digest)?,
        previous: previous.map(|text| digest("previous", &text)).transpose()?,
        applied_at: timestamp("applied_at", &applied_at)?,
        applied_by,
        announced_by: announced_by.map(|text| digest("announced_by", &text)).transpose()?,
    })
}
