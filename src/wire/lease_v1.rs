//! Leases as `lease list` and `lease show` tell of them. No secret is among them: none was ever stored.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common_v1;
use super::json;
use crate::domain::Timestamp;
use crate::domain::ident::RoleArn;
use crate::domain::lease::{self, LeaseState};

/// The `format` of every document.
pub const FORMAT: &str = "leasehold/lease/v1";

/// Leases, in the order given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Leases")]
pub struct Document {
    /// Version of the form.
    #[schemars(extend("const" = FORMAT))]
    pub format: String,
    /// The leases; exactly one from `lease show`.
    pub leases: Vec<Lease>,
}

/// One lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lease {
    /// `aws/creds/<role>/<id>`, as Vault would name it.
    pub lease_id: String,
    /// The last part of `lease_id`: a ULID.
    pub id: String,
    /// `intent`, `active`, `revoking` or `ended`.
    pub state: String,
    /// Whether a credential of it may still work.
    pub open: bool,
    /// Attempts to end it that failed, one after the other.
    pub failures: u32,
    /// Whether so many failed that somebody should look. It is tried again all the same.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stuck: bool,
    /// Why the last attempt failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// RFC 3339: when it is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_attempt_at: Option<String>,
    /// RFC 3339: when the IAM user was deleted; its absence is not proven yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed_at: Option<String>,
    /// `refused`, `expired` or `removed`, once it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_by: Option<String>,
    /// The role it was issued from.
    pub role: String,
    /// Vault's credential type.
    pub credential_type: String,
    /// The AWS role that was assumed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<String>,
    /// Session name, as CloudTrail shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_name: Option<String>,
    /// Source identity, as CloudTrail shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_identity: Option<String>,
    /// The IAM user, path and name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// ARN of the session, or of the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// `aws:userid` of the session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// `ASIA…` or `AKIA…`; missing while it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_key_id: Option<String>,
    /// Seconds that were asked for.
    pub ttl_seconds: u32,
    /// RFC 3339.
    pub created_at: String,
    /// RFC 3339.
    pub updated_at: String,
    /// RFC 3339: the last instant at which the credential can work.
    pub expires_at: String,
    /// RFC 3339: it may be renewed up to this; missing where it cannot be renewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renewable_until: Option<String>,
    /// RFC 3339: when its session was denied on its target role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denied_at: Option<String>,
    /// Serial of the record it was issued from.
    pub serial: u64,
    /// Lineage of the record it was issued from.
    pub lineage: String,
    /// Commit of the record it was issued from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
}

impl Lease {
    /// The lease as it is at `now`.
    #[must_use]
    pub fn new(lease: &lease::Lease, now: Timestamp) -> Self {
        let (lease_id, open, expires_at, stuck) =
            (lease.path(), lease.is_open(now), lease.lives_until(), lease.is_stuck());
        let lease::Lease {
            id,
            role,
            credential_type,
            state,
            request,
            grant,
            lineage,
            serial,
            commit,
            created_at,
            updated_at,
            denied_at,
            audit_tail: _,
        } = lease;
        let lease::LeaseRequest { role_arn, session_name, source_identity, user, ttl, dead_after: _ } = request;
        let (revoking, ended_by) = match state {
            LeaseState::Intent | LeaseState::Active => (lease::Revoking::default(), None),
            LeaseState::Revoking(revoking) => (revoking.clone(), None),
            LeaseState::Ended(ending) => (lease::Revoking::default(), Some(ending.as_str().to_owned())),
        };
        let lease::Revoking { failures, not_before, removed_at, error } = revoking;
        let renewable = matches!(state, LeaseState::Active);
        let grant = grant.as_ref();
        Self {
            lease_id,
            id: id.to_string(),
            state: state.as_str().to_owned(),
            open,
            failures,
            stuck,
            error,
            next_attempt_at: not_before.map(|at| at.to_string()),
            removed_at: removed_at.map(|at| at.to_string()),
            ended_by,
            role: role.to_string(),
            credential_type: credential_type.to_string(),
            role_arn: role_arn.as_ref().map(RoleArn::to_string),
            session_name: session_name.clone(),
            source_identity: source_identity.clone(),
            user: user.as_ref().map(|user| format!("{}{}", user.path, user.name)),
            arn: grant.and_then(|grant| grant.arn.clone()),
            user_id: grant.and_then(|grant| grant.user_id.clone()),
            access_key_id: grant.map(|grant| grant.access_key_id.clone()),
            ttl_seconds: ttl.seconds(),
            created_at: created_at.to_string(),
            updated_at: updated_at.to_string(),
            expires_at: expires_at.to_string(),
            renewable_until: user.as_ref().filter(|_| renewable).map(|user| user.renewable_until.to_string()),
            denied_at: denied_at.map(|at| at.to_string()),
            serial: *serial,
            lineage: lineage.clone(),
            commit: commit.clone(),
        }
    }
}

impl Document {
    /// The document of these leases as they are at `now`.
    #[must_use]
    pub fn new<'a>(leases: impl IntoIterator<Item = &'a lease::Lease>, now: Timestamp) -> Self {
        let leases = leases.into_iter().map(|lease| Lease::new(lease, now)).collect();
        Self { format: FORMAT.to_owned(), leases }
    }

    /// Indented JSON with a line break at the end.
    #[must_use]
    pub fn to_json(&self) -> String {
        json::pretty(self)
    }
}

/// The JSON Schema of the document.
#[must_use]
pub fn schema() -> serde_json::Value {
    common_v1::schema_of::<Document>()
}
