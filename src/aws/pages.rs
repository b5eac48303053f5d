//! Reading a list of IAM to its end.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use super::errors::cloud_error;
use super::unknown::{because, why};
use crate::domain::world::{Unknown, Why};
use crate::ports::{CloudError, CloudErrorKind};

/// One page of a list.
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
    pub(super) is_truncated: bool,
    pub(super) marker: Option<String>,
}

/// How far a list was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Read {
    /// To its end.
    Whole,
    /// To where `take` had seen enough.
    Part,
}

/// Asks for page after page and gives each to `take`, until the list ends or `take` breaks. The error says why the rest of
/// the list is not known: never that it is empty. `what` completes "the list of …".
pub(super) async fn each_page<T, F>(
    what: &str,
    mut ask: impl FnMut(Option<String>) -> F,
    mut take: impl FnMut(Vec<T>) -> ControlFlow<()>,
) -> Result<Read, Unknown>
where
    F: Future<Output = Result<Page<T>, CloudError>>,
{
    let mut markers = BTreeSet::new();
    let mut marker = None;
    loop {
        let page = ask(marker).await.map_err(|error| match markers.len() {
            0 => because(why(error.kind), error.to_string()),
            pages => because(why(error.kind), format!("the list of {what} ended after page {pages}: {error}")),
        })?;
        let Page { items, is_truncated, marker: next } = page;
        let next = next.filter(|next| !next.is_empty());
        let flow = take(items);
        if flow.is_break() {
            return Ok(if is_truncated || next.is_some() { Read::Part } else { Read::Whole });
        }
        match after(&mut markers, is_truncated, next) {
            Ok(None) => return Ok(Read::Whole),
            Ok(next) => marker = next,
            Err(cut) => return Err(because(Why::Truncated, format!("the list of {what} {cut}"))),
        }
    }
}

/// Where the list goes on; `None` when it is complete. The error completes "the list …".
fn after(
    markers: &mut BTreeSet<String>,
    is_truncated: bool,
    next: Option<String>,
) -> Result<Option<String>, &'static str> {
    match next {
        None if !is_truncated => Ok(None),
        Some(_) if !is_truncated => Err("says that it is complete, and where it goes on"),
        Some(next) if markers.insert(next.clone()) => Ok(Some(next)),
        Some(_) => Err("came back to a page it had given before"),
        None => Err("says there is more, and not where"),
    }
}

/// The whole list.
pub(super) async fn whole<T, F>(what: &str, ask: impl FnMut(Option<String>) -> F) -> Result<Vec<T>, Unknown>
where
    F: Future<Output = Result<Page<T>, CloudError>>,
{
    let mut all = Vec::new();
    let take = |items| {
        all.extend::<Vec<T>>(items);
        ControlFlow::Continue(())
    };
    each_page(what, ask, take).await?;
    Ok(all)
}

/// The whole list of `operation`, or the failure as it was: for those who must tell an absent bearer from a list that
/// could not be read.
pub(super) async fn entire<T, F>(
    operation: &'static str,
    mut ask: impl FnMut(Option<String>) -> F,
) -> Result<Vec<T>, CloudError>
where
    F: Future<Output = Result<Page<T>, CloudError>>,
{
    let (mut markers, mut marker, mut all) = (BTreeSet::new(), None, Vec::new());
    loop {
        let Page { items, is_truncated, marker: next } = ask(marker).await?;
        all.extend(items);
        let next = next.filter(|next| !next.is_empty());
        match after(&mut markers, is_truncated, next) {
            Ok(None) => return Ok(all),
            Ok(next) => marker = next,
            Err(cut) => {
                return Err(cloud_error(CloudErrorKind::Malformed, operation, format!("the list {cut}")));
            }
        }
    }
}
