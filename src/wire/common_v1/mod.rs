//! Parts that several version 1 forms share. A change here that is not additive makes a version 2 of each of them.

mod broker;
mod credential;
mod finding;
mod outcome;
mod role;

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use schemars::JsonSchema;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use thiserror::Error;

pub use broker::{Basis, Broker, Limits};
pub use credential::{AssumedRole, Credential, FederationToken, IamUser, Policy, SessionToken};
pub use finding::{Confidence, Finding, Level, ManifestError, Place, Tally, Underline};
pub use outcome::{
    Caveat, CaveatKind, Condition, ElementTrace, Holds, Open, Outcome, Place as PolicyPlace, StatementRef,
    StatementTrace, Tree, TreeStatement, Verdict,
};
pub use role::{AppliedRole, RoleFacts};

use crate::domain::Timestamp;
use crate::domain::digest::Digest;
use crate::domain::ident::{IdentError, Name};
use crate::domain::ttl::Ttl;

/// A text of the right shape that holds a value which cannot be: a TTL of zero, an ARN that is none.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{field}` {problem}")]
pub struct Invalid {
    /// The field's name.
    pub field: &'static str,
    /// What is wrong with its value (may quote it: hostile).
    pub problem: String,
}

pub(super) fn invalid(field: &'static str, problem: impl Into<String>) -> Invalid {
    Invalid { field, problem: problem.into() }
}

/// Parses an identifier, naming the field when it is none.
pub(super) fn ident<T>(
    field: &'static str,
    text: &str,
    parse: impl FnOnce(&str) -> Result<T, IdentError>,
) -> Result<T, Invalid> {
    parse(text).map_err(|error| invalid(field, error.0))
}

pub(super) fn name(field: &'static str, text: &str) -> Result<Name, Invalid> {
    ident(field, text, Name::parse)
}

pub(super) fn ttl(field: &'static str, seconds: u32) -> Result<Ttl, Invalid> {
    Ttl::from_seconds(seconds).ok_or_else(|| invalid(field, "is zero"))
}

pub(super) fn digest(field: &'static str, text: &str) -> Result<Digest, Invalid> {
    Digest::parse(text).ok_or_else(|| invalid(field, "is not `sha256:` and 64 hex digits"))
}

pub(super) fn timestamp(field: &'static str, text: &str) -> Result<Timestamp, Invalid> {
    text.parse().map_err(|_| invalid(field, "is not an RFC 3339 instant"))
}

/// A sorted map that refuses a key standing twice, where serde's own would keep the last.
pub(super) fn unique_map<'de, D: Deserializer<'de>, V: Deserialize<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, V>, D::Error> {
    struct Unique<V>(PhantomData<V>);

    impl<'de, V: Deserialize<'de>> Visitor<'de> for Unique<V> {
        type Value = BTreeMap<String, V>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
            let mut map = BTreeMap::new();
            while let Some((key, value)) = access.next_entry::<String, V>()? {
                if map.contains_key(&key) {
                    return Err(A::Error::custom(format_args!("`{key}` stands twice")));
                }
                map.insert(key, value);
            }
            Ok(map)
        }
    }

    deserializer.deserialize_map(Unique(PhantomData))
}

/// The JSON Schema (draft 2020-12) of a form.
pub(super) fn schema_of<T: JsonSchema>() -> serde_json::Value {
    schemars::schema_for!(T).to_value()
}
