use super::*;

const ARN: &str = "role_arns: [arn:aws:iam::111122223333:role/R]\n";

/// Each spec of a Role (from line 5 on) and the errors it gives, in order.
#[test]
fn every_fault_of_a_role_underlines_its_own_text() {
    let many_arns: String = (0..11).map(|n| format!("- arn:aws:iam::aws:policy/P{n}\n")).collect();
    let many_tags: String = (0..51).map(|n| format!("  k{n}: v\n")).collect();
    let cases: &[(&str, &[&str])] = &[
        ("role_arn: [x]", &["missing-field 4:1 spec", "unknown-field 5:3 role_arn"]),
        ("role_arns: []", &["missing-field 5:14 []"]),
        ("role_arns:", &["null-value 5:3 role_arns"]),
        ("role_arns: x", &["wrong-type 5:14 x"]),
        ("role_arns: [[x]]", &["wrong-type 5:15 [x]"]),
        ("role_arns: [~]", &["null-value 5:15 ~"]),
        ("role_arns: [a, a]", &["duplicate-value 5:18 a"]),
        ("credential_type: assume_role", &["unknown-credential-type 5:20 assume_role"]),
        ("credential_type: session_token\nrole_arns: [x]", &["field-not-allowed 6:3 role_arns"]),
        (&format!("{ARN}iam_tags: {{a: b}}"), &["field-not-allowed 6:3 iam_tags"]),
        (&format!("{ARN}max_ttl: 1h"), &["field-not-allowed 6:3 max_ttl"]),
        (&format!("{ARN}max_sts_ttl: 0"), &["bad-duration 6:16 0"]),
        (&format!("{ARN}max_sts_ttl: -1h"), &["bad-duration 6:16 -1h"]),
        (&format!("{ARN}max_sts_ttl: 1.5h"), &["bad-duration 6:16 1.5h"]),
        (&format!("{ARN}max_sts_ttl: [1h]"), &["wrong-type 6:16 [1h]"]),
        (&format!("{ARN}max_sts_ttl: 1h\nmax_sts_ttl: 2h"), &["duplicate-key 7:3 max_sts_ttl"]),
        (&format!("{ARN}default_sts_ttl: 1_000"), &["bad-duration 6:20 1_000"]),
        (&format!("{ARN}default_sts_ttl: 0x384"), &["bad-duration 6:20 0x384"]),
        (&format!("{ARN}expires: 2027-02-30"), &["bad-date 6:12 2027-02-30"]),
        (&format!("{ARN}protect: yes"), &["wrong-type 6:12 yes"]),
        (&format!("{ARN}protect: True"), &["wrong-type 6:12 True"]),
        (&format!("{ARN}protect: \"true\""), &["wrong-type 6:12 \"true\""]),
        (&format!("{ARN}external_id: x"), &["bad-value 6:16 x"]),
        (&format!("{ARN}external_id: a b"), &["bad-value 6:16 a b"]),
        (&format!("{ARN}source_identity: aws:me"), &["bad-value 6:20 aws:me"]),
        (&format!("{ARN}mfa_serial_number: short"), &["bad-value 6:22 short"]),
        (&format!("{ARN}session_tags: {{Team: a, team: b}}"), &["duplicate-key 6:27 team"]),
        (&format!("{ARN}session_tags: {{aws:x: a}}"), &["bad-value 6:18 aws:x"]),
        (&format!("{ARN}session_tags: {{a: b*}}"), &["bad-value 6:21 b*"]),
        (&format!("{ARN}session_tags: {{a: ~}}"), &["null-value 6:21 ~"]),
        (&format!("{ARN}session_tags: {{a: [b]}}"), &["wrong-type 6:21 [b]"]),
        (&format!("{ARN}session_tags:\n{many_tags}"), &["too-many 57:5 k50"]),
        (&format!("{ARN}session_tags: {{Team: a}}\ntransitive_tag_keys: [Tean]"), &["bad-value 7:25 Tean"]),
        (&format!("{ARN}transitive_tag_keys: [Team]"), &["bad-value 6:25 Team"]),
        (
            &format!("{ARN}policy_arns: [arn:aws:iam::111122223333:role/R]"),
            &["bad-arn 6:17 arn:aws:iam::111122223333:role/R"],
        ),
        (&format!("{ARN}policy_arns:\n{many_arns}"), &["too-many 17:5 arn:aws:iam::aws:policy/P10"]),
        (
            &format!("credential_type: iam_user\niam_groups: [g]\nmax_ttl: 1h\niam_tags:\n{many_tags}"),
            &["too-many 54:5 k45"],
        ),
        (&format!("{ARN}policy_document: [x]"), &["wrong-type 6:20 [x]"]),
        (&format!("{ARN}policy_document: \"{{nope\""), &["bad-policy 6:20 \"{nope\""]),
        (&format!("{ARN}policy_document: {{a: }}"), &["null-value 6:21 a"]),
        (&format!("{ARN}iam_groups: [a/b]"), &["bad-value 6:16 a/b"]),
        ("credential_type: federation_token", &["missing-field 4:1 spec"]),
        ("credential_type: federation_token\npolicy_arns: []", &["missing-field 4:1 spec"]),
        ("credential_type: iam_user\niam_groups: [g]", &["missing-field 4:1 spec"]),
        ("credential_type: iam_user\niam_groups: [g]\nmax_ttl: 1h\nuser_path: ci", &["bad-value 8:14 ci"]),
        (
            "credential_type: iam_user\niam_groups: [g]\nmax_ttl: 1h\npermissions_boundary_arn: arn:aws:iam::1:policy/B",
            &["bad-arn 8:29 arn:aws:iam::1:policy/B"],
        ),
    ];
    for (spec, expected) in cases {
        assert_eq!(shown(&errors(document("Role", spec))), *expected, "{spec}");
    }
}

#[test]
fn every_fault_around_a_spec_underlines_its_own_text() {
    let cases: &[(&str, &[&str])] = &[
        ("kind: Role\nmetadata: {name: x}\n", &["missing-field 1:7 Role"]),
        ("apiVersion: leasehold/v1\nmetadata: {name: x}\n", &["missing-field 1:1 apiVersion"]),
        ("apiVersion: leasehold/v2\nkind: Role\n", &["unknown-api-version 1:13 leasehold/v2"]),
        ("apiVersion: leasehold/v1\nkind: Roll\n", &["unknown-kind 2:7 Roll"]),
        ("apiVersion: leasehold/v1\nkind: [Role]\n", &["wrong-type 2:7 [Role]"]),
        ("apiVersion: leasehold/v1\nkind: Role\n", &["missing-field 2:7 Role", "missing-field 2:7 Role"]),
        ("- a\n", &["wrong-type 1:1 - a"]),
        ("text\n", &["wrong-type 1:1 text"]),
        ("{}\n", &["missing-field 1:1 {}"]),
        ("~\n", &["wrong-type 1:1 ~"]),
        (
            "apiVersion: leasehold/v1\nkind: Account\nmetadata: {name: -a, labels: {a: b}}\nspec: {id: \"1\"}\nspek: 1\n",
            &["bad-name 3:18 -a", "unknown-field 3:22 labels", "bad-account-id 4:12 \"1\"", "unknown-field 5:1 spek"],
        ),
        (
            "apiVersion: leasehold/v1\nkind: Account\nmetadata: ~\nspec:\n",
            &["null-value 3:1 metadata", "null-value 4:1 spec"],
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(shown(&errors(*text)), *expected, "{text}");
    }
}

#[test]
fn the_other_kinds_are_held_to_their_fields() {
    let waiver = "rule: \"\"\nroles: []\nreason: \" \"\nowner: o\nexpires: soon\n";
    assert_eq!(
        shown(&errors(document("Waiver", waiver))),
        ["bad-value 5:9 \"\"", "missing-field 6:10 []", "bad-value 7:11 \" \"", "bad-date 9:12 soon"]
    );
    let account = "id: 111122223333\nreader_role_arn: arn:aws:iam::111122223333:user/U\nexternal_id: \"\"";
    assert_eq!(
        shown(&errors(document("Account", account))),
        ["bad-arn 6:20 arn:aws:iam::111122223333:user/U", "bad-value 7:16 \"\""]
    );
    let broker = "\
principal: arn:aws:sts::111122223333:assumed-role/V/s
region: AP
deployment: a b
defaults: {default_sts_ttl: 2h, max_ttl: 1h}
limits: {max_deletes: 0x5, max_delete_percent: 101}
";
    let errors = read(&[file("b.yaml", document("Broker", broker))]).expect_err("refused");
    assert_eq!(
        shown(&errors),
        [
            "bad-arn 5:14 arn:aws:sts::111122223333:assumed-role/V/s",
            "bad-value 6:11 AP",
            "bad-name 7:15 a b",
            "bad-value 8:31 2h",
            "unknown-field 8:35 max_ttl",
            "bad-value 9:25 0x5",
            "bad-value 9:50 101",
        ]
    );
}

#[test]
fn typing_errors_are_answered_with_the_nearest_name() {
    for (text, near) in [
        (document("Role", "role_arn: [x]"), "`role_arns`"),
        (document("Role", "credential_type: asumed_role"), "`assumed_role`"),
        (document("Roles", "a: b"), "`Role`"),
        (document("Role", "role_arns: [x]\nmax_sts_tll: 1h"), "`max_sts_ttl`"),
    ] {
        let errors = errors(&*text);
        assert!(errors.iter().any(|error| error.help == format!("did you mean {near}?")), "{errors:?}");
    }
}

#[test]
fn a_field_of_another_type_says_which_types_take_it() {
    let errors =
        errors(document("Role", "credential_type: iam_user\niam_groups: [g]\nmax_ttl: 1h\nsession_tags: {a: b}"));
    assert_eq!(shown(&errors), ["field-not-allowed 8:3 session_tags"]);
    assert_eq!(errors[0].help, "remove it; only `assumed_role`, `federation_token` can have it");
}

#[test]
fn one_broker_is_needed_and_no_more() {
    let none = read(&[]).expect_err("refused");
    assert_eq!(shown(&none), ["no-broker"]);
    let only_comments = read(&[file("a.yaml", "# nothing\n---\n---\n# here\n")]).expect_err("refused");
    assert_eq!(shown(&only_comments), ["no-broker"]);
    let unreadable = read(&[file("a.yaml", "a: [")]).expect_err("refused");
    assert!(unreadable.iter().all(|error| error.kind == "yaml"), "the Broker may be in there: {unreadable:?}");

    let two = read(&[file("a.yaml", BROKER), file("b.yaml", BROKER)]).expect_err("refused");
    assert_eq!(shown(&two), ["several-brokers 2:7 Broker", "several-brokers 2:7 Broker"]);
    assert!(two[0].message.contains("b.yaml:2") && two[1].message.contains("a.yaml:2"), "{two:?}");
}

#[test]
fn an_account_is_declared_once() {
    let account = document("Account", "id: \"111122223333\"");
    let errors =
        read(&[file("a.yaml", BROKER), file("b.yaml", &*account), file("c.yaml", &*account)]).expect_err("refused");
    assert_eq!(shown(&errors), ["duplicate-account 5:7 \"111122223333\""]);
    assert!(errors[0].message.contains("b.yaml:5"), "{errors:?}");
}

#[test]
fn all_errors_of_all_files_come_at_once_in_order() {
    let bad = document("Role", "role_arns: [x]\nmax_sts_ttl: 0\nprotect: 1");
    let files =
        [file("z.yaml", &*bad), file("b.yaml", "a: [\n"), file("a.yaml", format!("{BROKER}---\n{bad}---\n{bad}"))];
    let errors = read(&files).expect_err("refused");
    let lines: Vec<_> = errors
        .iter()
        .map(|error| {
            let place = error.place.as_ref().expect("placed");
            format!("{}:{} {}", place.path(), place.line_column().0, error.kind)
        })
        .collect();
    assert_eq!(
        lines,
        [
            "a.yaml:11 bad-duration",
            "a.yaml:12 wrong-type",
            "a.yaml:19 bad-duration",
            "a.yaml:20 wrong-type",
            "b.yaml:1 yaml",
            "z.yaml:6 bad-duration",
            "z.yaml:7 wrong-type",
        ]
    );
}

#[test]
fn what_rules_judge_is_no_error_here() {
    let spec = "\
role_arns:
- arn:aws:iam::111122223333:role/Good
- not an arn
- arn:aws:iam::111122223333:role/Better
default_sts_ttl: 20h
max_sts_ttl: 10h
";
    let twice = format!("{}---\n{}", document("Role", spec), document("Role", spec));
    let desired = read_beside_broker(twice).expect("valid");
    assert_eq!(desired.roles.len(), 2);
    let role = &desired.roles[1];
    assert_eq!(role.spec.credential.ttl().default.to_string(), "20h");
    let [malformed] = role.malformed_arns.as_slice() else { panic!("one is malformed") };
    assert_eq!((malformed.text.as_str(), malformed.place.text()), ("not an arn", "not an arn"));
    let second = role.places.written(crate::domain::role::Field::RoleArn(1)).expect("written");
    assert_eq!(second.text(), "arn:aws:iam::111122223333:role/Better");
}
