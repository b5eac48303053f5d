//! What a failed call means.

use std::error::Error;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::{ConnectorError, SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::request_id::RequestId as _;

use super::answer::Garbled;
use super::http::TransportError;
use crate::ports::{CloudError, CloudErrorKind};

/// A failed attempt.
pub(super) struct Failure {
    pub(super) error: CloudError,
    pub(super) remedy: Remedy,
}

/// Whether another attempt can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Remedy {
    /// Asking again gives the same answer.
    None,
    /// AWS asked for patience.
    Wait,
    /// The fault was on the way, or inside AWS.
    Again,
    /// No connection was made.
    Connect,
}

pub(super) fn cloud_error(kind: CloudErrorKind, operation: &'static str, message: impl Into<String>) -> CloudError {
    CloudError { kind, operation, code: None, message: message.into(), request_id: None }
}

/// The time limit passed after `made` attempts.
pub(super) fn out_of_time(operation: &'static str, made: u32) -> CloudError {
    let message = match made {
        0 => "the time limit had passed before it was asked".to_owned(),
        1 => "no answer within the time limit".to_owned(),
        _ => format!("no answer within the time limit, in {made} attempts"),
    };
    cloud_error(CloudErrorKind::TimedOut, operation, message)
}

/// All `most` calls were made, so this one was not.
pub(super) fn calls_spent(operation: &'static str, most: u32) -> CloudError {
    cloud_error(
        CloudErrorKind::CallsSpent,
        operation,
        format!("not asked: all {most} calls that may be made were made"),
    )
}

/// What a failed attempt means and whether to try again.
pub(super) fn classify<E>(operation: &'static str, failed: &SdkError<E, HttpResponse>) -> Failure
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let told = |kind, remedy, message| Failure { error: cloud_error(kind, operation, message), remedy };
    match failed {
        SdkError::ServiceError(service) => from_aws(operation, service.err(), service.raw().status().as_u16()),
        // What the SDK could not read it may repeat, and the answer may hold secrets.
        SdkError::ResponseError(response) => {
            let status = response.raw().status().as_u16();
            let message = format!("HTTP {status}: the answer is not one that {operation} gives");
            match status {
                500.. => told(CloudErrorKind::ServiceFault, Remedy::Again, message),
                429 => told(CloudErrorKind::Throttled, Remedy::Wait, message),
                _ => told(CloudErrorKind::Malformed, Remedy::None, message),
            }
        }
        SdkError::TimeoutError(_) => {
            told(CloudErrorKind::TimedOut, Remedy::Again, "no whole answer within the limit of one attempt".to_owned())
        }
        SdkError::DispatchFailure(dispatch) if is_transports(failed) => {
            if let Some(garbled) = sources(failed).find_map(|source| source.downcast_ref::<Garbled>()) {
                return told(CloudErrorKind::Malformed, Remedy::None, garbled.to_string());
            }
            if dispatch.is_user() {
                return told(CloudErrorKind::Unreachable, Remedy::None, chain(failed));
            }
            if never_connected(failed) {
                let remedy = if distrusted(failed) { Remedy::None } else { Remedy::Connect };
                return told(CloudErrorKind::Unreachable, remedy, chain(failed));
            }
            if dispatch.is_timeout() {
                return told(CloudErrorKind::TimedOut, Remedy::Again, chain(failed));
            }
            told(CloudErrorKind::LostReply, Remedy::Again, chain(failed))
        }
        _ => told(CloudErrorKind::Unreachable, Remedy::None, UNMADE.to_owned()),
    }
}

/// What is said of a request that never reached the transport. The SDK's own words may repeat the whole of it.
const UNMADE: &str = "the request could not be made from the configured endpoint and credentials, so nothing was sent";

/// Whether the transport failed, and not the SDK before it asked the transport.
fn is_transports(error: &(dyn Error + 'static)) -> bool {
    sources(error).any(|source| source.is::<TransportError>())
}

fn from_aws<E: ProvideErrorMetadata + Error>(operation: &'static str, error: &E, status: u16) -> Failure {
    let meta = error.meta();
    let code = error.code();
    let text = error.message();
    let kind = kind_of(code, status, text.unwrap_or_default());
    let remedy = match kind {
        CloudErrorKind::Throttled => Remedy::Wait,
        CloudErrorKind::ServiceFault => Remedy::Again,
        // Somebody else writes to the same thing at this moment: refused without effect.
        _ if matches!(code, Some("ConcurrentModification" | "EntityTemporarilyUnmodifiable")) => Remedy::Again,
        _ => Remedy::None,
    };
    let message = match text {
        Some(text) => text.to_owned(),
        None => format!("HTTP {status} without a message"),
    };
    let request_id = meta.request_id().map(str::to_owned);
    Failure { error: CloudError { kind, operation, code: code.map(str::to_owned), message, request_id }, remedy }
}

/// The meaning of AWS's error code. `LimitExceeded` is a quota, not a throttle: waiting does not help.
fn kind_of(code: Option<&str>, status: u16, message: &str) -> CloudErrorKind {
    let skewed = || {
        ["Signature expired", "Signature not yet current", "is now earlier than", "is now later than"]
            .iter()
            .any(|part| message.contains(part))
    };
    match code {
        Some("AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation") => CloudErrorKind::AccessDenied,
        Some("ExpiredToken" | "ExpiredTokenException") => CloudErrorKind::ExpiredToken,
        Some("RequestExpired" | "RequestTimeTooSkewed") => CloudErrorKind::ClockSkew,
        Some("SignatureDoesNotMatch" | "InvalidSignatureException") if skewed() => CloudErrorKind::ClockSkew,
        Some(
            "SignatureDoesNotMatch"
            | "InvalidSignatureException"
            | "InvalidClientTokenId"
            | "UnrecognizedClientException"
            | "InvalidAccessKeyId"
            | "MissingAuthenticationToken"
            | "MissingAuthenticationTokenException",
        ) => CloudErrorKind::InvalidCredentials,
        Some(
            "Throttling"
            | "ThrottlingException"
            | "ThrottledException"
            | "RequestThrottled"
            | "RequestThrottledException"
            | "TooManyRequestsException"
            | "RequestLimitExceeded"
            | "PriorRequestNotComplete"
            | "SlowDown",
        ) => CloudErrorKind::Throttled,
        Some("RequestTimeout" | "RequestTimeoutException") => CloudErrorKind::ServiceFault,
        _ if status == 429 => CloudErrorKind::Throttled,
        _ if status >= 500 => CloudErrorKind::ServiceFault,
        Some(_) => CloudErrorKind::Refused,
        None => CloudErrorKind::Malformed,
    }
}

/// Whether the failure came before any connection: a name that does not resolve, a refused or unanswered connection, a
/// failed TLS handshake.
pub(super) fn never_connected(error: &(dyn Error + 'static)) -> bool {
    sources(error).any(|source| {
        source
            .downcast_ref::<hyper_util::client::legacy::Error>()
            .is_some_and(hyper_util::client::legacy::Error::is_connect)
    })
}

/// Whether TLS refused the other side: its certificate does not get better by asking again.
fn distrusted(error: &(dyn Error + 'static)) -> bool {
    // The standard library's I/O errors leave what they carry out of their sources, and TLS puts one into another.
    let carried = |source| {
        std::iter::successors(Some(source), |inner: &&(dyn Error + 'static)| {
            let carried = inner.downcast_ref::<std::io::Error>()?.get_ref()?;
            Some(carried as &(dyn Error + 'static))
        })
        .any(|inner| inner.is::<rustls::Error>())
    };
    sources(error).any(carried)
}

fn sources<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| (*error as &'a (dyn Error + 'static)).source())
}

/// The texts of an error and of its causes. Words that only repeat what the class says are left out. So is everything
/// below a request that was never sent and below an answer that made no sense, where the SDK repeats them.
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut parts: Vec<String> = Vec::new();
    for source in sources(error) {
        let text = source.to_string();
        if text == "failed to construct request" || (source.is::<ConnectorError>() && !is_transports(error)) {
            parts.push(UNMADE.to_owned());
            break;
        }
        if text == "response error" {
            parts.push("the answer makes no sense".to_owned());
            break;
        }
        let hollow = matches!(text.as_str(), "dispatch failure" | "io error" | "user error" | "other" | "timeout");
        if !hollow && !parts.iter().any(|part| part.contains(&text)) {
            parts.push(text);
        }
    }
    if parts.is_empty() { error.to_string() } else { parts.join(": ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_their_meaning() {
        use CloudErrorKind as Kind;
        for (code, status, message, kind) in [
            (Some("AccessDenied"), 403, "User: x is not authorized", Kind::AccessDenied),
            (Some("ExpiredToken"), 400, "", Kind::ExpiredToken),
            (Some("ExpiredTokenException"), 400, "", Kind::ExpiredToken),
            (Some("InvalidClientTokenId"), 403, "", Kind::InvalidCredentials),
            (Some("SignatureDoesNotMatch"), 403, "The request signature we calculated", Kind::InvalidCredentials),
            (
                Some("SignatureDoesNotMatch"),
                403,
                "Signature expired: 20260101T000000Z is now earlier than",
                Kind::ClockSkew,
            ),
            (Some("SignatureDoesNotMatch"), 403, "Signature not yet current: 2027", Kind::ClockSkew),
            (Some("RequestExpired"), 400, "", Kind::ClockSkew),
            (Some("Throttling"), 400, "Rate exceeded", Kind::Throttled),
            (Some("SlowDown"), 503, "", Kind::Throttled),
            (None, 429, "", Kind::Throttled),
            (Some("LimitExceeded"), 409, "Cannot exceed quota for RolesPerAccount", Kind::Refused),
            (Some("ValidationError"), 400, "", Kind::Refused),
            (Some("RegionDisabledException"), 403, "", Kind::Refused),
            (Some("NoSuchEntity"), 404, "", Kind::Refused),
            (Some("ServiceFailure"), 500, "", Kind::ServiceFault),
            (None, 502, "", Kind::ServiceFault),
            (None, 403, "", Kind::Malformed),
        ] {
            assert_eq!(kind_of(code, status, message), kind, "{code:?} {status} {message}");
        }
    }

    /// Any operation's error type.
    type Failed = SdkError<aws_sdk_sts::operation::assume_role::AssumeRoleError, HttpResponse>;

    #[test]
    fn what_was_never_sent_is_told_without_its_request() {
        let dump = || "cannot set a header of AssumeRoleInput { token_code: \"940382\" }";
        let before: [Failed; 2] = [
            SdkError::construction_failure(dump()),
            SdkError::dispatch_failure(ConnectorError::other(dump().into(), None)),
        ];
        for failed in before {
            let Failure { error, remedy } = classify("sts:AssumeRole", &failed);
            assert_eq!((error.kind, remedy), (CloudErrorKind::Unreachable, Remedy::None));
            assert!(!error.kind.may_have_acted());
            assert_eq!(error.message, UNMADE);
            let chained = chain(&failed);
            assert!(chained.contains(UNMADE) && !chained.contains("940382"), "{chained}");
        }
        let answer = HttpResponse::new(200_u16.try_into().expect("a status"), "".into());
        let unread: Failed = SdkError::response_error("bad <SecretAccessKey>940382", answer);
        assert!(!classify("sts:AssumeRole", &unread).error.message.contains("940382"));
        assert!(!chain(&unread).contains("940382"));
    }

    #[test]
    fn a_distrusted_certificate_is_found_inside_io_errors() {
        use std::io::Error as IoError;
        let refused = || rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        assert!(distrusted(&refused()));
        assert!(distrusted(&IoError::other(IoError::other(refused()))));
        assert!(!distrusted(&IoError::other(IoError::other("tls handshake eof"))));
    }
}
