//! One call to AWS: counted, at the account's pace, repeated by the class of its failure, and over by the command's time
//! limit.

use std::hash::{BuildHasher as _, RandomState};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use tokio::time::{Instant, sleep, timeout_at};

use super::budget::{Budget, Running};
use super::calls::Calls;
use super::errors::{self, Failure, Remedy};
use super::pace::Pace;
use crate::ports::{CloudError, CloudErrorKind};

/// How long a connection is tried again after it was refused or its name did not resolve. Together with the connect
/// timeout this keeps an unreachable endpoint under five seconds.
const CONNECT_AGAIN: Duration = Duration::from_secs(2);
/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Whether a call may be made again when AWS may have acted on it already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    /// It changes nothing.
    Read,
    /// It gives out credentials. Asking again may leave a second session of the same name that nobody holds; the
    /// lease covers both, because every attempt is made before the command's time limit and so both are dead by the
    /// lease's `dead_after`.
    Issue,
    /// It carries an MFA code, which is good once: asked again, AWS would refuse it and hide what happened.
    IssueOnce,
    /// It makes something or changes it, and twice is the same as once. Asked again, `EntityAlreadyExists` is an answer.
    Write,
    /// It removes something. Asked again, AWS may say that it is gone, or what holds it, and that is an answer.
    Remove,
    /// It makes an access key: asked again, it would make a second one.
    MakeKey,
    /// It writes under a condition. Sent again it would meet its own first copy, and the refusal would look like another
    /// writer's doing: only what was certainly never sent may go out again.
    #[cfg_attr(not(feature = "s3-store"), allow(dead_code, reason = "only a state in S3 is written"))]
    Unsent,
}

impl Repeat {
    /// Whether it may be made again although AWS may have acted.
    fn after_acting(self) -> bool {
        !matches!(self, Self::IssueOnce | Self::MakeKey | Self::Unsent)
    }

    /// Whether this refusal tells how things stand, so that an earlier attempt is no longer in doubt.
    fn is_answered_by(self, code: Option<&str>) -> bool {
        match self {
            Self::Read => true,
            Self::Issue | Self::IssueOnce | Self::MakeKey | Self::Unsent => false,
            Self::Write => code == Some("EntityAlreadyExists"),
            Self::Remove => matches!(code, Some("NoSuchEntity" | "DeleteConflict")),
        }
    }
}

/// Makes calls, and counts them.
#[derive(Clone)]
pub(super) struct Caller {
    budget: Budget,
    max_attempts: u32,
    endpoint: Arc<str>,
    calls: Calls,
    pace: Option<Arc<Mutex<Pace>>>,
    made: Instant,
}

impl Caller {
    /// `endpoint` is what an unreachable endpoint is called in messages.
    pub(super) fn new(budget: Budget, max_attempts: u32, endpoint: &str, calls: Calls) -> Self {
        let max_attempts = max_attempts.max(1);
        Self { budget, max_attempts, endpoint: endpoint.into(), calls, pace: None, made: Instant::now() }
    }

    /// The same, which waits for its turn before each attempt.
    pub(super) fn paced(self) -> Self {
        Self { pace: Some(Arc::new(Mutex::new(Pace::new()))), ..self }
    }

    /// The same at a pace of no more than so many attempts a second, however well they go; `None` is the usual one.
    pub(super) fn paced_at_most(self, most: Option<NonZeroU32>) -> Self {
        let pace = most.map_or_else(Pace::new, Pace::at_most);
        Self { pace: Some(Arc::new(Mutex::new(pace))), ..self }
    }

    /// The same, which makes no call twice.
    pub(super) fn once(self) -> Self {
        Self { max_attempts: 1, ..self }
    }

    /// Starts an operation of one or more calls.
    pub(super) fn start(&self) -> Running {
        self.budget.start()
    }

    fn pace<T>(&self, tell: impl FnOnce(&mut Pace) -> T) -> Option<T> {
        let pace = self.pace.as_ref()?;
        Some(tell(&mut pace.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    /// Waits for the turn of one attempt; `false` at once when it would come only after `end`.
    async fn turn(&self, end: Instant) -> bool {
        let Some(wait) = self.pace(|pace| pace.take(self.made.elapsed())) else { return true };
        if Instant::now() + wait >= end {
            self.pace(Pace::give_back);
            return false;
        }
        if !wait.is_zero() {
            sleep(wait).await;
        }
        true
    }

    /// Makes one call, again where its failure allows, until `end`.
    pub(super) async fn call<T, E, F>(
        &self,
        end: Instant,
        operation: &'static str,
        repeat: Repeat,
        attempt: impl Fn() -> F + Send,
    ) -> Result<T, CloudError>
    where
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let started = Instant::now();
        let mut open: Option<CloudError> = None;
        let mut made = 0;
        loop {
            if Instant::now() >= end || !self.turn(end).await {
                return Err(settle(repeat, open, errors::out_of_time(operation, made)));
            }
            if let Err(most) = self.calls.take() {
                return Err(settle(repeat, open, errors::calls_spent(operation, most)));
            }
            made += 1;
            let asked = Instant::now();
            let sent = self.made.elapsed();
            let answer = timeout_at(end, Box::pin(attempt())).await;
            let took = asked.elapsed();
            let Failure { mut error, remedy } = match answer {
                Ok(Ok(output)) => {
                    tracing::debug!(operation, attempt = made, ?took, "answered");
                    self.pace(Pace::answered);
                    return Ok(output);
                }
                Ok(Err(failed)) => errors::classify(operation, &failed),
                Err(_) => return Err(settle(repeat, open, errors::out_of_time(operation, made))),
            };
            tracing::info!(operation, attempt = made, ?took, kind = ?error.kind, "failed");
            if error.kind == CloudErrorKind::Throttled {
                self.pace(|pace| pace.throttled(sent, self.made.elapsed()));
            }
            if error.kind == CloudErrorKind::Unreachable {
                error.message = format!("{}: {}", self.endpoint, error.message);
            }
            let acted = error.kind.may_have_acted();
            let pause = pause(remedy, made);
            let now = Instant::now();
            let again = made < self.max_attempts
                && now + pause < end
                && match remedy {
                    Remedy::None => false,
                    Remedy::Connect => now + pause < started + CONNECT_AGAIN,
                    Remedy::Wait | Remedy::Again => repeat != Repeat::Unsent && (!acted || repeat.after_acting()),
                };
            if !again {
                return Err(settle(repeat, open, error));
            }
            if acted {
                open = Some(error);
            }
            sleep(pause).await;
        }
    }
}

/// The error to report. After an attempt that AWS may have acted on, a later clear refusal proves nothing about that
/// attempt: the doubt must survive, or a lease would be closed while a session lives.
fn settle(repeat: Repeat, open: Option<CloudError>, last: CloudError) -> CloudError {
    match open {
        Some(earlier) if !repeat.is_answered_by(last.code.as_deref()) && !last.kind.may_have_acted() => {
            CloudError { message: format!("{}; asked again: {}", earlier.message, last.message), ..earlier }
        }
        _ => last,
    }
}

/// Exponential, with the upper half random so that many jobs that failed together do not come back together.
fn pause(remedy: Remedy, made: u32) -> Duration {
    let first = match remedy {
        Remedy::None => return Duration::ZERO,
        Remedy::Wait => Duration::from_millis(300),
        Remedy::Connect | Remedy::Again => Duration::from_millis(100),
    };
    let whole = first.saturating_mul(1 << (made - 1).min(10)).min(LONGEST_PAUSE);
    let random = RandomState::new().hash_one(made) % 1_024;
    whole / 2 + whole / 2 * u32::try_from(random).unwrap_or_default() / 1_024
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(kind: CloudErrorKind, message: &str) -> CloudError {
        CloudError { kind, operation: "sts:AssumeRole", code: None, message: message.to_owned(), request_id: None }
    }

    #[test]
    fn a_refusal_does_not_settle_an_earlier_lost_reply() {
        let lost = error(CloudErrorKind::LostReply, "connection reset");
        let denied = error(CloudErrorKind::AccessDenied, "no");
        let told = settle(Repeat::Issue, Some(lost.clone()), denied.clone());
        assert_eq!(told.kind, CloudErrorKind::LostReply);
        assert_eq!(told.message, "connection reset; asked again: no");
        assert_eq!(settle(Repeat::Read, Some(lost), denied.clone()), denied);
        assert_eq!(settle(Repeat::Issue, None, denied.clone()), denied);
    }

    #[test]
    fn an_answer_about_how_things_stand_settles_a_lost_write() {
        let lost = || Some(error(CloudErrorKind::LostReply, "connection reset"));
        let refused = |code: &str| CloudError { code: Some(code.to_owned()), ..error(CloudErrorKind::Refused, "no") };
        for (repeat, code, settled) in [
            (Repeat::Write, "EntityAlreadyExists", true),
            (Repeat::Write, "NoSuchEntity", false),
            (Repeat::Write, "LimitExceeded", false),
            (Repeat::Remove, "NoSuchEntity", true),
            (Repeat::Remove, "DeleteConflict", true),
            (Repeat::Remove, "AccessDenied", false),
        ] {
            let told = settle(repeat, lost(), refused(code));
            assert_eq!(told.kind == CloudErrorKind::Refused, settled, "{repeat:?} {code}");
        }
        assert!(Repeat::Write.after_acting() && Repeat::Remove.after_acting());
        assert!(!Repeat::MakeKey.after_acting() && !Repeat::IssueOnce.after_acting());
    }

    #[test]
    fn pauses_grow_to_a_bound() {
        for made in 1..40 {
            for remedy in [Remedy::Wait, Remedy::Again, Remedy::Connect] {
                let pause = pause(remedy, made);
                assert!(pause >= Duration::from_millis(50) && pause <= LONGEST_PAUSE, "{made}: {pause:?}");
            }
        }
        assert!(pause(Remedy::Wait, 1) < Duration::from_millis(301));
    }
}
