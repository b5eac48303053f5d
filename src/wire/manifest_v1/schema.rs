use schemars::consts::meta_schemas::DRAFT2020_12;
use schemars::{Schema, json_schema};
use serde_json::{Map, Value, json};

use super::document::API_VERSION;
use super::fields::{FieldDoc, KINDS, KindDoc, Mark, Shape};
use super::{levels, tags};
use crate::domain::credential::CredentialType;
use crate::domain::limits;
use crate::domain::rules::{self, Rule};

/// JSON Schema (2020-12) of one manifest document, for editors and for those who write manifests by program.
///
/// It is a little stricter than the reader: text that looks like a number must be quoted. What only a whole set can
/// show (one Broker, what AWS allows) is not in it.
#[must_use]
pub fn schema() -> Value {
    let definitions: Map<String, Value> =
        KINDS.iter().map(|kind| (kind.name.to_owned(), of_kind(kind).to_value())).collect();
    let references: Vec<_> = KINDS.iter().map(|kind| json!({ "$ref": format!("#/$defs/{}", kind.name) })).collect();
    json_schema!({
        "$schema": DRAFT2020_12,
        "title": "leasehold manifest, version 1",
        "description": "One document of a manifest file.",
        "oneOf": references,
        "$defs": definitions,
    })
    .to_value()
}

fn of_kind(kind: &KindDoc) -> Schema {
    let mut spec = object(kind.spec);
    if kind.name == "Role" {
        spec.insert(
            "allOf".to_owned(),
            CredentialType::ALL.into_iter().enumerate().map(|(at, ty)| of_type(kind, at, ty)).collect(),
        );
    }
    let mut metadata = object(kind.metadata);
    metadata.insert("description".to_owned(), json!("What the document is called."));
    json_schema!({
        "type": "object",
        "title": kind.name,
        "description": kind.doc,
        "properties": {
            "apiVersion": { "const": API_VERSION, "description": "Version of the manifest form." },
            "kind": { "const": kind.name, "description": kind.doc },
            "metadata": metadata,
            "spec": spec,
        },
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "additionalProperties": false,
    })
}

/// What one credential type refuses and requires. An absent `credential_type` also satisfies the condition of the
/// default, as `properties` says nothing about what is not there.
fn of_type(kind: &KindDoc, column: usize, ty: CredentialType) -> Value {
    let names = |mark: Mark| kind.spec.iter().filter(move |field| field.types[column] == mark).map(|field| field.name);
    let refused: Map<String, Value> = names(Mark::Never).map(|name| (name.to_owned(), json!(false))).collect();
    let mut condition = json!({ "properties": { "credential_type": { "const": ty.as_str() } } });
    if ty != CredentialType::ALL[0] {
        condition["required"] = json!(["credential_type"]);
    }
    let mut then = json!({ "properties": refused });
    let required: Vec<_> = names(Mark::Must).collect();
    if !required.is_empty() {
        then["required"] = json!(required);
    }
    let choices: Vec<_> = names(Mark::OneOf).map(|name| json!({ "required": [name] })).collect();
    if !choices.is_empty() {
        then["anyOf"] = json!(choices);
    }
    json!({ "if": condition, "then": then })
}

fn object(fields: &[FieldDoc]) -> Map<String, Value> {
    let properties: Map<String, Value> = fields.iter().map(|field| (field.name.to_owned(), of_field(field))).collect();
    let required: Vec<_> = fields.iter().filter(|field| field.required).map(|field| field.name).collect();
    let mut object = Map::new();
    object.insert("type".to_owned(), json!("object"));
    object.insert("properties".to_owned(), Value::Object(properties));
    object.insert("additionalProperties".to_owned(), json!(false));
    if !required.is_empty() {
        object.insert("required".to_owned(), json!(required));
    }
    object
}

/// Every rule whose level may be changed, by name and by code.
fn levels() -> Value {
    let level = |rule: &Rule| json!({ "enum": levels::WORDS, "description": rule.summary });
    let named = rules::changeable().flat_map(|rule| [rule.name, rule.code].map(|key| (key.to_owned(), level(rule))));
    let properties: Map<String, Value> = named.collect();
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

fn of_field(field: &FieldDoc) -> Value {
    let mut schema = match field.shape {
        Shape::Text | Shape::Prose => json!({ "type": "string" }),
        Shape::Word(words) => json!({ "enum": words }),
        Shape::Duration => json!({
            "anyOf": [
                { "type": "string", "pattern": "^([0-9]+[dhms])+$|^[0-9]+$" },
                { "type": "integer", "minimum": 1, "maximum": u32::MAX },
            ],
        }),
        Shape::Date => json!({ "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$" }),
        Shape::Bool => json!({ "type": "boolean" }),
        Shape::Count(max) => json!({ "type": "integer", "minimum": 0, "maximum": max }),
        Shape::List => json!({ "type": "array", "items": { "type": "string" }, "uniqueItems": true }),
        Shape::Map => json!({ "type": "object", "additionalProperties": { "type": "string" } }),
        Shape::Levels => levels(),
        Shape::Policy => json!({ "type": ["object", "string"] }),
        Shape::Object(fields) => Value::Object(object(fields)),
    };
    match field.name {
        "role_arns" | "roles" => schema["minItems"] = json!(1),
        "policy_arns" => schema["maxItems"] = json!(limits::SESSION_POLICY_ARNS_MAX),
        "session_tags" => schema["maxProperties"] = json!(limits::SESSION_TAGS_MAX),
        "iam_tags" => schema["maxProperties"] = json!(tags::IAM_TAGS_MAX),
        _ => {}
    }
    schema["description"] = json!(field.doc);
    schema
}
