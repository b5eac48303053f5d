use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::entry::read_policy;
use super::fact::Written;
use crate::domain::world::{AttachedPolicy, Fact, LiveBroker, not_read};
use crate::wire::common_v1::unique_map;

/// `broker`: what leaves a part out did not read it; a boundary that is left out is none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Broker {
    unique_id: String,
    #[serde(default, deserialize_with = "unique_map")]
    tags: BTreeMap<String, String>,
    policies: Option<Written<Vec<Attached>>>,
    boundary: Option<Written<Attached>>,
    trust: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Attached {
    name: String,
    document: Box<RawValue>,
}

impl Attached {
    fn lower(self) -> AttachedPolicy {
        AttachedPolicy { name: self.name, document: read_policy(&self.document) }
    }
}

impl Broker {
    pub(super) fn lower(self) -> LiveBroker {
        let Self { unique_id, tags, policies, boundary, trust } = self;
        let policies = match policies.map(|Written(fact)| fact) {
            Some(Fact::Present(policies)) => Fact::Present(policies.into_iter().map(Attached::lower).collect()),
            Some(Fact::Absent) => Fact::Present(Vec::new()),
            Some(Fact::Unknown(unknown)) => Fact::Unknown(unknown),
            None => not_read(),
        };
        let boundary = match boundary.map(|Written(fact)| fact) {
            Some(Fact::Present(boundary)) => Fact::Present(boundary.lower()),
            Some(Fact::Unknown(unknown)) => Fact::Unknown(unknown),
            Some(Fact::Absent) | None => Fact::Absent,
        };
        LiveBroker { unique_id, tags, policies, boundary, trust: trust.map(|document| read_policy(&document)) }
    }
}
