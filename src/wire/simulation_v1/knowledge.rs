//! What a request says of its condition keys.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::limits::{KEYS_MAX, Lengths, TEXT_MAX};
use super::names::some;
use super::request::{RequestError, at, part, start};
use crate::domain::iam::{Arity, Context, Knowledge, Template, Truth, Values, arity};
use crate::domain::text::short;

/// What is known of the condition keys.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Known<'a> {
    #[serde(default, borrow)]
    keys: Keys<'a>,
    #[serde(default)]
    others: Others,
}

/// What is known of a key that is not named.
#[derive(Deserialize, Default, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Others {
    /// Nothing.
    #[default]
    Unknown,
    /// The request does not carry it.
    Absent,
}

/// Whether a request carries a key.
#[derive(Deserialize, Default, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Presence {
    #[default]
    Present,
    Absent,
    Unknown,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    #[serde(default)]
    presence: Presence,
    #[serde(default, deserialize_with = "some")]
    values: Option<Vec<String>>,
    #[serde(default, deserialize_with = "some")]
    form: Option<Form>,
}

/// A value of which only the ends are known.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    #[serde(default)]
    prefix: String,
    #[serde(default)]
    least: usize,
    #[serde(default)]
    suffix: String,
}

/// Each key with what is said of it, as they stand.
#[derive(Default)]
struct Keys<'a>(Vec<(&'a RawValue, &'a RawValue)>);

impl Known<'_> {
    /// As the evaluator wants it, and how long the values of each key are. `text` is the whole request.
    pub(super) fn lower(self, text: &str) -> Result<(Context<'static>, Lengths), RequestError> {
        let Self { keys, others } = self;
        let mut context = match others {
            Others::Unknown => Context::open(),
            Others::Absent => Context::closed(),
        };
        let mut lengths = Lengths::new();
        for (key, knowledge) in keys.lower(text)? {
            let length = match &knowledge.values {
                Values::Unknown => 1,
                Values::Known(values) => values.iter().map(|value| value.len() + 1).sum(),
                // Three texts of at most this length each.
                Values::Like(_) => 3 * TEXT_MAX,
            };
            context.set(&key, knowledge);
            lengths.insert(key, length);
        }
        Ok((context, lengths))
    }
}

impl<'a> Keys<'a> {
    /// By their names in lower case, which is how AWS compares them.
    fn lower(self, text: &str) -> Result<BTreeMap<String, Knowledge>, RequestError> {
        let mut keys = BTreeMap::new();
        for (raw, entry) in self.0 {
            let key: String = part(text, raw)?;
            let folded = key.to_ascii_lowercase();
            let fault = |raw, why: &str| at(text, start(text, raw), &format!("`{}` {why}", short(&key, 80)));
            if key.is_empty() || key.len() > TEXT_MAX || key.chars().any(char::is_whitespace) {
                return Err(fault(raw, "is no condition key"));
            }
            if keys.contains_key(&folded) {
                return Err(fault(raw, "stands twice: AWS compares condition keys without case"));
            }
            if keys.len() == KEYS_MAX {
                return Err(fault(raw, &format!("is one condition key too many: at most {KEYS_MAX} are taken")));
            }
            let knowledge = knowledge(&key, part(text, entry)?).map_err(|why| fault(entry, &why))?;
            keys.insert(folded, knowledge);
        }
        Ok(keys)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Keys<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Keys<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of condition keys")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Keys<'de>, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = entries.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Keys(pairs))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

/// The error completes "`<key>` …".
fn knowledge(key: &str, entry: Entry) -> Result<Knowledge, String> {
    let Entry { presence, values, form } = entry;
    let told = match (values, form) {
        (Some(_), Some(_)) => return Err("has both `values` and `form`: a key has one of them".to_owned()),
        (Some(values), None) => {
            if values.is_empty() {
                return Err("has no value: write {\"presence\": \"absent\"} for a key that is not there".to_owned());
            }
            if values.len() > 1 && arity(key) == Arity::One {
                return Err(format!("has {} values, and AWS sends one at most", values.len()));
            }
            if values.iter().any(|value| value.len() > TEXT_MAX) {
                return Err(format!("has a value of more than {TEXT_MAX} characters"));
            }
            Some(Values::Known(values))
        }
        (None, Some(Form { prefix, least, suffix })) => {
            if [prefix.len(), least, suffix.len()].iter().any(|length| *length > TEXT_MAX) {
                return Err(format!("has a form of more than {TEXT_MAX} characters"));
            }
            Some(Values::Like(Template::new(&prefix, least, &suffix)))
        }
        (None, None) => None,
    };
    match (presence, told) {
        (Presence::Absent, None) => Ok(Knowledge::ABSENT),
        (Presence::Absent, Some(_)) => Err("is absent and has a value".to_owned()),
        (Presence::Present, told) => Ok(Knowledge { present: Truth::True, values: told.unwrap_or(Values::Unknown) }),
        (Presence::Unknown, told) => Ok(Knowledge { present: Truth::Unknown, values: told.unwrap_or(Values::Unknown) }),
    }
}
