use super::broker::user_roles;
use super::calls::{Scope, Task, actions};
use super::names::{groups, literal, prefix, targets};
use super::statement::Statement;
use crate::domain::credential::{CredentialSpec, PolicySpec};
use crate::domain::desired::Desired;
use crate::domain::ident::{AccountId, Arn, BrokerPrincipal};
use crate::domain::world::calls::{GET_POLICY_LIMIT, GET_ROLE_LIMIT};

/// What reading one account for `plan`, `apply` and `drift` takes, and nothing else.
///
/// In the broker's account that is the identity that the commands start as: it also reads the broker's own policies, and
/// assumes the `reader_role_arn` of each account. In another account it is that role.
///
/// Of the broker only its ARN is declared. Its groups and managed policies are known to AWS alone, so they are read
/// whatever their names. A single role may be planned alone, which reads it by itself however many are declared.
#[must_use]
pub fn reader(desired: &Desired, account: &AccountId) -> Vec<Statement> {
    let broker = &desired.broker.spec;
    let at_home = account == broker.principal.account();
    let everything = || vec!["*".to_owned()];
    let targets = targets(desired, account);
    let mut distinct = targets.clone();
    distinct.sort();
    distinct.dedup();
    let many = distinct.len() > GET_ROLE_LIMIT;
    let mut statements = vec![
        Statement::on("ReadTargets", actions(Task::ReadTargets, Scope::Targets), targets),
        many.then(|| Statement::on("ListRoles", actions(Task::ReadManyTargets, Scope::Everything), everything()))
            .flatten(),
    ];
    let policy_actions = actions(Task::ReadPolicies, Scope::Policies);
    if at_home {
        let own = literal(broker.principal.as_str());
        match &broker.principal {
            BrokerPrincipal::Role(_) => {
                statements.push(Statement::on("ReadBroker", actions(Task::ReadBrokerRole, Scope::Broker), [own]));
            }
            BrokerPrincipal::User(_) => {
                statements.push(Statement::on("ReadBroker", actions(Task::ReadBrokerUser, Scope::Broker), [own]));
                let any = format!("{}group/*", prefix(broker, "iam"));
                statements.push(Statement::on(
                    "ReadBrokerGroups",
                    actions(Task::ReadBrokerUser, Scope::AnyGroup),
                    [any],
                ));
            }
        }
        let any = [
            format!("{}policy/*", prefix(broker, "iam")),
            format!("arn:{}:iam::aws:policy/*", broker.principal.partition()),
        ];
        statements.push(Statement::on("ReadPolicies", policy_actions, any));
        if user_roles(desired).next().is_some() {
            statements.push(Statement::on("ReadQuotas", actions(Task::ReadQuotas, Scope::Everything), everything()));
        }
        let readers = desired.accounts.iter().filter_map(|account| account.reader_role_arn.as_ref());
        let readers = readers.map(|arn| literal(arn.value.as_str()));
        statements.push(Statement::on("AssumeReaders", actions(Task::ReadOtherAccounts, Scope::Readers), readers));
    } else {
        let arns = policies(desired, account).flat_map(|policy| &policy.arns).map(|arn| literal(arn.as_str()));
        statements.push(Statement::on("ReadPolicies", policy_actions, arns));
    }
    let mut declared: Vec<&Arn> = policies(desired, account).flat_map(|policy| &policy.arns).collect();
    declared.extend(boundaries(desired).filter(|_| at_home));
    declared.sort_unstable();
    declared.dedup();
    if declared.len() > GET_POLICY_LIMIT {
        let actions = actions(Task::ReadManyPolicies, Scope::Everything);
        statements.push(Statement::on("ListPolicies", actions, everything()));
    }
    let names = policies(desired, account).flat_map(|policy| &policy.groups);
    let groups = groups(broker.principal.partition(), account, names);
    statements.push(Statement::on("ReadGroups", actions(Task::ReadGroups, Scope::Groups), groups));
    statements.into_iter().flatten().collect()
}

fn boundaries(desired: &Desired) -> impl Iterator<Item = &Arn> {
    desired.roles.iter().filter_map(|role| match &role.spec.credential {
        CredentialSpec::IamUser(spec) => spec.permissions_boundary_arn.as_ref(),
        CredentialSpec::AssumedRole(_) | CredentialSpec::FederationToken(_) | CredentialSpec::SessionToken(_) => None,
    })
}

/// What is declared of policies for credentials of this account: of a session, the target role's; else the broker's.
fn policies<'a>(desired: &'a Desired, account: &'a AccountId) -> impl Iterator<Item = &'a PolicySpec> {
    let at_home = account == desired.broker.spec.principal.account();
    desired.roles.iter().filter_map(move |role| match &role.spec.credential {
        CredentialSpec::AssumedRole(spec) => {
            spec.role_arns.iter().any(|arn| arn.account() == account).then_some(&spec.policy)
        }
        CredentialSpec::IamUser(spec) => at_home.then_some(&spec.policy),
        CredentialSpec::FederationToken(spec) => at_home.then_some(&spec.policy),
        CredentialSpec::SessionToken(_) => None,
    })
}
