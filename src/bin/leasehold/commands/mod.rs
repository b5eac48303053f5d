//! One file for each command: arguments in, one use case, one renderer out.

mod about;
mod apply;
mod audit;
mod drift;
mod exec;
mod init;
mod issue;
mod lease;
mod plan;
mod policy;
mod render;
mod saved_plan;
mod signed;
mod simulate;
mod state;
mod sweep;
mod validate;
mod why;

use std::future::Future;

use leasehold::app::{AppError, Failure, Meaning};

use crate::args::Command;
use crate::terminal::Terminal;

/// Runs a command and answers its exit code.
pub(crate) fn run(command: Command, terminal: Terminal) -> Result<u8, AppError> {
    match command {
        Command::Init(args) => wait(init::run(&args)),
        Command::Validate(args) => validate::run(&args, terminal),
        Command::Plan(args) => wait(plan::run(&args, terminal)),
        Command::Render(args) => render::run(&args, terminal),
        Command::Apply(args) => wait(apply::run(&args, terminal)),
        Command::Drift(args) => wait(drift::run(&args, terminal)),
        Command::Issue(args) => wait(issue::run(args, terminal)),
        Command::Exec(args) => exec::run(args, terminal),
        Command::Lease(command) => wait(lease::run(&command, terminal)),
        Command::Audit(command) => wait(audit::run(&command, terminal)),
        Command::State(command) => wait(state::run(&command)),
        Command::Sweep(args) => wait(sweep::run(&args, terminal)),
        Command::Why(args) => wait(why::run(&args, terminal)),
        Command::Simulate(args) => simulate::run(&args, terminal),
        Command::Policy(command) => policy::run(&command),
        Command::Rules(args) => about::rules(&args, terminal),
        Command::Explain(args) => about::explain(&args),
        Command::Schema(args) => about::schema(&args),
        Command::Completions(args) => about::completions(&args),
        Command::Man => about::man(),
    }
}

/// Runs a command that waits for the outside world. One thread: a command asks AWS a handful of things.
fn wait<T>(command: impl Future<Output = Result<T, AppError>>) -> Result<T, AppError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
        Failure::new(Meaning::Failed, "no-runtime", "the program could not start its runtime")
            .because(error.to_string())
    })?;
    let result = runtime.block_on(command);
    // A look-up of a name that hangs in the resolver must not hold the exit.
    runtime.shutdown_background();
    result
}
