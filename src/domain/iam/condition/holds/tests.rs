use std::collections::BTreeSet;

use serde_json::json;

use super::*;
use crate::domain::iam::Policy;

/// The truth of one condition, in the notation of a policy, when its key, of one value, is as it is told.
fn told(operator: &str, values: &serde_json::Value, knowledge: Knowledge) -> Truth {
    of_key("aws:UserAgent", operator, values, knowledge, true)
}

fn of_key(key: &str, operator: &str, values: &serde_json::Value, knowledge: Knowledge, variables: bool) -> Truth {
    let document = json!({
        "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {operator: {key: values}}},
    });
    let policy = Policy::parse_value(&document).unwrap_or_else(|error| panic!("{error}: {document}"));
    let context = Context::open()
        .with(key, knowledge)
        .with("v:name", Knowledge::is("a*"))
        .with("v:path", Knowledge::is("x:y"))
        .with("v:none", Knowledge::ABSENT)
        .with("v:many", Knowledge::all(vec!["a".into(), "b".into()]))
        .with("v:like", Knowledge::like(Template::new("a", 1, "")));
    let scope = Scope { context: &context, action: "sts:AssumeRole", variables };
    policy.statements()[0].conditions[0].holds(&scope)
}

fn perhaps(value: &str) -> Knowledge {
    Knowledge::is(value).perhaps()
}

#[test]
fn every_operator_on_one_known_value() {
    // Operator; value of the request; values of the policy; whether it holds.
    let rows = [
        ("StringEquals", "a", json!("a"), true),
        ("StringEquals", "A", json!("a"), false),
        ("StringEquals", "a*", json!("a*"), true),
        ("StringEquals", "ab", json!("a*"), false),
        ("StringEquals", "b", json!(["a", "b"]), true),
        ("StringEquals", "a", json!([]), false),
        ("StringNotEquals", "b", json!(["a", "b"]), false),
        ("StringNotEquals", "c", json!(["a", "b"]), true),
        ("StringEqualsIgnoreCase", "A", json!("a"), true),
        ("StringEqualsIgnoreCase", "b", json!("a"), false),
        ("StringNotEqualsIgnoreCase", "A", json!("a"), false),
        ("StringNotEqualsIgnoreCase", "b", json!("a"), true),
        ("StringLike", "abc", json!("a*c"), true),
        ("StringLike", "abc", json!("a?"), false),
        ("StringLike", "Abc", json!("a*"), false),
        ("StringNotLike", "abc", json!("a*c"), false),
        ("StringNotLike", "abc", json!(["x", "a?"]), true),
        ("NumericEquals", "7", json!("7.0"), true),
        ("NumericEquals", "7", json!([6, 8]), false),
        ("NumericNotEquals", "7", json!([6, 7]), false),
        ("NumericNotEquals", "7", json!([6, 8]), true),
        ("NumericLessThan", "7", json!(7), false),
        ("NumericLessThan", "6.9", json!(7), true),
        ("NumericLessThanEquals", "7", json!(7), true),
        ("NumericLessThanEquals", "10", json!(9), false),
        ("NumericGreaterThan", "10", json!(9), true),
        ("NumericGreaterThan", "-1", json!(0), false),
        ("NumericGreaterThanEquals", "9", json!(9), true),
        ("NumericGreaterThanEquals", "8", json!(9), false),
        ("NumericLessThan", "many", json!(9), false),
        ("DateEquals", "2027-01-01T00:00:00Z", json!("2027-01-01"), true),
        ("DateEquals", "2027-01-01T00:00:01Z", json!("2027-01-01"), false),
        ("DateNotEquals", "2027-01-01T00:00:01Z", json!("2027-01-01"), true),
        ("DateNotEquals", "2027-01-01T00:00:00Z", json!("1798761600"), false),
        ("DateLessThan", "2026-12-31T23:59:59Z", json!("2027-01-01T00:00:00Z"), true),
        ("DateLessThan", "2027-01-01T00:00:00Z", json!("2027-01-01T00:00:00Z"), false),
        ("DateLessThanEquals", "2027-01-01T00:00:00Z", json!("2027-01-01T01:00:00+01:00"), true),
        ("DateLessThanEquals", "2027-01-01T00:00:01Z", json!("2027-01-01"), false),
        ("DateGreaterThan", "1798761601", json!("2027-01-01"), true),
        ("DateGreaterThan", "1798761600", json!("2027-01-01"), false),
        ("DateGreaterThanEquals", "1798761600", json!("2027-01-01"), true),
        ("DateGreaterThanEquals", "1798761599", json!("2027-01-01"), false),
        ("Bool", "true", json!(true), true),
        ("Bool", "true", json!("false"), false),
        ("Bool", "yes", json!("true"), false),
        ("BinaryEquals", "QUI=", json!("QUI="), true),
        ("BinaryEquals", "QUI=", json!("QUJD"), false),
        ("IpAddress", "192.0.2.7", json!("192.0.2.0/24"), true),
        ("IpAddress", "192.0.3.7", json!("192.0.2.0/24"), false),
        ("IpAddress", "192.0.2.7", json!("192.0.2.7"), true),
        ("IpAddress", "192.0.2.8", json!("192.0.2.7"), false),
        ("IpAddress", "192.0.2.7", json!("192.0.2.99/24"), true),
        ("IpAddress", "2001:db8::1", json!(["192.0.2.0/24", "2001:db8::/32"]), true),
        ("IpAddress", "2001:db9::1", json!("2001:db8::/32"), false),
        ("IpAddress", "2001:db8:0:0::1", json!("2001:db8::1"), true),
        ("IpAddress", "192.0.2.7", json!("::/0"), false),
        ("NotIpAddress", "192.0.2.7", json!("192.0.2.0/24"), false),
        ("NotIpAddress", "10.0.0.1", json!(["192.0.2.0/24", "2001:db8::/32"]), true),
        ("ArnEquals", "arn:aws:iam::1:role/a/b", json!("arn:aws:iam::*:role/*"), true),
        ("ArnLike", "arn:aws:iam::1:role/a:b", json!("arn:*:iam::?:role/*"), true),
        ("ArnLike", "arn:aws:iam::12:role/a", json!("arn:aws:iam::?:role/*"), false),
        ("ArnLike", "arn:aws:iam:x:1:role/a", json!("arn:aws:iam:*:role/a:*"), false),
        ("ArnLike", "arn:aws", json!("arn:aws:iam::*:role/*"), false),
        ("ArnNotEquals", "arn:aws:iam::1:role/a", json!("arn:aws:iam::1:role/*"), false),
        ("ArnNotLike", "arn:aws:iam::1:role/a", json!("arn:aws:iam::2:role/*"), true),
        ("Null", "x", json!("true"), false),
        ("Null", "x", json!(false), true),
        ("ForAllValues:StringEquals", "a", json!(["a", "b"]), true),
        ("ForAnyValue:StringEquals", "c", json!(["a", "b"]), false),
    ];
    for (operator, actual, wanted, expected) in &rows {
        assert_eq!(
            told(operator, wanted, Knowledge::is(*actual)),
            Truth::from(*expected),
            "{operator} {actual} {wanted}"
        );
    }
    let tried: BTreeSet<&str> = rows.iter().map(|row| row.0).collect();
    let missing: Vec<_> = Test::ALL.iter().filter(|test| !tried.contains(test.as_str())).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn a_key_that_is_not_there() {
    for test in Test::ALL.iter().filter(|test| **test != Test::Null) {
        let value = match test.as_str() {
            name if name.contains("Numeric") => "7",
            name if name.contains("Date") => "2027-01-01",
            name if name.contains("Ip") => "192.0.2.0/24",
            name if name.contains("Arn") => "arn:aws:iam::1:role/a",
            "Bool" => "true",
            "BinaryEquals" => "QQ==",
            _ => "a",
        };
        let absent = |operator: String| told(&operator, &json!(value), Knowledge::ABSENT);
        let name = test.as_str();
        assert_eq!(absent(name.to_owned()), Truth::from(test.is_negated()), "{name}");
        assert_eq!(absent(format!("{name}IfExists")), Truth::True, "{name}IfExists");
        assert_eq!(absent(format!("ForAllValues:{name}")), Truth::True, "ForAllValues:{name}");
        assert_eq!(absent(format!("ForAllValues:{name}IfExists")), Truth::True);
        assert_eq!(absent(format!("ForAnyValue:{name}")), Truth::False, "ForAnyValue:{name}");
        assert_eq!(absent(format!("ForAnyValue:{name}IfExists")), Truth::Unknown, "not documented");
    }
    assert_eq!(told("Null", &json!("true"), Knowledge::ABSENT), Truth::True);
    assert_eq!(told("Null", &json!("false"), Knowledge::ABSENT), Truth::False);
    assert_eq!(told("Null", &json!("false"), Knowledge::UNKNOWN), Truth::Unknown);
    assert_eq!(told("Null", &json!(["true", "false"]), Knowledge::ABSENT), Truth::True);
    assert_eq!(told("Null", &json!("never"), Knowledge::ABSENT), Truth::Unknown);
}

#[test]
fn a_key_that_is_there_perhaps() {
    for (operator, wanted, expected) in [
        ("StringEquals", "a", Truth::Unknown),
        ("StringEquals", "b", Truth::False),
        ("StringNotEquals", "a", Truth::Unknown),
        ("StringNotEquals", "b", Truth::True),
        ("StringEqualsIfExists", "a", Truth::True),
        ("StringEqualsIfExists", "b", Truth::Unknown),
        ("StringNotEqualsIfExists", "a", Truth::Unknown),
        ("ForAllValues:StringEquals", "a", Truth::True),
        ("ForAllValues:StringEquals", "b", Truth::Unknown),
        ("ForAnyValue:StringEquals", "a", Truth::Unknown),
        ("ForAnyValue:StringEquals", "b", Truth::False),
    ] {
        assert_eq!(told(operator, &json!(wanted), perhaps("a")), expected, "{operator} {wanted}");
    }
}

#[test]
fn several_values() {
    let both = || Knowledge::all(vec!["a".into(), "b".into()]);
    for (operator, wanted, expected) in [
        ("ForAllValues:StringEquals", json!(["a", "b", "c"]), Truth::True),
        ("ForAllValues:StringEquals", json!(["a"]), Truth::False),
        ("ForAllValues:StringNotEquals", json!(["c"]), Truth::True),
        ("ForAllValues:StringNotEquals", json!(["a"]), Truth::False),
        ("ForAllValues:StringLike", json!("?"), Truth::True),
        ("ForAnyValue:StringEquals", json!(["b"]), Truth::True),
        ("ForAnyValue:StringEquals", json!(["c"]), Truth::False),
        ("ForAnyValue:StringNotEquals", json!(["a"]), Truth::True),
        ("ForAnyValue:StringNotEquals", json!(["a", "b"]), Truth::False),
        ("StringEquals", json!(["a", "b"]), Truth::False),
        ("StringNotEquals", json!(["c"]), Truth::Unknown),
    ] {
        assert_eq!(told(operator, &wanted, both()), expected, "{operator} {wanted}");
        assert_eq!(of_key("aws:TagKeys", operator, &wanted, both(), true), expected, "{operator} {wanted}");
    }
    // One value of a key that may have several: what a plain operator says is not documented.
    let one = |operator, wanted: &str| of_key("aws:TagKeys", operator, &json!(wanted), Knowledge::is("a"), true);
    assert_eq!(one("StringEquals", "a"), Truth::Unknown);
    assert_eq!(one("StringEquals", "b"), Truth::False);
    assert_eq!(one("StringNotEquals", "b"), Truth::Unknown);
    assert_eq!(one("ForAnyValue:StringEquals", "a"), Truth::True);
}

#[test]
fn a_key_that_nobody_documents_may_have_several_values() {
    let of = |operator, wanted: &str, knowledge| of_key("x:new", operator, &json!(wanted), knowledge, true);
    assert_eq!(of("StringLike", "*", Knowledge::PRESENT), Truth::Unknown);
    assert_eq!(of("StringNotLike", "*", Knowledge::PRESENT), Truth::Unknown);
    assert_eq!(of("StringLikeIfExists", "*", Knowledge::UNKNOWN), Truth::Unknown);
    assert_eq!(of("ForAnyValue:StringLike", "*", Knowledge::PRESENT), Truth::True);
    assert_eq!(of("StringEquals", "a", Knowledge::is("a")), Truth::True);
}

#[test]
fn a_value_known_by_its_form_or_not_at_all() {
    let name = || Knowledge::like(Template::new("leasehold-", 3, ""));
    for (operator, wanted, of_form, of_any) in [
        ("StringLike", "leasehold-*", Truth::True, Truth::Unknown),
        ("StringLike", "*", Truth::True, Truth::True),
        ("StringLike", "other-*", Truth::False, Truth::Unknown),
        ("StringNotLike", "leasehold-*", Truth::False, Truth::Unknown),
        ("StringNotLike", "*", Truth::False, Truth::False),
        ("StringEquals", "leasehold-*", Truth::False, Truth::Unknown),
        ("StringEquals", "leasehold-***", Truth::Unknown, Truth::Unknown),
        ("StringEquals", "leasehold-x", Truth::False, Truth::Unknown),
        ("StringEqualsIgnoreCase", "LEASEHOLD-abc", Truth::Unknown, Truth::Unknown),
        ("StringEqualsIgnoreCase", "other", Truth::False, Truth::Unknown),
        ("NumericEquals", "7", Truth::Unknown, Truth::Unknown),
        ("ArnLike", "arn:aws:iam::*:role/*", Truth::Unknown, Truth::Unknown),
        ("ForAllValues:StringLike", "*", Truth::True, Truth::True),
        ("ForAnyValue:StringLike", "*", Truth::True, Truth::True),
    ] {
        assert_eq!(told(operator, &json!(wanted), name()), of_form, "{operator} {wanted}");
        assert_eq!(told(operator, &json!(wanted), Knowledge::PRESENT), of_any, "{operator} {wanted}");
    }
}

#[test]
fn variables() {
    // Value of the request; operator; value of the policy; with variables; without.
    for (actual, operator, wanted, with, without) in [
        ("a*", "StringEquals", "${v:name}", Truth::True, Truth::False),
        ("ab", "StringLike", "${v:name}", Truth::False, Truth::False),
        ("a*c", "StringLike", "${V:Name}?", Truth::True, Truth::False),
        ("x", "StringEquals", "${v:none, 'x'}", Truth::True, Truth::False),
        ("a*", "StringEquals", "${v:name,'x'}", Truth::True, Truth::False),
        ("", "StringEquals", "${v:none, ''}", Truth::True, Truth::False),
        ("}", "StringEquals", "${v:none, '}'}", Truth::True, Truth::False),
        ("x", "StringEquals", "${v:none}", Truth::False, Truth::False),
        ("x", "StringNotEquals", "${v:none}", Truth::True, Truth::True),
        ("a", "StringLike", "${v:none, '*'}", Truth::False, Truth::False),
        ("*?$", "StringLike", "${*}${?}${$}", Truth::True, Truth::False),
        ("abc", "StringLike", "${*}", Truth::False, Truth::False),
        ("${v:name}", "StringEquals", "${v:name}", Truth::False, Truth::True),
        ("x", "StringEquals", "${v:many}", Truth::Unknown, Truth::False),
        ("x", "StringEquals", "${aws:TagKeys}", Truth::Unknown, Truth::False),
        ("x", "StringEquals", "${v:name", Truth::Unknown, Truth::False),
        ("x", "StringEquals", "${}", Truth::Unknown, Truth::False),
        ("x", "StringEquals", "${v:name, x}", Truth::Unknown, Truth::False),
        ("ab", "StringEquals", "${v:like}", Truth::Unknown, Truth::False),
        ("bb", "StringEquals", "${v:like}", Truth::False, Truth::False),
        ("x-1", "StringEquals", "${aws:username}-1", Truth::Unknown, Truth::False),
        ("x-2", "StringEquals", "${aws:username}-1", Truth::False, Truth::False),
        ("x-2", "StringNotEquals", "${aws:username}-1", Truth::True, Truth::True),
        ("x-2", "StringEquals", "${v:unheard}-1", Truth::Unknown, Truth::False),
        ("A*", "StringEqualsIgnoreCase", "${v:name}", Truth::True, Truth::False),
        ("arn:aws:iam::1:role/a*", "ArnLike", "arn:aws:iam::1:role/${v:name}", Truth::True, Truth::False),
        ("arn:aws:iam::1:role/ab", "ArnLike", "arn:aws:iam::1:role/${v:name}", Truth::False, Truth::False),
        ("arn:aws:iam::1:role/x:y", "ArnLike", "arn:aws:iam::1:role/${v:path}", Truth::True, Truth::False),
        ("arn:aws:iam::a*:role/x", "ArnLike", "arn:aws:iam::${v:name}:role/x", Truth::Unknown, Truth::False),
        ("true", "Bool", "${v:name}", Truth::Unknown, Truth::Unknown),
    ] {
        let told = |variables| of_key("k", operator, &json!(wanted), Knowledge::is(actual), variables);
        assert_eq!(told(true), with, "{operator} {actual} {wanted}");
        assert_eq!(told(false), without, "{operator} {actual} {wanted} without variables");
    }
}

#[test]
fn what_aws_does_not_document_is_never_certain() {
    for (operator, wanted) in [
        ("StringResembles", json!("a")),
        ("StringNotEquals", json!([])),
        ("NumericEquals", json!("seven")),
        ("NumericNotEquals", json!("7")),
        ("DateLessThan", json!("2027")),
        ("DateNotEquals", json!("2027-01-01")),
        ("NotIpAddress", json!("10.0.0.0/33")),
        ("IpAddress", json!("10.0.0.0/33")),
        ("Bool", json!("yes")),
        ("BinaryEquals", json!("not base64")),
        ("ArnLike", json!("*")),
        ("ArnNotLike", json!("arn:aws:iam")),
        ("NullIfExists", json!("true")),
    ] {
        assert_eq!(told(operator, &wanted, Knowledge::is("a")), Truth::Unknown, "{operator} {wanted}");
    }
    assert_eq!(told("StringEqualsIgnoreCase", &json!("É"), Knowledge::is("é")), Truth::Unknown);
}

#[test]
fn an_open_condition_keeps_the_values_that_can_still_match() {
    let document = json!({
        "Statement": {
            "Effect": "Allow", "Action": "*", "Resource": "*",
            "Condition": {"StringLike": {"k": ["other-*", "lease*-a", "*-b"]}},
        },
    });
    let policy = Policy::parse_value(&document).expect("a policy");
    let context = Context::open().with("k", Knowledge::like(Template::new("leasehold-", 3, "")));
    let scope = Scope { context: &context, action: "a:b", variables: true };
    let condition = &policy.statements()[0].conditions[0];
    assert_eq!(condition.holds(&scope), Truth::Unknown);
    assert_eq!(condition.narrowed(&scope).values, ["lease*-a", "*-b"]);
}
