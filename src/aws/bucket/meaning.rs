//! What a failed call means for the state.

use crate::ports::{CloudError, CloudErrorKind, StoreError};

/// A read that failed, or a write that certainly did nothing for a reason that stays.
pub(super) fn unusable(location: &str, error: &CloudError) -> StoreError {
    let CloudError { kind, operation, code, message, request_id } = error;
    let code = code.as_ref().map(|code| format!("{code}: ")).unwrap_or_default();
    let id = request_id.as_ref().map(|id| format!(" (request {id})")).unwrap_or_default();
    let (location, detail) = (location.to_owned(), format!("{operation}: {code}{message}{id}"));
    let help = help(*kind, error.code.as_deref()).to_owned();
    if is_unreachable(*kind) && error.code.as_deref() != Some("NotImplemented") {
        StoreError::Unreachable { location, detail, help }
    } else {
        StoreError::Unusable { location, detail, help }
    }
}

/// Whether nobody answered, or nobody could be asked: what a call to AWS ends with the same exit code for.
fn is_unreachable(kind: CloudErrorKind) -> bool {
    use CloudErrorKind as Kind;
    match kind {
        Kind::NoCredentials
        | Kind::CredentialsFailed
        | Kind::NoRegion
        | Kind::Unreachable
        | Kind::LostReply
        | Kind::TimedOut
        | Kind::Throttled
        | Kind::ServiceFault => true,
        Kind::ExpiredToken
        | Kind::InvalidCredentials
        | Kind::ClockSkew
        | Kind::AccessDenied
        | Kind::Refused
        | Kind::Malformed
        | Kind::CallsSpent => false,
    }
}

/// A store that holds, or answers, what nothing here writes.
pub(super) fn foreign(location: &str, detail: String) -> StoreError {
    StoreError::Unusable {
        location: location.to_owned(),
        detail,
        help: "nothing here writes such a thing: find out who did, give the state a prefix of its own, and check that the \
               endpoint is S3"
            .to_owned(),
    }
}

/// A key or prefix that no caller of ours should have made.
pub(super) fn bad_key(location: &str, key: &str, why: &str) -> StoreError {
    StoreError::Unusable {
        location: location.to_owned(),
        detail: format!("the key `{}` {why}", crate::domain::text::short(key, 200)),
        help: "this is a fault of the program that asked; nothing was read or written".to_owned(),
    }
}

/// A conditional write that failed.
///
/// 412 says that the condition did not hold, and 404 on `If-Match` that there is no object. 409 is S3's answer when another
/// write to the key was under way: whether ours would have won is not known before the key is read again. Of a server
/// fault, a throttle (a 503 as well) or a lost reply S3 promises nothing.
pub(super) fn of_write(location: &str, key: &str, error: &CloudError) -> StoreError {
    match error.code.as_deref() {
        Some("PreconditionFailed" | "NoSuchKey") => StoreError::Conflict { key: key.to_owned() },
        Some("NotImplemented") => unusable(location, error),
        Some("ConditionalRequestConflict" | "OperationAborted") => ambiguous(key, error),
        _ if error.kind.may_have_acted() || error.kind == CloudErrorKind::Throttled => ambiguous(key, error),
        _ => unusable(location, error),
    }
}

pub(super) fn ambiguous(key: &str, error: &CloudError) -> StoreError {
    let code = error.code.as_ref().map(|code| format!("{code}: ")).unwrap_or_default();
    StoreError::Ambiguous { key: key.to_owned(), detail: format!("{}: {code}{}", error.operation, error.message) }
}

fn help(kind: CloudErrorKind, code: Option<&str>) -> &'static str {
    match code {
        Some("NoSuchBucket") => "make the bucket, or name another with --state; check the region and the account",
        Some("PermanentRedirect" | "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException") => {
            "the bucket lies in another region: name it in the URL, s3://bucket/prefix?region=REGION"
        }
        Some("NotImplemented") => {
            "this store does not know conditional writes, so it cannot hold a state: two writers would overwrite each other"
        }
        Some(code) if code.starts_with("KMS.") => {
            "S3 could not use the KMS key: check that it is there, enabled, in the bucket's region, and that its policy lets \
             the identity encrypt and decrypt"
        }
        _ => of_kind(kind),
    }
}

fn of_kind(kind: CloudErrorKind) -> &'static str {
    match kind {
        CloudErrorKind::NoCredentials | CloudErrorKind::CredentialsFailed => {
            "state in S3 is read with the caller's own AWS credentials: set AWS_PROFILE, or run where a role is attached"
        }
        CloudErrorKind::NoRegion => "name the bucket's region in the URL: s3://bucket/prefix?region=REGION",
        CloudErrorKind::ExpiredToken | CloudErrorKind::InvalidCredentials => {
            "renew the caller's own AWS credentials, or ask as another identity"
        }
        CloudErrorKind::ClockSkew => "set this machine's clock: S3 accepts a few minutes of difference",
        CloudErrorKind::AccessDenied => {
            "`leasehold policy store` prints what each identity needs; reading needs s3:GetObject and s3:ListBucket, and a \
             bucket that is not owned by the account of `bucket_owner` is refused as well"
        }
        CloudErrorKind::Unreachable => {
            "check the network, the proxy (HTTPS_PROXY), and the endpoint and region of the state's URL"
        }
        CloudErrorKind::LostReply
        | CloudErrorKind::TimedOut
        | CloudErrorKind::Throttled
        | CloudErrorKind::ServiceFault => {
            "run the command again later, with a longer --timeout if S3 is slow from here"
        }
        CloudErrorKind::Refused => "see the text of S3",
        CloudErrorKind::Malformed => {
            "check that the endpoint is S3 (the state's URL, AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL)"
        }
        CloudErrorKind::CallsSpent => "raise --max-calls",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(kind: CloudErrorKind, code: Option<&str>) -> CloudError {
        let (message, request_id) = ("no".to_owned(), None);
        CloudError { kind, operation: "s3:PutObject", code: code.map(str::to_owned), message, request_id }
    }

    #[test]
    fn only_what_proves_it_is_a_conflict_and_doubt_stays_doubt() {
        use CloudErrorKind as Kind;
        let of = |kind, code| match of_write("s3://b", "head.json", &error(kind, code)) {
            StoreError::Conflict { .. } => "conflict",
            StoreError::Ambiguous { .. } => "ambiguous",
            StoreError::Busy { .. } => "busy",
            StoreError::Unreachable { .. } => "unreachable",
            StoreError::Unusable { .. } => "unusable",
            StoreError::Distrusted { .. } => "distrusted",
            StoreError::Memory { .. } => "memory",
        };
        for (kind, code, meaning) in [
            (Kind::Refused, Some("PreconditionFailed"), "conflict"),
            (Kind::Refused, Some("NoSuchKey"), "conflict"),
            (Kind::Refused, Some("NoSuchBucket"), "unusable"),
            (Kind::Refused, Some("ConditionalRequestConflict"), "ambiguous"),
            (Kind::Refused, Some("OperationAborted"), "ambiguous"),
            (Kind::ServiceFault, Some("NotImplemented"), "unusable"),
            (Kind::ServiceFault, Some("InternalError"), "ambiguous"),
            (Kind::Throttled, Some("SlowDown"), "ambiguous"),
            (Kind::LostReply, None, "ambiguous"),
            (Kind::TimedOut, None, "ambiguous"),
            (Kind::Malformed, None, "ambiguous"),
            (Kind::Unreachable, None, "unreachable"),
            (Kind::AccessDenied, Some("AccessDenied"), "unusable"),
            (Kind::ExpiredToken, Some("ExpiredToken"), "unusable"),
        ] {
            assert_eq!(of(kind, code), meaning, "{kind:?} {code:?}");
        }
    }
}
