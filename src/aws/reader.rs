//! Reading IAM.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::identity;
use super::retry::{Caller, Repeat};
use super::roles::{Search, live, unknown, unread, why};
use super::session::Session;
use crate::domain::ident::RoleArn;
use crate::domain::limits::GET_ROLE_LIMIT;
use crate::domain::world::{CallerIdentity, Fact, LiveRole, Why};
use crate::ports::{CloudError, CloudErrorKind, CloudRead};

/// How many `iam:GetRole` are under way at once.
const CONCURRENCY: usize = 4;
/// The most that IAM gives in one page; it may give fewer.
const PAGE: i32 = 1_000;

/// Reads the caller's account.
#[allow(missing_debug_implementations, reason = "it holds secrets")]
#[derive(Clone)]
pub struct AwsReader {
    sts: aws_sdk_sts::Client,
    iam: aws_sdk_iam::Client,
    sts_caller: Caller,
    iam_caller: Caller,
}

impl AwsReader {
    /// A reader with its own count of calls and the session's time limit.
    #[must_use]
    pub fn new(session: &Session) -> Self {
        let (sts, sts_caller) = session.sts();
        let (iam, iam_caller) = session.iam();
        Self { sts, iam, sts_caller, iam_caller }
    }

    async fn one_by_one(&self, wanted: &[RoleArn], end: Instant) -> Vec<(RoleArn, Fact<LiveRole>)> {
        let permits = Arc::new(Semaphore::new(CONCURRENCY));
        let stop = Arc::new(OnceLock::new());
        let mut reads = JoinSet::new();
        for arn in wanted {
            let (reader, arn, permits, stop) = (self.clone(), arn.clone(), Arc::clone(&permits), Arc::clone(&stop));
            reads.spawn(async move {
                let _permit = permits.acquire().await;
                let fact = match stop.get() {
                    Some(error) => unread(error),
                    None => reader.get_role(&arn, end, &stop).await,
                };
                (arn, fact)
            });
        }
        reads.join_all().await
    }

    /// A failure that would meet every other role too goes to `stop`.
    async fn get_role(&self, arn: &RoleArn, end: Instant, stop: &OnceLock<CloudError>) -> Fact<LiveRole> {
        let ask = || self.iam.get_role().role_name(arn.name()).send();
        match self.iam_caller.call(end, "iam:GetRole", Repeat::Read, ask).await {
            Ok(output) => output.role().map_or_else(|| unknown(Why::Malformed, "iam:GetRole gave no role"), live),
            Err(error) if error.code.as_deref() == Some("NoSuchEntity") => Fact::Absent,
            Err(error) => {
                let fact = unread(&error);
                let of_this_role_alone = matches!(
                    error.kind,
                    CloudErrorKind::AccessDenied | CloudErrorKind::Refused | CloudErrorKind::Malformed
                );
                if !of_this_role_alone {
                    let _ = stop.set(error);
                }
                fact
            }
        }
    }

    async fn in_bulk(&self, wanted: &[RoleArn], end: Instant) -> Vec<(RoleArn, Fact<LiveRole>)> {
        let mut search = Search::new(wanted);
        let missing = match self.list(&mut search, end).await {
            Ok(()) => Fact::Absent,
            Err(fact) => fact,
        };
        search.finish(&missing).collect()
    }

    /// Offers every role of the account to the search. `Err` is what is known of roles that were not in the part of the
    /// list that came: never that they are absent.
    async fn list(&self, search: &mut Search<'_>, end: Instant) -> Result<(), Fact<LiveRole>> {
        let mut markers = BTreeSet::new();
        let mut marker: Option<String> = None;
        loop {
            let ask = || self.iam.list_roles().max_items(PAGE).set_marker(marker.clone()).send();
            let page = match self.iam_caller.call(end, "iam:ListRoles", Repeat::Read, ask).await {
                Ok(page) => page,
                Err(error) if markers.is_empty() => return Err(unread(&error)),
                Err(error) => {
                    let detail = format!("the list of roles ended after page {}: {error}", markers.len());
                    return Err(unknown(why(error.kind), detail));
                }
            };
            page.roles().iter().for_each(|role| search.offer(role));
            if search.is_settled() {
                return Ok(());
            }
            let more = page.is_truncated();
            match page.marker.filter(|marker| !marker.is_empty()) {
                None if !more => return Ok(()),
                Some(_) if !more => {
                    return Err(unknown(
                        Why::Truncated,
                        "the list of roles says that it is complete, and where it goes on",
                    ));
                }
                Some(next) if markers.insert(next.clone()) => marker = Some(next),
                Some(_) => {
                    return Err(unknown(Why::Truncated, "the list of roles came back to a page it had given before"));
                }
                None => return Err(unknown(Why::Truncated, "the list of roles says there is more, and not where")),
            }
        }
    }
}

impl CloudRead for AwsReader {
    async fn caller_identity(&self) -> Result<CallerIdentity, CloudError> {
        identity::caller_identity(&self.sts, &self.sts_caller).await
    }

    async fn roles(&self, caller: &CallerIdentity, arns: &[RoleArn]) -> BTreeMap<RoleArn, Fact<LiveRole>> {
        let distinct: BTreeSet<&RoleArn> = arns.iter().collect();
        let (own, foreign): (Vec<_>, Vec<_>) =
            distinct.into_iter().cloned().partition(|arn| *arn.account() == caller.account);
        let mut facts: BTreeMap<_, _> = foreign
            .into_iter()
            .map(|arn| {
                let detail = format!(
                    "it is in account {}, and {} reads account {} only",
                    arn.account(),
                    caller.arn,
                    caller.account
                );
                (arn, unknown(Why::OtherAccount, detail))
            })
            .collect();
        if own.is_empty() {
            return facts;
        }
        let running = self.iam_caller.start();
        if own.len() <= GET_ROLE_LIMIT {
            facts.extend(self.one_by_one(&own, running.end()).await);
        } else {
            facts.extend(self.in_bulk(&own, running.end()).await);
        }
        facts
    }

    fn calls(&self) -> u32 {
        self.sts_caller.calls() + self.iam_caller.calls()
    }
}
