use leasehold::app::{self, AppError};
use leasehold::wire::findings_v1;

use crate::args::{Format, ValidateArgs};
use crate::exit;
use crate::terminal::print;
use crate::wire_up::{self, Prefer};

pub(crate) fn run(args: &ValidateArgs) -> Result<u8, AppError> {
    let manifests = wire_up::manifests(&args.source, Prefer::CommitInCi, false)?;
    let desired = app::validate(&manifests)?;
    print(|out| match args.format {
        Format::Json => out.write_all(findings_v1::Document::new(&[], &[]).to_json().as_bytes()),
        Format::Text => writeln!(
            out,
            "{} file(s): 1 Broker, {} Account(s), {} Role(s), {} Waiver(s). No errors.",
            manifests.files.len(),
            desired.accounts.len(),
            desired.roles.len(),
            desired.waivers.len()
        ),
    })?;
    Ok(exit::FINE)
}
