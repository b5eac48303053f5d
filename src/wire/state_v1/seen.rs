use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CorruptError, Envelope, Kind, open, seal};
use crate::domain::signed_head::SeenHead;
use crate::wire::common_v1::{Invalid, digest};

/// The newest head that a reader has seen.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Seen {
    /// Its lineage.
    lineage: String,
    /// Its serial.
    serial: u64,
    /// `sha256:…` of the snapshot that it names.
    snapshot_digest: String,
}

/// The bytes to keep.
#[must_use]
pub fn encode_seen(generation: u64, write_id: &str, seen: &SeenHead) -> Vec<u8> {
    let SeenHead { lineage, serial, snapshot_digest } = seen;
    let body = Seen { lineage: lineage.clone(), serial: *serial, snapshot_digest: snapshot_digest.to_string() };
    seal(Kind::Seen, generation, write_id, &body)
}

/// Reads kept bytes.
pub fn decode_seen(bytes: &[u8]) -> Result<Envelope<SeenHead>, CorruptError> {
    open(Kind::Seen, bytes, |wire: Seen| -> Result<_, Invalid> {
        let Seen { lineage, serial, snapshot_digest } = wire;
        Ok(SeenHead { lineage, serial, snapshot_digest: digest("snapshot_digest", &snapshot_digest)? })
    })
}
