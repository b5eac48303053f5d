use super::*;

/// A field that wants text gets exactly the text that was written.
#[test]
fn text_is_what_was_written() {
    for (written, expected) in [
        ("012345678901", "012345678901"),
        ("no", "no"),
        ("on", "on"),
        ("1:30", "1:30"),
        ("0x1f", "0x1f"),
        ("0o17", "0o17"),
        ("1_000", "1_000"),
        ("1e3", "1e3"),
        (".inf", ".inf"),
        ("true", "true"),
        ("2027-01-31", "2027-01-31"),
        ("'~'", "~"),
        ("\"null\"", "null"),
        ("'no'", "no"),
        ("\"0x1f\"", "0x1f"),
        ("'!!binary aGVsbG8='", "!!binary aGVsbG8="),
        ("\"a\\u00e4\"", "aä"),
        ("|\n    two\n    lines", "two\nlines\n"),
        ("|-\n    two\n    lines", "two\nlines"),
    ] {
        let text = document("Role", &format!("role_arns: [x]\ndescription: {written}"));
        let desired = read_beside_broker(text).expect("valid");
        assert_eq!(desired.roles[0].spec.description.as_deref(), Some(expected), "{written}");
    }
    for null in ["~", "null", "Null", "NULL", ""] {
        let text = document("Role", &format!("role_arns: [x]\ndescription: {null}"));
        let kinds: Vec<_> = errors(text).iter().map(|error| error.kind).collect();
        assert_eq!(kinds, ["null-value"], "{null}");
    }
    let tagged = errors(document("Role", "role_arns: [x]\ndescription: !!binary aGVsbG8="));
    assert_eq!(shown(&tagged), ["tag 6:25 aGVsbG8="]);
}

#[test]
fn account_ids_keep_their_zeros_quoted_or_not() {
    for written in ["012345678901", "\"012345678901\"", "'012345678901'"] {
        let desired = read_beside_broker(document("Account", &format!("id: {written}"))).expect("valid");
        assert_eq!(desired.accounts[0].id.as_str(), "012345678901");
        assert_eq!(desired.accounts[0].id.place.text(), written);
    }
}

#[test]
fn tags_are_text_whatever_they_look_like() {
    let spec = "role_arns: [x]\nsession_tags: {on: no, 1: 0x1f, yes: 1_000, account: 012345678901}";
    let CredentialSpec::AssumedRole(role) = credential(&document("Role", spec)) else { panic!("assumed_role") };
    let tags: Vec<_> = role.session_tags.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    assert_eq!(tags, [("1", "0x1f"), ("account", "012345678901"), ("on", "no"), ("yes", "1_000")]);
}

#[test]
fn a_policy_in_yaml_and_in_json_is_the_same_policy() {
    let yaml = "\
role_arns: [x]
policy_document:
  Version: 2012-10-17
  Statement:
  - Effect: Allow
    Action: \"s3:GetObject\"
    Resource: '*'
    Condition:
      Bool: {aws:SecureTransport: true}
      NumericLessThan: {s3:max-keys: 10}
      StringEquals: {aws:PrincipalAccount: '111122223333', a: no, b: \"true\", c: 012}
";
    let json = r#"role_arns: [x]
policy_document: |
  {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": {
    "Bool": {"aws:SecureTransport": true}, "NumericLessThan": {"s3:max-keys": 10},
    "StringEquals": {"aws:PrincipalAccount": "111122223333", "a": "no", "b": "true", "c": "012"}}}]}
"#;
    let [yaml, json] = [yaml, json].map(|spec| credential(&document("Role", spec)));
    assert_eq!(yaml, json);
    let CredentialSpec::AssumedRole(role) = yaml else { panic!("assumed_role") };
    assert!(role.policy.document.is_some());
}

#[test]
fn what_cannot_be_seen_is_named_and_never_shown() {
    for (written, code) in [
        ("\"a\\u202eb\"", "U+202E"),
        ("\"a\\eb\"", "U+001B"),
        ("\"a\\Nb\"", "U+0085"),
        ("\"a\\Lb\"", "U+2028"),
        ("\"a\\0b\"", "U+0000"),
        ("a\u{200b}b", "U+200B"),
        ("\"a\\rb\"", "U+000D"),
    ] {
        let errors = errors(document("Role", &format!("role_arns: [x]\ndescription: {written}")));
        assert_eq!(errors.len(), 1, "{errors:?}");
        let ManifestError { kind, message, label, help, .. } = &errors[0];
        assert_eq!(*kind, "unsafe-character", "{written}");
        assert!(message.contains(code), "{message}");
        assert!(![message, label, help].iter().any(|text| text.chars().any(crate::domain::text::is_unsafe)));
    }
    let one_line = errors(document("Role", "role_arns: [x]\nsource_identity: |\n  me"));
    assert_eq!(one_line[0].kind, "unsafe-character", "{one_line:?}");
    let key = errors(document("Role", "role_arns: [x]\nsession_tags: {\"a\\u202e\": b}"));
    assert_eq!(shown(&key), ["unsafe-character 6:18 \"a\\u202e\""]);
}

#[test]
fn line_ends_and_a_byte_order_mark_change_nothing() {
    let text = document("Role", "role_arns: [x]\ndescription: |\n  a\n  b\nmax_sts_ttl: 2h");
    let plain = read_beside_broker(&*text).expect("valid");
    for variant in
        [text.replace('\n', "\r\n"), format!("\u{feff}{text}"), format!("\u{feff}{}", text.replace('\n', "\r\n"))]
    {
        let other = read_beside_broker(variant).expect("valid");
        assert_eq!(plain.roles[0].spec, other.roles[0].spec);
        let place = other.roles[0].places.of(crate::domain::role::Field::MaxStsTtl);
        assert_eq!((place.line_column(), place.text()), ((9, 16), "2h"));
    }
}
