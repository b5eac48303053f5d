use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::de::{Deserializer as _, Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{CorruptError, Envelope, Kind, open, seal, unseal};
use crate::domain::desired::BrokerSpec;
use crate::domain::ident::Name;
use crate::domain::record;
use crate::wire::common_v1::{AppliedRole, Broker, Invalid, name, unique_map};

/// The applied role set.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Snapshot {
    /// Serial of its head.
    serial: u64,
    /// Who issues.
    broker: Broker,
    /// The roles, by name.
    #[serde(deserialize_with = "unique_map")]
    roles: BTreeMap<String, AppliedRole>,
}

/// The bytes to store.
#[must_use]
pub fn encode_snapshot(generation: u64, write_id: &str, snapshot: &record::Snapshot) -> Vec<u8> {
    let record::Snapshot { serial, broker, roles } = snapshot;
    let body = Snapshot {
        serial: *serial,
        broker: broker.into(),
        roles: roles.iter().map(|(name, role)| (name.to_string(), role.into())).collect(),
    };
    seal(Kind::Snapshot, generation, write_id, &body)
}

/// Reads stored bytes.
pub fn decode_snapshot(bytes: &[u8]) -> Result<Envelope<record::Snapshot>, CorruptError> {
    open(Kind::Snapshot, bytes, |wire: Snapshot| -> Result<_, Invalid> {
        let Snapshot { serial, broker, roles } = wire;
        let roles = roles.into_iter().map(|(key, role)| {
            let name = name("roles", &key)?;
            Ok((name.clone(), role.into_domain(name)?))
        });
        Ok(record::Snapshot { serial, broker: broker.try_into()?, roles: roles.collect::<Result<_, Invalid>>()? })
    })
}

/// Reads one role and the broker out of stored bytes; `None` if the snapshot has no such role.
///
/// The checksum is verified over everything, as by [`decode_snapshot`], but only this role is parsed: `issue` needs one
/// of ten thousand.
pub fn decode_snapshot_role(
    bytes: &[u8],
    name: &Name,
) -> Result<Option<(BrokerSpec, record::AppliedRole)>, CorruptError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outline<'a> {
        #[serde(rename = "serial")]
        _serial: IgnoredAny,
        broker: Broker,
        #[serde(borrow)]
        roles: &'a RawValue,
    }

    let Envelope { body, .. } = unseal(Kind::Snapshot, bytes)?;
    let Outline { _serial, broker, roles } = serde_json::from_str(body.get())?;
    let mut roles = serde_json::Deserializer::from_str(roles.get());
    let Some(role) = roles.deserialize_map(One(name.as_str()))? else { return Ok(None) };
    let role: AppliedRole = serde_json::from_str(role.get())?;
    Ok(Some((broker.try_into()?, role.into_domain(name.clone())?)))
}

/// Takes one key's value out of a map, unparsed.
struct One<'n>(&'n str);

impl<'de> Visitor<'de> for One<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of roles")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(key) = access.next_key::<Key<'de>>()? {
            if key.0 != self.0 {
                access.next_value::<IgnoredAny>()?;
            } else if found.replace(access.next_value()?).is_some() {
                return Err(A::Error::custom(format_args!("`{}` stands twice", self.0)));
            }
        }
        Ok(found)
    }
}

/// A key, borrowed where it holds no escapes: names never do.
#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] std::borrow::Cow<'a, str>);
