//! IAM users, from making to proof of absence.

use std::time::Duration;

use aws_sdk_iam::types::{AccessKey, StatusType, Tag, User};
use aws_smithy_types::DateTime;

use super::attachments;
use super::credentials::{LONGEST_SECRET, flaw};
use super::errors::cloud_error;
use super::identity;
use super::issuer::is_access_key_id;
use super::pages::{Page, entire};
use super::principal;
use super::retry::Repeat;
use super::unknown::is_absent;
use super::writer::{AwsWriter, malformed};
use crate::domain::Timestamp;
use crate::domain::secret::{Credentials, Secret};
use crate::domain::world::CallerIdentity;
use crate::ports::{Attachment, CloudError, CloudErrorKind, IamUsers, ListedUser, LiveUser, Made, NewUser, Removal};

/// The most users that IAM gives in one page.
const PAGE: i32 = 1_000;

impl IamUsers for AwsWriter {
    async fn create_user(&self, user: &NewUser) -> Result<Made, CloudError> {
        const OPERATION: &str = "iam:CreateUser";
        let tags = user.tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build());
        let tags = tags
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| cloud_error(CloudErrorKind::Refused, OPERATION, error.to_string()))?;
        let ask = || {
            self.client
                .create_user()
                .user_name(&user.name)
                .path(&user.path)
                .set_tags((!tags.is_empty()).then(|| tags.clone()))
                .set_permissions_boundary(user.permissions_boundary.clone())
                .send()
        };
        match self.ask(OPERATION, Repeat::Write, ask).await {
            Ok(output) => {
                let made = output.user.ok_or_else(|| malformed(OPERATION, "no user"))?;
                Ok(Made::Now(live(OPERATION, &user.name, made)?))
            }
            Err(error) if error.code.as_deref() == Some("EntityAlreadyExists") => Ok(Made::Already),
            Err(error) => Err(error),
        }
    }

    async fn user(&self, name: &str) -> Result<Option<LiveUser>, CloudError> {
        const OPERATION: &str = "iam:GetUser";
        let ask = || self.client.get_user().user_name(name).send();
        match self.ask(OPERATION, Repeat::Read, ask).await {
            Ok(output) => {
                let user = output.user.ok_or_else(|| malformed(OPERATION, "no user"))?;
                live(OPERATION, name, user).map(Some)
            }
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn users(&self, path_prefix: &str) -> Result<Vec<ListedUser>, CloudError> {
        const OPERATION: &str = "iam:ListUsers";
        let listed = entire(OPERATION, |marker: Option<String>| async move {
            let ask =
                || self.client.list_users().path_prefix(path_prefix).max_items(PAGE).set_marker(marker.clone()).send();
            let page = self.ask(OPERATION, Repeat::Read, ask).await?;
            Ok(Page { items: page.users, is_truncated: page.is_truncated, marker: page.marker })
        });
        let listed = listed.await?.into_iter().map(|user| {
            if user.user_name.is_empty() || !user.path.starts_with('/') {
                return Err(malformed(OPERATION, "a user without name or path"));
            }
            let created_at = instant(OPERATION, &user.create_date)?;
            Ok(ListedUser { name: user.user_name, path: user.path, created_at })
        });
        let listed: Vec<ListedUser> = listed.collect::<Result<_, _>>()?;
        // Whoever is elsewhere was not asked for, and is nobody's to end.
        Ok(listed.into_iter().filter(|user| user.path.starts_with(path_prefix)).collect())
    }

    async fn put_user_policy(&self, user: &str, policy: &str, document: &str) -> Result<(), CloudError> {
        let ask = || self.client.put_user_policy().user_name(user).policy_name(policy).policy_document(document).send();
        self.build("iam:PutUserPolicy", Repeat::Write, (user, None), ask).await.map(drop)
    }

    async fn attach_user_policy(&self, user: &str, arn: &str) -> Result<(), CloudError> {
        let ask = || self.client.attach_user_policy().user_name(user).policy_arn(arn).send();
        self.build("iam:AttachUserPolicy", Repeat::Write, (user, Some(arn)), ask).await.map(drop)
    }

    async fn add_user_to_group(&self, user: &str, group: &str) -> Result<(), CloudError> {
        let ask = || self.client.add_user_to_group().user_name(user).group_name(group).send();
        self.build("iam:AddUserToGroup", Repeat::Write, (user, Some(group)), ask).await.map(drop)
    }

    async fn create_access_key(&self, user: &str) -> Result<Credentials, CloudError> {
        const OPERATION: &str = "iam:CreateAccessKey";
        let ask = || self.client.create_access_key().user_name(user).send();
        let output = self.build(OPERATION, Repeat::MakeKey, (user, None), ask).await?;
        taken(OPERATION, user, output.access_key)
    }

    async fn try_key(&self, credentials: &Credentials) -> Result<CallerIdentity, CloudError> {
        let (sts, caller) = self.session.with_credentials(credentials).sts(&self.calls);
        Box::pin(identity::caller_identity(&sts, &caller.once())).await
    }

    async fn deactivate_access_key(&self, user: &str, access_key_id: &str) -> Result<Removal, CloudError> {
        let ask = || {
            let update = self.client.update_access_key().user_name(user).access_key_id(access_key_id);
            update.status(StatusType::Inactive).send()
        };
        self.remove("iam:UpdateAccessKey", ask).await
    }

    async fn attachments(&self, user: &str, kind: Attachment) -> Result<Vec<String>, CloudError> {
        attachments::list(self, user, kind).await
    }

    async fn take_off(&self, user: &str, kind: Attachment, id: &str) -> Result<Removal, CloudError> {
        attachments::take_off(self, user, kind, id).await
    }

    async fn delete_user(&self, name: &str) -> Result<Removal, CloudError> {
        let ask = || self.client.delete_user().user_name(name).send();
        self.remove("iam:DeleteUser", ask).await
    }
}

/// A user as the answer has it, which must be the one that was asked for. What an answer lacks, the SDK gives as an empty
/// text.
fn live(operation: &'static str, asked: &str, user: User) -> Result<LiveUser, CloudError> {
    if !user.user_name.eq_ignore_ascii_case(asked) {
        return Err(malformed(operation, "another user than the one asked for"));
    }
    if user.user_id.is_empty() || !user.arn.starts_with("arn:") || !user.path.starts_with('/') {
        return Err(malformed(operation, "a user without id, ARN or path"));
    }
    Ok(LiveUser {
        created_at: instant(operation, &user.create_date)?,
        tags: principal::tags(user.tags()),
        name: user.user_name,
        path: user.path,
        arn: user.arn,
        user_id: user.user_id,
    })
}

fn instant(operation: &'static str, at: &DateTime) -> Result<Timestamp, CloudError> {
    let made = i32::try_from(at.subsec_nanos()).ok().and_then(|nanos| Timestamp::new(at.secs(), nanos).ok());
    // An answer without a date is given as the beginning of 1970, long before there was an IAM.
    made.filter(|made| *made > Timestamp::UNIX_EPOCH + Duration::from_secs(1))
        .ok_or_else(|| malformed(operation, "no CreateDate"))
}

/// Moves the secret out of the SDK's type, which anybody could print.
fn taken(operation: &'static str, user: &str, key: Option<AccessKey>) -> Result<Credentials, CloudError> {
    let key = key.ok_or_else(|| malformed(operation, "no access key"))?;
    let secret_access_key = Secret::new(key.secret_access_key);
    if !is_access_key_id(&key.access_key_id) {
        return Err(malformed(operation, "no access key id of 16 to 128 letters, digits and `_`"));
    }
    if flaw(secret_access_key.expose(), LONGEST_SECRET).is_some() {
        return Err(malformed(operation, "no secret access key that can be one"));
    }
    if !key.user_name.eq_ignore_ascii_case(user) {
        return Err(malformed(operation, "a key of another user than the one asked for"));
    }
    Ok(Credentials { access_key_id: key.access_key_id, secret_access_key, session_token: None, expires_at: None })
}
