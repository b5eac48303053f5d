//! `why`: the answer of the real binary, and that nothing hostile comes through it alive.

use leasehold::output::exit;
use serde_json::Value;

use super::issue::applied;
use crate::canned_aws::{CannedAws, manifests, two};

#[test]
fn a_role_that_is_issued_and_one_that_is_not_applied() {
    let aws = CannedAws::start();
    let sandbox = aws.sandbox();
    sandbox.commit(&manifests(&two("max_sts_ttl: 1h")));
    let before = sandbox.run(&["why", "app-rw"]).expect(exit::FINE).stdout;
    assert!(before.starts_with("app-rw (assumed_role): it is not issued\n"), "{before}");
    assert!(before.contains("nothing was applied yet"), "{before}");
    let sandbox = applied(&aws);
    let after = sandbox.run(&["why", "app-rw"]).expect(exit::FINE).stdout;
    assert!(after.starts_with("app-rw (assumed_role): it is issued\n"), "{after}");
    assert!(after.contains("the role's own maximum TTL (binds)"), "{after}");
}

#[test]
fn a_role_that_there_is_not_is_a_usage_error() {
    let aws = CannedAws::start();
    let sandbox = applied(&aws);
    let done = sandbox.run(&["why", "app-rq"]).expect(exit::USAGE);
    assert!(done.stderr.contains("did you mean `app-rw`?"), "{}", done.stderr);
}

#[test]
fn the_json_form_has_every_statement_and_fits_its_schema() {
    let aws = CannedAws::start();
    let sandbox = applied(&aws);
    let done = sandbox.run(&["why", "app-rw", "--format", "json"]).expect(exit::FINE);
    let document: Value = serde_json::from_str(&done.stdout).expect("JSON");
    assert_eq!(document["format"], "leasehold/why/v1");
    assert_eq!(document["answer"], "yes");
    let action = &document["ways"][0]["actions"][0];
    assert_eq!(action["outcome"]["verdict"], "allowed");
    assert_eq!(action["outcome"]["trace"].as_array().map(Vec::len), Some(1));
    assert_eq!(crate::json_schema::faults(&leasehold::wire::why_v1::schema(), &document), [""; 0]);
}

#[test]
fn hostile_policies_are_inert() {
    let aws = CannedAws::start();
    let sandbox = applied(&aws);
    let statement = r#"{"Sid": "\u001b[2J\n::error::x", "Effect": "Deny", "Principal": {"AWS": "\u202ex\u001b]0;y\u0007"},
        "Action": "\n::set-output name=a::b", "Condition": {"StringEquals": {"\u001b[31m": "\u200b\r\n##[command]x"}}}"#;
    aws.put("ProdAppRW", 3_600, &format!(r#"{{"Version": "2012-10-17", "Statement": [{statement}]}}"#));
    let shown = sandbox.run(&["why", "app-rw"]).expect(exit::FINE).stdout;
    assert!(shown.contains("may apply") || shown.contains("does not apply"), "{shown}");
    let live = |c: char| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c) || c == '\u{200b}';
    assert!(!shown.chars().any(live), "{shown:?}");
    let command = |line: &str| line.trim_start().starts_with("::") || line.trim_start().starts_with("##");
    assert!(!shown.lines().any(command), "{shown}");
}
