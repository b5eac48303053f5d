use std::collections::BTreeMap;

use super::document::Header;
use super::fault::{Fault, Faults};
use super::fields::{FieldDoc, Mark};
use super::shape::{Fields, unknown};
use super::value::{self, Scalar};
use super::{policy, tags};
use crate::domain::credential::{
    AssumedRoleSpec, CredentialSpec, CredentialType, FederationTokenSpec, IamUserSpec, OnRemoval, PolicySpec,
    SessionTokenSpec,
};
use crate::domain::desired::TtlPair;
use crate::domain::document::Document;
use crate::domain::ident::{Arn, RoleArn};
use crate::domain::limits;
use crate::domain::role::{Field, MalformedArn, Places, Role, RoleSpec};
use crate::domain::span::{Located, Place};
use crate::domain::ttl::Ttl;

/// Lowers a Role document as far as it can be understood; a set with any error in it is refused as a whole.
pub(super) fn lower(header: &Header<'_, '_>, inherited: TtlPair, faults: &mut Faults<'_>) -> Option<Role> {
    let metadata = header.metadata.as_ref();
    let labels = metadata.map(|fields| labels(fields, faults)).unwrap_or_default();
    let fields = header.spec.as_ref()?;
    let kind = credential_type(fields, faults);
    if let Some(kind) = kind {
        check_types(kind, header, fields, faults);
    }
    let written = Written::read(fields, faults);
    let mut places = places(fields, faults);
    places.extend(metadata.map(|fields| self::places(fields, faults)).unwrap_or_default());
    places.extend(written.entry_places());
    let description = fields.text("description", faults, |_| Ok(()));
    let protect = fields.parse("protect", faults, value::boolean).unwrap_or(false);
    let expires = fields.parse("expires", faults, value::date);
    let document = faults.place(&header.kind);
    let malformed_arns = written.malformed_arns.clone();
    let credential = written.into_spec(kind?, inherited);
    let name = header.name.clone()?;
    Some(Role {
        spec: RoleSpec { name, labels, description, protect, expires, credential: credential? },
        malformed_arns,
        places: Places::new(document, places),
    })
}

fn credential_type(fields: &Fields<'_, '_>, faults: &mut Faults<'_>) -> Option<CredentialType> {
    if !fields.has("credential_type") {
        return Some(CredentialType::AssumedRole);
    }
    fields.parse("credential_type", faults, |scalar| {
        CredentialType::parse(scalar.text).ok_or_else(|| {
            let known = CredentialType::ALL.map(CredentialType::as_str);
            unknown("unknown-credential-type", "is not a credential type", "unknown type", scalar.text, &known)
        })
    })
}

/// Reports fields that this credential type does not take, and those it cannot be without.
fn check_types(kind: CredentialType, header: &Header<'_, '_>, fields: &Fields<'_, '_>, faults: &mut Faults<'_>) {
    let column = CredentialType::ALL.iter().position(|known| *known == kind).unwrap_or_default();
    for (field, entry) in fields.written().filter(|(field, _)| field.types[column] == Mark::Never) {
        faults.push(&entry.key.span, not_allowed(field, kind));
    }
    let marked = |mark: Mark| super::fields::role().iter().filter(move |field| field.types[column] == mark);
    for field in marked(Mark::Must) {
        fields.require(field.name, &header.spec_key, faults);
    }
    let choices: Vec<_> = marked(Mark::OneOf).map(|field| field.name).collect();
    let is_said = |name: &&str| fields.node(name).is_some_and(|node| !node.is_empty());
    if !choices.is_empty() && !choices.iter().any(is_said) {
        let names = choices.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        faults.push(
            &header.spec_key,
            Fault::new(
                "missing-field",
                format!("a role of type `{kind}` has none of {names}"),
                "grants nothing",
                format!("write at least one of {names}: without any, the credential could do nothing"),
            ),
        );
    }
}

fn not_allowed(field: &FieldDoc, kind: CredentialType) -> Fault {
    let takers: Vec<_> = std::iter::zip(CredentialType::ALL, field.types)
        .filter(|(_, mark)| *mark != Mark::Never)
        .map(|(kind, _)| format!("`{kind}`"))
        .collect();
    Fault::new(
        "field-not-allowed",
        format!("`{}` does not apply to a role of type `{kind}`", field.name),
        format!("not for `{kind}`"),
        format!("remove it; only {} can have it", takers.join(", ")),
    )
}

fn labels(metadata: &Fields<'_, '_>, faults: &mut Faults<'_>) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    for (key, value) in metadata.map("labels") {
        if key.text.is_empty() {
            faults.push(key.span, Fault::new("bad-value", "a label has no name", "empty", "write `name: value`"));
        }
        labels.insert(key.text.to_owned(), value.text.to_owned());
    }
    labels
}

fn places(fields: &Fields<'_, '_>, faults: &Faults<'_>) -> Vec<(Field, Place)> {
    let place = |(field, entry): (&FieldDoc, &super::index::Entry<'_>)| {
        field.field.map(|name| (name, faults.place(&entry.value.span)))
    };
    fields.written().filter_map(place).collect()
}

/// Everything that hangs on the credential type, read before it is known which of it applies: an error in a field that
/// does not apply is still an error.
struct Written {
    role_arns: Vec<Located<RoleArn>>,
    malformed_arns: Vec<Located<MalformedArn>>,
    external_id: Option<String>,
    session_tags: BTreeMap<String, String>,
    transitive_tag_keys: Vec<String>,
    source_identity: Option<String>,
    policy_document: Option<serde_json::Value>,
    policy_arns: Vec<Located<Arn>>,
    iam_groups: Vec<String>,
    default_sts_ttl: Option<Ttl>,
    max_sts_ttl: Option<Ttl>,
    default_ttl: Option<Ttl>,
    max_ttl: Option<Ttl>,
    user_path: Option<String>,
    iam_tags: BTreeMap<String, String>,
    permissions_boundary_arn: Option<Arn>,
    justification: Option<String>,
    on_removal: Option<OnRemoval>,
    mfa_serial_number: Option<String>,
}

impl Written {
    fn read(fields: &Fields<'_, '_>, faults: &mut Faults<'_>) -> Self {
        let (role_arns, malformed_arns) = role_arns(fields, faults);
        Self {
            role_arns,
            malformed_arns,
            external_id: fields.text("external_id", faults, value::external_id),
            session_tags: tags::of_session(fields, faults),
            transitive_tag_keys: tags::transitive_keys(fields, faults),
            source_identity: fields.text("source_identity", faults, value::source_identity),
            policy_document: fields.node("policy_document").and_then(|node| policy::read(node, faults)),
            policy_arns: policy_arns(fields, faults),
            iam_groups: iam_groups(fields, faults),
            default_sts_ttl: fields.parse("default_sts_ttl", faults, value::ttl),
            max_sts_ttl: fields.parse("max_sts_ttl", faults, value::ttl),
            default_ttl: fields.parse("default_ttl", faults, value::ttl),
            max_ttl: fields.parse("max_ttl", faults, value::ttl),
            user_path: fields.text("user_path", faults, |text| {
                crate::domain::ident::check_path(text).map_err(|error| {
                    value::said("bad-value", text, &error.0, "not an IAM path", "write a path such as `/ci/`")
                })
            }),
            iam_tags: tags::of_user(fields, faults),
            permissions_boundary_arn: fields
                .parse("permissions_boundary_arn", faults, |scalar| value::policy_arn(scalar.text)),
            justification: fields.text("justification", faults, |_| Ok(())),
            on_removal: fields.parse("on_removal", faults, |scalar| {
                OnRemoval::parse(scalar.text).ok_or_else(|| {
                    let known = OnRemoval::ALL.map(OnRemoval::as_str);
                    unknown("bad-value", "is not what can become of leases", "unknown word", scalar.text, &known)
                })
            }),
            mfa_serial_number: fields.text("mfa_serial_number", faults, value::mfa_serial_number),
        }
    }

    fn entry_places(&self) -> Vec<(Field, Place)> {
        let roles = self.role_arns.iter().enumerate().map(|(at, arn)| (Field::RoleArn(at), arn.place.clone()));
        let policies = self.policy_arns.iter().enumerate().map(|(at, arn)| (Field::PolicyArn(at), arn.place.clone()));
        roles.chain(policies).collect()
    }

    /// `None` only where an error was reported.
    fn into_spec(self, kind: CredentialType, inherited: TtlPair) -> Option<CredentialSpec> {
        let max = self.max_sts_ttl.unwrap_or(inherited.max);
        let sts = TtlPair { default: self.default_sts_ttl.unwrap_or(inherited.default.min(max)), max };
        let policy = PolicySpec {
            document: self.policy_document.map(Document::new),
            arns: self.policy_arns.into_iter().map(|arn| arn.value).collect(),
            groups: self.iam_groups,
        };
        Some(match kind {
            CredentialType::AssumedRole => CredentialSpec::AssumedRole(AssumedRoleSpec {
                role_arns: self.role_arns.into_iter().map(|arn| arn.value).collect(),
                ttl: sts,
                external_id: self.external_id,
                session_tags: self.session_tags,
                transitive_tag_keys: self.transitive_tag_keys,
                source_identity: self.source_identity,
                policy,
                mfa_serial_number: self.mfa_serial_number,
            }),
            CredentialType::IamUser => CredentialSpec::IamUser(IamUserSpec {
                ttl: TtlPair { default: self.default_ttl.or(self.max_ttl)?, max: self.max_ttl? },
                user_path: self.user_path,
                iam_tags: self.iam_tags,
                permissions_boundary_arn: self.permissions_boundary_arn,
                justification: self.justification,
                on_removal: self.on_removal.unwrap_or_default(),
                policy,
            }),
            CredentialType::FederationToken => CredentialSpec::FederationToken(FederationTokenSpec {
                ttl: sts,
                session_tags: self.session_tags,
                policy,
            }),
            CredentialType::SessionToken => {
                CredentialSpec::SessionToken(SessionTokenSpec { ttl: sts, mfa_serial_number: self.mfa_serial_number })
            }
        })
    }
}

/// A malformed ARN is kept beside the others: a rule judges it.
fn role_arns(fields: &Fields<'_, '_>, faults: &mut Faults<'_>) -> (Vec<Located<RoleArn>>, Vec<Located<MalformedArn>>) {
    let (mut good, mut malformed) = (Vec::new(), Vec::new());
    for Scalar { text, span, .. } in fields.list("role_arns", faults) {
        match RoleArn::parse(text) {
            Ok(arn) => good.push(faults.located(arn, span)),
            Err(error) => malformed.push(faults.located(MalformedArn { text: text.to_owned(), error }, span)),
        }
    }
    (good, malformed)
}

fn policy_arns(fields: &Fields<'_, '_>, faults: &mut Faults<'_>) -> Vec<Located<Arn>> {
    let entries = fields.list("policy_arns", faults);
    if let Some(first_over) = entries.get(limits::SESSION_POLICY_ARNS_MAX) {
        let (count, most) = (entries.len(), limits::SESSION_POLICY_ARNS_MAX);
        faults.push(
            first_over.span,
            Fault::new(
                "too-many",
                format!("`policy_arns` has {count} entries: at most {most} fit one credential"),
                "one too many",
                "merge some of the policies",
            ),
        );
    }
    let arn = |entry: Scalar<'_>| {
        let arn = faults.take(entry.span, value::policy_arn(entry.text))?;
        Some(faults.located(arn, entry.span))
    };
    entries.into_iter().filter_map(arn).collect()
}

fn iam_groups(fields: &Fields<'_, '_>, faults: &mut Faults<'_>) -> Vec<String> {
    let entries = fields.list("iam_groups", faults);
    let group =
        |entry: Scalar<'_>| faults.take(entry.span, value::group_name(entry.text)).map(|()| entry.text.to_owned());
    entries.into_iter().filter_map(group).collect()
}
