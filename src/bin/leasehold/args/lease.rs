//! Leases: listing, renewing, revoking, sweeping.

use std::num::{NonZeroU16, NonZeroU32};
use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};
use leasehold::domain::ident::{Name, RoleArn};
use leasehold::domain::ttl::Ttl;

use super::{Format, HeadTrustArgs, at_least_one, length, name, role_arn, time_limit};

#[derive(Debug, Subcommand)]
pub(crate) enum LeaseCommand {
    /// List the leases whose credentials may be alive
    List(LeaseListArgs),
    /// Show one lease
    Show(LeaseShowArgs),
    /// Let an IAM user work longer, up to its role's max_ttl
    Renew(LeaseRenewArgs),
    /// End leases before their time
    Revoke(LeaseRevokeArgs),
}

#[derive(Debug, Args)]
pub(crate) struct LeaseListArgs {
    /// Only leases of this role
    #[arg(long, value_name = "ROLE")]
    pub(crate) role: Option<String>,
    /// List those that are over as well
    #[arg(long)]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) place: LeasePlace,
}

#[derive(Debug, Args)]
pub(crate) struct LeaseShowArgs {
    /// The lease's id, or its path aws/creds/<role>/<id>
    #[arg(value_name = "LEASE")]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) place: LeasePlace,
}

#[derive(Debug, Args)]
pub(crate) struct LeasePlace {
    /// Where record and leases are kept [default: the folder .leasehold at the top of the repository]
    #[arg(long, value_name = "URL", env = "LEASEHOLD_STATE", help_heading = "State and AWS")]
    pub(crate) state: Option<String>,
    /// Folder whose repository holds the state, when --state is not given
    #[arg(long, value_name = "DIR", default_value = ".", help_heading = "State and AWS")]
    pub(crate) dir: PathBuf,
    /// Longest time to wait for a state in S3, in all
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = time_limit, help_heading = "State and AWS")]
    pub(crate) timeout: Ttl,
    /// Form of the output
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
#[command(
    after_help = "What STS gave cannot be extended: issue another when it ends. A lease is renewed from now, and never \
                        past its role's max_ttl counted from when it was issued."
)]
pub(crate) struct LeaseRenewArgs {
    /// The lease's id, or its path aws/creds/<role>/<id>
    #[arg(value_name = "LEASE")]
    pub(crate) id: String,
    /// How long it lives from now, like 15m or 1h30m
    #[arg(long, value_name = "DURATION", value_parser = length)]
    pub(crate) increment: Ttl,
    #[command(flatten)]
    pub(crate) reach: ReachArgs,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("which").required(true).args(["id", "role", "prefix", "all"]))]
#[command(
    after_help = "An IAM user is deleted at once. AWS calls no session back: without --deny-session this command says \
                        how long it lives."
)]
pub(crate) struct LeaseRevokeArgs {
    /// The lease's id, or its path aws/creds/<role>/<id>
    #[arg(value_name = "LEASE")]
    pub(crate) id: Option<String>,
    /// All leases of this role
    #[arg(long, value_name = "ROLE", value_parser = name)]
    pub(crate) role: Option<Name>,
    /// All leases whose path begins so, like aws/creds/app
    #[arg(long, value_name = "PREFIX")]
    pub(crate) prefix: Option<String>,
    /// All leases
    #[arg(long)]
    pub(crate) all: bool,
    /// Put a deny of exactly these sessions on their target roles; a sweep takes it off when they are over
    #[arg(long)]
    pub(crate) deny_session: bool,
    /// Break the glass: deny every session of the target roles that was begun before now, whoever began it
    #[arg(long, conflicts_with = "deny_session")]
    pub(crate) deny_older: bool,
    #[command(flatten)]
    pub(crate) reach: ReachArgs,
}

#[derive(Debug, Args)]
#[command(
    after_help = "It may run anywhere, at any time, and several at once. Exit code 9 when a lease is stuck: six attempts to \
                        end it failed; 6 when something was left for the next run."
)]
pub(crate) struct SweepArgs {
    /// Look, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Begin nothing new after this long [default: no limit]
    #[arg(long, value_name = "DURATION", value_parser = length)]
    pub(crate) max_duration: Option<Ttl>,
    /// How long AWS may take until a change is known everywhere: absence is no proof before
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = length)]
    pub(crate) grace: Ttl,
    /// Leases worked on at once
    #[arg(long, value_name = "N", default_value = "4", value_parser = at_least_one::<NonZeroU16>)]
    pub(crate) parallel: NonZeroU16,
    /// Read every lease, not only those that the index has as due, and enter each into the index anew
    #[arg(long)]
    pub(crate) full: bool,
    #[command(flatten)]
    pub(crate) reach: ReachArgs,
}

/// Where the leases are, and how AWS is reached.
#[derive(Debug, Args)]
pub(crate) struct ReachArgs {
    /// Where record and leases are kept [default: the folder .leasehold at the top of the repository]
    #[arg(long, value_name = "URL", env = "LEASEHOLD_STATE", help_heading = "State and AWS")]
    pub(crate) state: Option<String>,
    /// Longest time to wait for AWS, in all
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = time_limit, help_heading = "State and AWS")]
    pub(crate) timeout: Ttl,
    /// Folder whose repository holds the state, when --state is not given
    #[arg(long, value_name = "DIR", default_value = ".", help_heading = "State and AWS")]
    pub(crate) dir: PathBuf,
    /// Reach the target roles of another account through this role there; may be said once for each account
    #[arg(long, value_name = "ARN", value_parser = role_arn, help_heading = "State and AWS")]
    pub(crate) via: Vec<RoleArn>,
    /// Most requests a second to the IAM of one account
    #[arg(
        long, value_name = "N", default_value = "10", value_parser = at_least_one::<NonZeroU32>, help_heading = "State and AWS"
    )]
    pub(crate) rate: NonZeroU32,
    #[command(flatten)]
    pub(crate) trust: HeadTrustArgs,
    /// Form of the output
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}
