//! Inline policies of roles.

use super::documents::decode;
use super::errors::cloud_error;
use super::pages::{Page, entire};
use super::retry::Repeat;
use super::unknown::is_absent;
use super::writer::{AwsWriter, malformed};
use crate::domain::ident::RoleArn;
use crate::ports::{CloudError, CloudErrorKind, Removal, RolePolicies};

impl RolePolicies for AwsWriter {
    async fn role_policies(&self, role: &RoleArn) -> Result<Option<Vec<String>>, CloudError> {
        const OPERATION: &str = "iam:ListRolePolicies";
        let listed = entire(OPERATION, |marker: Option<String>| async move {
            let ask = || self.client.list_role_policies().role_name(role.name()).set_marker(marker.clone()).send();
            let page = self.ask(OPERATION, Repeat::Read, ask).await?;
            Ok(Page { items: page.policy_names, is_truncated: page.is_truncated, marker: page.marker })
        });
        match listed.await {
            Ok(names) => Ok(Some(names)),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn role_policy(&self, role: &RoleArn, policy: &str) -> Result<Option<String>, CloudError> {
        const OPERATION: &str = "iam:GetRolePolicy";
        let ask = || self.client.get_role_policy().role_name(role.name()).policy_name(policy).send();
        let encoded = match self.ask(OPERATION, Repeat::Read, ask).await {
            Ok(output) => output.policy_document,
            Err(error) if is_absent(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        if encoded.is_empty() {
            return Err(malformed(OPERATION, "no PolicyDocument"));
        }
        let told = |what: String| cloud_error(CloudErrorKind::Malformed, OPERATION, format!("the answer {what}"));
        decode(&encoded, "PolicyDocument").map(Some).map_err(told)
    }

    async fn put_role_policy(&self, role: &RoleArn, policy: &str, document: &str) -> Result<(), CloudError> {
        let ask = || {
            let put = self.client.put_role_policy().role_name(role.name()).policy_name(policy);
            put.policy_document(document).send()
        };
        self.ask("iam:PutRolePolicy", Repeat::Write, ask).await.map(drop)
    }

    async fn delete_role_policy(&self, role: &RoleArn, policy: &str) -> Result<Removal, CloudError> {
        let ask = || self.client.delete_role_policy().role_name(role.name()).policy_name(policy).send();
        self.remove("iam:DeleteRolePolicy", ask).await
    }
}
