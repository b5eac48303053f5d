use std::collections::{BTreeMap, BTreeSet};

use super::{Fact, not_read};
use crate::domain::ident::RoleArn;

/// One account, seen through whoever may read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveAccount {
    /// ARN of the principal that read it: the caller, or the session of the Account document's reader role (hostile).
    pub reader: Fact<String>,
    /// Every role of the account; known only when the whole list was read.
    pub roles: Fact<BTreeSet<RoleArn>>,
    /// `iam:GetAccountSummary`: `Users`, `UsersQuota`, `GroupsPerUserQuota`, `AssumeRolePolicySizeQuota`, ….
    pub summary: Fact<BTreeMap<String, u64>>,
}

impl Default for LiveAccount {
    /// Of which nothing was read.
    fn default() -> Self {
        Self { reader: not_read(), roles: not_read(), summary: not_read() }
    }
}
