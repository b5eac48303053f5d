//! No request to the evaluator takes long, whatever it says.

use std::time::{Duration, Instant};

use leasehold::wire::simulation_v1::{Document, REQUEST_FORMAT, read};
use serde_json::{Value, json};

fn request(more: &Value) -> String {
    let mut request = json!({
        "format": REQUEST_FORMAT,
        "principal": {"arn": "arn:aws:iam::111122223333:role/VaultRunner", "session": "ci"},
        "actions": ["sts:AssumeRole"],
        "resource": "arn:aws:iam::444455556666:role/Deploy",
    });
    for (key, value) in more.as_object().expect("an object") {
        request[key] = value.clone();
    }
    request.to_string()
}

/// Requests that are as hard as they can be, and whether they are too hard.
fn hard() -> Vec<(String, bool)> {
    let identity = |documents: Vec<Value>| {
        let named = documents.into_iter().map(|document| json!({"name": "I", "document": document}));
        json!({"identity": named.collect::<Vec<_>>()})
    };
    let of = |statements: Vec<Value>| json!({"Version": "2012-10-17", "Statement": statements});
    let allow = |resource: Value, condition: Value| json!({"Effect": "Allow", "Action": "*", "Resource": resource, "Condition": condition});
    let ask = |more: Value| request(&more);
    let text = "a".repeat(2_040);
    let star = |n: usize| format!("*{}b", "a".repeat(n));
    let mut all = Vec::new();
    // One pattern in which every start of the text nearly matches.
    let patterns: Vec<String> = vec![star(1_000); 30];
    let resource = json!(format!("arn:aws:s3:::{}", "a".repeat(2_000)));
    let actions = |n: usize| (0..n).map(|n| format!("s3:Get{n}")).collect::<Vec<_>>();
    let resources: Vec<String> = patterns.iter().map(|pattern| format!("arn:aws:s3:::{pattern}")).collect();
    for n in [1, 20] {
        let policies = identity(vec![of(vec![allow(json!(resources), json!({}))])]);
        all.push((ask(json!({"policies": policies, "resource": resource, "actions": actions(n)})), n == 20));
    }
    // The same against a condition key's value, and against many values of one key.
    for values in [1, 100] {
        let keys = json!({"x:y": {"values": vec![&text; values]}});
        let policies =
            identity(vec![of(vec![allow(json!("*"), json!({"ForAnyValue:StringLike": {"x:y": patterns}}))])]);
        all.push((ask(json!({"policies": policies, "context": {"keys": keys}})), values == 100));
    }
    // A variable that grows.
    let grown = "${x:y}".repeat(5_000);
    let policies = identity(vec![of(vec![allow(json!(format!("arn:aws:s3:::{grown}")), json!({}))])]);
    all.push((
        ask(json!({"policies": policies, "resource": resource, "context": {"keys": {"x:y": {"values": [text]}}}})),
        true,
    ));
    let short = json!({"x:y": {"values": ["aa"]}});
    let policies = identity(vec![of(vec![allow(json!(format!("arn:aws:s3:::{grown}")), json!({}))])]);
    all.push((ask(json!({"policies": policies, "resource": resource, "context": {"keys": short}})), false));
    // Many open conditions on one key, whose patterns are tried on each other.
    let few: Vec<Value> = (0..500)
        .map(|n| allow(json!("*"), json!({"StringLike": {"aws:UserAgent": format!("*{}{n}", "a".repeat(200))}})))
        .collect();
    let few = few.chunks(250).map(|part| of(part.to_vec())).collect();
    all.push((ask(json!({"policies": identity(few)})), false));
    // Many statements, each of which nearly says what another says.
    let each = |n: usize| {
        let keys: serde_json::Map<String, Value> =
            (0..6).map(|k| (format!("x:{k}"), json!(format!("v{}", (n >> k) & 1)))).collect();
        allow(json!("*"), json!({"StringEquals": keys, "StringNotEquals": {"x:n": format!("{n}")}}))
    };
    let documents = (0..3).map(|part| of((0..600).map(|n| each(part * 600 + n)).collect())).collect();
    all.push((ask(json!({"policies": identity(documents)})), false));
    // Denys and Allows over a few keys: many cases.
    let deny = |n: usize| json!({"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {format!("x:{}", n % 6): format!("{}", n / 6)}}});
    let mut mixed: Vec<Value> = (0..30).map(deny).collect();
    mixed.extend(
        (0..30).map(|n| allow(json!("*"), json!({"StringNotEquals": {format!("x:{}", n % 6): format!("{}", n / 6)}}))),
    );
    all.push((ask(json!({"policies": identity(vec![of(mixed)])})), false));
    all
}

#[test]
fn nothing_takes_longer_than_a_second() {
    // Without optimisation everything takes some twenty times as long.
    let most = Duration::from_secs(if cfg!(debug_assertions) { 10 } else { 1 });
    for (at, (text, too_hard)) in hard().iter().enumerate() {
        let start = Instant::now();
        let judged = read(text).map(|simulation| Document::of(&simulation).to_json().len());
        assert!(start.elapsed() < most, "number {at} took {:?}", start.elapsed());
        assert_eq!(judged.is_err(), *too_hard, "number {at}: {judged:?}");
    }
}
