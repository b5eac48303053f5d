use leasehold::app::{self, AppError, PolicyOf};
use leasehold::domain::least_privilege::StorePolicy;
use leasehold::domain::text::escape;
use leasehold::wire::policies_v1::Document;

use crate::args::{Format, PolicyArgs, PolicyCommand, PolicyStoreArgs, Whose};
use crate::exit;
use crate::terminal::{eprint, print};
use crate::wire_up::{self, Prefer};

pub(crate) fn run(command: &PolicyCommand) -> Result<u8, AppError> {
    match command {
        PolicyCommand::Broker(args) => generate(args, PolicyOf::Broker),
        PolicyCommand::Reader(args) => generate(args, PolicyOf::Reader),
        PolicyCommand::Sweeper(args) => generate(args, PolicyOf::Sweeper),
        PolicyCommand::Revoker(args) => generate(args, PolicyOf::Revoker),
        PolicyCommand::Trust(args) => generate(&args.policy, PolicyOf::Trust(&args.role)),
        PolicyCommand::Store(args) => store(args),
    }
}

fn generate(args: &PolicyArgs, of: PolicyOf<'_>) -> Result<u8, AppError> {
    let manifests = wire_up::manifests(&args.source, Prefer::CommitInCi, false)?;
    let desired = wire_up::validate(&args.source, &manifests)?;
    let document = app::policy(&desired, of, args.account.as_deref())?;
    print(|out| match args.format {
        Format::Json => out.write_all(document.to_json().as_bytes()),
        Format::Text => {
            document.policies.iter().try_for_each(|policy| out.write_all(policy.document.to_json().as_bytes()))
        }
    })?;
    if args.format == Format::Text {
        tell(&document);
    }
    Ok(exit::FINE)
}

fn store(args: &PolicyStoreArgs) -> Result<u8, AppError> {
    let place = wire_up::state_place(&args.state)?;
    let whose = match args.whose {
        Whose::Bucket => StorePolicy::Bucket,
        Whose::Plan => StorePolicy::Plan,
        Whose::Apply => StorePolicy::Apply,
        Whose::Issue => StorePolicy::Issue,
        Whose::Sweep => StorePolicy::Sweep,
    };
    let (policy, notes) = app::store_policy(whose, &place);
    print(|out| out.write_all(policy.as_bytes()))?;
    for note in &notes {
        eprint(|out| writeln!(out, "note: {}", escape(note)));
    }
    Ok(exit::FINE)
}

/// What goes with the policies goes to standard error: standard output is for IAM.
fn tell(document: &Document) {
    let several = document.policies.len() > 1;
    for (at, policy) in
        document.policies.iter().enumerate().filter(|(_, policy)| several || !policy.role_arns.is_empty())
    {
        let whose = if policy.role_arns.is_empty() { policy.name.clone() } else { policy.role_arns.join(", ") };
        let number = if several { format!("{}. ", at + 1) } else { String::new() };
        eprint(|out| writeln!(out, "{number}{}: {} of {} characters", escape(&whose), policy.characters, policy.limit));
    }
    for note in &document.notes {
        eprint(|out| writeln!(out, "note: {}", escape(note)));
    }
}
