use std::collections::BTreeMap;

use super::PolicySpec;
use crate::domain::desired::TtlPair;
use crate::domain::ident::Arn;

/// An IAM user with one access key, made for one lease and removed with it. The justified exception.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IamUserSpec {
    /// `default_ttl` and `max_ttl`.
    pub ttl: TtlPair,
    /// IAM path of the users, below the deployment's own.
    pub user_path: Option<String>,
    /// Tags of the users, beside our own.
    pub iam_tags: BTreeMap<String, String>,
    /// The most the users may ever be allowed.
    pub permissions_boundary_arn: Option<Arn>,
    /// Why an STS session does not do.
    pub justification: Option<String>,
    /// What the users may do.
    pub policy: PolicySpec,
}
