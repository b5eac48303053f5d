//! What AWS will say when the broker issues a declared role: the request as it will be made, and every policy it meets.
//!
//! `issue` makes one call that STS authorizes as up to three actions (`sts:AssumeRole`, and `sts:TagSession` and
//! `sts:SetSourceIdentity` where tags or a source identity are passed). Each is a question of its own here, with all that
//! is known of its condition keys beforehand. So is each call to IAM by which it makes a user.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::Timestamp;
use super::credential::{AssumedRoleSpec, FederationTokenSpec, IamUserSpec};
use super::desired::BrokerSpec;
use super::iam::{
    AssumeRole, Broker, Caller, Context, Evaluation, Knowledge, Layer, NamedPolicy, Outcome, Policies, Policy, Request,
    ResourcePolicy, Session, StatementTrace, Template, Verdict, decide_trust, evaluate, trace,
};
use super::ident::{BrokerPrincipal, Name, RoleArn, UserArn};
use super::lease;
use super::least_privilege::{BOUNDARY, TAG_DEPLOYMENT, lease_user_path};
use super::limits;
use super::world::{AttachedPolicy, CallerIdentity, Fact, LiveBroker, LiveRole, World};

/// The broker as AWS will see it when it issues, with every policy of its own that was read.
#[derive(Debug, Clone)]
pub struct Issuing<'a> {
    broker: Broker<'a>,
    region: &'a str,
    deployment: &'a Name,
    now: Timestamp,
    world: &'a World,
    identity: Layer<'a>,
    boundary: Layer<'a>,
}

/// The actions that STS authorizes when this credential is issued.
#[must_use]
pub fn actions(spec: &AssumedRoleSpec) -> Vec<&'static str> {
    let mut actions = vec!["sts:AssumeRole"];
    if !spec.session_tags.is_empty() {
        actions.push("sts:TagSession");
    }
    if spec.source_identity.is_some() {
        actions.push("sts:SetSourceIdentity");
    }
    actions
}

impl<'a> Issuing<'a> {
    /// The declared broker in this world, at this instant.
    #[must_use]
    pub fn new(broker: &'a BrokerSpec, world: &'a World, now: Timestamp) -> Self {
        let live = world.broker.present();
        let (identity, boundary) = match &world.broker {
            Fact::Present(live) => (identity(live), boundary(live)),
            Fact::Absent => (Layer::None, Layer::None),
            Fact::Unknown(_) => (Layer::Unread, Layer::Unread),
        };
        let session = broker.principal.is_role().then(Session::default);
        let caller = caller(&broker.principal, world);
        let tags = live.map(|live| &live.tags);
        Self {
            broker: Broker { caller, tags, session },
            region: &broker.region,
            deployment: &broker.deployment,
            now,
            world,
            identity,
            boundary,
        }
    }

    /// The broker as a principal. The name of its session is not known before it issues.
    #[must_use]
    pub fn caller(&self) -> Caller<'a> {
        self.broker.caller
    }

    /// The broker's own policies, as far as they were read.
    #[must_use]
    pub fn identity(&self) -> &Layer<'a> {
        &self.identity
    }

    /// The broker's permissions boundary, as far as it was read.
    #[must_use]
    pub fn boundary(&self) -> &Layer<'a> {
        &self.boundary
    }

    /// The request that issues `target` for the role of this name. `live` gives the target's tags, where they were read.
    /// The session's name is the one that `issue` makes unless it is told another.
    #[must_use]
    pub fn ask(
        &self,
        role: &Name,
        spec: &'a AssumedRoleSpec,
        target: &'a RoleArn,
        live: Option<&'a LiveRole>,
    ) -> Asking<'a> {
        let name = lease::credential_stem(role, limits::SESSION_NAME_MAX);
        let context = Context::assume_role(AssumeRole {
            broker: self.broker.clone(),
            target: target.as_str(),
            target_tags: live.and_then(|live| live.tags.as_ref()),
            session_name: Template::new(&name, lease::LEASE_ID_LENGTH, ""),
            external_id: spec.external_id.as_deref(),
            session_tags: &spec.session_tags,
            transitive_tag_keys: &spec.transitive_tag_keys,
            source_identity: spec.source_identity.as_deref(),
            mfa: spec.mfa_serial_number.is_some(),
            region: Some(self.region),
            at: self.now,
            organization: Knowledge::UNKNOWN,
        });
        Asking { caller: self.broker.caller, target: Cow::Borrowed(target.as_str()), context, trusts: true }
    }

    /// The request that issues a federation token for the role of this name. The federated user's name ends with a lease id
    /// that nobody knows yet; zeros stand for it, which no policy but one that names lease ids can tell apart.
    #[must_use]
    pub fn ask_federation(&self, role: &Name, spec: &FederationTokenSpec) -> Asking<'a> {
        let caller = self.broker.caller;
        let stem = lease::credential_stem(role, limits::FEDERATION_NAME_MAX);
        let Caller { partition, account, .. } = caller;
        let target =
            format!("arn:{partition}:sts::{account}:federated-user/{stem}{}", "0".repeat(lease::LEASE_ID_LENGTH));
        let mut context = self
            .known_of_any_call()
            .with("aws:RequestedRegion", Knowledge::is(self.region))
            .with("aws:TagKeys", Knowledge::all(spec.session_tags.keys().cloned().collect()));
        for (key, value) in &spec.session_tags {
            context.set(&format!("aws:RequestTag/{key}"), Knowledge::is(value.clone()));
        }
        Asking { caller, target: Cow::Owned(target), context, trusts: false }
    }
}

impl<'a> Issuing<'a> {
    /// The calls to IAM without which no user of this role is issued, in their order: its action, and the request.
    ///
    /// Zeros stand for the lease's id in the user's name. A group whose ARN was not read is not asked about: its path is not
    /// declared, so nothing tells its resource.
    #[must_use]
    pub fn ask_user(&self, role: &Name, spec: &IamUserSpec) -> Vec<(&'static str, Asking<'a>)> {
        let account = self.broker.caller.account;
        let user = self.user_of(role, spec);
        let boundary =
            spec.permissions_boundary_arn.as_ref().map_or(Knowledge::ABSENT, |arn| Knowledge::is(arn.as_str()));
        let tags = self.user_tags(role, spec);
        let tagging = |mut context: Context<'a>| {
            self.without_others(&mut context, "aws:RequestTag/");
            for (key, value) in &tags {
                context.set(&format!("aws:RequestTag/{key}"), value.clone());
            }
            context.with("aws:TagKeys", Knowledge::all(tags.keys().cloned().collect()))
        };
        // The user is there by then, with the tags that it was made with.
        let tagged = |mut context: Context<'a>| {
            self.without_others(&mut context, "aws:ResourceTag/");
            self.without_others(&mut context, "iam:ResourceTag/");
            for (key, value) in &tags {
                context.set(&format!("aws:ResourceTag/{key}"), value.clone());
                context.set(&format!("iam:ResourceTag/{key}"), value.clone());
            }
            context
        };
        // IAM's endpoint is the partition's, so the region is not the broker's.
        let open = || self.known_of_any_call().with("aws:ResourceAccount", Knowledge::is(account));
        let mut calls = vec![
            ("iam:CreateUser", user.clone(), tagging(open()).with(BOUNDARY, boundary.clone())),
            ("iam:TagUser", user.clone(), tagging(open())),
            ("iam:PutUserPolicy", user.clone(), tagged(open()).with(BOUNDARY, boundary.clone())),
        ];
        for arn in &spec.policy.arns {
            let context = tagged(open()).with(BOUNDARY, boundary.clone());
            let context = context.with("iam:PolicyARN", Knowledge::is(arn.as_str()));
            calls.push(("iam:AttachUserPolicy", user.clone(), context));
        }
        let here = |group: &String| {
            let mut known = self.world.groups.iter().filter(|((id, name), _)| id.as_str() == account && name == group);
            known.find_map(|(_, fact)| fact.present())
        };
        for arn in spec.policy.groups.iter().filter_map(here) {
            calls.push(("iam:AddUserToGroup", arn.clone(), open()));
        }
        calls.push(("iam:CreateAccessKey", user, tagged(open())));
        let asking = |(action, target, context)| {
            let target = Cow::Owned(target);
            (action, Asking { caller: self.broker.caller, target, context, trusts: false })
        };
        calls.into_iter().map(asking).collect()
    }

    /// ARN of a user as `issue` makes it for this role; zeros stand for the lease's id.
    #[must_use]
    pub fn user_of(&self, role: &Name, spec: &IamUserSpec) -> String {
        let Caller { partition, account, .. } = self.broker.caller;
        let path = lease_user_path(self.deployment, spec.user_path.as_deref());
        let stem = lease::credential_stem(role, limits::SESSION_NAME_MAX);
        format!("arn:{partition}:iam::{account}:user{path}{stem}{}", "0".repeat(lease::LEASE_ID_LENGTH))
    }

    /// What is known of every call that the broker makes, whatever it asks for; nothing else is.
    #[must_use]
    pub fn known_of_any_call(&self) -> Context<'a> {
        let Caller { account, principal_arn, .. } = self.broker.caller;
        Context::open()
            .with("aws:PrincipalArn", Knowledge::is(principal_arn))
            .with("aws:PrincipalAccount", Knowledge::is(account))
            .with("aws:SecureTransport", Knowledge::is("true"))
            .with("aws:CurrentTime", Knowledge::is(self.now.to_string()))
            .with("aws:EpochTime", Knowledge::is(self.now.as_second().to_string()))
    }

    /// Says that no key of this family that the broker's own policies ask for is there: all tags of a user are known, so
    /// whatever is not said otherwise afterwards is no tag of it.
    fn without_others(&self, context: &mut Context<'_>, family: &str) {
        let read = [&self.identity, &self.boundary].into_iter().filter_map(|layer| match layer {
            Layer::Read(named) => Some(named),
            Layer::None | Layer::Assumed | Layer::Unread => None,
        });
        let statements = read.flatten().flat_map(|named| named.policy.statements());
        for condition in statements.flat_map(|statement| &statement.conditions) {
            let head = condition.key.get(..family.len());
            if head.is_some_and(|head| head.eq_ignore_ascii_case(family)) {
                context.set(&condition.key, Knowledge::ABSENT);
            }
        }
    }

    /// The tags that a user is made with; two of them are other ones each time, one is the state's.
    fn user_tags(&self, role: &Name, spec: &IamUserSpec) -> BTreeMap<String, Knowledge> {
        let declared = spec.iam_tags.iter().map(|(key, value)| (key.clone(), Knowledge::is(value.as_str())));
        let mut tags: BTreeMap<String, Knowledge> = declared.collect();
        tags.insert(TAG_DEPLOYMENT.to_owned(), Knowledge::is(self.deployment.as_str()));
        // A record that is not there yet gets its lineage when it is applied.
        tags.insert(lease::TAG_LINEAGE.to_owned(), Knowledge::like(Template::new("", lease::LEASE_ID_LENGTH, "")));
        tags.insert(lease::TAG_ROLE.to_owned(), Knowledge::is(role.as_str()));
        tags.insert(lease::TAG_LEASE.to_owned(), Knowledge::like(Template::new("", lease::LEASE_ID_LENGTH, "")));
        tags.insert(lease::TAG_EXPIRES.to_owned(), Knowledge::PRESENT);
        tags
    }
}

/// One request of the broker for one target role.
#[derive(Debug, Clone)]
pub struct Asking<'a> {
    caller: Caller<'a>,
    target: Cow<'a, str>,
    context: Context<'a>,
    /// Whether the target has a trust policy.
    trusts: bool,
}

impl Asking<'_> {
    /// What is asked for.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The question for one of [`actions`].
    #[must_use]
    pub fn request<'q>(&'q self, action: &'q str) -> Request<'q> {
        Request::new(self.caller, action).on(&self.target).within(&self.context)
    }

    /// The same request without this condition key.
    #[must_use]
    pub fn without(&self, key: &str) -> Self {
        let mut asking = self.clone();
        asking.context.set(key, Knowledge::ABSENT);
        asking
    }

    /// What the target's trust policy says, as if the broker's own policies allowed everything.
    #[must_use]
    pub fn trust(&self, policy: &Policy, action: &str) -> Verdict {
        let named = NamedPolicy { name: TRUST_POLICY, policy };
        let policies =
            Policies { resource: ResourcePolicy::Trust(named), identity: Layer::Assumed, ..Policies::default() };
        evaluate(&self.request(action), &policies).verdict
    }

    /// Whether the trust policy lets the broker only as a principal of its account (see
    /// [`TrustDecision::delegated`](super::iam::TrustDecision::delegated)).
    #[must_use]
    pub fn is_delegated(&self, policy: &Policy, action: &str) -> bool {
        decide_trust(policy, &self.request(action)).delegated
    }

    /// What AWS answers, by every policy that was read: the trust policy, the broker's own policies and its boundary.
    #[must_use]
    pub fn whole(&self, issuing: &Issuing<'_>, trust: Option<&Policy>, action: &str) -> Evaluation {
        evaluate(&self.request(action), &self.policies(issuing, trust))
    }

    /// The same with how every statement of those policies was judged.
    #[must_use]
    pub fn outcome(&self, issuing: &Issuing<'_>, trust: Option<&Policy>, action: &str) -> Outcome {
        Outcome::of(&self.request(action), &self.policies(issuing, trust))
    }

    /// How every statement of those policies was judged.
    #[must_use]
    pub fn trace(&self, issuing: &Issuing<'_>, trust: Option<&Policy>, action: &str) -> Vec<StatementTrace> {
        trace(&self.request(action), &self.policies(issuing, trust))
    }

    fn policies<'p>(&self, issuing: &Issuing<'p>, trust: Option<&'p Policy>) -> Policies<'p> {
        let resource = match trust {
            Some(policy) => ResourcePolicy::Trust(NamedPolicy { name: TRUST_POLICY, policy }),
            None if self.trusts => ResourcePolicy::UnreadTrust,
            None => ResourcePolicy::None,
        };
        // Nobody reads the organization's policies, nor those that the broker's own session was made with.
        let session = if issuing.broker.session.is_some() { Layer::Assumed } else { Layer::None };
        Policies {
            identity: issuing.identity.clone(),
            resource,
            boundary: issuing.boundary.clone(),
            session,
            scps: vec![Layer::Assumed],
            rcps: if self.trusts { vec![Layer::Assumed] } else { Vec::new() },
        }
    }
}

/// What the trust policy is called in verdicts.
pub const TRUST_POLICY: &str = "trust policy";

fn identity(live: &LiveBroker) -> Layer<'_> {
    match &live.policies {
        Fact::Present(policies) => read(policies),
        Fact::Absent => Layer::None,
        Fact::Unknown(_) => Layer::Unread,
    }
}

fn boundary(live: &LiveBroker) -> Layer<'_> {
    match &live.boundary {
        Fact::Present(boundary) => read(std::slice::from_ref(boundary)),
        Fact::Absent => Layer::None,
        Fact::Unknown(_) => Layer::Unread,
    }
}

/// A document that is no policy makes the whole layer unknown: it could be a Deny.
fn read(policies: &[AttachedPolicy]) -> Layer<'_> {
    policies.iter().map(AttachedPolicy::named).collect::<Option<Vec<_>>>().map_or(Layer::Unread, Layer::Read)
}

fn caller<'a>(principal: &'a BrokerPrincipal, world: &'a World) -> Caller<'a> {
    let live = world.broker.present().map(|live| live.unique_id.as_str());
    let unique_id = live.or_else(|| match principal {
        BrokerPrincipal::Role(arn) => world
            .role(arn)
            .present()
            .map(|live| live.role_id.as_str())
            .or_else(|| world.caller.present().and_then(|caller| id_of_role_session(caller, arn))),
        BrokerPrincipal::User(arn) => world.caller.present().and_then(|caller| id_of_user(caller, arn)),
    });
    Caller {
        partition: principal.partition(),
        account: principal.account().as_str(),
        principal_arn: principal.as_str(),
        session_arn: None,
        unique_id,
    }
}

fn id_of_role_session<'a>(caller: &'a CallerIdentity, role: &RoleArn) -> Option<&'a str> {
    let prefix = format!("arn:{}:sts::{}:assumed-role/{}/", role.arn().partition(), role.account(), role.name());
    caller.arn.starts_with(&prefix).then(|| caller.user_id.split(':').next()).flatten()
}

fn id_of_user<'a>(caller: &'a CallerIdentity, user: &UserArn) -> Option<&'a str> {
    (caller.arn == user.as_str()).then_some(caller.user_id.as_str())
}
