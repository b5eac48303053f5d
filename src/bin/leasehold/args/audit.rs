//! The arguments of `audit`.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use leasehold::domain::Timestamp;
use leasehold::domain::audit::AuditAction;

use super::HeadTrustArgs;
use super::lease::LeasePlace;

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// List events, oldest first
    List(AuditListArgs),
    /// Show one event
    Show(AuditShowArgs),
    /// Find what was edited, removed, moved or cut off; exit 1 if anything was
    Verify(AuditVerifyArgs),
}

#[derive(Debug, Args)]
pub(crate) struct AuditListArgs {
    /// Only events of this role
    #[arg(long, value_name = "ROLE")]
    pub(crate) role: Option<String>,
    /// Only events of this lease: its id, or its path aws/creds/<role>/<id>
    #[arg(long, value_name = "LEASE")]
    pub(crate) lease: Option<String>,
    /// Only events from this on: a day in UTC like 2026-11-23, or an instant like 2026-11-23T10:00:00Z
    #[arg(long, value_name = "TIME", value_parser = since)]
    pub(crate) since: Option<Timestamp>,
    /// Only events that tell of this
    #[arg(long, value_name = "ACTION", value_parser = action())]
    pub(crate) action: Option<AuditAction>,
    #[command(flatten)]
    pub(crate) place: LeasePlace,
}

#[derive(Debug, Args)]
pub(crate) struct AuditShowArgs {
    /// The event's id
    #[arg(value_name = "EVENT")]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) place: LeasePlace,
}

#[derive(Debug, Args)]
pub(crate) struct AuditVerifyArgs {
    #[command(flatten)]
    pub(crate) place: LeasePlace,
    #[command(flatten)]
    pub(crate) trust: HeadTrustArgs,
}

fn action() -> impl TypedValueParser<Value = AuditAction> {
    let words = AuditAction::ALL.map(AuditAction::as_str);
    PossibleValuesParser::new(words).try_map(|word| AuditAction::parse(&word).ok_or("there is no such action"))
}

fn since(text: &str) -> Result<Timestamp, String> {
    let instant = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    instant.parse().map_err(|_| "write a day like 2026-11-23, or an instant like 2026-11-23T10:00:00Z".to_owned())
}
