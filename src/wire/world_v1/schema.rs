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
        },
        "required": ["role_id", "max_session_duration", "trust"],
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
