//! A [`World`] as JSON: for examples, for tests, and for planning without AWS.
//!
//! ```json
//! {
//!   "caller": {"arn": "arn:aws:sts::111122223333:assumed-role/VaultRunner/ci", "user_id": "AROAEXAMPLEVAULTRUN01:ci"},
//!   "roles": {
//!     "arn:aws:iam::111122223333:role/Deploy": {
//!       "role_id": "AROAEXAMPLEDEPLOY0001", "max_session_duration": 3600, "trust": {"Version": "2012-10-17", "Statement": []}
//!     },
//!     "arn:aws:iam::111122223333:role/Gone": "absent",
//!     "arn:aws:iam::111122223333:role/Hidden": {"unknown": "access-denied", "detail": "iam:GetRole was refused"}
//!   }
//! }
//! ```

mod entry;
mod schema;

use serde::Deserialize;
use thiserror::Error;

use crate::domain::world::World;

use entry::{Caller, Roles};

pub use schema::schema;

/// The version this module reads, and the one meant where the text names none.
pub const VERSION: u32 = 1;

/// Why a text is not a world. The message is one sentence with line and column, parts of the text escaped.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct WorldError {
    /// What is wrong.
    pub message: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: Option<u32>,
    caller: Caller,
    roles: Roles,
}

/// Reads a world strictly: unknown fields, duplicate roles, malformed ARNs and numbers that IAM does not allow are
/// errors. The account is the caller's. A trust policy that is no policy is kept as such: rules judge it.
pub fn read(text: &str) -> Result<World, WorldError> {
    let document: Document = serde_json::from_str(text)
        .map_err(|error| WorldError { message: crate::domain::text::escape(&error.to_string()).into_owned() })?;
    let Document { version, caller: Caller(caller), roles: Roles(roles) } = document;
    if let Some(version) = version.filter(|version| *version != VERSION) {
        return Err(WorldError {
            message: format!("this is version {version} of a world, and only {VERSION} is known"),
        });
    }
    Ok(World { caller, roles, calls: 0 })
}

#[cfg(test)]
mod tests;
