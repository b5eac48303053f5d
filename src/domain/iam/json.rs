//! JSON text into a value, strictly: a key that stands twice in one object is an error, wherever it is.

use std::fmt;
use std::ops::Range;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Number, Value};

use super::shape::{Fault, Step, clip};

/// Reads one JSON value. The error is one clause, and the bytes at fault.
///
/// Nesting is limited by the JSON reader (128 levels), far above the six of any policy.
pub(super) fn read(text: &str) -> Result<Value, (String, Range<usize>)> {
    let mut reader = serde_json::Deserializer::from_str(text);
    Strict.deserialize(&mut reader).and_then(|value| reader.end().map(|()| value)).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let message = error.to_string();
        let message = message.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&message);
        let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
        let end = (start + column).min(text.len());
        if error.is_data() {
            return (message.to_owned(), string_before(text, end));
        }
        (
            format!("is not JSON: {message}"),
            text.floor_char_boundary(end.saturating_sub(1))..text.ceil_char_boundary(end),
        )
    })
}

/// The string literal that ends at or before `end`.
fn string_before(text: &str, end: usize) -> Range<usize> {
    let bytes = text.as_bytes();
    let Some(close) = bytes[..end].iter().rposition(|b| *b == b'"') else { return end..end };
    let escaped = |at: usize| bytes[..at].iter().rev().take_while(|b| **b == b'\\').count() % 2 == 1;
    let open = (0..close).rev().find(|at| bytes[*at] == b'"' && !escaped(*at));
    open.map_or(end..end, |open| open..close + 1)
}

struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Self)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if map.contains_key(&key) {
                return Err(A::Error::custom(format_args!("has the key `{}` twice", clip(&key))));
            }
            let value = entries.next_value_seed(Self)?;
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

/// Where the thing that `fault` is about stands in `text`, which [`read`] accepts.
pub(super) fn locate(text: &str, fault: &Fault) -> Option<Range<usize>> {
    let mut here: &RawValue = serde_json::from_str(text).ok()?;
    let mut key: Option<&RawValue> = None;
    for step in fault.path() {
        match step {
            Step::Index(index) => {
                here = serde_json::from_str::<Vec<&RawValue>>(here.get()).ok()?.get(*index)?;
                key = None;
            }
            Step::Key(name) => {
                let Entries(entries) = serde_json::from_str(here.get()).ok()?;
                let is_name = |raw: &RawValue| serde_json::from_str::<String>(raw.get()).is_ok_and(|it| it == *name);
                let (raw_key, value) = entries.into_iter().find(|(raw, _)| is_name(raw))?;
                (here, key) = (value, Some(raw_key));
            }
        }
    }
    let part = match key {
        Some(key) if fault.is_about_key() => key.get(),
        _ => here.get(),
    };
    let start = (part.as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
    Some(start..start + part.len())
}

struct Entries<'a>(Vec<(&'a RawValue, &'a RawValue)>);

impl<'de: 'a, 'a> serde::Deserialize<'de> for Entries<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Vec<(&'de RawValue, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = entries.next_entry()? {
                    pairs.push(pair);
                }
                Ok(pairs)
            }
        }
        deserializer.deserialize_map(Pairs).map(Entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_among_wide_characters_is_a_whole_character() {
        for text in ["é", "{\"a\": é}", "\n\n{\u{202e}", "{\"é\": 1, \"é\": 2}"] {
            let (_, at) = read(text).expect_err("faulty");
            assert!(text.get(at.clone()).is_some(), "{text:?}: {at:?}");
        }
    }

    #[test]
    fn values_are_read_as_they_are() {
        let text = r#"{"a": [null, true, -1, 18446744073709551615, 1.5, "\u00e9\n", {}], "": ""}"#;
        assert_eq!(read(text).ok(), serde_json::from_str(text).ok());
    }
}
