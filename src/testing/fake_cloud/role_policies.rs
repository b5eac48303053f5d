//! IAM's side of the inline policies of roles.

use std::collections::BTreeMap;

use super::refusals::{ROLE_POLICIES_MAX, characters, check_policy, no_such};
use super::{FakeCloud, Inner, error};
use crate::domain::Timestamp;
use crate::domain::ident::RoleArn;
use crate::ports::{Clock, CloudError, CloudErrorKind, Removal, RolePolicies};

impl<C: Clock> FakeCloud<C> {
    /// The inline policies of a role as they are, whatever readers know: JSON texts by name.
    pub fn inline_policies(&self, role: &RoleArn) -> BTreeMap<String, String> {
        let inner = self.lock();
        inner.role_policies.get(&key(role)).map(super::History::truth).unwrap_or_default()
    }

    /// Gives a role an inline policy as somebody else would, known to everybody at once.
    pub fn put_inline_policy(&self, role: &RoleArn, policy: &str, document: &str) {
        let now = self.clock.now();
        let mut inner = self.lock();
        let history = inner.role_policies.entry(key(role)).or_default();
        let mut policies = history.truth();
        policies.insert(policy.to_owned(), document.to_owned());
        history.plant(now, policies);
    }
}

fn key(role: &RoleArn) -> String {
    role.as_str().to_ascii_lowercase()
}

impl Inner {
    /// The role's policies as a read of now is served them; `None` without the role.
    fn seen_policies(&mut self, role: &RoleArn, now: Timestamp) -> Option<BTreeMap<String, String>> {
        if !self.roles.contains_key(&key(role)) {
            return None;
        }
        let Self { role_policies, lags, .. } = self;
        Some(role_policies.get(&key(role)).map(|history| history.seen(now, lags)).unwrap_or_default())
    }

    fn change_policies(&mut self, role: &RoleArn, now: Timestamp, change: impl FnOnce(&mut BTreeMap<String, String>)) {
        let Self { role_policies, lags, .. } = self;
        let history = role_policies.entry(key(role)).or_default();
        let mut policies = history.truth();
        change(&mut policies);
        history.write(now, lags, policies);
    }
}

impl<C: Clock + Sync + Send> RolePolicies for FakeCloud<C> {
    async fn role_policies(&self, role: &RoleArn) -> Result<Option<Vec<String>>, CloudError> {
        self.act("iam:ListRolePolicies", |inner, now| {
            Ok(inner.seen_policies(role, now).map(|policies| policies.into_keys().collect()))
        })
    }

    async fn role_policy(&self, role: &RoleArn, policy: &str) -> Result<Option<String>, CloudError> {
        self.act("iam:GetRolePolicy", |inner, now| {
            Ok(inner.seen_policies(role, now).and_then(|mut policies| policies.remove(policy)))
        })
    }

    async fn put_role_policy(&self, role: &RoleArn, policy: &str, document: &str) -> Result<(), CloudError> {
        const OPERATION: &str = "iam:PutRolePolicy";
        self.act(OPERATION, |inner, now| {
            if !inner.roles.contains_key(&key(role)) {
                let message = format!("The role with name {} cannot be found.", role.name());
                return Err(no_such(OPERATION, &message));
            }
            if role.path().starts_with("/aws-service-role/") {
                let message = format!("Cannot perform the operation on the protected role '{}'", role.name());
                return Err(error(OPERATION, CloudErrorKind::Refused, Some("UnmodifiableEntity"), &message));
            }
            check_policy(OPERATION, policy, document)?;
            let mut all = inner.role_policies.get(&key(role)).map(super::History::truth).unwrap_or_default();
            all.insert(policy.to_owned(), document.to_owned());
            if characters(&all) > ROLE_POLICIES_MAX {
                let message =
                    format!("Maximum policy size of {ROLE_POLICIES_MAX} bytes exceeded for role {}", role.name());
                return Err(error(OPERATION, CloudErrorKind::Refused, Some("LimitExceeded"), &message));
            }
            inner.change_policies(role, now, |policies| *policies = all);
            Ok(())
        })
    }

    async fn delete_role_policy(&self, role: &RoleArn, policy: &str) -> Result<Removal, CloudError> {
        self.act("iam:DeleteRolePolicy", |inner, now| {
            let seen = inner.seen_policies(role, now).is_some_and(|policies| policies.contains_key(policy));
            let there = inner.role_policies.get(&key(role)).is_some_and(|history| history.truth().contains_key(policy));
            if !(seen && there) {
                return Ok(Removal::Absent);
            }
            inner.change_policies(role, now, |policies| drop(policies.remove(policy)));
            Ok(Removal::Done)
        })
    }
}
