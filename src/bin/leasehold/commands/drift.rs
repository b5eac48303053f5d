use leasehold::app::{self, AppError};
use leasehold::domain::plan::SinceApply;
use leasehold::output::text;
use leasehold::ports::Clock as _;
use leasehold::wire::drift_v1;

use crate::args::{DriftArgs, Format};
use crate::error;
use crate::exit;
use crate::system::SystemClock;
use crate::terminal::{Terminal, print};
use crate::wire_up::{self, Prefer};

pub(crate) async fn run(args: &DriftArgs, terminal: Terminal) -> Result<u8, AppError> {
    let manifests = wire_up::manifests(&args.source, Prefer::CommitInCi, false)?;
    let desired = wire_up::validate(&args.source, &manifests)?;
    let store = wire_up::state(&args.state, &args.source.dir).await?;
    let connect =
        async |region: &str| wire_up::reader(&store, region, args.state.timeout, args.calls.max_calls()).await;
    let found =
        app::drift(manifests.basis, &desired, &store, connect, SystemClock.now(), args.calls.max_calls()).await?;
    let document = drift_v1::Document::new(&found);
    print(|out| match args.format {
        Format::Json => out.write_all(document.to_json().as_bytes()),
        Format::Text => text::drift(&document, &terminal.out_style(), out),
    })?;
    Ok(code(&found, terminal, args.format == Format::Json))
}

/// Drift that was seen is drift, whatever else could not be read.
fn code(found: &SinceApply, terminal: Terminal, as_json: bool) -> u8 {
    match app::unproven(found) {
        _ if found.has_drifted() => exit::DRIFT,
        Some(failure) => error::report(&failure.into(), terminal, as_json),
        None => exit::FINE,
    }
}
