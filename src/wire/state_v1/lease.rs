use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CorruptError, Envelope, Kind, open, seal};
use crate::domain::credential::{CredentialType, OnRemoval};
use crate::domain::ident::RoleArn;
use crate::domain::lease::{self, LeaseId};
use crate::wire::common_v1::{Invalid, digest, ident, invalid, name, timestamp, ttl};

/// One issued credential, without its secrets.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Lease {
    /// A ULID.
    id: String,
    /// The role it was issued from.
    role: String,
    /// `assumed_role`, `iam_user`, `federation_token` or `session_token`.
    credential_type: String,
    /// Where it stands.
    state: State,
    /// What was asked of AWS.
    request: Request,
    /// What AWS answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    grant: Option<Grant>,
    /// Lineage of the record it was issued from.
    lineage: String,
    /// Serial of the record it was issued from.
    serial: u64,
    /// Commit of the record it was issued from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    commit: Option<String>,
    /// RFC 3339.
    created_at: String,
    /// RFC 3339.
    updated_at: String,
    /// RFC 3339: when its session was denied on its target role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    denied_at: Option<String>,
    /// `sha256:…` of the newest stored audit event of this lease that its writer knew of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    audit_tail: Option<String>,
}

/// The life of a lease.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum State {
    /// AWS is about to be asked, or was, and the answer is not known.
    Intent,
    /// The credential is out.
    Active,
    /// It is being ended.
    Revoking(Revoking),
    /// It is over, and there is proof.
    Ended(Ending),
}

/// An ending under way.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Revoking {
    /// Attempts that failed, one after the other.
    failures: u32,
    /// RFC 3339: nobody tries before this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    not_before: Option<String>,
    /// RFC 3339: when the user was deleted, as far as AWS answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    removed_at: Option<String>,
    /// Why the last attempt failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// Proofs that a credential is dead.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Ending {
    /// AWS refused: there never was one.
    Refused,
    /// Its AWS expiry has passed.
    Expired,
    /// It was removed, and read back as absent.
    Removed,
}

/// What was asked of AWS.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "LeaseRequest")]
struct Request {
    /// The role to assume.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    role_arn: Option<String>,
    /// `RoleSessionName`, or `Name` of a federation token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    session_name: Option<String>,
    /// `SourceIdentity`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source_identity: Option<String>,
    /// The IAM user to make.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user: Option<User>,
    /// `DurationSeconds`, or how long an IAM user may work.
    ttl_seconds: u32,
    /// RFC 3339: no credential of this lease can live longer.
    dead_after: String,
}

/// The IAM user of one lease.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "LeaseUser")]
struct User {
    /// Its name.
    name: String,
    /// Its path.
    path: String,
    /// Whether it has the inline policy that its role declares. It is taken to have it where nothing is said.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    inline_policy: bool,
    /// The managed policies that are attached to it, by ARN.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    policy_arns: Vec<String>,
    /// The groups that it joins.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    groups: Vec<String>,
    /// `revoke` or `keep`: what becomes of it when its role leaves the record.
    on_removal: String,
    /// RFC 3339: the process that makes it asks AWS for nothing after this.
    asking_until: String,
    /// RFC 3339: it may be renewed up to this.
    renewable_until: String,
}

fn yes() -> bool {
    true
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_yes(yes: &bool) -> bool {
    *yes
}

/// What AWS answered, without the secrets.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Grant {
    /// `ASIA…` or `AKIA…`.
    access_key_id: String,
    /// RFC 3339.
    expires_at: String,
    /// ARN of the session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    arn: Option<String>,
    /// `aws:userid` of the session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
}

/// The bytes to store.
#[must_use]
pub fn encode_lease(generation: u64, write_id: &str, lease: &lease::Lease) -> Vec<u8> {
    seal(Kind::Lease, generation, write_id, &Lease::from(lease))
}

/// Reads stored bytes.
pub fn decode_lease(bytes: &[u8]) -> Result<Envelope<lease::Lease>, CorruptError> {
    open(Kind::Lease, bytes, <lease::Lease as TryFrom<Lease>>::try_from)
}

impl From<&lease::Lease> for Lease {
    fn from(lease: &lease::Lease) -> Self {
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
            audit_tail,
        } = lease;
        Self {
            id: id.to_string(),
            role: role.to_string(),
            credential_type: credential_type.to_string(),
            state: state.into(),
            request: request.into(),
            grant: grant.as_ref().map(Grant::from),
            lineage: lineage.clone(),
            serial: *serial,
            commit: commit.clone(),
            created_at: created_at.to_string(),
            updated_at: updated_at.to_string(),
            denied_at: denied_at.map(|at| at.to_string()),
            audit_tail: audit_tail.as_ref().map(ToString::to_string),
        }
    }
}

impl TryFrom<Lease> for lease::Lease {
    type Error = Invalid;

    fn try_from(wire: Lease) -> Result<Self, Invalid> {
        let Lease {
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
            audit_tail,
        } = wire;
        Ok(Self {
            id: LeaseId::parse(&id).ok_or_else(|| invalid("id", "is not a ULID"))?,
            role: name("role", &role)?,
            credential_type: CredentialType::parse(&credential_type)
                .ok_or_else(|| invalid("credential_type", "is none that exists"))?,
            state: state.try_into()?,
            request: request.try_into()?,
            grant: grant.map(lease::Grant::try_from).transpose()?,
            lineage,
            serial,
            commit,
            created_at: timestamp("created_at", &created_at)?,
            updated_at: timestamp("updated_at", &updated_at)?,
            denied_at: denied_at.map(|text| timestamp("denied_at", &text)).transpose()?,
            audit_tail: audit_tail.map(|text| digest("audit_tail", &text)).transpose()?,
        })
    }
}

impl From<&lease::LeaseState> for State {
    fn from(state: &lease::LeaseState) -> Self {
        match state {
            lease::LeaseState::Intent => Self::Intent,
            lease::LeaseState::Active => Self::Active,
            lease::LeaseState::Revoking(revoking) => Self::Revoking(revoking.into()),
            lease::LeaseState::Ended(lease::Ending::Refused) => Self::Ended(Ending::Refused),
            lease::LeaseState::Ended(lease::Ending::Expired) => Self::Ended(Ending::Expired),
            lease::LeaseState::Ended(lease::Ending::Removed) => Self::Ended(Ending::Removed),
        }
    }
}

impl TryFrom<State> for lease::LeaseState {
    type Error = Invalid;

    fn try_from(wire: State) -> Result<Self, Invalid> {
        Ok(match wire {
            State::Intent => Self::Intent,
            State::Active => Self::Active,
            State::Revoking(revoking) => Self::Revoking(revoking.try_into()?),
            State::Ended(Ending::Refused) => Self::Ended(lease::Ending::Refused),
            State::Ended(Ending::Expired) => Self::Ended(lease::Ending::Expired),
            State::Ended(Ending::Removed) => Self::Ended(lease::Ending::Removed),
        })
    }
}

impl From<&lease::Revoking> for Revoking {
    fn from(revoking: &lease::Revoking) -> Self {
        let lease::Revoking { failures, not_before, removed_at, error } = revoking;
        Self {
            failures: *failures,
            not_before: not_before.map(|at| at.to_string()),
            removed_at: removed_at.map(|at| at.to_string()),
            error: error.clone(),
        }
    }
}

impl TryFrom<Revoking> for lease::Revoking {
    type Error = Invalid;

    fn try_from(wire: Revoking) -> Result<Self, Invalid> {
        let Revoking { failures, not_before, removed_at, error } = wire;
        Ok(Self {
            failures,
            not_before: not_before.map(|text| timestamp("not_before", &text)).transpose()?,
            removed_at: removed_at.map(|text| timestamp("removed_at", &text)).transpose()?,
            error,
        })
    }
}

impl From<&lease::LeaseUser> for User {
    fn from(user: &lease::LeaseUser) -> Self {
        let lease::LeaseUser {
            name,
            path,
            inline_policy,
            policy_arns,
            groups,
            on_removal,
            asking_until,
            renewable_until,
        } = user;
        Self {
            name: name.clone(),
            path: path.clone(),
            inline_policy: *inline_policy,
            policy_arns: policy_arns.clone(),
            groups: groups.clone(),
            on_removal: on_removal.as_str().to_owned(),
            asking_until: asking_until.to_string(),
            renewable_until: renewable_until.to_string(),
        }
    }
}

impl TryFrom<User> for lease::LeaseUser {
    type Error = Invalid;

    fn try_from(wire: User) -> Result<Self, Invalid> {
        let User { name, path, inline_policy, policy_arns, groups, on_removal, asking_until, renewable_until } = wire;
        Ok(Self {
            name,
            path,
            inline_policy,
            policy_arns,
            groups,
            on_removal: OnRemoval::parse(&on_removal).ok_or_else(|| invalid("on_removal", "is none that exists"))?,
            asking_until: timestamp("asking_until", &asking_until)?,
            renewable_until: timestamp("renewable_until", &renewable_until)?,
        })
    }
}

impl From<&lease::LeaseRequest> for Request {
    fn from(request: &lease::LeaseRequest) -> Self {
        let lease::LeaseRequest { role_arn, session_name, source_identity, user, ttl, dead_after } = request;
        Self {
            role_arn: role_arn.as_ref().map(RoleArn::to_string),
            session_name: session_name.clone(),
            source_identity: source_identity.clone(),
            user: user.as_ref().map(User::from),
            ttl_seconds: ttl.seconds(),
            dead_after: dead_after.to_string(),
        }
    }
}

impl TryFrom<Request> for lease::LeaseRequest {
    type Error = Invalid;

    fn try_from(wire: Request) -> Result<Self, Invalid> {
        let Request { role_arn, session_name, source_identity, user, ttl_seconds, dead_after } = wire;
        Ok(Self {
            role_arn: role_arn.map(|text| ident("role_arn", &text, RoleArn::parse)).transpose()?,
            session_name,
            source_identity,
            user: user.map(lease::LeaseUser::try_from).transpose()?,
            ttl: ttl("ttl_seconds", ttl_seconds)?,
            dead_after: timestamp("dead_after", &dead_after)?,
        })
    }
}

impl From<&lease::Grant> for Grant {
    fn from(grant: &lease::Grant) -> Self {
        let lease::Grant { access_key_id, expires_at, arn, user_id } = grant;
        Self {
            access_key_id: access_key_id.clone(),
            expires_at: expires_at.to_string(),
            arn: arn.clone(),
            user_id: user_id.clone(),
        }
    }
}

impl TryFrom<Grant> for lease::Grant {
    type Error = Invalid;

    fn try_from(wire: Grant) -> Result<Self, Invalid> {
        let Grant { access_key_id, expires_at, arn, user_id } = wire;
        Ok(Self { access_key_id, expires_at: timestamp("expires_at", &expires_at)?, arn, user_id })
    }
}
