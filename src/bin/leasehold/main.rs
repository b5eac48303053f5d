//! The leasehold command line.

mod args;
mod commands;
mod error;
mod exit;
mod logging;
mod system;
mod terminal;
mod wire_up;

use std::process::ExitCode;

use clap::error::ErrorKind;
use leasehold::domain::text::{escape, escape_lines};
use leasehold::output::plain;

use crate::args::{Cli, Command};
use crate::terminal::Terminal;

fn main() -> ExitCode {
    quiet_panics();
    keep_memory();
    let cli = match Cli::read() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    logging::start(cli.global.log);
    let terminal = Terminal::new(cli.global.no_color);
    let as_json = cli.command.wants_json();
    let code = match commands::run(cli.command, terminal) {
        Ok(code) => code,
        Err(error) => error::report(&error, terminal, as_json),
    };
    ExitCode::from(code)
}

/// Help and version are answers; anything else clap says is a usage error, which has a code of its own here.
fn usage(error: &clap::Error) -> ExitCode {
    // The command line was not understood, so its options are looked for by hand.
    let terminal = Terminal::new(std::env::args_os().any(|arg| arg == "--no-color"));
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let text = shown(error, terminal.out_style().color);
            match terminal::print(|out| out.write_all(text.as_bytes())) {
                Ok(()) => ExitCode::from(exit::FINE),
                Err(failure) => ExitCode::from(error::report(&failure.into(), terminal, false)),
            }
        }
        _ => {
            let text = shown(error, terminal.err_style().color);
            terminal::eprint(|out| plain::usage(&text, out));
            ExitCode::from(exit::USAGE)
        }
    }
}

/// What clap says. It repeats arguments as they came, and a pipeline may pass on what a stranger wrote: colours are
/// given up where they could not be told from control characters of an argument.
fn shown(error: &clap::Error, color: bool) -> String {
    let hostile = std::env::args_os().any(|arg| {
        let arg = arg.to_string_lossy();
        escape(&arg) != arg
    });
    if color && !hostile {
        return error.render().ansi().to_string();
    }
    escape_lines(&error.render().to_string()).into_owned()
}

/// A panic is a bug; where it happened is said, and what it held is not: it could be a secret.
fn quiet_panics() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
        terminal::eprint(|out| {
            writeln!(out, "leasehold has a bug, at {place}. Nothing was handed out after it; please report the place.")
        });
    }));
}

/// Whatever ends this process, no core file holds what it was about to hand over, and nobody but root reads its memory. A limit
/// on the size of core files would not do: a kernel that pipes them into a program does not look at it, and `exec` would pass it
/// on. What `exec` becomes has its own say again.
#[cfg(target_os = "linux")]
fn keep_memory() {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    // Linux refuses no process that asks for this.
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

/// There is nothing like it elsewhere.
#[cfg(not(target_os = "linux"))]
fn keep_memory() {}

impl Command {
    fn wants_json(&self) -> bool {
        use args::{AuditCommand, Format, LeaseCommand, PolicyCommand};
        let format = match self {
            Self::Validate(args) => args.format,
            Self::Plan(args) => return args.format.is_json(),
            Self::Render(args) => return args.format.is_json(),
            Self::Apply(args) => args.format,
            Self::Why(args) => args.format,
            Self::Drift(args) => args.format,
            Self::Policy(
                PolicyCommand::Broker(args)
                | PolicyCommand::Reader(args)
                | PolicyCommand::Sweeper(args)
                | PolicyCommand::Revoker(args),
            ) => args.format,
            Self::Policy(PolicyCommand::Trust(args)) => args.policy.format,
            Self::Policy(PolicyCommand::Store(_)) | Self::State(_) => Format::Text,
            Self::Simulate(args) => args.format,
            Self::Rules(args) => args.format,
            Self::Lease(LeaseCommand::List(args)) => args.place.format,
            Self::Lease(LeaseCommand::Show(args)) => args.place.format,
            Self::Lease(LeaseCommand::Renew(args)) => args.reach.format,
            Self::Lease(LeaseCommand::Revoke(args)) => args.reach.format,
            Self::Sweep(args) => args.reach.format,
            Self::Audit(AuditCommand::List(args)) => args.place.format,
            Self::Audit(AuditCommand::Show(args)) => args.place.format,
            Self::Audit(AuditCommand::Verify(args)) => args.place.format,
            Self::Init(_)
            | Self::Issue(_)
            | Self::Exec(_)
            | Self::Explain(_)
            | Self::Schema(_)
            | Self::Completions(_)
            | Self::Man => Format::Text,
        };
        format == Format::Json
    }
}
