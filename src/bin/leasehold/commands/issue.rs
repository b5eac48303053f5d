use leasehold::app::{AppError, IssueRequest, IssuedLease, issue};
use leasehold::domain::secret::Secret;
use leasehold::domain::text::escape;
use leasehold::output::text;
use leasehold::ports::Clock as _;
use leasehold::wire::credentials_v1::{self, HandOver};
use leasehold::wire::lease_v1;

use crate::args::{CredentialFormat, IssueArgs, LeaseRequestArgs};
use crate::exit;
use crate::system::{self, RandomIds, SystemClock};
use crate::terminal::{Terminal, eprint, hand_over, print, refuse_closed_output};
use crate::wire_up;

pub(crate) async fn run(args: IssueArgs, terminal: Terminal) -> Result<u8, AppError> {
    refuse_closed_output()?;
    let issued = Box::pin(issue_one(args.request)).await?;
    let now = SystemClock.now();
    if terminal.out_is_person() && !args.show {
        let lease = lease_v1::Lease::new(&issued.lease, now);
        print(|out| text::credential_summary(&lease, &terminal.out_style(), out))?;
        return Ok(exit::FINE);
    }
    let handed = HandOver {
        lease: &issued.lease,
        credentials: &issued.credentials,
        request_id: issued.request_id.as_str(),
        now,
    };
    let lost = || format!("the credential was dropped; its lease is {}", issued.lease.path());
    hand_over(lost, |out| match args.format {
        CredentialFormat::Json => credentials_v1::write_vault(handed, out),
        CredentialFormat::CredentialProcess => credentials_v1::write_credential_process(handed, out),
        CredentialFormat::Env => credentials_v1::write_env(handed, out),
    })?;
    Ok(exit::FINE)
}

/// Issues one credential and tells the notes that came with it.
pub(crate) async fn issue_one(args: LeaseRequestArgs) -> Result<IssuedLease, AppError> {
    let store = wire_up::state(&args.state, &args.dir).await?;
    let timeout = args.state.timeout;
    let request = IssueRequest {
        role: args.role,
        ttl: args.ttl,
        role_arn: args.role_arn,
        session_name: args.session_name,
        clamp: args.clamp,
        // A variable that is set to nothing is how many a pipeline leaves one out.
        token_code: args.mfa_code.filter(|code| !code.0.is_empty()).map(|code| Secret::new(code.0)),
        deadline: timeout.duration(),
        wait: args.wait.0,
    };
    let mut who = system::who();
    who.justification = args.reason;
    let connect = async |region: &str| wire_up::broker(&store, region, timeout).await;
    let issued = Box::pin(issue(&store, connect, &SystemClock, &RandomIds, &who, request)).await?;
    for note in &issued.notes {
        eprint(|out| writeln!(out, "note: {}", escape(note)));
    }
    Ok(issued)
}
