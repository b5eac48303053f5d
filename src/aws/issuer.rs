//! Asking STS for credentials.

#![allow(
    deprecated,
    reason = "every STS answers PackedPolicySize; its successor SessionTokenUtilization is not everywhere yet"
)]

use aws_sdk_sts::types::{PolicyDescriptorType, Tag};
use tokio::time::Instant;

use super::calls::Calls;
use super::credentials::{LONGEST_ID, LONGEST_SECRET, LONGEST_TOKEN, flaw};
use super::errors::cloud_error;
use super::identity;
use super::retry::{Caller, Repeat};
use super::session::Session;
use crate::domain::Timestamp;
use crate::domain::secret::{Credentials, Secret};
use crate::domain::ttl::Ttl;
use crate::domain::world::CallerIdentity;
use crate::ports::{AssumeRole, CloudError, CloudErrorKind, FederationToken, Issued, Issuer, SessionToken};

/// Issues from the caller's own credentials.
///
/// Attempts whose reply was lost are made again within the session's deadline (not with an MFA code, which is good
/// once). Each such attempt may have made a session that nobody holds, under the same name and with the same
/// length; so a lease's `dead_after` must be at least the time of asking, plus the deadline, plus the TTL. The error after
/// such attempts always says that AWS may have acted, whatever the last attempt answered.
#[allow(missing_debug_implementations, reason = "it holds secrets")]
#[derive(Clone)]
pub struct AwsIssuer {
    sts: aws_sdk_sts::Client,
    caller: Caller,
}

impl AwsIssuer {
    /// An issuer with the session's time limit.
    #[must_use]
    pub fn new(session: &Session) -> Self {
        let (sts, caller) = session.sts(&Calls::default());
        Self { sts, caller }
    }
}

impl Issuer for AwsIssuer {
    async fn caller_identity(&self) -> Result<CallerIdentity, CloudError> {
        identity::caller_identity(&self.sts, &self.caller).await
    }

    async fn assume_role(&self, request: &AssumeRole) -> Result<Issued, CloudError> {
        let running = self.caller.start();
        let repeat = repeat(request.mfa.is_some());
        Box::pin(assume(&self.sts, &self.caller, running.end(), repeat, request)).await
    }

    async fn federation_token(&self, request: &FederationToken) -> Result<Issued, CloudError> {
        const OPERATION: &str = "sts:GetFederationToken";
        let tags = tags(OPERATION, &request.tags)?;
        let ask = || {
            self.sts
                .get_federation_token()
                .name(&request.name)
                .duration_seconds(seconds(request.ttl))
                .set_tags(some(tags.clone()))
                .set_policy(request.policy.clone())
                .set_policy_arns(some(descriptors(&request.policy_arns)))
                .send()
        };
        let running = self.caller.start();
        let output = self.caller.call(running.end(), OPERATION, Repeat::Issue, ask).await?;
        let (arn, user_id) =
            output.federated_user.map_or((None, None), |user| (Some(user.arn), Some(user.federated_user_id)));
        Ok(Issued {
            credentials: taken(OPERATION, output.credentials)?,
            arn,
            user_id,
            packed_policy_size: percent(output.packed_policy_size),
        })
    }

    async fn session_token(&self, request: &SessionToken) -> Result<Issued, CloudError> {
        const OPERATION: &str = "sts:GetSessionToken";
        let ask = || {
            let mfa = request.mfa.as_ref();
            self.sts
                .get_session_token()
                .duration_seconds(seconds(request.ttl))
                .set_serial_number(mfa.map(|mfa| mfa.serial_number.clone()))
                .set_token_code(mfa.map(|mfa| mfa.token_code.expose().to_owned()))
                .send()
        };
        let running = self.caller.start();
        let output = self.caller.call(running.end(), OPERATION, repeat(request.mfa.is_some()), ask).await?;
        Ok(Issued {
            credentials: taken(OPERATION, output.credentials)?,
            arn: None,
            user_id: None,
            packed_policy_size: None,
        })
    }
}

/// `sts:AssumeRole`, for handing out and for reading other accounts.
pub(super) async fn assume(
    sts: &aws_sdk_sts::Client,
    caller: &Caller,
    end: Instant,
    repeat: Repeat,
    request: &AssumeRole,
) -> Result<Issued, CloudError> {
    const OPERATION: &str = "sts:AssumeRole";
    let tags = tags(OPERATION, &request.tags)?;
    let ask = || {
        let mfa = request.mfa.as_ref();
        sts.assume_role()
            .role_arn(request.role_arn.as_str())
            .role_session_name(&request.session_name)
            .duration_seconds(seconds(request.ttl))
            .set_external_id(request.external_id.clone())
            .set_source_identity(request.source_identity.clone())
            .set_tags(some(tags.clone()))
            .set_transitive_tag_keys(some(request.transitive_tag_keys.clone()))
            .set_policy(request.policy.clone())
            .set_policy_arns(some(descriptors(&request.policy_arns)))
            .set_serial_number(mfa.map(|mfa| mfa.serial_number.clone()))
            .set_token_code(mfa.map(|mfa| mfa.token_code.expose().to_owned()))
            .send()
    };
    let output = caller.call(end, OPERATION, repeat, ask).await?;
    let (arn, user_id) =
        output.assumed_role_user.map_or((None, None), |user| (Some(user.arn), Some(user.assumed_role_id)));
    Ok(Issued {
        credentials: taken(OPERATION, output.credentials)?,
        arn,
        user_id,
        packed_policy_size: percent(output.packed_policy_size),
    })
}

fn repeat(mfa: bool) -> Repeat {
    if mfa { Repeat::IssueOnce } else { Repeat::Issue }
}

/// What is too long for the request's field is refused by AWS like anything else above its limits.
fn seconds(ttl: Ttl) -> i32 {
    i32::try_from(ttl.seconds()).unwrap_or(i32::MAX)
}

/// An empty list is left out of the request.
fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    if list.is_empty() { None } else { Some(list) }
}

fn tags(operation: &'static str, tags: &std::collections::BTreeMap<String, String>) -> Result<Vec<Tag>, CloudError> {
    tags.iter()
        .map(|(key, value)| Tag::builder().key(key).value(value).build())
        .collect::<Result<_, _>>()
        .map_err(|error| cloud_error(CloudErrorKind::Refused, operation, error.to_string()))
}

fn descriptors(arns: &[String]) -> Vec<PolicyDescriptorType> {
    arns.iter().map(|arn| PolicyDescriptorType::builder().arn(arn).build()).collect()
}

fn percent(size: Option<i32>) -> Option<u32> {
    size.and_then(|size| u32::try_from(size).ok())
}

/// `accessKeyIdType` of the API reference of STS.
pub(super) fn is_access_key_id(text: &str) -> bool {
    (16..=LONGEST_ID).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Moves the secrets out of the SDK's type, which anybody could print.
fn taken(
    operation: &'static str,
    credentials: Option<aws_sdk_sts::types::Credentials>,
) -> Result<Credentials, CloudError> {
    let malformed = |what: &str| cloud_error(CloudErrorKind::Malformed, operation, format!("the answer has {what}"));
    let credentials = credentials.ok_or_else(|| malformed("no credentials"))?;
    let at = credentials.expiration;
    let expires_at = i32::try_from(at.subsec_nanos()).ok().and_then(|nanos| Timestamp::new(at.secs(), nanos).ok());
    let access_key_id = credentials.access_key_id;
    let secret_access_key = Secret::new(credentials.secret_access_key);
    let session_token = Secret::new(credentials.session_token);
    if !is_access_key_id(&access_key_id) {
        return Err(malformed("no access key id of 16 to 128 letters, digits and `_`"));
    }
    if flaw(secret_access_key.expose(), LONGEST_SECRET).is_some() {
        return Err(malformed("no secret access key that can be one"));
    }
    if flaw(session_token.expose(), LONGEST_TOKEN).is_some() {
        return Err(malformed("no session token that can be one"));
    }
    Ok(Credentials {
        access_key_id,
        secret_access_key,
        session_token: Some(session_token),
        expires_at: Some(expires_at.ok_or_else(|| malformed("no expiry"))?),
    })
}
