//! What was last applied.

use std::collections::BTreeMap;

use super::Timestamp;
use super::credential::CredentialType;
use super::desired::BrokerSpec;
use super::digest::Digest;
use super::document::Document;
use super::ident::{Name, RoleArn};
use super::role::RoleSpec;
use super::world::LiveRole;

/// The small mutable object that says which snapshot counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Random at the first apply, the same for ever after: two records of different lineage are different deployments.
    pub lineage: String,
    /// From 1, one more with each apply.
    pub serial: u64,
    /// Where the manifests came from.
    pub basis: Basis,
    /// Digest of the snapshot with this serial.
    pub snapshot_digest: Digest,
    /// Digest of the head this one replaced; `None` for the first.
    pub previous: Option<Digest>,
    /// When it was applied.
    pub applied_at: Timestamp,
    /// ARN of the AWS identity that applied it, as far as it was known (hostile).
    pub applied_by: Option<String>,
    /// Digest of the audit event that announced this apply, which was stored before the head was. `None` in a head that
    /// was written before heads said so.
    pub announced_by: Option<Digest>,
}

/// Where a set of manifests came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Basis {
    /// The commit, when read from git: hex object id.
    pub commit: Option<String>,
    /// The commit's tree, when read from git: hex object id.
    pub tree: Option<String>,
    /// Whether the files differed from that commit (or there was none).
    pub dirty: bool,
    /// Digest over every manifest's path and bytes.
    pub manifest_digest: Digest,
}

/// The applied role set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Serial of its head.
    pub serial: u64,
    /// Who issues.
    pub broker: BrokerSpec,
    /// The roles, by name.
    pub roles: BTreeMap<Name, AppliedRole>,
}

/// One role as it was reviewed, with the world it was reviewed against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedRole {
    /// What git said.
    pub spec: RoleSpec,
    /// What AWS said, for each role ARN that could be read.
    pub facts: BTreeMap<RoleArn, RoleFacts>,
    /// Codes of the blocking findings that stood when it was recorded; `issue` refuses while there are any.
    pub violations: Vec<String>,
}

impl AppliedRole {
    /// Whether what it issues are IAM users, which somebody has to end.
    #[must_use]
    pub fn makes_users(&self) -> bool {
        self.spec.credential.kind() == CredentialType::IamUser
    }
}

/// The facts of a live role that its review relied on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleFacts {
    /// `AROA…`.
    pub role_id: String,
    /// Seconds.
    pub max_session_duration: u32,
    /// Canonical trust policy.
    pub trust: Document,
}

impl RoleFacts {
    /// What of a live role is kept.
    #[must_use]
    pub fn of(live: &LiveRole) -> Self {
        Self {
            role_id: live.role_id.clone(),
            max_session_duration: live.max_session_duration,
            trust: live.trust.canonical.clone(),
        }
    }

    /// Whether [`of`](Self::of) this live role would be the same, found out without copying it.
    #[must_use]
    pub fn still_hold(&self, live: &LiveRole) -> bool {
        let Self { role_id, max_session_duration, trust } = self;
        *role_id == live.role_id && *max_session_duration == live.max_session_duration && *trust == live.trust.canonical
    }
}

/// A verified head with its snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The head.
    pub head: Head,
    /// The snapshot whose digest the head names.
    pub snapshot: Snapshot,
}
