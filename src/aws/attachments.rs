//! The nine kinds of things that hold a user: listing them, and taking them off.

use super::pages::{Page, entire};
use super::retry::Repeat;
use super::unknown::is_absent;
use super::writer::{AwsWriter, malformed};
use crate::ports::{Attachment, CloudError, Removal};

/// What the only login profile of a user is called.
const LOGIN_PROFILE: &str = "login-profile";

/// What of this kind hangs on the user; nothing if AWS says that the user is gone.
pub(super) async fn list(writer: &AwsWriter, user: &str, kind: Attachment) -> Result<Vec<String>, CloudError> {
    let (operation, listed) = match kind {
        Attachment::AccessKey => access_keys(writer, user).await,
        Attachment::LoginProfile => return Ok(vec![LOGIN_PROFILE.to_owned()]),
        Attachment::SigningCertificate => signing_certificates(writer, user).await,
        Attachment::SshPublicKey => ssh_public_keys(writer, user).await,
        Attachment::ServiceSpecificCredential => service_credentials(writer, user).await,
        Attachment::MfaDevice => mfa_devices(writer, user).await,
        Attachment::InlinePolicy => inline_policies(writer, user).await,
        Attachment::ManagedPolicy => managed_policies(writer, user).await,
        Attachment::Group => groups(writer, user).await,
    };
    match listed {
        Ok(ids) if ids.iter().any(|id| id.is_empty() || id.chars().any(char::is_control)) => {
            Err(malformed(operation, "an entry without a usable id"))
        }
        Ok(ids) => Ok(ids),
        Err(error) if is_absent(&error) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// Takes one thing off the user.
pub(super) async fn take_off(
    writer: &AwsWriter,
    user: &str,
    kind: Attachment,
    id: &str,
) -> Result<Removal, CloudError> {
    let iam = &writer.client;
    match kind {
        Attachment::AccessKey => {
            let ask = || iam.delete_access_key().user_name(user).access_key_id(id).send();
            writer.remove("iam:DeleteAccessKey", ask).await
        }
        Attachment::LoginProfile => {
            let ask = || iam.delete_login_profile().user_name(user).send();
            writer.remove("iam:DeleteLoginProfile", ask).await
        }
        Attachment::SigningCertificate => {
            let ask = || iam.delete_signing_certificate().user_name(user).certificate_id(id).send();
            writer.remove("iam:DeleteSigningCertificate", ask).await
        }
        Attachment::SshPublicKey => {
            let ask = || iam.delete_ssh_public_key().user_name(user).ssh_public_key_id(id).send();
            writer.remove("iam:DeleteSSHPublicKey", ask).await
        }
        Attachment::ServiceSpecificCredential => {
            let ask =
                || iam.delete_service_specific_credential().user_name(user).service_specific_credential_id(id).send();
            writer.remove("iam:DeleteServiceSpecificCredential", ask).await
        }
        Attachment::MfaDevice => mfa_device(writer, user, id).await,
        Attachment::InlinePolicy => {
            let ask = || iam.delete_user_policy().user_name(user).policy_name(id).send();
            writer.remove("iam:DeleteUserPolicy", ask).await
        }
        Attachment::ManagedPolicy => {
            let ask = || iam.detach_user_policy().user_name(user).policy_arn(id).send();
            writer.remove("iam:DetachUserPolicy", ask).await
        }
        Attachment::Group => {
            let ask = || iam.remove_user_from_group().user_name(user).group_name(id).send();
            writer.remove("iam:RemoveUserFromGroup", ask).await
        }
    }
}

/// A virtual device is deleted as well: it is good for nobody, and would keep its name from being used again.
async fn mfa_device(writer: &AwsWriter, user: &str, serial_number: &str) -> Result<Removal, CloudError> {
    let iam = &writer.client;
    let ask = || iam.deactivate_mfa_device().user_name(user).serial_number(serial_number).send();
    let off = writer.remove("iam:DeactivateMFADevice", ask).await?;
    if !(serial_number.starts_with("arn:") && serial_number.contains(":mfa/")) {
        return Ok(off);
    }
    let ask = || iam.delete_virtual_mfa_device().serial_number(serial_number).send();
    match (off, writer.remove("iam:DeleteVirtualMFADevice", ask).await?) {
        // It is on somebody else by now.
        (off, Removal::Absent | Removal::Held(_)) => Ok(off),
        (_, Removal::Done) => Ok(Removal::Done),
    }
}

/// What was listed, and by which operation.
type Listed = (&'static str, Result<Vec<String>, CloudError>);

async fn access_keys(writer: &AwsWriter, user: &str) -> Listed {
    const OPERATION: &str = "iam:ListAccessKeys";
    let ids = entire(OPERATION, |marker: Option<String>| async move {
        let ask = || writer.client.list_access_keys().user_name(user).set_marker(marker.clone()).send();
        let page = writer.ask(OPERATION, Repeat::Read, ask).await?;
        let items = page.access_key_metadata.into_iter().map(|key| key.access_key_id.unwrap_or_default()).collect();
        Ok(Page { items, is_truncated: page.is_truncated, marker: page.marker })
    });
    (OPERATION, ids.await)
}

async fn signing_certificates(writer: &AwsWriter, user: &str) -> Listed {
    const OPERATION: &str = "iam:ListSigningCertificates";
    let ids = entire(OPERATION, |marker: Option<String>| async move {
        let ask = || writer.client.list_signing_certificates().user_name(user).set_marker(marker.clone()).send();
        let page = writer.ask(OPERATION, Repeat::Read, ask).await?;
        let items = page.certificates.into_iter().map(|certificate| certificate.certificate_id).collect();
        Ok(Page { items, is_truncated: page.is_truncated, marker: page.marker })
    });
    (OPERATION, ids.await)
}

async fn ssh_public_keys(writer: &AwsWriter, user: &str) -> Listed {
    const OPERATION: &str = "iam:ListSSHPublicKeys";
    let ids = entire(OPERATION, |marker: Option<String>| async move {
        let ask = || writer.client.list_ssh_public_keys().user_name(user).set_marker(marker.clone()).send();
        let page = writer.ask(OPERATION, Repeat::Read, ask).await?;
        let items = page.ssh_public_keys.unwrap_or_default().into_iter().map(|key| key.ssh_public_key_id).collect();
        Ok(Page { items, is_truncated: page.is_truncated, marker: page.marker })
    });
    (OPERATION, ids.await)
}

async fn service_credentials(writer: &AwsWriter, user: &str) -> Listed {
    const OPERATION: &str = "iam:ListServiceSpecificCredentials";
    let ids = entire(OPERATION, |marker: Option<String>| async move {
        let ask =
            || writer.client.list_service_specific_credentials().user_name(user).set_marker(marker.clone()).send();
        let page = writer.ask(OPERATION, Repeat::Read, ask).await?;
        let all = page.service_specific_credentials.unwrap_or_default();
        let items = all.into_iter().map(|credential| credential.service_specific_credential_id).collect();
        Ok(Page { items, is_truncated: page.is_truncated, marker: page.marker })
    });
    (OPERATION, ids.await)
}

async fn mfa_devices(writer: &AwsWriter, user: &str) -> Listed {
    const OPERATION: &str = "iam:ListMFADevices";
    let ids = entire(OPERATION, |marker: Option<String>| async move {
        let ask = || writer.client.list_mfa_devices().user_name(user).set_marker(marker.clone()).send();
        let page = writer.ask(OPERATION, Repeat::Read, ask).await?;
        let items = page.mfa_devices.into_iter().map(|device| device.serial_number).collect();
        Ok(Page { items, is_truncated: page.is_truncated, marker: page.marker })
    });
    (OPERATION, ids.await)
}

async fn inline_policies(writer: &AwsWriter, user: &str) -> Listed {
    const OPERATION: &str = "iam:ListUserPolicies";
    let ids = entire(OPERATION, |marker: Option<String>| async move {
        let ask = || writer.client.list_user_policies().user_name(user).set_marker(marker.clone()).send();
        let page = writer.ask(OPERATION, Repeat::Read, ask).await?;
        Ok(Page { items: page.policy_names, is_truncated: page.is_truncated, marker: page.marker })
    });
    (OPERATION, ids.await)
}

async fn managed_policies(writer: &AwsWriter, user: &str) -> Listed {
    const OPERATION: &str = "iam:ListAttachedUserPolicies";
    let ids = entire(OPERATION, |marker: Option<String>| async move {
        let ask = || writer.client.list_attached_user_policies().user_name(user).set_marker(marker.clone()).send();
        let page = writer.ask(OPERATION, Repeat::Read, ask).await?;
        let all = page.attached_policies.unwrap_or_default();
        let items = all.into_iter().map(|policy| policy.policy_arn.unwrap_or_default()).collect();
        Ok(Page { items, is_truncated: page.is_truncated, marker: page.marker })
    });
    (OPERATION, ids.await)
}

async fn groups(writer: &AwsWriter, user: &str) -> Listed {
    const OPERATION: &str = "iam:ListGroupsForUser";
    let ids = entire(OPERATION, |marker: Option<String>| async move {
        let ask = || writer.client.list_groups_for_user().user_name(user).set_marker(marker.clone()).send();
        let page = writer.ask(OPERATION, Repeat::Read, ask).await?;
        let items = page.groups.into_iter().map(|group| group.group_name).collect();
        Ok(Page { items, is_truncated: page.is_truncated, marker: page.marker })
    });
    (OPERATION, ids.await)
}
