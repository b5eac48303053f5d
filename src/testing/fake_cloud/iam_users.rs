//! IAM's side of the life of a user.

use std::collections::BTreeMap;

use super::refusals::{check_policy, no_such, no_user};
use super::users::{FakeKey, FakeUser, LOGIN_PROFILE, is_virtual, whole_second};
use super::weather::lost;
use super::{CANARY_SECRET, FakeCloud, Inner};
use crate::domain::Timestamp;
use crate::domain::secret::{Credentials, Secret};
use crate::domain::world::CallerIdentity;
use crate::ports::{Attachment, Clock, CloudError, IamUsers, ListedUser, LiveUser, Made, NewUser, Removal};

/// Users of an account that nobody says otherwise of.
const USERS_MAX: u64 = 5_000;

impl<C: Clock> FakeCloud<C> {
    /// Makes one call: counted, gone wrong if it is told to, with its effect on the world.
    pub(super) fn act<T>(
        &self,
        operation: &'static str,
        effect: impl FnOnce(&mut Inner, Timestamp) -> Result<T, CloudError>,
    ) -> Result<T, CloudError> {
        let lose = self.begin(operation)?;
        let now = self.clock.now();
        let told = effect(&mut self.lock(), now);
        if lose { Err(lost(operation)) } else { told }
    }

    /// Builds a user up.
    fn build(
        &self,
        operation: &'static str,
        name: &str,
        change: impl FnOnce(&mut Inner, Timestamp, &mut FakeUser) -> Result<(), CloudError>,
    ) -> Result<(), CloudError> {
        self.act(operation, |inner, now| {
            if inner.lags.outlasts_patience() && inner.seen_user(name, now).is_none() {
                return Err(no_user(operation, name));
            }
            let mut user = inner.true_user(name).ok_or_else(|| no_user(operation, name))?;
            change(inner, now, &mut user)?;
            inner.write_user(name, now, Some(user));
            Ok(())
        })
    }

    /// Changes something that hangs on a user, if both the user as it is and the one that the call is served have it.
    fn change_attached(
        &self,
        operation: &'static str,
        name: &str,
        (kind, id): (Attachment, &str),
        change: impl FnOnce(&mut FakeUser),
    ) -> Result<Removal, CloudError> {
        self.act(operation, |inner, now| {
            let seen = inner.seen_user(name, now).is_some_and(|user| user.has(kind, id));
            match inner.true_user(name).filter(|user| seen && user.has(kind, id)) {
                None => Ok(Removal::Absent),
                Some(mut user) => {
                    change(&mut user);
                    inner.write_user(name, now, Some(user));
                    Ok(Removal::Done)
                }
            }
        })
    }
}

impl<C: Clock + Sync + Send> IamUsers for FakeCloud<C> {
    async fn create_user(&self, user: &NewUser) -> Result<Made, CloudError> {
        const OPERATION: &str = "iam:CreateUser";
        self.act(OPERATION, |inner, now| {
            let summary = inner.summaries.get(self.broker.account());
            let told = |name: &str| summary.and_then(|summary| summary.get(name)).copied();
            // Users that the summary counts and nobody planted take their room.
            let others = told("Users").unwrap_or_default();
            let most = told("UsersQuota").unwrap_or(USERS_MAX).saturating_sub(others);
            let taken = inner.true_user(&user.name).is_some();
            let most = usize::try_from(most).unwrap_or(usize::MAX);
            if taken {
                return Ok(Made::Already);
            }
            inner.check_new(OPERATION, user, most)?;
            let live = LiveUser {
                name: user.name.clone(),
                path: user.path.clone(),
                arn: self.user_arn(&user.path, &user.name),
                user_id: inner.next_user_id(),
                tags: user.tags.clone(),
                created_at: whole_second(now),
            };
            let made = FakeUser {
                live: live.clone(),
                permissions_boundary: user.permissions_boundary.clone(),
                keys: BTreeMap::new(),
                inline: BTreeMap::new(),
                others: BTreeMap::new(),
            };
            inner.write_user(&user.name, now, Some(made));
            Ok(Made::Now(live))
        })
    }

    async fn user(&self, name: &str) -> Result<Option<LiveUser>, CloudError> {
        self.act("iam:GetUser", |inner, now| Ok(inner.seen_user(name, now).map(|user| user.live)))
    }

    async fn users(&self, path_prefix: &str) -> Result<Vec<ListedUser>, CloudError> {
        self.act("iam:ListUsers", |inner, now| {
            let Inner { users, lags, .. } = inner;
            let seen = users.values().filter_map(|history| history.seen(now, lags));
            let below = seen.map(|user| user.live).filter(|live| live.path.starts_with(path_prefix));
            let listed = |LiveUser { name, path, created_at, .. }| ListedUser { name, path, created_at };
            Ok(below.map(listed).collect())
        })
    }

    async fn put_user_policy(&self, user: &str, policy: &str, document: &str) -> Result<(), CloudError> {
        const OPERATION: &str = "iam:PutUserPolicy";
        self.build(OPERATION, user, |_, _, user| {
            check_policy(OPERATION, policy, document)?;
            user.inline.insert(policy.to_owned(), document.to_owned());
            user.check_size(OPERATION)
        })
    }

    async fn attach_user_policy(&self, user: &str, arn: &str) -> Result<(), CloudError> {
        const OPERATION: &str = "iam:AttachUserPolicy";
        self.build(OPERATION, user, |inner, _, user| {
            if !inner.has_policy(arn) {
                return Err(no_such(OPERATION, &format!("Policy {arn} does not exist or is not attachable.")));
            }
            user.check_room(OPERATION, Attachment::ManagedPolicy, arn)?;
            user.hang(Attachment::ManagedPolicy, arn);
            Ok(())
        })
    }

    async fn add_user_to_group(&self, user: &str, group: &str) -> Result<(), CloudError> {
        const OPERATION: &str = "iam:AddUserToGroup";
        self.build(OPERATION, user, |inner, _, user| {
            let same =
                |(account, name): &&(_, String)| account == self.broker.account() && name.eq_ignore_ascii_case(group);
            let Some((_, group)) = inner.groups.iter().find(same) else {
                return Err(no_such(OPERATION, &format!("The group with name {group} cannot be found.")));
            };
            user.check_room(OPERATION, Attachment::Group, group)?;
            user.hang(Attachment::Group, group);
            Ok(())
        })
    }

    async fn create_access_key(&self, user: &str) -> Result<Credentials, CloudError> {
        const OPERATION: &str = "iam:CreateAccessKey";
        let mut made = String::new();
        self.build(OPERATION, user, |inner, now, user| {
            user.check_room(OPERATION, Attachment::AccessKey, "")?;
            made = inner.next_key_id();
            user.keys.insert(made.clone(), FakeKey { created_at: whole_second(now), active: true });
            Ok(())
        })?;
        let secret_access_key = Secret::new(CANARY_SECRET.to_owned());
        Ok(Credentials { access_key_id: made, secret_access_key, session_token: None, expires_at: None })
    }

    async fn try_key(&self, credentials: &Credentials) -> Result<CallerIdentity, CloudError> {
        self.act("sts:GetCallerIdentity", |inner, now| self.identity_of(inner, now, credentials))
    }

    async fn deactivate_access_key(&self, user: &str, access_key_id: &str) -> Result<Removal, CloudError> {
        self.change_attached("iam:UpdateAccessKey", user, (Attachment::AccessKey, access_key_id), |user| {
            if let Some(key) = user.keys.get_mut(access_key_id) {
                key.active = false;
            }
        })
    }

    async fn attachments(&self, user: &str, kind: Attachment) -> Result<Vec<String>, CloudError> {
        let operation = match kind {
            Attachment::AccessKey => "iam:ListAccessKeys",
            // Nobody can list it: whether it is there is found out by taking it off.
            Attachment::LoginProfile => return Ok(vec![LOGIN_PROFILE.to_owned()]),
            Attachment::SigningCertificate => "iam:ListSigningCertificates",
            Attachment::SshPublicKey => "iam:ListSSHPublicKeys",
            Attachment::ServiceSpecificCredential => "iam:ListServiceSpecificCredentials",
            Attachment::MfaDevice => "iam:ListMFADevices",
            Attachment::InlinePolicy => "iam:ListUserPolicies",
            Attachment::ManagedPolicy => "iam:ListAttachedUserPolicies",
            Attachment::Group => "iam:ListGroupsForUser",
        };
        self.act(operation, |inner, now| {
            Ok(inner.seen_user(user, now).map(|user| user.attachments(kind)).unwrap_or_default())
        })
    }

    async fn take_off(&self, user: &str, kind: Attachment, id: &str) -> Result<Removal, CloudError> {
        let operation = match kind {
            Attachment::AccessKey => "iam:DeleteAccessKey",
            Attachment::LoginProfile => "iam:DeleteLoginProfile",
            Attachment::SigningCertificate => "iam:DeleteSigningCertificate",
            Attachment::SshPublicKey => "iam:DeleteSSHPublicKey",
            Attachment::ServiceSpecificCredential => "iam:DeleteServiceSpecificCredential",
            Attachment::MfaDevice => "iam:DeactivateMFADevice",
            Attachment::InlinePolicy => "iam:DeleteUserPolicy",
            Attachment::ManagedPolicy => "iam:DetachUserPolicy",
            Attachment::Group => "iam:RemoveUserFromGroup",
        };
        let removal = self.change_attached(operation, user, (kind, id), |user| user.take_off(kind, id))?;
        if kind == Attachment::MfaDevice && is_virtual(id) {
            self.act("iam:DeleteVirtualMFADevice", |inner, _| Ok(inner.devices.remove(id)))?;
        }
        Ok(removal)
    }

    async fn delete_user(&self, name: &str) -> Result<Removal, CloudError> {
        self.act("iam:DeleteUser", |inner, now| {
            let (Some(seen), Some(user)) = (inner.seen_user(name, now), inner.true_user(name)) else {
                return Ok(Removal::Absent);
            };
            if let Some(held) = user.held().or_else(|| seen.held()) {
                return Ok(held);
            }
            inner.write_user(name, now, None);
            Ok(Removal::Done)
        })
    }
}

#[cfg(test)]
mod tests;
