//! Signed commits: our verdict beside git's own, on commits that git and ssh-keygen made.
//!
//! These tests need `ssh-keygen` (Debian: openssh-client), and fail where there is none: what is compared with git has to be
//! made by it. What was made once is kept beside `src/source/signed.rs`, and read by tests that need no tool.

use std::path::{Path, PathBuf};
use std::process::Output;

use leasehold::domain::signing::AllowedSigners;
use leasehold::source::signed_by;

use crate::sandbox::Sandbox;

const MANIFESTS: &str = "apiVersion: leasehold/v1\nkind: Broker\nmetadata: {name: prod}\nspec:\n  principal: \
                         arn:aws:iam::111122223333:role/VaultRunner\n  region: ap-northeast-1\n  deployment: prod\n";

/// Makes a key pair of this type and answers the public key's line.
pub(crate) fn key(sandbox: &Sandbox, name: &str, options: &[&str]) -> String {
    let file = sandbox.path(name);
    let file = file.to_str().expect("UTF-8");
    let arguments = [&["-q", "-N", "", "-C", "", "-f", file][..], options].concat();
    let made = sandbox.plain("ssh-keygen", &arguments).output();
    let made = made.expect("ssh-keygen runs: install openssh-client");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    std::fs::read_to_string(format!("{file}.pub")).expect("made").trim().to_owned()
}

/// Commits, signed with this key.
pub(crate) fn commit(sandbox: &Sandbox, text: &str, key: &str) -> String {
    sandbox.write("prod.yaml", text);
    sandbox.git(&["add", "--all"]);
    let key = format!("user.signingkey={}", sandbox.path(key).display());
    sandbox.git(&[
        "-c",
        "gpg.format=ssh",
        "-c",
        &key,
        "commit",
        "-S",
        "--quiet",
        "--allow-empty",
        "--message",
        "Change",
    ]);
    sandbox.git(&["rev-parse", "HEAD"])
}

fn allowed_file(sandbox: &Sandbox, text: &str) -> PathBuf {
    let file = sandbox.path("allowed_signers");
    std::fs::write(&file, text).expect("written");
    file
}

/// What git says of a commit with this list.
fn gits_verdict(sandbox: &Sandbox, commit: &str, allowed: &Path) -> Output {
    let list = format!("gpg.ssh.allowedSignersFile={}", allowed.display());
    let mut command = sandbox.plain("git", &["-c", &list, "verify-commit", commit]);
    command.env("TZ", "UTC").output().expect("git runs")
}

/// Our verdict: `Ok` with the principals, or the kind of the refusal.
fn verdict(sandbox: &Sandbox, commit: &str, allowed: &str) -> Result<String, String> {
    let list = AllowedSigners::parse(allowed).map_err(|error| format!("malformed: {error}"))?;
    let verdict = signed_by(&sandbox.repo(), commit, &list).expect("the repository can be read");
    verdict.map(|by| by.principals).map_err(|refusal| refusal.kind.to_owned())
}

#[test]
fn our_verdict_is_gits() {
    let sandbox = Sandbox::new();
    let types: [(&str, &[&str]); 5] = [
        ("ed25519", &["-t", "ed25519"]),
        ("p256", &["-t", "ecdsa", "-b", "256"]),
        ("p384", &["-t", "ecdsa", "-b", "384"]),
        ("rsa2048", &["-t", "rsa", "-b", "2048"]),
        ("rsa4096", &["-t", "rsa", "-b", "4096"]),
    ];
    let other = key(&sandbox, "other", &["-t", "ed25519"]);
    let mut compared = 0;
    for (name, options) in types {
        let key = key(&sandbox, name, options);
        // The sandbox's git commits on 2026-11-23 at noon.
        let id = commit(&sandbox, MANIFESTS, name);
        for (line, expected) in [
            (format!("a@example.com {key}"), Ok("a@example.com")),
            (format!("a@example.com {key} with a comment"), Ok("a@example.com")),
            (format!("# a comment\n\n  a@example.com,b@example.com {key}\n"), Ok("a@example.com,b@example.com")),
            (format!("* namespaces=\"git\" {key}"), Ok("*")),
            (format!("a namespaces=\"file,g?t\" {key}"), Ok("a")),
            (format!("a namespaces=\"file\" {key}"), Err("wrong-namespace")),
            (format!("a namespaces=\"!git,*\" {key}"), Err("wrong-namespace")),
            (format!("a valid-after=\"20261123\",valid-before=\"20261124\" {key}"), Ok("a")),
            (format!("a valid-after=\"202611231200\" {key}"), Ok("a")),
            (format!("a valid-after=\"20261123120001\" {key}"), Err("signer-not-valid")),
            (format!("a valid-before=\"20261123115959\" {key}"), Err("signer-not-valid")),
            (format!("a valid-before=\"20201231\" {key}\nb {key}"), Ok("b")),
            (format!("a {other}"), Err("unknown-signer")),
            (format!("a {other}\nb {key}"), Ok("b")),
            (format!("a cert-authority {key}"), Err("unknown-signer")),
        ] {
            let ours = verdict(&sandbox, &id, &line);
            let git = gits_verdict(&sandbox, &id, &allowed_file(&sandbox, &line));
            let told = String::from_utf8_lossy(&git.stderr);
            assert_eq!(ours.as_deref().map_err(String::as_str), expected, "{name}: {line}\ngit says {told}");
            assert_eq!(git.status.success(), expected.is_ok(), "{name}: {line}\ngit says {told}");
            compared += 1;
        }
    }
    assert_eq!(compared, 75);
}

#[test]
fn a_commit_that_says_something_else_than_was_signed_is_refused_by_both() {
    let sandbox = Sandbox::new();
    let line = format!("a {}", key(&sandbox, "signer", &["-t", "ed25519"]));
    let list = allowed_file(&sandbox, &line);
    let first = commit(&sandbox, MANIFESTS, "signer");
    assert_eq!(verdict(&sandbox, &first, &line), Ok("a".to_owned()));
    let raw = sandbox.git(&["cat-file", "commit", &first]);
    let forge = |raw: &str| {
        let file = sandbox.path("raw");
        std::fs::write(&file, format!("{raw}\n")).expect("written");
        sandbox.git(&["hash-object", "-t", "commit", "-w", "--literally", file.to_str().expect("UTF-8")])
    };
    assert_eq!(forge(&raw), first, "a commit is what cat-file shows of it");
    let tree = sandbox.git(&["hash-object", "-t", "tree", "-w", "/dev/null"]);
    let signature: Vec<&str> = raw.lines().skip_while(|line| !line.starts_with("gpgsig ")).collect();
    let end =
        signature.iter().position(|line| !line.starts_with("gpgsig ") && !line.starts_with(' ')).expect("it ends");
    let signature = signature[..end].join("\n");
    let tree_line = raw.lines().next().expect("a tree");
    for (forged, expected) in [
        (raw.replace("\n\nChange", "\n\nChanged"), "bad-signature"),
        (raw.replacen(tree_line, &format!("tree {tree}"), 1), "bad-signature"),
        (raw.replacen("author Test", "author Jest", 1), "bad-signature"),
        (raw.replacen(&format!("{signature}\n"), "", 1), "unsigned-commit"),
        (raw.replace("-----BEGIN SSH", "-----BEGIN PGP"), "foreign-signature"),
    ] {
        let id = forge(&forged);
        assert_eq!(verdict(&sandbox, &id, &line), Err(expected.to_owned()), "{forged}");
        assert!(!gits_verdict(&sandbox, &id, &list).status.success(), "{forged}");
    }
    // Of two signatures git looks at one, and not every git at the same: here both must go.
    let twice = forge(&raw.replacen(&format!("{signature}\n"), &format!("{signature}\n{signature}\n"), 1));
    assert_eq!(verdict(&sandbox, &twice, &line), Err("malformed-signature".to_owned()));
    // A signature that the same key made for something else.
    let payload = raw.replacen(&format!("{signature}\n"), "", 1) + "\n";
    let file = sandbox.path("payload");
    std::fs::write(&file, &payload).expect("written");
    let (signer, file) = (sandbox.path("signer"), file.to_str().expect("UTF-8").to_owned());
    let signer = signer.to_str().expect("UTF-8");
    for (namespace, expected) in [("file", Err("wrong-namespace")), ("git", Ok("a"))] {
        let _ = std::fs::remove_file(format!("{file}.sig"));
        let signed = sandbox.run_plain("ssh-keygen", &["-Y", "sign", "-q", "-n", namespace, "-f", signer, &file]);
        let _ = signed.expect(0);
        let made = std::fs::read_to_string(format!("{file}.sig")).expect("signed");
        let header = format!("gpgsig {}", made.trim_end().replace('\n', "\n "));
        let id = forge(&raw.replacen(&signature, &header, 1));
        let ours = verdict(&sandbox, &id, &line);
        assert_eq!(ours.as_deref().map_err(String::as_str), expected);
        assert_eq!(gits_verdict(&sandbox, &id, &list).status.success(), expected.is_ok());
    }
}

#[test]
fn what_is_not_supported_is_told_by_name() {
    let sandbox = Sandbox::new();
    let p521 = key(&sandbox, "p521", &["-t", "ecdsa", "-b", "521"]);
    let id = commit(&sandbox, MANIFESTS, "p521");
    assert_eq!(verdict(&sandbox, &id, &format!("a {p521}")), Err("unsupported-key".to_owned()));
    let small = key(&sandbox, "small", &["-t", "rsa", "-b", "1024"]);
    let id = commit(&sandbox, MANIFESTS, "small");
    assert_eq!(verdict(&sandbox, &id, &format!("a {small}")), Err("unsupported-key".to_owned()));
    // A certificate: the authority signs the key of somebody, who signs the commit with it.
    let authority = key(&sandbox, "authority", &["-t", "ed25519"]);
    let _ = key(&sandbox, "person", &["-t", "ed25519"]);
    let path = |name: &str| sandbox.path(name).to_str().expect("UTF-8").to_owned();
    let arguments = ["-q", "-s", &path("authority"), "-I", "id", "-n", "a@example.com", &path("person.pub")];
    let _ = sandbox.run_plain("ssh-keygen", &arguments).expect(0);
    let id = commit(&sandbox, MANIFESTS, "person-cert.pub");
    let list = format!("a@example.com cert-authority {authority}");
    assert_eq!(verdict(&sandbox, &id, &list), Err("certificate-signature".to_owned()));
}
