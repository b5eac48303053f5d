//! Writing to IAM: what all calls of a writer share.

use std::num::NonZeroU32;
use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use tokio::time::{Instant, sleep};

use super::calls::Calls;
use super::errors::cloud_error;
use super::retry::{Caller, Repeat};
use super::session::Session;
use super::unknown::is_absent;
use crate::ports::{CloudError, CloudErrorKind, Removal};

/// How long a call that builds a user up is asked again while AWS does not know the user yet. Usually it knows within
/// two seconds, and after ten it nearly always does.
const PATIENCE: Duration = Duration::from_secs(20);
/// The first pause before AWS is asked again whether it knows the user; each later one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The longest such pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Makes and ends IAM users, and writes inline policies of roles, in the account of the session's credentials: roles are
/// asked for by their name alone, so the caller sees to it that theirs is this account.
///
/// Clones share their pace and their count of calls. What may be asked again when a reply was lost is asked again within the session's deadline.
#[allow(missing_debug_implementations, reason = "it holds secrets")]
#[derive(Clone)]
pub struct AwsWriter {
    pub(super) client: aws_sdk_iam::Client,
    pub(super) session: Session,
    pub(super) calls: Calls,
    caller: Caller,
}

impl AwsWriter {
    /// A writer with its own count of calls, its own pace and the session's time limit.
    #[must_use]
    pub fn new(session: &Session) -> Self {
        Self::at_most(session, None)
    }

    /// The same, which asks IAM no more than so many times a second, even when AWS would take more.
    #[must_use]
    pub fn at_most(session: &Session, per_second: Option<NonZeroU32>) -> Self {
        let calls = Calls::default();
        let (client, caller) = session.iam(&calls);
        Self { client, session: session.clone(), calls, caller: caller.paced_at_most(per_second) }
    }

    /// API calls made so far, retries included.
    #[must_use]
    pub fn calls(&self) -> u32 {
        self.calls.made()
    }

    /// Makes one call.
    pub(super) async fn ask<T, E, F>(
        &self,
        operation: &'static str,
        repeat: Repeat,
        attempt: impl Fn() -> F + Send,
    ) -> Result<T, CloudError>
    where
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let running = self.caller.start();
        Box::pin(self.caller.call(running.end(), operation, repeat, attempt)).await
    }

    /// Makes one call that removes something.
    pub(super) async fn remove<T, E, F>(
        &self,
        operation: &'static str,
        attempt: impl Fn() -> F + Send,
    ) -> Result<Removal, CloudError>
    where
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        match self.ask(operation, Repeat::Remove, attempt).await {
            Ok(_) => Ok(Removal::Done),
            Err(error) if is_absent(&error) => Ok(Removal::Absent),
            Err(error) if error.code.as_deref() == Some("DeleteConflict") => Ok(Removal::Held(error.message)),
            Err(error) => Err(error),
        }
    }

    /// Makes one call that builds a user up, again while AWS does not know the user yet. `other` is what else the call
    /// names: when AWS means that, it is told at once.
    pub(super) async fn build<T, E, F>(
        &self,
        operation: &'static str,
        repeat: Repeat,
        (user, other): (&str, Option<&str>),
        attempt: impl Fn() -> F + Send + Sync,
    ) -> Result<T, CloudError>
    where
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let running = self.caller.start();
        let until = running.end().min(Instant::now() + PATIENCE);
        let mut pause = FIRST_PAUSE;
        loop {
            let answer = Box::pin(self.caller.call(running.end(), operation, repeat, &attempt)).await;
            match answer {
                Err(error)
                    if is_absent(&error)
                        && may_mean_the_user(&error.message, user, other)
                        && Instant::now() + pause < until =>
                {
                    tracing::info!(operation, ?pause, "the user is not known yet");
                    sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                answer => return answer,
            }
        }
    }
}

pub(super) fn malformed(operation: &'static str, what: &str) -> CloudError {
    cloud_error(CloudErrorKind::Malformed, operation, format!("the answer has {what}"))
}

/// Whether a text of AWS that something does not exist can be about the user. `other` is the policy or group that the call names too;
/// both names may be any words, so they are not read as words.
fn may_mean_the_user(text: &str, user: &str, other: Option<&str>) -> bool {
    let Some(other) = other else { return true };
    let words = || {
        let words = text.split_whitespace().map(|word| word.trim_matches(['.', ',', '\'', '"', '`', ':']));
        words.filter(|word| !word.eq_ignore_ascii_case(user) && !word.eq_ignore_ascii_case(other))
    };
    let says = |wanted: &str| words().any(|word| word.eq_ignore_ascii_case(wanted));
    says("user") || !(says("policy") || says("group"))
}

#[cfg(test)]
mod tests {
    use super::may_mean_the_user;

    #[test]
    fn an_absent_policy_or_group_is_not_a_user_that_is_not_known_yet() {
        let arn = "arn:aws:iam::aws:policy/X";
        for (text, user, other, expected) in [
            ("The user with name u cannot be found.", "u", Some(arn), true),
            ("The user with name policy cannot be found.", "policy", Some(arn), true),
            ("The group with name g cannot be found.", "u", Some("g"), false),
            ("The group with name user cannot be found.", "u", Some("user"), false),
            ("Policy arn:aws:iam::aws:policy/X does not exist or is not attachable.", "u", Some(arn), false),
            ("Policy arn:aws:iam::aws:policy/X does not exist or is not attachable.", "user", Some(arn), false),
            ("It cannot be found.", "u", Some(arn), true),
            ("", "u", Some(arn), true),
            ("The policy of u", "u", None, true),
        ] {
            assert_eq!(may_mean_the_user(text, user, other), expected, "{text} {user}");
        }
    }
}
