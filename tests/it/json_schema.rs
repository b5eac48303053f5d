//! Holds a JSON value against a JSON Schema, as far as the schemas of this crate go. A keyword it does not know is a
//! panic, so that nothing is passed over. Formats and patterns are notes to the reader here, and are not held.

use serde_json::{Map, Value};

/// Every way in which `value` is not what `schema` says, each with its path.
pub(crate) fn faults(schema: &Value, value: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    Checker { root: schema }.check(schema, value, "$", &mut faults);
    faults
}

struct Checker<'a> {
    root: &'a Value,
}

impl Checker<'_> {
    fn check(&self, schema: &Value, value: &Value, path: &str, faults: &mut Vec<String>) {
        let keywords = match schema {
            Value::Bool(true) => return,
            Value::Bool(false) => return faults.push(format!("{path} must not be there")),
            Value::Object(keywords) => keywords,
            other => panic!("{other} is no schema"),
        };
        for (keyword, argument) in keywords {
            self.keyword(keywords, keyword, argument, value, path, faults);
        }
    }

    fn fits(&self, schema: &Value, value: &Value) -> bool {
        let mut faults = Vec::new();
        self.check(schema, value, "", &mut faults);
        faults.is_empty()
    }

    fn keyword(
        &self,
        keywords: &Map<String, Value>,
        keyword: &str,
        argument: &Value,
        value: &Value,
        path: &str,
        faults: &mut Vec<String>,
    ) {
        let list = || argument.as_array().expect("a list");
        let number = || argument.as_f64().expect("a number");
        let mut hold = |holds: bool, what: &str| {
            if !holds {
                faults.push(format!("{path} {what}: {value}"));
            }
        };
        match keyword {
            "$schema" | "$defs" | "$id" | "$comment" | "title" | "description" | "default" | "examples" | "format"
            | "pattern" | "then" | "else" | "deprecated" => {}
            "$ref" => {
                let pointer = argument.as_str().and_then(|text| text.strip_prefix('#')).expect("a local reference");
                self.check(self.root.pointer(pointer).expect("it leads somewhere"), value, path, faults);
            }
            "type" => {
                let types = argument.as_array().map_or_else(|| vec![argument], |types| types.iter().collect());
                hold(
                    types.iter().any(|wanted| is_a(value, wanted.as_str().expect("a name"))),
                    &format!("is no {argument}"),
                );
            }
            "const" => hold(value == argument, &format!("is not {argument}")),
            "enum" => hold(list().contains(value), &format!("is none of {argument}")),
            "minimum" => hold(value.as_f64().is_none_or(|n| n >= number()), "is too small"),
            "maximum" => hold(value.as_f64().is_none_or(|n| n <= number()), "is too large"),
            "minLength" => {
                hold(value.as_str().is_none_or(|text| text.chars().count() as f64 >= number()), "is too short");
            }
            "maxLength" => {
                hold(value.as_str().is_none_or(|text| text.chars().count() as f64 <= number()), "is too long");
            }
            "minItems" => hold(value.as_array().is_none_or(|items| items.len() as f64 >= number()), "has too few"),
            "maxItems" => hold(value.as_array().is_none_or(|items| items.len() as f64 <= number()), "has too many"),
            "maxProperties" => hold(value.as_object().is_none_or(|map| map.len() as f64 <= number()), "has too many"),
            "minProperties" => hold(value.as_object().is_none_or(|map| map.len() as f64 >= number()), "has too few"),
            "uniqueItems" => hold(value.as_array().is_none_or(|items| is_set(items)), "repeats itself"),
            "anyOf" => hold(list().iter().any(|schema| self.fits(schema, value)), "is none of several"),
            "oneOf" => {
                let fitting = list().iter().filter(|schema| self.fits(schema, value)).count();
                hold(fitting == 1, &format!("fits {fitting} of several, not one"));
            }
            "allOf" => list().iter().for_each(|schema| self.check(schema, value, path, faults)),
            "not" => hold(!self.fits(argument, value), "is what it must not be"),
            "if" => {
                let branch = if self.fits(argument, value) { "then" } else { "else" };
                if let Some(schema) = keywords.get(branch) {
                    self.check(schema, value, path, faults);
                }
            }
            "items" => {
                for (at, item) in value.as_array().into_iter().flatten().enumerate() {
                    self.check(argument, item, &format!("{path}[{at}]"), faults);
                }
            }
            "properties" => {
                for (name, schema) in argument.as_object().expect("schemas by name") {
                    if let Some(value) = value.get(name) {
                        self.check(schema, value, &format!("{path}.{name}"), faults);
                    }
                }
            }
            "required" => {
                let missing = list().iter().filter_map(Value::as_str).filter(|name| value.get(name).is_none());
                if value.is_object() {
                    faults.extend(missing.map(|name| format!("{path}.{name} is missing")));
                }
            }
            "additionalProperties" => {
                let known = |name: &str| keywords.get("properties").is_some_and(|known| known.get(name).is_some());
                for (name, value) in value.as_object().into_iter().flatten().filter(|(name, _)| !known(name)) {
                    self.check(argument, value, &format!("{path}.{name}"), faults);
                }
            }
            "propertyNames" => {
                for name in value.as_object().into_iter().flat_map(Map::keys) {
                    self.check(argument, &Value::String(name.clone()), &format!("{path}.{name}"), faults);
                }
            }
            unknown => panic!("the keyword `{unknown}` is not held here yet"),
        }
    }
}

fn is_a(value: &Value, wanted: &str) -> bool {
    match wanted {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("there is no type {other}"),
    }
}

fn is_set(items: &[Value]) -> bool {
    items.iter().enumerate().all(|(at, item)| !items[..at].contains(item))
}
