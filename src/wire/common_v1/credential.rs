use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Invalid, ident, invalid, ttl, unique_map};
use crate::domain::credential::{self, CredentialSpec, OnRemoval, PolicySpec};
use crate::domain::desired::TtlPair;
use crate::domain::document::Document;
use crate::domain::ident::{Arn, RoleArn};

/// What a role issues: one key, the credential type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Credential {
    /// `sts:AssumeRole`.
    AssumedRole(AssumedRole),
    /// An IAM user with an access key of its own.
    IamUser(IamUser),
    /// `sts:GetFederationToken`.
    FederationToken(FederationToken),
    /// `sts:GetSessionToken`.
    SessionToken(SessionToken),
}

/// A session of an IAM role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AssumedRole {
    /// The first is taken unless the caller names another.
    pub role_arns: Vec<String>,
    /// Seconds.
    pub default_ttl_seconds: u32,
    /// Seconds.
    pub max_ttl_seconds: u32,
    /// `ExternalId`; not a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// `Tags`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "unique_map")]
    pub session_tags: BTreeMap<String, String>,
    /// `TransitiveTagKeys`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transitive_tag_keys: Vec<String>,
    /// `SourceIdentity`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_identity: Option<String>,
    /// Session policies.
    #[serde(default, skip_serializing_if = "Policy::is_empty")]
    pub policy: Policy,
    /// `SerialNumber`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mfa_serial_number: Option<String>,
}

/// An IAM user made for one lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IamUser {
    /// Seconds.
    pub default_ttl_seconds: u32,
    /// Seconds.
    pub max_ttl_seconds: u32,
    /// IAM path below the deployment's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_path: Option<String>,
    /// Tags beside our own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "unique_map")]
    pub iam_tags: BTreeMap<String, String>,
    /// The most the users may ever be allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions_boundary_arn: Option<String>,
    /// Why a session does not do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub justification: Option<String>,
    /// What becomes of open leases when the role is removed: `revoke` (the default) or `keep`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_removal: Option<String>,
    /// What the users may do.
    #[serde(default, skip_serializing_if = "Policy::is_empty")]
    pub policy: Policy,
}

/// A federated session of the broker's own IAM user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FederationToken {
    /// Seconds.
    pub default_ttl_seconds: u32,
    /// Seconds.
    pub max_ttl_seconds: u32,
    /// `Tags`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "unique_map")]
    pub session_tags: BTreeMap<String, String>,
    /// Session policies.
    #[serde(default, skip_serializing_if = "Policy::is_empty")]
    pub policy: Policy,
}

/// A temporary form of the broker's own keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionToken {
    /// Seconds.
    pub default_ttl_seconds: u32,
    /// Seconds.
    pub max_ttl_seconds: u32,
    /// `SerialNumber`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mfa_serial_number: Option<String>,
}

/// Policies a credential carries.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Canonical JSON of `policy_document`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Value>,
    /// `policy_arns`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arns: Vec<String>,
    /// `iam_groups`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
}

impl Policy {
    fn is_empty(&self) -> bool {
        let Self { document, arns, groups } = self;
        document.is_none() && arns.is_empty() && groups.is_empty()
    }
}

impl From<&PolicySpec> for Policy {
    fn from(spec: &PolicySpec) -> Self {
        let PolicySpec { document, arns, groups } = spec;
        let document = document.as_ref().map(|document| document.value().clone());
        Self { document, arns: arns.iter().map(Arn::to_string).collect(), groups: groups.clone() }
    }
}

impl TryFrom<Policy> for PolicySpec {
    type Error = Invalid;

    fn try_from(wire: Policy) -> Result<Self, Invalid> {
        let Policy { document, arns, groups } = wire;
        let arns = arns.iter().map(|text| ident("arns", text, Arn::parse)).collect::<Result<_, _>>()?;
        Ok(Self { document: document.map(Document::new), arns, groups })
    }
}

fn pair(default: u32, max: u32) -> Result<TtlPair, Invalid> {
    Ok(TtlPair { default: ttl("default_ttl_seconds", default)?, max: ttl("max_ttl_seconds", max)? })
}

impl From<&CredentialSpec> for Credential {
    fn from(spec: &CredentialSpec) -> Self {
        match spec {
            CredentialSpec::AssumedRole(spec) => {
                let credential::AssumedRoleSpec {
                    role_arns,
                    ttl: TtlPair { default, max },
                    external_id,
                    session_tags,
                    transitive_tag_keys,
                    source_identity,
                    policy,
                    mfa_serial_number,
                } = spec;
                Self::AssumedRole(AssumedRole {
                    role_arns: role_arns.iter().map(RoleArn::to_string).collect(),
                    default_ttl_seconds: default.seconds(),
                    max_ttl_seconds: max.seconds(),
                    external_id: external_id.clone(),
                    session_tags: session_tags.clone(),
                    transitive_tag_keys: transitive_tag_keys.clone(),
                    source_identity: source_identity.clone(),
                    policy: policy.into(),
                    mfa_serial_number: mfa_serial_number.clone(),
                })
            }
            CredentialSpec::IamUser(spec) => {
                let credential::IamUserSpec {
                    ttl: TtlPair { default, max },
                    user_path,
                    iam_tags,
                    permissions_boundary_arn,
                    justification,
                    on_removal,
                    policy,
                } = spec;
                Self::IamUser(IamUser {
                    default_ttl_seconds: default.seconds(),
                    max_ttl_seconds: max.seconds(),
                    user_path: user_path.clone(),
                    iam_tags: iam_tags.clone(),
                    permissions_boundary_arn: permissions_boundary_arn.as_ref().map(Arn::to_string),
                    justification: justification.clone(),
                    on_removal: (*on_removal != OnRemoval::default()).then(|| on_removal.as_str().to_owned()),
                    policy: policy.into(),
                })
            }
            CredentialSpec::FederationToken(spec) => {
                let credential::FederationTokenSpec { ttl: TtlPair { default, max }, session_tags, policy } = spec;
                Self::FederationToken(FederationToken {
                    default_ttl_seconds: default.seconds(),
                    max_ttl_seconds: max.seconds(),
                    session_tags: session_tags.clone(),
                    policy: policy.into(),
                })
            }
            CredentialSpec::SessionToken(spec) => {
                let credential::SessionTokenSpec { ttl: TtlPair { default, max }, mfa_serial_number } = spec;
                Self::SessionToken(SessionToken {
                    default_ttl_seconds: default.seconds(),
                    max_ttl_seconds: max.seconds(),
                    mfa_serial_number: mfa_serial_number.clone(),
                })
            }
        }
    }
}

impl TryFrom<Credential> for CredentialSpec {
    type Error = Invalid;

    fn try_from(wire: Credential) -> Result<Self, Invalid> {
        Ok(match wire {
            Credential::AssumedRole(wire) => Self::AssumedRole(wire.try_into()?),
            Credential::IamUser(wire) => Self::IamUser(wire.try_into()?),
            Credential::FederationToken(wire) => Self::FederationToken(wire.try_into()?),
            Credential::SessionToken(wire) => Self::SessionToken(wire.try_into()?),
        })
    }
}

impl TryFrom<AssumedRole> for credential::AssumedRoleSpec {
    type Error = Invalid;

    fn try_from(wire: AssumedRole) -> Result<Self, Invalid> {
        let AssumedRole {
            role_arns,
            default_ttl_seconds,
            max_ttl_seconds,
            external_id,
            session_tags,
            transitive_tag_keys,
            source_identity,
            policy,
            mfa_serial_number,
        } = wire;
        Ok(Self {
            role_arns: role_arns
                .iter()
                .map(|text| ident("role_arns", text, RoleArn::parse))
                .collect::<Result<_, _>>()?,
            ttl: pair(default_ttl_seconds, max_ttl_seconds)?,
            external_id,
            session_tags,
            transitive_tag_keys,
            source_identity,
            policy: policy.try_into()?,
            mfa_serial_number,
        })
    }
}

impl TryFrom<IamUser> for credential::IamUserSpec {
    type Error = Invalid;

    fn try_from(wire: IamUser) -> Result<Self, Invalid> {
        let IamUser {
            default_ttl_seconds,
            max_ttl_seconds,
            user_path,
            iam_tags,
            permissions_boundary_arn,
            justification,
            on_removal,
            policy,
        } = wire;
        Ok(Self {
            ttl: pair(default_ttl_seconds, max_ttl_seconds)?,
            user_path,
            iam_tags,
            permissions_boundary_arn: permissions_boundary_arn
                .map(|text| ident("permissions_boundary_arn", &text, Arn::parse))
                .transpose()?,
            justification,
            on_removal: on_removal
                .map(|word| OnRemoval::parse(&word).ok_or_else(|| invalid("on_removal", "is none that exists")))
                .transpose()?
                .unwrap_or_default(),
            policy: policy.try_into()?,
        })
    }
}

impl TryFrom<FederationToken> for credential::FederationTokenSpec {
    type Error = Invalid;

    fn try_from(wire: FederationToken) -> Result<Self, Invalid> {
        let FederationToken { default_ttl_seconds, max_ttl_seconds, session_tags, policy } = wire;
        Ok(Self { ttl: pair(default_ttl_seconds, max_ttl_seconds)?, session_tags, policy: policy.try_into()? })
    }
}

impl TryFrom<SessionToken> for credential::SessionTokenSpec {
    type Error = Invalid;

    fn try_from(wire: SessionToken) -> Result<Self, Invalid> {
        let SessionToken { default_ttl_seconds, max_ttl_seconds, mfa_serial_number } = wire;
        Ok(Self { ttl: pair(default_ttl_seconds, max_ttl_seconds)?, mfa_serial_number })
    }
}
