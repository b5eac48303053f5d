use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CorruptError, Envelope, Kind, open, seal};
use crate::domain::audit::{self, EventId};
use crate::domain::lease::LeaseId;
use crate::wire::common_v1::{Invalid, digest, invalid, name, timestamp, ttl};

/// One event of the audit trail.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AuditEvent {
    /// A ULID.
    id: String,
    /// RFC 3339.
    at: String,
    /// What happened.
    action: Action,
    /// The lease it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lease: Option<String>,
    /// The role it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    /// ARN of the AWS identity that asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    caller_arn: Option<String>,
    /// The CI run that asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ci: Option<CiRun>,
    /// The TTL asked of AWS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ttl_seconds: Option<u32>,
    /// `ASIA…` or `AKIA…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    access_key_id: Option<String>,
    /// Serial of the record acted on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    serial: Option<u64>,
    /// Commit of the record acted on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    commit: Option<String>,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// `sha256:…` of the stored event before it that concerns the same lease.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    previous: Option<String>,
}

/// What an event tells of.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "AuditAction")]
enum Action {
    /// A credential is about to be asked of AWS.
    IssueRequested,
    /// AWS gave one.
    IssueGranted,
    /// None was given.
    IssueRefused,
    /// A set of roles is about to become the record.
    ApplyRequested,
    /// A set of roles became the record.
    Applied,
}

/// A CI run.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CiRun {
    /// Which CI system.
    system: String,
    /// URL or id of the run.
    run: String,
}

/// The bytes to store.
#[must_use]
pub fn encode_audit(generation: u64, write_id: &str, event: &audit::AuditEvent) -> Vec<u8> {
    let audit::AuditEvent {
        id,
        at,
        action,
        lease,
        role,
        caller_arn,
        ci,
        ttl,
        access_key_id,
        serial,
        commit,
        reason,
        previous,
    } = event;
    let body = AuditEvent {
        id: id.to_string(),
        at: at.to_string(),
        action: match action {
            audit::AuditAction::IssueRequested => Action::IssueRequested,
            audit::AuditAction::IssueGranted => Action::IssueGranted,
            audit::AuditAction::IssueRefused => Action::IssueRefused,
            audit::AuditAction::ApplyRequested => Action::ApplyRequested,
            audit::AuditAction::Applied => Action::Applied,
        },
        lease: lease.as_ref().map(ToString::to_string),
        role: role.as_ref().map(ToString::to_string),
        caller_arn: caller_arn.clone(),
        ci: ci.as_ref().map(|audit::CiRun { system, run }| CiRun { system: system.clone(), run: run.clone() }),
        ttl_seconds: ttl.map(|ttl| ttl.seconds()),
        access_key_id: access_key_id.clone(),
        serial: *serial,
        commit: commit.clone(),
        reason: reason.clone(),
        previous: previous.as_ref().map(ToString::to_string),
    };
    seal(Kind::Audit, generation, write_id, &body)
}

/// Reads stored bytes.
pub fn decode_audit(bytes: &[u8]) -> Result<Envelope<audit::AuditEvent>, CorruptError> {
    open(Kind::Audit, bytes, |wire: AuditEvent| -> Result<_, Invalid> {
        let AuditEvent {
            id,
            at,
            action,
            lease,
            role,
            caller_arn,
            ci,
            ttl_seconds,
            access_key_id,
            serial,
            commit,
            reason,
            previous,
        } = wire;
        Ok(audit::AuditEvent {
            id: EventId::parse(&id).ok_or_else(|| invalid("id", "is not a ULID"))?,
            at: timestamp("at", &at)?,
            action: match action {
                Action::IssueRequested => audit::AuditAction::IssueRequested,
                Action::IssueGranted => audit::AuditAction::IssueGranted,
                Action::IssueRefused => audit::AuditAction::IssueRefused,
                Action::ApplyRequested => audit::AuditAction::ApplyRequested,
                Action::Applied => audit::AuditAction::Applied,
            },
            lease: lease
                .map(|text| LeaseId::parse(&text).ok_or_else(|| invalid("lease", "is not a ULID")))
                .transpose()?,
            role: role.map(|text| name("role", &text)).transpose()?,
            caller_arn,
            ci: ci.map(|CiRun { system, run }| audit::CiRun { system, run }),
            ttl: ttl_seconds.map(|seconds| ttl("ttl_seconds", seconds)).transpose()?,
            access_key_id,
            serial,
            commit,
            reason,
            previous: previous.map(|text| digest("previous", &text)).transpose()?,
        })
    })
}
