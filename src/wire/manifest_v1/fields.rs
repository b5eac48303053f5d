//! Every field of every kind, once: the reader, the schema and the reference all follow these tables.

use crate::domain::role::Field;

use Mark::{May, Must, Never, OneOf, Ruled};

/// One kind of document.
#[derive(Debug)]
pub(super) struct KindDoc {
    pub(super) name: &'static str,
    pub(super) doc: &'static str,
    pub(super) metadata: &'static [FieldDoc],
    pub(super) spec: &'static [FieldDoc],
}

/// One field.
#[derive(Debug)]
pub(super) struct FieldDoc {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    pub(super) required: bool,
    pub(super) doc: &'static str,
    /// Which credential types take it, in the order of `CredentialType::ALL`.
    pub(super) types: [Mark; 4],
    /// What a finding calls it.
    pub(super) field: Option<Field>,
}

/// What may be written as a field's value.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    /// One line of text.
    Text,
    /// Text of any number of lines.
    Prose,
    /// One of these words.
    Word(&'static [&'static str]),
    /// See `domain::ttl`.
    Duration,
    /// `YYYY-MM-DD`.
    Date,
    /// `true` or `false`.
    Bool,
    /// A whole number from zero to this.
    Count(u32),
    /// A list of one-line texts.
    List,
    /// A mapping from text to one-line text.
    Map,
    /// A mapping from rules, by code or name, to `advisory` or `blocking`.
    Levels,
    /// A mapping, or JSON text.
    Policy,
    /// A mapping with these fields.
    Object(&'static [FieldDoc]),
}

/// What a credential type makes of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// Refused.
    Never,
    /// Optional.
    May,
    /// The document is refused without it.
    Must,
    /// The document is refused without any of these.
    OneOf,
    /// A rule asks for it, and a waiver may silence that rule.
    Ruled,
}

const ALL: [Mark; 4] = [May; 4];

const fn field(name: &'static str, shape: Shape, doc: &'static str) -> FieldDoc {
    FieldDoc { name, shape, required: false, doc, types: ALL, field: None }
}

const fn required(name: &'static str, shape: Shape, doc: &'static str) -> FieldDoc {
    FieldDoc { required: true, ..field(name, shape, doc) }
}

const fn of_role(name: &'static str, shape: Shape, types: [Mark; 4], field: Field, doc: &'static str) -> FieldDoc {
    FieldDoc { name, shape, required: false, doc, types, field: Some(field) }
}

const NAME: FieldDoc = FieldDoc {
    field: Some(Field::Name),
    ..required(
        "name",
        Shape::Text,
        "1 to 64 letters, digits, `_`, `-` and `.`; the first and the last are a letter, a digit or `_`.",
    )
};

const METADATA: &[FieldDoc] = &[NAME];

const ROLE_METADATA: &[FieldDoc] = &[
    NAME,
    of_role(
        "labels",
        Shape::Map,
        ALL,
        Field::Label,
        "Text by name, for people and for selecting roles. AWS never sees them.",
    ),
];

/// All kinds, in the order of the reference.
pub(super) const KINDS: [KindDoc; 4] = [
    KindDoc { name: "Broker", doc: "Who issues. Exactly one per deployment.", metadata: METADATA, spec: BROKER },
    KindDoc {
        name: "Account",
        doc: "An AWS account that holds target roles, and how to read it. At most one for each account.",
        metadata: METADATA,
        spec: ACCOUNT,
    },
    KindDoc { name: "Role", doc: "Credentials that may be issued.", metadata: ROLE_METADATA, spec: ROLE },
    KindDoc {
        name: "Waiver",
        doc: "Silences one rule for some roles. Reason, owner and expiry are mandatory.",
        metadata: METADATA,
        spec: WAIVER,
    },
];

const BROKER: &[FieldDoc] = &[
    required(
        "principal",
        Shape::Text,
        "ARN of the IAM role or user that issues. Sessions that a role hands out are chained: AWS ends them after one hour.",
    ),
    required("region", Shape::Text, "Region of the STS endpoint: lower-case letters, digits and `-`."),
    required(
        "deployment",
        Shape::Text,
        "Namespace of IAM paths and tags, with the grammar of a name: two deployments in one account never touch each other's users.",
    ),
    field("defaults", Shape::Object(DEFAULTS), "TTLs of roles that write none."),
    field("limits", Shape::Object(LIMITS), "Brakes of one apply: deletions over either are refused."),
    field(
        "rules",
        Shape::Levels,
        "Levels of rules in place of their own, by code or by name. What is hard stays hard, and LH306 and LH308 blocking. Nothing can be switched off: a Waiver silences a rule for named roles and a time.",
    ),
];

const DEFAULTS: &[FieldDoc] = &[
    field(
        "default_sts_ttl",
        Shape::Duration,
        "TTL when nobody asks for one. `15m` when not written. It may not be above `max_sts_ttl` here.",
    ),
    field("max_sts_ttl", Shape::Duration, "The most that may be asked for. `1h` when not written."),
];

const LIMITS: &[FieldDoc] = &[
    field("max_deletes", Shape::Count(u32::MAX), "Most roles one apply may delete. `5` when not written."),
    field(
        "max_delete_percent",
        Shape::Count(100),
        "Most roles one apply may delete, in percent of the recorded ones, counted from ten on. `30` when not written.",
    ),
];

const ACCOUNT: &[FieldDoc] = &[
    required("id", Shape::Text, "The account id: twelve digits. Quote it."),
    field(
        "reader_role_arn",
        Shape::Text,
        "ARN of the role of this account to read it through: whoever plans assumes it, for 15 minutes. The account of whoever plans needs none.",
    ),
    field(
        "external_id",
        Shape::Text,
        "External id for assuming `reader_role_arn`: 2 to 1224 letters, digits and `_+=,.@:/-`. AWS does not treat it as a secret.",
    ),
];

const ON_REMOVAL: &[&str] = &["revoke", "keep"];
const TYPES: &[&str] = &["assumed_role", "iam_user", "federation_token", "session_token"];

const ROLE: &[FieldDoc] = &[
    of_role(
        "credential_type",
        Shape::Word(TYPES),
        ALL,
        Field::CredentialType,
        "Which kind of credential is issued. `assumed_role` when not written.",
    ),
    of_role(
        "role_arns",
        Shape::List,
        [Must, Never, Never, Never],
        Field::RoleArns,
        "ARNs of the IAM roles that may be assumed; the first is taken unless the caller names another.",
    ),
    of_role(
        "external_id",
        Shape::Text,
        [May, Never, Never, Never],
        Field::ExternalId,
        "Passed as `ExternalId`: 2 to 1224 letters, digits and `_+=,.@:/-`. AWS does not treat it as a secret.",
    ),
    of_role(
        "session_tags",
        Shape::Map,
        [May, Never, May, Never],
        Field::SessionTags,
        "Session tags, at most 50. Keys differ in more than case. The trust policy must allow `sts:TagSession`.",
    ),
    of_role(
        "transitive_tag_keys",
        Shape::List,
        [May, Never, Never, Never],
        Field::TransitiveTagKeys,
        "Keys of `session_tags` that stay on through further role assumptions.",
    ),
    of_role(
        "source_identity",
        Shape::Text,
        [May, Never, Never, Never],
        Field::SourceIdentity,
        "Passed as `SourceIdentity`: 2 to 64 letters, digits and `_+=,.@-`. The trust policy must allow `sts:SetSourceIdentity`.",
    ),
    of_role(
        "policy_document",
        Shape::Policy,
        [May, OneOf, OneOf, Never],
        Field::PolicyDocument,
        "An IAM policy, as a YAML mapping or as JSON text: the session policy of a session, the inline policy of an IAM user.",
    ),
    of_role(
        "policy_arns",
        Shape::List,
        [May, OneOf, OneOf, Never],
        Field::PolicyArns,
        "ARNs of managed policies, at most ten: session policies of a session, attached policies of an IAM user.",
    ),
    of_role(
        "iam_groups",
        Shape::List,
        [May, OneOf, OneOf, Never],
        Field::IamGroups,
        "Names of IAM groups: their policies are merged into the session policy; an IAM user becomes a member.",
    ),
    of_role(
        "default_sts_ttl",
        Shape::Duration,
        [May, Never, May, May],
        Field::DefaultStsTtl,
        "TTL when nobody asks for one. When not written, the Broker's default, or `max_sts_ttl` of this role where that is lower.",
    ),
    of_role(
        "max_sts_ttl",
        Shape::Duration,
        [May, Never, May, May],
        Field::MaxStsTtl,
        "The most that may be asked for. When not written, the Broker's default.",
    ),
    of_role(
        "default_ttl",
        Shape::Duration,
        [Never, May, Never, Never],
        Field::DefaultTtl,
        "Lifetime of an IAM user when nobody asks for one. `max_ttl` when not written.",
    ),
    of_role(
        "max_ttl",
        Shape::Duration,
        [Never, Must, Never, Never],
        Field::MaxTtl,
        "The longest lifetime of an IAM user, renewals included.",
    ),
    of_role(
        "user_path",
        Shape::Text,
        [Never, Ruled, Never, Never],
        Field::UserPath,
        "IAM path of the users, below the deployment's own: begins and ends with `/`.",
    ),
    of_role(
        "iam_tags",
        Shape::Map,
        [Never, May, Never, Never],
        Field::IamTags,
        "Tags of the users, at most 45. Keys differ in more than case.",
    ),
    of_role(
        "permissions_boundary_arn",
        Shape::Text,
        [Never, Ruled, Never, Never],
        Field::PermissionsBoundaryArn,
        "ARN of the managed policy that bounds what the users may ever do.",
    ),
    of_role(
        "justification",
        Shape::Prose,
        [Never, Ruled, Never, Never],
        Field::Justification,
        "Why a session does not do: IAM users are the exception.",
    ),
    of_role(
        "on_removal",
        Shape::Word(ON_REMOVAL),
        [Never, May, Never, Never],
        Field::OnRemoval,
        "What becomes of users that are still there when the role is removed: `revoke` (the default) ends them, `keep` lets them expire.",
    ),
    of_role(
        "mfa_serial_number",
        Shape::Text,
        [May, Never, Never, May],
        Field::MfaSerialNumber,
        "Serial number or ARN of the MFA device whose code the caller gives: 9 to 256 letters, digits and `_+=/:,.@-`.",
    ),
    of_role("description", Shape::Prose, ALL, Field::Description, "For people."),
    of_role("protect", Shape::Bool, ALL, Field::Protect, "`true`: an apply that would delete this role is refused."),
    of_role(
        "expires",
        Shape::Date,
        ALL,
        Field::Expires,
        "The last day, in UTC, on which it may be issued: `YYYY-MM-DD`.",
    ),
];

/// The fields of a Role's `spec`.
pub(super) fn role() -> &'static [FieldDoc] {
    ROLE
}

const WAIVER: &[FieldDoc] = &[
    required("rule", Shape::Text, "The rule to silence, by code or by name."),
    required("roles", Shape::List, "Names of the roles it covers, at least one."),
    required("reason", Shape::Prose, "Why this is acceptable."),
    required("owner", Shape::Text, "Who answers for it."),
    required("expires", Shape::Date, "The last day, in UTC, on which it counts: `YYYY-MM-DD`."),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::credential::{CredentialType, OnRemoval};

    #[test]
    fn the_words_are_the_domains_words_in_its_order() {
        assert_eq!(TYPES, CredentialType::ALL.map(CredentialType::as_str));
        assert_eq!(ON_REMOVAL, OnRemoval::ALL.map(OnRemoval::as_str));
    }

    #[test]
    fn every_field_is_documented_in_whole_sentences_and_named_once() {
        fn check(fields: &[FieldDoc]) {
            let mut names: Vec<_> = fields.iter().map(|field| field.name).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), fields.len());
            for field in fields {
                assert!(field.doc.ends_with('.') && !field.doc.contains(['\n', '|']), "{}", field.name);
                if let Shape::Object(inner) = field.shape {
                    check(inner);
                }
            }
        }
        for kind in &KINDS {
            check(kind.metadata);
            check(kind.spec);
        }
    }
}
