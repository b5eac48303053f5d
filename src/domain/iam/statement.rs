use serde_json::{Map, Value};

use super::condition::{Condition, Operator};
use super::note::{NoteKind, PolicyNote};
use super::pattern::ActionPattern;
use super::principal::{self, Principal};
use super::shape::{Fault, clip, kind, object, one_or_many, only, string};

/// What a statement does when it matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// It allows, unless another denies.
    Allow,
    /// It denies, whatever others allow.
    Deny,
}

impl Effect {
    /// The word in a policy.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "Allow",
            Self::Deny => "Deny",
        }
    }
}

/// An element or its `Not…` form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selector<T> {
    /// `Action`, `Resource`, `Principal`: these.
    Only(Vec<T>),
    /// `NotAction`, `NotResource`, `NotPrincipal`: all but these.
    Except(Vec<T>),
}

impl<T> Selector<T> {
    /// The entries, as listed.
    #[must_use]
    pub fn entries(&self) -> &[T] {
        match self {
            Self::Only(entries) | Self::Except(entries) => entries,
        }
    }
}

/// One statement of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Its `Sid`, else `#` and its position from 1 (hostile).
    pub label: String,
    /// Its `Sid` as written, unless that is empty (hostile).
    pub sid: Option<String>,
    /// What it does.
    pub effect: Effect,
    /// Whom it is about; `None` in identity policies.
    pub principal: Option<Selector<Principal>>,
    /// What it is about.
    pub action: Selector<ActionPattern>,
    /// On what; `None` in trust policies. As written.
    pub resource: Option<Selector<String>>,
    /// When; all must hold.
    pub conditions: Vec<Condition>,
}

const ELEMENTS: [&str; 9] =
    ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"];

/// Reads the statement at `index` (from 0) and adds what is odd about it to `notes`.
pub(super) fn read(index: usize, value: &Value, notes: &mut Vec<PolicyNote>) -> Result<Statement, Fault> {
    let map = object("a statement", value)?;
    only("a statement", map, &ELEMENTS)?;
    let sid = match map.get("Sid") {
        None => None,
        Some(sid) => Some(string("Sid", sid).map_err(|f| f.within_key("Sid"))?).filter(|sid| !sid.is_empty()),
    };
    let effect = match map.get("Effect") {
        None => return Err(Fault::new("has a statement without Effect")),
        Some(Value::String(text)) if text == "Allow" => Effect::Allow,
        Some(Value::String(text)) if text == "Deny" => Effect::Deny,
        Some(_) => {
            return Err(
                Fault::new("has an Effect that is neither `Allow` nor `Deny` (case counts)").within_key("Effect")
            );
        }
    };
    let principal = selector(map, "Principal", "NotPrincipal", principal::read)?;
    let texts = |element: &str, value: &Value| {
        one_or_many(value, |entry| string(&format!("an entry of {element}"), entry).map(str::to_owned))
    };
    let resource = selector(map, "Resource", "NotResource", texts)?;
    let Some(action) = selector(map, "Action", "NotAction", |element, value| {
        Ok(texts(element, value)?.iter().map(|text| ActionPattern::new(text)).collect())
    })?
    else {
        return Err(Fault::new("has a statement without Action or NotAction"));
    };
    if principal.is_none() && resource.is_none() {
        return Err(Fault::new(
            "has a statement with neither a Principal (as in a trust policy) nor a Resource (as in a permission policy)",
        ));
    }
    let mut empty_block = false;
    let conditions = match map.get("Condition") {
        None => Vec::new(),
        Some(block) => read_conditions(block, &mut empty_block).map_err(|fault| fault.within_key("Condition"))?,
    };
    let label = sid.map_or_else(|| format!("#{}", index + 1), str::to_owned);
    let statement = Statement { label, sid: sid.map(str::to_owned), effect, principal, action, resource, conditions };
    note(&statement, empty_block, notes);
    Ok(statement)
}

fn selector<T>(
    map: &Map<String, Value>,
    only: &str,
    except: &str,
    read: impl Fn(&str, &Value) -> Result<Vec<T>, Fault>,
) -> Result<Option<Selector<T>>, Fault> {
    let read = |element: &str, value| read(element, value).map_err(|fault| fault.within_key(element));
    match (map.get(only), map.get(except)) {
        (None, None) => Ok(None),
        (Some(value), None) => read(only, value).map(Selector::Only).map(Some),
        (None, Some(value)) => read(except, value).map(Selector::Except).map(Some),
        (Some(_), Some(_)) => Err(Fault::of_key(except, format!("has both {only} and {except} in one statement"))),
    }
}

fn read_conditions(block: &Value, empty: &mut bool) -> Result<Vec<Condition>, Fault> {
    let operators = object("Condition", block)?;
    *empty = operators.is_empty();
    let mut conditions = Vec::new();
    for (written, keys) in operators {
        let at_operator = |fault: Fault| fault.within_key(written);
        let keys = object(&format!("the condition operator `{}`", clip(written)), keys).map_err(at_operator)?;
        *empty |= keys.is_empty();
        for (key, values) in keys {
            let values = one_or_many(values, |value| match value {
                Value::String(text) => Ok(text.clone()),
                Value::Bool(_) | Value::Number(_) => Ok(value.to_string()),
                other => Err(Fault::new(format!("has {} where a condition's value should be a string", kind(other)))),
            });
            let values = values.map_err(|fault| at_operator(fault.within_key(key)))?;
            conditions.push(Condition { operator: Operator::read(written), key: key.clone(), values });
        }
    }
    Ok(conditions)
}

fn note(statement: &Statement, empty_block: bool, notes: &mut Vec<PolicyNote>) {
    let Statement { label, sid, effect: _, principal, action, resource, conditions } = statement;
    let mut add = |kind, text: &str| notes.push(PolicyNote { statement: label.clone(), kind, text: text.to_owned() });
    if let Some(sid) = sid.as_ref().filter(|sid| !sid.bytes().all(|b| b.is_ascii_alphanumeric())) {
        add(NoteKind::OddSid, sid);
    }
    if matches!(principal, Some(Selector::Except(_))) {
        add(NoteKind::NotPrincipal, "");
    }
    if let Some(principal) = principal {
        if resource.is_some() {
            add(NoteKind::ResourceInTrustPolicy, "");
        }
        if principal.entries().is_empty() {
            add(NoteKind::Empty, "Principal");
        }
        for entry in principal.entries() {
            match entry {
                Principal::Wildcard(text) => add(NoteKind::WildcardInPrincipal, text),
                Principal::Unrecognized(text) => add(NoteKind::UnknownPrincipal, text),
                Principal::UniqueId(text) => add(NoteKind::DanglingPrincipal, text),
                _ => {}
            }
        }
    }
    if action.entries().is_empty() {
        add(NoteKind::Empty, "Action");
    }
    for pattern in action.entries().iter().filter(|pattern| !pattern.is_well_formed()) {
        add(NoteKind::MalformedAction, pattern.as_str());
    }
    if resource.as_ref().is_some_and(|resource| resource.entries().is_empty()) {
        add(NoteKind::Empty, "Resource");
    }
    if empty_block {
        add(NoteKind::Empty, "Condition");
    }
    for condition in conditions {
        if condition.operator.known.is_none() {
            add(NoteKind::UnknownOperator, &condition.operator.written);
        }
        if condition.values.is_empty() {
            add(NoteKind::Empty, &condition.key);
        }
    }
}
