use leasehold::app::{AppError, Failure, Meaning, PlanRequest, Planned, make_plan, validate};
use leasehold::domain::plan::Plan;
use leasehold::output::text;
use leasehold::ports::{Clock as _, ManifestSet};
use leasehold::wire::plan_v1;

use crate::args::{Format, PlanArgs, StateArgs};
use crate::exit;
use crate::system::SystemClock;
use crate::terminal::{Terminal, print};
use crate::wire_up::{self, Prefer, Store};

pub(crate) async fn run(args: &PlanArgs, terminal: Terminal) -> Result<u8, AppError> {
    let manifests = wire_up::manifests(&args.source, Prefer::CommitInCi, false)?;
    let store = wire_up::store(args.state.state.as_deref(), &args.source.dir)?;
    let request = PlanRequest { target: args.target.as_deref(), allow_deletes: args.allow_deletes };
    let Planned { plan, .. } = make(&manifests, &store, &args.state, request).await?;
    let document = plan_v1::Document::from_plan(&plan);
    if let Some(file) = &args.out {
        std::fs::write(file, document.to_json()).map_err(|error| {
            Failure::new(Meaning::Failed, "plan-not-saved", "the plan could not be saved").because(error.to_string())
        })?;
    }
    print(|out| match args.format {
        Format::Json => out.write_all(document.to_json().as_bytes()),
        Format::Text => text::plan(&document, &terminal.out_style(), out),
    })?;
    Ok(code(&plan, args.detailed_exitcode))
}

/// Makes a plan with the live AWS that the Broker's region leads to.
pub(crate) async fn make(
    manifests: &ManifestSet,
    store: &Store,
    state: &StateArgs,
    request: PlanRequest<'_>,
) -> Result<Planned, AppError> {
    // Faults in the manifests are told before anybody is asked for credentials.
    let desired = validate(manifests)?;
    let reader = wire_up::reader(&desired.broker.spec.region, state.timeout).await?;
    make_plan(manifests.basis.clone(), desired, &reader, store, SystemClock.now(), request).await
}

fn code(plan: &Plan, detailed: bool) -> u8 {
    if !plan.report.brakes.is_empty() {
        exit::BRAKE_REFUSED
    } else if plan.report.findings.iter().any(|finding| finding.blocks()) {
        exit::FINDINGS_BLOCK
    } else if detailed && plan.has_changes() {
        exit::CHANGES_PENDING
    } else {
        exit::FINE
    }
}
