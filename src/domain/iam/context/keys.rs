//! The condition keys of a request to assume a role, one row a key.

use std::collections::BTreeMap;

use super::{AssumeRole, Knowledge, Template, Values};
use crate::domain::iam::truth::Truth;

/// A condition key, or a family of keys, that AWS documents.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// AWS's spelling. One that ends with `/` or `:` is a family: anything may follow.
    pub name: &'static str,
    /// How many values of it a request may carry.
    pub arity: Arity,
    /// Which of the actions that one request is authorized for carry it.
    pub carried: Carried,
    knowledge: fn(&AssumeRole<'_>, &str) -> Knowledge,
}

/// How many values of a key one request may carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arity {
    /// At most one.
    One,
    /// Several.
    Many,
    /// Several or not: a family of both kinds, or a key that AWS may have added since.
    Unclear,
}

/// Actions whose requests carry a key, by the service authorization reference.
///
/// For the other actions presence is unknown where it is `True` here: nothing says that it is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carried {
    /// Every action.
    Always,
    /// Just these.
    By(&'static [&'static str]),
}

const ASSUME: &str = "sts:AssumeRole";
const TAG: &str = "sts:TagSession";
const IDENTITY: &str = "sts:SetSourceIdentity";

const fn always(name: &'static str, knowledge: fn(&AssumeRole<'_>, &str) -> Knowledge) -> Key {
    Key { name, arity: Arity::One, carried: Carried::Always, knowledge }
}

const fn by(
    actions: &'static [&'static str],
    name: &'static str,
    knowledge: fn(&AssumeRole<'_>, &str) -> Knowledge,
) -> Key {
    Key { name, arity: Arity::One, carried: Carried::By(actions), knowledge }
}

const fn many(key: Key) -> Key {
    Key { arity: Arity::Many, ..key }
}

/// What is known of each key when we ask to assume a role. A key in no row is unknown.
pub const KEYS: &[Key] = &[
    always("aws:PrincipalArn", |it, _| Knowledge::is(it.broker.caller.principal_arn)),
    always("aws:PrincipalAccount", |it, _| Knowledge::is(it.broker.caller.account)),
    always("aws:PrincipalType", |it, _| Knowledge::is(if it.broker.is_user() { "User" } else { "AssumedRole" })),
    always("aws:PrincipalIsAWSService", |_, _| Knowledge::is("false")),
    always("aws:ViaAWSService", |_, _| Knowledge::is("false")),
    always("aws:SecureTransport", |_, _| Knowledge::is("true")),
    always("aws:userid", user_id),
    always("aws:username", user_name),
    always("aws:PrincipalTag/", principal_tag),
    always("aws:PrincipalOrgID", |it, _| it.organization.clone()),
    many(always("aws:PrincipalOrgPaths", |it, _| Knowledge {
        present: it.organization.present,
        values: Values::Unknown,
    })),
    by(&[ASSUME], "sts:ExternalId", |it, _| it.external_id.map_or(Knowledge::ABSENT, Knowledge::is)),
    by(&[ASSUME], "sts:RoleSessionName", |it, _| Knowledge::like(it.session_name.clone())),
    by(&[ASSUME, IDENTITY], "sts:SourceIdentity", source_identity),
    by(&[ASSUME, TAG], "aws:RequestTag/", |it, tag| {
        tag_of(it.session_tags, tag).map_or_else(|| inherited(it), Knowledge::is)
    }),
    many(by(&[ASSUME, TAG], "aws:TagKeys", |it, _| with_inherited(it, it.session_tags.keys().cloned().collect()))),
    many(by(&[ASSUME, TAG], "sts:TransitiveTagKeys", |it, _| with_inherited(it, it.transitive_tag_keys.to_vec()))),
    always("aws:ResourceAccount", |it, _| {
        it.target.split(':').nth(4).filter(|account| !account.is_empty()).map_or(Knowledge::PRESENT, Knowledge::is)
    }),
    always("aws:ResourceOrgID", |_, _| Knowledge::UNKNOWN),
    always("aws:ResourceTag/", target_tag),
    by(&[ASSUME], "iam:ResourceTag/", target_tag),
    always("aws:RequestedRegion", |it, _| it.region.map_or(Knowledge::PRESENT, Knowledge::is)),
    always("aws:TokenIssueTime", |it, _| if it.broker.is_user() { Knowledge::ABSENT } else { Knowledge::PRESENT }),
    always("aws:MultiFactorAuthPresent", |it, _| mfa(it, Knowledge::is("true"))),
    always("aws:MultiFactorAuthAge", |it, _| mfa(it, Knowledge::PRESENT)),
    always("aws:CurrentTime", |it, _| Knowledge::is(it.at.to_string())),
    always("aws:EpochTime", |it, _| Knowledge::is(it.at.as_second().to_string())),
    always("aws:SourceIp", |_, _| Knowledge::UNKNOWN),
    always("aws:SourceVpc", |_, _| Knowledge::UNKNOWN),
    always("aws:SourceVpce", |_, _| Knowledge::UNKNOWN),
    always("aws:VpcSourceIp", |_, _| Knowledge::UNKNOWN),
    always("aws:Ec2InstanceSourceVpc", |_, _| Knowledge::UNKNOWN),
    always("aws:Ec2InstanceSourcePrivateIPv4", |_, _| Knowledge::UNKNOWN),
    always("aws:UserAgent", |_, _| Knowledge::UNKNOWN),
    always("aws:SourceArn", |_, _| Knowledge::ABSENT),
    always("aws:SourceAccount", |_, _| Knowledge::ABSENT),
    always("aws:PrincipalServiceName", |_, _| Knowledge::ABSENT),
    many(always("aws:PrincipalServiceNamesList", |_, _| Knowledge::ABSENT)),
    many(always("aws:CalledVia", |_, _| Knowledge::ABSENT)),
    always("aws:CalledViaFirst", |_, _| Knowledge::ABSENT),
    always("aws:CalledViaLast", |_, _| Knowledge::ABSENT),
    always("aws:referer", |_, _| Knowledge::ABSENT),
    always("aws:FederatedProvider", |it, _| federated(it)),
    Key { arity: Arity::Unclear, ..always("saml:", |it, _| federated(it)) },
    always("sts:DurationSeconds", |_, _| Knowledge::ABSENT),
    always("sts:AWSServiceName", |_, _| Knowledge::ABSENT),
];

fn row(key: &str) -> Option<(&'static Key, usize)> {
    KEYS.iter().find_map(|row| {
        // Lengths first: they tell nearly all rows apart.
        let length = row.name.len();
        let family = row.name.ends_with(['/', ':']);
        let fits = if family { key.len() > length } else { key.len() == length };
        let found = fits && key.as_bytes()[..length].eq_ignore_ascii_case(row.name.as_bytes());
        found.then_some((row, length))
    })
}

/// The row of this key, or of its family; case does not count. `None` says only that [`KEYS`] does not have it.
#[must_use]
pub fn documented(key: &str) -> Option<&'static Key> {
    row(key).map(|(row, _)| row)
}

/// How many values of this key a request may carry, as far as AWS documents it; case does not count.
#[must_use]
pub fn arity(key: &str) -> Arity {
    row(key).map_or(Arity::Unclear, |(row, _)| row.arity)
}

/// What is known of `key` when `action` is authorized for our request.
pub(super) fn knowledge(request: &AssumeRole<'_>, key: &str, action: &str) -> Knowledge {
    let Some((row, end)) = row(key) else {
        // The keys of OIDC providers begin with the provider's host.
        let provider = key.split_once(':').is_some_and(|(host, _)| host.contains('.'));
        return if provider { federated(request) } else { Knowledge::UNKNOWN };
    };
    let knowledge = (row.knowledge)(request, &key[end..]);
    match row.carried {
        Carried::By(actions) if !actions.iter().any(|it| it.eq_ignore_ascii_case(action)) => knowledge.perhaps(),
        Carried::By(_) | Carried::Always => knowledge,
    }
}

fn tag_of<'t>(tags: &'t BTreeMap<String, String>, key: &str) -> Option<&'t str> {
    tags.iter().find(|(known, _)| known.eq_ignore_ascii_case(key)).map(|(_, value)| value.as_str())
}

fn user_id(request: &AssumeRole<'_>, _: &str) -> Knowledge {
    let caller = &request.broker.caller;
    let session = caller.session_arn.and_then(|arn| arn.rsplit('/').next());
    match (caller.unique_id, request.broker.is_user(), session) {
        (None, ..) => Knowledge::PRESENT,
        (Some(id), true, _) => Knowledge::is(id),
        (Some(id), false, Some(session)) => Knowledge::is(format!("{id}:{session}")),
        // A session's name has at least two characters.
        (Some(id), false, None) => Knowledge::like(Template::new(&format!("{id}:"), 2, "")),
    }
}

fn user_name(request: &AssumeRole<'_>, _: &str) -> Knowledge {
    match request.broker.caller.kind_and_name() {
        _ if !request.broker.is_user() => Knowledge::ABSENT,
        Some((_, name)) => Knowledge::is(name),
        None => Knowledge::PRESENT,
    }
}

fn principal_tag(request: &AssumeRole<'_>, key: &str) -> Knowledge {
    // A session's tags override the role's own.
    let hidden = request.broker.is_tagged_otherwise();
    match request.broker.tags.map(|tags| tag_of(tags, key)) {
        None => Knowledge::UNKNOWN,
        Some(Some(_)) if hidden => Knowledge::PRESENT,
        Some(None) if hidden => Knowledge::UNKNOWN,
        Some(Some(value)) => Knowledge::is(value),
        Some(None) => Knowledge::ABSENT,
    }
}

fn target_tag(request: &AssumeRole<'_>, key: &str) -> Knowledge {
    request.target_tags.map_or(Knowledge::UNKNOWN, |tags| tag_of(tags, key).map_or(Knowledge::ABSENT, Knowledge::is))
}

fn source_identity(request: &AssumeRole<'_>, _: &str) -> Knowledge {
    request.source_identity.map_or_else(|| inherited(request), Knowledge::is)
}

/// What the request does not pass itself: a role's session may pass on what it was given.
fn inherited(request: &AssumeRole<'_>) -> Knowledge {
    if request.broker.may_pass_on() { Knowledge::UNKNOWN } else { Knowledge::ABSENT }
}

fn with_inherited(request: &AssumeRole<'_>, own: Vec<String>) -> Knowledge {
    match (request.broker.may_pass_on(), own.is_empty()) {
        (false, _) => Knowledge::all(own),
        (true, empty) => Knowledge { present: Truth::from(!empty).or(Truth::Unknown), values: Values::Unknown },
    }
}

fn mfa(request: &AssumeRole<'_>, with_code: Knowledge) -> Knowledge {
    match (request.mfa, request.broker.is_user()) {
        (true, _) => with_code,
        (false, true) => Knowledge::ABSENT,
        (false, false) => Knowledge::UNKNOWN,
    }
}

fn federated(request: &AssumeRole<'_>) -> Knowledge {
    if request.broker.may_be_federated() { Knowledge::UNKNOWN } else { Knowledge::ABSENT }
}
