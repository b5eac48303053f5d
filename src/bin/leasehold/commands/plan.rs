use std::ffi::OsString;
use std::fs::{OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use leasehold::app::{AppError, Base, Failure, Meaning, PlanRequest, Planned, make_plan, make_plan_against};
use leasehold::domain::plan::Plan;
use leasehold::ports::{Clock as _, ManifestSet};
use leasehold::wire::plan_v1;

use crate::args::{HeadTrustArgs, PlanArgs, SourceArgs, StateArgs};
use crate::exit;
use crate::system::SystemClock;
use crate::terminal::{Terminal, print};
use crate::wire_up::{self, Prefer, Store};

pub(crate) async fn run(args: &PlanArgs, terminal: Terminal) -> Result<u8, AppError> {
    if args.out.as_deref() == Some(Path::new("-")) {
        let failure =
            Failure::new(Meaning::Usage, "out-is-no-file", "--out saves a plan in a file, and `-` names none");
        return Err(failure
            .help("--format json writes to standard output what --out saves; a file of that name is ./-")
            .into());
    }
    let manifests = wire_up::manifests(&args.source, Prefer::CommitInCi, false)?;
    let store = wire_up::state(&args.state, &args.source.dir).await?;
    let request = PlanRequest {
        target: args.target.as_deref(),
        allow_deletes: args.allow_deletes,
        max_calls: args.calls.max_calls(),
    };
    let Planned { plan, head, .. } = match &args.base {
        None => make(&args.source, &manifests, &store, &args.state, request).await?,
        Some(revision) => make_against(revision, args, &manifests, &store, request).await?,
    };
    let mut document = plan_v1::Document::from_plan(&plan);
    document.folder = wire_up::folder(&args.source);
    if let Some(file) = &args.out {
        save(file, &document.to_json()).map_err(|error| {
            let shown = file.to_string_lossy();
            Failure::new(Meaning::Failed, "plan-not-saved", format!("the plan could not be saved as {shown}"))
                .because(error.to_string())
                .help("name a file in a folder that is there and that you may write to")
        })?;
    }
    let is_signed = head.is_some_and(|head| head.signed_by.is_some());
    print(|out| args.format.write(&document, &options(args, is_signed), &terminal.out_style(), out))?;
    Ok(code(&plan, args.detailed_exitcode))
}

/// Makes a plan with the live AWS that the Broker's region leads to.
pub(crate) async fn make(
    source: &SourceArgs,
    manifests: &ManifestSet,
    store: &Store,
    state: &StateArgs,
    request: PlanRequest<'_>,
) -> Result<Planned, AppError> {
    // Faults in the manifests are told before anybody is asked for credentials.
    let desired = wire_up::validate(source, manifests)?;
    let reader = wire_up::reader(store, &desired.broker.spec.region, state.timeout, request.max_calls).await?;
    make_plan(manifests.basis.clone(), desired, &reader, store, SystemClock.now(), request).await
}

async fn make_against(
    revision: &str,
    args: &PlanArgs,
    manifests: &ManifestSet,
    store: &Store,
    request: PlanRequest<'_>,
) -> Result<Planned, AppError> {
    let desired = wire_up::validate(&args.source, manifests)?;
    let base: Base = wire_up::base(&args.source, revision, manifests)?;
    // Which endpoint is asked is for the base to say, as is which accounts are read and how.
    let broker = &base.desired.as_ref().unwrap_or(&desired).broker.spec;
    let reader = wire_up::reader(store, &broker.region, args.state.timeout, request.max_calls).await?;
    let now = SystemClock.now();
    make_plan_against(&base, manifests.basis.clone(), desired, &reader, store, now, request).await
}

/// Writes a file of mode 0600 whole or not at all. A name that is a link or a device is refused: what it leads to is
/// not ours to replace.
fn save(file: &Path, text: &str) -> io::Result<()> {
    if file.symlink_metadata().is_ok_and(|found| !found.is_file()) {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "something that is no plain file has that name"));
    }
    let name = file.file_name().ok_or_else(|| io::Error::from(io::ErrorKind::IsADirectory))?;
    let mut temporary = OsString::from(".");
    temporary.push(name);
    temporary.push(format!(".{}.tmp", std::process::id()));
    let temporary = file.with_file_name(temporary);
    let mut made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
    let written = made
        .set_permissions(Permissions::from_mode(0o600))
        .and_then(|()| made.write_all(text.as_bytes()))
        .and_then(|()| made.sync_all())
        .and_then(|()| std::fs::rename(&temporary, file));
    if written.is_err() {
        // What made it fail is what is told.
        let _ = std::fs::remove_file(&temporary);
    }
    written
}

/// What apply must be told to make the same plan, beside the target and the hash. What a plan does not know, or what takes more
/// than one line, is a word in capitals.
fn options(args: &PlanArgs, is_signed: bool) -> Vec<String> {
    let SourceArgs { dir, rev, path } = &args.source;
    let dir = (dir != Path::new(".")).then(|| dir.to_string_lossy().into_owned());
    // A state that the environment names is named for apply as well.
    let state = args.state.state.clone().filter(|state| std::env::var("LEASEHOLD_STATE").ok().as_ref() != Some(state));
    let deletes = args.allow_deletes.map(|deletes| deletes.to_string());
    let calls = args.calls.max_calls().map(|calls| calls.to_string());
    let HeadTrustArgs { head_key, head_memory } = &args.state.trust;
    let from_environment = |name: &str, text: &str| std::env::var(name).is_ok_and(|set| set == text);
    let pinned = head_key.iter().filter(|key| !key.is_empty() && !from_environment("LEASEHOLD_HEAD_KEY", key));
    let pinned = pinned.map(|key| if key.contains('\n') { "FILE".to_owned() } else { key.clone() });
    let signs = is_signed && std::env::var_os("LEASEHOLD_SIGN_WITH").is_none_or(|set| set.is_empty());
    let memory = head_memory.as_ref().map(|folder| folder.to_string_lossy().into_owned());
    let memory = memory.filter(|folder| !from_environment("LEASEHOLD_HEAD_MEMORY", folder));
    let given = [
        ("--dir", dir),
        ("--ref", rev.clone()),
        ("--path", path.clone()),
        ("--state", state),
        ("--allow-deletes", deletes),
        ("--max-calls", calls),
        ("--head-memory", memory),
        ("--sign-with", signs.then(|| "KEY".to_owned())),
    ];
    let given = given.into_iter().chain(pinned.map(|key| ("--head-key", Some(key))));
    given.filter_map(|(name, value)| Some(format!("{name} {}", quoted(&value?)))).collect()
}

/// A word as a POSIX shell reads it back.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
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
