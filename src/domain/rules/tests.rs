use proptest::prelude::*;

use super::fixture::{READ_ONLY, Scene, allow, statement, trust};
use super::*;
use crate::domain::finding::Level;
use crate::domain::ident::{Arn, RoleArn};
use crate::domain::world::{Fact, Unknown, Why};

/// Codes, names and levels are an interface: waivers, scripts and reports refer to them. A code is never reused.
const LIST: &[(&str, &str, Level)] = &[
    ("LH101", "default-above-max", Level::Hard),
    ("LH102", "ttl-out-of-range", Level::Hard),
    ("LH103", "ttl-above-max-session-duration", Level::Hard),
    ("LH104", "ttl-above-chaining-cap", Level::Hard),
    ("LH105", "duplicate-role-name", Level::Hard),
    ("LH106", "iam-groups-not-yet", Level::Hard),
    ("LH107", "session-policy-all", Level::Advisory),
    ("LH108", "session-policy-size", Level::Blocking),
    ("LH109", "packed-size", Level::Advisory),
    ("LH110", "session-policy-grants-nothing", Level::Advisory),
    ("LH111", "max-session-duration-wide", Level::Advisory),
    ("LH113", "region-partition", Level::Hard),
    ("LH115", "account-unused", Level::Advisory),
    ("LH116", "reader-in-other-account", Level::Hard),
    ("LH201", "broker-not-trusted", Level::Hard),
    ("LH202", "trust-lacks-tag-session", Level::Hard),
    ("LH203", "trust-lacks-set-source-identity", Level::Hard),
    ("LH204", "trust-conditional", Level::Advisory),
    ("LH205", "trust-account-root", Level::Advisory),
    ("LH206", "trust-unreadable", Level::Blocking),
    ("LH207", "trust-anyone", Level::Blocking),
    ("LH208", "trust-anyone-loosely", Level::Blocking),
    ("LH209", "trust-not-principal", Level::Blocking),
    ("LH210", "trust-wide-action", Level::Advisory),
    ("LH211", "trust-foreign-account", Level::Advisory),
    ("LH212", "trust-undeclared-account", Level::Advisory),
    ("LH213", "trust-external-id-not-required", Level::Advisory),
    ("LH214", "trust-external-id-mismatch", Level::Hard),
    ("LH215", "external-id-guessable", Level::Advisory),
    ("LH216", "trust-dangling-principal", Level::Advisory),
    ("LH217", "trust-redundant-session", Level::Advisory),
    ("LH218", "trust-policy-size", Level::Advisory),
    ("LH219", "trust-unknown-key", Level::Advisory),
    ("LH220", "trust-key-not-carried", Level::Advisory),
    ("LH221", "trust-duration-condition", Level::Hard),
    ("LH222", "trust-needs-mfa", Level::Hard),
    ("LH223", "trust-for-all-values", Level::Advisory),
    ("LH224", "trust-multivalued-key", Level::Advisory),
    ("LH225", "trust-literal-wildcard", Level::Advisory),
    ("LH226", "trust-literal-variable", Level::Advisory),
    ("LH227", "trust-private-source-ip", Level::Advisory),
    ("LH228", "trust-service-unbound", Level::Advisory),
    ("LH229", "trust-federated-action", Level::Advisory),
    ("LH230", "trust-oidc-unlimited", Level::Blocking),
    ("LH231", "trust-expires", Level::Advisory),
    ("LH233", "trust-odd-element", Level::Advisory),
    ("LH234", "trust-lacks-tags-of-pods", Level::Advisory),
    ("LH301", "role-missing", Level::Hard),
    ("LH302", "role-arn-malformed", Level::Hard),
    ("LH303", "role-arn-partition", Level::Hard),
    ("LH304", "role-arn-mismatch", Level::Hard),
    ("LH305", "token-needs-user-broker", Level::Hard),
    ("LH306", "role-unproven", Level::Blocking),
    ("LH307", "broker-not-allowed", Level::Hard),
    ("LH308", "broker-unproven", Level::Blocking),
    ("LH309", "broker-conditional", Level::Advisory),
    ("LH310", "broker-missing", Level::Hard),
    ("LH311", "policy-missing", Level::Hard),
    ("LH312", "group-missing", Level::Hard),
    ("LH313", "policy-in-other-account", Level::Hard),
    ("LH314", "broker-too-powerful", Level::Advisory),
    ("LH315", "broker-makes-users", Level::Advisory),
    ("LH316", "role-recreated", Level::Advisory),
    ("LH401", "iam-user-without-path", Level::Blocking),
    ("LH402", "iam-user-without-boundary", Level::Blocking),
    ("LH403", "iam-user-without-justification", Level::Blocking),
    ("LH404", "iam-user-quota", Level::Blocking),
    ("LH405", "iam-user-long", Level::Advisory),
    ("LH406", "iam-user-all", Level::Blocking),
    ("LH407", "iam-user-tag-reserved", Level::Blocking),
    ("LH408", "iam-user-quota-near", Level::Advisory),
    ("LH501", "role-expired", Level::Blocking),
    ("LH502", "outlives-expiry", Level::Advisory),
    ("LH503", "expires-soon", Level::Advisory),
    ("LH601", "waiver-unknown-rule", Level::Advisory),
    ("LH602", "waiver-unknown-role", Level::Advisory),
    ("LH603", "waiver-expired", Level::Advisory),
    ("LH604", "judge-changed", Level::Advisory),
    ("LH610", "waiver-unused", Level::Advisory),
    ("LH611", "waiver-ends-soon", Level::Advisory),
    ("LH612", "waiver-far", Level::Advisory),
];

#[test]
fn the_list_of_rules_is_pinned_and_sorted_by_unique_codes() {
    let list: Vec<_> = all().iter().map(|rule| (rule.code, rule.name, rule.level)).collect();
    assert_eq!(list, LIST);
    assert!(list.windows(2).all(|pair| pair[0].0 < pair[1].0));
}

#[test]
fn every_page_belongs_to_its_rule_and_has_every_section() {
    for rule in all() {
        let page = rule.page();
        let mut lines = page.lines();
        assert_eq!(lines.next(), Some(format!("# {} {}", rule.code, rule.name).as_str()));
        assert_eq!(lines.nth(3), Some(rule.summary), "{}: the page begins with the summary", rule.code);
        for section in ["## What it does", "## Why it is bad", "## Example", "## Use instead", "## Source"] {
            assert_eq!(page.matches(section).count(), 1, "{}: {section}", rule.code);
        }
        assert!(
            rule.source.contains(&format!("include_str!(\"{}.rs\")", rule.name.replace('-', "_"))),
            "{}",
            rule.code
        );
    }
}

#[test]
fn a_rule_is_found_by_code_or_name_in_any_case() {
    assert_eq!(find("LH103").map(|rule| rule.name), Some("ttl-above-max-session-duration"));
    assert_eq!(find("lh103").map(|rule| rule.code), Some("LH103"));
    assert_eq!(find("Role-Missing").map(|rule| rule.code), Some("LH301"));
    assert!(find("LH999").is_none() && find("").is_none());
    assert_eq!(nearest("role-mising"), Some("role-missing"));
    assert_eq!(nearest("LH3001"), Some("LH301"));
    assert_eq!(nearest("nothing like it"), None);
}

#[test]
fn the_version_is_a_digest_of_the_set() {
    let version = || version(&Levels::default());
    assert_eq!(version(), version());
    assert!(Digest::parse(&version()).is_some());
}

fn crowded() -> Scene {
    Scene::role_broker()
        .assumed_role("b", 60, 50_000)
        .assumed_role("a", 7_200, 3_600)
        .assumed_role("b", 900, 3_600)
        .session_token("c", 900, 3_600)
        .iam_user("d", 900, 3_600, |_| ())
        .live(READ_ONLY, 3_600, &trust(&[&statement("Allow", "role/Other", "sts:AssumeRole")]))
}

#[test]
fn findings_come_by_place_then_code_and_the_same_each_time() {
    let scene = crowded();
    let findings = judge(scene.input());
    let keys: Vec<_> = findings.iter().map(order).collect();
    assert!(keys.len() > 10 && keys.is_sorted(), "{keys:?}");
    assert_eq!(findings, judge(scene.input()));
}

#[test]
fn one_faulty_role_arn_named_twice_gives_two_findings_at_two_places() {
    let scene = Scene::role_broker().assumed_role_of("a", &[READ_ONLY, READ_ONLY]).absent(READ_ONLY);
    assert_eq!(judge(scene.input()).len(), 2);
}

#[test]
fn a_sound_set_in_a_sound_world_has_no_findings() {
    let scene = Scene::role_broker().assumed_role("a", 900, 3_600).live(
        READ_ONLY,
        3_600,
        &trust(&[&statement("Allow", "role/VaultRunner", "sts:AssumeRole")]),
    );
    assert_eq!(judge(scene.input()), []);
}

#[test]
fn a_sound_set_of_every_type_over_three_accounts_has_no_findings() {
    let accounts = ["111122223333", "444455556666", "777788889999"];
    let arn = |at: usize| format!("arn:aws:iam::{}:role/app/Reader{at}", accounts[at % 3]);
    let trusting = trust(&[&statement("Allow", "user/leasehold", "sts:AssumeRole")]);
    let targets: Vec<String> = (0..10).map(arn).collect();
    let mut scene = Scene::user_broker();
    for (at, target) in targets.iter().enumerate() {
        scene = scene.assumed_role_of(&format!("reader-{at}"), &[target]).live(target, 3_600, &trusting);
    }
    for id in &accounts[1..] {
        scene = scene.account(id, Some(&format!("arn:aws:iam::{id}:role/LeaseholdReader")));
    }
    let path = |role: &str| Some(format!("/{role}/"));
    let policy = |text: &str| Arn::parse(text).expect("valid");
    let scene = scene.federation_token("upload", 900, 3_600).session_token("session", 900, 3_600).iam_user(
        "batch",
        900,
        3_600,
        |spec| {
            spec.user_path = path("batch");
            spec.justification = Some("the vendor's tool cannot use session tokens".to_owned());
            spec.permissions_boundary_arn = Some(policy("arn:aws:iam::111122223333:policy/Boundary"));
            spec.policy.arns.push(policy("arn:aws:iam::aws:policy/ReadOnlyAccess"));
            spec.iam_tags.insert("team".to_owned(), "payments".to_owned());
        },
    );
    let mut allows: Vec<String> = targets.iter().map(|target| allow("sts:AssumeRole", target)).collect();
    allows.push(allow("sts:GetFederationToken", "arn:aws:sts::111122223333:federated-user/uploa-*"));
    allows.extend(scene.user_statements());
    let scene = scene.broker(&allows.iter().map(String::as_str).collect::<Vec<_>>(), None);
    assert_eq!(judge(scene.input()), []);
}

#[test]
fn of_the_target_only_one_rule_speaks_about_what_could_not_be_read() {
    for why in Why::ALL {
        let mut scene = Scene::user_broker().assumed_role("a", 900, 43_200);
        let arn = RoleArn::parse(READ_ONLY).expect("valid");
        scene.world.roles.insert(arn, Fact::Unknown(Unknown { why, detail: String::new() }));
        let codes: Vec<_> = judge(scene.input()).iter().map(|finding| finding.code).collect();
        assert_eq!(codes, [ROLE_UNPROVEN], "{why:?}");
    }
}

#[test]
fn tags_under_a_statement_of_their_own_and_a_long_maximum_that_is_declared_have_no_findings() {
    let external = r#"{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:user/leasehold"}, "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"sts:ExternalId": "c91f20d76b3e48a5"}, "ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::111122223333:user/leasehold"}}}"#;
    let policy = trust(&[external, &statement("Allow", "user/leasehold", "sts:TagSession")]);
    let scene = Scene::user_broker()
        .assumed_role_with("tagged", |spec| {
            spec.external_id = Some("c91f20d76b3e48a5".to_owned());
            spec.session_tags.insert("team".to_owned(), "payments".to_owned());
            spec.ttl.max = crate::domain::ttl::Ttl::from_seconds(21_600).expect("not zero");
        })
        .live(READ_ONLY, 43_200, &policy);
    assert_eq!(judge(scene.input()), []);
}

/// A number near one of the limits, or any.
fn seconds() -> impl Strategy<Value = u32> {
    let near = prop::sample::select(vec![900_u32, 3_600, 7_200, 43_200, 129_600]);
    prop_oneof![(near, 0_u32..3).prop_map(|(limit, step)| limit + step - 1), 1_u32..200_000]
}

proptest! {
    #[test]
    fn ttls_pass_exactly_when_sts_would_take_every_one_of_them(
        default in seconds(), max in seconds(), live in 3_600_u32..=43_200, chained: bool,
    ) {
        let scene = if chained { Scene::role_broker() } else { Scene::user_broker() };
        let broker = if chained { "role/VaultRunner" } else { "user/leasehold" };
        let scene = scene
            .assumed_role("a", default, max)
            .live(READ_ONLY, live, &trust(&[&statement("Allow", broker, "sts:AssumeRole")]));
        let cap = if chained { live.min(3_600) } else { live };
        let sound = 900 <= default && default <= max && max <= cap;
        // A maximum of the live role that is far above is worth a word, and stops nothing.
        let refused = judge(scene.input()).iter().any(|finding| finding.code != "LH111");
        prop_assert_eq!(!refused, sound);
    }
}

/// Trust policies as consoles, Terraform and people make them, with the codes that are right to speak of each.
#[test]
fn sound_trust_policies_give_no_finding_but_what_is_stated() {
    const BROKER: &str = r#"{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:AssumeRole"}"#;
    let beside: [(&str, &[&str]); 13] = [
        (
            r#"{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/Deployer"}, "Action": "sts:AssumeRole", "Condition": {}}"#,
            &["LH233"],
        ),
        (
            r#"{"Sid": "Person", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:user/people/operator"}, "Action": ["sts:AssumeRole", "sts:TagSession"], "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}"#,
            &[],
        ),
        (
            r#"{"Sid": "Vendor", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::444455556666:root"}, "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"sts:ExternalId": "c91f20d76b3e48a5"}}}"#,
            &[],
        ),
        (
            r#"{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::444455556666:role/ci/Build"}, "Action": "sts:AssumeRole"}"#,
            &[],
        ),
        (
            r#"{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-exampleorgid"}, "ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/audit/*"}}}"#,
            &[],
        ),
        (
            r#"{"Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"}, "StringLike": {"token.actions.githubusercontent.com:sub": "repo:example/app:*"}}}"#,
            &[],
        ),
        (
            r#"{"Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"StringEquals": {"oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE:sub": "system:serviceaccount:app:runner", "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE:aud": "sts.amazonaws.com"}}}"#,
            &[],
        ),
        (
            r#"{"Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::111122223333:saml-provider/Okta"}, "Action": ["sts:AssumeRoleWithSAML", "sts:TagSession"], "Condition": {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}}}"#,
            &[],
        ),
        (
            r#"{"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}, "ArnLike": {"aws:SourceArn": "arn:aws:cloudtrail:*:111122223333:trail/*"}}}"#,
            &[],
        ),
        (
            r#"{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}"#,
            &["LH228"],
        ),
        (
            r#"{"Sid": "DenyOutside", "Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "sts:*", "Condition": {"StringNotEquals": {"aws:PrincipalAccount": ["111122223333", "444455556666"]}}}"#,
            &[],
        ),
        (
            r#"{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/Tagger"}, "Action": "sts:TagSession", "Condition": {"StringEquals": {"aws:RequestTag/team": "payments"}, "ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}}}"#,
            &[],
        ),
        (
            r#"{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "sts:AssumeRole", "Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_Admin_*"}}}"#,
            &[],
        ),
    ];
    for (statement, expected) in beside {
        let scene =
            Scene::role_broker().assumed_role("a", 900, 3_600).live(READ_ONLY, 3_600, &trust(&[BROKER, statement]));
        let codes: Vec<_> = judge(scene.input()).iter().map(|finding| finding.code).collect();
        assert_eq!(codes, expected, "{statement}");
    }
}
