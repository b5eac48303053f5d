use std::collections::{BTreeMap, BTreeSet};

use crate::domain::credential::{CredentialSpec, PolicySpec};
use crate::domain::desired::Desired;
use crate::domain::ident::{AccountId, Arn, BrokerPrincipal, Name, RoleArn};
use crate::domain::record::Record;

/// What one plan has to know of AWS: decided here, read by an adapter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The principal that issues: its own policies, boundary and tags.
    pub broker: BrokerPrincipal,
    /// By account; the broker's own is always there.
    pub accounts: BTreeMap<AccountId, WantedAccount>,
}

/// What to read in one account.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WantedAccount {
    /// The role to assume for it; `None` when the caller's own account is meant, or when nothing says how.
    pub reader: Option<Reader>,
    /// Declared and recorded roles.
    pub roles: BTreeSet<RoleArn>,
    /// Declared managed policies and boundaries. AWS's own stand with the broker's account: every account has them.
    pub policies: BTreeSet<Arn>,
    /// Declared groups, by name.
    pub groups: BTreeSet<String>,
    /// Whether quotas matter: IAM users are made here.
    pub summary: bool,
}

/// How to get into another account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    /// The role to assume.
    pub role_arn: RoleArn,
    /// `ExternalId` to pass.
    pub external_id: Option<String>,
}

impl Wanted {
    /// Everything the plan of this set judges; of the roles, `target` alone if there is one.
    #[must_use]
    pub fn of(desired: &Desired, record: Option<&Record>, target: Option<&Name>) -> Self {
        let broker = desired.broker.spec.principal.clone();
        let mut accounts = BTreeMap::from([(broker.account().clone(), WantedAccount::default())]);
        let concerns = |name: &Name| target.is_none_or(|target| target == name);
        for role in desired.roles.iter().filter(|role| concerns(&role.spec.name)) {
            for arn in role.spec.credential.role_arns() {
                account(&mut accounts, arn.account()).roles.insert(arn.clone());
            }
            want_policies(&mut accounts, broker.account(), &role.spec.credential);
        }
        let recorded = record.into_iter().flat_map(|record| &record.snapshot.roles);
        for (_, applied) in recorded.filter(|(name, _)| concerns(name)) {
            for arn in applied.facts.keys() {
                account(&mut accounts, arn.account()).roles.insert(arn.clone());
            }
        }
        for declared in &desired.accounts {
            let Some(wanted) = accounts.get_mut(&declared.id.value) else { continue };
            wanted.reader = declared
                .reader_role_arn
                .as_ref()
                .map(|arn| Reader { role_arn: arn.value.clone(), external_id: declared.external_id.clone() });
        }
        Self { broker, accounts }
    }

    /// Every declared and recorded role.
    pub fn roles(&self) -> impl Iterator<Item = &RoleArn> {
        self.accounts.values().flat_map(|account| &account.roles)
    }
}

fn account<'a>(accounts: &'a mut BTreeMap<AccountId, WantedAccount>, id: &AccountId) -> &'a mut WantedAccount {
    accounts.entry(id.clone()).or_default()
}

/// Session policies must live in the account of the role or user that they narrow; those of users in the broker's.
fn want_policies(accounts: &mut BTreeMap<AccountId, WantedAccount>, own: &AccountId, credential: &CredentialSpec) {
    let (policy, boundary): (&PolicySpec, Option<&Arn>) = match credential {
        CredentialSpec::AssumedRole(spec) => (&spec.policy, None),
        CredentialSpec::FederationToken(spec) => (&spec.policy, None),
        CredentialSpec::IamUser(spec) => (&spec.policy, spec.permissions_boundary_arn.as_ref()),
        CredentialSpec::SessionToken(_) => return,
    };
    for arn in policy.arns.iter().chain(boundary) {
        let home = AccountId::parse(arn.account()).unwrap_or_else(|_| own.clone());
        account(accounts, &home).policies.insert(arn.clone());
    }
    let homes: BTreeSet<&AccountId> = match credential {
        CredentialSpec::AssumedRole(spec) => spec.role_arns.iter().map(RoleArn::account).collect(),
        CredentialSpec::FederationToken(_) | CredentialSpec::IamUser(_) | CredentialSpec::SessionToken(_) => {
            BTreeSet::from([own])
        }
    };
    for home in homes {
        account(accounts, home).groups.extend(policy.groups.iter().cloned());
    }
    if matches!(credential, CredentialSpec::IamUser(_)) {
        account(accounts, own).summary = true;
    }
}
