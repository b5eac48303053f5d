use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::domain::text::is_unsafe;
use crate::wire::common_v1::{CaveatKind, Holds, PolicyPlace as Place, StatementRef, Verdict};

const TARGET: &str = "arn:aws:iam::444455556666:role/Deploy";
const RUNNER: &str = "arn:aws:iam::111122223333:role/VaultRunner";

fn request(more: &Value) -> Value {
    let mut request = json!({
        "format": REQUEST_FORMAT,
        "principal": {"arn": RUNNER, "session": "ci"},
        "actions": ["sts:AssumeRole"],
        "resource": TARGET,
    });
    for (key, value) in more.as_object().expect("an object") {
        request[key] = value.clone();
    }
    request
}

fn answer(request: &Value) -> Document {
    let simulation = read(&request.to_string()).unwrap_or_else(|error| panic!("{error}: {request:#}"));
    Document::of(&simulation)
}

fn refusal(text: &str) -> String {
    read(text).expect_err("refused").message
}

fn allow(principal: &str, condition: &Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": [
        {"Sid": "Let", "Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole", "Condition": condition},
    ]})
}

fn trust(document: &Value) -> Value {
    json!({"kind": "trust", "policy": {"name": "T", "document": document}})
}

fn identity(effect: &str, resource: &str) -> Value {
    json!([{"name": "I", "document": {"Statement": [{"Effect": effect, "Action": "sts:AssumeRole", "Resource": resource}]}}])
}

#[test]
fn each_verdict_comes_with_its_reason() {
    let condition = json!({"StringEquals": {"sts:ExternalId": ["x", "y"]}});
    let ask = |identity: Value, trust: Value, context: Value| {
        let policies = json!({"identity": identity, "resource": trust, "boundary": "assumed"});
        let mut results = answer(&request(&json!({"policies": policies, "context": context}))).results;
        assert_eq!(results.len(), 1);
        results.swap_remove(0)
    };
    let trusting = || trust(&allow(RUNNER, &condition));
    let known = |presence: Value| json!({"keys": {"STS:externalid": presence}, "others": "absent"});

    let allowed = ask(identity("Allow", TARGET), trusting(), known(json!({"values": ["y"]})));
    assert_eq!(allowed.verdict, Verdict::Allowed);
    assert_eq!((allowed.denied_by, allowed.lacking, allowed.depends_on, allowed.lines), (None, None, None, vec![]));
    assert_eq!((allowed.caveats[0].kind, allowed.caveats[0].place), (CaveatKind::SubjectTo, Place::Boundary));
    assert!(allowed.trace.iter().all(|statement| statement.applies == Holds::Yes));

    let denied = ask(identity("Deny", "*"), trusting(), known(json!({"values": ["y"]})));
    let by = StatementRef { place: Place::Identity, policy: "I".to_owned(), statement: "#1".to_owned() };
    assert_eq!((denied.verdict, denied.denied_by), (Verdict::DeniedExplicitly, Some(by)));
    assert_eq!(denied.lines, ["identity policy I: Deny #1 applies"]);

    let lacking = ask(json!("none"), trusting(), known(json!({"presence": "absent"})));
    assert_eq!(lacking.verdict, Verdict::DeniedImplicitly);
    assert_eq!(lacking.lacking, Some(vec![Place::Resource, Place::Identity]));
    assert_eq!(lacking.lines, ["no resource policy allows it", "no identity policy allows it"]);

    let open = ask(json!("unread"), trusting(), known(json!({"presence": "unknown", "values": ["x"]})));
    assert_eq!(open.verdict, Verdict::Depends);
    assert_eq!(
        open.lines,
        [
            "all of:",
            "  resource policy T: Allow Let if StringEquals sts:ExternalId \"x\"",
            "  identity policy allows it (could not be read)",
        ]
    );
}

#[test]
fn what_depends_is_told_as_a_tree_and_as_lines() {
    let condition =
        json!({"StringLike": {"sts:RoleSessionName": "ci-*"}, "Bool": {"aws:MultiFactorAuthPresent": "true"}});
    let context = json!({"keys": {"sts:RoleSessionName": {"form": {"prefix": "c", "least": 1}}}});
    let policies = json!({"identity": "unread", "resource": trust(&allow(RUNNER, &condition))});
    let document = answer(&request(&json!({"policies": policies, "context": context})));
    let outcome = &document.results[0];
    assert_eq!(outcome.verdict, Verdict::Depends);
    assert_eq!(
        outcome.lines,
        [
            "all of:",
            "  resource policy T: Allow Let if Bool aws:MultiFactorAuthPresent \"true\", and StringLike sts:RoleSessionName \"ci-*\"",
            "  identity policy allows it (could not be read)",
        ]
    );
    let tree = serde_json::to_value(outcome.depends_on.as_ref().expect("a tree")).expect("JSON");
    assert_eq!(
        tree,
        json!({"all": [
            {"statement": {"place": "resource", "policy": "T", "statement": "Let", "effect": "Allow", "by_account": false, "open": [
                {"condition": {"operator": "Bool", "key": "aws:MultiFactorAuthPresent", "values": ["true"]}},
                {"condition": {"operator": "StringLike", "key": "sts:RoleSessionName", "values": ["ci-*"]}},
            ]}},
            {"unread": "identity"},
        ]})
    );
    assert_eq!(serde_json::from_str::<Document>(&document.to_json()).expect("read back"), document);
}

#[test]
fn a_document_may_be_the_text_of_a_policy_and_oddities_are_noted() {
    let text =
        r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"Sooner": {"k": "v"}}}}"#;
    let policies =
        json!({"identity": [{"name": "text", "document": text}], "rcps": ["none"], "scps": ["assumed", "none"]});
    let document = answer(&request(&json!({"policies": policies, "actions": ["s3:GetObject", "sts:TagSession"]})));
    assert_eq!(
        document.results.iter().map(|it| it.action.as_str()).collect::<Vec<_>>(),
        ["s3:GetObject", "sts:TagSession"]
    );
    assert_eq!(document.notes.len(), 1);
    assert_eq!((document.notes[0].place, document.notes[0].written.as_str()), (Place::Identity, "Sooner"));
}

#[test]
fn what_only_a_trust_policy_may_not_have_is_noted_of_trust_policies_alone() {
    let document = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Deny", "NotPrincipal": {"AWS": RUNNER}, "Action": "s3:*", "Resource": "*"},
    ]});
    let noted = |kind: &str| {
        let policy = json!({"name": "P", "document": document});
        let policies = json!({"resource": {"kind": kind, "policy": policy}, "rcps": [[policy]]});
        answer(&request(&json!({"policies": policies}))).notes.len()
    };
    assert_eq!((noted("trust"), noted("attached")), (2, 0));
}

#[test]
fn errors_say_what_and_where() {
    let text = |more: Value| serde_json::to_string_pretty(&request(&more)).expect("JSON");
    let keys = |keys: Value| text(json!({"context": {"keys": keys}}));
    let layer = |layer: Value| text(json!({"policies": {"identity": layer}}));
    let document = |document: Value| layer(json!([{"name": "I", "document": document}]));
    for (text, expected) in [
        (String::new(), "the request is empty"),
        ("{".to_owned(), "the request ends too early: EOF while parsing an object at line 1 column 1"),
        ("{\"a\": 1}\n\nx".to_owned(), "the request is not JSON: trailing characters at line 3 column 1"),
        (
            "[1]".to_owned(),
            "the request is none of leasehold: its `format` should be `leasehold/simulation-request/v1`",
        ),
        (
            text(json!({"format": "leasehold/simulation-request/v2"})),
            "the request is `leasehold/simulation-request/v2`, which this version does not know",
        ),
        (
            text(json!({"polices": {}})),
            "unknown field `polices`, expected one of `format`, `principal`, `actions`, `resource`, `context`, `policies` at line 6 column 11",
        ),
        (text(json!({"resource": null})), "invalid type: null, expected a string at line 10 column 18"),
        (
            text(json!({"resource": "role/Deploy"})),
            "`role/Deploy` is no resource: an ARN of at most 2048 characters, or `*` for an action that is on nothing in particular at line 10 column 15",
        ),
        (text(json!({"actions": []})), "`actions` has 0: 1 to 20 are judged at line 2 column 14"),
        (
            text(json!({"actions": ["sts:*"]})),
            "`sts:*` is no action: `service:Name`, without wildcards, such as `sts:AssumeRole` at line 2 column 14",
        ),
        (text(json!({"actions": ["a:B", "A:b"]})), "the action `A:b` stands twice at line 2 column 14"),
        (
            text(json!({"principal": {"arn": "arn:aws:sts::111122223333:assumed-role/R/s"}})),
            "`arn:aws:sts::111122223333:assumed-role/R/s` is one session of a role: name the role, with its path if it has one, and the session in `session` at line 6 column 16",
        ),
        (
            text(json!({"principal": {"arn": "arn:aws:iam::111122223333:root"}})),
            "`arn:aws:iam::111122223333:root` names neither a role nor a user: `arn:aws:iam::<account id>:role/<name>` at line 6 column 16",
        ),
        (
            text(json!({"principal": {"arn": "arn:aws:iam::111122223333:user/U", "session": "ci"}})),
            "`session` goes with a role: a user signs with keys of its own at line 6 column 16",
        ),
        (
            text(json!({"principal": {"arn": RUNNER, "unique_id": "AIDAEXAMPLE000000000"}})),
            "`AIDAEXAMPLE000000000` is no unique id of a role: `AROA` and capital letters and digits, 16 at least, without the session's name at line 6 column 16",
        ),
        (
            keys(json!({"a:b": {"values": ["1"]}, "A:B": {"presence": "absent"}})),
            "`a:b` stands twice: AWS compares condition keys without case at line 10 column 7",
        ),
        (
            keys(json!({"a:b": {"values": []}})),
            "`a:b` has no value: write {\"presence\": \"absent\"} for a key that is not there at line 7 column 14",
        ),
        (
            keys(json!({"a:b": {"presence": "absent", "values": ["x"]}})),
            "`a:b` is absent and has a value at line 7 column 14",
        ),
        (
            keys(json!({"sts:ExternalId": {"values": ["x", "y"]}})),
            "`sts:ExternalId` has 2 values, and AWS sends one at most at line 7 column 25",
        ),
        (
            keys(json!({"a:b": {"values": ["x"], "form": {}}})),
            "`a:b` has both `values` and `form`: a key has one of them at line 7 column 14",
        ),
        (
            keys(json!({"a:b": {"presence": "maybe"}})),
            "unknown variant `maybe`, expected one of `present`, `absent`, `unknown` at line 8 column 27",
        ),
        (
            layer(json!("asumed")),
            "unknown variant `asumed`, expected one of `none`, `assumed`, `unread` at line 7 column 24",
        ),
        (layer(json!([])), "the list of policies is empty: write \"none\" where there is none at line 7 column 18"),
        (
            layer(json!([{"name": "", "document": {}}])),
            "the name of a policy has 1 to 2048 characters at line 10 column 17",
        ),
        (document(json!({"Statement": []})), "the policy `I` has an empty list of statements at line 10 column 24"),
        (document(json!("{")), "the policy `I` is not JSON: EOF while parsing an object at line 9 column 21"),
        (
            text(json!({"policies": {"resource": {"kind": "trust", "policy": "assumed"}}})),
            "unknown variant `assumed`, expected `unread` at line 9 column 25",
        ),
        (
            text(json!({"policies": {"scps": vec!["none"; 9]}})),
            "the request has 9 levels of control policies: at most 8",
        ),
    ] {
        assert_eq!(refusal(&text), expected, "{text}");
    }
}

#[test]
fn what_stands_twice_is_refused_everywhere() {
    let whole = request(&json!({
        "context": {"keys": {"a:b": {"presence": "unknown"}}, "others": "absent"},
        "policies": {"resource": trust(&allow(RUNNER, &json!({}))), "identity": identity("Allow", "*"), "scps": []},
    }))
    .to_string();
    read(&whole).expect("a request");
    let mut seen = 0;
    for (at, _) in whole.match_indices("\":") {
        let start = whole[..at].rfind('"').expect("the key's beginning");
        let key = &whole[start..at + 1];
        for value in ["null", "1", "\"x\"", "{}", "[]"] {
            let twice = format!("{}{key}: {value}, {}", &whole[..start], &whole[start..]);
            assert!(read(&twice).is_err(), "{twice}");
        }
        seen += 1;
    }
    assert!(seen > 20, "{seen} keys");
}

#[test]
fn what_is_too_much_is_refused() {
    assert!(refusal(&" ".repeat(MAX_BYTES + 1)).contains("bytes"));
    let statement = json!({"Effect": "Allow", "Action": "a:b", "Resource": "*"});
    let many =
        request(&json!({"policies": {"identity": [{"name": "I", "document": {"Statement": vec![&statement; 1_500]}}],
        "session": [{"name": "S", "document": {"Statement": vec![&statement; 501]}}]}}));
    assert!(refusal(&many.to_string()).contains("2001 statements"));
    let keys: serde_json::Map<String, Value> = (0..257).map(|n| (format!("a:{n}"), json!({}))).collect();
    assert!(refusal(&request(&json!({"context": {"keys": keys}})).to_string()).contains("at most 256"));
    let long = json!({"values": ["a".repeat(2_049)]});
    assert!(refusal(&request(&json!({"context": {"keys": {"a:b": long}}})).to_string()).contains("2048 characters"));
}

/// A request with something at every place.
fn everything() -> String {
    let condition = json!({"StringLike": {"sts:RoleSessionName": ["ci-*", "${aws:username}"]}, "IpAddress": {"aws:SourceIp": "10.0.0.0/8"}});
    let levels = json!(["assumed", "none", identity("Allow", "*")]);
    request(&json!({
        "actions": ["sts:AssumeRole", "sts:TagSession", "s3:GetObject"],
        "context": {
            "keys": {
                "sts:RoleSessionName": {"form": {"prefix": "ci", "least": 2, "suffix": "x"}},
                "aws:TagKeys": {"values": ["a", "b"], "presence": "unknown"},
                "aws:SourceIp": {"presence": "absent"},
            },
            "others": "unknown",
        },
        "policies": {
            "identity": identity("Allow", "arn:aws:iam::*:role/${aws:PrincipalTag/x}"),
            "resource": trust(&allow("111122223333", &condition)),
            "boundary": "unread",
            "session": [{"name": "S", "document": r#"{"Statement": {"Effect": "Deny", "NotAction": "s3:*", "NotResource": "a"}}"#}],
            "scps": levels,
            "rcps": ["unread"],
        },
    }))
    .to_string()
}

/// Reads it, and if it is a request, judges it and shows it.
fn through(text: &str) -> Result<String, RequestError> {
    let simulation = read(text)?;
    let document = Document::of(&simulation);
    for outcome in &document.results {
        assert_eq!(outcome.verdict == Verdict::Depends, outcome.depends_on.is_some());
        assert_eq!(outcome.verdict == Verdict::Allowed, outcome.lines.is_empty());
    }
    Ok(document.to_json())
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[a-z*?${}:/.]{0,12}".prop_map(Value::from),
        prop::sample::select(vec!["*", "sts:AssumeRole", "unread", "assumed", "Allow", "Deny", RUNNER, TARGET])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        let keys = prop::sample::select(vec![
            "Statement",
            "Effect",
            "Action",
            "NotAction",
            "Resource",
            "Principal",
            "AWS",
            "Condition",
            "StringLike",
            "Null",
            "aws:x",
            "keys",
            "values",
            "form",
            "presence",
            "kind",
            "policy",
            "name",
            "document",
            "scps",
            "identity",
            "resource",
        ]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(keys, inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_damaged_request_never_panics_and_its_error_is_harmless(
        cuts in prop::collection::vec((0_usize..3_000, 0_usize..40, ".{0,3}"), 1..4),
    ) {
        let mut text = everything();
        through(&text).expect("whole, it is a request");
        for (at, length, put) in cuts {
            let start = text.floor_char_boundary(at % text.len().max(1));
            let end = text.floor_char_boundary((start + length).min(text.len()));
            text.replace_range(start..end.max(start), &put);
        }
        if let Err(error) = through(&text) {
            prop_assert!(!error.message.chars().any(is_unsafe), "{:?}", error.message);
        }
    }

    #[test]
    fn any_value_at_any_place_is_judged_or_refused(value in value(), at in prop::sample::select(vec![
        "/context", "/policies", "/principal", "/actions", "/resource", "/context/keys/aws:TagKeys", "/policies/identity",
        "/policies/identity/0/document", "/policies/identity/0/document/Statement/0", "/policies/resource/policy/document",
        "/policies/resource/policy/document/Statement/0/Condition", "/policies/scps", "/policies/session/0/document",
    ])) {
        let mut request: Value = serde_json::from_str(&everything()).expect("JSON");
        // A pointer's names have their slashes written otherwise; none of these has one.
        *request.pointer_mut(at).expect("everything is there") = value;
        if let Err(error) = through(&request.to_string()) {
            prop_assert!(!error.message.chars().any(is_unsafe), "{:?}", error.message);
        }
    }
}
