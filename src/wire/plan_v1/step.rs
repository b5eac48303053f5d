use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::desired::BrokerSpec;
use crate::domain::plan;
use crate::wire::common_v1::{AppliedRole, Broker, Invalid, Place, name};

/// What happens to a role in the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// It is recorded for the first time.
    Create,
    /// What git says of it changes.
    Update,
    /// Git says the same; what AWS says, or how it is judged, changed.
    Refresh,
    /// It leaves the record, and can be issued no more.
    Delete,
}

/// One role's change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The role.
    pub role: String,
    /// What happens.
    pub action: Action,
    /// What will be recorded; missing for a deletion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<AppliedRole>,
    /// Field by field.
    pub changes: Vec<Change>,
    /// What it means for people, in whole sentences.
    pub effects: Vec<String>,
    /// Where the role is declared; missing for a deletion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

/// The change of the Broker document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BrokerStep {
    /// What will be recorded.
    pub after: Broker,
    /// Field by field.
    pub changes: Vec<Change>,
}

/// One field's old and new value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The manifest's field name, or that of a live fact.
    pub field: String,
    /// Missing when it was not set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Shown>,
    /// Missing when it is no longer set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Shown>,
}

/// A value as a diff shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Shown {
    /// One line.
    Text(String),
    /// Canonical JSON of a document.
    Document(Value),
}

impl From<plan::Action> for Action {
    fn from(action: plan::Action) -> Self {
        match action {
            plan::Action::Create => Self::Create,
            plan::Action::Update => Self::Update,
            plan::Action::Refresh => Self::Refresh,
            plan::Action::Delete => Self::Delete,
        }
    }
}

impl From<&plan::Step> for Step {
    fn from(step: &plan::Step) -> Self {
        let plan::Step { role, action, after, changes, effects, place } = step;
        Self {
            role: role.to_string(),
            action: (*action).into(),
            after: after.as_ref().map(AppliedRole::from),
            changes: changes.iter().map(Change::from).collect(),
            effects: effects.clone(),
            place: place.as_ref().map(Place::from),
        }
    }
}

impl Step {
    /// Whether it names a role, and can be recorded exactly if it is no deletion.
    pub(super) fn check(&self) -> Result<(), Invalid> {
        let name = name("role", &self.role)?;
        if let Some(place) = &self.place {
            place.check()?;
        }
        match (&self.after, self.action) {
            (Some(_), Action::Delete) | (None, Action::Create | Action::Update | Action::Refresh) => {
                Err(Invalid { field: "after", problem: "does not go with the step's action".to_owned() })
            }
            (Some(after), _) => after.clone().into_domain(name).map(drop),
            (None, Action::Delete) => Ok(()),
        }
    }
}

impl From<&plan::BrokerStep> for BrokerStep {
    fn from(step: &plan::BrokerStep) -> Self {
        let plan::BrokerStep { after, changes } = step;
        Self { after: after.into(), changes: changes.iter().map(Change::from).collect() }
    }
}

impl BrokerStep {
    /// Whether it can be recorded.
    pub(super) fn check(&self) -> Result<(), Invalid> {
        BrokerSpec::try_from(self.after.clone()).map(drop)
    }
}

impl From<&plan::Change> for Change {
    fn from(change: &plan::Change) -> Self {
        let plan::Change { field, before, after } = change;
        Self { field: field.clone(), before: before.as_ref().map(Shown::from), after: after.as_ref().map(Shown::from) }
    }
}

impl From<&plan::Shown> for Shown {
    fn from(shown: &plan::Shown) -> Self {
        match shown {
            plan::Shown::Text(text) => Self::Text(text.clone()),
            plan::Shown::Document(value) => Self::Document(value.value().clone()),
        }
    }
}
