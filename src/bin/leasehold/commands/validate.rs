use leasehold::app::{self, AppError};
use leasehold::output::{count, plain, text};
use leasehold::ports::Clock as _;
use leasehold::wire::findings_v1;

use crate::args::{Format, ValidateArgs};
use crate::exit;
use crate::system::SystemClock;
use crate::terminal::{Terminal, print};
use crate::wire_up::{self, Prefer};

pub(crate) fn run(args: &ValidateArgs, terminal: Terminal) -> Result<u8, AppError> {
    let manifests = wire_up::manifests(&args.source, Prefer::CommitInCi, false)?;
    let desired = wire_up::validate(&args.source, &manifests)?;
    let findings = app::judge_offline(&desired, SystemClock.now());
    let document = findings_v1::Document::new(&[], &findings);
    print(|out| {
        match (args.format, terminal.out_is_person()) {
            (Format::Json, _) => return out.write_all(document.to_json().as_bytes()),
            (Format::Text, true) if !findings.is_empty() => text::problems(&document, &terminal.out_style(), out)?,
            (Format::Text, _) => plain::problems(&document, out)?,
        }
        let of = |n: usize, noun: &str| count(n as u64, noun);
        let findings =
            format!("{} ({} blocking)", count(document.summary.findings, "finding"), document.summary.blocking);
        writeln!(
            out,
            "{}: 1 Broker, {}, {}, {}. No errors; {findings} without asking AWS.",
            of(manifests.files.len(), "file"),
            of(desired.accounts.len(), "Account"),
            of(desired.roles.len(), "Role"),
            of(desired.waivers.len(), "Waiver")
        )
    })?;
    Ok(if findings.iter().any(|finding| finding.blocks()) { exit::FINDINGS_BLOCK } else { exit::FINE })
}
