use std::os::unix::process::CommandExt as _;
use std::process::Command;

use leasehold::app::{AppError, Failure, Meaning};
use leasehold::ports::Clock as _;
use leasehold::wire::credentials_v1::{self, HandOver};

use super::{issue, wait};
use crate::args::ExecArgs;
use crate::system::SystemClock;

/// What would send AWS's tools to other credentials than the ones handed over.
const MISLEADING: [&str; 5] = [
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
];

/// Becomes the command. Returns only when that fails.
pub(crate) fn run(args: ExecArgs) -> Result<u8, AppError> {
    let issued = wait(issue::issue_one(args.request))?;
    let handed = HandOver {
        lease: &issued.lease,
        credentials: &issued.credentials,
        request_id: issued.request_id.as_str(),
        now: SystemClock.now(),
    };
    let unusable = |error: std::io::Error| {
        Failure::new(Meaning::Failed, "bad-credentials", "the credentials cannot be handed over")
            .because(error.to_string())
    };
    let (program, arguments) = args.command.split_first().ok_or_else(|| {
        Failure::new(Meaning::Usage, "no-command", "there is no command to run").help("name it after `--`")
    })?;
    let mut command = Command::new(program);
    command.args(arguments);
    for name in MISLEADING {
        command.env_remove(name);
    }
    for (name, value) in credentials_v1::variables(handed).map_err(unusable)? {
        match value {
            Some(value) => command.env(name, value.as_str()),
            None => command.env_remove(name),
        };
    }
    let error = command.exec();
    let shown = program.to_string_lossy();
    Err(Failure::new(Meaning::Failed, "command-not-run", format!("`{shown}` could not be run"))
        .because(error.to_string())
        .because(format!("the credentials were dropped; their lease is {}", issued.lease.path()))
        .into())
}
