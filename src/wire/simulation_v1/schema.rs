use schemars::consts::meta_schemas::DRAFT2020_12;
use schemars::json_schema;
use serde_json::{Value, json};

use super::limits::{ACTIONS_MAX, KEYS_MAX, LEVELS_MAX, TEXT_MAX};
use super::{Document, REQUEST_FORMAT};
use crate::domain::limits::{SESSION_NAME_MAX, SESSION_NAME_MIN};
use crate::wire::common_v1;

/// JSON Schema (2020-12) of an answer.
#[must_use]
pub fn schema() -> Value {
    common_v1::schema_of::<Document>()
}

/// JSON Schema (2020-12) of a request.
#[must_use]
pub fn request_schema() -> Value {
    json_schema!({
        "$schema": DRAFT2020_12,
        "title": "SimulationRequest",
        "description": "A question to the evaluator: who asks for what, what is known of the request, and every policy it meets.",
        "type": "object",
        "properties": {
            "format": { "const": REQUEST_FORMAT, "description": "Version of the form." },
            "principal": principal(),
            "actions": {
                "description": "What is asked for, `service:Name`. Each is judged as a request of its own.",
                "type": "array",
                "items": { "type": "string", "pattern": "^[A-Za-z0-9-]+:[A-Za-z0-9-]+$", "maxLength": 128 },
                "minItems": 1,
                "maxItems": ACTIONS_MAX,
                "uniqueItems": true,
            },
            "resource": {
                "description": "What it is asked on: an ARN, or `*` for an action that is on nothing in particular. Left out, it is not known.",
                "type": "string",
                "maxLength": TEXT_MAX,
            },
            "context": context(),
            "policies": policies(),
        },
        "required": ["format", "principal", "actions"],
        "additionalProperties": false,
        "$defs": { "policy": policy(), "layer": layer() },
    })
    .to_value()
}

fn principal() -> Value {
    json!({
        "description": "Who asks.",
        "type": "object",
        "properties": {
            "arn": { "type": "string", "description": "ARN of the role or user, with its path." },
            "session": {
                "type": "string",
                "minLength": SESSION_NAME_MIN,
                "maxLength": SESSION_NAME_MAX,
                "description": "Name of the role's session. Left out, it is not known.",
            },
            "unique_id": { "type": "string", "description": "`AROA…` or `AIDA…`. Left out, it is not known." },
        },
        "required": ["arn"],
        "additionalProperties": false,
    })
}

fn context() -> Value {
    let text = |what: &str| json!({ "type": "string", "maxLength": TEXT_MAX, "description": what });
    json!({
        "description": "What is known of the condition keys. Left out, nothing is.",
        "type": "object",
        "properties": {
            "keys": {
                "description": "By key; case does not count.",
                "type": "object",
                "maxProperties": KEYS_MAX,
                "additionalProperties": {
                    "type": "object",
                    "properties": {
                        "presence": {
                            "enum": ["present", "absent", "unknown"],
                            "description": "Whether the request carries the key; `present` when left out.",
                        },
                        "values": {
                            "type": "array",
                            "items": { "type": "string", "maxLength": TEXT_MAX },
                            "minItems": 1,
                            "description": "What it carries, if it carries the key. Left out together with `form`, it is not known.",
                        },
                        "form": {
                            "type": "object",
                            "description": "What it carries, where only the ends of its one value are known.",
                            "properties": {
                                "prefix": text("How the value begins."),
                                "least": {
                                    "type": "integer",
                                    "minimum": 0,
                                    "maximum": TEXT_MAX,
                                    "description": "How many characters there are between the ends, at least.",
                                },
                                "suffix": text("How the value ends."),
                            },
                            "additionalProperties": false,
                        },
                    },
                    "additionalProperties": false,
                    "not": { "required": ["values", "form"] },
                },
            },
            "others": {
                "enum": ["unknown", "absent"],
                "description": "What is known of every other key; `unknown` when left out.",
            },
        },
        "additionalProperties": false,
    })
}

fn policies() -> Value {
    let layer = |what: &str| json!({ "$ref": "#/$defs/layer", "description": what });
    let levels = |what: &str| json!({ "type": "array", "items": { "$ref": "#/$defs/layer" }, "maxItems": LEVELS_MAX, "description": what });
    json!({
        "description": "Every policy that the request meets. A place that is left out has none.",
        "type": "object",
        "properties": {
            "identity": layer("The caller's own: inline, attached, and those of its groups."),
            "resource": {
                "description": "That of what is asked for.",
                "type": "object",
                "properties": {
                    "kind": {
                        "enum": ["trust", "attached"],
                        "description": "A role's trust policy, or the policy of another resource.",
                    },
                    "policy": {
                        "oneOf": [
                            { "const": "unread", "description": "It could not be read: the verdict hangs on it." },
                            { "$ref": "#/$defs/policy" },
                        ],
                    },
                },
                "required": ["kind", "policy"],
                "additionalProperties": false,
            },
            "boundary": layer("The caller's permissions boundary."),
            "session": layer("The policies that the caller's session was made with."),
            "scps": levels("Service control policies of the caller's account: the root, each unit, the account."),
            "rcps": levels("Resource control policies of the resource's account, likewise."),
        },
        "additionalProperties": false,
    })
}

fn layer() -> Value {
    json!({
        "oneOf": [
            { "const": "none", "description": "There is none: it grants nothing, and limits nothing." },
            { "const": "assumed", "description": "Nobody read it; taken not to limit, which the answer says." },
            { "const": "unread", "description": "It could not be read: the verdict hangs on it." },
            { "type": "array", "items": { "$ref": "#/$defs/policy" }, "minItems": 1, "description": "Just these; one of them must allow." },
        ],
    })
}

fn policy() -> Value {
    json!({
        "type": "object",
        "properties": {
            "name": { "type": "string", "minLength": 1, "maxLength": TEXT_MAX, "description": "What the answer calls it." },
            "document": { "type": ["object", "string"], "description": "The policy, or the text of it." },
        },
        "required": ["name", "document"],
        "additionalProperties": false,
    })
}
