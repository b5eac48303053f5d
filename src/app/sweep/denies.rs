//! Denies of sessions that are over, on the roles that they were put on.

use std::collections::BTreeMap;

use super::work::Work;
use super::{NotSwept, lock};
use crate::app::access::roles_of;
use crate::app::denies::{self, DenyNote};
use crate::app::{Failure, IamAccess};
use crate::domain::desired::BrokerSpec;
use crate::domain::ident::AccountId;
use crate::ports::{IamUsers, Ids, StateStore, Timer};

/// Takes off every deny that is over and strikes its note. An account that cannot be entered leaves the others as they are.
pub(super) async fn clear<S: StateStore, U: IamUsers, T: Timer, I: Ids, A: IamAccess>(
    work: &Work<'_, S, U, T, I>,
    access: &A,
    broker: &BrokerSpec,
) -> Result<(), Failure> {
    let mut by_account: BTreeMap<AccountId, Vec<DenyNote>> = BTreeMap::new();
    let (notes, strange) = denies::due(work.store, work.now).await?;
    for failure in strange {
        work.notes.failed("the notes of denied sessions", failure.message);
    }
    for note in notes {
        by_account.entry(note.role_arn.account().clone()).or_default().push(note);
    }
    for (account, notes) in by_account {
        if work.request.dry_run {
            lock(&work.notes.report).denies_cleared += notes.len() as u64;
            continue;
        }
        let failed = |why: String| NotSwept::other(format!("denies of sessions in account {account}"), why);
        let roles = match roles_of(access, broker, &account).await {
            Ok(roles) => roles,
            Err(failure) => {
                lock(&work.notes.report).failed.push(failed(failure.message));
                continue;
            }
        };
        for note in notes {
            if work.is_over() {
                lock(&work.notes.report).left += 1;
                continue;
            }
            match denies::clear(work.store, &roles, &note, work.now).await {
                Ok(cleared) => lock(&work.notes.report).denies_cleared += cleared,
                Err(failure) => lock(&work.notes.report).failed.push(failed(failure.message)),
            }
        }
    }
    Ok(())
}
