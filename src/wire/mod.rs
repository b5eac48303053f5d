//! Text forms.
//!
//! Every form that leaves the process, or comes back into it, has a type of its own here with a version in its name:
//! nothing of the domain is serialised as it stands, so that neither can change the other by accident. Forms that are
//! read back are read strictly: an unknown field is an error.

pub mod json;

pub mod common_v1;

pub mod apply_v1;
pub mod audit_v1;
pub mod credentials_v1;
pub mod drift_v1;
pub mod error_v1;
pub mod findings_v1;
pub mod lease_v1;
pub mod manifest_v1;
pub mod plan_v1;
pub mod policies_v1;
pub mod revoke_v1;
pub mod rules_v1;
pub mod scaffold;
pub mod simulation_v1;
pub mod state_v1;
pub mod sweep_v1;
pub mod why_v1;
pub mod world_v1;

/// Makes a JSON Schema.
pub type MakeSchema = fn() -> serde_json::Value;

/// The JSON Schema of every form, by its short name: what `leasehold schema` prints, and what `schemas/` holds as
/// `<name>.v1.schema.json`.
pub const SCHEMAS: &[(&str, MakeSchema)] = &[
    ("manifest", manifest_v1::schema),
    ("plan", plan_v1::schema),
    ("drift", drift_v1::schema),
    ("findings", findings_v1::schema),
    ("apply", apply_v1::schema),
    ("state", state_v1::schema),
    ("credentials", credentials_v1::schema),
    ("lease", lease_v1::schema),
    ("revoke", revoke_v1::schema),
    ("sweep", sweep_v1::schema),
    ("audit", audit_v1::schema),
    ("audit-verification", audit_v1::verification_schema),
    ("error", error_v1::schema),
    ("rules", rules_v1::schema),
    ("policies", policies_v1::schema),
    ("simulation-request", simulation_v1::request_schema),
    ("simulation", simulation_v1::schema),
    ("world", world_v1::schema),
    ("why", why_v1::schema),
];

#[cfg(test)]
mod rule_pages;

#[cfg(test)]
mod tests {
    use super::*;

    /// Every object schema below `value` that names its properties.
    fn objects<'a>(value: &'a serde_json::Value, found: &mut Vec<&'a serde_json::Value>) {
        if value["properties"].is_object() {
            found.push(value);
        }
        match value {
            serde_json::Value::Object(map) => map.values().for_each(|value| objects(value, found)),
            serde_json::Value::Array(list) => list.iter().for_each(|value| objects(value, found)),
            _ => {}
        }
    }

    #[test]
    fn every_form_that_is_read_back_has_a_schema_as_strict_as_its_reader() {
        for (schema, title) in [
            (plan_v1::schema(), "Plan"),
            (drift_v1::schema(), "DriftReport"),
            (findings_v1::schema(), "Findings"),
            (state_v1::schema(), "StateObject"),
            (lease_v1::schema(), "Leases"),
            (revoke_v1::schema(), "Revocation"),
            (sweep_v1::schema(), "Sweep"),
            (audit_v1::schema(), "AuditEvents"),
            (audit_v1::verification_schema(), "AuditVerification"),
            (policies_v1::schema(), "Policies"),
            (simulation_v1::request_schema(), "SimulationRequest"),
            (simulation_v1::schema(), "Simulation"),
        ] {
            assert_eq!(schema["title"], title);
            assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
            let mut found = Vec::new();
            objects(&schema, &mut found);
            assert!(found.len() > 1, "{title}");
            for object in found {
                assert_eq!(object["additionalProperties"], false, "{object:#}");
            }
        }
        assert_eq!(credentials_v1::schema()["title"], "Credentials");
    }
}
