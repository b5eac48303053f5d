use super::*;
use crate::domain::Timestamp;
use crate::domain::iam::Caller;

fn user() -> Broker<'static> {
    let caller = Caller {
        partition: "aws",
        account: "111122223333",
        principal_arn: "arn:aws:iam::111122223333:user/ci/Runner",
        session_arn: None,
        unique_id: Some("AIDAEXAMPLEEXAMPLE123"),
    };
    Broker { caller, tags: None, session: None }
}

fn role() -> Broker<'static> {
    let caller = Caller {
        principal_arn: "arn:aws:iam::111122223333:role/ci/Runner",
        unique_id: Some("AROAEXAMPLEEXAMPLE123"),
        ..user().caller
    };
    Broker { caller, tags: None, session: Some(Session::default()) }
}

fn request<'a>(broker: Broker<'a>, tags: &'a BTreeMap<String, String>) -> AssumeRole<'a> {
    AssumeRole {
        broker,
        target: "arn:aws:iam::444455556666:role/Target",
        target_tags: Some(tags),
        session_name: Template::new("leasehold-", 3, ""),
        external_id: None,
        session_tags: tags,
        transitive_tag_keys: &[],
        source_identity: None,
        mfa: false,
        region: Some("eu-central-1"),
        at: Timestamp::UNIX_EPOCH,
        organization: Knowledge::UNKNOWN,
    }
}

fn maybe(values: Values) -> Knowledge {
    Knowledge { present: Truth::Unknown, values }
}

#[test]
fn each_row_for_a_user_and_for_a_role() {
    let none = BTreeMap::new();
    let (of_user, of_role) =
        (Context::assume_role(request(user(), &none)), Context::assume_role(request(role(), &none)));
    let (absent, present, unknown) = (Knowledge::ABSENT, Knowledge::PRESENT, Knowledge::UNKNOWN);
    let known = |text: &str| Knowledge::is(text);
    let both = |knowledge: Knowledge| (knowledge.clone(), knowledge);
    let rows = [
        ("aws:PrincipalArn", known(user().caller.principal_arn), known(role().caller.principal_arn)),
        ("aws:PrincipalType", known("User"), known("AssumedRole")),
        ("aws:username", known("Runner"), absent.clone()),
        ("aws:TokenIssueTime", absent.clone(), present.clone()),
        ("aws:MultiFactorAuthPresent", absent.clone(), unknown.clone()),
        ("aws:MultiFactorAuthAge", absent.clone(), unknown.clone()),
        ("sts:SourceIdentity", absent.clone(), unknown.clone()),
        ("aws:RequestTag/Team", absent.clone(), unknown.clone()),
        ("aws:TagKeys", absent.clone(), unknown.clone()),
        ("sts:TransitiveTagKeys", absent.clone(), unknown.clone()),
        ("aws:FederatedProvider", absent.clone(), unknown.clone()),
        ("saml:aud", absent.clone(), unknown.clone()),
        ("token.actions.githubusercontent.com:sub", absent.clone(), unknown.clone()),
        ("aws:userid", known("AIDAEXAMPLEEXAMPLE123"), Knowledge::like(Template::new("AROAEXAMPLEEXAMPLE123:", 2, ""))),
    ];
    for (key, expected_of_user, expected_of_role) in rows {
        assert_eq!(of_user.knowledge(key, "sts:AssumeRole"), expected_of_user, "{key} of a user");
        assert_eq!(of_role.knowledge(key, "sts:AssumeRole"), expected_of_role, "{key} of a role");
    }
    for (key, (expected, _)) in [
        ("aws:principalaccount", both(known("111122223333"))),
        ("AWS:PRINCIPALISAWSSERVICE", both(known("false"))),
        ("aws:ViaAWSService", both(known("false"))),
        ("aws:SecureTransport", both(known("true"))),
        ("aws:PrincipalTag/Team", both(unknown.clone())),
        ("aws:PrincipalOrgID", both(unknown.clone())),
        ("aws:PrincipalOrgPaths", both(unknown.clone())),
        ("sts:ExternalId", both(absent.clone())),
        ("sts:RoleSessionName", both(Knowledge::like(Template::new("leasehold-", 3, "")))),
        ("aws:ResourceAccount", both(known("444455556666"))),
        ("aws:ResourceOrgID", both(unknown.clone())),
        ("aws:ResourceTag/Team", both(absent.clone())),
        ("iam:ResourceTag/Team", both(absent.clone())),
        ("aws:RequestedRegion", both(known("eu-central-1"))),
        ("aws:CurrentTime", both(known("1970-01-01T00:00:00Z"))),
        ("aws:EpochTime", both(known("0"))),
        ("aws:SourceIp", both(unknown.clone())),
        ("aws:SourceVpce", both(unknown.clone())),
        ("aws:UserAgent", both(unknown.clone())),
        ("aws:SourceArn", both(absent.clone())),
        ("aws:CalledVia", both(absent.clone())),
        ("aws:PrincipalServiceNamesList", both(absent.clone())),
        ("sts:DurationSeconds", both(absent)),
        ("aws:SourceIdentity", both(unknown.clone())),
        ("aws:RequestTag/", both(unknown.clone())),
        ("", both(unknown)),
    ] {
        for context in [&of_user, &of_role] {
            assert_eq!(context.knowledge(key, "sts:AssumeRole"), expected, "{key}");
        }
    }
}

#[test]
fn what_the_request_passes_is_known() {
    let tags = BTreeMap::from([("Team".to_owned(), "blue".to_owned())]);
    let transitive = ["Team".to_owned()];
    let of = |broker| {
        Context::assume_role(AssumeRole {
            external_id: Some("x-1"),
            source_identity: Some("ci"),
            transitive_tag_keys: &transitive,
            mfa: true,
            ..request(broker, &tags)
        })
    };
    for context in [of(user()), of(role())] {
        for (key, expected) in [
            ("sts:ExternalId", "x-1"),
            ("sts:SourceIdentity", "ci"),
            ("aws:RequestTag/team", "blue"),
            ("aws:ResourceTag/TEAM", "blue"),
            ("aws:MultiFactorAuthPresent", "true"),
        ] {
            assert_eq!(context.knowledge(key, "sts:AssumeRole"), Knowledge::is(expected), "{key}");
        }
    }
    for key in ["aws:TagKeys", "sts:TransitiveTagKeys"] {
        assert_eq!(of(user()).knowledge(key, "sts:AssumeRole"), Knowledge::is("Team"));
        // A role's session may carry more.
        assert_eq!(of(role()).knowledge(key, "sts:AssumeRole"), Knowledge::PRESENT);
        let plain = Session { passes_on_nothing: true, ..Session::default() };
        let context = of(Broker { session: Some(plain), ..role() });
        assert_eq!(context.knowledge(key, "sts:AssumeRole"), Knowledge::is("Team"));
    }
}

#[test]
fn a_key_that_an_action_is_not_documented_to_carry_is_there_only_perhaps() {
    let none = BTreeMap::new();
    let context = Context::assume_role(AssumeRole { external_id: Some("x-1"), ..request(user(), &none) });
    let value = Values::Known(vec!["x-1".to_owned()]);
    assert_eq!(context.knowledge("sts:ExternalId", "sts:TagSession"), maybe(value));
    assert_eq!(context.knowledge("sts:ExternalId", "STS:assumerole"), Knowledge::is("x-1"));
    // What is not passed at all is nowhere.
    assert_eq!(context.knowledge("sts:SourceIdentity", "sts:TagSession"), Knowledge::ABSENT);
}

#[test]
fn tags_of_the_principal() {
    let none = BTreeMap::new();
    let tags = BTreeMap::from([("Team".to_owned(), "blue".to_owned())]);
    let told = |broker: Broker<'_>, key: &str| {
        let broker = Broker { tags: Some(&tags), ..broker };
        Context::assume_role(request(broker, &none)).knowledge(key, "sts:AssumeRole")
    };
    assert_eq!(told(user(), "aws:PrincipalTag/team"), Knowledge::is("blue"));
    assert_eq!(told(user(), "aws:PrincipalTag/Other"), Knowledge::ABSENT);
    assert_eq!(told(role(), "aws:PrincipalTag/Team"), Knowledge::PRESENT);
    assert_eq!(told(role(), "aws:PrincipalTag/Other"), Knowledge::UNKNOWN);
    let untagged = Broker { session: Some(Session { untagged: true, ..Session::default() }), ..role() };
    assert_eq!(told(untagged, "aws:PrincipalTag/Team"), Knowledge::is("blue"));
}

#[test]
fn what_is_given_goes_first() {
    let none = BTreeMap::new();
    let context = Context::assume_role(request(user(), &none))
        .with("AWS:sourceip", Knowledge::is("192.0.2.1"))
        .with("aws:UserAgent", Knowledge { present: Truth::True, values: Values::Known(Vec::new()) });
    assert_eq!(context.knowledge("aws:SourceIp", "sts:AssumeRole"), Knowledge::is("192.0.2.1"));
    assert_eq!(context.knowledge("aws:useragent", "sts:AssumeRole"), Knowledge::ABSENT);
    assert_eq!(Context::open().knowledge("aws:SourceIp", "a:b"), Knowledge::UNKNOWN);
    assert_eq!(Context::closed().knowledge("aws:SourceIp", "a:b"), Knowledge::ABSENT);
}

#[test]
fn every_row_has_a_name_of_its_own() {
    let mut names: Vec<String> = KEYS.iter().map(|key| key.name.to_ascii_lowercase()).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), KEYS.len());
    let several: Vec<&str> = KEYS.iter().filter(|key| key.arity == Arity::Many).map(|key| key.name).collect();
    let documented = [
        "aws:PrincipalOrgPaths",
        "aws:TagKeys",
        "sts:TransitiveTagKeys",
        "aws:PrincipalServiceNamesList",
        "aws:CalledVia",
    ];
    assert_eq!(several, documented);
    assert_eq!(arity("AWS:tagkeys"), Arity::Many);
    assert_eq!(arity("aws:RequestTag/aws:TagKeys"), Arity::One);
    assert_eq!(arity("aws:NewlyAdded"), Arity::Unclear);
}
