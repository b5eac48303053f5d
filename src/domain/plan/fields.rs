//! A specification as an ordered list of named values: what a diff shows and a fingerprint covers.
//!
//! Every function here destructures without `..`, so that a new field cannot be forgotten.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::ser::{Serialize, SerializeMap as _, Serializer};

use super::{Change, Shown};
use crate::domain::credential::{
    AssumedRoleSpec, CredentialSpec, FederationTokenSpec, IamUserSpec, OnRemoval, PolicySpec, SessionTokenSpec,
};
use crate::domain::desired::{BrokerSpec, Limits, TtlPair};
use crate::domain::digest::Digest;
use crate::domain::document::Document;
use crate::domain::ident::Arn;
use crate::domain::record::{AppliedRole, RoleFacts};
use crate::domain::role::RoleSpec;
use crate::domain::rules;

/// The names of the default and the maximum, for STS sessions and for IAM users.
const STS_TTL: [&str; 2] = ["default_sts_ttl", "max_sts_ttl"];
const TTL: [&str; 2] = ["default_ttl", "max_ttl"];

/// Named values in the order of the manifest reference. A value that is not set has no entry.
pub(super) type Fields<'a> = Vec<(Cow<'a, str>, Seen<'a>)>;

/// A value where it stands. Most roles of a plan do not change, and theirs are never copied.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Seen<'a> {
    Text(Cow<'a, str>),
    Document(&'a Document),
}

impl Seen<'_> {
    fn shown(self) -> Shown {
        match self {
            Self::Text(text) => Shown::Text(text.into_owned()),
            Self::Document(document) => Shown::Document(document.clone()),
        }
    }
}

impl Serialize for Seen<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Document(document) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("document", document.digest().as_str())?;
                map.end()
            }
        }
    }
}

fn text<'a>(fields: &mut Fields<'a>, name: &'a str, value: impl Into<Cow<'a, str>>) {
    fields.push((name.into(), Seen::Text(value.into())));
}

fn optional<'a>(fields: &mut Fields<'a>, name: &'a str, value: Option<&'a str>) {
    if let Some(value) = value {
        text(fields, name, value);
    }
}

fn list<T: ToString>(fields: &mut Fields<'_>, name: &'static str, values: &[T]) {
    match values {
        [] => {}
        [one] => text(fields, name, one.to_string()),
        _ => text(fields, name, values.iter().map(T::to_string).collect::<Vec<_>>().join(", ")),
    }
}

fn map<'a>(fields: &mut Fields<'a>, name: &str, values: &'a BTreeMap<String, String>) {
    // One entry a key: the separator of a joined list could be part of a value.
    for (key, value) in values {
        fields.push((format!("{name}.{key}").into(), Seen::Text(value.into())));
    }
}

fn policy<'a>(fields: &mut Fields<'a>, spec: &'a PolicySpec) {
    let PolicySpec { document, arns, groups } = spec;
    if let Some(document) = document {
        fields.push(("policy_document".into(), Seen::Document(document)));
    }
    list(fields, "policy_arns", arns);
    list(fields, "iam_groups", groups);
}

fn ttl(fields: &mut Fields<'_>, names: [&'static str; 2], pair: TtlPair) {
    let TtlPair { default, max } = pair;
    text(fields, names[0], default.to_string());
    text(fields, names[1], max.to_string());
}

pub(super) fn of_role(spec: &RoleSpec) -> Fields<'_> {
    let RoleSpec { name: _, labels, description, protect, expires, credential } = spec;
    let mut fields = Fields::new();
    text(&mut fields, "credential_type", credential.kind().as_str());
    match credential {
        CredentialSpec::AssumedRole(spec) => of_assumed_role(&mut fields, spec),
        CredentialSpec::IamUser(spec) => of_iam_user(&mut fields, spec),
        CredentialSpec::FederationToken(spec) => {
            let FederationTokenSpec { ttl: pair, session_tags, policy: policies } = spec;
            ttl(&mut fields, STS_TTL, *pair);
            map(&mut fields, "session_tags", session_tags);
            policy(&mut fields, policies);
        }
        CredentialSpec::SessionToken(spec) => {
            let SessionTokenSpec { ttl: pair, mfa_serial_number } = spec;
            ttl(&mut fields, STS_TTL, *pair);
            optional(&mut fields, "mfa_serial_number", mfa_serial_number.as_deref());
        }
    }
    optional(&mut fields, "description", description.as_deref());
    if *protect {
        text(&mut fields, "protect", "true");
    }
    if let Some(expires) = expires {
        text(&mut fields, "expires", expires.to_string());
    }
    map(&mut fields, "labels", labels);
    fields
}

fn of_assumed_role<'a>(fields: &mut Fields<'a>, spec: &'a AssumedRoleSpec) {
    let AssumedRoleSpec {
        role_arns,
        ttl: pair,
        external_id,
        session_tags,
        transitive_tag_keys,
        source_identity,
        policy: policies,
        mfa_serial_number,
    } = spec;
    list(fields, "role_arns", role_arns);
    ttl(fields, STS_TTL, *pair);
    optional(fields, "external_id", external_id.as_deref());
    map(fields, "session_tags", session_tags);
    list(fields, "transitive_tag_keys", transitive_tag_keys);
    optional(fields, "source_identity", source_identity.as_deref());
    policy(fields, policies);
    optional(fields, "mfa_serial_number", mfa_serial_number.as_deref());
}

fn of_iam_user<'a>(fields: &mut Fields<'a>, spec: &'a IamUserSpec) {
    let IamUserSpec {
        ttl: pair,
        user_path,
        iam_tags,
        permissions_boundary_arn,
        justification,
        on_removal,
        policy: policies,
    } = spec;
    ttl(fields, TTL, *pair);
    optional(fields, "user_path", user_path.as_deref());
    map(fields, "iam_tags", iam_tags);
    optional(fields, "permissions_boundary_arn", permissions_boundary_arn.as_ref().map(Arn::as_str));
    optional(fields, "justification", justification.as_deref());
    if *on_removal != OnRemoval::default() {
        text(fields, "on_removal", on_removal.as_str());
    }
    policy(fields, policies);
}

pub(super) fn of_broker(spec: &BrokerSpec) -> Fields<'_> {
    let BrokerSpec { name, principal, region, deployment, defaults, limits, rules } = spec;
    let Limits { max_deletes, max_delete_percent } = limits;
    let mut fields = Fields::new();
    text(&mut fields, "name", name.as_str());
    text(&mut fields, "principal", principal.as_str());
    text(&mut fields, "region", region);
    text(&mut fields, "deployment", deployment.as_str());
    ttl(&mut fields, STS_TTL, *defaults);
    text(&mut fields, "max_deletes", max_deletes.to_string());
    text(&mut fields, "max_delete_percent", max_delete_percent.to_string());
    for (code, level) in rules.iter() {
        let name = rules::find(code).map_or(code, |rule| rule.name);
        fields.push((format!("rules.{name}").into(), Seen::Text(level.as_str().into())));
    }
    fields
}

pub(super) fn of_facts(facts: &RoleFacts) -> Fields<'_> {
    let RoleFacts { role_id, max_session_duration, trust } = facts;
    vec![
        ("RoleId".into(), Seen::Text(role_id.into())),
        ("MaxSessionDuration".into(), Seen::Text(max_session_duration.to_string().into())),
        ("AssumeRolePolicyDocument".into(), Seen::Document(trust)),
    ]
}

/// A role as recorded: its specification, then its facts under their ARN, then its violations.
pub(super) fn of_applied(applied: &AppliedRole) -> Fields<'_> {
    let AppliedRole { spec, facts, violations } = applied;
    let mut fields = of_role(spec);
    for (arn, facts) in facts {
        fields.extend(of_facts(facts).into_iter().map(|(name, value)| (format!("{arn} {name}").into(), value)));
    }
    list(&mut fields, "violations", violations);
    fields
}

/// What differs, in the order of `after`, with what is gone last.
pub(super) fn changes(before: Fields<'_>, after: Fields<'_>) -> Vec<Change> {
    let mut before = before;
    let mut changes = Vec::new();
    for (field, value) in after {
        let old = before.iter().position(|(name, _)| *name == field).map(|at| before.remove(at).1);
        if old.as_ref() != Some(&value) {
            changes.push(Change {
                field: field.into_owned(),
                before: old.map(Seen::shown),
                after: Some(value.shown()),
            });
        }
    }
    changes.extend(before.into_iter().map(|(field, value)| Change {
        field: field.into_owned(),
        before: Some(value.shown()),
        after: None,
    }));
    changes
}

/// Digest of what happens to a role, over all values before and after.
pub(super) fn fingerprint(action: &str, before: Option<&Fields<'_>>, after: Option<&Fields<'_>>) -> Digest {
    Digest::of_list(&(action, before, after))
}
