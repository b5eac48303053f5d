//! What an apply signs, and what it leaves behind for whoever pins a key.

use leasehold::output::exit;

use super::head_signing::{APPLY, DISTRUSTED, ISSUE, PRIVATE, refusal, sandbox, with};
use crate::canned_aws::{BROKER, CannedAws, manifests, two};
use crate::sandbox::Sandbox;
use crate::scene;

const SIGNED: [&str; 2] = ["--sign-with", "../key.pem"];
const PINNED: [&str; 2] = ["--head-key", "../key.pub.pem"];
const ONE: [&str; 2] = ["--target", "app-rw"];

/// The kind of the error, after the plan was shown; the state is as it was before.
fn refused(sandbox: &Sandbox, more: &[&[&'static str]]) -> String {
    let before = sandbox.files("repo/.leasehold");
    let done = sandbox.run(&with(APPLY, &more.concat())).expect(exit::FAILED);
    assert_eq!(sandbox.files("repo/.leasehold"), before, "{}", done.all());
    done.stderr.chars().take_while(|c| *c != ':').collect()
}

fn applied(sandbox: &Sandbox, more: &[&[&'static str]]) {
    let _ = sandbox.run(&with(APPLY, &more.concat())).expect(exit::FINE);
}

#[test]
fn what_nobody_checked_is_not_signed_along() {
    const NOT_CHECKED: &str = "error[head-not-checked]";
    let aws = CannedAws::start();
    let sandbox = sandbox(&aws);
    applied(&sandbox, &[]);
    sandbox.commit(&manifests(&two("max_sts_ttl: 30m")));
    assert_eq!(refused(&sandbox, &[&SIGNED, &ONE]), NOT_CHECKED, "the head is not signed");
    applied(&sandbox, &[&SIGNED]);
    sandbox.commit(&manifests(&two("max_sts_ttl: 45m")));
    let other = ["--sign-with", "../p256.pem"];
    assert_eq!(refused(&sandbox, &[&other, &ONE]), NOT_CHECKED, "the head is signed with another key");
    applied(&sandbox, &[&SIGNED, &ONE]);
    applied(&sandbox, &[&other, &ONE, &PINNED, &["--head-key", "../p256.pub.pem"]]);
    applied(&sandbox, &[&SIGNED]);
    let _ = sandbox.run(&with(ISSUE, &PINNED)).expect(exit::FINE);
}

#[test]
fn roles_that_are_left_out_are_not_signed_along_unchecked() {
    let aws = CannedAws::start();
    let sandbox = sandbox(&aws);
    applied(&sandbox, &[]);
    sandbox.commit(&manifests(&two("max_sts_ttl: 30m")));
    let _ = sandbox.run(&["plan", "--out", "../plan.json"]).expect(exit::FINE);
    aws.put("ProdAppReadOnly", 7_200, &scene::trusting(BROKER));
    assert_eq!(refused(&sandbox, &[&SIGNED, &["../plan.json"]]), "error[head-not-checked]");
}

#[test]
fn a_signature_that_does_not_fit_is_not_replaced_by_a_good_one() {
    let aws = CannedAws::start();
    let sandbox = sandbox(&aws);
    applied(&sandbox, &[&SIGNED]);
    let file = sandbox.repo().join(".leasehold/head.json");
    let head = std::fs::read_to_string(&file).expect("readable");
    let at = head.find("\"value\":\"").expect("signed") + 9;
    let other = if &head[at..=at] == "A" { "B" } else { "A" };
    std::fs::write(&file, [&head[..at], other, &head[at + 1..]].concat()).expect("written");
    assert_eq!(refused(&sandbox, &[&SIGNED]), DISTRUSTED);
    applied(&sandbox, &[&["--drop-signature"]]);
    applied(&sandbox, &[&SIGNED]);
    let _ = sandbox.run(&with(ISSUE, &PINNED)).expect(exit::FINE);
}

#[test]
fn no_head_is_written_that_the_same_pins_would_refuse() {
    const REFUSED: &str = "error[head-would-be-refused]";
    let aws = CannedAws::start();
    let sandbox = sandbox(&aws);
    assert_eq!(refused(&sandbox, &[&PINNED]), REFUSED, "the first head, not signed");
    assert_eq!(refused(&sandbox, &[&PINNED, &["--sign-with", "../other.pem"]]), REFUSED);
    applied(&sandbox, &[&PINNED, &SIGNED]);
    assert_eq!(refused(&sandbox, &[&PINNED, &["--sign-with", "../p256.pem"]]), REFUSED);
    assert_eq!(refused(&sandbox, &[&PINNED, &["--drop-signature"]]), REFUSED);
    assert_eq!(refused(&sandbox, &[&PINNED]), "error[head-is-signed]");
    let _ = sandbox.run(&with(ISSUE, &PINNED)).expect(exit::FINE);
    assert_eq!(refusal(&sandbox, &with(ISSUE, &["--head-key", "../other.pub.pem"]), exit::FAILED), DISTRUSTED);
}

#[test]
fn an_option_that_is_given_nothing_is_no_option_left_out() {
    let sandbox = Sandbox::new();
    for command in [ISSUE, &["sweep"], &["audit", "verify"], &["lease", "renew", "x", "--increment", "1h"]] {
        for option in [["--head-key", ""], ["--head-memory", ""]] {
            let done = sandbox.run(&with(command, &option)).expect(exit::USAGE);
            assert!(done.stderr.contains(&format!("the value of {} is empty", option[0])), "{}", done.stderr);
        }
    }
    let _ = sandbox.run(&with(ISSUE, &["--head-key", "a.pem", "--head-key", ""])).expect(exit::USAGE);
    let _ = sandbox.run(&with(APPLY, &["--sign-with="])).expect(exit::USAGE);
}

#[test]
fn an_apply_remembers_the_head_that_it_wrote() {
    let aws = CannedAws::start();
    let sandbox = sandbox(&aws);
    let memory = ["--head-memory", "../memory"];
    applied(&sandbox, &[&memory]);
    let _ = sandbox.run_plain("cp", &["-a", ".leasehold", "../older"]).expect(0);
    sandbox.commit(&manifests(&two("max_sts_ttl: 30m")));
    applied(&sandbox, &[&memory]);
    let _ = sandbox.run_plain("rm", &["-r", ".leasehold"]).expect(0);
    let _ = sandbox.run_plain("cp", &["-a", "../older", ".leasehold"]).expect(0);
    assert_eq!(refusal(&sandbox, &with(APPLY, &memory), exit::FAILED), DISTRUSTED);
}

#[test]
fn a_memory_that_cannot_be_used_is_not_taken_for_the_state() {
    let aws = CannedAws::start();
    let sandbox = sandbox(&aws);
    applied(&sandbox, &[]);
    std::fs::write(sandbox.path("file"), "").expect("written");
    std::fs::create_dir_all(sandbox.path("damaged")).expect("made");
    std::fs::write(sandbox.path("damaged/seen.json"), "{}").expect("written");
    std::os::unix::fs::symlink(sandbox.path("damaged"), sandbox.path("link")).expect("linked");
    for memory in ["../file", "../damaged", "../link", "../file/below"] {
        let done = sandbox.run(&with(ISSUE, &["--head-memory", memory])).expect(exit::FAILED);
        let said = &done.stderr;
        assert!(said.starts_with("error[memory-unusable]: what --head-memory remembers at file://"), "{said}");
        assert!(!said.contains("--state") && !said.contains("the state "), "{said}");
    }
}

#[test]
fn a_private_key_in_the_place_of_its_name_is_not_repeated() {
    let aws = CannedAws::start();
    let mut sandbox = sandbox(&aws);
    let base64 = PRIVATE.lines().nth(1).expect("a line");
    let in_one_line = PRIVATE.replace('\n', "\\n");
    for key in [PRIVATE, base64, PRIVATE.trim_end(), &in_one_line, &PRIVATE.replace('\n', " ")] {
        let given = ["apply", "--auto-approve", "--sign-with", key];
        let done = sandbox.run(&given).expect(exit::FAILED);
        assert!(
            done.stderr.contains("error[key-unreadable]: the key of --sign-with, which looks like a key itself"),
            "{key}"
        );
        assert!(!done.all().contains(base64), "{}", done.all());
        sandbox.set("LEASEHOLD_SIGN_WITH", key);
        for command in [APPLY, &["apply", "--help"], &["apply", "-h"], &["apply", "--no-such-option"], ISSUE] {
            let done = sandbox.run(command);
            assert!(!done.all().contains(base64), "{command:?}: {}", done.all());
        }
        sandbox.unset("LEASEHOLD_SIGN_WITH");
    }
    let done = sandbox.run(&with(ISSUE, &["--head-key", PRIVATE.lines().nth(1).expect("a line")])).expect(exit::FAILED);
    assert!(!done.all().contains(base64), "{}", done.all());
}

#[test]
fn the_apply_that_a_plan_names_would_not_be_refused() {
    let aws = CannedAws::start();
    let mut sandbox = sandbox(&aws);
    applied(&sandbox, &[&SIGNED]);
    sandbox.commit(&manifests(&two("max_sts_ttl: 30m")));
    let pem = std::fs::read_to_string(sandbox.path("key.pub.pem")).expect("readable");
    let next = |sandbox: &Sandbox, more: &[&str]| {
        let said = sandbox.run(&[&["plan"], more].concat()).expect(exit::FINE).stdout;
        said.lines().rfind(|line| line.starts_with("Next: ")).expect("a line").to_owned()
    };
    let line = next(&sandbox, &["--head-key", &pem]);
    assert!(line.starts_with("Next: leasehold apply --sign-with KEY --head-key FILE --expect-plan sha256:"), "{line}");
    sandbox.set("LEASEHOLD_SIGN_WITH", "../key.pem");
    let line = next(&sandbox, &PINNED);
    assert!(line.starts_with("Next: leasehold apply --head-key ../key.pub.pem --expect-plan sha256:"), "{line}");
}
