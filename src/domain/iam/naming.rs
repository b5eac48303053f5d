//! Whether the principal of a statement is the caller.

use super::decision::Open;
use super::judge::Side;
use super::pattern::wildcard_match;
use super::principal::Principal;
use super::request::{Caller, Request};
use super::statement::{Effect, Selector, Statement};

/// How a principal names the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Via {
    /// By its account, which must let it too.
    Account,
    /// Itself, or everyone.
    Direct,
}

/// Whether and how a statement names the caller.
pub(super) enum Named {
    No,
    Yes(Via),
    Maybe(Via, Open),
}

/// Asks the principal of one statement.
pub(super) fn principal(statement: &Statement, request: &Request<'_>, side: Side) -> Named {
    let entries = match &statement.principal {
        None if side == Side::Identity => return Named::Yes(Via::Direct),
        Some(_) if side == Side::Identity => {
            return match statement.effect {
                Effect::Allow => Named::No,
                Effect::Deny => maybe(String::new(), "an identity policy may not name one"),
            };
        }
        Some(Selector::Only(entries)) => entries,
        Some(Selector::Except(_)) => {
            return maybe(String::new(), "NotPrincipal has no defined meaning in a trust policy");
        }
        None => return maybe(String::new(), "a trust policy's statement must have one"),
    };
    let mut best = Named::No;
    for entry in entries {
        match (&best, named(entry, statement.effect, &request.caller)) {
            (_, Named::Yes(Via::Direct)) => return Named::Yes(Via::Direct),
            (_, yes @ Named::Yes(_)) => best = yes,
            (Named::No, open @ Named::Maybe(..)) => best = open,
            _ => {}
        }
    }
    match best {
        Named::Yes(Via::Account)
            if side == Side::Trust && statement.effect == Effect::Allow && assumes_itself(request) =>
        {
            let why = "a role that assumes itself must be trusted explicitly";
            Named::Maybe(Via::Account, Open::Principal { written: request.caller.account.to_owned(), why })
        }
        best => best,
    }
}

fn assumes_itself(request: &Request<'_>) -> bool {
    request.resource == Some(request.caller.principal_arn) && request.action.eq_ignore_ascii_case("sts:AssumeRole")
}

fn maybe(written: String, why: &'static str) -> Named {
    Named::Maybe(Via::Direct, Open::Principal { written, why })
}

fn named(entry: &Principal, effect: Effect, caller: &Caller<'_>) -> Named {
    let direct = |matches: bool| if matches { Named::Yes(Via::Direct) } else { Named::No };
    // What AWS refuses to store matches nobody, but a Deny that may have meant the caller is not waved through.
    let refused = |text: &str, meant: bool| match effect {
        Effect::Deny if meant => maybe(text.to_owned(), "AWS refuses such a principal"),
        Effect::Deny | Effect::Allow => Named::No,
    };
    match entry {
        Principal::Anyone => Named::Yes(Via::Direct),
        Principal::Account { account, .. } if account != caller.account => Named::No,
        Principal::Account { partition, .. } => match partition.as_deref() {
            Some("aws") | None if caller.partition == "aws" => Named::Yes(Via::Account),
            // The two forms have one canonical form, so both must say the same here.
            Some("aws") | None => {
                let why = "an account id does not tell its partition";
                Named::Maybe(Via::Account, Open::Principal { written: entry.text(), why })
            }
            Some(partition) if partition == caller.partition => Named::Yes(Via::Account),
            Some(_) => Named::No,
        },
        Principal::Role(arn) | Principal::User(arn) => direct(arn == caller.principal_arn),
        Principal::Session { arn, stem } => match caller.session_arn {
            Some(session) => direct(arn == session),
            None if is_role_of_session(&arn[..*stem], caller) => maybe(arn.clone(), "the session's name is not known"),
            None => Named::No,
        },
        Principal::UniqueId(id) => match caller.unique_id {
            Some(known) => direct(id == known),
            None => {
                let kind = caller.kind_and_name().map(|(kind, _)| kind);
                let other_kind = matches!((kind, id.starts_with("AROA")), (Some("role"), false) | (Some("user"), true));
                if other_kind { Named::No } else { maybe(id.clone(), "the caller's unique id is not known") }
            }
        },
        Principal::Wildcard(text) => {
            let meant = |arn: &str| wildcard_match(text, arn, false);
            refused(text, meant(caller.principal_arn) || caller.session_arn.is_some_and(meant))
        }
        Principal::Unrecognized(text) => refused(text, true),
        Principal::FederatedUser(arn) => {
            direct(arn == caller.principal_arn || Some(arn.as_str()) == caller.session_arn)
        }
        Principal::Service(_) | Principal::Federated(_) | Principal::CanonicalUser(_) => Named::No,
    }
}

/// Whether `stem` (`arn:<partition>:sts::<account>:assumed-role/<role>/`) is that of the caller's sessions. A session's
/// ARN has the role's name without its path.
fn is_role_of_session(stem: &str, caller: &Caller<'_>) -> bool {
    let Some(("role", name)) = caller.kind_and_name() else { return false };
    let mut parts = stem.splitn(6, ':').skip(1);
    let (partition, account, resource) = (parts.next(), parts.nth(2), parts.next());
    partition == Some(caller.partition)
        && account == Some(caller.account)
        && resource.and_then(|it| it.strip_prefix("assumed-role/")).and_then(|it| it.strip_suffix('/')) == Some(name)
}
