//! A specification as an ordered list of named values: what a diff shows and a fingerprint covers.
//!
//! Every function here destructures without `..`, so that a new field cannot be forgotten.

use serde_json::{Value, json};

use super::{Change, Shown};
use crate::domain::credential::{
    AssumedRoleSpec, CredentialSpec, FederationTokenSpec, IamUserSpec, PolicySpec, SessionTokenSpec,
};
use crate::domain::desired::{BrokerSpec, Limits, TtlPair};
use crate::domain::record::{AppliedRole, RoleFacts};
use crate::domain::role::RoleSpec;

/// Named values in the order of the manifest reference. A value that is not set has no entry.
pub(super) type Fields = Vec<(String, Shown)>;

fn text(fields: &mut Fields, name: &str, value: impl Into<String>) {
    fields.push((name.to_owned(), Shown::Text(value.into())));
}

fn optional<T: ToString>(fields: &mut Fields, name: &str, value: Option<&T>) {
    if let Some(value) = value {
        text(fields, name, value.to_string());
    }
}

fn list<T: ToString>(fields: &mut Fields, name: &str, values: &[T]) {
    if !values.is_empty() {
        text(fields, name, values.iter().map(T::to_string).collect::<Vec<_>>().join(", "));
    }
}

fn map(fields: &mut Fields, name: &str, values: &std::collections::BTreeMap<String, String>) {
    // One entry a key: the separator of a joined list could be part of a value.
    for (key, value) in values {
        text(fields, &format!("{name}.{key}"), value.clone());
    }
}

fn policy(fields: &mut Fields, spec: &PolicySpec) {
    let PolicySpec { document, arns, groups } = spec;
    if let Some(document) = document {
        fields.push(("policy_document".to_owned(), Shown::Document(document.clone())));
    }
    list(fields, "policy_arns", arns);
    list(fields, "iam_groups", groups);
}

fn ttl(fields: &mut Fields, prefix: &str, pair: TtlPair) {
    let TtlPair { default, max } = pair;
    text(fields, &format!("default_{prefix}"), default.to_string());
    text(fields, &format!("max_{prefix}"), max.to_string());
}

pub(super) fn of_role(spec: &RoleSpec) -> Fields {
    let RoleSpec { name: _, labels, description, protect, expires, credential } = spec;
    let mut fields = Fields::new();
    text(&mut fields, "credential_type", credential.kind().as_str());
    match credential {
        CredentialSpec::AssumedRole(spec) => of_assumed_role(&mut fields, spec),
        CredentialSpec::IamUser(spec) => of_iam_user(&mut fields, spec),
        CredentialSpec::FederationToken(spec) => {
            let FederationTokenSpec { ttl: pair, session_tags, policy: policies } = spec;
            ttl(&mut fields, "sts_ttl", *pair);
            map(&mut fields, "session_tags", session_tags);
            policy(&mut fields, policies);
        }
        CredentialSpec::SessionToken(spec) => {
            let SessionTokenSpec { ttl: pair, mfa_serial_number } = spec;
            ttl(&mut fields, "sts_ttl", *pair);
            optional(&mut fields, "mfa_serial_number", mfa_serial_number.as_ref());
        }
    }
    optional(&mut fields, "description", description.as_ref());
    if *protect {
        text(&mut fields, "protect", "true");
    }
    optional(&mut fields, "expires", expires.as_ref());
    map(&mut fields, "labels", labels);
    fields
}

fn of_assumed_role(fields: &mut Fields, spec: &AssumedRoleSpec) {
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
    ttl(fields, "sts_ttl", *pair);
    optional(fields, "external_id", external_id.as_ref());
    map(fields, "session_tags", session_tags);
    list(fields, "transitive_tag_keys", transitive_tag_keys);
    optional(fields, "source_identity", source_identity.as_ref());
    policy(fields, policies);
    optional(fields, "mfa_serial_number", mfa_serial_number.as_ref());
}

fn of_iam_user(fields: &mut Fields, spec: &IamUserSpec) {
    let IamUserSpec { ttl: pair, user_path, iam_tags, permissions_boundary_arn, justification, policy: policies } =
        spec;
    ttl(fields, "ttl", *pair);
    optional(fields, "user_path", user_path.as_ref());
    map(fields, "iam_tags", iam_tags);
    optional(fields, "permissions_boundary_arn", permissions_boundary_arn.as_ref());
    optional(fields, "justification", justification.as_ref());
    policy(fields, policies);
}

pub(super) fn of_broker(spec: &BrokerSpec) -> Fields {
    let BrokerSpec { name, principal, region, deployment, defaults, limits } = spec;
    let Limits { max_deletes, max_delete_percent } = limits;
    let mut fields = Fields::new();
    text(&mut fields, "name", name.as_str());
    text(&mut fields, "principal", principal.as_str());
    text(&mut fields, "region", region.clone());
    text(&mut fields, "deployment", deployment.as_str());
    ttl(&mut fields, "sts_ttl", *defaults);
    text(&mut fields, "max_deletes", max_deletes.to_string());
    text(&mut fields, "max_delete_percent", max_delete_percent.to_string());
    fields
}

pub(super) fn of_facts(facts: &RoleFacts) -> Fields {
    let RoleFacts { role_id, max_session_duration, trust } = facts;
    vec![
        ("RoleId".to_owned(), Shown::Text(role_id.clone())),
        ("MaxSessionDuration".to_owned(), Shown::Text(max_session_duration.to_string())),
        ("AssumeRolePolicyDocument".to_owned(), Shown::Document(trust.clone())),
    ]
}

/// A role as recorded: its specification, then its facts under their ARN, then its violations.
pub(super) fn of_applied(applied: &AppliedRole) -> Fields {
    let AppliedRole { spec, facts, violations } = applied;
    let mut fields = of_role(spec);
    for (arn, facts) in facts {
        fields.extend(of_facts(facts).into_iter().map(|(name, value)| (format!("{arn} {name}"), value)));
    }
    list(&mut fields, "violations", violations);
    fields
}

/// What differs, in the order of `after`, with what is gone last.
pub(super) fn changes(before: Fields, after: Fields) -> Vec<Change> {
    let mut before = before;
    let mut changes = Vec::new();
    for (field, value) in after {
        let old = before.iter().position(|(name, _)| *name == field).map(|at| before.remove(at).1);
        if old.as_ref() != Some(&value) {
            changes.push(Change { field, before: old, after: Some(value) });
        }
    }
    changes.extend(before.into_iter().map(|(field, value)| Change { field, before: Some(value), after: None }));
    changes
}

/// The same values as JSON, for a fingerprint.
pub(super) fn to_json(fields: &Fields) -> Value {
    fields
        .iter()
        .map(|(name, value)| match value {
            Shown::Text(text) => json!([name, text]),
            Shown::Document(document) => json!([name, { "document": document }]),
        })
        .collect()
}
