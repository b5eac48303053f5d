//! A [`World`] as the cloud that shows it, and that grants whatever is asked.

use jiff::{SignedDuration, Timestamp};
use leasehold::domain::secret::{Credentials, Secret};
use leasehold::domain::world::{CallerIdentity, Wanted, World};
use leasehold::ports::{
    AssumeRole, CloudError, CloudErrorKind, CloudRead, FederationToken, Issued, Issuer, SessionToken,
};
use leasehold::testing::{CANARY_SECRET, CANARY_TOKEN};

/// The world at one moment.
pub(crate) struct WorldCloud<'a> {
    pub(crate) world: &'a World,
    pub(crate) now: Timestamp,
}

impl WorldCloud<'_> {
    fn caller(&self) -> Result<CallerIdentity, CloudError> {
        self.world.caller.present().cloned().ok_or_else(|| CloudError {
            kind: CloudErrorKind::AccessDenied,
            operation: "sts:GetCallerIdentity",
            code: Some("AccessDenied".to_owned()),
            message: "not authorized".to_owned(),
            request_id: None,
        })
    }

    fn grant(&self, seconds: u32, arn: Option<String>, user_id: Option<String>) -> Issued {
        Issued {
            credentials: Credentials {
                access_key_id: "ASIAEXAMPLESTORY0001".to_owned(),
                secret_access_key: Secret::new(CANARY_SECRET.to_owned()),
                session_token: Some(Secret::new(CANARY_TOKEN.to_owned())),
                expires_at: Some(self.now + SignedDuration::from_secs(seconds.into())),
            },
            arn,
            user_id,
            packed_policy_size: None,
        }
    }
}

impl CloudRead for WorldCloud<'_> {
    async fn caller_identity(&self) -> Result<CallerIdentity, CloudError> {
        self.caller()
    }

    async fn world(&self, _: &CallerIdentity, wanted: &Wanted) -> World {
        let roles = wanted.roles().map(|arn| (arn.clone(), self.world.role(arn).clone())).collect();
        World { roles, ..self.world.clone() }
    }

    fn calls(&self) -> u32 {
        self.world.calls
    }
}

impl Issuer for WorldCloud<'_> {
    async fn caller_identity(&self) -> Result<CallerIdentity, CloudError> {
        self.caller()
    }

    async fn assume_role(&self, request: &AssumeRole) -> Result<Issued, CloudError> {
        let (account, role, name) = (request.role_arn.account(), request.role_arn.name(), &request.session_name);
        let arn = format!("arn:aws:sts::{account}:assumed-role/{role}/{name}");
        let id = self.world.role(&request.role_arn).present().map(|live| format!("{}:{name}", live.role_id));
        Ok(self.grant(request.ttl.seconds(), Some(arn), id))
    }

    async fn federation_token(&self, request: &FederationToken) -> Result<Issued, CloudError> {
        Ok(self.grant(request.ttl.seconds(), None, Some(format!("111122223333:{}", request.name))))
    }

    async fn session_token(&self, request: &SessionToken) -> Result<Issued, CloudError> {
        Ok(self.grant(request.ttl.seconds(), None, None))
    }
}
