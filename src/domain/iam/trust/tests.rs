use super::*;
use crate::domain::iam::NoteKind;

const A: &str = "111122223333";
const ROLE_ID: &str = "AROAEXAMPLEEXAMPLE123";
const USER_ID: &str = "AIDAEXAMPLEEXAMPLE123";

/// A session of a role with a path.
fn role() -> Caller<'static> {
    Caller {
        partition: "aws",
        account: A,
        principal_arn: "arn:aws:iam::111122223333:role/ci/Runner",
        session_arn: Some("arn:aws:sts::111122223333:assumed-role/Runner/job-1"),
        unique_id: Some(ROLE_ID),
    }
}

fn user() -> Caller<'static> {
    Caller {
        partition: "aws",
        account: A,
        principal_arn: "arn:aws:iam::111122223333:user/ci/Runner",
        session_arn: None,
        unique_id: Some(USER_ID),
    }
}

fn policy(statements: &str) -> Policy {
    let text = format!(r#"{{"Version": "2012-10-17", "Statement": [{statements}]}}"#);
    Policy::parse(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn statement(effect: &str, principal: &str) -> String {
    format!(r#"{{"Effect": "{effect}", "Principal": {principal}, "Action": "sts:AssumeRole"}}"#)
}

/// `allowed`, `delegated`, `implicit`, `denied <statement>` or `depends`.
fn told(policy: &Policy, caller: &Caller<'_>, action: &str) -> String {
    let TrustDecision { decision, delegated } = decide_trust(policy, &Request::new(*caller, action));
    assert_eq!(decision, evaluate_trust(policy, caller, action));
    match decision {
        Decision::Allowed if delegated => "delegated".to_owned(),
        Decision::Allowed => "allowed".to_owned(),
        Decision::DeniedImplicitly => "implicit".to_owned(),
        Decision::DeniedExplicitly { statement } => format!("denied {statement}"),
        Decision::Depends(_) => "depends".to_owned(),
    }
}

#[test]
fn principals_of_an_allow_and_of_a_deny() {
    // Principal; what an Allow of it says; what a Deny of it says beside an Allow of everyone.
    let of_role = [
        (r#""*""#, "allowed", "denied #2"),
        (r#"{"AWS": "*"}"#, "allowed", "denied #2"),
        (r#"{"AWS": "111122223333"}"#, "delegated", "denied #2"),
        (r#"{"AWS": "arn:aws:iam::111122223333:root"}"#, "delegated", "denied #2"),
        (r#"{"AWS": "arn:aws-cn:iam::111122223333:root"}"#, "implicit", "allowed"),
        (r#"{"AWS": "444455556666"}"#, "implicit", "allowed"),
        (r#"{"AWS": "arn:aws:iam::111122223333:role/ci/Runner"}"#, "allowed", "denied #2"),
        (r#"{"AWS": ["444455556666", "arn:aws:iam::111122223333:role/ci/Runner"]}"#, "allowed", "denied #2"),
        (r#"{"AWS": ["111122223333", "arn:aws:iam::111122223333:role/ci/Runner"]}"#, "allowed", "denied #2"),
        (r#"{"AWS": "arn:aws:iam::111122223333:role/Runner"}"#, "implicit", "allowed"),
        (r#"{"AWS": "arn:aws:iam::111122223333:role/ci/runner"}"#, "implicit", "allowed"),
        (r#"{"AWS": "arn:aws:iam::444455556666:role/ci/Runner"}"#, "implicit", "allowed"),
        (r#"{"AWS": "arn:aws-us-gov:iam::111122223333:role/ci/Runner"}"#, "implicit", "allowed"),
        (r#"{"AWS": "arn:aws:iam::111122223333:user/ci/Runner"}"#, "implicit", "allowed"),
        (r#"{"AWS": "arn:aws:sts::111122223333:assumed-role/Runner/job-1"}"#, "allowed", "denied #2"),
        (r#"{"AWS": "arn:aws:sts::111122223333:assumed-role/Runner/job-2"}"#, "implicit", "allowed"),
        (r#"{"AWS": "arn:aws:sts::111122223333:assumed-role/ci/Runner/job-1"}"#, "implicit", "depends"),
        (r#"{"AWS": "arn:aws:sts::111122223333:federated-user/Runner"}"#, "implicit", "allowed"),
        (r#"{"AWS": "AROAEXAMPLEEXAMPLE123"}"#, "allowed", "denied #2"),
        (r#"{"AWS": "AROAOTHEROTHEROTHER12"}"#, "implicit", "allowed"),
        (r#"{"AWS": "AIDAEXAMPLEEXAMPLE123"}"#, "implicit", "allowed"),
        (r#"{"Service": "ec2.amazonaws.com"}"#, "implicit", "allowed"),
        (r#"{"Service": "*"}"#, "implicit", "allowed"),
        (r#"{"Federated": "accounts.google.com"}"#, "implicit", "allowed"),
        (r#"{"Federated": "*"}"#, "implicit", "allowed"),
        (
            r#"{"CanonicalUser": "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"}"#,
            "implicit",
            "allowed",
        ),
        (r#"{"AWS": "arn:aws:iam::111122223333:role/ci/*"}"#, "implicit", "depends"),
        (r#"{"AWS": "arn:aws:sts::111122223333:assumed-role/Runner/*"}"#, "implicit", "depends"),
        (r#"{"AWS": "arn:aws:iam::444455556666:role/*"}"#, "implicit", "allowed"),
        (r#"{"AWS": "Runner"}"#, "implicit", "depends"),
        (r#"{"AWS": []}"#, "implicit", "allowed"),
        (r#"{}"#, "implicit", "allowed"),
    ];
    for (principal, allow, deny) in of_role {
        let only = policy(&statement("Allow", principal));
        assert_eq!(told(&only, &role(), "sts:AssumeRole"), allow, "Allow {principal}");
        let both = policy(&format!("{}, {}", statement("Allow", r#""*""#), statement("Deny", principal)));
        assert_eq!(told(&both, &role(), "sts:AssumeRole"), deny, "Deny {principal}");
    }
}

#[test]
fn a_user_is_named_by_its_arn_and_id() {
    for (principal, expected) in [
        ("arn:aws:iam::111122223333:user/ci/Runner", "allowed"),
        ("arn:aws:iam::111122223333:user/Runner", "implicit"),
        ("arn:aws:iam::111122223333:role/ci/Runner", "implicit"),
        ("arn:aws:sts::111122223333:assumed-role/Runner/job-1", "implicit"),
        (USER_ID, "allowed"),
        (ROLE_ID, "implicit"),
        (A, "delegated"),
    ] {
        let policy = policy(&statement("Allow", &format!(r#"{{"AWS": "{principal}"}}"#)));
        assert_eq!(told(&policy, &user(), "sts:AssumeRole"), expected, "{principal}");
    }
}

#[test]
fn what_is_not_known_of_the_caller_is_neither_allowed_nor_denied() {
    let unknown = Caller { session_arn: None, unique_id: None, ..role() };
    for (principal, expected) in [
        ("arn:aws:sts::111122223333:assumed-role/Runner/job-1", "depends"),
        ("arn:aws:sts::111122223333:assumed-role/Other/job-1", "implicit"),
        ("arn:aws:sts::111122223333:assumed-role/runner/job-1", "implicit"),
        ("arn:aws:sts::444455556666:assumed-role/Runner/job-1", "implicit"),
        ("arn:aws-cn:sts::111122223333:assumed-role/Runner/job-1", "implicit"),
        (ROLE_ID, "depends"),
        (USER_ID, "implicit"),
    ] {
        let principal = format!(r#"{{"AWS": "{principal}"}}"#);
        let only = policy(&statement("Allow", &principal));
        assert_eq!(told(&only, &unknown, "sts:AssumeRole"), expected, "{principal}");
        let deny = policy(&format!("{}, {}", statement("Allow", r#""*""#), statement("Deny", &principal)));
        let beside = if expected == "depends" { "depends" } else { "allowed" };
        assert_eq!(told(&deny, &unknown, "sts:AssumeRole"), beside, "Deny {principal}");
    }
}

#[test]
fn a_bare_account_id_outside_the_first_partition_is_not_guessed() {
    let caller = Caller {
        partition: "aws-cn",
        principal_arn: "arn:aws-cn:iam::111122223333:role/ci/Runner",
        session_arn: Some("arn:aws-cn:sts::111122223333:assumed-role/Runner/job-1"),
        ..role()
    };
    for (principal, expected) in [
        ("arn:aws-cn:iam::111122223333:root", "delegated"),
        ("arn:aws-cn:iam::111122223333:role/ci/Runner", "allowed"),
        ("arn:aws:iam::111122223333:role/ci/Runner", "implicit"),
        ("111122223333", "depends"),
        ("arn:aws:iam::111122223333:root", "depends"),
        ("arn:aws:iam::444455556666:root", "implicit"),
    ] {
        let policy = policy(&statement("Allow", &format!(r#"{{"AWS": "{principal}"}}"#)));
        assert_eq!(told(&policy, &caller, "sts:AssumeRole"), expected, "{principal}");
    }
}

#[test]
fn actions() {
    // Element; for an Allow; for a Deny beside an Allow of everything.
    for (element, allow, deny) in [
        (r#""Action": "sts:AssumeRole""#, "allowed", "denied #2"),
        (r#""Action": "STS:assumerole""#, "allowed", "denied #2"),
        (r#""Action": "*""#, "allowed", "denied #2"),
        (r#""Action": "sts:*""#, "allowed", "denied #2"),
        (r#""Action": "sts:Assume????""#, "allowed", "denied #2"),
        (r#""Action": "sts:Assume???""#, "implicit", "allowed"),
        (r#""Action": "*:AssumeRole""#, "allowed", "denied #2"),
        (r#""Action": ["sts:TagSession", "sts:AssumeRole"]"#, "allowed", "denied #2"),
        (r#""Action": "sts:AssumeRoleWithSAML""#, "implicit", "allowed"),
        (r#""Action": "AssumeRole""#, "implicit", "depends"),
        (r#""Action": " sts:AssumeRole""#, "implicit", "depends"),
        (r#""Action": "TagSession""#, "implicit", "allowed"),
        (r#""Action": []"#, "implicit", "allowed"),
        (r#""NotAction": "sts:AssumeRole""#, "implicit", "allowed"),
        (r#""NotAction": "STS:*""#, "implicit", "allowed"),
        (r#""NotAction": "sts:TagSession""#, "allowed", "denied #2"),
        (r#""NotAction": ["sts:TagSession", "AssumeRole"]"#, "depends", "depends"),
        (r#""NotAction": []"#, "depends", "depends"),
    ] {
        let only = policy(&format!(r#"{{"Effect": "Allow", "Principal": "*", {element}}}"#));
        assert_eq!(told(&only, &role(), "sts:AssumeRole"), allow, "Allow {element}");
        let both = policy(&format!(
            r#"{{"Effect": "Allow", "Principal": "*", "Action": "*"}}, {{"Effect": "Deny", "Principal": "*", {element}}}"#
        ));
        assert_eq!(told(&both, &role(), "sts:AssumeRole"), deny, "Deny {element}");
    }
}

#[test]
fn each_action_is_a_question_of_its_own() {
    let policy = policy(&statement("Allow", r#"{"AWS": "arn:aws:iam::111122223333:role/ci/Runner"}"#));
    assert_eq!(told(&policy, &role(), "sts:AssumeRole"), "allowed");
    assert_eq!(told(&policy, &role(), "sts:TagSession"), "implicit");
}

#[test]
fn a_deny_wins_in_any_order_and_is_named() {
    let allow = r#"{"Sid": "In", "Effect": "Allow", "Principal": "*", "Action": "*"}"#;
    let deny = r#"{"Sid": "Out", "Effect": "Deny", "Principal": {"AWS": "111122223333"}, "Action": "sts:*"}"#;
    let perhaps = r#"{"Effect": "Deny", "Principal": "*", "Action": "*", "Condition": {"Bool": {"a:b": true}}}"#;
    for order in [format!("{allow}, {deny}, {perhaps}"), format!("{perhaps}, {deny}, {allow}")] {
        assert_eq!(told(&policy(&order), &role(), "sts:AssumeRole"), "denied Out");
    }
}

#[test]
fn conditions_leave_the_decision_open() {
    let with = |effect: &str, principal: &str, condition: &str| {
        let head = format!(r#""Effect": "{effect}", "Principal": {principal}, "Action": "sts:AssumeRole""#);
        format!(r#"{{{head}, "Condition": {{{condition}}}}}"#)
    };
    let external = r#""StringEquals": {"sts:ExternalId": ["b", "a"]}"#;
    let open = policy(&with("Allow", r#"{"AWS": "111122223333"}"#, external));
    let TrustDecision { decision, delegated } = decide_trust(&open, &Request::new(role(), "sts:AssumeRole"));
    assert!(delegated);
    let Decision::Depends(residual) = decision else { panic!("{decision:?}") };
    assert_eq!(residual.lines(), [r#"Allow #1 if StringEquals sts:ExternalId "b" or "a""#]);

    let elsewhere = policy(&with("Allow", r#"{"AWS": "444455556666"}"#, external));
    assert_eq!(told(&elsewhere, &role(), "sts:AssumeRole"), "implicit");

    let address = r#""NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}, "Bool": {"aws:ViaAWSService": false}"#;
    let both = policy(&format!("{}, {}", statement("Allow", r#""*""#), with("Deny", r#""*""#, address)));
    let Decision::Depends(residual) = evaluate_trust(&both, &role(), "sts:AssumeRole") else { panic!("not open") };
    assert_eq!(residual.allow, [], "it is allowed already, unless the Deny holds");
    assert_eq!(
        residual.lines(),
        [r#"Deny #2 if Bool aws:ViaAWSService "false", and NotIpAddress aws:SourceIp "10.0.0.0/8""#]
    );

    let deny_only = policy(&with("Deny", r#""*""#, address));
    assert_eq!(told(&deny_only, &role(), "sts:AssumeRole"), "implicit");

    let unknown = policy(&with("Allow", r#""*""#, r#""StringResembles": {"a:b": []}"#));
    let Decision::Depends(residual) = evaluate_trust(&unknown, &role(), "sts:AssumeRole") else { panic!("not open") };
    assert_eq!(residual.lines(), ["Allow #1 if StringResembles a:b (no value)"]);
}

#[test]
fn an_unconditional_allow_makes_a_conditional_one_irrelevant() {
    let conditional = r#"{"Effect": "Allow", "Principal": "*", "Action": "*", "Condition": {"Bool": {"a:b": true}}}"#;
    let by_account = statement("Allow", r#"{"AWS": "111122223333"}"#);
    let policy = policy(&format!("{conditional}, {by_account}"));
    // What certainly allows does so by account: the conditional statement could only make it more direct.
    assert_eq!(told(&policy, &role(), "sts:AssumeRole"), "delegated");
}

#[test]
fn delegation_ends_where_a_statement_names_the_caller() {
    let by_account = statement("Allow", r#"{"AWS": "111122223333"}"#);
    let by_name = statement("Allow", r#"{"AWS": "arn:aws:iam::111122223333:role/ci/Runner"}"#);
    assert_eq!(told(&policy(&format!("{by_account}, {by_name}")), &role(), "sts:AssumeRole"), "allowed");
    assert_eq!(told(&policy(&format!("{by_name}, {by_account}")), &role(), "sts:AssumeRole"), "allowed");
}

#[test]
fn not_principal_and_no_principal_never_allow() {
    let not = r#"{"Effect": "Allow", "NotPrincipal": {"AWS": "444455556666"}, "Action": "*"}"#;
    let none = r#"{"Effect": "Allow", "Action": "*", "Resource": "*"}"#;
    for allow in [not, none] {
        assert_eq!(told(&policy(allow), &role(), "sts:AssumeRole"), "depends", "{allow}");
        let deny = allow.replace("Allow", "Deny");
        let both = policy(&format!("{}, {deny}", statement("Allow", r#""*""#)));
        assert_eq!(told(&both, &role(), "sts:AssumeRole"), "depends", "{deny}");
        let certain = policy(&format!("{allow}, {}", statement("Deny", r#""*""#)));
        assert_eq!(told(&certain, &role(), "sts:AssumeRole"), "denied #2", "{allow}");
    }
    assert_eq!(policy(not).notes()[0].kind, NoteKind::NotPrincipal);
}

#[test]
fn a_resource_in_a_trust_policy_is_ignored() {
    let odd = policy(r#"{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "arn:aws:s3:::b"}"#);
    assert_eq!(told(&odd, &role(), "sts:AssumeRole"), "allowed");
    assert_eq!(odd.notes()[0].kind, NoteKind::ResourceInTrustPolicy);
}
