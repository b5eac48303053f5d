//! IAM of one account, asked at a bounded pace.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::retry::{Caller, Repeat};
use crate::ports::{CloudError, CloudErrorKind};

/// How many calls to one account are under way at once.
const IN_FLIGHT: usize = 4;

/// One account, through whoever may read it. Clones share their pace.
#[derive(Clone)]
pub(super) struct Iam {
    pub(super) client: aws_sdk_iam::Client,
    caller: Caller,
    end: Instant,
    permits: Arc<Semaphore>,
    stops: Arc<Mutex<BTreeMap<Reach, CloudError>>>,
}

/// What else a failure would meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    Everything,
    Operation(&'static str),
}

impl Iam {
    /// Asks until `end`.
    pub(super) fn new((client, caller): (aws_sdk_iam::Client, Caller), end: Instant) -> Self {
        Self {
            client,
            caller: caller.paced(),
            end,
            permits: Arc::new(Semaphore::new(IN_FLIGHT)),
            stops: Arc::default(),
        }
    }

    /// Makes one call. After a failure that this call would only meet again, that failure is the answer.
    pub(super) async fn ask<T, E, F>(
        &self,
        operation: &'static str,
        attempt: impl Fn() -> F + Send,
    ) -> Result<T, CloudError>
    where
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let _permit = self.permits.acquire().await;
        let stopped = {
            let stops = self.stops.lock().unwrap_or_else(PoisonError::into_inner);
            stops.get(&Reach::Everything).or_else(|| stops.get(&Reach::Operation(operation))).cloned()
        };
        if let Some(error) = stopped {
            return Err(error);
        }
        let answer = self.caller.call(self.end, operation, Repeat::Read, attempt).await;
        if let Err(error) = &answer
            && let Some(reach) = reach(operation, error.kind)
        {
            let mut stops = self.stops.lock().unwrap_or_else(PoisonError::into_inner);
            stops.entry(reach).or_insert_with(|| error.clone());
        }
        answer
    }
}

/// Whom the failure of one call would meet too; `None` when it says nothing about others. Each operation of IAM is
/// throttled by itself.
fn reach(operation: &'static str, kind: CloudErrorKind) -> Option<Reach> {
    match kind {
        CloudErrorKind::AccessDenied | CloudErrorKind::Refused | CloudErrorKind::Malformed => None,
        CloudErrorKind::Throttled | CloudErrorKind::ServiceFault | CloudErrorKind::LostReply => {
            Some(Reach::Operation(operation))
        }
        CloudErrorKind::NoCredentials
        | CloudErrorKind::CredentialsFailed
        | CloudErrorKind::NoRegion
        | CloudErrorKind::Unreachable
        | CloudErrorKind::TimedOut
        | CloudErrorKind::ExpiredToken
        | CloudErrorKind::InvalidCredentials
        | CloudErrorKind::ClockSkew
        | CloudErrorKind::CallsSpent => Some(Reach::Everything),
    }
}

/// Runs them all at once; the answers come in the order of the futures.
pub(super) async fn all<F>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output>
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    let mut set = JoinSet::new();
    for (index, future) in futures.into_iter().enumerate() {
        let future = Box::pin(future);
        set.spawn(async move { (index, future.await) });
    }
    let mut answers = set.join_all().await;
    answers.sort_by_key(|(index, _)| *index);
    answers.into_iter().map(|(_, answer)| answer).collect()
}
