//! Whose heads are believed, and who signs them.

use std::ffi::OsString;

use clap::parser::ValueSource;
use clap::{ArgMatches, Args};

/// Whose heads are believed.
#[derive(Debug, Args)]
pub(crate) struct HeadTrustArgs {
    /// Believe the record only if its head is signed with this public key: a PEM file, or PEM itself; may be said again
    #[arg(
        long,
        value_name = "FILE|PEM",
        env = "LEASEHOLD_HEAD_KEY",
        hide_env_values = true,
        allow_hyphen_values = true,
        help_heading = "State and AWS"
    )]
    pub(crate) head_key: Vec<String>,
    /// Remember the newest head in this folder, outside of the state, and refuse an older one or another lineage
    #[arg(long, value_name = "DIR", env = "LEASEHOLD_HEAD_MEMORY", help_heading = "State and AWS")]
    pub(crate) head_memory: Option<OsString>,
}

/// Who signs the head that is written.
#[derive(Debug, Args)]
pub(crate) struct SigningArgs {
    /// Sign the head with this private key: a PEM file, or the ARN of a key in KMS
    // A private key that is given by mistake must be shown neither by the help nor as an unknown option.
    #[arg(
        long,
        value_name = "FILE|ARN",
        env = "LEASEHOLD_SIGN_WITH",
        hide_env_values = true,
        allow_hyphen_values = true,
        conflicts_with = "drop_signature"
    )]
    pub(crate) sign_with: Option<String>,
    /// Leave the head without a signature from now on
    #[arg(long)]
    pub(crate) drop_signature: bool,
}

/// An option of these that was given, and given nothing.
///
/// `--head-key "$KEY"` without a KEY would believe every head, and nobody would be told. A variable that is set to nothing is
/// how a pipeline leaves an option out: that is no mistake.
pub(super) fn given_empty(matches: &ArgMatches) -> Option<&'static str> {
    const OPTIONS: [(&str, &str); 3] =
        [("head_key", "--head-key"), ("head_memory", "--head-memory"), ("sign_with", "--sign-with")];
    let is_empty = |id: &str| {
        matches.ids().any(|known| known == id)
            && matches.value_source(id) == Some(ValueSource::CommandLine)
            && matches.get_raw(id).into_iter().flatten().any(|value| value.is_empty())
    };
    let here = OPTIONS.into_iter().find(|(id, _)| is_empty(id)).map(|(_, option)| option);
    here.or_else(|| given_empty(matches.subcommand()?.1))
}
