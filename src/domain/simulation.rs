//! One set of policies and one caller, asked for several actions: the evaluator for those who bring everything along.

use super::iam::{
    Caller, Context, Layer, NamedPolicy, Outcome, Place, Policies, Policy, PolicyNote, Request, ResourcePolicy,
};

/// A question with everything that is known about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Simulation {
    /// Who asks.
    pub principal: Principal,
    /// What for; each action is judged as a request of its own.
    pub actions: Vec<String>,
    /// On what; `None` when it is not known.
    pub resource: Option<String>,
    /// What is known of the condition keys.
    pub context: Context<'static>,
    /// The caller's own policies.
    pub identity: Policed,
    /// That of what is asked for.
    pub resource_policy: OfResource,
    /// The caller's permissions boundary.
    pub boundary: Policed,
    /// The policies of the caller's session.
    pub session: Policed,
    /// Service control policies, level by level.
    pub scps: Vec<Policed>,
    /// Resource control policies, level by level.
    pub rcps: Vec<Policed>,
}

/// A caller, as [`Caller`] wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Its partition.
    pub partition: String,
    /// Its account.
    pub account: String,
    /// ARN of the role or user.
    pub arn: String,
    /// ARN of the session, when its name is known.
    pub session_arn: Option<String>,
    /// `AROA…` or `AIDA…`, when it is known.
    pub unique_id: Option<String>,
}

/// A policy under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The name (hostile).
    pub name: String,
    /// The policy.
    pub policy: Policy,
}

/// The policies of one place; see [`Layer`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Policed {
    /// There is none.
    #[default]
    None,
    /// Nobody read it; it is taken not to limit, and the verdict says so.
    Assumed,
    /// It could not be read: the verdict hangs on it.
    Unread,
    /// Just these.
    By(Vec<Named>),
}

/// The policy of what is asked for; see [`ResourcePolicy`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum OfResource {
    /// It has none.
    #[default]
    None,
    /// A role's trust policy; `None` when it could not be read.
    Trust(Option<Named>),
    /// That of another resource; `None` when it could not be read.
    Attached(Option<Named>),
}

impl Simulation {
    /// Judges each action, in the order given.
    #[must_use]
    pub fn run(&self) -> Vec<Outcome> {
        let policies = self.policies();
        let judge = |action: &String| {
            let request = self.request(action);
            Outcome::of(&request, &policies)
        };
        self.actions.iter().map(judge).collect()
    }

    /// What is legal but odd in each policy, place by place.
    #[must_use]
    pub fn notes(&self) -> Vec<(Place, &str, &PolicyNote)> {
        let mut notes = Vec::new();
        for (place, Named { name, policy }) in self.named() {
            let is_trust = place == Place::Resource && matches!(self.resource_policy, OfResource::Trust(_));
            let odd = policy.notes().iter().filter(|note| is_trust || !note.kind.is_of_trust_policies());
            notes.extend(odd.map(|note| (place, name.as_str(), note)));
        }
        notes
    }

    /// Every policy with its place, in the order in which [`trace`](super::iam::trace()) tells of them.
    #[must_use]
    pub fn named(&self) -> Vec<(Place, &Named)> {
        let mut all = Vec::new();
        for layer in &self.scps {
            all.extend(layer.named().iter().map(|named| (Place::Scp, named)));
        }
        for layer in &self.rcps {
            all.extend(layer.named().iter().map(|named| (Place::Rcp, named)));
        }
        if let OfResource::Trust(Some(named)) | OfResource::Attached(Some(named)) = &self.resource_policy {
            all.push((Place::Resource, named));
        }
        for (place, policed) in
            [(Place::Identity, &self.identity), (Place::Boundary, &self.boundary), (Place::Session, &self.session)]
        {
            all.extend(policed.named().iter().map(|named| (place, named)));
        }
        all
    }

    fn request<'a>(&'a self, action: &'a str) -> Request<'a> {
        let Principal { partition, account, arn, session_arn, unique_id } = &self.principal;
        let caller = Caller {
            partition,
            account,
            principal_arn: arn,
            session_arn: session_arn.as_deref(),
            unique_id: unique_id.as_deref(),
        };
        let request = Request::new(caller, action).within(&self.context);
        self.resource.as_ref().map_or(request, |resource| request.on(resource))
    }

    fn policies(&self) -> Policies<'_> {
        Policies {
            identity: self.identity.layer(),
            resource: match &self.resource_policy {
                OfResource::None => ResourcePolicy::None,
                OfResource::Trust(Some(named)) => ResourcePolicy::Trust(named.borrowed()),
                OfResource::Trust(None) => ResourcePolicy::UnreadTrust,
                OfResource::Attached(Some(named)) => ResourcePolicy::Attached(named.borrowed()),
                OfResource::Attached(None) => ResourcePolicy::UnreadAttached,
            },
            boundary: self.boundary.layer(),
            session: self.session.layer(),
            scps: self.scps.iter().map(Policed::layer).collect(),
            rcps: self.rcps.iter().map(Policed::layer).collect(),
        }
    }
}

impl Named {
    fn borrowed(&self) -> NamedPolicy<'_> {
        NamedPolicy { name: &self.name, policy: &self.policy }
    }
}

impl Policed {
    fn named(&self) -> &[Named] {
        match self {
            Self::By(named) => named,
            Self::None | Self::Assumed | Self::Unread => &[],
        }
    }

    fn layer(&self) -> Layer<'_> {
        match self {
            Self::None => Layer::None,
            Self::Assumed => Layer::Assumed,
            Self::Unread => Layer::Unread,
            Self::By(named) => Layer::Read(named.iter().map(Named::borrowed).collect()),
        }
    }
}
