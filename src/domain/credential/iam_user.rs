use std::collections::BTreeMap;

use super::PolicySpec;
use crate::domain::desired::TtlPair;
use crate::domain::ident::Arn;

/// What becomes of the open leases of a role that leaves the record, or stops making users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnRemoval {
    /// They are ended: `apply` marks them, and the next sweep removes their users.
    #[default]
    Revoke,
    /// They go on until they expire.
    Keep,
}

impl OnRemoval {
    /// All of them, the default first.
    pub const ALL: [Self; 2] = [Self::Revoke, Self::Keep];

    /// The word in manifests and outputs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Revoke => "revoke",
            Self::Keep => "keep",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|word| word.as_str() == text)
    }
}

/// An IAM user with one access key, made for one lease and removed with it. The justified exception.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IamUserSpec {
    /// `default_ttl` and `max_ttl`.
    pub ttl: TtlPair,
    /// IAM path of the users, below the deployment's own.
    pub user_path: Option<String>,
    /// Tags of the users, beside our own.
    pub iam_tags: BTreeMap<String, String>,
    /// The most the users may ever be allowed.
    pub permissions_boundary_arn: Option<Arn>,
    /// Why an STS session does not do.
    pub justification: Option<String>,
    /// What becomes of open leases when the role leaves the record.
    pub on_removal: OnRemoval,
    /// What the users may do.
    pub policy: PolicySpec,
}
