//! What an apply did, as JSON.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common_v1;
use super::json;
use crate::domain::digest::Digest;
use crate::domain::ident::Name;
use crate::domain::plan::Action;
use crate::domain::record::Head;

/// The `format` of every document.
pub const FORMAT: &str = "leasehold/apply/v1";

/// The outcome of one apply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Apply")]
pub struct Document {
    /// Version of the form.
    #[schemars(extend("const" = FORMAT))]
    pub format: String,
    /// Whether anything was written.
    pub changed: bool,
    /// Serial of the record now; missing when nothing was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<u64>,
    /// Commit the record names now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Whether the files were not those of the commit.
    pub dirty: bool,
    /// Whether the Broker document changed.
    pub broker: bool,
    /// What happened to each role, by name.
    pub roles: Vec<AppliedRole>,
    /// Roles that were left out because AWS changed since they were reviewed.
    pub stale: Vec<String>,
    /// Recorded roles that `issue` refuses.
    pub violating: Vec<ViolatingRole>,
    /// Leases that the next sweep ends because their role was removed, by path.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revoking: Vec<String>,
    /// `sha256:…`: the key that the new head is signed with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<String>,
}

/// One role that was applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AppliedRole {
    /// Its name.
    pub role: String,
    /// `create`, `update`, `refresh` or `delete`.
    pub action: String,
}

/// One role that `issue` refuses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ViolatingRole {
    /// Its name.
    pub role: String,
    /// Codes of the findings that say why.
    pub codes: Vec<String>,
}

impl Document {
    /// The document of an apply's outcome.
    #[must_use]
    pub fn new<'a>(
        head: Option<&Head>,
        broker: bool,
        roles: &[(Name, Action)],
        stale: &[Name],
        violating: impl IntoIterator<Item = (&'a Name, &'a Vec<String>)>,
        revoking: &[String],
        signed_by: Option<&Digest>,
    ) -> Self {
        Self {
            format: FORMAT.to_owned(),
            changed: head.is_some(),
            serial: head.map(|head| head.serial),
            commit: head.and_then(|head| head.basis.commit.clone()),
            dirty: head.is_some_and(|head| head.basis.dirty),
            broker,
            roles: roles
                .iter()
                .map(|(role, action)| AppliedRole { role: role.to_string(), action: action.as_str().to_owned() })
                .collect(),
            stale: stale.iter().map(Name::to_string).collect(),
            violating: violating
                .into_iter()
                .map(|(role, codes)| ViolatingRole { role: role.to_string(), codes: codes.clone() })
                .collect(),
            revoking: revoking.to_vec(),
            signed_by: signed_by.map(Digest::to_string),
        }
    }

    /// Indented JSON with a line break at the end.
    #[must_use]
    pub fn to_json(&self) -> String {
        json::pretty(self)
    }
}

/// The JSON Schema of the document.
#[must_use]
pub fn schema() -> serde_json::Value {
    common_v1::schema_of::<Document>()
}
