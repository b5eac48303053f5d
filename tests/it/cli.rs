//! The real binary, from the outside: every command, every exit code, every form of output.

mod about;
mod apply;
mod apply_signed;
mod audit;
mod aws_errors;
mod drift;
mod exec;
mod exit_codes;
mod help;
mod help_about;
mod help_leases;
mod help_tools;
mod init;
mod issue;
mod leases;
mod live;
mod max_calls;
mod pipes;
mod plan;
mod plan_base;
mod policy;
mod render;
pub(crate) mod simulate;
mod state;
mod terminal;
mod usage;
mod why;
