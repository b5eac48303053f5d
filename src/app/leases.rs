//! `lease list` and `lease show`: what the ledger knows.

use super::{Failure, Meaning, ledger};
use crate::domain::Timestamp;
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
    let mut leases = ledger::all(store).await?;
    leases.retain(|lease| filter.role.is_none_or(|role| lease.role.as_str() == role));
    leases.retain(|lease| filter.all || lease.is_open(now));
    Ok(leases)
}

/// One lease, by its id or by its path-like name (`aws/creds/<role>/<id>`).
pub async fn show_lease<S: StateRead>(store: &S, id_or_path: &str) -> Result<Lease, Failure> {
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
            Ok(stored.lease)
        }
        _ => Err(Failure::new(
            Meaning::Failed,
            "no-such-lease",
            format!("there is no lease `{}` in the state at {}", text::escape(text), store.location()),
        )
        .help("`leasehold lease list --all` lists them; --state says where to look")),
    }
}
