use std::fmt::Write as _;

use super::*;

/// Each must give one clear error. A reader that is quadratic or recursive in any of these never returns from this test.
#[test]
fn hostile_files_give_one_error_each() {
    let mut bomb = String::from("a0: &a0 [x, x]\n");
    for level in 1..30 {
        let above = level - 1;
        let _ = writeln!(bomb, "a{level}: &a{level} [*a{above}, *a{above}, *a{above}]");
    }
    let block: String = (0..10_000).map(|depth| format!("{}a:\n", " ".repeat(depth.min(200)))).collect();
    let dashes = "- ".repeat(10_000);
    let cases: &[(&str, String, &str)] = &[
        ("alias bomb", bomb, "alias"),
        ("alias to nothing", "a: *b\n".to_owned(), "alias"),
        ("anchor", "a: &b c\n".to_owned(), "alias"),
        ("tag", "a: !x c\n".to_owned(), "tag"),
        ("merge key", "a: {<<: {b: c}}\n".to_owned(), "merge-key"),
        ("flow nesting", "[".repeat(10_000), "too-deep"),
        ("flow mappings", "{a: ".repeat(10_000), "too-deep"),
        ("a MiB of brackets", "[".repeat(1 << 20), "too-deep"),
        ("block nesting", block, "too-deep"),
        ("block lists", dashes, "too-deep"),
        ("tab", "a:\n\tb: c\n".to_owned(), "yaml"),
        ("NUL", "a: b\0c\n".to_owned(), "unsafe-character"),
        ("ESC", "a: b\u{1b}[31m\n".to_owned(), "unsafe-character"),
        ("NEL", "a: b\u{85}c: d\n".to_owned(), "unsafe-character"),
        ("line separator", "a: b\u{2028}c: d\n".to_owned(), "unsafe-character"),
        ("bidi in a comment", "# a\u{202e}b\n".to_owned(), "unsafe-character"),
        ("lone carriage return", "a: b\rc: d\n".to_owned(), "unsafe-character"),
        ("byte-order mark inside", "a: b\n\u{feff}c: d\n".to_owned(), "unsafe-character"),
        ("directive", "%YAML 1.1\n---\na: b\n".to_owned(), "yaml"),
        ("tag directive", "%TAG ! tag:x,2000:\n---\na: b\n".to_owned(), "yaml"),
        ("complex key", "? [a]\n: b\n".to_owned(), "wrong-type"),
        ("null key", "~: b\n".to_owned(), "null-value"),
        ("open quote", "a: \"b\n".to_owned(), "yaml"),
        ("documents", "--- a\n".repeat(super::super::index::DOCUMENTS_MAX + 1), "too-large"),
        ("values", format!("[{}]", "a,".repeat(super::super::index::NODES_MAX)), "too-large"),
    ];
    for (name, text, kind) in cases {
        let errors = errors(&**text);
        let kinds: Vec<_> = errors.iter().map(|error| error.kind).collect();
        assert_eq!(kinds, [*kind], "{name}: {errors:?}");
        assert!(errors[0].place.is_some(), "{name}");
    }
}

#[test]
fn duplicate_keys_are_found_in_free_mappings_too() {
    let spec = "credential_type: iam_user\nmax_ttl: 1h\niam_groups: [g]\niam_tags: {a: b, a: c}";
    let found = errors(document("Role", spec));
    assert_eq!(shown(&found), ["duplicate-key 8:20 a"]);
    assert!(found[0].message.contains("first on line 8"), "{found:?}");
    let statement = "{Effect: Allow, Action: \"s3:*\", Action: \"iam:*\", Resource: \"*\"}";
    let policy = format!("policy_document: {{Version: 2012-10-17, Statement: [{statement}]}}");
    let found = errors(document("Role", &format!("role_arns: [x]\n{policy}")));
    assert_eq!(shown(&found), ["duplicate-key 6:86 Action"]);
}

#[test]
fn hostile_keys_never_reach_a_message_raw() {
    let found = errors("\"a\\e\": b\n\"a\\e\": c\napiVersion: leasehold/v1\nkind: \"Role\\u202e\"\n");
    assert!(!found.is_empty());
    for error in found {
        let ManifestError { message, label, help, .. } = &error;
        assert!(
            ![message, label, help].iter().any(|text| text.chars().any(crate::domain::text::is_unsafe)),
            "{error:?}"
        );
    }
}

/// Each would take minutes if any step looked at the whole file for each of its parts.
#[test]
fn many_errors_in_one_file_stay_cheap_and_are_counted() {
    let padding = "#\n".repeat(50_000);
    let keys: String = (0..8_000).map(|n| format!("  k{n}: v\n")).collect();
    let entries: String = (0..8_000).map(|n| format!("- x{n}\n")).collect();
    for (name, text) in [
        ("duplicate keys", format!("{padding}{}", "a: b\n".repeat(8_000))),
        ("Brokers", format!("{padding}{}", format!("---\n{BROKER}").repeat(1_200))),
        ("unknown fields", document("Role", &keys.replace("  k", "k"))),
        ("tags", document("Role", &format!("session_tags:\n{keys}transitive_tag_keys:\n{entries}"))),
    ] {
        let errors = errors(text);
        let full = super::super::fault::ERRORS_MAX;
        assert!((full..=full + 1).contains(&errors.len()), "{name}: {}", errors.len());
        assert_eq!(errors.iter().filter(|error| error.kind == "too-many-errors").count(), 1, "{name}");
    }
    let long = errors(document("Role", &format!("credential_type: {}", "x".repeat(1 << 17))));
    assert_eq!(long[0].kind, "unknown-credential-type");
}
