use leasehold::app::audit::{AuditFilter, list_audit, show_audit, verify_audit};
use leasehold::app::{AppError, Failure, Meaning};
use leasehold::output::text;
use leasehold::ports::{Clock as _, StateRead as _};
use leasehold::wire::audit_v1;

use crate::args::{AuditCommand, AuditListArgs, AuditShowArgs, AuditVerifyArgs, Format};
use crate::exit;
use crate::system::SystemClock;
use crate::terminal::{Terminal, print};
use crate::wire_up;

pub(crate) async fn run(command: &AuditCommand, terminal: Terminal) -> Result<u8, AppError> {
    match command {
        AuditCommand::List(args) => list(args, terminal).await,
        AuditCommand::Show(args) => show(args, terminal).await,
        AuditCommand::Verify(args) => verify(args, terminal).await,
    }
}

async fn list(args: &AuditListArgs, terminal: Terminal) -> Result<u8, AppError> {
    let store = wire_up::place(args.place.state.as_deref(), &args.place.dir, args.place.timeout).await?;
    let filter = AuditFilter {
        role: args.role.as_deref(),
        lease: args.lease.as_deref(),
        since: args.since,
        action: args.action,
    };
    let events = list_audit(&store, filter).await?;
    print(|out| match args.place.format {
        Format::Json => out.write_all(audit_v1::Document::new(&events).to_json().as_bytes()),
        Format::Text => text::audit_events(&events, &store.location(), &terminal.out_style(), out),
    })?;
    Ok(exit::FINE)
}

async fn show(args: &AuditShowArgs, terminal: Terminal) -> Result<u8, AppError> {
    let store = wire_up::place(args.place.state.as_deref(), &args.place.dir, args.place.timeout).await?;
    let stored = show_audit(&store, &args.id).await?;
    print(|out| match args.place.format {
        Format::Json => out.write_all(audit_v1::Document::new([&stored]).to_json().as_bytes()),
        Format::Text => text::audit_event(&stored, &terminal.out_style(), out),
    })?;
    Ok(exit::FINE)
}

async fn verify(args: &AuditVerifyArgs, terminal: Terminal) -> Result<u8, AppError> {
    let store = wire_up::looked_at(&args.place, &args.trust).await?;
    let report = verify_audit(&store, SystemClock.now()).await?;
    let document = audit_v1::Verification::new(&report);
    if document.whole && document.events == 0 {
        // Every state that was ever applied to has an event. Who looks in the wrong place must not be told that all is whole.
        let message = format!("there is no audit in the state at {}", store.location());
        return Err(Failure::new(Meaning::Failed, "no-audit", message)
            .help("nothing was ever applied there, or everything is gone; --state says where to look")
            .into());
    }
    print(|out| match args.place.format {
        Format::Json => out.write_all(document.to_json().as_bytes()),
        Format::Text => text::audit_verification(&document, &terminal.out_style(), out),
    })?;
    Ok(if document.whole { exit::FINE } else { exit::FAILED })
}
