//! Failed reads, as what is not known.

use crate::domain::world::{Unknown, Why};
use crate::ports::{CloudError, CloudErrorKind};

pub(super) fn because(why: Why, detail: impl Into<String>) -> Unknown {
    Unknown { why, detail: detail.into() }
}

/// What a failed read leaves unknown.
pub(super) fn unread(error: &CloudError) -> Unknown {
    because(why(error.kind), error.to_string())
}

/// Whether AWS said that what was asked for does not exist.
pub(super) fn is_absent(error: &CloudError) -> bool {
    error.code.as_deref() == Some("NoSuchEntity")
}

/// Classes of failure as classes of not knowing. Whoever AWS does not accept was refused, whatever the reason.
pub(super) fn why(kind: CloudErrorKind) -> Why {
    match kind {
        CloudErrorKind::AccessDenied
        | CloudErrorKind::NoCredentials
        | CloudErrorKind::CredentialsFailed
        | CloudErrorKind::ExpiredToken
        | CloudErrorKind::InvalidCredentials
        | CloudErrorKind::ClockSkew
        | CloudErrorKind::NoRegion
        | CloudErrorKind::Refused => Why::AccessDenied,
        CloudErrorKind::Throttled => Why::Throttled,
        CloudErrorKind::Unreachable
        | CloudErrorKind::LostReply
        | CloudErrorKind::TimedOut
        | CloudErrorKind::ServiceFault => Why::Unreachable,
        CloudErrorKind::Malformed => Why::Malformed,
        CloudErrorKind::CallsSpent => Why::Budget,
    }
}
