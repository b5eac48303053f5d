//! IAM's refusals to write, in its words.

use std::collections::{BTreeMap, BTreeSet};

use super::users::FakeUser;
use super::{Inner, error, invalid};
use crate::domain::iam::Policy;
use crate::domain::ident::{check_path, is_iam_name_char};
use crate::domain::limits;
use crate::ports::{Attachment, CloudError, CloudErrorKind, NewUser, Removal};

/// Access keys of a user, active or not.
const KEYS_MAX: usize = 2;
/// Groups of a user.
const GROUPS_MAX: usize = 10;
/// Characters of all inline policies of a user together, white space not counted.
const USER_POLICIES_MAX: usize = 2_048;
/// Characters of all inline policies of a role together, white space not counted.
pub(super) const ROLE_POLICIES_MAX: usize = 10_240;
/// Longest name of a user that is made.
const USER_NAME_MAX: usize = 64;
/// Longest name of a policy.
const POLICY_NAME_MAX: usize = 128;
/// Tags of a user.
const TAGS_MAX: usize = 50;

fn refused(operation: &'static str, code: &str, message: &str) -> CloudError {
    error(operation, CloudErrorKind::Refused, Some(code), message)
}

pub(super) fn no_such(operation: &'static str, message: &str) -> CloudError {
    refused(operation, "NoSuchEntity", message)
}

pub(super) fn no_user(operation: &'static str, name: &str) -> CloudError {
    no_such(operation, &format!("The user with name {name} cannot be found."))
}

fn quota(operation: &'static str, message: &str) -> CloudError {
    refused(operation, "LimitExceeded", message)
}

/// Holds a policy and its name against IAM's grammar.
pub(super) fn check_policy(operation: &'static str, name: &str, document: &str) -> Result<(), CloudError> {
    check_pattern(operation, "policyName", name, POLICY_NAME_MAX)?;
    match Policy::parse(document) {
        Ok(policy) if policy.statements().iter().all(|statement| statement.principal.is_none()) => Ok(()),
        Ok(_) => Err(refused(operation, "MalformedPolicyDocument", "Policy document should not specify a principal.")),
        Err(_) => Err(refused(operation, "MalformedPolicyDocument", "Syntax errors in policy.")),
    }
}

fn check_pattern(operation: &'static str, field: &str, name: &str, most: usize) -> Result<(), CloudError> {
    if !name.is_empty() && name.len() <= most && name.chars().all(is_iam_name_char) {
        return Ok(());
    }
    let message = format!(
        "1 validation error detected: Value '{name}' at '{field}' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]{{1,{most}}}"
    );
    Err(invalid(operation, &message))
}

/// Characters of policies, white space not counted.
pub(super) fn characters(policies: &BTreeMap<String, String>) -> usize {
    policies.values().flat_map(|text| text.chars()).filter(|c| !c.is_whitespace()).count()
}

impl Inner {
    pub(super) fn has_policy(&self, arn: &str) -> bool {
        self.managed.iter().any(|known| known.eq_ignore_ascii_case(arn))
    }

    /// Whether this user may be made; whether there is one of the name already is not asked.
    pub(super) fn check_new(
        &self,
        operation: &'static str,
        user: &NewUser,
        most_users: usize,
    ) -> Result<(), CloudError> {
        check_pattern(operation, "userName", &user.name, USER_NAME_MAX)?;
        if check_path(&user.path).is_err() {
            return Err(invalid(
                operation,
                "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.",
            ));
        }
        let keys: BTreeSet<String> = user.tags.keys().map(|key| key.to_lowercase()).collect();
        if keys.len() < user.tags.len() {
            let message = "Duplicate tag keys found. Please note that Tag keys are case insensitive.";
            return Err(refused(operation, "InvalidInput", message));
        }
        let too_long = |(key, value): (&String, &String)| {
            key.is_empty()
                || key.chars().count() > limits::TAG_KEY_MAX
                || value.chars().count() > limits::TAG_VALUE_MAX
                || key.starts_with("aws:")
        };
        if user.tags.len() > TAGS_MAX || user.tags.iter().any(too_long) {
            return Err(invalid(operation, "1 validation error detected at 'tags'"));
        }
        if let Some(arn) = &user.permissions_boundary
            && !self.has_policy(arn)
        {
            return Err(no_such(operation, &format!("Scope ARN: {arn} does not exist or is not attachable.")));
        }
        let users = self.users.values().filter(|history| history.truth().is_some()).count();
        if users >= most_users {
            return Err(quota(operation, &format!("Cannot exceed quota for UsersPerAccount: {most_users}")));
        }
        Ok(())
    }
}

impl FakeUser {
    /// Whether one more of this kind may hang on the user.
    pub(super) fn check_room(&self, operation: &'static str, kind: Attachment, id: &str) -> Result<(), CloudError> {
        if self.has(kind, id) {
            return Ok(());
        }
        let (name, most) = match kind {
            Attachment::AccessKey => ("AccessKeysPerUser", KEYS_MAX),
            Attachment::Group => ("GroupsPerUser", GROUPS_MAX),
            Attachment::ManagedPolicy => ("PoliciesPerUser", limits::ATTACHED_POLICIES_DEFAULT_MAX),
            _ => return Ok(()),
        };
        if self.attachments(kind).len() < most {
            return Ok(());
        }
        Err(quota(operation, &format!("Cannot exceed quota for {name}: {most}")))
    }

    pub(super) fn check_size(&self, operation: &'static str) -> Result<(), CloudError> {
        if characters(&self.inline) <= USER_POLICIES_MAX {
            return Ok(());
        }
        let name = &self.live.name;
        Err(quota(operation, &format!("Maximum policy size of {USER_POLICIES_MAX} bytes exceeded for user {name}")))
    }

    /// What keeps the user from being deleted, in AWS's words.
    pub(super) fn held(&self) -> Option<Removal> {
        let kind = Attachment::ALL.into_iter().find(|kind| !self.attachments(*kind).is_empty())?;
        let first = match kind {
            Attachment::AccessKey => "delete access keys",
            Attachment::LoginProfile => "delete login profile",
            Attachment::MfaDevice => "delete MFA device",
            Attachment::ManagedPolicy => "detach all policies",
            Attachment::InlinePolicy => "delete policies",
            Attachment::SigningCertificate
            | Attachment::SshPublicKey
            | Attachment::ServiceSpecificCredential
            | Attachment::Group => "remove referenced objects",
        };
        Some(Removal::Held(format!("Cannot delete entity, must {first} first.")))
    }
}
