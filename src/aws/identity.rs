//! `sts:GetCallerIdentity`.

use super::errors::cloud_error;
use super::retry::{Caller, Repeat};
use crate::domain::ident::AccountId;
use crate::domain::world::CallerIdentity;
use crate::ports::{CloudError, CloudErrorKind};

const OPERATION: &str = "sts:GetCallerIdentity";

pub(super) async fn caller_identity(sts: &aws_sdk_sts::Client, caller: &Caller) -> Result<CallerIdentity, CloudError> {
    let running = caller.start();
    let output = caller.call(running.end(), OPERATION, Repeat::Read, || sts.get_caller_identity().send()).await?;
    let malformed = |what: &str| cloud_error(CloudErrorKind::Malformed, OPERATION, format!("the answer has no {what}"));
    let account = output.account.ok_or_else(|| malformed("Account"))?;
    Ok(CallerIdentity {
        account: AccountId::parse(&account).map_err(|_| malformed("Account of twelve digits"))?,
        arn: output
            .arn
            .filter(|arn| arn.starts_with("arn:") && is_short(arn))
            .ok_or_else(|| malformed("Arn of at most 2048 characters"))?,
        user_id: output
            .user_id
            .filter(|id| !id.is_empty() && is_short(id))
            .ok_or_else(|| malformed("UserId of at most 2048 characters"))?,
    })
}

/// `arnType` of the API reference of STS; it gives no limit for user ids, which are shorter.
fn is_short(text: &str) -> bool {
    text.chars().count() <= 2_048 && !text.chars().any(char::is_control)
}
