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
    let policy = errors(document("Role", "role_arns: [x]\npolicy_document: {Version: a, Statement: [], Version: b}"));
    assert_eq!(policy[0].kind, "duplicate-key");
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
