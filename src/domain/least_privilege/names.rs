//! The names that we give to what we make, as policies can tell them.

use crate::domain::desired::{BrokerSpec, Desired};
use crate::domain::ident::{AccountId, Name, RoleArn};
use crate::domain::lease::{LEASE_ID_LENGTH, credential_stem};
use crate::domain::limits::{FEDERATION_NAME_MAX, SESSION_NAME_MAX};

/// Key of the tag that tells which deployment an IAM user belongs to.
pub const TAG_DEPLOYMENT: &str = "leasehold:deployment";

/// Condition key of the boundary that a user has, or is made with.
pub const BOUNDARY: &str = "iam:PermissionsBoundary";

/// IAM path of the users of a role: `/leasehold/<deployment>/`, and below it what the role declares. Two deployments of
/// one account never share a path.
#[must_use]
pub fn lease_user_path(deployment: &Name, user_path: Option<&str>) -> String {
    format!("/leasehold/{deployment}{}", user_path.unwrap_or("/"))
}

/// A text as a resource that stands for itself: paths may hold signs that policies read as wildcards or variables.
pub(super) fn literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '*' | '?' | '$' => out.extend(["${", c.encode_utf8(&mut [0; 4]), "}"]),
            plain => out.push(plain),
        }
    }
    out
}

/// `arn:<partition>:<service>::<account>:`, of the broker's account.
pub(super) fn prefix(broker: &BrokerSpec, service: &str) -> String {
    format!("arn:{}:{service}::{}:", broker.principal.partition(), broker.principal.account())
}

/// Whatever ends in a lease's id.
fn any_lease() -> String {
    "?".repeat(LEASE_ID_LENGTH)
}

/// Federated users of this role, named as `issue` names them when nobody asks for a name.
pub(super) fn federated_users(broker: &BrokerSpec, role: &Name) -> String {
    format!("{}federated-user/{}{}", prefix(broker, "sts"), credential_stem(role, FEDERATION_NAME_MAX), any_lease())
}

/// IAM users of this role, as a resource.
#[must_use]
pub fn lease_users(broker: &BrokerSpec, role: &Name, user_path: Option<&str>) -> String {
    let path = literal(&lease_user_path(&broker.deployment, user_path));
    format!("{}user{path}{}{}", prefix(broker, "iam"), credential_stem(role, SESSION_NAME_MAX), any_lease())
}

/// IAM users of every role of the deployment, also of those that are no longer declared.
pub(super) fn all_lease_users(broker: &BrokerSpec) -> String {
    format!("{}user/leasehold/{}/*", prefix(broker, "iam"), broker.deployment)
}

/// A group by its name. Its path is not declared; names are unique whatever the path, so both forms lead to one group.
pub(super) fn groups<'a>(
    partition: &str,
    account: &AccountId,
    names: impl IntoIterator<Item = &'a String>,
) -> Vec<String> {
    let prefix = format!("arn:{partition}:iam::{account}:group/");
    names.into_iter().flat_map(|name| [format!("{prefix}{name}"), format!("{prefix}*/{name}")]).collect()
}

/// The declared target roles of an account.
pub(super) fn targets(desired: &Desired, account: &AccountId) -> Vec<String> {
    let roles = desired.roles.iter().flat_map(|role| role.spec.credential.role_arns());
    roles.filter(|arn| arn.account() == account).map(RoleArn::as_str).map(literal).collect()
}
