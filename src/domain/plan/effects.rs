//! What a step means for the people and pipelines behind the role.

use super::{Action, OpenLease};
use crate::domain::Timestamp;
use crate::domain::credential::{CredentialSpec, CredentialType, OnRemoval};
use crate::domain::record::AppliedRole;

/// `open` are the leases of the step's role that are alive.
pub(super) fn of_step(
    action: Action,
    before: Option<&AppliedRole>,
    after: Option<&AppliedRole>,
    open: &[&OpenLease],
    now: Timestamp,
) -> Vec<String> {
    let mut effects = Vec::new();
    match action {
        Action::Create | Action::Refresh => {}
        Action::Update => effects.extend(narrowed(before, after, open, now)),
        Action::Delete => {
            effects.push("It can be issued no more.".to_owned());
            let (users, sessions): (Vec<&OpenLease>, Vec<&OpenLease>) = open.iter().copied().partition(|it| it.is_user);
            if let Some(last) = last(&sessions) {
                effects.push(format!(
                    "{} of it until {}: AWS calls no session back.",
                    leases(sessions.len(), "goes on", "go on"),
                    clock(last, now)
                ));
            }
            effects.extend(of_users(before, &users, now));
        }
    }
    if action == Action::Update && ends_users(before, after) {
        let users: Vec<&OpenLease> = open.iter().copied().filter(|it| it.is_user).collect();
        effects.extend(of_users(before, &users, now));
    }
    // What blocks a creation or an update stops the apply itself; only a refresh goes on to record it.
    if action == Action::Refresh {
        effects.extend(after.and_then(|applied| suspended(before, applied)));
    }
    effects
}

/// Whether open leases of the role's users end with this step: it leaves the record, or makes no users any more, and says that
/// they are to be revoked.
#[must_use]
pub fn ends_users(before: Option<&AppliedRole>, after: Option<&AppliedRole>) -> bool {
    let user = |applied: &AppliedRole| match &applied.spec.credential {
        CredentialSpec::IamUser(spec) => Some(spec.on_removal),
        CredentialSpec::AssumedRole(_) | CredentialSpec::FederationToken(_) | CredentialSpec::SessionToken(_) => None,
    };
    before.and_then(user) == Some(OnRemoval::Revoke) && after.and_then(user).is_none()
}

fn of_users(before: Option<&AppliedRole>, users: &[&OpenLease], now: Timestamp) -> Option<String> {
    let last = last(users)?;
    Some(if ends_users(before, None) {
        let whose = if users.len() == 1 { "its user" } else { "their users" };
        format!("{} revoked: the next sweep removes {whose}.", leases(users.len(), "is", "are"))
    } else {
        format!(
            "{} until {}: `on_removal: keep`.",
            leases(users.len(), "of a user goes on", "of users go on"),
            clock(last, now)
        )
    })
}

fn narrowed(
    before: Option<&AppliedRole>,
    after: Option<&AppliedRole>,
    open: &[&OpenLease],
    now: Timestamp,
) -> Option<String> {
    let (old, new) = (before?.spec.credential.ttl().max, after?.spec.credential.ttl().max);
    let sts = after?.spec.credential.kind() != CredentialType::IamUser;
    if new < old {
        let from_now = now.checked_add(new.duration()).unwrap_or(now);
        let longer: Vec<&OpenLease> = open.iter().copied().filter(|lease| lease.lives_until > from_now).collect();
        let tail = last(&longer).map_or_else(
            || "no open lease outlives it".to_owned(),
            |until| format!("{} it, the last until {}", leases(longer.len(), "outlives", "outlive"), clock(until, now)),
        );
        return Some(format!("Max TTL {old} → {new}; {tail}."));
    }
    let until = last(open)?;
    sts.then(|| {
        format!(
            "{} under the old terms until {}: a session keeps what it was given.",
            leases(open.len(), "goes on", "go on"),
            clock(until, now)
        )
    })
}

fn suspended(before: Option<&AppliedRole>, after: &AppliedRole) -> Option<String> {
    let was = before.is_some_and(|applied| !applied.violations.is_empty());
    match (was, after.violations.is_empty()) {
        (_, false) => Some(format!("`issue` refuses it while this stands: {}.", after.violations.join(", "))),
        (true, true) => Some("It can be issued again.".to_owned()),
        (false, true) => None,
    }
}

fn last(open: &[&OpenLease]) -> Option<Timestamp> {
    open.iter().map(|lease| lease.lives_until).max()
}

fn leases(count: usize, one: &str, many: &str) -> String {
    if count == 1 { format!("1 open lease {one}") } else { format!("{count} open leases {many}") }
}

/// The time of day for today (UTC), the date with it otherwise.
fn clock(instant: Timestamp, now: Timestamp) -> String {
    let form =
        if instant.strftime("%F").to_string() == now.strftime("%F").to_string() { "%H:%M UTC" } else { "%F %H:%M UTC" };
    instant.strftime(form).to_string()
}
