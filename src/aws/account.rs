//! Everything that is wanted of one account.

use super::entry::Entered;
use super::roles::{self, OneRole, Roles};
use super::{groups, policies, summary};
use crate::domain::ident::{Arn, RoleArn};
use crate::domain::world::{Fact, LiveAccount, LiveRole, Unknown, WantedAccount, not_read};

/// What was read in one account.
pub(super) struct Account {
    pub(super) live: LiveAccount,
    pub(super) roles: Vec<(RoleArn, Fact<LiveRole>)>,
    pub(super) policies: Vec<(Arn, Fact<String>)>,
    pub(super) groups: Vec<(String, Fact<String>)>,
}

impl Account {
    /// Reads it, the roles first: they are what a plan is about. With `list`, every role of the account as well.
    pub(super) async fn read(entered: Entered, wanted: WantedAccount, list: bool, broker: OneRole) -> Self {
        let Entered { iam, arn } = entered;
        let WantedAccount { reader: _, roles, policies, groups, summary } = wanted;
        let Roles { facts, all } = roles::read(&iam, &roles, list, &broker).await;
        let policies = policies::read(&iam, &policies).await;
        let groups = groups::read(&iam, &groups).await;
        let summary = if summary { summary::read(&iam).await } else { not_read() };
        Self { live: LiveAccount { reader: Fact::Present(arn), roles: all, summary }, roles: facts, policies, groups }
    }

    /// Of which nothing can be read, all for this reason.
    pub(super) fn closed(wanted: WantedAccount, unknown: &Unknown) -> Self {
        let WantedAccount { reader: _, roles, policies, groups, summary: _ } = wanted;
        let why = || unknown.clone();
        Self {
            live: LiveAccount {
                reader: Fact::Unknown(why()),
                roles: Fact::Unknown(why()),
                summary: Fact::Unknown(why()),
            },
            roles: roles.into_iter().map(|arn| (arn, Fact::Unknown(why()))).collect(),
            policies: policies.into_iter().map(|arn| (arn, Fact::Unknown(why()))).collect(),
            groups: groups.into_iter().map(|name| (name, Fact::Unknown(why()))).collect(),
        }
    }
}
