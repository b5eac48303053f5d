//! The real binary, from the outside: every command, every exit code, every form of output.

mod about;
mod apply;
mod aws_errors;
mod drift;
mod exec;
mod exit_codes;
mod help;
mod help_about;
mod help_tools;
mod issue;
mod leases;
mod live;
mod pipes;
mod plan;
mod policy;
pub(crate) mod simulate;
mod state;
mod terminal;
mod usage;
