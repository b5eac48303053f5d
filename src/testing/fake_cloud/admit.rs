//! Whether AWS would let the broker in: the evaluator's answer, with everything that the fake knows of the request.

use std::collections::BTreeMap;

use crate::domain::Timestamp;
use crate::domain::iam::{
    self, Broker, Caller, Context, Knowledge, Layer, NamedPolicy, Policies, ResourcePolicy, Template, Verdict, evaluate,
};
use crate::domain::ident::BrokerPrincipal;
use crate::domain::world::{AttachedPolicy, CallerIdentity, LiveRole};
use crate::ports::AssumeRole;

/// The principal that asks, and its policies.
pub(super) struct Asking<'a> {
    pub(super) principal: &'a BrokerPrincipal,
    pub(super) identity: &'a CallerIdentity,
    pub(super) tags: &'a BTreeMap<String, String>,
    pub(super) policies: &'a [AttachedPolicy],
    pub(super) boundary: Option<&'a AttachedPolicy>,
    pub(super) now: Timestamp,
}

impl Asking<'_> {
    /// Whether `action` is authorized when this role is asked for. What hangs on a key that the fake does not know, such as
    /// the caller's address, is not.
    pub(super) fn may_assume(&self, role: &LiveRole, request: &AssumeRole, action: &str) -> bool {
        let Ok(trust) = &role.trust.policy else { return false };
        let session = iam::Session { passes_on_nothing: true, untagged: true, not_federated: true };
        let no_tags = BTreeMap::new();
        let context = Context::assume_role(iam::AssumeRole {
            broker: Broker {
                caller: self.caller(),
                tags: Some(self.tags),
                session: self.principal.is_role().then_some(session),
            },
            target: role.arn.as_str(),
            target_tags: Some(role.tags.as_ref().unwrap_or(&no_tags)),
            session_name: Template::anything(),
            external_id: request.external_id.as_deref(),
            session_tags: &request.tags,
            transitive_tag_keys: &request.transitive_tag_keys,
            source_identity: request.source_identity.as_deref(),
            mfa: request.mfa.is_some(),
            region: None,
            at: self.now,
            organization: Knowledge::ABSENT,
        })
        .with("sts:RoleSessionName", Knowledge::is(request.session_name.as_str()));
        let resource = ResourcePolicy::Trust(NamedPolicy { name: "trust policy", policy: trust });
        self.is_allowed(action, role.arn.as_str(), resource, &context)
    }

    /// Whether the broker's own policies allow this, on nothing that has a policy.
    pub(super) fn may(&self, action: &str, resource: &str) -> bool {
        self.is_allowed(action, resource, ResourcePolicy::None, &Context::open())
    }

    fn is_allowed(&self, action: &str, resource: &str, policy: ResourcePolicy<'_>, context: &Context<'_>) -> bool {
        let request = iam::Request::new(self.caller(), action).on(resource).within(context);
        let policies = Policies {
            identity: layer(self.policies),
            resource: policy,
            boundary: self.boundary.map_or(Layer::None, |boundary| layer(std::slice::from_ref(boundary))),
            ..Policies::default()
        };
        evaluate(&request, &policies).verdict == Verdict::Allowed
    }

    fn caller(&self) -> Caller<'_> {
        Caller {
            partition: self.principal.partition(),
            account: self.principal.account().as_str(),
            principal_arn: self.principal.as_str(),
            session_arn: self.principal.is_role().then_some(self.identity.arn.as_str()),
            unique_id: self.identity.user_id.split(':').next(),
        }
    }
}

/// AWS stores no text that is no policy: one that is there all the same leaves everything open.
fn layer(policies: &[AttachedPolicy]) -> Layer<'_> {
    policies.iter().map(AttachedPolicy::named).collect::<Option<Vec<_>>>().map_or(Layer::Unread, Layer::Read)
}
