//! How a use case that ends leases reaches IAM: it learns of accounts only on the way.

use std::future::Future;

use super::Failure;
use crate::domain::desired::BrokerSpec;
use crate::domain::ident::AccountId;
use crate::ports::{IamUsers, RolePolicies};

/// Connections to IAM, made when they are needed.
pub trait IamAccess {
    /// Users of the broker's account.
    type Users: IamUsers;
    /// Roles of one account.
    type Roles: RolePolicies;

    /// Connects to the broker's account.
    fn users(&self, broker: &BrokerSpec) -> impl Future<Output = Result<Self::Users, Failure>>;

    /// Connects to the account of target roles.
    fn roles(&self, broker: &BrokerSpec, account: &AccountId) -> impl Future<Output = Result<Self::Roles, Failure>>;
}
