use leasehold::app::{AppError, LeaseFilter, list_leases, show_lease};
use leasehold::output::text;
use leasehold::ports::{Clock as _, StateRead as _};
use leasehold::wire::lease_v1;

use crate::args::{Format, LeaseCommand, LeaseListArgs, LeaseShowArgs};
use crate::exit;
use crate::system::SystemClock;
use crate::terminal::{Terminal, print};
use crate::wire_up;

pub(crate) async fn run(command: &LeaseCommand, terminal: Terminal) -> Result<u8, AppError> {
    match command {
        LeaseCommand::List(args) => list(args, terminal).await,
        LeaseCommand::Show(args) => show(args, terminal).await,
    }
}

async fn list(args: &LeaseListArgs, terminal: Terminal) -> Result<u8, AppError> {
    let store = wire_up::store(args.place.state.as_deref(), &args.place.dir, args.place.timeout).await?;
    let filter = LeaseFilter { role: args.role.as_deref(), all: args.all };
    let now = SystemClock.now();
    let leases = list_leases(&store, now, filter).await?;
    let document = lease_v1::Document::new(&leases, now);
    print(|out| match args.place.format {
        Format::Json => out.write_all(document.to_json().as_bytes()),
        Format::Text => text::leases(&document, &store.location(), &terminal.out_style(), out),
    })?;
    Ok(exit::FINE)
}

async fn show(args: &LeaseShowArgs, terminal: Terminal) -> Result<u8, AppError> {
    let store = wire_up::store(args.place.state.as_deref(), &args.place.dir, args.place.timeout).await?;
    let lease = show_lease(&store, &args.id).await?;
    let document = lease_v1::Document::new([&lease], SystemClock.now());
    print(|out| match args.place.format {
        Format::Json => out.write_all(document.to_json().as_bytes()),
        Format::Text => text::lease(&document, &terminal.out_style(), out),
    })?;
    Ok(exit::FINE)
}
