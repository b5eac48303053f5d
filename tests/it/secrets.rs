//! A planted secret is handed over once, and is nowhere else: in no log, message, state object or file, whatever fails.

mod process;

use std::fs::OpenOptions;
use std::process::Stdio;

use leasehold::domain::secret::Secret;
use leasehold::output::exit;
use leasehold::testing::{CANARY_SECRET, CANARY_TOKEN, Fault, FaultyStore, MemoryStore, Trouble};
use leasehold::wire::credentials_v1::{self, HandOver};

use crate::canned_aws::{CannedAws, manifests, two};
use crate::fault_server::{Reply, Request};
use crate::sandbox::{Done, Sandbox};
use crate::scene::{READ_ONLY, Scene, request, role};

/// The caller's own secrets, which must not show either.
const CALLER_SECRET: &str = "callers/own+SECRETaccessKEYneverPRINTED2222";
const CALLER_TOKEN: &str = "callers/own+SESSIONtokenNEVERprinted333333==";

/// A secret in every form that a careless program might write it in.
pub(crate) fn forms(secret: &str) -> Vec<String> {
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let url: String = secret
        .bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect();
    let json: String = secret.replace('/', "\\/");
    let escaped: String = secret.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
    let bytes = format!("{:?}", secret.as_bytes()).trim_matches(['[', ']']).to_owned();
    let mut forms = vec![secret.to_owned(), hex.to_uppercase(), hex, url.to_lowercase(), url, json, escaped, bytes];
    // Base64 of anything that holds the secret: its bytes can begin at three offsets.
    forms.extend((0..3).map(|offset| base64_inside(secret.as_bytes(), offset)));
    // A piece of it is as bad: half a key is half the work.
    forms.extend([secret[..12].to_owned(), secret[secret.len() - 12..].to_owned()]);
    forms
}

/// The part of the base64 of `<offset unknown bytes><secret><anything>` that depends on the secret alone.
fn base64_inside(secret: &[u8], offset: usize) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let whole: Vec<u8> = std::iter::repeat_n(0, offset).chain(secret.iter().copied()).collect();
    let groups = whole.chunks_exact(3).skip(usize::from(offset > 0));
    let sextets = groups.flat_map(|group| {
        let bits = (u32::from(group[0]) << 16) | (u32::from(group[1]) << 8) | u32::from(group[2]);
        [18, 12, 6, 0].map(|shift| char::from(ALPHABET[(bits >> shift & 63) as usize]))
    });
    sextets.collect()
}

#[track_caller]
fn clean(place: &str, text: &str) {
    for secret in [CANARY_SECRET, CANARY_TOKEN, CALLER_SECRET, CALLER_TOKEN] {
        for form in forms(secret) {
            assert!(!text.contains(&form), "{place} holds a secret as {form}:\n{text}");
        }
    }
}

#[test]
fn every_form_of_a_secret_is_looked_for() {
    assert!(forms("sëcret-enough/for+this")[1].starts_with("73C3AB"));
    // `base64(b"x" + secret)`, made elsewhere.
    assert!("eExFQVNFSE9MRGNhbmFyeVNFQ1JFVA==".contains(&base64_inside(b"LEASEHOLDcanarySECRET", 1)));
    let caught = std::panic::catch_unwind(|| clean("here", &format!("a {CANARY_TOKEN} b")));
    assert!(caught.is_err());
}

/// Both roles applied, and everything said aloud from then on.
fn loud(aws: &CannedAws) -> Sandbox {
    let mut sandbox = aws.sandbox();
    sandbox.set("AWS_SECRET_ACCESS_KEY", CALLER_SECRET);
    sandbox.set("AWS_SESSION_TOKEN", CALLER_TOKEN);
    sandbox.set("LEASEHOLD_LOG", "trace");
    // Other programs' switches must not open ours.
    sandbox.set("RUST_LOG", "trace");
    sandbox.set("RUST_BACKTRACE", "full");
    sandbox.commit(&manifests(&two("max_sts_ttl: 1h")));
    let _ = sandbox.run(&["apply", "--auto-approve"]).expect(exit::FINE);
    sandbox
}

/// Nothing but what was handed over may hold a secret.
#[track_caller]
fn nothing_left(sandbox: &Sandbox, done: &Done) {
    clean("standard error", &done.stderr);
    for folder in ["repo", "home", "tmp"] {
        for (path, bytes) in sandbox.files(folder) {
            clean(&path.display().to_string(), &String::from_utf8_lossy(&bytes));
        }
    }
}

#[test]
fn a_hand_over_is_the_only_place() {
    let aws = CannedAws::start();
    let sandbox = loud(&aws);
    for format in ["json", "credential-process", "env"] {
        let done = sandbox.run(&["issue", "app-rw", "--format", format]).expect(exit::FINE);
        assert_eq!(done.stdout.matches(CANARY_SECRET).count(), 1, "{format}");
        nothing_left(&sandbox, &done);
    }
    for args in [&["lease", "list", "--all", "--format", "json"][..], &["lease", "list"], &["plan", "--format", "json"]]
    {
        let done = sandbox.run(args);
        clean("standard output", &done.stdout);
        nothing_left(&sandbox, &done);
    }
}

#[test]
fn failures_after_the_answer_hand_over_nothing() {
    type Break = fn(&std::path::Path);
    let audit: Break = |state| {
        std::fs::rename(state.join("audit"), state.join("was-audit")).expect("it is there");
        std::fs::write(state.join("audit"), "").expect("written");
    };
    let lease: Break = |state| {
        for entry in std::fs::read_dir(state.join("lease")).expect("there").flatten() {
            std::fs::write(entry.path(), "{}").expect("written");
        }
    };
    for (name, damage, code) in [("audit", audit, exit::AUDIT_NOT_WRITABLE), ("lease", lease, exit::STORE_BUSY)] {
        let aws = CannedAws::start();
        let sandbox = loud(&aws);
        let state = sandbox.repo().join(".leasehold");
        aws.fault(move |request: &Request| {
            // The answer is on its way, and only then the state breaks.
            if request.action() == "AssumeRole" {
                damage(&state);
            }
            None
        });
        let done = sandbox.run(&["issue", "app-rw"]).expect(code);
        assert_eq!(done.stdout, "", "{name}");
        assert_eq!(aws.sessions().len(), 1, "{name}: AWS answered before it broke");
        nothing_left(&sandbox, &done);
    }
}

#[test]
fn answers_that_make_no_sense_are_not_shown() {
    let half = |request: &Request| {
        (request.action() == "AssumeRole").then(|| {
            let text = format!("<AssumeRoleResponse><SecretAccessKey>{CANARY_SECRET}</SecretAccessKey>{CANARY_TOKEN}");
            Reply::Answer(200, text)
        })
    };
    let torn = |request: &Request| {
        (request.action() == "AssumeRole").then(|| Reply::Half(200, format!("{CANARY_SECRET}{CANARY_TOKEN}").repeat(2)))
    };
    let no_expiry = |request: &Request| {
        let answer = crate::fault_server::assumed(CANARY_SECRET, &format!("not a time {CANARY_TOKEN}"));
        (request.action() == "AssumeRole").then_some(Reply::Answer(200, answer))
    };
    for (name, fault) in [("half", half as fn(&Request) -> Option<Reply>), ("torn", torn), ("no expiry", no_expiry)] {
        let aws = CannedAws::start();
        let sandbox = loud(&aws);
        aws.fault(fault);
        let done = sandbox.run(&["issue", "app-rw", "--timeout", "3s"]);
        assert_ne!(done.code, 0, "{name}: {}", done.shown());
        assert_eq!(done.stdout, "", "{name}");
        nothing_left(&sandbox, &done);
    }
}

#[test]
fn a_full_disk_gets_nothing_and_standard_error_neither() {
    let aws = CannedAws::start();
    let sandbox = loud(&aws);
    for format in ["json", "credential-process", "env"] {
        let full = OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
        let mut command = sandbox.command(&["issue", "app-rw", "--format", format]);
        let output = command.stdout(full).stderr(Stdio::piped()).output().expect("it runs");
        let done = sandbox.done(&output).expect(exit::FAILED);
        nothing_left(&sandbox, &done);
    }
}

#[test]
fn an_mfa_code_is_a_secret_too() {
    let aws = CannedAws::start();
    let mut sandbox = loud(&aws);
    sandbox.set("LEASEHOLD_MFA_CODE", "940382");
    let done = sandbox.run(&["issue", "app-rw"]).expect(exit::ISSUE_REFUSED);
    assert!(!done.all().contains("940382"), "{}", done.shown());
    let help = sandbox.run(&["issue", "--help"]).expect(exit::FINE);
    assert!(!help.all().contains("940382"));
    for (path, bytes) in sandbox.files("repo/.leasehold") {
        assert!(!String::from_utf8_lossy(&bytes).contains("940382"), "{}", path.display());
    }
}

#[test]
fn an_mfa_code_is_in_no_request_that_could_not_be_made() {
    let aws = CannedAws::start();
    let mut sandbox = loud(&aws);
    sandbox.commit(&manifests(&two("max_sts_ttl: 1h\nmfa_serial_number: GAHT12345678")));
    let _ = sandbox.run(&["apply", "--auto-approve"]).expect(exit::FINE);
    sandbox.set("AWS_ENDPOINT_URL", &format!("{}/a b", aws.server.endpoint));
    sandbox.set("LEASEHOLD_MFA_CODE", "940382");
    let done = sandbox.run(&["issue", "app-rw"]).expect(exit::AWS_UNREACHABLE);
    assert!(done.stderr.contains("AWS_ENDPOINT_URL has a character"), "{}", done.shown());
    assert!(!done.all().contains("940382"), "{}", done.shown());
    for (path, bytes) in sandbox.files("repo/.leasehold") {
        assert!(!String::from_utf8_lossy(&bytes).contains("940382"), "{}", path.display());
    }
    assert!(aws.sessions().is_empty());
}

#[test]
fn whatever_the_store_does_nothing_of_it_is_kept() {
    let roles = role("app", READ_ONLY, "max_sts_ttl: 1h");
    for fault in [Fault::Refuse, Fault::Conflict, Fault::LoseRequest, Fault::LoseReply, Fault::KillAfter] {
        for step in 0.. {
            let (scene, inner) = (Scene::new(), MemoryStore::new());
            scene.apply(&inner, &roles).expect("applied");
            let store = FaultyStore::failing_at(inner, step, fault);
            match scene.issue(&store, "app") {
                Err(failure) => clean("a failure", &format!("{failure:?}")),
                Ok(issued) => {
                    clean("a lease", &format!("{:?} {:?} {:?}", issued.lease, issued.notes, issued.request_id));
                    let mut out = Vec::new();
                    let now = issued.lease.created_at;
                    let (lease, credentials) = (&issued.lease, &issued.credentials);
                    let handed = HandOver { lease, credentials, request_id: issued.request_id.as_str(), now };
                    credentials_v1::write_vault(handed, &mut out).expect("memory");
                    assert!(String::from_utf8_lossy(&out).contains(CANARY_SECRET), "the canary is planted");
                }
            }
            for (key, bytes) in store.inner().objects() {
                clean(&key, &String::from_utf8_lossy(&bytes));
            }
            if store.calls() <= step {
                break;
            }
        }
    }
}

#[test]
fn whatever_aws_does_nothing_of_it_is_kept() {
    for trouble in [Trouble::Throttle, Trouble::LoseReply, Trouble::Unreachable] {
        let (scene, store) = (Scene::new(), MemoryStore::new());
        scene.apply(&store, &role("app", READ_ONLY, "max_sts_ttl: 1h")).expect("applied");
        scene.cloud.trouble(leasehold::ports::CloudRead::calls(&scene.cloud) + 1, trouble);
        let mut asked = request("app");
        asked.token_code = None::<Secret>;
        let failure = scene.issue_as(&store, asked).map(drop).expect_err("it fails");
        clean("a failure", &format!("{failure:?}"));
        for (key, bytes) in store.objects() {
            clean(&key, &String::from_utf8_lossy(&bytes));
        }
    }
}
