//! Denies of sessions: inline policies on target roles, each with a note in the state of when it has to go.

use super::{Failure, record, swap};
use crate::domain::Timestamp;
use crate::domain::ident::RoleArn;
use crate::domain::lease::{DENY_PREFIX, LeaseId, OLDER_DENY, SessionDeny, by_time, by_time_end};
use crate::domain::limits::ROLE_INLINE_MAX;
use crate::ports::{RolePolicies, StateRead, StateStore};
use crate::wire::state_v1;

/// From so many policies of ours on one role, the next one takes them in: each has a cost of its own in the characters that
/// a role's inline policies may take.
const MERGE_FROM: usize = 8;

/// What every note's key begins with; the rest is the instant, and an id.
const PREFIX: &str = "deny/";

/// Says that a role has denies of ours to be looked at from some instant on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DenyNote {
    /// The role.
    pub(super) role_arn: RoleArn,
    key: String,
}

fn key(until: Timestamp, id: &str) -> String {
    format!("{}-{id}.json", by_time(PREFIX, until))
}

/// Puts a deny on a role. Its note is durable first, so that no deny is forgotten. `name` is the policy's, `id` the note's.
pub(super) async fn put<S: StateStore, R: RolePolicies>(
    store: &S,
    roles: &R,
    role_arn: &RoleArn,
    name: &str,
    id: &str,
    deny: &SessionDeny,
) -> Result<(), Failure> {
    let bytes = state_v1::encode_deny(id, role_arn, deny.until);
    swap::swap(store, &key(deny.until, id), None, &bytes).await?;
    let ours = ours(roles, role_arn).await?;
    let single = |(known, _): &&(String, SessionDeny)| known != OLDER_DENY && known != name;
    let others: Vec<&(String, SessionDeny)> = ours.iter().filter(single).collect();
    let mut merged = vec![deny.clone()];
    if name != OLDER_DENY && others.len() >= MERGE_FROM {
        merged.extend(others.iter().map(|(_, deny)| deny.clone()));
    }
    let whole = SessionDeny::merged(&merged).unwrap_or_else(|| deny.clone());
    let document = whole.document();
    if document.chars().count() > ROLE_INLINE_MAX {
        return Err(Failure::new(
            super::Meaning::RefusedByAws,
            "too-many-denies",
            format!("the denied sessions of {role_arn} no longer fit into one policy ({ROLE_INLINE_MAX} characters)"),
        )
        .help("deny every session that was begun until now: `leasehold lease revoke --role ROLE --deny-older`"));
    }
    // The new policy is there before the old ones go: at no moment is a denied session let in.
    roles.put_role_policy(role_arn, name, &document).await?;
    if merged.len() > 1 {
        for (old, _) in others {
            roles.delete_role_policy(role_arn, old).await?;
        }
    }
    Ok(())
}

/// The notes that are due by `now`. One that cannot be believed is told, and keeps nobody from the others.
pub(super) async fn due<S: StateRead>(store: &S, now: Timestamp) -> Result<(Vec<DenyNote>, Vec<Failure>), Failure> {
    let (mut notes, mut strange) = (Vec::new(), Vec::new());
    for key in store.list_before(PREFIX, &by_time_end(PREFIX, now)).await? {
        let Some(object) = store.get(&key).await? else { continue };
        match state_v1::decode_deny(&object.bytes) {
            Ok(role_arn) => notes.push(DenyNote { role_arn, key }),
            Err(error) => strange.push(record::corrupt(store, &key, &error)),
        }
    }
    Ok((notes, strange))
}

/// Takes every deny of ours off the role that is over, then the note. Answers how many policies went.
pub(super) async fn clear<S: StateStore, R: RolePolicies>(
    store: &S,
    roles: &R,
    note: &DenyNote,
    now: Timestamp,
) -> Result<u64, Failure> {
    let mut cleared = 0;
    for (name, deny) in ours(roles, &note.role_arn).await? {
        if deny.is_over(now) {
            roles.delete_role_policy(&note.role_arn, &name).await?;
            cleared += 1;
        }
    }
    swap::take_away(store, &note.key).await?;
    Ok(cleared)
}

/// The role's policies that are denies of ours, unchanged by anybody.
async fn ours<R: RolePolicies>(roles: &R, role_arn: &RoleArn) -> Result<Vec<(String, SessionDeny)>, Failure> {
    let mut found = Vec::new();
    for name in roles.role_policies(role_arn).await?.unwrap_or_default() {
        let ours = name.strip_prefix(DENY_PREFIX).is_some_and(|id| LeaseId::parse(id).is_some()) || name == OLDER_DENY;
        if !ours {
            continue;
        }
        let document = roles.role_policy(role_arn, &name).await?;
        found.extend(document.as_deref().and_then(SessionDeny::parse).map(|deny| (name, deny)));
    }
    Ok(found)
}
