use crate::domain::iam::{
    Caller, Context, Knowledge, Layer, NamedPolicy, Policies, Policy, Request, Verdict, evaluate,
};

/// What one identity policy says: `allowed`, `denied`, or the lines of what it hangs on.
fn told(context: &Context<'_>, statements: &[(&str, &str)]) -> String {
    let each = statements.iter().map(|(effect, condition)| {
        format!(r#"{{"Effect": "{effect}", "Action": "*", "Resource": "*", "Condition": {{{condition}}}}}"#)
    });
    let text = format!(r#"{{"Statement": [{}]}}"#, each.collect::<Vec<_>>().join(","));
    let policy = Policy::parse(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let caller = Caller {
        partition: "aws",
        account: "111122223333",
        principal_arn: "arn:aws:iam::111122223333:user/Runner",
        session_arn: None,
        unique_id: None,
    };
    let identity = Layer::Read(vec![NamedPolicy { name: "P", policy: &policy }]);
    let request = Request::new(caller, "a:b").on("*").within(context);
    match evaluate(&request, &Policies { identity, ..Policies::default() }).verdict {
        Verdict::Allowed => "allowed".to_owned(),
        Verdict::DeniedExplicitly { .. } | Verdict::DeniedImplicitly { .. } => "denied".to_owned(),
        Verdict::Depends(tree) => {
            let lines = tree.lines();
            lines.iter().map(|line| line.replace("identity policy P: ", "")).collect::<Vec<_>>().join("\n")
        }
    }
}

const A: &str = r#""StringEquals": {"aws:SourceVpc": "a"}"#;
const NOT_A: &str = r#""StringNotEquals": {"AWS:SourceVPC": "a"}"#;
const LIKE: &str = r#""StringLike": {"aws:SourceVpc": "a*"}"#;
const NOT_LIKE: &str = r#""StringNotLike": {"aws:SourceVpc": "a*"}"#;
const ABSENT: &str = r#""Null": {"aws:SourceVpc": "true"}"#;
const PRESENT: &str = r#""Null": {"aws:SourceVpc": "false"}"#;

#[test]
fn what_excludes_itself_is_denied_and_what_completes_itself_is_allowed() {
    let open = Context::open();
    for (statements, expected) in [
        (&[("Allow", A), ("Deny", A)][..], "denied"),
        (&[("Allow", A), ("Deny", LIKE)], "denied"),
        (&[("Allow", A), ("Deny", PRESENT)], "denied"),
        (&[("Allow", A), ("Allow", NOT_A)], "allowed"),
        (&[("Allow", LIKE), ("Allow", NOT_LIKE)], "allowed"),
        (&[("Allow", ABSENT), ("Allow", PRESENT)], "allowed"),
        (&[("Allow", LIKE), ("Deny", r#""StringNotEquals": {"aws:SourceVpc": "b"}"#)], "denied"),
        (&[("Allow", A), ("Deny", r#""StringEquals": {"aws:SourceVpc": ["b", "a"]}"#)], "denied"),
        (&[("Allow", A), ("Deny", r#""StringEqualsIgnoreCase": {"aws:SourceVpc": "A"}"#)], "denied"),
        (
            &[
                ("Allow", r#""NumericEquals": {"aws:SourceVpc": "7"}"#),
                ("Deny", r#""NumericEquals": {"aws:SourceVpc": 7}"#),
            ],
            "denied",
        ),
        (&[("Allow", r#""NumericEquals": {"aws:SourceVpc": "7"}"#), ("Deny", PRESENT)], "denied"),
        (&[("Allow", r#""StringEquals": {"aws:SourceVpc": "a"}, "StringLike": {"aws:SourceVpc": "b*"}"#)], "denied"),
    ] {
        assert_eq!(told(&open, statements), expected, "{statements:?}");
    }
}

#[test]
fn what_is_said_twice_is_told_once() {
    let open = Context::open();
    for (statements, expected) in [
        (&[("Allow", A), ("Allow", A)][..], r#"Allow #1 if StringEquals aws:SourceVpc "a""#),
        (&[("Allow", A), ("Allow", LIKE)], r#"Allow #2 if StringLike aws:SourceVpc "a*""#),
        (
            &[("Allow", A), ("Deny", r#""StringEquals": {"aws:SourceVpc": "b"}"#)],
            r#"Allow #1 if StringEquals aws:SourceVpc "a""#,
        ),
        (&[("Allow", A), ("Deny", ABSENT)], r#"Allow #1 if StringEquals aws:SourceVpc "a""#),
        (
            &[("Allow", r#""StringEquals": {"aws:SourceVpc": "a"}, "Null": {"aws:SourceVpc": "false"}"#)],
            r#"Allow #1 if StringEquals aws:SourceVpc "a""#,
        ),
        (&[("Allow", PRESENT), ("Deny", NOT_A)], r#"not: Deny #2 if StringNotEquals AWS:SourceVPC "a""#),
        (
            &[("Allow", LIKE), ("Deny", A)],
            "all of:\n  Allow #1 if StringLike aws:SourceVpc \"a*\"\n  not: Deny #2 if StringEquals aws:SourceVpc \"a\"",
        ),
    ] {
        assert_eq!(told(&open, statements), expected, "{statements:?}");
    }
}

#[test]
fn what_is_known_of_the_key_counts() {
    let there = Context::open().with("aws:SourceVpc", Knowledge::PRESENT);
    assert_eq!(told(&there, &[("Allow", A), ("Allow", NOT_A)]), "allowed");
    let perhaps = Context::open().with("aws:SourceVpc", Knowledge::is("a").perhaps());
    assert_eq!(told(&perhaps, &[("Allow", A), ("Deny", ABSENT)]), r#"Allow #1 if StringEquals aws:SourceVpc "a""#);
    assert_eq!(told(&perhaps, &[("Allow", NOT_A), ("Deny", ABSENT)]), "denied");
    // Whether AWS folds the case of such letters is not documented, but it does so alike in both.
    let accented = Context::open().with("aws:SourceVpc", Knowledge::is("É"));
    let folded = r#""StringEqualsIgnoreCase": {"aws:SourceVpc": "é"}"#;
    assert_eq!(told(&accented, &[("Allow", folded), ("Deny", folded)]), "denied");
}

#[test]
fn too_many_cases_stay_open() {
    let values: Vec<String> = (0..40).map(|n| format!(r#""v{n}""#)).collect();
    let of =
        |key: &str| format!(r#""StringEquals": {{"{key}": [{}]}}, "Null": {{"{key}": "false"}}"#, values.join(","));
    let all = ["aws:SourceVpc", "aws:SourceVpce", "aws:UserAgent", "aws:SourceIp"].map(of);
    let statements: Vec<(&str, &str)> = all.iter().map(|condition| ("Allow", condition.as_str())).collect();
    assert!(told(&Context::open(), &statements).starts_with("one of:"));
}
