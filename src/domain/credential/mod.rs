//! The four credential types, under Vault's names.

mod assumed_role;
mod federation_token;
mod iam_user;
mod session_token;

use std::fmt;

pub use assumed_role::AssumedRoleSpec;
pub use federation_token::FederationTokenSpec;
pub use iam_user::{IamUserSpec, OnRemoval};
pub use session_token::SessionTokenSpec;

use super::desired::TtlPair;
use super::document::Document;
use super::ident::{Arn, RoleArn};
use super::limits;

/// Vault's `credential_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CredentialType {
    /// `sts:AssumeRole`.
    AssumedRole,
    /// An IAM user with an access key of its own.
    IamUser,
    /// `sts:GetFederationToken`.
    FederationToken,
    /// `sts:GetSessionToken`.
    SessionToken,
}

impl CredentialType {
    /// All of them, the default first.
    pub const ALL: [Self; 4] = [Self::AssumedRole, Self::IamUser, Self::FederationToken, Self::SessionToken];

    /// The word in manifests and outputs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AssumedRole => "assumed_role",
            Self::IamUser => "iam_user",
            Self::FederationToken => "federation_token",
            Self::SessionToken => "session_token",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// Seconds that STS accepts for this type, least and most; `None` for `iam_user`, which STS knows nothing of.
    #[must_use]
    pub fn sts_range(self) -> Option<(u32, u32)> {
        match self {
            Self::AssumedRole => Some((limits::STS_MIN_SECONDS, limits::ASSUME_ROLE_MAX_SECONDS)),
            Self::FederationToken | Self::SessionToken => Some((limits::STS_MIN_SECONDS, limits::TOKEN_MAX_SECONDS)),
            Self::IamUser => None,
        }
    }
}

impl fmt::Display for CredentialType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What one role issues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialSpec {
    /// See [`AssumedRoleSpec`].
    AssumedRole(AssumedRoleSpec),
    /// See [`IamUserSpec`].
    IamUser(IamUserSpec),
    /// See [`FederationTokenSpec`].
    FederationToken(FederationTokenSpec),
    /// See [`SessionTokenSpec`].
    SessionToken(SessionTokenSpec),
}

impl CredentialSpec {
    /// Its type.
    #[must_use]
    pub fn kind(&self) -> CredentialType {
        match self {
            Self::AssumedRole(_) => CredentialType::AssumedRole,
            Self::IamUser(_) => CredentialType::IamUser,
            Self::FederationToken(_) => CredentialType::FederationToken,
            Self::SessionToken(_) => CredentialType::SessionToken,
        }
    }

    /// Its TTLs.
    #[must_use]
    pub fn ttl(&self) -> TtlPair {
        match self {
            Self::AssumedRole(spec) => spec.ttl,
            Self::IamUser(spec) => spec.ttl,
            Self::FederationToken(spec) => spec.ttl,
            Self::SessionToken(spec) => spec.ttl,
        }
    }

    /// The roles it may assume; empty for every other type.
    #[must_use]
    pub fn role_arns(&self) -> &[RoleArn] {
        match self {
            Self::AssumedRole(spec) => &spec.role_arns,
            Self::IamUser(_) | Self::FederationToken(_) | Self::SessionToken(_) => &[],
        }
    }
}

/// Policies a credential carries: as session policies of a session, as the user's own of an IAM user.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PolicySpec {
    /// `policy_document`, canonical (see [`crate::domain::iam::canonical`]).
    pub document: Option<Document>,
    /// `policy_arns`, in the order written, at most ten.
    pub arns: Vec<Arn>,
    /// `iam_groups`, in the order written.
    pub groups: Vec<String>,
}

impl PolicySpec {
    /// Whether nothing is said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { document, arns, groups } = self;
        document.is_none() && arns.is_empty() && groups.is_empty()
    }
}
