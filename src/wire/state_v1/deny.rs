use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CorruptError, Kind, open, seal};
use crate::domain::Timestamp;
use crate::domain::ident::RoleArn;
use crate::wire::common_v1::{Invalid, ident, timestamp};

/// Says that a role has denies of sessions that have to go.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Deny {
    /// The role.
    role_arn: String,
    /// RFC 3339: when its denies have to be looked at.
    until: String,
}

/// The bytes to store. `write_id` is the note's own id.
#[must_use]
pub fn encode_deny(write_id: &str, role_arn: &RoleArn, until: Timestamp) -> Vec<u8> {
    seal(Kind::Deny, 1, write_id, &Deny { role_arn: role_arn.to_string(), until: until.to_string() })
}

/// Reads stored bytes: the role.
pub fn decode_deny(bytes: &[u8]) -> Result<RoleArn, CorruptError> {
    let envelope = open(Kind::Deny, bytes, |wire: Deny| -> Result<_, Invalid> {
        let Deny { role_arn, until } = wire;
        timestamp("until", &until)?;
        ident("role_arn", &role_arn, RoleArn::parse)
    })?;
    Ok(envelope.body)
}
