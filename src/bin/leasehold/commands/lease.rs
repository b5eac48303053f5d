use leasehold::app::{
    AppError, LeaseFilter, RevokeRequest, Revoked, Revoking, Selection, list_leases, renew_lease, revoke_leases,
    show_lease,
};
use leasehold::domain::text::escape;
use leasehold::output::text;
use leasehold::ports::{Clock as _, StateRead as _};
use leasehold::wire::lease_v1;
use leasehold::wire::revoke_v1::{self, Outcome};

use crate::args::{Format, LeaseCommand, LeaseListArgs, LeaseRenewArgs, LeaseRevokeArgs, LeaseShowArgs};
use crate::exit;
use crate::system::{self, RandomIds, SystemClock};
use crate::terminal::{Terminal, eprint, print};
use crate::wire_up::{self, LiveAccess};

pub(crate) async fn run(command: &LeaseCommand, terminal: Terminal) -> Result<u8, AppError> {
    match command {
        LeaseCommand::List(args) => list(args, terminal).await,
        LeaseCommand::Show(args) => show(args, terminal).await,
        LeaseCommand::Renew(args) => renew(args, terminal).await,
        LeaseCommand::Revoke(args) => revoke(args, terminal).await,
    }
}

async fn list(args: &LeaseListArgs, terminal: Terminal) -> Result<u8, AppError> {
    let store = wire_up::place(args.place.state.as_deref(), &args.place.dir, args.place.timeout).await?;
    let filter = LeaseFilter { role: args.role.as_deref(), all: args.all };
    let now = SystemClock.now();
    let leases = list_leases(&store, now, filter).await?;
    if let Some(role) = args.role.as_deref().filter(|_| leases.is_empty()) {
        let open = if args.all { "" } else { "open " };
        eprint(|err| {
            writeln!(err, "note: the state at {} has no {open}lease of a role `{}`", store.location(), escape(role))
        });
    }
    let document = lease_v1::Document::new(&leases, now);
    print(|out| match args.place.format {
        Format::Json => out.write_all(document.to_json().as_bytes()),
        Format::Text => text::leases(&document, &store.location(), &terminal.out_style(), out),
    })?;
    Ok(exit::FINE)
}

async fn show(args: &LeaseShowArgs, terminal: Terminal) -> Result<u8, AppError> {
    let store = wire_up::place(args.place.state.as_deref(), &args.place.dir, args.place.timeout).await?;
    let lease = show_lease(&store, &args.id).await?;
    one(&lease, args.place.format, terminal)
}

async fn renew(args: &LeaseRenewArgs, terminal: Terminal) -> Result<u8, AppError> {
    let store = wire_up::reached(&args.reach).await?;
    let access = LiveAccess::new(&args.reach, &store);
    let (clock, ids, who) = (SystemClock, RandomIds, system::who());
    let lease = renew_lease(&store, &access, &clock, &ids, &who, &args.id, args.increment).await?;
    one(&lease, args.reach.format, terminal)
}

fn one(lease: &leasehold::domain::lease::Lease, format: Format, terminal: Terminal) -> Result<u8, AppError> {
    let document = lease_v1::Document::new([lease], SystemClock.now());
    print(|out| match format {
        Format::Json => out.write_all(document.to_json().as_bytes()),
        Format::Text => text::lease(&document, &terminal.out_style(), out),
    })?;
    Ok(exit::FINE)
}

async fn revoke(args: &LeaseRevokeArgs, terminal: Terminal) -> Result<u8, AppError> {
    let store = wire_up::reached(&args.reach).await?;
    let selection = match (&args.id, &args.role, &args.prefix) {
        (Some(id), _, _) => Selection::One(id.clone()),
        (None, Some(role), _) => Selection::Role(role.clone()),
        (None, None, Some(prefix)) => Selection::Prefix(prefix.clone()),
        (None, None, None) => Selection::All,
    };
    let request = RevokeRequest { selection, deny_session: args.deny_session, deny_older: args.deny_older };
    let access = LiveAccess::new(&args.reach, &store);
    let revoked = revoke_leases(&store, &access, &SystemClock, &RandomIds, &system::who(), &request).await?;
    let now = SystemClock.now();
    let document = revoke_v1::Document::new(revoked.iter().map(|revoked| document(revoked, now)).collect());
    print(|out| match args.reach.format {
        Format::Json => out.write_all(document.to_json().as_bytes()),
        Format::Text => text::revoked(&document, &terminal.out_style(), out),
    })?;
    let failed = document.leases.iter().any(|lease| lease.outcome == Outcome::Failed);
    Ok(if failed { exit::PARTLY_APPLIED } else { exit::FINE })
}

fn document(Revoked { lease, outcome }: &Revoked, now: leasehold::domain::Timestamp) -> revoke_v1::Revoked {
    let (outcome, why) = match outcome {
        Revoking::Deleted => (Outcome::Deleted, None),
        Revoking::Denied => (Outcome::Denied, None),
        Revoking::LivesOn(_) => (Outcome::LivesOn, None),
        Revoking::Over => (Outcome::Over, None),
        Revoking::Failed(why) => (Outcome::Failed, Some(why.clone())),
    };
    revoke_v1::Revoked { lease: lease_v1::Lease::new(lease, now), outcome, why }
}
