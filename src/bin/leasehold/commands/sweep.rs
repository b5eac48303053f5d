use leasehold::app::{AppError, NotSwept, SweepRequest, Swept, sweep};
use leasehold::domain::ttl::Ttl;
use leasehold::output::text;
use leasehold::wire::sweep_v1::{self, Document};

use crate::args::{Format, SweepArgs};
use crate::exit;
use crate::system::{self, RandomIds, SystemClock};
use crate::terminal::{Terminal, eprint, print};
use crate::wire_up::{self, LiveAccess};

pub(crate) async fn run(args: &SweepArgs, terminal: Terminal) -> Result<u8, AppError> {
    let store = wire_up::reached(&args.reach).await?;
    let request = SweepRequest {
        grace: args.grace.duration(),
        max_duration: args.max_duration.map(Ttl::duration),
        at_once: usize::from(args.parallel.get()),
        dry_run: args.dry_run,
        full: args.full,
    };
    let bar = terminal.err_is_person() && args.reach.format == Format::Text;
    let progress = |done: u64, total: u64| {
        if bar {
            eprint(|err| write!(err, "\r{} ", text::progress(done, total, &terminal.err_style())));
        }
    };
    let access = LiveAccess::new(&args.reach, &store);
    let swept = sweep(&store, &access, &SystemClock, &RandomIds, &system::who(), request, &progress).await;
    if bar {
        eprint(|err| write!(err, "\r\x1b[K"));
    }
    let document = document(&swept?, args.dry_run);
    print(|out| match args.reach.format {
        Format::Json => out.write_all(document.to_json().as_bytes()),
        Format::Text => text::sweep(&document, &terminal.out_style(), out),
    })?;
    Ok(match () {
        () if document.stuck > 0 => exit::STUCK,
        () if document.left > 0 || !document.failed.is_empty() => exit::PARTLY_APPLIED,
        () => exit::FINE,
    })
}

fn document(swept: &Swept, dry_run: bool) -> Document {
    let stuck = swept.stuck().count() as u64;
    let Swept {
        due,
        expired,
        deleted,
        removed,
        forgotten,
        denies_cleared,
        unrecorded,
        foreign,
        failed,
        left,
        oldest_overdue,
        users_listed,
    } = swept;
    let failed = failed.iter().map(|NotSwept { what, why, failures, stuck }| sweep_v1::Failed {
        what: what.clone(),
        why: why.clone(),
        failures: *failures,
        stuck: *stuck,
    });
    Document {
        format: sweep_v1::FORMAT.to_owned(),
        dry_run,
        due: *due,
        expired: *expired,
        deleted: *deleted,
        removed: *removed,
        forgotten: *forgotten,
        denies_cleared: *denies_cleared,
        unrecorded: unrecorded.clone(),
        foreign: foreign.clone(),
        failed: failed.collect(),
        stuck,
        left: *left,
        oldest_overdue_seconds: oldest_overdue.map(|overdue| u64::try_from(overdue.as_secs()).unwrap_or_default()),
        users_listed: *users_listed,
    }
}
