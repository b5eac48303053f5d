use leasehold::app::{AppError, explain};
use leasehold::output::text;
use leasehold::ports::Clock as _;
use leasehold::wire::why_v1;

use crate::args::{Format, WhyArgs};
use crate::exit;
use crate::system::SystemClock;
use crate::terminal::{Terminal, print};
use crate::wire_up::{self, Prefer};

pub(crate) async fn run(args: &WhyArgs, terminal: Terminal) -> Result<u8, AppError> {
    let manifests = wire_up::manifests(&args.source, Prefer::CommitInCi, false)?;
    let store = wire_up::state(&args.state, &args.source.dir).await?;
    // Faults in the manifests are told before anybody is asked for credentials.
    let desired = wire_up::validate(&args.source, &manifests)?;
    let reader =
        wire_up::reader(&store, &desired.broker.spec.region, args.state.timeout, args.calls.max_calls()).await?;
    let answer = explain(&desired, &reader, &store, SystemClock.now(), &args.role, args.calls.max_calls()).await?;
    let document = why_v1::Document::new(&answer);
    print(|out| match args.format {
        Format::Json => out.write_all(document.to_json().as_bytes()),
        Format::Text => text::why(&document, &terminal.out_style(), out),
    })?;
    Ok(exit::FINE)
}
