use super::*;
use crate::domain::iam::{Caller, Context, Knowledge, Policy};

const ROLE: &str = "arn:aws:iam::111122223333:role/Target";
const ELSEWHERE: &str = "arn:aws:iam::444455556666:role/Target";
const ME: &str = "arn:aws:iam::111122223333:role/ci/Runner";
const USER: &str = "arn:aws:iam::111122223333:user/Runner";

fn role() -> Caller<'static> {
    Caller {
        partition: "aws",
        account: "111122223333",
        principal_arn: ME,
        session_arn: Some("arn:aws:sts::111122223333:assumed-role/Runner/job-1"),
        unique_id: Some("AROAEXAMPLEEXAMPLE123"),
    }
}

fn user() -> Caller<'static> {
    Caller { principal_arn: USER, session_arn: None, unique_id: Some("AIDAEXAMPLEEXAMPLE123"), ..role() }
}

fn read(statements: &str) -> Policy {
    let text = format!(r#"{{"Version": "2012-10-17", "Statement": [{statements}]}}"#);
    Policy::parse(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn trusts(principal: &str) -> Policy {
    read(&format!(r#"{{"Effect": "Allow", "Principal": {{"AWS": "{principal}"}}, "Action": "sts:*"}}"#))
}

fn lets(effect: &str, resource: &str) -> Policy {
    read(&format!(
        r#"{{"Sid": "{effect}", "Effect": "{effect}", "Action": "sts:AssumeRole", "Resource": "{resource}"}}"#
    ))
}

fn named(policy: &Policy) -> NamedPolicy<'_> {
    NamedPolicy { name: "P", policy }
}

fn layer(policy: &Policy) -> Layer<'_> {
    Layer::Read(vec![named(policy)])
}

/// `allowed`, `denied by <place> <statement>`, `lacks <places>` or `depends`, and the caveats.
fn told(request: &Request<'_>, policies: &Policies<'_>) -> String {
    let Evaluation { verdict, caveats } = evaluate(request, policies);
    let mut text = match verdict {
        Verdict::Allowed => "allowed".to_owned(),
        Verdict::DeniedExplicitly { place, statement, .. } => format!("denied by {} {statement}", place.as_str()),
        Verdict::DeniedImplicitly { lacking } => {
            let places: Vec<&str> = lacking.into_iter().map(Place::as_str).collect();
            format!("lacks {}", places.join(" + "))
        }
        Verdict::Depends(_) => "depends".to_owned(),
    };
    for caveat in caveats {
        text += match caveat {
            Caveat::SubjectTo(_) => ", subject to others",
            Caveat::StrictReading(_) => ", read strictly",
        };
    }
    text
}

fn assume(caller: Caller<'static>, target: &'static str) -> Request<'static> {
    Request::new(caller, "sts:AssumeRole").on(target)
}

#[test]
fn trust_and_identity_in_one_account_and_across() {
    let (grants, other) = (lets("Allow", "arn:aws:iam::*:role/Target"), lets("Allow", "arn:aws:iam::*:role/Other"));
    // Principal of the trust policy; without identity policies; with one of another role; with one of this.
    for (principal, none, of_other, of_this) in [
        (ME, "allowed", "allowed", "allowed"),
        ("arn:aws:sts::111122223333:assumed-role/Runner/job-1", "allowed", "allowed", "allowed"),
        ("AROAEXAMPLEEXAMPLE123", "allowed", "allowed", "allowed"),
        ("*", "allowed", "allowed", "allowed"),
        ("111122223333", "lacks identity policy", "lacks identity policy", "allowed"),
        ("444455556666", "lacks resource policy", "lacks resource policy", "lacks resource policy"),
    ] {
        let trust = trusts(principal);
        for (identity, expected) in [(Layer::None, none), (layer(&other), of_other), (layer(&grants), of_this)] {
            let policies = Policies { identity, resource: ResourcePolicy::Trust(named(&trust)), ..Policies::default() };
            assert_eq!(told(&assume(role(), ROLE), &policies), expected, "{principal}");
        }
    }
    for (principal, none, of_this) in [
        (ME, "lacks identity policy", "allowed"),
        ("*", "lacks identity policy", "allowed"),
        ("111122223333", "lacks identity policy", "allowed"),
        ("444455556666", "lacks resource policy + identity policy", "lacks resource policy"),
    ] {
        let trust = trusts(principal);
        for (identity, expected) in [(Layer::None, none), (layer(&grants), of_this)] {
            let policies = Policies { identity, resource: ResourcePolicy::Trust(named(&trust)), ..Policies::default() };
            assert_eq!(told(&assume(role(), ELSEWHERE), &policies), expected, "{principal} across accounts");
        }
    }
}

#[test]
fn partitions_never_meet() {
    let (trust, grants) = (trusts("*"), lets("Allow", "*"));
    let policies =
        Policies { identity: layer(&grants), resource: ResourcePolicy::Trust(named(&trust)), ..Policies::default() };
    for target in ["arn:aws-cn:iam::111122223333:role/Target", "arn:aws-us-gov:iam::444455556666:role/Target"] {
        assert_eq!(told(&assume(role(), target), &policies), "lacks resource policy", "{target}");
    }
}

#[test]
fn a_deny_anywhere_decides() {
    let (trust, grants, denies) = (trusts(ME), lets("Allow", "*"), lets("Deny", "*"));
    let denied_trust = read(
        r#"{"Effect": "Allow", "Principal": "*", "Action": "*"},
           {"Sid": "Deny", "Effect": "Deny", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole"}"#,
    );
    let open =
        || Policies { identity: layer(&grants), resource: ResourcePolicy::Trust(named(&trust)), ..Policies::default() };
    let deny = || layer(&denies);
    let trust_denies = ResourcePolicy::Trust(named(&denied_trust));
    assert_eq!(told(&assume(role(), ROLE), &open()), "allowed");
    for (policies, expected) in [
        (Policies { identity: deny(), ..open() }, "denied by identity policy Deny"),
        (Policies { boundary: deny(), ..open() }, "denied by permissions boundary Deny"),
        (Policies { session: deny(), ..open() }, "denied by session policy Deny"),
        (Policies { scps: vec![Layer::None, deny()], ..open() }, "denied by service control policy Deny"),
        (Policies { resource: trust_denies, ..open() }, "denied by resource policy Deny"),
        (Policies { resource: trust_denies, identity: Layer::None, ..open() }, "denied by resource policy Deny"),
        (Policies { identity: deny(), boundary: layer(&trust), ..open() }, "denied by identity policy Deny"),
    ] {
        assert_eq!(told(&assume(role(), ROLE), &policies), expected);
    }
}

#[test]
fn every_limit_must_allow() {
    let (trust, user_trust, account_trust) = (trusts(ME), trusts(USER), trusts("111122223333"));
    let (grants, other) = (lets("Allow", "*"), lets("Allow", "arn:aws:iam::111122223333:role/Other"));
    let everyone = read(r#"{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}"#);
    let with = |trust, policies| Policies {
        identity: layer(&grants),
        resource: ResourcePolicy::Trust(named(trust)),
        ..policies
    };
    let none = Policies::default;
    for (caller, policies, expected) in [
        (role(), with(&trust, Policies { boundary: layer(&grants), ..none() }), "allowed"),
        (role(), with(&trust, Policies { boundary: layer(&other), ..none() }), "lacks permissions boundary"),
        (user(), with(&account_trust, Policies { boundary: layer(&other), ..none() }), "lacks permissions boundary"),
        (
            user(),
            with(&user_trust, Policies { boundary: layer(&other), ..none() }),
            "lacks permissions boundary, read strictly",
        ),
        (user(), with(&user_trust, Policies { boundary: layer(&grants), ..none() }), "allowed"),
        (role(), with(&trust, Policies { session: layer(&other), ..none() }), "lacks session policy, read strictly"),
        (role(), with(&account_trust, Policies { session: layer(&other), ..none() }), "lacks session policy"),
        (
            role(),
            with(&trust, Policies { scps: vec![layer(&grants), layer(&other)], ..none() }),
            "lacks service control policy",
        ),
        (role(), with(&trust, Policies { scps: vec![Layer::Assumed], ..none() }), "allowed, subject to others"),
        (role(), with(&trust, Policies { scps: vec![Layer::Unread], ..none() }), "depends"),
        (role(), with(&trust, Policies { rcps: vec![layer(&everyone)], ..none() }), "allowed"),
        (role(), with(&trust, Policies { rcps: vec![layer(&account_trust)], ..none() }), "allowed"),
        (role(), with(&trust, Policies { rcps: vec![layer(&user_trust)], ..none() }), "lacks resource control policy"),
    ] {
        assert_eq!(told(&assume(caller, ROLE), &policies), expected, "{policies:?}");
    }
}

#[test]
fn a_role_that_assumes_itself_must_be_named() {
    let grants = lets("Allow", ME);
    for (principal, expected) in [(ME, "allowed"), ("*", "allowed"), ("111122223333", "depends")] {
        let trust = trusts(principal);
        let policies = Policies {
            identity: layer(&grants),
            resource: ResourcePolicy::Trust(named(&trust)),
            ..Policies::default()
        };
        assert_eq!(told(&assume(role(), ME), &policies), expected, "{principal}");
    }
    let denied = read(
        r#"{"Effect": "Allow", "Principal": "*", "Action": "*"},
           {"Sid": "Out", "Effect": "Deny", "Principal": {"AWS": "111122223333"}, "Action": "*"}"#,
    );
    let policies = Policies { resource: ResourcePolicy::Trust(named(&denied)), ..Policies::default() };
    assert_eq!(told(&assume(role(), ME), &policies), "denied by resource policy Out");
}

#[test]
fn what_could_not_be_read_is_not_taken_for_absent() {
    let (trust, account) = (trusts(ME), trusts("111122223333"));
    let trust = ResourcePolicy::Trust(named(&trust));
    let account = ResourcePolicy::Trust(named(&account));
    let ask = |target, identity, resource| {
        told(&assume(role(), target), &Policies { identity, resource, ..Policies::default() })
    };
    assert_eq!(ask(ROLE, Layer::Unread, trust), "allowed");
    assert_eq!(ask(ROLE, Layer::Unread, account), "depends");
    assert_eq!(ask(ELSEWHERE, Layer::Unread, trust), "depends");
    assert_eq!(ask(ROLE, Layer::None, ResourcePolicy::UnreadTrust), "depends");
    assert_eq!(ask(ELSEWHERE, Layer::None, ResourcePolicy::UnreadTrust), "lacks identity policy");
    assert_eq!(ask(ROLE, Layer::None, ResourcePolicy::None), "lacks identity policy");
    assert_eq!(ask(ELSEWHERE, Layer::Assumed, trust), "allowed, subject to others");
}

#[test]
fn each_action_is_a_request_of_its_own() {
    let trust = read(
        r#"{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": ["sts:AssumeRole", "sts:TagSession"]}"#,
    );
    let identity =
        read(r#"{"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:SetSourceIdentity"], "Resource": "*"}"#);
    let policies =
        Policies { identity: layer(&identity), resource: ResourcePolicy::Trust(named(&trust)), ..Policies::default() };
    for (action, expected) in [
        ("sts:AssumeRole", "allowed"),
        ("sts:TagSession", "lacks identity policy"),
        ("sts:SetSourceIdentity", "lacks resource policy"),
        ("sts:GetSessionToken", "allowed"),
        ("STS:getcalleridentity", "allowed"),
    ] {
        assert_eq!(told(&Request::new(role(), action).on(ROLE), &policies), expected, "{action}");
    }
}

#[test]
fn a_federation_token_needs_the_identity_policy_only() {
    let identity = read(
        r#"{"Effect": "Allow", "Action": "sts:GetFederationToken",
            "Resource": "arn:aws:sts::111122223333:federated-user/ci-*"}"#,
    );
    let policies = Policies { identity: layer(&identity), ..Policies::default() };
    let ask = |resource| told(&Request::new(user(), "sts:GetFederationToken").on(resource), &policies);
    assert_eq!(ask("arn:aws:sts::111122223333:federated-user/ci-1"), "allowed");
    assert_eq!(ask("arn:aws:sts::111122223333:federated-user/x"), "lacks identity policy");
}

#[test]
fn other_resources_need_one_side_in_their_own_account() {
    const QUEUE: &str = "arn:aws:sqs:eu-west-1:111122223333:q";
    const BUCKET: &str = "arn:aws:s3:::b";
    let of = |principal: &str| {
        read(&format!(
            r#"{{"Effect": "Allow", "Principal": {{"AWS": "{principal}"}}, "Action": "*", "Resource": "*"}}"#
        ))
    };
    let (named_me, my_account, nobody) = (of(ME), of("111122223333"), of("444455556666"));
    let grants = read(r#"{"Effect": "Allow", "Action": "*", "Resource": "*"}"#);
    for (resource, policy, with, without) in [
        (QUEUE, &named_me, "allowed", "allowed"),
        (QUEUE, &my_account, "allowed", "lacks identity policy"),
        (QUEUE, &nobody, "allowed", "lacks resource policy + identity policy"),
        (BUCKET, &named_me, "allowed", "lacks identity policy"),
        (BUCKET, &nobody, "lacks resource policy", "lacks resource policy + identity policy"),
    ] {
        for (identity, expected) in [(layer(&grants), with), (Layer::None, without)] {
            let policies =
                Policies { identity, resource: ResourcePolicy::Attached(named(policy)), ..Policies::default() };
            assert_eq!(told(&Request::new(role(), "x:Do").on(resource), &policies), expected, "{resource} {policy:?}");
        }
    }
    let narrow = read(&format!(r#"{{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "{BUCKET}/x"}}"#));
    let policies = Policies {
        identity: layer(&grants),
        resource: ResourcePolicy::Attached(named(&narrow)),
        ..Policies::default()
    };
    assert_eq!(told(&Request::new(role(), "s3:GetObject").on("arn:aws:s3:::b/y"), &policies), "lacks resource policy");
    assert_eq!(told(&Request::new(role(), "s3:GetObject").on("arn:aws:s3:::b/x"), &policies), "allowed");
}

#[test]
fn a_policy_that_aws_manages_is_every_accounts_own() {
    let reads = read(r#"{"Effect": "Allow", "Action": "iam:GetPolicy", "Resource": "arn:*:iam::*:*"}"#);
    let ask = |resource, policy| {
        let policies = Policies { identity: layer(&reads), resource: policy, ..Policies::default() };
        told(&Request::new(role(), "iam:GetPolicy").on(resource), &policies)
    };
    for (resource, expected) in [
        ("arn:aws:iam::aws:policy/ReadOnlyAccess", "allowed"),
        ("arn:aws:iam::aws:policy/job-function/ViewOnlyAccess", "allowed"),
        ("arn:aws:iam::111122223333:policy/Own", "allowed"),
        ("arn:aws:iam::444455556666:policy/Other", "lacks resource policy"),
        ("arn:aws-cn:iam::aws:policy/ReadOnlyAccess", "lacks resource policy"),
        ("arn:aws:iam::aws:role/Odd", "lacks resource policy"),
    ] {
        assert_eq!(ask(resource, ResourcePolicy::None), expected, "{resource}");
    }
    // It has no policy of its own; who says that it has one is taken strictly.
    let narrow = read(r#"{"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}"#);
    let attached = ResourcePolicy::Attached(named(&narrow));
    assert_eq!(ask("arn:aws:iam::aws:policy/ReadOnlyAccess", attached), "lacks resource policy");
}

#[test]
fn an_identity_policy_that_names_a_principal_never_allows() {
    let odd =
        |effect: &str| read(&format!(r#"{{"Effect": "{effect}", "Principal": "*", "Action": "*", "Resource": "*"}}"#));
    let (allow, deny, grants) = (odd("Allow"), odd("Deny"), lets("Allow", "*"));
    let ask = |identity| told(&assume(role(), ROLE), &Policies { identity, ..Policies::default() });
    assert_eq!(ask(layer(&allow)), "lacks identity policy");
    assert_eq!(ask(Layer::Read(vec![named(&grants), named(&deny)])), "depends");
}

#[test]
fn a_residual_is_a_tree_of_what_is_open() {
    let trust = read(
        r#"{"Sid": "In", "Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:ExternalId": "x", "aws:SourceVpc": ["vpc-1", "vpc-2"]}}},
           {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/ci/Runner"}, "Action": "sts:AssumeRole",
            "Condition": {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}},
           {"Sid": "Out", "Effect": "Deny", "Principal": "*", "Action": "*",
            "Condition": {"Bool": {"aws:ViaAWSService": "true"}, "StringLike": {"aws:UserAgent": "curl*"}}},
           {"Effect": "Deny", "Principal": "*", "Action": "*", "Condition": {"StringLike": {"aws:UserAgent": "wget*"}}}"#,
    );
    let context =
        Context::open().with("sts:externalid", Knowledge::is("x")).with("aws:ViaAWSService", Knowledge::is("false"));
    let request = assume(role(), ROLE).within(&context);
    let ask = |identity| {
        let resource = ResourcePolicy::Trust(named(&trust));
        evaluate(&request, &Policies { identity, resource, ..Policies::default() }).verdict
    };
    let Verdict::Depends(tree) = ask(Layer::Unread) else { panic!("certain") };
    assert_eq!(
        tree.lines(),
        [
            "all of:",
            "  one of:",
            r#"    resource policy P: Allow #2 if IpAddress aws:SourceIp "192.0.2.0/24""#,
            "    all of:",
            r#"      resource policy P: Allow In if StringEquals aws:SourceVpc "vpc-1" or "vpc-2""#,
            "      identity policy allows it (could not be read)",
            r#"  not: resource policy P: Deny #4 if StringLike aws:UserAgent "wget*""#,
        ]
    );
}
