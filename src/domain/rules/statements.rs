//! What the rules about trust policies share: walking their statements, and writing one anew.

use serde_json::{Map, Value, json};

use crate::domain::iam::{Condition, Effect, Known, Policy, Principal, Quantifier, Selector, Statement, Test, Truth};

use super::judging::Target;

/// One statement of one target's trust policy.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spot<'j> {
    /// Whose policy it is.
    pub(super) target: Target<'j>,
    /// The policy.
    pub(super) policy: &'j Policy,
    /// The statement.
    pub(super) statement: &'j Statement,
    index: usize,
}

/// Every statement of the target's trust policy; none where it was not read.
pub(super) fn of(target: Target<'_>) -> impl Iterator<Item = Spot<'_>> {
    target.trust().into_iter().flat_map(move |policy| {
        let statements = policy.statements().iter().enumerate();
        statements.map(move |(index, statement)| Spot { target, policy, statement, index })
    })
}

/// Whether the statement is about this action. A malformed action is about none.
pub(super) fn covers(statement: &Statement, action: &str) -> bool {
    let listed = statement.action.entries().iter().any(|it| it.matches(action) == Truth::True);
    listed == matches!(statement.action, Selector::Only(_))
}

/// The principals that the statement names; none where it names all but some.
pub(super) fn principals(statement: &Statement) -> &[Principal] {
    match &statement.principal {
        Some(Selector::Only(entries)) => entries,
        Some(Selector::Except(_)) | None => &[],
    }
}

impl Spot<'_> {
    /// Whether it allows this action to somebody.
    pub(super) fn allows(&self, action: &str) -> bool {
        self.statement.effect == Effect::Allow && covers(self.statement, action)
    }

    /// Whether it names everyone.
    pub(super) fn names_anyone(&self) -> bool {
        principals(self.statement).contains(&Principal::Anyone)
    }

    /// Its position in the policy, from 0.
    pub(super) fn index(&self) -> usize {
        self.index
    }

    /// ``statement `#1` of the trust policy of `arn:…` ``.
    pub(super) fn named(&self) -> String {
        format!("statement `{}` of the trust policy of `{}`", self.statement.label, self.target.arn)
    }

    /// The statement as it is written.
    pub(super) fn written(&self) -> Map<String, Value> {
        let statement = match &self.policy.document()["Statement"] {
            Value::Array(list) => list.get(self.index),
            one => Some(one),
        };
        statement.and_then(Value::as_object).cloned().unwrap_or_default()
    }

    /// Tells to write the statement anew: ``write it as: `{…}` ``.
    pub(super) fn rewrite(&self, edit: impl FnOnce(&mut Map<String, Value>)) -> String {
        let mut statement = self.written();
        edit(&mut statement);
        format!("write statement `{}` as: `{}`", self.statement.label, Value::Object(statement))
    }

    /// Tells to leave some principals out; the whole statement when none is left.
    pub(super) fn without(&self, drop: impl Fn(&str) -> bool) -> String {
        let mut statement = self.written();
        if !edit_principals(&mut statement, |entries| entries.retain(|it| !drop(it))) {
            return format!("take statement `{}` out of the trust policy", self.statement.label);
        }
        format!("write statement `{}` as: `{}`", self.statement.label, Value::Object(statement))
    }
}

/// Edits what stands under `AWS`, and tells whether any principal is left.
pub(super) fn edit_principals(statement: &mut Map<String, Value>, edit: impl FnOnce(&mut Vec<String>)) -> bool {
    let Some(principal) = statement.get_mut("Principal") else { return false };
    if principal.is_string() {
        *principal = json!({"AWS": principal.take()});
    }
    let Some(kinds) = principal.as_object_mut() else { return false };
    let mut entries: Vec<String> = match kinds.remove("AWS") {
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::String(one)) => vec![one],
        _ => Vec::new(),
    };
    edit(&mut entries);
    match entries.as_slice() {
        [] => {}
        [one] => drop(kinds.insert("AWS".to_owned(), json!(one))),
        several => drop(kinds.insert("AWS".to_owned(), json!(several))),
    }
    !kinds.is_empty()
}

/// Names the broker in the place of everyone.
pub(super) fn broker_for_anyone(statement: &mut Map<String, Value>, broker: &str) {
    edit_principals(statement, |entries| {
        entries.retain(|it| it != "*" && it != broker);
        entries.push(broker.to_owned());
    });
}

/// Puts in a condition; values that stand there under the same operator and key give way.
pub(super) fn put_condition(statement: &mut Map<String, Value>, operator: &str, key: &str, values: Value) {
    let block = statement.entry("Condition").or_insert_with(|| json!({}));
    if let Some(block) = block.as_object_mut() {
        let keys = block.entry(operator).or_insert_with(|| json!({}));
        if let Some(keys) = keys.as_object_mut() {
            keys.insert(key.to_owned(), values);
        }
    }
}

/// Takes a condition out and gives its values.
pub(super) fn take_condition(statement: &mut Map<String, Value>, condition: &Condition) -> Value {
    let Some(block) = statement.get_mut("Condition").and_then(Value::as_object_mut) else { return Value::Null };
    let written = condition.operator.written.as_str();
    let Some(keys) = block.get_mut(written).and_then(Value::as_object_mut) else { return Value::Null };
    let values = keys.remove(&condition.key).unwrap_or_default();
    if keys.is_empty() {
        block.remove(written);
    }
    if block.is_empty() {
        statement.remove("Condition");
    }
    values
}

/// Whether the operator asks something of a key's values that an absent key does not meet.
pub(super) fn needs_presence(condition: &Condition) -> bool {
    let Some(Known { quantifier, test, if_exists }) = condition.operator.known else { return true };
    let asks_absence = test == Test::Null && condition.values.iter().all(|value| value.eq_ignore_ascii_case("true"));
    !asks_absence && !if_exists && !test.is_negated() && quantifier != Some(Quantifier::ForAllValues)
}

/// Whether the condition is about this key.
pub(super) fn is_about(condition: &Condition, key: &str) -> bool {
    condition.key.eq_ignore_ascii_case(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(text: &str) -> Map<String, Value> {
        serde_json::from_str(text).expect("an object")
    }

    #[test]
    fn the_broker_takes_the_place_of_everyone() {
        for principal in [r#""*""#, r#"{"AWS": "*"}"#, r#"{"AWS": ["*", "b"]}"#] {
            let mut statement = object(&format!(r#"{{"Principal": {principal}}}"#));
            broker_for_anyone(&mut statement, "b");
            assert_eq!(statement, object(r#"{"Principal": {"AWS": "b"}}"#), "{principal}");
        }
    }

    #[test]
    fn a_condition_taken_out_leaves_no_empty_block() {
        let condition = Condition {
            operator: crate::domain::iam::Operator::read("StringEquals"),
            key: "a".to_owned(),
            values: vec!["x".to_owned()],
        };
        let mut statement = object(r#"{"Condition": {"StringEquals": {"a": "x"}}}"#);
        assert_eq!(take_condition(&mut statement, &condition), json!("x"));
        assert!(statement.is_empty());
        put_condition(&mut statement, "StringLike", "a", json!("x"));
        assert_eq!(statement, object(r#"{"Condition": {"StringLike": {"a": "x"}}}"#));
    }
}
