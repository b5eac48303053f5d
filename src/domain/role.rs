//! A declared role: the specification that is compared, digested and stored, and where each part was written.

use std::collections::BTreeMap;

use super::credential::CredentialSpec;
use super::desired::Date;
use super::ident::{IdentError, Name};
use super::span::{Located, Place};

/// One Role document.
#[derive(Debug, Clone)]
pub struct Role {
    /// Everything it says, with the Broker's defaults filled in.
    pub spec: RoleSpec,
    /// Entries of `role_arns` that are not role ARNs; they are not in `spec`.
    pub malformed_arns: Vec<Located<MalformedArn>>,
    /// Where its fields were written.
    pub places: Places,
}

/// A text that stands where a role ARN should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MalformedArn {
    /// As written (hostile).
    pub text: String,
    /// What is wrong with it.
    pub error: IdentError,
}

/// A Role without places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleSpec {
    /// `metadata.name`.
    pub name: Name,
    /// `metadata.labels`.
    pub labels: BTreeMap<String, String>,
    /// For people.
    pub description: Option<String>,
    /// Never deleted without an expiring waiver of the brake.
    pub protect: bool,
    /// The last day on which it may be issued.
    pub expires: Option<Date>,
    /// What is issued, and how.
    pub credential: CredentialSpec,
}

/// A field of a Role document that a finding can point at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "each is the manifest field of the same name")]
pub enum Field {
    Name,
    Label,
    CredentialType,
    RoleArns,
    /// One entry of `role_arns`, by its index in the *specification* (malformed entries have their own place).
    RoleArn(usize),
    ExternalId,
    SessionTags,
    TransitiveTagKeys,
    SourceIdentity,
    PolicyDocument,
    PolicyArns,
    /// One entry of `policy_arns`.
    PolicyArn(usize),
    IamGroups,
    DefaultStsTtl,
    MaxStsTtl,
    DefaultTtl,
    MaxTtl,
    UserPath,
    IamTags,
    PermissionsBoundaryArn,
    Justification,
    OnRemoval,
    MfaSerialNumber,
    Description,
    Protect,
    Expires,
}

/// Where the fields of one document were written.
#[derive(Debug, Clone)]
pub struct Places {
    document: Place,
    fields: Vec<(Field, Place)>,
}

impl Places {
    /// Places of a document; `document` is shown for fields that were not written.
    #[must_use]
    pub fn new(document: Place, mut fields: Vec<(Field, Place)>) -> Self {
        fields.sort_by_key(|(field, _)| *field);
        Self { document, fields }
    }

    /// Where this field's value was written; `None` when the document does not say it.
    #[must_use]
    pub fn written(&self, field: Field) -> Option<&Place> {
        let at = self.fields.binary_search_by_key(&field, |(known, _)| *known).ok()?;
        Some(&self.fields[at].1)
    }

    /// Where this field's value was written, else where the role's name stands.
    #[must_use]
    pub fn of(&self, field: Field) -> Place {
        self.written(field).or_else(|| self.written(Field::Name)).unwrap_or(&self.document).clone()
    }
}
