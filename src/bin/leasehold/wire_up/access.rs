//! Getting at what leases left in AWS.

use std::collections::BTreeMap;

use leasehold::app::{Failure, IamAccess};
use leasehold::aws::{self, AwsIssuer, AwsWriter};
use leasehold::domain::desired::BrokerSpec;
use leasehold::domain::ident::{AccountId, RoleArn};
use leasehold::domain::ttl::Ttl;
use leasehold::domain::world::CallerIdentity;
use leasehold::ports::{AssumeRole, Issuer as _};

use super::Store;
use crate::args::ReachArgs;

/// How leases are ended in AWS: with the caller's own credentials, and in other accounts through the roles that were named.
pub(crate) struct LiveAccess<'a> {
    reach: &'a ReachArgs,
    store: &'a Store,
}

impl<'a> LiveAccess<'a> {
    pub(crate) fn new(reach: &'a ReachArgs, store: &'a Store) -> Self {
        Self { reach, store }
    }

    fn writer(&self, session: &aws::Session) -> AwsWriter {
        AwsWriter::at_most(session, Some(self.reach.rate))
    }
}

impl IamAccess for LiveAccess<'_> {
    type Users = AwsWriter;
    type Roles = AwsWriter;

    async fn users(&self, broker: &BrokerSpec) -> Result<(CallerIdentity, AwsWriter), Failure> {
        let session = self.store.inner().session(&broker.region, self.reach.timeout).await?;
        Ok((AwsIssuer::new(&session).caller_identity().await?, self.writer(&session)))
    }

    async fn roles(&self, broker: &BrokerSpec, account: &AccountId) -> Result<(CallerIdentity, AwsWriter), Failure> {
        let mut session = self.store.inner().session(&broker.region, self.reach.timeout).await?;
        if let Some(role) = self.reach.via.iter().find(|role| role.account() == account) {
            let issued = AwsIssuer::new(&session).assume_role(&entering(role)).await?;
            session = session.with_credentials(&issued.credentials);
        }
        Ok((AwsIssuer::new(&session).caller_identity().await?, self.writer(&session)))
    }
}

/// A quarter of an hour in another account, to put denies on its roles and take them off.
fn entering(role: &RoleArn) -> AssumeRole {
    AssumeRole {
        role_arn: role.clone(),
        session_name: "leasehold".to_owned(),
        ttl: Ttl::STS_MIN,
        external_id: None,
        source_identity: None,
        tags: BTreeMap::new(),
        transitive_tag_keys: Vec::new(),
        policy: None,
        policy_arns: Vec::new(),
        mfa: None,
    }
}
