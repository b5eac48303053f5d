use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CorruptError, Envelope, Kind, open, seal};
use crate::domain::record;
use crate::wire::common_v1::{Basis, Invalid, digest, timestamp};

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

/// The bytes to store.
#[must_use]
pub fn encode_head(generation: u64, write_id: &str, head: &record::Head) -> Vec<u8> {
    let record::Head { lineage, serial, basis, snapshot_digest, previous, applied_at, applied_by, announced_by } = head;
    let body = Head {
        lineage: lineage.clone(),
        serial: *serial,
        basis: basis.into(),
        snapshot_digest: snapshot_digest.to_string(),
        previous: previous.as_ref().map(ToString::to_string),
        applied_at: applied_at.to_string(),
        applied_by: applied_by.clone(),
        announced_by: announced_by.as_ref().map(ToString::to_string),
    };
    seal(Kind::Head, generation, write_id, &body)
}

/// Reads stored bytes.
pub fn decode_head(bytes: &[u8]) -> Result<Envelope<record::Head>, CorruptError> {
    open(Kind::Head, bytes, |wire: Head| -> Result<_, Invalid> {
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
    })
}
