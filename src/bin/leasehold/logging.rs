//! Logs on standard error: off unless asked for, and the SDK never below info, where it may tell what it sends.

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::prelude::*;

use crate::args::LogLevel;

pub(crate) fn start(level: Option<LogLevel>) {
    let Some(level) = level else { return };
    let ours = match level {
        LogLevel::Off => return,
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let targets = Targets::new().with_default(ours.min(LevelFilter::INFO)).with_target("leasehold", ours);
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(false);
    // A second subscriber would be a bug of ours; logging is not worth dying for.
    let _ = tracing_subscriber::registry().with(targets).with(layer).try_init();
}
