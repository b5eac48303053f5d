use super::*;
use crate::domain::iam::{Effect, NoteKind, Operator, Principal, Quantifier, Selector, Test};

const GOOD: &str = r#"{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}"#;

fn error(text: &str) -> (String, Option<String>) {
    match Policy::parse(text) {
        Ok(_) => panic!("read: {text}"),
        Err(error) => {
            if let Ok(value) = serde_json::from_str::<Value>(text)
                && !error.message.contains("twice")
                && !error.message.contains("IAM's limit")
            {
                let again = Policy::parse_value(&value).expect_err("as strict");
                assert_eq!(again, PolicyError { message: error.message.clone(), at: None });
            }
            (error.message, error.at.map(|at| text[at].to_owned()))
        }
    }
}

#[test]
fn errors_say_what_and_where() {
    for (text, message, at) in [
        ("", "is not JSON: EOF", ""),
        ("{", "is not JSON: EOF", "{"),
        ("nope", "is not JSON: expected ident", "o"),
        ("{} {}", "is not JSON: trailing characters", "{"),
        ("[]", "has a list where a policy should be an object", "[]"),
        ("null", "has null where a policy", "null"),
        ("{}", "has no Statement", "{}"),
        (r#"{"Statement": []}"#, "has an empty list of statements", "[]"),
        (r#"{"Statement": {}}"#, "has a statement without Effect", "{}"),
        (r#"{"Statement": [7]}"#, "has a number where a statement should be an object", "7"),
        (r#"{"Statement": [$], "Version": "2012-10-18"}"#, "has a Version that is neither", r#""2012-10-18""#),
        (r#"{"Statement": [$], "Version": 2012}"#, "has a Version that is neither", "2012"),
        (r#"{"Statement": [$], "Id": {}}"#, "has an object where Id should be a string", "{}"),
        (
            r#"{"Statements": [$]}"#,
            "unknown element `Statements` in a policy; did you mean `Statement`?",
            r#""Statements""#,
        ),
        (r#"{"statement": [$]}"#, "did you mean `Statement`?", r#""statement""#),
        (r#"{"Statement": [$], "Statement": [$]}"#, "has the key `Statement` twice", r#""Statement""#),
        (r#"{"Statement": [$], "statement": [$]}"#, "they differ in case alone", r#""statement""#),
        (r#"{"Statement": [{"Effect": "Allow", "Effect": "Deny"}]}"#, "has the key `Effect` twice", r#""Effect""#),
        (r#"{"a\\\"b": 1, "a\\\"b": 1}"#, "twice", r#""a\\\"b""#),
        (r#"{"x": [{"deep": {"k": 1, "k": 1}}]}"#, "has the key `k` twice", r#""k""#),
        (r#"{"Statement": [$, $1]}"#, "is not JSON", "1"),
    ] {
        let text = text.replace('$', GOOD);
        let (told, place) = error(&text);
        assert!(told.contains(message), "{text}: {told}");
        assert_eq!(place.as_deref(), Some(at), "{text}: {told}");
    }
}

#[test]
fn errors_in_a_statement_say_what_and_where() {
    let allow = r#""Effect": "Allow""#;
    let anyone = r#""Principal": "*""#;
    let act = r#""Action": "*""#;
    for (body, message, at) in [
        (format!(r#""Effect": "allow", {anyone}, {act}"#), "neither `Allow` nor `Deny`", r#""allow""#),
        (format!(r#""Effect": ["Allow"], {anyone}, {act}"#), "neither `Allow` nor `Deny`", r#"["Allow"]"#),
        (format!(r#"{anyone}, {act}"#), "without Effect", "{"),
        (format!(r#"{allow}, {anyone}"#), "without Action or NotAction", "{"),
        (format!(r#"{allow}, {act}"#), "neither a Principal", "{"),
        (format!(r#"{allow}, {anyone}, {act}, "NotAction": "*""#), "both Action and NotAction", r#""NotAction""#),
        (
            format!(r#"{allow}, {anyone}, {act}, "NotPrincipal": "*""#),
            "both Principal and NotPrincipal",
            r#""NotPrincipal""#,
        ),
        (
            format!(r#"{allow}, {act}, "Resource": "*", "NotResource": "*""#),
            "both Resource and NotResource",
            r#""NotResource""#,
        ),
        (format!(r#"{allow}, {anyone}, {act}, "Efect": 1"#), "did you mean `Effect`?", r#""Efect""#),
        (format!(r#"{allow}, {anyone}, {act}, "action": "*""#), "`Action` and `action`", r#""action""#),
        (format!(r#"{allow}, {anyone}, {act}, "Sid": 1"#), "where Sid should be a string", "1"),
        (format!(r#"{allow}, {anyone}, "Action": [["*"]]"#), "where an entry of Action", r#"["*"]"#),
        (format!(r#"{allow}, {anyone}, "Action": null"#), "has null where an entry of Action", "null"),
        (format!(r#"{allow}, {act}, "Resource": {{}}"#), "where an entry of Resource", "{}"),
        (format!(r#"{allow}, {act}, "Principal": "111122223333""#), "other than `*`", r#""111122223333""#),
        (format!(r#"{allow}, {act}, "Principal": ["*"]"#), "where Principal should be an object", r#"["*"]"#),
        (format!(r#"{allow}, {act}, "Principal": {{"aws": "*"}}"#), "did you mean `AWS`?", r#""aws""#),
        (format!(r#"{allow}, {act}, "Principal": {{"AWS": 111122223333}}"#), "a principal under `AWS`", "111122223333"),
        (format!(r#"{allow}, {anyone}, {act}, "Condition": []"#), "where Condition should be an object", "[]"),
        (
            format!(r#"{allow}, {anyone}, {act}, "Condition": {{"Bool": "x"}}"#),
            "where the condition operator `Bool` should be an object",
            r#""x""#,
        ),
        (format!(r#"{allow}, {anyone}, {act}, "Condition": {{"Bool": {{"k": [null]}}}}"#), "has null where", "null"),
        (
            format!(r#"{allow}, {anyone}, {act}, "Condition": {{"Bool": {{"a:K": "1", "a:k": "2"}}}}"#),
            "they differ in case alone",
            r#""a:k""#,
        ),
    ] {
        let (told, place) = error(&format!(r#"{{"Statement": [{GOOD}, {{{body}}}]}}"#));
        assert!(told.contains(message), "{body}: {told}");
        let place = place.expect("a place");
        assert!(
            if at == "{" { place.starts_with('{') && place.contains(&body) } else { place == at },
            "{body}: {place}"
        );
    }
}

#[test]
fn sids_are_unique_unless_empty() {
    let with = |sid: &str| GOOD.replacen('{', &format!(r#"{{"Sid": "{sid}", "#), 1);
    let (told, place) = error(&format!(r#"{{"Statement": [{}, {GOOD}, {}]}}"#, with("A"), with("A")));
    assert_eq!((told.as_str(), place.as_deref()), ("has two statements with the Sid `A`", Some(r#""A""#)));
    let read =
        Policy::parse(&format!(r#"{{"Statement": [{}, {}, {}]}}"#, with(""), with(""), with("B b"))).expect("read");
    let labels: Vec<&str> = read.statements().iter().map(|it| it.label.as_str()).collect();
    assert_eq!(labels, ["#1", "#2", "B b"]);
    assert_eq!(read.notes(), [PolicyNote { statement: "B b".into(), kind: NoteKind::OddSid, text: "B b".into() }]);
}

#[test]
fn size_and_depth_are_capped() {
    let long = |n: usize| format!(r#"{{"Statement": {GOOD}, "Id": "{}"}}"#, "é".repeat(n));
    let rest = long(0).chars().count();
    assert!(Policy::parse(&long(131_072 - rest)).is_ok());
    let (told, place) = error(&long(131_073 - rest));
    assert!(told.contains("131072 characters"), "{told}");
    assert_eq!(place, None);
    let (told, _) = error(&"[".repeat(100_000));
    assert!(told.contains("recursion limit"), "{told}");
    let (told, _) = error(&format!(r#"{{"Statement": {GOOD}, "{}": 1}}"#, "k".repeat(100_000)));
    assert!(told.contains("unknown element"), "{told}");
}

#[test]
fn a_statement_is_read_whole() {
    let text = r#"{"Id": "x", "Version": "2008-10-17", "Statement": {
        "Sid": "S", "Effect": "Deny",
        "Principal": {"AWS": ["111122223333", "*"], "Service": "ec2.amazonaws.com"},
        "NotAction": ["sts:TagSession"],
        "Condition": {"forallvalues:stringLIKEifexists": {"aws:TagKeys": ["a", 1, true]}, "Null": {"k:v": false}}}}"#;
    let policy = Policy::parse(text).expect("read");
    assert_eq!((policy.id(), policy.version()), (Some("x"), Some(Version::V2008)));
    assert_eq!(policy.notes(), []);
    let [statement] = policy.statements() else { panic!("one statement") };
    assert_eq!((statement.label.as_str(), statement.sid.as_deref(), statement.effect), ("S", Some("S"), Effect::Deny));
    let account = Principal::Account { partition: None, account: "111122223333".into() };
    let service = Principal::Service("ec2.amazonaws.com".into());
    assert_eq!(statement.principal, Some(Selector::Only(vec![account, Principal::Anyone, service])));
    assert!(matches!(&statement.action, Selector::Except(list) if list[0].as_str() == "sts:TagSession"));
    assert_eq!(statement.resource, None);
    let [null, tags] = &statement.conditions[..] else { panic!("two conditions") };
    assert_eq!(
        (null.operator.known.map(|it| it.test), &null.values[..]),
        (Some(Test::Null), &["false".to_owned()][..])
    );
    let known = tags.operator.known.expect("known");
    assert_eq!(
        (known.quantifier, known.test, known.if_exists),
        (Some(Quantifier::ForAllValues), Test::StringLike, true)
    );
    assert_eq!(tags.operator.spelling(), "ForAllValues:StringLikeIfExists");
    assert_eq!(tags.values, ["a", "1", "true"]);
}

#[test]
fn operators() {
    for test in Test::ALL {
        assert_eq!(Operator::read(test.as_str()).known.map(|it| it.test), Some(*test));
        assert_eq!(test.is_negated(), test.as_str().contains("Not"), "{}", test.as_str());
    }
    for unknown in [
        "",
        "IfExists",
        "String",
        "NullIfExists",
        "ForAnyValue:Null",
        "ForSomeValues:Bool",
        "Bool ",
        ":Bool",
        "BoolIfExistsIfExists",
        "é",
    ] {
        assert_eq!(Operator::read(unknown).known, None, "{unknown}");
        assert_eq!(Operator::read(unknown).spelling(), unknown);
    }
}

#[test]
fn what_is_odd_is_noted_and_not_lost() {
    let kinds = |text: &str| -> Vec<(NoteKind, String)> {
        let policy =
            Policy::parse(&format!(r#"{{"Statement": [{text}]}}"#)).unwrap_or_else(|error| panic!("{error}: {text}"));
        assert!(policy.notes().iter().all(|note| note.statement == "#1"));
        policy.notes().iter().map(|note| (note.kind, note.text.clone())).collect()
    };
    for (text, kind, quoted) in [
        (r#"{"Effect":"Allow","NotPrincipal":"*","Action":"*"}"#, NoteKind::NotPrincipal, ""),
        (r#"{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}"#, NoteKind::ResourceInTrustPolicy, ""),
        (
            r#"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/*"},"Action":"*"}"#,
            NoteKind::WildcardInPrincipal,
            "arn:aws:iam::111122223333:role/*",
        ),
        (r#"{"Effect":"Allow","Principal":{"AWS":"root"},"Action":"*"}"#, NoteKind::UnknownPrincipal, "root"),
        (
            r#"{"Effect":"Allow","Principal":{"AWS":"AROAEXAMPLEEXAMPLE123"},"Action":"*"}"#,
            NoteKind::DanglingPrincipal,
            "AROAEXAMPLEEXAMPLE123",
        ),
        (r#"{"Effect":"Allow","Principal":{"AWS":[]},"Action":"*"}"#, NoteKind::Empty, "Principal"),
        (r#"{"Effect":"Allow","Principal":"*","Action":"AssumeRole"}"#, NoteKind::MalformedAction, "AssumeRole"),
        (r#"{"Effect":"Allow","Principal":"*","Action":[]}"#, NoteKind::Empty, "Action"),
        (r#"{"Effect":"Allow","Action":"*","Resource":[]}"#, NoteKind::Empty, "Resource"),
        (
            r#"{"Effect":"Allow","Principal":"*","Action":"*","Condition":{"StringIs":{"a:b":"c"}}}"#,
            NoteKind::UnknownOperator,
            "StringIs",
        ),
        (r#"{"Effect":"Allow","Principal":"*","Action":"*","Condition":{"Bool":{"a:b":[]}}}"#, NoteKind::Empty, "a:b"),
        (r#"{"Effect":"Allow","Principal":"*","Action":"*","Condition":{"Bool":{}}}"#, NoteKind::Empty, "Condition"),
    ] {
        assert_eq!(kinds(text), [(kind, quoted.to_owned())], "{text}");
    }
    assert_eq!(kinds(GOOD), []);
}
