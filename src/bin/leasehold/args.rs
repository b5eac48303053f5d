//! The command line.

mod audit;
mod head;
mod issue;
mod lease;
mod store;

use std::ffi::OsStr;
use std::num::{IntErrorKind, NonZeroU32, ParseIntError};
use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::{EnumValueParser, PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};
use leasehold::domain::audit::{JUSTIFICATION_MAX, Justification};
use leasehold::domain::ident::{BrokerPrincipal, IdentError, Name, RoleArn};
use leasehold::domain::ttl::{Ttl, TtlError};
use leasehold::output::plan_format::{self, PlanFormat};
use leasehold::wire::SCHEMAS;

pub(crate) use self::audit::{AuditCommand, AuditListArgs, AuditShowArgs, AuditVerifyArgs};
pub(crate) use head::{HeadTrustArgs, SigningArgs};
pub(crate) use issue::{CredentialFormat, ExecArgs, IssueArgs, LeaseRequestArgs};
pub(crate) use lease::{
    LeaseCommand, LeaseListArgs, LeasePlace, LeaseRenewArgs, LeaseRevokeArgs, LeaseShowArgs, ReachArgs, SweepArgs,
};
pub(crate) use store::{PolicyStoreArgs, StateCheckArgs, StateCommand, Whose};

const AFTER_HELP: &str = "\
In a pull request:   leasehold plan
On merge:            leasehold apply --auto-approve
In a pipeline:       leasehold exec ROLE -- COMMAND
Every few minutes:   leasehold sweep

Every finding has a page: leasehold explain LH103. Exit codes are in the README.";

/// Git declares who may hold which AWS credentials, and for how long. `plan` proves it against live IAM, `apply` records
/// what was reviewed, `issue` hands out what was applied.
#[derive(Debug, Parser)]
#[command(
    name = "leasehold",
    version,
    propagate_version = true,
    subcommand_required = true,
    max_term_width = 100,
    after_help = AFTER_HELP
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Cli {
    /// Reads the arguments of this process.
    pub(crate) fn read() -> Result<Self, clap::Error> {
        let matches = Self::command().try_get_matches()?;
        if let Some(option) = head::given_empty(&matches) {
            let message = format!("the value of {option} is empty: leave the option out if there is none");
            return Err(Self::command().error(ErrorKind::InvalidValue, message));
        }
        Self::from_arg_matches(&matches).map_err(|error| error.format(&mut Self::command()))
    }
}

/// Options of every command.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// Never colour the output (NO_COLOR does the same)
    #[arg(long, global = true, help_heading = "Global options")]
    pub(crate) no_color: bool,
    /// Log to standard error: error, warn, info, debug or trace
    #[arg(long, global = true, env = "LEASEHOLD_LOG", value_name = "LEVEL", value_parser = LogLevels, help_heading = "Global options")]
    pub(crate) log: Option<LogLevel>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum LogLevel {
    #[value(skip)]
    Off,
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

/// Reads a level. A variable that is set to nothing counts as not set.
#[derive(Debug, Clone, Copy)]
struct LogLevels;

impl TypedValueParser for LogLevels {
    type Value = LogLevel;

    fn parse_ref(
        &self,
        command: &clap::Command,
        arg: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<LogLevel, clap::Error> {
        if value.is_empty() {
            return Ok(LogLevel::Off);
        }
        EnumValueParser::new().parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(LogLevel::value_variants().iter().filter_map(ValueEnum::to_possible_value)))
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write a first Broker and Role, and workflows for CI; nothing that is there changes
    Init(InitArgs),
    /// Check the manifests, and judge what can be judged without AWS and without state
    Validate(ValidateArgs),
    /// Show what apply would do, and every reason why it would fail or should not be done
    Plan(PlanArgs),
    /// Show a saved plan in another form
    Render(RenderArgs),
    /// Record what was reviewed
    Apply(ApplyArgs),
    /// Tell what changed in AWS since the last apply, apart from what is pending in git
    Drift(DriftArgs),
    /// Hand out one credential of an applied role
    Issue(IssueArgs),
    /// Run a command with one credential of an applied role in its environment
    Exec(ExecArgs),
    /// List, show, renew and revoke leases
    #[command(subcommand)]
    Lease(LeaseCommand),
    /// End what is due: IAM users, and denies of sessions that are over
    Sweep(SweepArgs),
    /// Look at the audit, and find out whether it is whole
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Look at the store that holds the state
    #[command(subcommand)]
    State(StateCommand),
    /// Explain why a role may or may not be issued
    Why(WhyArgs),
    /// Print the least that each identity must be allowed, as IAM policies
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Tell what AWS would say to a request under policies that you bring along
    Simulate(SimulateArgs),
    /// List the rules that plan judges by
    Rules(RulesArgs),
    /// Print the page of one rule
    Explain(ExplainArgs),
    /// Print the JSON Schema of a text form
    Schema(SchemaArgs),
    /// Print a completion script
    Completions(CompletionsArgs),
    /// Print the manual page
    #[command(hide = true)]
    Man,
}

#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// Folder for the manifests; made if it is not there
    #[arg(value_name = "DIR", default_value = ".")]
    pub(crate) dir: PathBuf,
    /// Write workflows for this CI system as well
    #[arg(long, value_enum, default_value_t = InitCi::None)]
    pub(crate) ci: InitCi,
    /// Name of the deployment, and of the Broker
    #[arg(long, value_name = "NAME", default_value = "prod", value_parser = name)]
    pub(crate) deployment: Name,
    /// ARN of the IAM role or user that issues [default: a placeholder]
    #[arg(long, value_name = "ARN", value_parser = principal)]
    pub(crate) principal: Option<BrokerPrincipal>,
    /// Region of the STS endpoint [default: a placeholder]
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<String>,
    /// Name of the first role
    #[arg(long, value_name = "NAME", default_value = "app-readonly", value_parser = name)]
    pub(crate) role: Name,
    /// ARN of the IAM role that the first role assumes [default: a placeholder]
    #[arg(long, value_name = "ARN", value_parser = role_arn)]
    pub(crate) role_arn: Option<RoleArn>,
    /// The protected branch, whose merges are applied
    #[arg(long, value_name = "BRANCH", default_value = "main")]
    pub(crate) branch: String,
    /// Prove first that the store at this URL can hold a state, as `state check` does
    #[arg(long, value_name = "URL")]
    pub(crate) state: Option<String>,
    /// Longest time to wait for that store, in all
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = time_limit)]
    pub(crate) timeout: Ttl,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum InitCi {
    /// GitHub Actions
    Github,
    /// GitLab CI
    Gitlab,
    /// No workflows
    None,
}

/// Where the manifests are.
#[derive(Debug, Args)]
pub(crate) struct SourceArgs {
    /// Folder of the manifests; may be a bare repository together with --ref
    #[arg(long, value_name = "DIR", default_value = ".", help_heading = "Manifests")]
    pub(crate) dir: PathBuf,
    /// Read DIR as it is at this commit, out of git's object database, instead of its files
    #[arg(long = "ref", value_name = "REV", help_heading = "Manifests")]
    pub(crate) rev: Option<String>,
    /// Folder of the manifests inside the repository, when DIR is a bare one
    #[arg(long, value_name = "PATH", requires = "rev", help_heading = "Manifests")]
    pub(crate) path: Option<String>,
}

/// Where record and leases are.
#[derive(Debug, Args)]
pub(crate) struct StateArgs {
    /// Where record and leases are kept [default: the folder .leasehold at the top of the repository]
    #[arg(long, value_name = "URL", env = "LEASEHOLD_STATE", help_heading = "State and AWS")]
    pub(crate) state: Option<String>,
    /// Longest time to wait for AWS, in all
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = time_limit, help_heading = "State and AWS")]
    pub(crate) timeout: Ttl,
    #[command(flatten)]
    pub(crate) trust: HeadTrustArgs,
}

/// A count above zero. The parser of the type itself tells people of types.
fn at_least_one<N: FromStr<Err = ParseIntError>>(text: &str) -> Result<N, String> {
    text.parse().map_err(|error: ParseIntError| match error.kind() {
        IntErrorKind::Zero => "it must be 1 or more".to_owned(),
        IntErrorKind::PosOverflow => "that is too much".to_owned(),
        _ => "it is not a whole number".to_owned(),
    })
}

/// How much AWS may be asked.
#[derive(Debug, Args)]
pub(crate) struct CallsArgs {
    /// Make at most this many calls to AWS, retries included; what is left then is not known
    #[arg(long, value_name = "N", help_heading = "State and AWS", value_parser = at_least_one::<NonZeroU32>)]
    max_calls: Option<NonZeroU32>,
}

impl CallsArgs {
    pub(crate) fn max_calls(&self) -> Option<u32> {
        self.max_calls.map(NonZeroU32::get)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// For programs; versioned
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct ValidateArgs {
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    /// Form of the output
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    #[command(flatten)]
    pub(crate) state: StateArgs,
    #[command(flatten)]
    pub(crate) calls: CallsArgs,
    /// Plan this role and no other
    #[arg(long, value_name = "ROLE")]
    pub(crate) target: Option<String>,
    /// Tell what a pull request changes against this commit, and judge it by the Broker, Account and Waiver documents there as
    /// well as by its own
    #[arg(long, value_name = "REV", help_heading = "Manifests")]
    pub(crate) base: Option<String>,
    /// Say how many deletions are meant, when there are more than the limits allow
    #[arg(long, value_name = "N")]
    pub(crate) allow_deletes: Option<u32>,
    /// Save the plan, to be applied as it is
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Exit with 2 when there are changes to apply
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,
    /// Form of the output
    #[arg(long, default_value = "text", value_parser = plan_format())]
    pub(crate) format: &'static PlanFormat,
}

#[derive(Debug, Args)]
pub(crate) struct RenderArgs {
    /// A plan saved by plan --out; - reads standard input
    #[arg(value_name = "PLAN")]
    pub(crate) plan: PathBuf,
    /// Form of the output
    #[arg(long, default_value = "text", value_parser = plan_format())]
    pub(crate) format: &'static PlanFormat,
}

/// Reads the name of a form in which plans are shown.
fn plan_format() -> impl TypedValueParser<Value = &'static PlanFormat> {
    let names = plan_format::ALL.iter().map(|format| PossibleValue::new(format.name).help(format.help));
    PossibleValuesParser::new(names).try_map(|name| PlanFormat::find(&name).ok_or("there is no such format"))
}

#[derive(Debug, Args)]
pub(crate) struct ApplyArgs {
    /// A plan saved by plan --out: roles that changed in AWS since are left out
    #[arg(value_name = "PLAN", conflicts_with_all = ["expect_plan", "target"])]
    pub(crate) plan: Option<PathBuf>,
    /// Refuse unless the plan has this hash
    #[arg(long, value_name = "HASH")]
    pub(crate) expect_plan: Option<String>,
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    #[command(flatten)]
    pub(crate) state: StateArgs,
    #[command(flatten)]
    pub(crate) calls: CallsArgs,
    /// Apply this role and no other
    #[arg(long, value_name = "ROLE")]
    pub(crate) target: Option<String>,
    /// Say how many deletions are meant, when there are more than the limits allow
    #[arg(long, value_name = "N")]
    pub(crate) allow_deletes: Option<u32>,
    /// Do not ask
    #[arg(long)]
    pub(crate) auto_approve: bool,
    /// Apply the files as they are although they are not those of a commit; the record says so
    #[arg(long, conflicts_with = "rev")]
    pub(crate) allow_dirty: bool,
    /// Refuse unless the commit is signed with SSH by a key in this list: git's allowed-signers format, a file that no commit
    /// to the repository can change
    #[arg(long, value_name = "FILE", conflicts_with = "allow_dirty")]
    pub(crate) require_signed_by: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) signing: SigningArgs,
    /// Form of the output
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
#[command(after_help = "Exit code 8 when AWS drifted; what is pending in git is shown and is no drift.")]
pub(crate) struct DriftArgs {
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    #[command(flatten)]
    pub(crate) state: StateArgs,
    #[command(flatten)]
    pub(crate) calls: CallsArgs,
    /// Form of the output
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Of the identity that runs issue and exec
    Broker(PolicyArgs),
    /// Of the identity that runs plan, apply and drift; with --account, of the reader role there
    Reader(PolicyArgs),
    /// Of the identity that ends leases
    Sweeper(PolicyArgs),
    /// Of the identity that revokes leases, and denies sessions that are still alive
    Revoker(PolicyArgs),
    /// The trust policies of a role's targets
    Trust(TrustArgs),
    /// Of a state in S3: the bucket's policy, and what each identity needs there
    Store(PolicyStoreArgs),
}

const POLICY_OUTPUT: &str = "\
The policies go to standard output as IAM takes them, one after the other if there are several; what
to know about them goes to standard error. --format json has both in one document.";

#[derive(Debug, Args)]
#[command(after_help = POLICY_OUTPUT)]
pub(crate) struct PolicyArgs {
    /// Generate for this account [default: the broker's, and for trust every one that the role has a target in]
    #[arg(long, value_name = "ID")]
    pub(crate) account: Option<String>,
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    /// Form of the output
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
#[command(after_help = POLICY_OUTPUT)]
pub(crate) struct TrustArgs {
    /// The declared role
    #[arg(value_name = "ROLE")]
    pub(crate) role: String,
    #[command(flatten)]
    pub(crate) policy: PolicyArgs,
}

#[derive(Debug, Args)]
pub(crate) struct WhyArgs {
    /// The role's name
    #[arg(value_name = "ROLE")]
    pub(crate) role: String,
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    #[command(flatten)]
    pub(crate) state: StateArgs,
    #[command(flatten)]
    pub(crate) calls: CallsArgs,
    /// Form of the output
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
#[command(
    after_help = "The verdict is the answer: exit code 0 whatever it is. No AWS, no repository and no state are needed.\n\
                        The forms of both ends: leasehold schema simulation-request, leasehold schema simulation"
)]
pub(crate) struct SimulateArgs {
    /// The request as JSON: a file, or - for standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) request: PathBuf,
    /// Form of the output
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct RulesArgs {
    /// Form of the output
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// Code or name of a rule, like LH103
    #[arg(value_name = "RULE")]
    pub(crate) rule: String,
}

#[derive(Debug, Args)]
pub(crate) struct SchemaArgs {
    /// Which form
    #[arg(value_parser = PossibleValuesParser::new(SCHEMAS.iter().map(|(name, _)| *name)))]
    pub(crate) name: String,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// For this shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

fn ttl(text: &str) -> Result<Ttl, String> {
    Ttl::parse(text).map_err(|error| format!("`{}` {error}", leasehold::domain::text::escape(text)))
}

/// An identifier, or what is wrong with it.
fn ident<T>(text: &str, parse: fn(&str) -> Result<T, IdentError>) -> Result<T, String> {
    parse(text).map_err(|error| format!("`{}` {error}", leasehold::domain::text::escape(text)))
}

fn name(text: &str) -> Result<Name, String> {
    ident(text, Name::parse)
}

fn principal(text: &str) -> Result<BrokerPrincipal, String> {
    ident(text, BrokerPrincipal::parse)
}

fn role_arn(text: &str) -> Result<RoleArn, String> {
    ident(text, RoleArn::parse)
}

fn justification(text: &str) -> Result<Justification, String> {
    Justification::parse(text).ok_or_else(|| format!("a reason has 1 to {JUSTIFICATION_MAX} characters"))
}

/// A length of time that is no credential's life.
fn length(text: &str) -> Result<Ttl, String> {
    match Ttl::parse(text) {
        Err(TtlError::Zero) => {
            Err(format!("`{}` is zero: write a length such as `5m`", leasehold::domain::text::escape(text)))
        }
        _ => ttl(text),
    }
}

fn time_limit(text: &str) -> Result<Ttl, String> {
    match Ttl::parse(text) {
        Err(TtlError::Zero) => {
            Err("a time limit of zero leaves no time to ask AWS: write one such as `30s`".to_owned())
        }
        _ => ttl(text),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_well_formed() {
        super::Cli::command().debug_assert();
    }
}
