//! What `issue` and `exec` are told.

use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};
use jiff::SignedDuration;
use leasehold::app::KeyWait;
use leasehold::domain::audit::Justification;
use leasehold::domain::ttl::Ttl;

use super::{StateArgs, justification, length, ttl};

/// What to issue.
#[derive(Debug, Args)]
pub(crate) struct LeaseRequestArgs {
    /// The role's name
    #[arg(value_name = "ROLE")]
    pub(crate) role: String,
    /// Lifetime, like 15m or 1h30m [default: the role's default]
    #[arg(long, value_name = "DURATION", value_parser = ttl)]
    pub(crate) ttl: Option<Ttl>,
    /// Take the longest lifetime allowed when --ttl asks for more, instead of refusing
    #[arg(long)]
    pub(crate) clamp: bool,
    /// Which of the role's role_arns to assume [default: the first]
    #[arg(long, value_name = "ARN")]
    pub(crate) role_arn: Option<String>,
    /// Session name, taken as it is [default: <role>-<lease id>]
    #[arg(long, value_name = "NAME")]
    pub(crate) session_name: Option<String>,
    /// Six digits of the role's MFA device (LEASEHOLD_MFA_CODE keeps them off the process list)
    #[arg(long, value_name = "CODE", env = "LEASEHOLD_MFA_CODE", hide_env_values = true)]
    pub(crate) mfa_code: Option<MfaCode>,
    /// Of a new IAM user's key, before it is handed over: verify that it works, none, or wait this long
    #[arg(long, value_name = "verify|none|DURATION", default_value = "verify")]
    pub(crate) wait: Wait,
    /// Why it is asked for, up to 500 characters: kept in the audit
    #[arg(long, value_name = "TEXT", value_parser = justification)]
    pub(crate) reason: Option<Justification>,
    #[command(flatten)]
    pub(crate) state: StateArgs,
    /// Folder whose repository holds the state, when --state is not given
    #[arg(long, value_name = "DIR", default_value = ".", help_heading = "State and AWS")]
    pub(crate) dir: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct IssueArgs {
    #[command(flatten)]
    pub(crate) request: LeaseRequestArgs,
    /// Form of the credentials
    #[arg(long, value_enum, default_value_t = CredentialFormat::Json)]
    pub(crate) format: CredentialFormat,
    /// Print the secrets although standard output is a terminal
    #[arg(long)]
    pub(crate) show: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ExecArgs {
    #[command(flatten)]
    pub(crate) request: LeaseRequestArgs,
    /// The command and its arguments, after --. It is looked up before anything is issued: exit 127 if there is none, 126
    /// if it cannot be run, else its own exit code
    #[arg(value_name = "COMMAND", last = true, required = true, num_args = 1..)]
    pub(crate) command: Vec<OsString>,
}

/// A one-time code: never printed by `Debug`.
#[derive(Clone)]
pub(crate) struct MfaCode(pub(crate) String);

impl std::fmt::Debug for MfaCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MfaCode")
    }
}

impl FromStr for MfaCode {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CredentialFormat {
    /// The response of Vault's aws/creds/<role>
    Json,
    /// What the AWS CLI and SDKs expect of a credential_process
    CredentialProcess,
    /// export lines for a POSIX shell: eval "$(leasehold issue ROLE --format env)"
    Env,
}

/// What to do about a new key before it is handed over.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wait(pub(crate) KeyWait);

impl FromStr for Wait {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(Self(match text {
            "verify" => KeyWait::Verify,
            "none" => KeyWait::Skip,
            _ => KeyWait::For(SignedDuration::from_secs(
                length(text).map_err(|error| format!("{error}; or `verify`, or `none`"))?.seconds().into(),
            )),
        }))
    }
}
