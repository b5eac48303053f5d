use std::ops::Range;

use serde_json::Value;
use thiserror::Error;

use super::json;
use super::note::PolicyNote;
use super::shape::{Fault, clip, object, only, string};
use super::statement::{self, Statement};

/// A policy document that follows IAM's grammar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    document: Value,
    version: Option<Version>,
    id: Option<String>,
    statements: Vec<Statement>,
    notes: Vec<PolicyNote>,
}

/// Version of the policy language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// `2008-10-17`: `${…}` is plain text.
    V2008,
    /// `2012-10-17`: `${…}` is a policy variable.
    V2012,
}

impl Version {
    /// The date in a policy.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V2008 => "2008-10-17",
            Self::V2012 => "2012-10-17",
        }
    }
}

/// Why a text is not a policy document. The message completes "the policy …".
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct PolicyError {
    /// One clause; may quote the document (hostile).
    pub message: String,
    /// The bytes of the text that are at fault; `None` when it is the whole, or when no text was read.
    pub at: Option<Range<usize>>,
}

/// Most characters IAM takes as one policy document (`policyDocumentType`).
const DOCUMENT_MAX: usize = 131_072;

impl Policy {
    /// Reads JSON text strictly: duplicate keys, unknown elements and wrong shapes are errors, and so is a text of more
    /// than 131,072 characters. What AWS keeps although it is odd is no error: see [`Policy::notes`].
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        if text.len() > DOCUMENT_MAX && text.chars().nth(DOCUMENT_MAX).is_some() {
            let message = format!("is longer than {DOCUMENT_MAX} characters, IAM's limit");
            return Err(PolicyError { message, at: None });
        }
        let document = json::read(text).map_err(|(message, at)| PolicyError { message, at: Some(at) })?;
        Self::read(document).map_err(|fault| PolicyError { at: json::locate(text, &fault), message: fault.message })
    }

    /// Reads a document that is JSON already, as strictly as [`Policy::parse`] but without places. A JSON value cannot
    /// hold a key twice: if the text might, parse the text.
    pub fn parse_value(document: &Value) -> Result<Self, PolicyError> {
        Self::read(document.clone()).map_err(|fault| PolicyError { message: fault.message, at: None })
    }

    fn read(document: Value) -> Result<Self, Fault> {
        let map = object("a policy", &document)?;
        only("a policy", map, &["Version", "Id", "Statement"])?;
        let version = match map.get("Version") {
            None => None,
            Some(Value::String(text)) if text == "2012-10-17" => Some(Version::V2012),
            Some(Value::String(text)) if text == "2008-10-17" => Some(Version::V2008),
            Some(_) => {
                return Err(
                    Fault::new("has a Version that is neither `2012-10-17` nor `2008-10-17`").within_key("Version")
                );
            }
        };
        let id = match map.get("Id") {
            None => None,
            Some(id) => Some(string("Id", id).map_err(|fault| fault.within_key("Id"))?.to_owned()),
        };
        let mut notes = Vec::new();
        let statements = match map.get("Statement") {
            None => return Err(Fault::new("has no Statement")),
            Some(Value::Array(list)) if list.is_empty() => {
                return Err(Fault::new("has an empty list of statements").within_key("Statement"));
            }
            Some(Value::Array(list)) => {
                let read = list.iter().enumerate().map(|(index, value)| {
                    statement::read(index, value, &mut notes).map_err(|fault| fault.within_index(index))
                });
                read.collect::<Result<Vec<_>, _>>()
            }
            Some(one) => statement::read(0, one, &mut notes).map(|statement| vec![statement]),
        };
        let statements = statements.map_err(|fault| fault.within_key("Statement"))?;
        let mut sids: Vec<(&str, usize)> =
            statements.iter().enumerate().filter_map(|(at, it)| Some((it.sid.as_deref()?, at))).collect();
        sids.sort_unstable();
        if let Some([(sid, _), (_, again)]) = sids.array_windows::<2>().find(|[a, b]| a.0 == b.0) {
            let fault = Fault::new(format!("has two statements with the Sid `{}`", clip(sid)));
            return Err(fault.within_key("Sid").within_index(*again).within_key("Statement"));
        }
        Ok(Self { version, id, statements, notes, document })
    }

    /// The document as it was written.
    #[must_use]
    pub fn document(&self) -> &Value {
        &self.document
    }

    /// Its `Version`; without one, AWS reads it as 2008-10-17.
    #[must_use]
    pub fn version(&self) -> Option<Version> {
        self.version
    }

    /// Its `Id` (hostile).
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Its statements in the order of the document; at least one.
    #[must_use]
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// What can be read but should not be there, in the order of the statements.
    #[must_use]
    pub fn notes(&self) -> &[PolicyNote] {
        &self.notes
    }
}

#[cfg(test)]
mod tests;
