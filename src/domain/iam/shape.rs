//! What the readers of a policy's parts share: faults with their place, and IAM's "one or a list".

use serde_json::{Map, Value};

use crate::domain::text::nearest;

/// One step from a JSON value to one inside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Key(String),
    Index(usize),
}

/// Why a value is not the part of a policy that it should be, and where in the document that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) message: String,
    about_key: bool,
    /// From the inside out: it is built while the fault travels up.
    steps: Vec<Step>,
}

impl Fault {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), about_key: false, steps: Vec::new() }
    }

    /// A fault of the name `key` rather than of what stands under it.
    pub(super) fn of_key(key: &str, message: impl Into<String>) -> Self {
        Self { message: message.into(), about_key: true, steps: vec![Step::Key(key.to_owned())] }
    }

    pub(super) fn within_key(mut self, key: &str) -> Self {
        self.steps.push(Step::Key(key.to_owned()));
        self
    }

    pub(super) fn within_index(mut self, index: usize) -> Self {
        self.steps.push(Step::Index(index));
        self
    }

    pub(super) fn path(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().rev()
    }

    pub(super) fn is_about_key(&self) -> bool {
        self.about_key
    }
}

/// The word for what a value is.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// The beginning of a quoted text: a message need not repeat a document.
pub(super) fn clip(text: &str) -> String {
    const MOST: usize = 80;
    match text.char_indices().nth(MOST) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

/// The object `what`, its keys checked: no two may differ in case alone, since IAM compares some without case and
/// refuses the ambiguity in all.
pub(super) fn object<'a>(what: &str, value: &'a Value) -> Result<&'a Map<String, Value>, Fault> {
    let Value::Object(map) = value else {
        return Err(Fault::new(format!("has {} where {what} should be an object", kind(value))));
    };
    let mut folded: Vec<(String, &String)> = map.keys().map(|key| (key.to_ascii_lowercase(), key)).collect();
    folded.sort();
    if let Some([(_, first), (_, second)]) = folded.array_windows::<2>().find(|[a, b]| a.0 == b.0) {
        return Err(Fault::of_key(
            second,
            format!("has `{}` and `{}` in {what}: they differ in case alone", clip(first), clip(second)),
        ));
    }
    Ok(map)
}

/// The fault of the first key of `what` that is not one of `known`.
pub(super) fn only(what: &str, map: &Map<String, Value>, known: &[&str]) -> Result<(), Fault> {
    let Some(key) = map.keys().find(|key| !known.contains(&key.as_str())) else { return Ok(()) };
    // Nobody mistypes a name at such length, and measuring the distance takes memory in proportion.
    let near = (key.len() <= 64).then(|| nearest(key, known.iter().copied())).flatten();
    let hint = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
    Err(Fault::of_key(key, format!("has the unknown element `{}` in {what}{hint}", clip(key))))
}

/// A text.
pub(super) fn string<'a>(what: &str, value: &'a Value) -> Result<&'a str, Fault> {
    value.as_str().ok_or_else(|| Fault::new(format!("has {} where {what} should be a string", kind(value))))
}

/// One value, or a list of them, each read by `read`.
pub(super) fn one_or_many<T>(value: &Value, mut read: impl FnMut(&Value) -> Result<T, Fault>) -> Result<Vec<T>, Fault> {
    match value {
        Value::Array(items) => {
            items.iter().enumerate().map(|(index, item)| read(item).map_err(|f| f.within_index(index))).collect()
        }
        one => Ok(vec![read(one)?]),
    }
}
