use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Invalid, Level, digest, ident, invalid, name, ttl, unique_map};
use crate::domain::desired::{self, TtlPair};
use crate::domain::finding;
use crate::domain::ident::BrokerPrincipal;
use crate::domain::record;

/// Who issues, and the limits of one apply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Broker {
    /// `metadata.name`.
    pub name: String,
    /// ARN of the AWS principal that issues.
    pub principal: String,
    /// Region of the STS endpoint.
    pub region: String,
    /// Namespace of IAM paths and tags.
    pub deployment: String,
    /// Seconds; of roles that say none.
    pub default_ttl_seconds: u32,
    /// Seconds; of roles that say none.
    pub max_ttl_seconds: u32,
    /// Brakes of one apply.
    pub limits: Limits,
    /// Levels of rules in place of their own, by code.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "unique_map")]
    pub rules: BTreeMap<String, Level>,
}

/// Brakes on deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Most roles one apply may delete.
    pub max_deletes: u32,
    /// Most roles one apply may delete, in percent of the record.
    pub max_delete_percent: u32,
}

impl From<&desired::BrokerSpec> for Broker {
    fn from(spec: &desired::BrokerSpec) -> Self {
        let desired::BrokerSpec { name, principal, region, deployment, defaults, limits, rules } = spec;
        let TtlPair { default, max } = defaults;
        let desired::Limits { max_deletes, max_delete_percent } = limits;
        Self {
            name: name.to_string(),
            principal: principal.to_string(),
            region: region.clone(),
            deployment: deployment.to_string(),
            default_ttl_seconds: default.seconds(),
            max_ttl_seconds: max.seconds(),
            limits: Limits { max_deletes: *max_deletes, max_delete_percent: *max_delete_percent },
            rules: rules.iter().map(|(code, level)| (code.to_owned(), level.into())).collect(),
        }
    }
}

impl TryFrom<Broker> for desired::BrokerSpec {
    type Error = Invalid;

    fn try_from(wire: Broker) -> Result<Self, Invalid> {
        let Broker { name: own, principal, region, deployment, default_ttl_seconds, max_ttl_seconds, limits, rules } =
            wire;
        let Limits { max_deletes, max_delete_percent } = limits;
        Ok(Self {
            name: name("name", &own)?,
            principal: ident("principal", &principal, BrokerPrincipal::parse)?,
            region,
            deployment: name("deployment", &deployment)?,
            defaults: TtlPair {
                default: ttl("default_ttl_seconds", default_ttl_seconds)?,
                max: ttl("max_ttl_seconds", max_ttl_seconds)?,
            },
            limits: desired::Limits { max_deletes, max_delete_percent },
            rules: rules.into_iter().map(level).collect::<Result<_, Invalid>>()?,
        })
    }
}

fn level((code, level): (String, Level)) -> Result<(String, finding::Level), Invalid> {
    match level {
        Level::Advisory => Ok((code, finding::Level::Advisory)),
        Level::Blocking => Ok((code, finding::Level::Blocking)),
        Level::Hard => Err(invalid("rules", "makes a rule hard, which no document can")),
    }
}

/// Where a set of manifests came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Basis {
    /// The commit's object id, when read from git.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The commit's tree, when read from git.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tree: Option<String>,
    /// Whether the files differed from that commit, or there was none.
    pub dirty: bool,
    /// `sha256:…` over every manifest's path and bytes.
    pub manifest_digest: String,
}

impl From<&record::Basis> for Basis {
    fn from(basis: &record::Basis) -> Self {
        let record::Basis { commit, tree, dirty, manifest_digest } = basis;
        Self { commit: commit.clone(), tree: tree.clone(), dirty: *dirty, manifest_digest: manifest_digest.to_string() }
    }
}

impl TryFrom<Basis> for record::Basis {
    type Error = Invalid;

    fn try_from(wire: Basis) -> Result<Self, Invalid> {
        let Basis { commit, tree, dirty, manifest_digest } = wire;
        Ok(Self { commit, tree, dirty, manifest_digest: digest("manifest_digest", &manifest_digest)? })
    }
}
