//! Arguments of what is asked of the state itself.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use leasehold::domain::ttl::Ttl;

use super::time_limit;

#[derive(Debug, Subcommand)]
pub(crate) enum StateCommand {
    /// Prove that a store can hold a state: that it looks at the conditions of a write
    Check(StateCheckArgs),
}

#[derive(Debug, Args)]
#[command(
    after_help = "An object of its own is made, replaced and removed; nothing else is touched, and nothing is left behind.\n\
                        The first apply to a state in S3 does the same before it writes."
)]
pub(crate) struct StateCheckArgs {
    /// Where record and leases are kept [default: the folder .leasehold at the top of the repository]
    #[arg(long, value_name = "URL", env = "LEASEHOLD_STATE", help_heading = "State and AWS")]
    pub(crate) state: Option<String>,
    /// Folder whose repository holds the state, when --state is not given
    #[arg(long, value_name = "DIR", default_value = ".", help_heading = "State and AWS")]
    pub(crate) dir: PathBuf,
    /// Longest time to wait for a state in S3, in all
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = time_limit, help_heading = "State and AWS")]
    pub(crate) timeout: Ttl,
}

#[derive(Debug, Args)]
#[command(
    after_help = "The policy goes to standard output; what to know about it goes to standard error. No AWS is needed.\n\
                        The permissions are those for the state alone: `policy broker`, `reader` and `sweeper` print the rest."
)]
pub(crate) struct PolicyStoreArgs {
    /// Whose policy
    #[arg(value_enum, value_name = "WHOSE")]
    pub(crate) whose: Whose,
    /// The state in S3, s3://bucket/prefix
    #[arg(long, value_name = "URL", env = "LEASEHOLD_STATE")]
    pub(crate) state: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Whose {
    /// The bucket's: nobody writes without a condition, and nobody rewrites history
    Bucket,
    /// Of plan, drift, why and lease: reads
    Plan,
    /// Of apply and state check
    Apply,
    /// Of issue and exec
    Issue,
    /// Of what ends leases
    Sweep,
}
