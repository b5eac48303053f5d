//! What a use case says when it does not do what was asked.

use crate::domain::finding::ManifestError;
use crate::domain::signed_head::Distrust;
use crate::ports::{CloudError, CloudErrorKind, StoreError};

/// Why a use case stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AppError {
    /// The manifests cannot be understood: every fault of every file.
    Manifests(Vec<ManifestError>),
    /// Anything else.
    Failed(Box<Failure>),
}

/// A refusal or a fault, told so that a person can act on it. Texts may hold hostile parts: escape them before printing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What a caller branches on; the binary turns it into an exit code.
    pub meaning: Meaning,
    /// Stable kebab kind, `ttl-above-maximum`.
    pub kind: &'static str,
    /// What went wrong, in one sentence without a full stop.
    pub message: String,
    /// Why, one sentence each, the nearest cause first.
    pub causes: Vec<String>,
    /// What to do.
    pub help: Option<String>,
    /// AWS's own text, last and verbatim.
    pub aws: Option<String>,
}

/// Meanings of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// Something failed.
    Failed,
    /// The command line makes no sense.
    Usage,
    /// Findings stand in the way.
    FindingsBlock,
    /// The plan is not of this world any more.
    Stale,
    /// Another process was there first.
    Busy,
    /// Some of it is done.
    Partly,
    /// A brake refuses.
    Brake,
    /// `issue` refuses by the record.
    RefusedHere,
    /// AWS refuses.
    RefusedByAws,
    /// AWS gave no answer in time.
    Unreachable,
    /// The audit cannot be written, so nothing is handed out.
    AuditNotWritable,
}

impl Failure {
    /// A failure with a message and nothing else yet.
    pub fn new(meaning: Meaning, kind: &'static str, message: impl Into<String>) -> Self {
        Self { meaning, kind, message: message.into(), causes: Vec::new(), help: None, aws: None }
    }

    /// Adds a cause.
    #[must_use]
    pub fn because(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(cause.into());
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl From<Failure> for AppError {
    fn from(failure: Failure) -> Self {
        Self::Failed(Box::new(failure))
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let message = error.to_string();
        match error {
            StoreError::Conflict { .. } => Self::new(Meaning::Busy, "state-changed", message)
                .because("the state was written by another process in between, and nothing of ours was")
                .help("run the command again: it starts from the new state"),
            StoreError::Busy { .. } => Self::new(Meaning::Busy, "state-busy", message)
                .help("wait until the other process is done, and run the command again"),
            StoreError::Ambiguous { .. } => Self::new(Meaning::Failed, "state-ambiguous", message)
                .help("run the command again: it reads what is there and goes on from it"),
            StoreError::Unreachable { help, .. } => {
                Self::new(Meaning::Unreachable, "state-unreachable", message).help(help)
            }
            StoreError::Unusable { help, .. } => Self::new(Meaning::Failed, "state-unusable", message).help(help),
            StoreError::Memory { help, .. } => Self::new(Meaning::Failed, "memory-unusable", message).help(help),
            StoreError::Distrusted { why, .. } => {
                Self::new(Meaning::Failed, "head-not-trusted", message).help(trust_help(&why))
            }
        }
    }
}

fn trust_help(why: &Distrust) -> &'static str {
    match why {
        Distrust::Unsigned => {
            "sign it: apply once with --sign-with and without a pinned key; or, if it is not meant to be signed, pin none. Nothing was done"
        }
        Distrust::UnknownKey { .. } => {
            "find out who applied with that key; if it is the new one of a rotation, name it as well (--head-key may be said \
             again). Nothing was done"
        }
        Distrust::BadSignature { .. } => {
            "find out who wrote it, and restore the newest backup of the whole state. Nothing was done"
        }
        Distrust::OtherLineage { .. } => {
            "check that --state is the state that --head-memory belongs to: each state has a memory of its own. Nothing was done"
        }
        Distrust::Older { .. } | Distrust::Forked { .. } | Distrust::Gone { .. } => {
            "find out who wrote to the state. If a backup was restored on purpose, remove seen.json from the folder of \
             --head-memory, and look for leases that the backup does not have. Nothing was done"
        }
    }
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        Failure::from(error).into()
    }
}

impl From<CloudError> for Failure {
    /// The meaning of a failed call that has no more specific story to tell.
    fn from(error: CloudError) -> Self {
        let CloudError { kind, operation, code, message, request_id } = error;
        let (meaning, name, text, help) = story(kind, operation);
        let mut failure = Self::new(meaning, name, text).help(help);
        match (code, request_id) {
            (Some(code), Some(id)) => failure.aws = Some(format!("{code}: {message} (request {id})")),
            (Some(code), None) => failure.aws = Some(format!("{code}: {message}")),
            // Without a code nobody at AWS said this.
            (None, _) => failure.causes.push(message),
        }
        failure
    }
}

impl From<CloudError> for AppError {
    fn from(error: CloudError) -> Self {
        Failure::from(error).into()
    }
}

fn story(kind: CloudErrorKind, operation: &str) -> (Meaning, &'static str, String, &'static str) {
    match kind {
        CloudErrorKind::NoCredentials => (
            Meaning::Unreachable,
            "no-credentials",
            "no AWS credentials were found".to_owned(),
            "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run where a role is attached \
             (web identity, container or instance)",
        ),
        CloudErrorKind::CredentialsFailed => (
            Meaning::Unreachable,
            "credentials-failed",
            "AWS credentials are configured and could not be loaded".to_owned(),
            "check the profile, the credential process or the SSO login they come from",
        ),
        CloudErrorKind::NoRegion => (
            Meaning::Unreachable,
            "no-region",
            "no AWS region is configured".to_owned(),
            "set `region` in the Broker document, or AWS_REGION",
        ),
        CloudErrorKind::Unreachable => (
            Meaning::Unreachable,
            "unreachable",
            format!("AWS could not be reached for {operation}"),
            "check the network, the proxy (HTTPS_PROXY) and AWS_ENDPOINT_URL; nothing was sent",
        ),
        CloudErrorKind::LostReply => (
            Meaning::Unreachable,
            "lost-reply",
            format!("the connection broke before the whole answer to {operation} was there"),
            "run the command again",
        ),
        CloudErrorKind::TimedOut => (
            Meaning::Unreachable,
            "timed-out",
            format!("AWS did not answer {operation} in time"),
            "run the command again, with a longer --timeout if AWS is slow from here",
        ),
        CloudErrorKind::ExpiredToken => (
            Meaning::RefusedByAws,
            "expired-token",
            "the AWS credentials that ask have expired".to_owned(),
            "renew them: log in again, or let the runner assume its role again",
        ),
        CloudErrorKind::InvalidCredentials => (
            Meaning::RefusedByAws,
            "invalid-credentials",
            "AWS does not know the credentials that ask".to_owned(),
            "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN: deleted, inactive, mistyped, or of another partition",
        ),
        CloudErrorKind::ClockSkew => (
            Meaning::RefusedByAws,
            "clock-skew",
            "this machine's clock is too far from AWS's".to_owned(),
            "set the clock (AWS accepts a few minutes of difference)",
        ),
        CloudErrorKind::AccessDenied => (
            Meaning::RefusedByAws,
            "access-denied",
            format!("AWS refuses {operation}"),
            "give the identity that asks this permission, or ask as another",
        ),
        CloudErrorKind::Throttled => (
            Meaning::Unreachable,
            "throttled",
            format!("AWS throttled {operation} for longer than the time limit"),
            "run the command again later: the account's request rate is used up",
        ),
        CloudErrorKind::Refused => {
            (Meaning::RefusedByAws, "refused", format!("AWS refuses {operation}"), "see AWS's own text")
        }
        CloudErrorKind::ServiceFault => (
            Meaning::Unreachable,
            "service-fault",
            format!("AWS had a fault of its own at {operation}"),
            "run the command again later",
        ),
        CloudErrorKind::Malformed => (
            Meaning::Failed,
            "malformed-answer",
            format!("the answer to {operation} makes no sense"),
            "check that the endpoint is AWS (AWS_ENDPOINT_URL)",
        ),
        CloudErrorKind::CallsSpent => (
            Meaning::Failed,
            "calls-spent",
            format!("{operation} was not asked: the command made all the calls it may make"),
            "raise --max-calls",
        ),
    }
}
