//! A small deployment in memory: manifests as text, the fake cloud, a store, a clock that ticks.

use std::sync::Arc;

use jiff::SignedDuration;
use leasehold::app::audit::Who;
use leasehold::app::{
    AppError, Applied, Expectation, Failure, IssueRequest, IssuedLease, KeyWait, PlanRequest, Planned, commit, issue,
    make_plan, review, validate,
};
use leasehold::domain::digest::Digest;
use leasehold::domain::ident::{BrokerPrincipal, RoleArn};
use leasehold::domain::record::Basis;
use leasehold::domain::span::SourceFile;
use leasehold::ports::{CloudRead, ManifestSet, StateRead, StateStore};
use leasehold::testing::{CountingIds, FakeCloud, FixedClock, block_on};

pub(crate) const READ_ONLY: &str = "arn:aws:iam::111122223333:role/ProdAppReadOnly";
pub(crate) const READ_WRITE: &str = "arn:aws:iam::111122223333:role/ProdAppRW";
pub(crate) const RUNNER: &str = "arn:aws:iam::111122223333:role/VaultRunner";
pub(crate) const USER: &str = "arn:aws:iam::111122223333:user/broker";

/// Lets a user ask for federation tokens. Roles of its own account that name it need no policy.
const TOKENS: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:GetFederationToken","Resource":"*"}]}"#;

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
        block_on(commit(review, store, &self.clock, &self.ids, &Who::default()))
    }

    pub(crate) fn issue<S: StateStore>(&self, store: &S, role: &str) -> Result<IssuedLease, Failure> {
        self.issue_as(store, request(role))
    }

    pub(crate) fn issue_as<S: StateStore>(&self, store: &S, request: IssueRequest) -> Result<IssuedLease, Failure> {
        let connect = async |_: &str| Ok((&self.cloud, &self.cloud));
        match block_on(issue(store, connect, &self.clock, &self.ids, &Who::default(), request)) {
            Ok(issued) => Ok(issued),
            Err(AppError::Failed(failure)) => Err(*failure),
            Err(AppError::Manifests(errors)) => panic!("{errors:?}"),
        }
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
