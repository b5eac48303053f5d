//! A small deployment in memory: manifests as text, the fake cloud, a store, a clock that ticks.

use std::sync::Arc;

use jiff::SignedDuration;
use leasehold::app::audit::Who;
use leasehold::app::{
    AppError, Applied, Expectation, Failure, HeadSigning, IamAccess, IssueRequest, IssuedLease, KeyWait, PlanRequest,
    Planned, RevokeRequest, Revoked, SweepRequest, Swept, commit, issue, make_plan, renew_lease, review, revoke_leases,
    sweep, validate,
};
use leasehold::domain::desired::BrokerSpec;
use leasehold::domain::digest::Digest;
use leasehold::domain::ident::{AccountId, BrokerPrincipal, RoleArn};
use leasehold::domain::lease::Lease;
use leasehold::domain::record::Basis;
use leasehold::domain::span::SourceFile;
use leasehold::domain::ttl::Ttl;
use leasehold::domain::world::CallerIdentity;
use leasehold::ports::{CloudRead, ManifestSet, StateRead, StateStore};
use leasehold::testing::{CountingIds, FakeCloud, FixedClock, block_on};
use serde_json::json;

pub(crate) const READ_ONLY: &str = "arn:aws:iam::111122223333:role/ProdAppReadOnly";
pub(crate) const READ_WRITE: &str = "arn:aws:iam::111122223333:role/ProdAppRW";
pub(crate) const RUNNER: &str = "arn:aws:iam::111122223333:role/VaultRunner";
pub(crate) const USER: &str = "arn:aws:iam::111122223333:user/broker";

/// Lets a user ask for federation tokens. Roles of its own account that name it need no policy.
const TOKENS: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:GetFederationToken","Resource":"*"}]}"#;

/// What a broker of this account needs to make the users of any role here that joins no group.
pub(crate) fn makes_users(account: &str) -> String {
    let users = format!("arn:aws:iam::{account}:user/leasehold/prod/*");
    json!({"Version": "2012-10-17", "Statement": [
        {
            "Effect": "Allow",
            "Action": ["iam:CreateUser", "iam:TagUser", "iam:PutUserPolicy", "iam:CreateAccessKey"],
            "Resource": users,
        },
        {
            "Effect": "Allow",
            "Action": "iam:AttachUserPolicy",
            "Resource": users,
            "Condition": {"ArnEquals": {"iam:PolicyARN": POLICY}},
        },
    ]})
    .to_string()
}

/// What it needs to have them join one.
const JOINS_GROUPS: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:AddUserToGroup","Resource":"arn:aws:iam::111122223333:group/*"}]}"#;

/// A trust policy that admits one principal.
pub(crate) fn trusting(principal: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"{principal}"}},"Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"]}}]}}"#
    )
}

pub(crate) fn arn(text: &str) -> RoleArn {
    RoleArn::parse(text).expect("a role ARN")
}

/// The Broker document, and role documents after it.
pub(crate) fn manifests(broker: &str, roles: &str) -> String {
    format!(
        "apiVersion: leasehold/v1\nkind: Broker\nmetadata: {{name: prod}}\nspec:\n  principal: {broker}\n  \
         region: ap-northeast-1\n  deployment: prod\n{roles}"
    )
}

/// One Role document of type assumed_role; `more` are further lines of its spec.
pub(crate) fn role(name: &str, arn: &str, more: &str) -> String {
    let more: String = more.lines().map(|line| format!("  {line}\n")).collect();
    format!(
        "---\napiVersion: leasehold/v1\nkind: Role\nmetadata: {{name: {name}}}\nspec:\n  role_arns: [{arn}]\n{more}"
    )
}

/// One Role document of type iam_user; `more` are further lines of its spec.
pub(crate) fn user_role(name: &str, more: &str) -> String {
    let more: String = more.lines().map(|line| format!("  {line}\n")).collect();
    format!(
        "---\napiVersion: leasehold/v1\nkind: Role\nmetadata: {{name: {name}}}\nspec:\n  credential_type: iam_user\n  \
         default_ttl: 1h\n  max_ttl: 8h\n  user_path: /ci/\n  permissions_boundary_arn: {BOUNDARY}\n  \
         justification: a legacy tool\n  policy_arns: [{POLICY}]\n{more}"
    )
}

/// The boundary of every user here.
pub(crate) const BOUNDARY: &str = "arn:aws:iam::111122223333:policy/Boundary";
/// The policy of every user here.
pub(crate) const POLICY: &str = "arn:aws:iam::aws:policy/ReadOnlyAccess";

pub(crate) struct Scene {
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) ids: CountingIds,
    pub(crate) cloud: FakeCloud<Arc<FixedClock>>,
    pub(crate) broker: String,
}

impl Scene {
    /// A role as broker, and the two target roles of the tutorials.
    pub(crate) fn new() -> Self {
        Self::with_broker(RUNNER)
    }

    pub(crate) fn with_broker(broker: &str) -> Self {
        let now = "2026-11-23T12:00:00Z".parse().expect("an instant");
        let clock = Arc::new(FixedClock::ticking(now, SignedDuration::from_millis(1)));
        let cloud = FakeCloud::new(Arc::clone(&clock), BrokerPrincipal::parse(broker).expect("a principal"));
        cloud.put_broker_policy("tokens", TOKENS);
        cloud.put_managed_policy(BOUNDARY);
        cloud.put_managed_policy(POLICY);
        cloud.put_role(&arn(READ_ONLY), 3_600, &trusting(broker));
        cloud.put_role(&arn(READ_WRITE), 3_600, &trusting(broker));
        Self { clock, ids: CountingIds::default(), cloud, broker: broker.to_owned() }
    }

    pub(crate) fn set(&self, roles: &str) -> ManifestSet {
        let text = manifests(&self.broker, roles);
        let basis = Basis {
            commit: Some("1".repeat(40)),
            tree: Some("2".repeat(40)),
            dirty: false,
            manifest_digest: Digest::of_bytes(text.as_bytes()),
        };
        let file = Arc::new(SourceFile { path: "prod.yaml".to_owned(), text });
        ManifestSet { files: vec![file], problems: Vec::new(), basis }
    }

    pub(crate) fn plan_in<C: CloudRead, S: StateRead>(
        &self,
        cloud: &C,
        store: &S,
        roles: &str,
    ) -> Result<Planned, AppError> {
        if roles.contains("iam_user") {
            self.cloud.put_broker_policy("users", &makes_users("111122223333"));
        }
        if roles.contains("iam_groups") {
            self.cloud.put_broker_policy("groups", JOINS_GROUPS);
        }
        let set = self.set(roles);
        let desired = validate(&set)?;
        let now = leasehold::ports::Clock::now(&self.clock);
        block_on(make_plan(set.basis, desired, cloud, store, now, PlanRequest::default()))
    }

    pub(crate) fn plan<S: StateRead>(&self, store: &S, roles: &str) -> Planned {
        self.plan_in(&self.cloud, store, roles).expect("a plan")
    }

    pub(crate) fn apply<S: StateStore>(&self, store: &S, roles: &str) -> Result<Applied, Failure> {
        let planned = match self.plan_in(&self.cloud, store, roles) {
            Ok(planned) => planned,
            Err(AppError::Failed(failure)) => return Err(*failure),
            Err(AppError::Manifests(errors)) => panic!("{errors:?}"),
        };
        let review = review(planned, &Expectation::Nothing, false)?;
        block_on(commit(review, store, &self.clock, &self.ids, &Who::default(), &HeadSigning::none()))
    }

    pub(crate) fn sweep<S: StateStore>(&self, store: &S) -> Result<Swept, Failure> {
        self.sweep_as(store, sweeping())
    }

    pub(crate) fn sweep_as<S: StateStore>(&self, store: &S, request: SweepRequest) -> Result<Swept, Failure> {
        let quiet = |_: u64, _: u64| {};
        settled(block_on(sweep(store, &Access(&self.cloud), &self.clock, &self.ids, &Who::default(), request, &quiet)))
    }

    pub(crate) fn revoke<S: StateStore>(&self, store: &S, request: &RevokeRequest) -> Result<Vec<Revoked>, Failure> {
        let access = Access(&self.cloud);
        settled(block_on(revoke_leases(store, &access, &self.clock, &self.ids, &Who::default(), request)))
    }

    pub(crate) fn renew<S: StateStore>(&self, store: &S, id: &str, increment: &str) -> Result<Lease, Failure> {
        let (access, increment) = (Access(&self.cloud), Ttl::parse(increment).expect("a duration"));
        settled(block_on(renew_lease(store, &access, &self.clock, &self.ids, &Who::default(), id, increment)))
    }

    pub(crate) fn issue<S: StateStore>(&self, store: &S, role: &str) -> Result<IssuedLease, Failure> {
        self.issue_as(store, request(role))
    }

    pub(crate) fn issue_as<S: StateStore>(&self, store: &S, request: IssueRequest) -> Result<IssuedLease, Failure> {
        let connect = async |_: &str| Ok((&self.cloud, &self.cloud));
        settled(block_on(issue(store, connect, &self.clock, &self.ids, &Who::default(), request)))
    }
}

/// The failure of a use case that reads no manifests.
fn settled<T>(outcome: Result<T, AppError>) -> Result<T, Failure> {
    match outcome {
        Ok(done) => Ok(done),
        Err(AppError::Failed(failure)) => Err(*failure),
        Err(AppError::Manifests(errors)) => panic!("{errors:?}"),
    }
}

/// A sweep with the usual grace.
pub(crate) fn sweeping() -> SweepRequest {
    SweepRequest { grace: SignedDuration::from_mins(5), max_duration: None, at_once: 4, dry_run: false, full: false }
}

/// One fake cloud, for all accounts.
pub(crate) struct Access<'a>(pub(crate) &'a FakeCloud<Arc<FixedClock>>);

impl<'a> IamAccess for Access<'a> {
    type Users = &'a FakeCloud<Arc<FixedClock>>;
    type Roles = &'a FakeCloud<Arc<FixedClock>>;

    async fn users(&self, _: &BrokerSpec) -> Result<(CallerIdentity, Self::Users), Failure> {
        Ok((CloudRead::caller_identity(self.0).await?, self.0))
    }

    async fn roles(&self, _: &BrokerSpec, _: &AccountId) -> Result<(CallerIdentity, Self::Roles), Failure> {
        Ok((CloudRead::caller_identity(self.0).await?, self.0))
    }
}

pub(crate) fn request(role: &str) -> IssueRequest {
    IssueRequest {
        role: role.to_owned(),
        ttl: None,
        role_arn: None,
        session_name: None,
        clamp: false,
        token_code: None,
        deadline: SignedDuration::from_secs(30),
        wait: KeyWait::Verify,
    }
}
