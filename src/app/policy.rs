//! `policy`: the least that each identity must be allowed, from the manifests alone.

use super::plan::{DECLARE_IT, no_such_role};
use super::{Failure, Meaning};
use crate::domain::credential::CredentialSpec;
use crate::domain::desired::Desired;
use crate::domain::ident::{AccountId, RoleArn};
use crate::domain::least_privilege::{self, Statement, documents};
use crate::domain::limits::{
    ATTACHED_POLICIES_DEFAULT_MAX, MANAGED_POLICY_MAX, TRUST_POLICY_DEFAULT_MAX, TRUST_POLICY_MAX,
};
use crate::domain::role::Role;
use crate::domain::text::short;
use crate::wire::policies_v1::{Document, FORMAT, Policy, PolicyDocument, Purpose};

/// Whose policy is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyOf<'a> {
    /// Who issues.
    Broker,
    /// Who plans, applies and looks for drift.
    Reader,
    /// Who ends leases.
    Sweeper,
    /// Who revokes leases, sessions among them.
    Revoker,
    /// The target roles of this declared role.
    Trust(&'a str),
}

/// Generates the policies. `account` is the one to generate for: the broker's when not said, and of a role every one
/// that it has a target in.
pub fn policy(desired: &Desired, of: PolicyOf<'_>, account: Option<&str>) -> Result<Document, Failure> {
    let account = account.map(parse).transpose()?;
    match of {
        PolicyOf::Broker => broker(desired, account),
        PolicyOf::Reader => Ok(reader(desired, account)),
        PolicyOf::Sweeper => Ok(identity(desired, Purpose::Sweeper, account, least_privilege::sweeper)),
        PolicyOf::Revoker => Ok(revoker(desired, account)),
        PolicyOf::Trust(role) => trust(desired, role, account.as_ref()),
    }
}

fn parse(text: &str) -> Result<AccountId, Failure> {
    AccountId::parse(text).map_err(|_| {
        Failure::new(Meaning::Usage, "bad-account", format!("`{}` is no account id", short(text, 80)))
            .help("--account wants its twelve digits")
    })
}

fn broker(desired: &Desired, account: Option<AccountId>) -> Result<Document, Failure> {
    let principal = &desired.broker.spec.principal;
    if let Some(account) = account.filter(|account| account != principal.account()) {
        let message = format!("the broker `{principal}` has no policy in account {account}");
        return Err(Failure::new(Meaning::Usage, "other-account", message)
            .because(format!("it lives in account {}", principal.account()))
            .help("leave --account out; `policy trust` prints what target roles of another account need"));
    }
    let mut document = identity(desired, Purpose::Broker, None, |desired, _| least_privilege::broker(desired));
    let roles = || desired.roles.iter().map(|role| &role.spec.credential);
    if roles().any(|spec| matches!(spec, CredentialSpec::FederationToken(_))) {
        document.notes.push(
            "a federation token is covered under the name that `issue` gives it; a name of its own (--session-name) is not"
                .to_owned(),
        );
    }
    if roles().any(|spec| matches!(spec, CredentialSpec::SessionToken(_))) {
        document.notes.push("session tokens need no permission, and no policy can withhold them".to_owned());
    }
    Ok(document)
}

fn reader(desired: &Desired, account: Option<AccountId>) -> Document {
    let mut document = identity(desired, Purpose::Reader, account, least_privilege::reader);
    let mut actions = document.policies.iter().flat_map(|it| &it.document.statement).flat_map(|it| &it.action);
    if !actions.any(|action| action == "iam:ListRoles") {
        document.notes.push(
            "if the broker's live policies let it assume more roles than are declared, by a wildcard for one, `plan` lists the roles of the account too: then allow iam:ListRoles on `*`, or narrow them to what `policy broker` prints"
                .to_owned(),
        );
    }
    document
}

fn revoker(desired: &Desired, account: Option<AccountId>) -> Document {
    let mut document = identity(desired, Purpose::Revoker, account, least_privilege::revoker);
    if !document.policies.is_empty() {
        document.notes.push(
            "iam:PutRolePolicy can give a target role any permission, and AWS cannot narrow it: give this to people, and the sweeper's policy to what runs by itself"
                .to_owned(),
        );
    }
    document
}

fn identity(
    desired: &Desired,
    purpose: Purpose,
    account: Option<AccountId>,
    generate: impl Fn(&Desired, &AccountId) -> Vec<Statement>,
) -> Document {
    let account = account.unwrap_or_else(|| desired.broker.spec.principal.account().clone());
    let word = match purpose {
        Purpose::Broker => "broker",
        Purpose::Reader => "reader",
        Purpose::Sweeper => "sweeper",
        Purpose::Revoker => "revoker",
        Purpose::Trust => "trust",
    };
    let name = format!("leasehold-{}-{word}", desired.broker.spec.deployment);
    let packed = documents(generate(desired, &account), MANAGED_POLICY_MAX);
    let mut notes = Vec::new();
    match packed.len() {
        0 => notes.push(format!("nothing is declared that the {word} would need a permission for in account {account}")),
        1 => {}
        parts => notes.push(format!(
            "a managed policy has at most {MANAGED_POLICY_MAX} characters, so this is split into {parts}: attach all of them"
        )),
    }
    if packed.len() > ATTACHED_POLICIES_DEFAULT_MAX {
        notes.push(format!(
            "AWS attaches {ATTACHED_POLICIES_DEFAULT_MAX} managed policies to one role or user unless it is asked for more"
        ));
    }
    if let Some(long) = packed.iter().find(|it| it.characters > MANAGED_POLICY_MAX) {
        let sid = long.statements.first().map_or("", |(sid, _)| sid.as_str());
        notes.push(format!(
            "the statement {sid} alone has {} characters, and cannot be split: AWS takes {MANAGED_POLICY_MAX}",
            long.characters
        ));
    }
    let alone = packed.len() == 1;
    let policies = packed.iter().enumerate().map(|(at, packed)| Policy {
        name: if alone { name.clone() } else { format!("{name}-{}", at + 1) },
        account: account.to_string(),
        role_arns: Vec::new(),
        characters: packed.characters as u64,
        limit: MANAGED_POLICY_MAX as u64,
        document: PolicyDocument::from(packed),
    });
    Document { format: FORMAT.to_owned(), purpose, policies: policies.collect(), notes }
}

fn trust(desired: &Desired, name: &str, account: Option<&AccountId>) -> Result<Document, Failure> {
    let role = declared(desired, name)?;
    let name = &role.spec.name;
    let refuse = |kind, message: String| Failure::new(Meaning::Usage, kind, message);
    if !matches!(role.spec.credential, CredentialSpec::AssumedRole(_)) {
        let kind = role.spec.credential.kind();
        return Err(refuse("no-target", format!("the role `{name}` is of type {kind}, which assumes no role"))
            .help("only an assumed_role has targets with a trust policy"));
    }
    let principal = desired.broker.spec.principal.as_str();
    if principal.contains(['*', '?']) {
        return Err(refuse("no-such-principal", format!("no trust policy can name the broker `{principal}`"))
            .because("AWS refuses a principal with `*` or `?` inside, also where they are part of its path")
            .help("give the broker a path without them"));
    }
    let all = role.spec.credential.role_arns();
    let mut targets: Vec<&RoleArn> = Vec::new();
    for arn in all.iter().filter(|arn| account.is_none_or(|account| arn.account() == account)) {
        if !targets.contains(&arn) {
            targets.push(arn);
        }
    }
    if targets.is_empty() {
        let message = match account {
            Some(account) => format!("the role `{name}` has no target in account {account}"),
            None => format!("the role `{name}` has no target that is a role ARN"),
        };
        return Err(refuse("no-target", message)
            .help(format!("it has: {}", all.iter().map(RoleArn::as_str).collect::<Vec<_>>().join(", "))));
    }
    let mut document =
        Document { format: FORMAT.to_owned(), purpose: Purpose::Trust, policies: Vec::new(), notes: Vec::new() };
    for target in targets {
        add_trust(desired, role, target, &mut document);
    }
    for Policy { role_arns, characters, .. } in &document.policies {
        if *characters > TRUST_POLICY_DEFAULT_MAX as u64 {
            let more = if *characters > TRUST_POLICY_MAX as u64 {
                format!("and {TRUST_POLICY_MAX} at most: it cannot be stored; declare fewer tags")
            } else {
                format!("and {TRUST_POLICY_MAX} at most, if it is asked for")
            };
            document.notes.push(format!(
                "the trust policy of {} has {characters} characters: AWS takes {TRUST_POLICY_DEFAULT_MAX}, {more}",
                role_arns.join(", ")
            ));
        }
    }
    Ok(document)
}

/// Adds the trust policy of one target: to one of the same text that is there already, if there is one.
fn add_trust(desired: &Desired, role: &Role, target: &RoleArn, document: &mut Document) {
    for packed in documents(least_privilege::trust(desired, target), usize::MAX) {
        let policy = PolicyDocument::from(&packed);
        match document.policies.iter_mut().find(|known| known.document == policy) {
            Some(known) => known.role_arns.push(target.to_string()),
            None => document.policies.push(Policy {
                name: format!("trust-{}", target.name()),
                account: target.account().to_string(),
                role_arns: vec![target.to_string()],
                characters: packed.characters as u64,
                limit: TRUST_POLICY_DEFAULT_MAX as u64,
                document: policy,
            }),
        }
    }
    let others = desired.roles.iter().filter(|other| other.spec.name != role.spec.name);
    let others = others.filter(|other| other.spec.credential.role_arns().contains(target));
    let others: Vec<&str> = others.map(|other| other.spec.name.as_str()).collect();
    if !others.is_empty() {
        document
            .notes
            .push(format!("{target} is a target of {} too: its trust policy lets all of them in", others.join(", ")));
    }
}

fn declared<'a>(desired: &'a Desired, name: &str) -> Result<&'a Role, Failure> {
    desired.roles.iter().find(|role| role.spec.name.as_str() == name).ok_or_else(|| {
        no_such_role(name, "declared", desired.roles.iter().map(|role| role.spec.name.as_str()), DECLARE_IT)
    })
}
