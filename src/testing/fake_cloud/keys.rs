//! What the keys of users may do.

use jiff::SignedDuration;

use super::users::FakeUser;
use super::{CANARY_SECRET, FakeCloud, Inner, error};
use crate::domain::Timestamp;
use crate::domain::iam::{self, Caller, Context, Knowledge, Layer, NamedPolicy, Policies, Policy, Verdict, evaluate};
use crate::domain::secret::Credentials;
use crate::domain::world::CallerIdentity;
use crate::ports::{Clock, CloudError, CloudErrorKind};

/// An action that no policy names: what denies it denies everything.
const ANYTHING: &str = "leasehold-probe:Anything";

impl<C: Clock> FakeCloud<C> {
    /// Has STS know a key only this long after it was made.
    pub fn delay_keys(&self, delay: SignedDuration) {
        self.lock().key_delay = delay;
    }

    /// Whether this key may do anything at an instant, past or to come if nothing more is done: it is there and active, and no inline policy of its user
    /// denies everything then. What is not certain is a yes. Neither the delay of new keys nor a lag of reads counts.
    pub fn key_lives(&self, access_key_id: &str, at: Timestamp) -> bool {
        let inner = self.lock();
        let users = inner.users.values().filter_map(|history| history.at(at));
        users.into_iter().any(|user| {
            let active = user.keys.get(access_key_id).is_some_and(|key| key.active);
            active && !self.is_denied_everything(&user, at)
        })
    }

    fn is_denied_everything(&self, user: &FakeUser, at: Timestamp) -> bool {
        let read: Vec<(&String, Policy)> =
            user.inline.iter().filter_map(|(name, text)| Some((name, Policy::parse(text).ok()?))).collect();
        let named = read.iter().map(|(name, policy)| NamedPolicy { name, policy }).collect();
        let context = Context::open()
            .with("aws:CurrentTime", Knowledge::is(at.to_string()))
            .with("aws:EpochTime", Knowledge::is(at.as_second().to_string()))
            .with("aws:PrincipalArn", Knowledge::is(user.live.arn.as_str()))
            .with("aws:userid", Knowledge::is(user.live.user_id.as_str()))
            .with("aws:username", Knowledge::is(user.live.name.as_str()))
            .with("aws:TokenIssueTime", Knowledge::ABSENT);
        let caller = Caller {
            partition: self.broker.partition(),
            account: self.broker.account().as_str(),
            principal_arn: &user.live.arn,
            session_arn: None,
            unique_id: Some(&user.live.user_id),
        };
        let request = iam::Request::new(caller, ANYTHING).on("*").within(&context);
        let policies = Policies { identity: Layer::Read(named), ..Policies::default() };
        matches!(evaluate(&request, &policies).verdict, Verdict::DeniedExplicitly { .. })
    }

    /// `sts:GetCallerIdentity`, which AWS answers to every key that is one, whatever its user is denied.
    pub(super) fn identity_of(
        &self,
        inner: &mut Inner,
        now: Timestamp,
        credentials: &Credentials,
    ) -> Result<CallerIdentity, CloudError> {
        const OPERATION: &str = "sts:GetCallerIdentity";
        let refused = |code, message| error(OPERATION, CloudErrorKind::InvalidCredentials, Some(code), message);
        let Inner { users, lags, key_delay, .. } = inner;
        let known = now.checked_sub(*key_delay).unwrap_or(Timestamp::MIN);
        let owner = users.values().filter_map(|history| history.seen(now, lags)).find(|user| {
            let key = user.keys.get(&credentials.access_key_id);
            key.is_some_and(|key| key.active && key.created_at <= known)
        });
        let Some(owner) = owner else {
            return Err(refused("InvalidClientTokenId", "The security token included in the request is invalid."));
        };
        if credentials.secret_access_key.expose() != CANARY_SECRET {
            return Err(refused(
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided.",
            ));
        }
        let account = self.broker.account().clone();
        Ok(CallerIdentity { arn: owner.live.arn, user_id: owner.live.user_id, account })
    }
}
