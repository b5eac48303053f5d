//! How a use case that ends leases reaches IAM: it learns of accounts only on the way.

use std::future::Future;

use super::{Failure, Meaning};
use crate::domain::desired::BrokerSpec;
use crate::domain::ident::AccountId;
use crate::domain::world::CallerIdentity;
use crate::ports::{IamUsers, RolePolicies};

/// Connections to IAM, made when they are needed.
pub trait IamAccess {
    /// Users of the broker's account.
    type Users: IamUsers;
    /// Roles of one account.
    type Roles: RolePolicies;

    /// Connects to the broker's account, and tells as whom.
    fn users(&self, broker: &BrokerSpec) -> impl Future<Output = Result<(CallerIdentity, Self::Users), Failure>>;

    /// Connects to the account of target roles, and tells as whom.
    fn roles(
        &self,
        broker: &BrokerSpec,
        account: &AccountId,
    ) -> impl Future<Output = Result<(CallerIdentity, Self::Roles), Failure>>;
}

/// The users of the broker's account. In another account every user would be absent, and every lease be believed ended.
pub(super) async fn users_of<A: IamAccess>(access: &A, broker: &BrokerSpec) -> Result<A::Users, Failure> {
    let (identity, users) = access.users(broker).await?;
    right_account(
        &identity,
        broker.principal.account(),
        "give the credentials of an identity in the broker's account",
    )?;
    Ok(users)
}

/// The roles of this account. IAM knows a role by its name alone: in another account it would be another role.
pub(super) async fn roles_of<A: IamAccess>(
    access: &A,
    broker: &BrokerSpec,
    account: &AccountId,
) -> Result<A::Roles, Failure> {
    let (identity, roles) = access.roles(broker, account).await?;
    right_account(&identity, account, "name a role of that account to go through: --via ARN")?;
    Ok(roles)
}

fn right_account(identity: &CallerIdentity, wanted: &AccountId, help: &str) -> Result<(), Failure> {
    if identity.account == *wanted {
        return Ok(());
    }
    Err(Failure::new(
        Meaning::Failed,
        "wrong-account",
        format!("{} is of account {}, and the leases are of account {wanted}", identity.arn, identity.account),
    )
    .because("nothing was asked of IAM there: what is not in one account may well be in the other")
    .help(help))
}
