//! A cloud in memory that refuses what AWS refuses, with AWS's error codes and texts.
//!
//! It enforces what no emulator does: `MaxSessionDuration`, the one-hour cap on chaining, the floor of 900 seconds, the
//! rules for session names, and who may ask for tokens. Who is let in is the evaluator's answer to the role's trust policy and the
//! broker's own policies; what hangs on something that nobody told the fake is refused. It can be told to throttle, to lose
//! replies, to die, and to hide or deny reads. Accounts other than the broker's are read through their readers.
//!
//! IAM's writes are in `iam_users` and `role_policies`, with its quotas and refusals; reads may learn of them late.

mod admit;
mod history;
mod iam_users;
mod keys;
mod reading;
mod refusals;
mod role_policies;
mod users;
mod weather;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::SignedDuration;

use crate::domain::Timestamp;
use crate::domain::ident::{AccountId, BrokerPrincipal, RoleArn, is_iam_name_char};
use crate::domain::limits;
use crate::domain::secret::{Credentials, Secret};
use crate::domain::world::{AttachedPolicy, CallerIdentity, LivePolicy, LiveRole};
use crate::ports::{
    AssumeRole, Clock, CloudError, CloudErrorKind, CloudRead, FederationToken, Issued, Issuer, SessionToken,
};
use admit::Asking;
use history::{History, Lags};
use weather::{Weather, lost};

pub use history::Lag;
pub use users::{FakeKey, FakeUser};
pub use weather::{Chances, Trouble};

/// The secret access key of every credential the fake hands out: what a test plants, and looks for everywhere.
pub const CANARY_SECRET: &str = "LEASEHOLDcanarySECRETaccessKEYneverPRINTED00";
/// The session token of every credential the fake hands out.
pub const CANARY_TOKEN: &str = "LEASEHOLDcanarySESSIONtokenNEVERprinted11==";

/// A session that STS gave, as CloudTrail would know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The role assumed; `None` for tokens.
    pub role_arn: Option<RoleArn>,
    /// The session's name; `None` for session tokens.
    pub name: Option<String>,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Some accounts in memory, seen by one broker.
#[derive(Debug)]
pub struct FakeCloud<C> {
    clock: C,
    broker: BrokerPrincipal,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    roles: BTreeMap<String, LiveRole>,
    hidden: BTreeSet<String>,
    tags: BTreeMap<String, String>,
    policies: Vec<AttachedPolicy>,
    boundary: Option<AttachedPolicy>,
    broker_hidden: bool,
    managed: BTreeSet<String>,
    groups: BTreeSet<(AccountId, String)>,
    summaries: BTreeMap<AccountId, BTreeMap<String, u64>>,
    readers: BTreeMap<RoleArn, Option<String>>,
    users: BTreeMap<String, History<Option<FakeUser>>>,
    role_policies: BTreeMap<String, History<BTreeMap<String, String>>>,
    devices: BTreeSet<String>,
    key_delay: SignedDuration,
    lags: Lags,
    weather: Weather,
    sessions: Vec<Session>,
    answered_expiry: Option<SignedDuration>,
    made: u32,
}

impl<C: Clock> FakeCloud<C> {
    /// An account that holds `broker`, without any policy, and nothing else.
    pub fn new(clock: C, broker: BrokerPrincipal) -> Self {
        Self { clock, broker, inner: Mutex::default() }
    }

    /// Adds a role, or replaces the one with this ARN under a new role id. `trust` is the trust policy as JSON text.
    pub fn put_role(&self, arn: &RoleArn, max_session_duration: u32, trust: &str) {
        let mut inner = self.lock();
        inner.made += 1;
        let role_id = format!("AROAFAKE{:012}", inner.made);
        let live =
            LiveRole { arn: arn.clone(), role_id, max_session_duration, trust: LivePolicy::read(trust), tags: None };
        inner.roles.insert(arn.as_str().to_ascii_lowercase(), live);
    }

    /// Changes a role in place, as somebody behind git's back would. Answers whether it was there.
    pub fn edit_role(&self, arn: &RoleArn, edit: impl FnOnce(&mut LiveRole)) -> bool {
        self.lock().roles.get_mut(&arn.as_str().to_ascii_lowercase()).map(edit).is_some()
    }

    /// Deletes a role. Answers whether it was there.
    pub fn delete_role(&self, arn: &RoleArn) -> bool {
        self.lock().roles.remove(&arn.as_str().to_ascii_lowercase()).is_some()
    }

    /// Denies reading this role from now on.
    pub fn hide_role(&self, arn: &RoleArn) {
        self.lock().hidden.insert(arn.as_str().to_owned());
    }

    /// Gives the broker this policy, or replaces the one of this name. `document` is JSON text.
    pub fn put_broker_policy(&self, name: &str, document: &str) {
        let policy = AttachedPolicy { name: name.to_owned(), document: LivePolicy::read(document) };
        let mut inner = self.lock();
        inner.policies.retain(|known| known.name != name);
        inner.policies.push(policy);
        inner.policies.sort_by(|a, b| a.name.cmp(&b.name));
    }

    /// Bounds the broker by this managed policy, or by none.
    pub fn bound_broker(&self, boundary: Option<(&str, &str)>) {
        let boundary = boundary
            .map(|(arn, document)| AttachedPolicy { name: arn.to_owned(), document: LivePolicy::read(document) });
        self.lock().boundary = boundary;
    }

    /// Gives the broker itself these tags and no others.
    pub fn tag_broker(&self, tags: BTreeMap<String, String>) {
        self.lock().tags = tags;
    }

    /// Denies reading the broker from now on.
    pub fn hide_broker(&self) {
        self.lock().broker_hidden = true;
    }

    /// Makes a managed policy exist, by its ARN.
    pub fn put_managed_policy(&self, arn: &str) {
        self.lock().managed.insert(arn.to_owned());
    }

    /// Makes a group exist.
    pub fn put_group(&self, account: &AccountId, name: &str) {
        self.lock().groups.insert((account.clone(), name.to_owned()));
    }

    /// Says what an account uses and what its quotas are; else it has no users, and room for 5,000.
    pub fn put_summary(&self, account: &AccountId, summary: BTreeMap<String, u64>) {
        self.lock().summaries.insert(account.clone(), summary);
    }

    /// Lets the account of this role be read through it, by whoever passes this external id.
    pub fn put_reader(&self, role: &RoleArn, external_id: Option<&str>) {
        self.lock().readers.insert(role.clone(), external_id.map(str::to_owned));
    }

    /// Answers every request with an expiry this far from now, whatever was asked.
    pub fn answer_expiry(&self, from_now: SignedDuration) {
        self.lock().answered_expiry = Some(from_now);
    }

    /// Every session that was given, whether or not its answer arrived.
    pub fn sessions(&self) -> Vec<Session> {
        self.lock().sessions.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn identity(&self) -> CallerIdentity {
        let account = self.broker.account().clone();
        match &self.broker {
            BrokerPrincipal::Role(role) => CallerIdentity {
                arn: format!("arn:{}:sts::{account}:assumed-role/{}/ci", self.broker.partition(), role.name()),
                user_id: "AROAFAKEBROKER000000:ci".to_owned(),
                account,
            },
            BrokerPrincipal::User(user) => {
                CallerIdentity { arn: user.as_str().to_owned(), user_id: "AIDAFAKEBROKER000000".to_owned(), account }
            }
        }
    }

    /// Lets whoever asks for a session in, or refuses in AWS's words.
    fn admit(
        &self,
        operation: &'static str,
        action: &str,
        resource: &str,
        allows: impl FnOnce(&Asking<'_>) -> bool,
    ) -> Result<(), CloudError> {
        let (identity, now) = (self.identity(), self.clock.now());
        let inner = self.lock();
        let Inner { tags, policies, boundary, .. } = &*inner;
        let (principal, boundary) = (&self.broker, boundary.as_ref());
        if allows(&Asking { principal, identity: &identity, tags, policies, boundary, now }) {
            return Ok(());
        }
        let message = format!("User: {} is not authorized to perform: {action} on resource: {resource}", identity.arn);
        Err(error(operation, CloudErrorKind::AccessDenied, Some("AccessDenied"), &message))
    }

    fn grant(
        &self,
        operation: &'static str,
        session: Session,
        lose: bool,
        ids: (Option<String>, Option<String>),
    ) -> Result<Issued, CloudError> {
        let mut inner = self.lock();
        let expires_at = session.expires_at;
        inner.sessions.push(session);
        if lose {
            return Err(lost(operation));
        }
        Ok(Issued {
            credentials: Credentials {
                access_key_id: format!("ASIAFAKE{:012}", inner.sessions.len()),
                secret_access_key: Secret::new(CANARY_SECRET.to_owned()),
                session_token: Some(Secret::new(CANARY_TOKEN.to_owned())),
                expires_at: Some(expires_at),
            },
            arn: ids.0,
            user_id: ids.1,
            packed_policy_size: None,
        })
    }

    fn expiry(&self, seconds: u32) -> Timestamp {
        let asked = SignedDuration::from_secs(seconds.into());
        let from_now = self.lock().answered_expiry.unwrap_or(asked);
        self.clock.now().saturating_add(from_now).unwrap_or(Timestamp::MAX)
    }

    fn long_term_keys(&self, operation: &'static str, call: &str) -> Result<(), CloudError> {
        if self.broker.is_role() {
            let message = format!("Cannot call {call} with session credentials");
            return Err(error(operation, CloudErrorKind::AccessDenied, Some("AccessDenied"), &message));
        }
        Ok(())
    }
}

fn error(operation: &'static str, kind: CloudErrorKind, code: Option<&str>, message: &str) -> CloudError {
    CloudError { kind, operation, code: code.map(str::to_owned), message: message.to_owned(), request_id: None }
}

fn invalid(operation: &'static str, message: &str) -> CloudError {
    error(operation, CloudErrorKind::Refused, Some("ValidationError"), message)
}

fn check_duration(operation: &'static str, seconds: u32, most: u32) -> Result<(), CloudError> {
    let bound = if seconds < limits::STS_MIN_SECONDS {
        format!("greater than or equal to {}", limits::STS_MIN_SECONDS)
    } else if seconds > most {
        format!("less than or equal to {most}")
    } else {
        return Ok(());
    };
    Err(invalid(
        operation,
        &format!(
            "1 validation error detected: Value '{seconds}' at 'durationSeconds' failed to satisfy constraint: Member must have value {bound}"
        ),
    ))
}

fn check_name(operation: &'static str, field: &str, name: &str, most: usize) -> Result<(), CloudError> {
    let length = name.chars().count();
    if (limits::SESSION_NAME_MIN..=most).contains(&length) && name.chars().all(is_iam_name_char) {
        return Ok(());
    }
    Err(invalid(
        operation,
        &format!(
            "1 validation error detected: Value '{name}' at '{field}' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*"
        ),
    ))
}

impl<C: Clock + Sync + Send> Issuer for FakeCloud<C> {
    async fn caller_identity(&self) -> Result<CallerIdentity, CloudError> {
        CloudRead::caller_identity(self).await
    }

    async fn assume_role(&self, request: &AssumeRole) -> Result<Issued, CloudError> {
        const OPERATION: &str = "sts:AssumeRole";
        let lose = self.begin(OPERATION)?;
        check_name(OPERATION, "roleSessionName", &request.session_name, limits::SESSION_NAME_MAX)?;
        check_duration(OPERATION, request.ttl.seconds(), limits::ASSUME_ROLE_MAX_SECONDS)?;
        // Role names are case-sensitive when assuming, whatever IAM says when reading.
        let live = self.lock().roles.get(&request.role_arn.as_str().to_ascii_lowercase()).cloned();
        let live = live.filter(|live| live.arn == request.role_arn);
        let mut actions = vec!["sts:AssumeRole"];
        actions.extend((!request.tags.is_empty()).then_some("sts:TagSession"));
        actions.extend(request.source_identity.is_some().then_some("sts:SetSourceIdentity"));
        for action in actions {
            self.admit(OPERATION, action, request.role_arn.as_str(), |asking| {
                live.as_ref().is_some_and(|live| asking.may_assume(live, request, action))
            })?;
        }
        let Some(live) = live else {
            return Err(error(OPERATION, CloudErrorKind::AccessDenied, Some("AccessDenied"), "not authorized"));
        };
        if request.ttl.seconds() > live.max_session_duration {
            return Err(invalid(
                OPERATION,
                "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
            ));
        }
        if self.broker.is_role() && request.ttl.seconds() > limits::CHAINED_MAX_SECONDS {
            return Err(invalid(
                OPERATION,
                "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
            ));
        }
        let session = Session {
            role_arn: Some(request.role_arn.clone()),
            name: Some(request.session_name.clone()),
            expires_at: self.expiry(request.ttl.seconds()),
        };
        let arn = format!(
            "arn:{}:sts::{}:assumed-role/{}/{}",
            request.role_arn.arn().partition(),
            request.role_arn.account(),
            request.role_arn.name(),
            request.session_name
        );
        let user_id = format!("{}:{}", live.role_id, request.session_name);
        self.grant(OPERATION, session, lose, (Some(arn), Some(user_id)))
    }

    async fn federation_token(&self, request: &FederationToken) -> Result<Issued, CloudError> {
        const OPERATION: &str = "sts:GetFederationToken";
        let lose = self.begin(OPERATION)?;
        self.long_term_keys(OPERATION, "GetFederationToken")?;
        check_name(OPERATION, "name", &request.name, limits::FEDERATION_NAME_MAX)?;
        check_duration(OPERATION, request.ttl.seconds(), limits::TOKEN_MAX_SECONDS)?;
        let account: &AccountId = self.broker.account();
        let arn = format!("arn:{}:sts::{account}:federated-user/{}", self.broker.partition(), request.name);
        let user_id = format!("{account}:{}", request.name);
        self.admit(OPERATION, OPERATION, &arn, |asking| asking.may(OPERATION, &arn))?;
        let session = Session {
            role_arn: None,
            name: Some(request.name.clone()),
            expires_at: self.expiry(request.ttl.seconds()),
        };
        self.grant(OPERATION, session, lose, (Some(arn), Some(user_id)))
    }

    async fn session_token(&self, request: &SessionToken) -> Result<Issued, CloudError> {
        const OPERATION: &str = "sts:GetSessionToken";
        let lose = self.begin(OPERATION)?;
        self.long_term_keys(OPERATION, "GetSessionToken")?;
        check_duration(OPERATION, request.ttl.seconds(), limits::TOKEN_MAX_SECONDS)?;
        let session = Session { role_arn: None, name: None, expires_at: self.expiry(request.ttl.seconds()) };
        self.grant(OPERATION, session, lose, (None, None))
    }
}

#[cfg(test)]
mod tests;
