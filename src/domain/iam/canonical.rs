use serde_json::{Map, Value, json};

use super::policy::Policy;
use super::principal;
use super::statement::{Selector, Statement};

/// The one form of all documents that mean the same. A document that is no policy is returned as it is.
///
/// Every set is a sorted list without duplicates, also when it has one entry: statements, actions (lower case),
/// resources, principals by type, condition values (as strings). Condition keys are in lower case and operators in
/// IAM's spelling. `"*"` is `{"AWS": ["*"]}`, and the root ARN of an account in the partition `aws` is its bare id: the
/// id names no partition, so roots of other partitions keep their ARN. An empty `Sid` and an empty condition block
/// say nothing and are left out. A missing `Version` stays missing: it means 2008-10-17, but AWS keeps the two apart.
///
/// The form decides as the document does, and its own form is itself. Labels by position (`#2`) count anew.
#[must_use]
pub fn canonical(document: &Value) -> Value {
    let Ok(policy) = Policy::parse_value(document) else { return document.clone() };
    let mut statements: Vec<(String, Value)> = policy
        .statements()
        .iter()
        .map(|statement| {
            let value = write(statement);
            (value.to_string(), value)
        })
        .collect();
    statements.sort_by(|a, b| a.0.cmp(&b.0));
    statements.dedup_by(|a, b| a.0 == b.0);
    let mut map = Map::new();
    if let Some(version) = policy.version() {
        map.insert("Version".to_owned(), version.as_str().into());
    }
    if let Some(id) = policy.id() {
        map.insert("Id".to_owned(), id.into());
    }
    map.insert("Statement".to_owned(), statements.into_iter().map(|(_, value)| value).collect());
    Value::Object(map)
}

fn write(statement: &Statement) -> Value {
    let Statement { label: _, sid, effect, principal, action, resource, conditions } = statement;
    let mut map = Map::new();
    if let Some(sid) = sid {
        map.insert("Sid".to_owned(), json!(sid));
    }
    map.insert("Effect".to_owned(), json!(effect.as_str()));
    match principal {
        None => {}
        Some(Selector::Only(list)) => drop(map.insert("Principal".to_owned(), principal::write(list))),
        Some(Selector::Except(list)) => drop(map.insert("NotPrincipal".to_owned(), principal::write(list))),
    }
    let lower = |entries: &[_]| set(entries.iter().map(|it: &super::ActionPattern| it.as_str().to_ascii_lowercase()));
    match action {
        Selector::Only(list) => drop(map.insert("Action".to_owned(), lower(list))),
        Selector::Except(list) => drop(map.insert("NotAction".to_owned(), lower(list))),
    }
    match resource {
        None => {}
        Some(Selector::Only(list)) => drop(map.insert("Resource".to_owned(), set(list.iter().cloned()))),
        Some(Selector::Except(list)) => drop(map.insert("NotResource".to_owned(), set(list.iter().cloned()))),
    }
    let mut block = Map::new();
    for condition in conditions {
        let keys = block.entry(condition.operator.spelling()).or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(keys) = keys {
            keys.insert(condition.key.to_ascii_lowercase(), set(condition.values.iter().cloned()));
        }
    }
    if !block.is_empty() {
        map.insert("Condition".to_owned(), Value::Object(block));
    }
    Value::Object(map)
}

fn set(texts: impl Iterator<Item = String>) -> Value {
    let mut texts: Vec<String> = texts.collect();
    texts.sort();
    texts.dedup();
    texts.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A statement with `body` after its effect, in a policy.
    fn policy(body: &str) -> Value {
        let text = format!(r#"{{"Statement": [{{"Effect": "Allow", {body}}}]}}"#);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    #[test]
    fn the_form_itself() {
        let document = json!({
            "Version": "2012-10-17",
            "Id": "x",
            "Statement": {
                "Sid": "", "Effect": "Allow",
                "Principal": {"Service": "ec2.amazonaws.com", "AWS": ["arn:aws:iam::111122223333:root", "111122223333", "*"]},
                "Action": ["sts:TagSession", "STS:AssumeRole", "sts:assumerole"],
                "Condition": {
                    "stringequalsifexists": {"sts:ExternalId": ["b", "a", "b"]},
                    "bool": {"aws:MultiFactorAuthPresent": true},
                    "NumericLessThan": {},
                },
            },
        });
        assert_eq!(
            canonical(&document),
            json!({
                "Version": "2012-10-17",
                "Id": "x",
                "Statement": [{
                    "Effect": "Allow",
                    "Principal": {"AWS": ["*", "111122223333"], "Service": ["ec2.amazonaws.com"]},
                    "Action": ["sts:assumerole", "sts:tagsession"],
                    "Condition": {
                        "StringEqualsIfExists": {"sts:externalid": ["a", "b"]},
                        "Bool": {"aws:multifactorauthpresent": ["true"]},
                    },
                }],
            })
        );
    }

    #[test]
    fn what_means_the_same_is_the_same() {
        for (one, other) in [
            (r#""Principal": "*", "Action": "*""#, r#""Principal": {"AWS": ["*"]}, "Action": ["*"]"#),
            (
                r#""Principal": {"AWS": "111122223333"}, "Action": "a:b""#,
                r#""Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "A:B""#,
            ),
            (r#""Resource": "a", "Action": "*""#, r#""Resource": ["a", "a"], "Action": "*""#),
            (r#""NotResource": ["a", "b"], "NotAction": "*""#, r#""NotResource": ["b", "a"], "NotAction": ["*"]"#),
            (r#""Resource": "a", "Action": "*""#, r#""Resource": "a", "Action": "*", "Sid": "", "Condition": {}"#),
            (
                r#""Resource": "a", "Action": "*", "Condition": {"NumericEquals": {"a:B": 1}}"#,
                r#""Resource": "a", "Action": "*", "Condition": {"numericequals": {"A:b": ["1"]}}"#,
            ),
        ] {
            assert_eq!(canonical(&policy(one)), canonical(&policy(other)), "{one}");
        }
    }

    #[test]
    fn what_differs_in_meaning_stays_different() {
        let cases = [
            r#""Principal": {"AWS": "111122223333"}, "Action": "a:b""#,
            r#""Principal": {"AWS": "arn:aws-cn:iam::111122223333:root"}, "Action": "a:b""#,
            r#""Principal": {"AWS": "arn:aws:iam::111122223333:role/A"}, "Action": "a:b""#,
            r#""Principal": {"AWS": "arn:aws:iam::111122223333:role/a"}, "Action": "a:b""#,
            r#""Principal": "*", "Action": "a:b""#,
            r#""Principal": {"Service": "*"}, "Action": "a:b""#,
            r#""Principal": {}, "Action": "a:b""#,
            r#""NotPrincipal": "*", "Action": "a:b""#,
            r#""Principal": "*", "NotAction": "a:b""#,
            r#""Principal": "*", "Action": []"#,
            r#""Principal": "*", "Action": "a:b", "Sid": "S""#,
            r#""Principal": "*", "Action": "a:b", "Condition": {"Bool": {"a:b": []}}"#,
            r#""Principal": "*", "Action": "a:b", "Condition": {"Bool": {"a:b": "x"}}"#,
            r#""Principal": "*", "Action": "a:b", "Condition": {"Bool": {"a:b": "X"}}"#,
            r#""Principal": "*", "Action": "a:b", "Condition": {"BoolIfExists": {"a:b": "X"}}"#,
            r#""Resource": "x", "Action": "a:b""#,
            r#""Resource": "X", "Action": "a:b""#,
        ];
        let forms: Vec<String> = cases.iter().map(|case| canonical(&policy(case)).to_string()).collect();
        for (at, form) in forms.iter().enumerate() {
            assert_eq!(forms.iter().position(|it| it == form), Some(at), "{}", cases[at]);
        }
    }

    #[test]
    fn what_is_no_policy_stays_as_it_is() {
        for value in
            [json!(null), json!("x"), json!([]), json!({}), json!({"Statement": [{"Effect": "allow"}], "b": 1})]
        {
            assert_eq!(canonical(&value), value);
        }
    }
}
