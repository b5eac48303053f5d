use serde_json::{Map, Number, Value};

use super::fault::{Fault, Faults};
use super::index::{Content, Node};
use super::value::{self, Lines};
use crate::domain::iam::{Policy, PolicyError, canonical};

/// Reads a policy document, a YAML mapping or JSON text, into its canonical form.
///
/// In a mapping, what is quoted is text; plain `true`, `false` and decimal integers are what they look like; everything
/// else is the text that was written, so that `Version: 2012-10-17` needs no quotes.
pub(super) fn read(node: &Node<'_>, faults: &mut Faults<'_>) -> Option<Value> {
    let text = match &node.content {
        // Shape and characters of a scalar were reported with the field.
        Content::Scalar { .. } => value::scalar(node, Lines::Many).ok()?.text.to_owned(),
        Content::Map(_) => {
            let before = faults.count();
            let value = json(node, faults);
            if faults.count() > before {
                return None;
            }
            value.to_string()
        }
        Content::List(_) => return None,
    };
    let parsed = Policy::parse(&text).map_err(|error| refused(&error));
    faults.take(&node.span, parsed).map(|policy| canonical(policy.document()))
}

fn refused(error: &PolicyError) -> Fault {
    Fault::new("bad-policy", format!("the policy {error}"), "not a policy document", "write it as IAM would accept it")
}

fn json(node: &Node<'_>, faults: &mut Faults<'_>) -> Value {
    match &node.content {
        Content::Scalar { text, plain } => {
            if let Err(fault) = value::scalar(node, Lines::Many) {
                faults.push(&node.span, fault);
            }
            if *plain { plain_scalar(text) } else { Value::String(text.clone().into_owned()) }
        }
        Content::List(items) => Value::Array(items.iter().map(|item| json(item, faults)).collect()),
        Content::Map(entries) => {
            let mut map = Map::new();
            for entry in entries {
                faults.take(&entry.key.span, value::key(&entry.key));
                map.insert(entry.key.text.clone().into_owned(), json(&entry.value, faults));
            }
            Value::Object(map)
        }
    }
}

fn plain_scalar(text: &str) -> Value {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_integer = !digits.is_empty()
        && digits.bytes().all(|b| b.is_ascii_digit())
        && (digits == text && digits == "0" || !digits.starts_with('0'));
    match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        // An integer beyond 64 bits stays the text it is.
        _ if is_integer => text
            .parse::<Number>()
            .ok()
            .filter(|n| n.is_i64() || n.is_u64())
            .map_or_else(|| Value::String(text.to_owned()), Value::Number),
        _ => Value::String(text.to_owned()),
    }
}
