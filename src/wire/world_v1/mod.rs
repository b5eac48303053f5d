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
//!   },
//!   "broker": {
//!     "unique_id": "AROAEXAMPLEVAULTRUN01",
//!     "policies": [{"name": "issue", "document": {"Version": "2012-10-17", "Statement": []}}],
//!     "boundary": "absent"
//!   },
//!   "accounts": {"111122223333": {"roles": ["arn:aws:iam::111122223333:role/Deploy"], "summary": {"UsersQuota": 5000}}},
//!   "policies": {"arn:aws:iam::aws:policy/ReadOnlyAccess": "arn:aws:iam::aws:policy/ReadOnlyAccess"},
//!   "groups": {"111122223333/deployers": "absent"}
//! }
//! ```
//!
//! All but `caller` and `roles` may be left out: then nobody read it.

mod account;
mod entry;
mod fact;
mod principal;
mod schema;

use std::collections::BTreeMap;

use serde::Deserialize;
use thiserror::Error;

use crate::domain::world::{Fact, World, not_read};
use crate::wire::common_v1::unique_map;

use account::Account;
use entry::{Caller, Roles};
use fact::Written;
use principal::Broker;

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
    broker: Option<Written<Broker>>,
    #[serde(default, deserialize_with = "unique_map")]
    accounts: BTreeMap<String, Account>,
    #[serde(default, deserialize_with = "unique_map")]
    policies: BTreeMap<String, Written<String>>,
    #[serde(default, deserialize_with = "unique_map")]
    groups: BTreeMap<String, Written<String>>,
}

/// Reads a world strictly: unknown fields, duplicate roles, malformed ARNs and numbers that IAM does not allow are
/// errors. The account is the caller's. A trust policy that is no policy is kept as such: rules judge it.
pub fn read(text: &str) -> Result<World, WorldError> {
    let document: Document = serde_json::from_str(text)
        .map_err(|error| WorldError { message: crate::domain::text::escape(&error.to_string()).into_owned() })?;
    let Document { version, caller: Caller(caller), roles: Roles(roles), broker, accounts, policies, groups } =
        document;
    if let Some(version) = version.filter(|version| *version != VERSION) {
        return Err(WorldError {
            message: format!("this is version {version} of a world, and only {VERSION} is known"),
        });
    }
    let broker = match broker.map(|Written(fact)| fact) {
        Some(Fact::Present(broker)) => Fact::Present(broker.lower()),
        Some(Fact::Absent) => Fact::Absent,
        Some(Fact::Unknown(unknown)) => Fact::Unknown(unknown),
        None => not_read(),
    };
    let wrong = |message: String| WorldError { message: crate::domain::text::escape(&message).into_owned() };
    Ok(World {
        caller,
        roles,
        broker,
        accounts: account::accounts(accounts).map_err(wrong)?,
        policies: account::policies(policies).map_err(wrong)?,
        groups: account::groups(groups).map_err(wrong)?,
        calls: 0,
        max_calls: None,
    })
}

#[cfg(test)]
mod tests;
