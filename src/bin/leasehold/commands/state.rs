use std::path::Path;

use leasehold::app::{AppError, Failure, probe};
use leasehold::domain::text::escape;
use leasehold::domain::ttl::Ttl;
use leasehold::ports::StateRead as _;

use crate::args::{StateCheckArgs, StateCommand};
use crate::exit;
use crate::system::{RandomIds, SystemClock};
use crate::terminal::print;
use crate::wire_up::{self, Place};

pub(crate) async fn run(command: &StateCommand) -> Result<u8, AppError> {
    let StateCommand::Check(StateCheckArgs { state, dir, timeout }) = command;
    let store = check(state.as_deref(), dir, *timeout).await?;
    print(|out| {
        writeln!(
            out,
            "{} can hold a state: it looked at the condition of every write. Nothing was left behind.",
            escape(&store.location())
        )
    })?;
    Ok(exit::FINE)
}

/// Opens a store and has it prove itself.
pub(crate) async fn check(state: Option<&str>, dir: &Path, timeout: Ttl) -> Result<Place, Failure> {
    let store = wire_up::place(state, dir, timeout).await?;
    probe(&store, &SystemClock, &RandomIds).await?;
    Ok(store)
}
