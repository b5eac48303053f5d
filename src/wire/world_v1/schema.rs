use schemars::consts::meta_schemas::DRAFT2020_12;
use schemars::json_schema;
use serde_json::{Value, json};

use super::VERSION;
use super::entry::ABSENT;
use crate::domain::limits::{ASSUME_ROLE_MAX_SECONDS, ROLE_MIN_MAX_SESSION_SECONDS};
use crate::domain::world::Why;

/// JSON Schema (2020-12) of a world.
#[must_use]
pub fn schema() -> Value {
    json_schema!({
        "$schema": DRAFT2020_12,
        "title": "leasehold world, version 1",
        "description": "What was read from AWS, for planning without it.",
        "type": "object",
        "properties": {
            "version": { "const": VERSION, "description": "Version of this form; left out, it is this one." },
            "caller": {
                "description": "Who asked AWS; its account is the one that was read.",
                "oneOf": [caller(), unknown()],
            },
            "roles": {
                "description": "What was read under each declared role ARN.",
                "type": "object",
                "additionalProperties": {
                    "oneOf": [
                        live(),
                        { "const": ABSENT, "description": "AWS said that there is no such role." },
                        unknown(),
                    ],
                },
            },
            "broker": { "description": "The principal that issues.", "oneOf": [broker(), absent(), unknown()] },
            "accounts": {
                "description": "The accounts that something declared is in, by their twelve digits.",
                "type": "object",
                "additionalProperties": account(),
            },
            "policies": {
                "description": "The declared managed policies and boundaries, by ARN: each is its live ARN.",
                "type": "object",
                "additionalProperties": { "oneOf": [{ "type": "string" }, unknown()] },
            },
            "groups": {
                "description": "The declared groups, by `<account>/<name>`: each is its live ARN.",
                "type": "object",
                "additionalProperties": { "oneOf": [{ "type": "string" }, unknown()] },
            },
        },
        "required": ["caller", "roles"],
        "additionalProperties": false,
    })
    .to_value()
}

fn caller() -> Value {
    json!({
        "type": "object",
        "properties": {
            "arn": { "type": "string", "description": "A user's ARN, or a session's." },
            "user_id": { "type": "string", "description": "`AIDA…`, or `AROA…:<session>`." },
        },
        "required": ["arn", "user_id"],
        "additionalProperties": false,
    })
}

fn live() -> Value {
    json!({
        "type": "object",
        "properties": {
            "arn": { "type": "string", "description": "The live ARN, where it differs from the declared one." },
            "role_id": { "type": "string", "description": "`AROA…`." },
            "max_session_duration": {
                "type": "integer",
                "minimum": ROLE_MIN_MAX_SESSION_SECONDS,
                "maximum": ASSUME_ROLE_MAX_SECONDS,
                "description": "`MaxSessionDuration` in seconds.",
            },
            "trust": { "description": "The trust policy; a string is the text of a document that may be no policy." },
            "tags": tags("Its tags; left out, nobody read them."),
        },
        "required": ["role_id", "max_session_duration", "trust"],
        "additionalProperties": false,
    })
}

fn tags(description: &str) -> Value {
    json!({ "type": "object", "additionalProperties": { "type": "string" }, "description": description })
}

fn absent() -> Value {
    json!({ "const": ABSENT, "description": "AWS said that there is none." })
}

fn attached() -> Value {
    json!({
        "type": "object",
        "properties": {
            "name": { "type": "string", "description": "A managed policy's ARN, or an inline policy's name." },
            "document": { "description": "The policy; a string is the text of a document that may be none." },
        },
        "required": ["name", "document"],
        "additionalProperties": false,
    })
}

fn broker() -> Value {
    json!({
        "type": "object",
        "properties": {
            "unique_id": { "type": "string", "description": "`AROA…` or `AIDA…`." },
            "tags": tags("Tags of the user or role itself."),
            "policies": {
                "description": "Everything that grants or denies by identity; left out, nobody read it.",
                "oneOf": [{ "type": "array", "items": attached() }, absent(), unknown()],
            },
            "boundary": {
                "description": "Its permissions boundary; left out, it has none.",
                "oneOf": [attached(), absent(), unknown()],
            },
            "trust": {
                "description": "A role's own trust policy; a string is the text of a document that may be none. Left out, nobody read it.",
            },
        },
        "required": ["unique_id"],
        "additionalProperties": false,
    })
}

fn account() -> Value {
    json!({
        "type": "object",
        "properties": {
            "reader": {
                "description": "ARN of the principal that read it; left out, nobody did.",
                "oneOf": [{ "type": "string" }, unknown()],
            },
            "roles": {
                "description": "ARN of every role of the account; left out, no whole list was read.",
                "oneOf": [{ "type": "array", "items": { "type": "string" } }, unknown()],
            },
            "summary": {
                "description": "`iam:GetAccountSummary`: usage and quotas.",
                "oneOf": [{ "type": "object", "additionalProperties": { "type": "integer", "minimum": 0 } }, unknown()],
            },
        },
        "additionalProperties": false,
    })
}

fn unknown() -> Value {
    json!({
        "type": "object",
        "properties": {
            "unknown": { "enum": Why::ALL.map(Why::as_str), "description": "Why it could not be read." },
            "detail": { "type": "string", "description": "One sentence." },
        },
        "required": ["unknown"],
        "additionalProperties": false,
    })
}
