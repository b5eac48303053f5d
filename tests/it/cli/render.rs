//! `render`: a saved plan in every form, without AWS, state or manifests.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::process::Stdio;

use insta::assert_snapshot;
use leasehold::output::{exit, plan_format};
use leasehold::wire::plan_v1;

use crate::canned_aws::{CannedAws, manifests, two};
use crate::sandbox::{Done, Sandbox};
use crate::scene::{self, READ_ONLY};

/// A sandbox in which a plan was saved as `plan.json`, what `plan` said, and AWS gone since.
fn saved(format: &str) -> (Sandbox, Done) {
    let aws = CannedAws::start();
    let sandbox = aws.sandbox();
    sandbox.commit(&manifests(&two("max_sts_ttl: 1h")));
    let done = sandbox.run(&["plan", "--out", "plan.json", "--format", format]).expect(exit::FINE);
    (sandbox, done)
}

/// Runs a command that reads this from its standard input.
fn fed(sandbox: &Sandbox, args: &[&str], input: &[u8]) -> Done {
    let mut child = sandbox
        .command(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.to_owned();
    // Whoever refuses what is too large does not read it to the end.
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("written");
    sandbox.done(&output)
}

#[test]
fn a_saved_plan_is_shown_as_plan_showed_it_in_every_form() {
    for format in plan_format::ALL {
        let (mut sandbox, planned) = saved(format.name);
        sandbox.unset("AWS_ENDPOINT_URL");
        sandbox.unset("AWS_ACCESS_KEY_ID");
        sandbox.unset("AWS_SECRET_ACCESS_KEY");
        let rendered = sandbox.run(&["render", "plan.json", "--format", format.name]).expect(exit::FINE);
        assert_eq!((&rendered.stdout, rendered.stderr.as_str()), (&planned.stdout, ""), "{}", format.name);
        let text = std::fs::read(sandbox.repo().join("plan.json")).expect("saved");
        let piped = fed(&sandbox, &["render", "-", "--format", format.name], &text).expect(exit::FINE);
        assert_eq!(piped.stdout, planned.stdout, "{}", format.name);
        assert!(!sandbox.repo().join(".leasehold").exists());
    }
}

#[test]
fn what_a_plan_comes_to_is_no_failure_of_rendering_it() {
    let aws = CannedAws::start();
    let sandbox = aws.sandbox();
    sandbox.commit(&manifests(&scene::role("app", READ_ONLY, "max_sts_ttl: 2h")));
    let planned = sandbox.run(&["plan", "--out", "plan.json", "--format", "markdown"]).expect(exit::FINDINGS_BLOCK);
    assert!(planned.stdout.contains("**Do not merge:"), "{}", planned.stdout);
    let rendered = sandbox.run(&["render", "plan.json", "--format", "markdown"]).expect(exit::FINE);
    assert_eq!(rendered.stdout, planned.stdout);
}

#[test]
fn a_forge_finds_the_files_from_the_top_of_the_repository() {
    let aws = CannedAws::start();
    let sandbox = aws.sandbox();
    sandbox.write("deploy/aws/prod.yaml", &manifests(&scene::role("app", READ_ONLY, "max_sts_ttl: 2h")));
    sandbox.commit("");
    let state = format!("file://{}", sandbox.path("state").display());
    let from = ["--ref", "main", "--state", &state, "--format", "github"];
    for place in [&["--dir", "deploy/aws"][..], &["--path", "deploy/aws"]] {
        let done = sandbox.run(&[&["plan"], place, &from].concat()).expect(exit::FINDINGS_BLOCK);
        assert!(done.stdout.starts_with("::error file=deploy/aws/prod.yaml,line="), "{}", done.stdout);
    }
    let files = sandbox.run(&["plan", "--dir", "deploy/aws", "--format", "github", "--state", &state]);
    assert!(files.stdout.starts_with("::error file=deploy/aws/prod.yaml,line="), "{}", files.stdout);
}

#[test]
fn what_is_no_saved_plan_is_told_apart() {
    let (sandbox, _) = saved("text");
    let good = std::fs::read_to_string(sandbox.repo().join("plan.json")).expect("saved");
    let cases = [
        ("edited.json", good.replace("\"rules\": \"", "\"rules\": \"0")),
        ("miscounted.json", good.replace("\"create\": 2", "\"create\": 0")),
        ("cut.json", good[..good.len() / 2].to_owned()),
        ("empty.json", String::new()),
        ("other.json", "{\"format\": \"leasehold/lease/v1\"}".to_owned()),
        ("newer.json", good.replace("leasehold/plan/v1", "leasehold/plan/v7")),
    ];
    let mut told = String::new();
    for (name, text) in cases {
        assert_ne!(text, good, "{name}");
        sandbox.write(name, &text);
        told += &sandbox.run(&["render", name, "--format", "junit"]).expect(exit::FAILED).shown();
    }
    told += &sandbox.run(&["render", "nowhere.json"]).expect(exit::FAILED).shown();
    told += &fed(&sandbox, &["render", "-"], b"\xff").expect(exit::FAILED).shown();
    assert_snapshot!(told, @"
    exit 1
    ── stderr
    error[plan-unreadable]: edited.json cannot be used as a saved plan; because it was edited: its hash is not that of what it was made from
    exit 1
    ── stderr
    error[plan-unreadable]: miscounted.json cannot be used as a saved plan; because the plan file is malformed: `summary` does not add up
    exit 1
    ── stderr
    error[plan-unreadable]: cut.json cannot be used as a saved plan; because the plan file is truncated: it ends in the middle
    exit 1
    ── stderr
    error[plan-unreadable]: empty.json cannot be used as a saved plan; because the plan file is empty
    exit 1
    ── stderr
    error[plan-unreadable]: other.json cannot be used as a saved plan; because this is not a leasehold plan: write one with `leasehold plan --out FILE`
    exit 1
    ── stderr
    error[plan-unreadable]: newer.json cannot be used as a saved plan; because the plan was written by a newer leasehold (leasehold/plan/v7): upgrade, or plan again
    exit 1
    ── stderr
    error[plan-unreadable]: nowhere.json cannot be used as a saved plan; because No such file or directory (os error 2); help: save one with `leasehold plan --out FILE`
    exit 1
    ── stderr
    error[plan-unreadable]: standard input cannot be used as a saved plan; because it is not UTF-8 at byte 0; help: save one with `leasehold plan --out FILE`
    ");
    let json = sandbox.run(&["render", "nowhere.json", "--format", "json"]).expect(exit::FAILED);
    let value: serde_json::Value = serde_json::from_str(&json.stderr).expect("JSON on standard error");
    assert_eq!(value["kind"], "plan-unreadable", "{value:#}");
}

#[test]
fn a_plan_that_is_too_large_is_not_read_to_its_end() {
    let sandbox = Sandbox::new();
    sandbox.write("large.json", &" ".repeat(plan_v1::MAX_BYTES + 1));
    let file = sandbox.run(&["render", "large.json"]).expect(exit::FAILED);
    assert_snapshot!(file.shown(), @"
    exit 1
    ── stderr
    error[plan-unreadable]: large.json cannot be used as a saved plan; because the plan file is too large: it has more than 67108864 bytes; help: save one with `leasehold plan --out FILE`
    ");
    let endless = sandbox.run_plain("/bin/sh", &["-c", &format!("{} render - </dev/zero", crate::sandbox::binary())]);
    assert!(endless.expect(exit::FAILED).stderr.contains("the plan file is too large"));
}

#[test]
fn a_reader_that_left_is_no_failure_and_a_full_disk_is_one() {
    let (sandbox, _) = saved("text");
    for format in plan_format::ALL {
        let args = ["render", "plan.json", "--format", format.name];
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let output = sandbox.command(&args).stdout(writer).stderr(Stdio::piped()).output().expect("it runs");
        let done = sandbox.done(&output).expect(exit::FINE);
        assert_eq!(done.stderr, "", "{}", format.name);
        let full = OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
        let output = sandbox.command(&args).stdout(full).stderr(Stdio::piped()).output().expect("it runs");
        let done = sandbox.done(&output).expect(exit::FAILED);
        assert!(done.stderr.contains("could not be written"), "{}: {}", format.name, done.shown());
    }
}
