use std::fmt::Display;

use serde::de::{DeserializeOwned, Deserializer, Error};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::entry::{ABSENT, unknown};
use crate::domain::world::Fact;

/// A fact as it is written: `"absent"`, an object with `unknown`, or the value.
pub(super) struct Written<T>(pub(super) Fact<T>);

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct NotKnown {
    unknown: String,
    detail: Option<String>,
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Written<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        read(raw.get()).map(Self).map_err(D::Error::custom)
    }
}

/// A list or an object without `unknown` is the value; its own faults are told, not those of the other forms.
fn read<T: DeserializeOwned>(text: &str) -> Result<Fact<T>, String> {
    if let Ok(word) = serde_json::from_str::<String>(text)
        && word == ABSENT
    {
        return Ok(Fact::Absent);
    }
    let fields = serde_json::from_str::<serde_json::Value>(text).map_err(within)?;
    if fields.get("unknown").is_some() {
        let NotKnown { unknown: why, detail } = serde_json::from_str(text).map_err(within)?;
        return unknown(&why, detail).map(Fact::Unknown);
    }
    serde_json::from_str(text).map(Fact::Present).map_err(within)
}

/// The line and column of a part mean nothing in the whole; serde_json adds those of the whole.
fn within(error: impl Display) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or(&text).to_owned()
}
