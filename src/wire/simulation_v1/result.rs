//! The answer to a request.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::FORMAT;
use crate::domain::iam;
use crate::domain::simulation::Simulation;
use crate::wire::common_v1::{Outcome, PolicyPlace as Place};
use crate::wire::json;

/// What was found out, action by action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Simulation")]
pub struct Document {
    /// Version of the form.
    #[schemars(extend("const" = FORMAT))]
    pub format: String,
    /// One for each action, in the order asked.
    pub results: Vec<Outcome>,
    /// What is legal but odd in the policies.
    pub notes: Vec<Note>,
}

/// Something in a policy that is legal but odd.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// What the policy is to the request.
    pub place: Place,
    /// The policy.
    pub policy: String,
    /// The statement's `Sid`, else `#` and its position from 1.
    pub statement: String,
    /// What is odd, as a clause after "the statement …".
    pub text: String,
    /// The text at fault; empty when `text` says it all.
    pub written: String,
}

impl Document {
    /// The answer to this question.
    #[must_use]
    pub fn of(simulation: &Simulation) -> Self {
        let notes = simulation.notes().into_iter().map(|(place, policy, note)| {
            let iam::PolicyNote { statement, kind, text } = note;
            Note {
                place: place.into(),
                policy: policy.to_owned(),
                statement: statement.clone(),
                text: kind.as_str().to_owned(),
                written: text.clone(),
            }
        });
        Self {
            format: FORMAT.to_owned(),
            results: simulation.run().iter().map(Outcome::from).collect(),
            notes: notes.collect(),
        }
    }

    /// Indented JSON with a line break at the end.
    #[must_use]
    pub fn to_json(&self) -> String {
        json::pretty(self)
    }
}
