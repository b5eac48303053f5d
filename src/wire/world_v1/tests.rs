use std::collections::BTreeMap;

use super::*;
use crate::domain::world::{Fact, LiveRole, Why};

const CALLER: &str = r#"{"arn": "arn:aws:iam::111122223333:user/x", "user_id": "AIDAX"}"#;
const ARN: &str = "arn:aws:iam::111122223333:role/R";

fn world(caller: &str, roles: &str) -> Result<World, WorldError> {
    read(&format!("{{\"caller\": {caller},\n\"roles\": {roles}}}"))
}

fn role(entry: &str) -> Result<Fact<LiveRole>, WorldError> {
    let world = world(CALLER, &format!("{{\"{ARN}\": {entry}}}"))?;
    Ok(world.roles.into_values().next().expect("one role"))
}

#[test]
fn present_absent_and_unknown_are_three_things() {
    let Fact::Present(live) = role(
        r#"{"role_id": "AROAX", "max_session_duration": 7200, "trust": {"Version": "2012-10-17", "Statement": []}}"#,
    )
    .expect("valid") else {
        panic!("present")
    };
    assert_eq!((live.arn.as_str(), live.role_id.as_str(), live.max_session_duration), (ARN, "AROAX", 7_200));
    assert_eq!(role(r#""absent""#), Ok(Fact::Absent));
    let Ok(Fact::Unknown(unknown)) = role(r#"{"unknown": "throttled", "detail": "slow"}"#) else { panic!("unknown") };
    assert_eq!((unknown.why, unknown.detail.as_str()), (Why::Throttled, "slow"));
}

#[test]
fn every_reason_for_not_knowing_reads_back() {
    for why in Why::ALL {
        let Ok(Fact::Unknown(unknown)) = role(&format!("{{\"unknown\": \"{}\"}}", why.as_str())) else {
            panic!("unknown")
        };
        assert_eq!(unknown.why, why);
    }
}

#[test]
fn the_account_is_the_callers_and_no_call_was_made() {
    let read = world(CALLER, "{}").expect("valid");
    assert_eq!(read.caller.present().map(|caller| caller.account.as_str()), Some("111122223333"));
    assert_eq!(read.calls, 0);
    let denied = world(r#"{"unknown": "access-denied"}"#, "{}").expect("valid");
    assert!(matches!(denied.caller, Fact::Unknown(_)));
}

#[test]
fn a_live_arn_may_differ_from_the_declared_one() {
    let Ok(Fact::Present(live)) = role(
        r#"{"arn": "arn:aws:iam::111122223333:role/a/r", "role_id": "A", "max_session_duration": 3600, "trust": {}}"#,
    ) else {
        panic!("present")
    };
    assert_eq!(live.arn.as_str(), "arn:aws:iam::111122223333:role/a/r");
}

#[test]
fn trust_is_kept_as_it_is_written() {
    let policy = |trust: &str| {
        let entry = format!("{{\"role_id\": \"A\", \"max_session_duration\": 3600, \"trust\": {trust}}}");
        let Ok(Fact::Present(live)) = role(&entry) else { panic!("present") };
        live.trust.policy.is_ok()
    };
    let statement = r#"{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}"#;
    assert!(policy(&format!("{{\"Version\": \"2012-10-17\", \"Statement\": [{statement}]}}")));
    assert!(!policy(&format!("{{\"Version\": \"2012-10-17\", \"Statement\": [{statement}], \"Statement\": []}}")));
    assert!(!policy(r#""not JSON""#));
    assert!(!policy("[1]"));
}

#[test]
fn what_is_not_a_world_is_refused_with_its_reason() {
    let live = r#""role_id": "A", "max_session_duration": 3600, "trust": {}"#;
    for (error, part) in [
        (read("").err(), "EOF"),
        (read("{}").err(), "caller"),
        (read(&format!("{{\"version\": 2, \"caller\": {CALLER}, \"roles\": {{}}}}")).err(), "version 2"),
        (read(&format!("{{\"callers\": {CALLER}, \"roles\": {{}}}}")).err(), "unknown field `callers`"),
        (world("{}", "{}").err(), "either `arn` and `user_id`"),
        (world(r#"{"arn": "x", "user_id": "y"}"#, "{}").err(), "the caller's ARN `x` is not an ARN"),
        (world(r#"{"arn": "arn:aws:iam::1:user/x", "user_id": "y"}"#, "{}").err(), "twelve digits"),
        (world(CALLER, r#"{"x": "absent"}"#).err(), "`x` is not an ARN"),
        (world(CALLER, &format!("{{\"{ARN}\": \"absent\",\n \"{ARN}\": \"absent\"}}")).err(), "stands twice"),
        (role(r#""gone""#).err(), "`gone` is not \"absent\""),
        (role("null").err(), "a role, or \"absent\""),
        (role(r#"{"unknown": "throtled"}"#).err(), "did you mean `throttled`?"),
        (role(r#"{"detail": "x"}"#).err(), "`role_id`"),
        (role(&format!("{{{live}, \"detail\": \"x\"}}")).err(), "`role_id`"),
        (role(&format!("{{{live}, \"tag\": {{}}}}")).err(), "unknown field `tag`"),
        (role(&format!("{{{live}, \"tags\": {{\"a\": \"b\", \"a\": \"c\"}}}}")).err(), "`a` stands twice"),
        (role(&format!("{{{live}, \"arn\": \"x\"}}")).err(), "`x` is not an ARN"),
        (role(&live.replace("3600", "3599").replacen('"', "{\"", 1).replace("{}", "{}}")).err(), "3599"),
    ] {
        let message = error.expect("refused").message;
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn what_is_left_out_was_not_read_and_the_rest_is_kept() {
    let bare = world(CALLER, "{}").expect("valid");
    assert_eq!(bare, World::of_roles(bare.caller.clone(), BTreeMap::new()));
    let more = |parts: &str| read(&format!("{{\"caller\": {CALLER}, \"roles\": {{}}, {parts}}}"));
    let whole = more(
        r#""broker": {"unique_id": "AROAX", "tags": {"a": "b"}, "policies": [{"name": "p", "document": "no policy"}]},
           "accounts": {"111122223333": {"reader": {"unknown": "access-denied"}, "roles": [], "summary": {"Users": 3}}},
           "policies": {"arn:aws:iam::aws:policy/P": "absent"}, "groups": {"111122223333/g": "arn:aws:iam::1:group/g"}"#,
    )
    .expect("valid");
    let broker = whole.broker.present().expect("present");
    assert_eq!((broker.unique_id.as_str(), broker.tags["a"].as_str(), &broker.boundary), ("AROAX", "b", &Fact::Absent));
    let policies = broker.policies.present().expect("read");
    assert!(policies[0].name == "p" && policies[0].document.policy.is_err());
    let account = whole.accounts.values().next().expect("one account");
    assert!(matches!(&account.reader, Fact::Unknown(unknown) if unknown.why == Why::AccessDenied));
    assert_eq!(account.summary.present().map(|numbers| numbers["Users"]), Some(3));
    assert_eq!(whole.policies.values().next(), Some(&Fact::Absent));
    assert!(whole.groups.values().all(|fact| fact.present().is_some()));
    for (parts, part) in [
        (r#""broker": {"unique_id": "A", "policy": []}"#, "unknown field `policy`"),
        (r#""broker": {"unique_id": "A", "policies": {"unknown": "tired"}}"#, "`tired` is no reason"),
        (r#""accounts": {"1": {}}"#, "twelve digits"),
        (r#""accounts": {"111122223333": {"roles": ["x"]}}"#, "`x` is not an ARN"),
        (r#""policies": {"x": "absent"}"#, "`x` is not an ARN"),
        (r#""groups": {"g": "absent"}"#, "`<account>/<group>`"),
    ] {
        let message = more(parts).expect_err("refused").message;
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn an_error_tells_the_line_and_shows_nothing_unescaped() {
    let message = world(CALLER, "{\"\\u001b[31m\": \"absent\"}").expect_err("refused").message;
    assert!(message.contains("line 2") && message.contains("\\u{1b}") && !message.contains('\u{1b}'), "{message}");
}

#[test]
fn the_schema_says_what_the_reader_takes() {
    let schema = schema();
    let roles = &schema["properties"]["roles"]["additionalProperties"]["oneOf"];
    assert_eq!(roles[0]["required"], serde_json::json!(["role_id", "max_session_duration", "trust"]));
    assert_eq!(roles[2]["properties"]["unknown"]["enum"].as_array().map(Vec::len), Some(Why::ALL.len()));
    assert_eq!(schema["additionalProperties"], serde_json::json!(false));
}
