//! The fake account seen through a wire of its own: so many requests a second, each change made twice, or none let through.

use std::sync::atomic::{AtomicU64, Ordering};

use jiff::{SignedDuration, Timestamp};
use leasehold::app::{Failure, IamAccess, SweepRequest, Swept, audit::Who, sweep};
use leasehold::domain::desired::BrokerSpec;
use leasehold::domain::ident::AccountId;
use leasehold::domain::secret::Credentials;
use leasehold::domain::world::CallerIdentity;
use leasehold::ports::{
    Attachment, Clock as _, CloudError, CloudErrorKind, CloudRead, IamUsers, ListedUser, LiveUser, Made, NewUser,
    Removal, StateStore,
};
use leasehold::testing::{FakeCloud, FixedClock, block_on};

use crate::scene::Scene;

/// See the module.
pub(super) struct Account<'a> {
    scene: &'a Scene,
    /// How long each request takes of the account's clock.
    pub(super) pace: SignedDuration,
    /// Whether every change of a teardown is made twice.
    pub(super) twice: bool,
    /// When changes fail, and reads do not.
    pub(super) refusing: Option<(Timestamp, Timestamp)>,
    requests: AtomicU64,
}

impl<'a> Account<'a> {
    pub(super) fn new(scene: &'a Scene) -> Self {
        Self { scene, pace: SignedDuration::ZERO, twice: false, refusing: None, requests: AtomicU64::new(0) }
    }

    /// Requests made so far.
    pub(super) fn requests(&self) -> u64 {
        self.requests.load(Ordering::SeqCst)
    }

    pub(super) fn sweep<S: StateStore>(&self, store: &S, request: SweepRequest) -> Result<Swept, String> {
        let (scene, access, who, quiet) = (self.scene, Through(self), Who::default(), |_: u64, _: u64| {});
        let sweeping = sweep(store, &access, &scene.clock, &scene.ids, &who, request, &quiet);
        block_on(sweeping).map_err(|error| format!("{error:?}"))
    }

    fn read(&self) -> &'a FakeCloud<std::sync::Arc<FixedClock>> {
        self.requests.fetch_add(1, Ordering::SeqCst);
        self.scene.clock.advance(self.pace);
        &self.scene.cloud
    }

    fn write(&self) -> Result<&'a FakeCloud<std::sync::Arc<FixedClock>>, CloudError> {
        let cloud = self.read();
        let now = self.scene.clock.now();
        if self.refusing.is_some_and(|(from, until)| (from..until).contains(&now)) {
            return Err(CloudError {
                kind: CloudErrorKind::ServiceFault,
                operation: "iam:Change",
                code: Some("ServiceFailure".to_owned()),
                message: "try again".to_owned(),
                request_id: None,
            });
        }
        Ok(cloud)
    }
}

impl IamUsers for Account<'_> {
    async fn create_user(&self, user: &NewUser) -> Result<Made, CloudError> {
        self.write()?.create_user(user).await
    }

    async fn user(&self, name: &str) -> Result<Option<LiveUser>, CloudError> {
        self.read().user(name).await
    }

    async fn users(&self, path_prefix: &str) -> Result<Vec<ListedUser>, CloudError> {
        self.read().users(path_prefix).await
    }

    async fn put_user_policy(&self, user: &str, policy: &str, document: &str) -> Result<(), CloudError> {
        self.write()?.put_user_policy(user, policy, document).await
    }

    async fn attach_user_policy(&self, user: &str, arn: &str) -> Result<(), CloudError> {
        self.write()?.attach_user_policy(user, arn).await
    }

    async fn add_user_to_group(&self, user: &str, group: &str) -> Result<(), CloudError> {
        self.write()?.add_user_to_group(user, group).await
    }

    async fn create_access_key(&self, user: &str) -> Result<Credentials, CloudError> {
        self.write()?.create_access_key(user).await
    }

    async fn try_key(&self, credentials: &Credentials) -> Result<CallerIdentity, CloudError> {
        self.read().try_key(credentials).await
    }

    async fn deactivate_access_key(&self, user: &str, access_key_id: &str) -> Result<Removal, CloudError> {
        if self.twice {
            self.write()?.deactivate_access_key(user, access_key_id).await?;
        }
        self.write()?.deactivate_access_key(user, access_key_id).await
    }

    async fn attachments(&self, user: &str, kind: Attachment) -> Result<Vec<String>, CloudError> {
        self.read().attachments(user, kind).await
    }

    async fn take_off(&self, user: &str, kind: Attachment, id: &str) -> Result<Removal, CloudError> {
        if self.twice {
            self.write()?.take_off(user, kind, id).await?;
        }
        self.write()?.take_off(user, kind, id).await
    }

    async fn delete_user(&self, name: &str) -> Result<Removal, CloudError> {
        if self.twice {
            self.write()?.delete_user(name).await?;
        }
        self.write()?.delete_user(name).await
    }
}

struct Through<'a>(&'a Account<'a>);

impl<'a> IamAccess for Through<'a> {
    type Users = &'a Account<'a>;
    type Roles = &'a FakeCloud<std::sync::Arc<FixedClock>>;

    async fn users(&self, _: &BrokerSpec) -> Result<(CallerIdentity, Self::Users), Failure> {
        Ok((CloudRead::caller_identity(&self.0.scene.cloud).await?, self.0))
    }

    async fn roles(&self, _: &BrokerSpec, _: &AccountId) -> Result<(CallerIdentity, Self::Roles), Failure> {
        Ok((CloudRead::caller_identity(&self.0.scene.cloud).await?, &self.0.scene.cloud))
    }
}
