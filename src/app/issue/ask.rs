//! One request to STS, built from the record.

use jiff::SignedDuration;

use super::allow::mfa_serial;
use super::{IssueRequest, Prepared};
use crate::app::both::{both, within};
use crate::domain::credential::{AssumedRoleSpec, CredentialSpec, PolicySpec};
use crate::domain::digest::canonical_json;
use crate::domain::secret::Secret;
use crate::ports::{AssumeRole, CloudError, CloudErrorKind, FederationToken, Issued, Issuer, Mfa, SessionToken, Timer};

/// How long the answer to who asks is waited for.
const CALLER_AT_MOST: SignedDuration = SignedDuration::from_secs(3);

/// Asks STS for what was prepared, and at the same time who asks, for the audit: so that it takes no longer.
///
/// Whoever asks cannot hide by keeping the second answer away, because they write the audit themselves and CloudTrail has
/// the caller of the access key. So a credential does not depend on it: the error is the reason why the audit is silent.
pub(super) async fn ask_with_caller<I: Issuer>(
    issuer: &I,
    prepared: &Prepared,
    request: &IssueRequest,
    timer: &impl Timer,
) -> (Result<Issued, CloudError>, Result<String, String>) {
    let caller = within(timer, CALLER_AT_MOST, issuer.caller_identity());
    let (issued, caller) = both(ask(issuer, prepared, request), caller).await;
    let caller = match caller {
        Some(Ok(caller)) => Ok(caller.arn),
        Some(Err(error)) => Err(error.to_string()),
        None => Err(format!("AWS did not say in {CALLER_AT_MOST:#}")),
    };
    (issued, caller)
}

async fn ask<I: Issuer>(issuer: &I, prepared: &Prepared, request: &IssueRequest) -> Result<Issued, CloudError> {
    let ttl = prepared.solution.ttl;
    let mfa = || {
        mfa_serial(&prepared.role.spec.credential).zip(request.token_code.as_ref()).map(|(serial, code)| Mfa {
            serial_number: serial.to_owned(),
            token_code: Secret::new(code.expose().to_owned()),
        })
    };
    let session_name = prepared.session_name.clone().unwrap_or_default();
    match (&prepared.role.spec.credential, &prepared.role_arn) {
        (CredentialSpec::AssumedRole(spec), Some(role_arn)) => {
            let AssumedRoleSpec {
                role_arns: _,
                ttl: _,
                external_id,
                session_tags,
                transitive_tag_keys,
                source_identity,
                policy,
                mfa_serial_number: _,
            } = spec;
            let (policy, policy_arns) = session_policy(policy);
            let call = AssumeRole {
                role_arn: role_arn.clone(),
                session_name,
                ttl,
                external_id: external_id.clone(),
                source_identity: source_identity.clone(),
                tags: session_tags.clone(),
                transitive_tag_keys: transitive_tag_keys.clone(),
                policy,
                policy_arns,
                mfa: mfa(),
            };
            issuer.assume_role(&call).await
        }
        (CredentialSpec::FederationToken(spec), _) => {
            let (policy, policy_arns) = session_policy(&spec.policy);
            let tags = spec.session_tags.clone();
            issuer.federation_token(&FederationToken { name: session_name, ttl, tags, policy, policy_arns }).await
        }
        (CredentialSpec::SessionToken(_), _) => issuer.session_token(&SessionToken { ttl, mfa: mfa() }).await,
        // `allow` refuses both before anything is written.
        (CredentialSpec::AssumedRole(_), None) | (CredentialSpec::IamUser(_), _) => Err(CloudError {
            kind: CloudErrorKind::Refused,
            operation: "issue",
            code: None,
            message: "the role cannot be asked of STS".to_owned(),
            request_id: None,
        }),
    }
}

fn session_policy(policy: &PolicySpec) -> (Option<String>, Vec<String>) {
    let PolicySpec { document, arns, groups: _ } = policy;
    (document.as_ref().map(|document| canonical_json(document)), arns.iter().map(ToString::to_string).collect())
}
