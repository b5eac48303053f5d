//! Writing to IAM: the users of leases, and the inline policies of target roles that deny single sessions.

use std::collections::BTreeMap;
use std::future::Future;

use super::CloudError;
use crate::domain::Timestamp;
use crate::domain::ident::RoleArn;
use crate::domain::secret::Credentials;
use crate::domain::world::CallerIdentity;

/// IAM users of one account, from making to proof of absence.
///
/// What builds a user up is asked again, within the command's time limit, while AWS answers that the user does not exist:
/// one that was made a moment ago is not yet known everywhere. Every method but [`create_access_key`] may be called
/// twice with the same end.
///
/// [`create_access_key`]: IamUsers::create_access_key
pub trait IamUsers {
    /// `iam:CreateUser` with path, tags and boundary in the one call.
    fn create_user(&self, user: &NewUser) -> impl Future<Output = Result<Made, CloudError>> + Send;

    /// `iam:GetUser`; `None` if AWS says that there is none. That is proof only once the user would be known everywhere.
    fn user(&self, name: &str) -> impl Future<Output = Result<Option<LiveUser>, CloudError>> + Send;

    /// `iam:ListUsers` below this path, whole or an error: part of a list would make users absent.
    fn users(&self, path_prefix: &str) -> impl Future<Output = Result<Vec<ListedUser>, CloudError>> + Send;

    /// `iam:PutUserPolicy`. `document` is JSON text.
    fn put_user_policy(
        &self,
        user: &str,
        policy: &str,
        document: &str,
    ) -> impl Future<Output = Result<(), CloudError>> + Send;

    /// `iam:AttachUserPolicy`.
    fn attach_user_policy(&self, user: &str, arn: &str) -> impl Future<Output = Result<(), CloudError>> + Send;

    /// `iam:AddUserToGroup`.
    fn add_user_to_group(&self, user: &str, group: &str) -> impl Future<Output = Result<(), CloudError>> + Send;

    /// `iam:CreateAccessKey`. Never asked again when AWS may have acted: the error says so, and
    /// [`attachments`](Self::attachments) tells what there is.
    fn create_access_key(&self, user: &str) -> impl Future<Output = Result<Credentials, CloudError>> + Send;

    /// `sts:GetCallerIdentity` with these credentials in the session's region, once: whether the key works yet.
    fn try_key(&self, credentials: &Credentials) -> impl Future<Output = Result<CallerIdentity, CloudError>> + Send;

    /// Switches a key off (`iam:UpdateAccessKey`).
    fn deactivate_access_key(
        &self,
        user: &str,
        access_key_id: &str,
    ) -> impl Future<Output = Result<Removal, CloudError>> + Send;

    /// What of this kind hangs on the user: every page of AWS's list, or an error. Empty if the user is gone.
    fn attachments(&self, user: &str, kind: Attachment)
    -> impl Future<Output = Result<Vec<String>, CloudError>> + Send;

    /// Takes one thing off the user, by what [`attachments`](Self::attachments) called it.
    fn take_off(
        &self,
        user: &str,
        kind: Attachment,
        id: &str,
    ) -> impl Future<Output = Result<Removal, CloudError>> + Send;

    /// `iam:DeleteUser`.
    fn delete_user(&self, name: &str) -> impl Future<Output = Result<Removal, CloudError>> + Send;
}

/// Inline policies of the roles of one account.
pub trait RolePolicies {
    /// `iam:ListRolePolicies`, every page; `None` if the role is gone.
    fn role_policies(&self, role: &RoleArn) -> impl Future<Output = Result<Option<Vec<String>>, CloudError>> + Send;

    /// `iam:GetRolePolicy`: JSON text; `None` if there is none of this name.
    fn role_policy(
        &self,
        role: &RoleArn,
        policy: &str,
    ) -> impl Future<Output = Result<Option<String>, CloudError>> + Send;

    /// `iam:PutRolePolicy`. `document` is JSON text.
    fn put_role_policy(
        &self,
        role: &RoleArn,
        policy: &str,
        document: &str,
    ) -> impl Future<Output = Result<(), CloudError>> + Send;

    /// `iam:DeleteRolePolicy`.
    fn delete_role_policy(
        &self,
        role: &RoleArn,
        policy: &str,
    ) -> impl Future<Output = Result<Removal, CloudError>> + Send;
}

impl<T: IamUsers + Sync> IamUsers for &T {
    fn create_user(&self, user: &NewUser) -> impl Future<Output = Result<Made, CloudError>> + Send {
        T::create_user(self, user)
    }

    fn user(&self, name: &str) -> impl Future<Output = Result<Option<LiveUser>, CloudError>> + Send {
        T::user(self, name)
    }

    fn users(&self, path_prefix: &str) -> impl Future<Output = Result<Vec<ListedUser>, CloudError>> + Send {
        T::users(self, path_prefix)
    }

    fn put_user_policy(
        &self,
        user: &str,
        policy: &str,
        document: &str,
    ) -> impl Future<Output = Result<(), CloudError>> + Send {
        T::put_user_policy(self, user, policy, document)
    }

    fn attach_user_policy(&self, user: &str, arn: &str) -> impl Future<Output = Result<(), CloudError>> + Send {
        T::attach_user_policy(self, user, arn)
    }

    fn add_user_to_group(&self, user: &str, group: &str) -> impl Future<Output = Result<(), CloudError>> + Send {
        T::add_user_to_group(self, user, group)
    }

    fn create_access_key(&self, user: &str) -> impl Future<Output = Result<Credentials, CloudError>> + Send {
        T::create_access_key(self, user)
    }

    fn try_key(&self, credentials: &Credentials) -> impl Future<Output = Result<CallerIdentity, CloudError>> + Send {
        T::try_key(self, credentials)
    }

    fn deactivate_access_key(
        &self,
        user: &str,
        access_key_id: &str,
    ) -> impl Future<Output = Result<Removal, CloudError>> + Send {
        T::deactivate_access_key(self, user, access_key_id)
    }

    fn attachments(
        &self,
        user: &str,
        kind: Attachment,
    ) -> impl Future<Output = Result<Vec<String>, CloudError>> + Send {
        T::attachments(self, user, kind)
    }

    fn take_off(
        &self,
        user: &str,
        kind: Attachment,
        id: &str,
    ) -> impl Future<Output = Result<Removal, CloudError>> + Send {
        T::take_off(self, user, kind, id)
    }

    fn delete_user(&self, name: &str) -> impl Future<Output = Result<Removal, CloudError>> + Send {
        T::delete_user(self, name)
    }
}

impl<T: RolePolicies + Sync> RolePolicies for &T {
    fn role_policies(&self, role: &RoleArn) -> impl Future<Output = Result<Option<Vec<String>>, CloudError>> + Send {
        T::role_policies(self, role)
    }

    fn role_policy(
        &self,
        role: &RoleArn,
        policy: &str,
    ) -> impl Future<Output = Result<Option<String>, CloudError>> + Send {
        T::role_policy(self, role, policy)
    }

    fn put_role_policy(
        &self,
        role: &RoleArn,
        policy: &str,
        document: &str,
    ) -> impl Future<Output = Result<(), CloudError>> + Send {
        T::put_role_policy(self, role, policy, document)
    }

    fn delete_role_policy(
        &self,
        role: &RoleArn,
        policy: &str,
    ) -> impl Future<Output = Result<Removal, CloudError>> + Send {
        T::delete_role_policy(self, role, policy)
    }
}

/// Parameters of `iam:CreateUser`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUser {
    /// `UserName`.
    pub name: String,
    /// `Path`.
    pub path: String,
    /// `Tags`.
    pub tags: BTreeMap<String, String>,
    /// `PermissionsBoundary`.
    pub permissions_boundary: Option<String>,
}

/// What became of a request to make a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Made {
    /// It is there.
    Now(LiveUser),
    /// One of this name was there already (`EntityAlreadyExists`): ours from a lost reply, or somebody else's.
    Already,
}

/// A user as `iam:GetUser` tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveUser {
    /// Its name.
    pub name: String,
    /// Its path.
    pub path: String,
    /// Its ARN.
    pub arn: String,
    /// `AIDA…`.
    pub user_id: String,
    /// Its tags (hostile).
    pub tags: BTreeMap<String, String>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A user as `iam:ListUsers` tells it: without tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedUser {
    /// Its name (hostile).
    pub name: String,
    /// Its path (hostile).
    pub path: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What became of a request to remove something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removal {
    /// AWS did it.
    Done,
    /// It was not there (`NoSuchEntity`). That is proof only once it would be known everywhere.
    Absent,
    /// Something else has to go first (`DeleteConflict`), in AWS's words (hostile).
    Held(String),
}

/// The nine kinds of things that keep a user from being deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Attachment {
    /// Access keys, by id.
    AccessKey,
    /// The password for the console. There is at most one, and AWS is not asked whether there is: its id is `login-profile`.
    LoginProfile,
    /// X.509 signing certificates, by id.
    SigningCertificate,
    /// SSH public keys, by id.
    SshPublicKey,
    /// Credentials for single services, by id.
    ServiceSpecificCredential,
    /// MFA devices, by serial number; virtual ones are deleted too.
    MfaDevice,
    /// Inline policies, by name.
    InlinePolicy,
    /// Managed policies, by ARN.
    ManagedPolicy,
    /// Groups, by name.
    Group,
}

impl Attachment {
    /// All of them, in the order in which they go: what lets somebody in comes first, and policies last, so that the deny that
    /// holds an expired user stays until its keys are gone.
    pub const ALL: [Self; 9] = [
        Self::AccessKey,
        Self::LoginProfile,
        Self::SigningCertificate,
        Self::SshPublicKey,
        Self::ServiceSpecificCredential,
        Self::MfaDevice,
        Self::Group,
        Self::ManagedPolicy,
        Self::InlinePolicy,
    ];
}
