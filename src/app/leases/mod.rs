//! The lease commands: what the ledger knows, and what is done about it.

mod renew;
mod revoke;

pub use renew::renew_lease;
pub use revoke::{RevokeRequest, Revoked, Revoking, revoke_leases};

use super::ledger::StoredLease;
use super::{Failure, Meaning, ledger};
use crate::domain::Timestamp;
use crate::domain::ident::Name;
use crate::domain::lease::{Lease, LeaseId};
use crate::domain::text;
use crate::ports::StateRead;

/// Which leases to list.
#[derive(Debug, Clone, Copy, Default)]
pub struct LeaseFilter<'a> {
    /// Only those of this role.
    pub role: Option<&'a str>,
    /// Those that are over as well.
    pub all: bool,
}

/// Leases, oldest first.
pub async fn list_leases<S: StateRead>(
    store: &S,
    now: Timestamp,
    filter: LeaseFilter<'_>,
) -> Result<Vec<Lease>, Failure> {
    let wanted = |known: &Name| filter.role.is_none_or(|role| known.as_str() == role);
    if filter.all {
        let mut leases = ledger::all(store).await?;
        leases.retain(|lease| wanted(&lease.role));
        return Ok(leases);
    }
    // The index knows which have ended, and every lease's role.
    let stored = ledger::of_roles(store, wanted).await?;
    Ok(stored.into_iter().map(|stored| stored.lease).filter(|lease| lease.is_open(now)).collect())
}

/// Which leases to do something about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// One, by its id or its path.
    One(String),
    /// Those of a role that have not ended.
    Role(Name),
    /// Those whose path (`aws/creds/<role>/<id>`) begins so and that have not ended. It has to hold `aws/creds`.
    Prefix(String),
    /// All that have not ended.
    All,
}

/// One lease, by its id or by its path-like name (`aws/creds/<role>/<id>`).
pub async fn show_lease<S: StateRead>(store: &S, id_or_path: &str) -> Result<Lease, Failure> {
    Ok(find(store, id_or_path).await?.lease)
}

/// The chosen leases, oldest first. Only those of roles that can be meant are read.
async fn select<S: StateRead>(store: &S, selection: &Selection) -> Result<Vec<StoredLease>, Failure> {
    let mut chosen = match selection {
        Selection::One(id) => return Ok(vec![find(store, id).await?]),
        Selection::Role(role) => ledger::of_roles(store, |known| known == role).await?,
        Selection::All => ledger::of_roles(store, |_| true).await?,
        Selection::Prefix(prefix) => {
            check_prefix(prefix)?;
            let may_match = |role: &Name| {
                let path = format!("aws/creds/{role}/");
                path.starts_with(prefix.as_str()) || prefix.starts_with(&path)
            };
            ledger::of_roles(store, may_match).await?
        }
    };
    chosen.retain(|stored| match selection {
        Selection::Prefix(prefix) => stored.lease.path().starts_with(prefix.as_str()),
        Selection::One(_) | Selection::Role(_) | Selection::All => true,
    });
    Ok(chosen)
}

/// Refuses what begins no path: an empty one, which a script makes of a variable that is not set, would end every lease, and a
/// mistyped one would end none and say that none is open.
fn check_prefix(prefix: &str) -> Result<(), Failure> {
    if prefix == "aws/creds" || prefix.starts_with("aws/creds/") {
        return Ok(());
    }
    Err(Failure::new(
        Meaning::Usage,
        "bad-lease-prefix",
        format!("no lease has a path that begins with `{}`", text::short(prefix, 120)),
    )
    .help("write --prefix aws/creds/ROLE/, or the beginning of that; --all chooses every lease"))
}

async fn find<S: StateRead>(store: &S, id_or_path: &str) -> Result<StoredLease, Failure> {
    let text = id_or_path.trim();
    let id = text.rsplit('/').next().unwrap_or_default().to_ascii_uppercase();
    let Some(parsed) = LeaseId::parse(&id) else {
        return Err(Failure::new(
            Meaning::Usage,
            "bad-lease-id",
            format!("`{}` is no lease id", text::short(id_or_path, 120)),
        )
        .help(
            "a lease id has 26 characters, `aws/creds/<role>/<id>` in full; `leasehold lease list --all` lists them",
        ));
    };
    match ledger::find(store, &parsed).await? {
        Some(stored)
            if !text.contains('/') || stored.lease.path() == format!("{}{id}", &text[..text.len() - id.len()]) =>
        {
            Ok(stored)
        }
        _ => Err(Failure::new(
            Meaning::Failed,
            "no-such-lease",
            format!("there is no lease `{}` in the state at {}", text::escape(text), store.location()),
        )
        .help("`leasehold lease list --all` lists them; --state says where to look")),
    }
}
