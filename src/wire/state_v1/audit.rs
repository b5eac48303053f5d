use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CorruptError, Envelope, Kind, open, seal};
use crate::domain::audit::{self, AuditAction, EventId, Justification};
use crate::domain::lease::{Ending, LeaseId};
use crate::wire::common_v1::{Invalid, digest, invalid, name, timestamp, ttl};

/// One event of the audit trail.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_debug_implementations, reason = "it is only written and read")]
pub struct AuditEvent {
    /// A ULID.
    id: String,
    /// RFC 3339.
    at: String,
    /// What happened.
    #[schemars(schema_with = "actions")]
    action: String,
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
    /// Who signed the commit that is applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signed_by: Option<Signer>,
    /// What the asker gave as the reason for asking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    justification: Option<String>,
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
    /// `refused`, `expired` or `removed`: how the lease ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ending: Option<String>,
    /// `sha256:…` of a stored event before it that concerns the same lease, or the same apply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    previous: Option<String>,
    /// The events that this one vouches for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    covers: Option<Covers>,
}

/// Events that another vouches for.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Covers {
    /// Milliseconds since 1970: the first instant of an event's id that is covered. 0 for the first such event.
    from: i64,
    /// Milliseconds since 1970: the first instant that is no longer covered.
    until: i64,
    /// How many events have an id between them.
    count: u64,
    /// `sha256:…` of the canonical JSON list of `[key, digest of the stored bytes]` of each, sorted by key.
    digest: String,
    /// Id of the event that covers what is before `from`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    previous: Option<String>,
}

/// Who signed a commit.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Signer {
    /// Principals of the line that allows it.
    principals: String,
    /// `SHA256:…`: fingerprint of the key.
    key: String,
}

/// A CI run.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CiRun {
    /// Which CI system.
    system: String,
    /// URL or id of the run.
    run: String,
    /// The repository it runs for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    repository: Option<String>,
    /// The branch or tag it runs for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    /// Who set it off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    actor: Option<String>,
}

fn actions(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    let words: Vec<&str> = AuditAction::ALL.iter().map(|action| action.as_str()).collect();
    schemars::json_schema!({ "type": "string", "enum": words })
}

/// The bytes to store.
#[must_use]
pub fn encode_audit(generation: u64, write_id: &str, event: &audit::AuditEvent) -> Vec<u8> {
    seal(Kind::Audit, generation, write_id, &AuditEvent::from(event))
}

impl From<&audit::AuditEvent> for AuditEvent {
    fn from(event: &audit::AuditEvent) -> Self {
        let audit::AuditEvent {
            id,
            at,
            action,
            lease,
            role,
            caller_arn,
            ci,
            signed_by,
            justification,
            ttl,
            access_key_id,
            serial,
            commit,
            reason,
            ending,
            previous,
            covers,
        } = event;
        Self {
            id: id.to_string(),
            at: at.to_string(),
            action: action.as_str().to_owned(),
            lease: lease.as_ref().map(ToString::to_string),
            role: role.as_ref().map(ToString::to_string),
            caller_arn: caller_arn.clone(),
            ci: ci.as_ref().map(|audit::CiRun { system, run, repository, reference, actor }| CiRun {
                system: system.clone(),
                run: run.clone(),
                repository: repository.clone(),
                reference: reference.clone(),
                actor: actor.clone(),
            }),
            signed_by: signed_by
                .as_ref()
                .map(|audit::Signer { principals, key }| Signer { principals: principals.clone(), key: key.clone() }),
            justification: justification.as_ref().map(|text| text.as_str().to_owned()),
            ttl_seconds: ttl.map(|ttl| ttl.seconds()),
            access_key_id: access_key_id.clone(),
            serial: *serial,
            commit: commit.clone(),
            reason: reason.clone(),
            ending: ending.map(|ending| ending.as_str().to_owned()),
            previous: previous.as_ref().map(ToString::to_string),
            covers: covers.as_ref().map(|audit::Covers { from, until, count, digest, previous }| Covers {
                from: *from,
                until: *until,
                count: *count,
                digest: digest.to_string(),
                previous: previous.as_ref().map(ToString::to_string),
            }),
        }
    }
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
            signed_by,
            justification,
            ttl_seconds,
            access_key_id,
            serial,
            commit,
            reason,
            ending,
            previous,
            covers,
        } = wire;
        Ok(audit::AuditEvent {
            id: EventId::parse(&id).ok_or_else(|| invalid("id", "is not a ULID"))?,
            at: timestamp("at", &at)?,
            action: AuditAction::parse(&action).ok_or_else(|| invalid("action", "is none that exists"))?,
            lease: lease
                .map(|text| LeaseId::parse(&text).ok_or_else(|| invalid("lease", "is not a ULID")))
                .transpose()?,
            role: role.map(|text| name("role", &text)).transpose()?,
            caller_arn,
            ci: ci.map(|CiRun { system, run, repository, reference, actor }| audit::CiRun {
                system,
                run,
                repository,
                reference,
                actor,
            }),
            signed_by: signed_by.map(|Signer { principals, key }| audit::Signer { principals, key }),
            justification: justification
                .map(|text| Justification::parse(&text).ok_or_else(|| invalid("justification", "is empty or too long")))
                .transpose()?,
            ttl: ttl_seconds.map(|seconds| ttl("ttl_seconds", seconds)).transpose()?,
            access_key_id,
            serial,
            commit,
            reason,
            ending: ending
                .map(|word| Ending::parse(&word).ok_or_else(|| invalid("ending", "is none that exists")))
                .transpose()?,
            previous: previous.map(|text| digest("previous", &text)).transpose()?,
            covers: covers.map(audit::Covers::try_from).transpose()?,
        })
    })
}

impl TryFrom<Covers> for audit::Covers {
    type Error = Invalid;

    fn try_from(wire: Covers) -> Result<Self, Invalid> {
        let Covers { from, until, count, digest: stated, previous } = wire;
        Ok(Self {
            from,
            until,
            count,
            digest: digest("digest", &stated)?,
            previous: previous
                .map(|id| EventId::parse(&id).ok_or_else(|| invalid("previous", "is not a ULID")))
                .transpose()?,
        })
    }
}
