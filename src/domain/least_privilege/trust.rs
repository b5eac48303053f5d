use std::collections::{BTreeMap, BTreeSet};

use super::statement::{Requirement, Statement};
use crate::domain::credential::{AssumedRoleSpec, CredentialSpec};
use crate::domain::desired::Desired;
use crate::domain::ident::RoleArn;

/// What a request for the target says of itself, of one declared role.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Asked<'a> {
    external_id: Option<&'a str>,
    source_identity: Option<&'a str>,
    tags: &'a BTreeMap<String, String>,
    transitive: BTreeSet<&'a str>,
    mfa: bool,
}

/// The trust policy that lets the broker assume the target as declared, and lets nobody else; every declared role that
/// names the target is let in. Empty when none does.
///
/// The external id stands on statements that allow `sts:AssumeRole` alone: the other two actions are not documented to
/// carry it. Where several roles name the target, what one of them declares may be asked together with what another does.
#[must_use]
pub fn trust(desired: &Desired, target: &RoleArn) -> Vec<Statement> {
    let broker = desired.broker.spec.principal.as_str();
    let asked: BTreeSet<Asked<'_>> =
        desired.roles.iter().filter_map(|role| of(&role.spec.credential, target)).collect();
    let equals = |key: &str, value: &str| Requirement::new("StringEquals", key, [value]);
    let tagged = |asked: &Asked<'_>| {
        let tags = asked.tags.iter();
        tags.map(|(key, value)| equals(&format!("aws:RequestTag/{key}"), value)).collect::<Vec<_>>()
    };
    let mut statements = Vec::new();
    for asked in &asked {
        let Asked { external_id, source_identity, tags: _, transitive: _, mfa } = asked;
        let requirements = external_id
            .map(|id| equals("sts:ExternalId", id))
            .into_iter()
            .chain(source_identity.map(|id| equals("sts:SourceIdentity", id)))
            .chain(mfa.then(|| Requirement::new("Bool", "aws:MultiFactorAuthPresent", ["true"])))
            .chain(tagged(asked));
        statements.push(Statement::admitting("AssumeRole", broker, "sts:AssumeRole").when(requirements));
    }
    for asked in asked.iter().filter(|asked| !asked.tags.is_empty()) {
        let keys = Requirement::new("ForAllValues:StringEquals", "aws:TagKeys", asked.tags.keys());
        let transitive = if asked.transitive.is_empty() {
            Requirement::new("Null", "sts:TransitiveTagKeys", ["true"])
        } else {
            Requirement::new("ForAllValues:StringEquals", "sts:TransitiveTagKeys", asked.transitive.iter().copied())
        };
        let requirements = tagged(asked).into_iter().chain([keys, transitive]);
        statements.push(Statement::admitting("PassTags", broker, "sts:TagSession").when(requirements));
    }
    let identities: BTreeSet<&str> = asked.iter().filter_map(|asked| asked.source_identity).collect();
    if !identities.is_empty() {
        let just_these = Requirement::new("StringEquals", "sts:SourceIdentity", identities);
        let statement = Statement::admitting("PassSourceIdentity", broker, "sts:SetSourceIdentity");
        statements.push(statement.when([just_these]));
    }
    statements.dedup();
    statements
}

fn of<'a>(spec: &'a CredentialSpec, target: &RoleArn) -> Option<Asked<'a>> {
    let CredentialSpec::AssumedRole(spec) = spec else { return None };
    let AssumedRoleSpec {
        role_arns,
        ttl: _,
        external_id,
        session_tags,
        transitive_tag_keys,
        source_identity,
        policy: _,
        mfa_serial_number,
    } = spec;
    role_arns.contains(target).then(|| Asked {
        external_id: external_id.as_deref(),
        source_identity: source_identity.as_deref(),
        tags: session_tags,
        transitive: transitive_tag_keys.iter().map(String::as_str).collect(),
        mfa: mfa_serial_number.is_some(),
    })
}
