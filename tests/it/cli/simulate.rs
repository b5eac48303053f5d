//! `simulate`.

use std::io::Write as _;
use std::process::Stdio;

use insta::assert_snapshot;
use leasehold::output::exit;
use leasehold::wire::common_v1::Verdict;
use leasehold::wire::simulation_v1;
use serde_json::{Value, json};

use crate::sandbox::{Done, Sandbox};

/// A role that is asked for from another account, with a trust policy that wants an external id.
pub(crate) fn request() -> Value {
    json!({
        "format": simulation_v1::REQUEST_FORMAT,
        "principal": {"arn": "arn:aws:iam::111122223333:role/VaultRunner", "session": "ci"},
        "actions": ["sts:AssumeRole", "sts:TagSession"],
        "resource": "arn:aws:iam::444455556666:role/Deploy",
        "context": {
            "keys": {
                "sts:ExternalId": {"values": ["x-1"]},
                "sts:RoleSessionName": {"form": {"prefix": "deploy-", "least": 26}},
                "aws:MultiFactorAuthPresent": {"presence": "absent"},
                "aws:SourceIp": {"presence": "unknown"},
            },
            "others": "unknown",
        },
        "policies": {
            "identity": [{"name": "assume", "document": {"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "arn:aws:iam::444455556666:role/Deploy"},
            ]}}],
            "resource": {"kind": "trust", "policy": {"name": "Deploy", "document": {"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:AssumeRole",
                 "Condition": {"StringEquals": {"sts:ExternalId": "x-1"}, "IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}},
            ]}}},
            "boundary": "none",
            "session": "none",
            "scps": ["assumed"],
            "rcps": ["none"],
        },
    })
}

/// In a folder that is no repository, without a home and without AWS.
fn ask(input: &str, args: &[&str]) -> Done {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(args);
    command.current_dir(sandbox.path("tmp")).env_clear();
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    // It may have refused before it read everything.
    let _ = child.stdin.take().expect("piped").write_all(input.as_bytes());
    sandbox.done(&child.wait_with_output().expect("it ends"))
}

#[test]
fn a_person_reads_verdict_reason_and_trace() {
    let done = ask(&request().to_string(), &["simulate", "--request", "-"]).expect(exit::FINE);
    assert_snapshot!(done.shown(), @r#"
    exit 0
    ── stdout
    sts:AssumeRole depends
      It is allowed exactly when this holds:
        resource policy Deploy: Allow #1 if IpAddress aws:SourceIp "192.0.2.0/24"
      resource policy Deploy
        ? Allow #1 may apply
          ✓ Principal: arn:aws:iam::111122223333:role/VaultRunner
          ✓ Action: sts:AssumeRole
          ? Condition: wanted IpAddress aws:SourceIp "192.0.2.0/24"; aws:SourceIp is not known
          ✓ Condition: StringEquals sts:ExternalId "x-1"
      identity policy assume
        ✓ Allow #1 applies
          ✓ Action: sts:AssumeRole
          ✓ Resource: arn:aws:iam::444455556666:role/Deploy
      Not read, and could still deny: service control policy.

    sts:TagSession denied
      No resource policy allows it.
      No identity policy allows it.
      resource policy Deploy
        ✗ Allow #1 does not apply
          ✓ Principal: arn:aws:iam::111122223333:role/VaultRunner
          ✗ Action: wanted sts:AssumeRole; the request has sts:TagSession
          ? Condition: wanted IpAddress aws:SourceIp "192.0.2.0/24"; aws:SourceIp is not known
          ✓ Condition: StringEquals sts:ExternalId "x-1"
      identity policy assume
        ✗ Allow #1 does not apply
          ✗ Action: wanted sts:AssumeRole; the request has sts:TagSession
          ✓ Resource: arn:aws:iam::444455556666:role/Deploy
      Not read, and could still deny: service control policy.
    "#);
}

#[test]
fn a_program_gets_the_versioned_form() {
    let text = request().to_string();
    let done = ask(&text, &["simulate", "--request", "-", "--format", "json"]).expect(exit::FINE);
    let answer: simulation_v1::Document = serde_json::from_str(&done.stdout).expect("an answer");
    let verdicts: Vec<Verdict> = answer.results.iter().map(|outcome| outcome.verdict).collect();
    assert_eq!(verdicts, [Verdict::Depends, Verdict::DeniedImplicitly]);
    assert_eq!(answer.to_json(), done.stdout);

    let sandbox = Sandbox::new();
    std::fs::write(sandbox.path("request.json"), text).expect("written");
    let from_file = sandbox.run(&["simulate", "--request", "../request.json", "--format", "json"]).expect(exit::FINE);
    assert_eq!(from_file.stdout, done.stdout, "the same request, the same bytes");
}

#[test]
fn what_is_no_request_is_one_clear_error() {
    let misspelt = serde_json::to_string_pretty(&request()).expect("JSON").replace("\"boundary\"", "\"boundry\"");
    assert_snapshot!(ask(&misspelt, &["simulate", "--request", "-"]).expect(exit::FAILED).shown(), @"
    exit 1
    ── stderr
    error[bad-request]: unknown field `boundry`, expected one of `identity`, `resource`, `boundary`, `session`, `scps`, `rcps` at line 30 column 13; help: `leasehold schema simulation-request` prints the form of a request
    ");
    let as_json = ask("{", &["simulate", "--request", "-", "--format", "json"]).expect(exit::FAILED);
    let error: Value = serde_json::from_str(&as_json.stderr).expect("an error as JSON");
    assert_eq!((error["kind"].as_str(), as_json.stdout.as_str()), (Some("bad-request"), ""));
    let huge = ask(&"x".repeat(4 * 1024 * 1024), &["simulate", "--request", "-"]).expect(exit::FAILED);
    assert!(huge.stderr.contains("it has more than 524288 bytes"), "{}", huge.stderr);
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.path("request.json"), [0xff_u8]).expect("written");
    let binary = sandbox.run(&["simulate", "--request", "../request.json"]).expect(exit::FAILED);
    assert!(binary.stderr.contains("it is not UTF-8 at byte 0"), "{}", binary.stderr);
    assert_snapshot!(sandbox.run(&["simulate", "--request", "nowhere.json"]).expect(exit::FAILED).shown(), @"
    exit 1
    ── stderr
    error[request-unreadable]: the request nowhere.json could not be read; because No such file or directory (os error 2); help: --request names a file with a request as JSON, or is `-` for standard input
    ");
}
