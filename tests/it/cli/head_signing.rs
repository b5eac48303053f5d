//! A head that is signed: `apply --sign-with`, `--head-key`, `--head-memory`.

use std::os::unix::fs::PermissionsExt as _;

use leasehold::output::exit;

use crate::canned_aws::{CannedAws, manifests, two};
use crate::emulator::{self, block_on};
use crate::sandbox::Sandbox;
use crate::scene;

/// Made for these tests with `openssl genpkey`, and used nowhere else.
pub(crate) const PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\n\
     MC4CAQAwBQYDK2VwBCIEIPpr33JyHT+GbUYMnX7u6lGKKrObIBKeYYyQS8OWakYe\n\
     -----END PRIVATE KEY-----\n";
const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\n\
     MCowBQYDK2VwAyEA8q9/VsATvsq8WuwQ/aI/m4fDWWX287CWWlyHHaEHEeE=\n\
     -----END PUBLIC KEY-----\n";
pub(crate) const OTHER_PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\n\
     MC4CAQAwBQYDK2VwBCIEIEsNfxPnt2iwyUeaogebBzFC7DSsPoCIcMU11RVKC+4G\n\
     -----END PRIVATE KEY-----\n";
const OTHER_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\n\
     MCowBQYDK2VwAyEAbDFexlgvg4NSwWMIjwyUEpjYR7G5rr7by443TtDOlYg=\n\
     -----END PUBLIC KEY-----\n";
const P256_PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\n\
     MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgMlJGlSb7b9yuXdgz\n\
     Z1D5SmkopYinDFsxHyocNdZMsXOhRANCAAQX1BciTL+adcaK62ZlP5stEWaTjxoL\n\
     vBxmjuzkPXDUYQwF1i7U8Pqp6YRz2XncaUXwITvbE0ZQy55NnyV5qiMV\n\
     -----END PRIVATE KEY-----\n";
const P256_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\n\
     MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEF9QXIky/mnXGiutmZT+bLRFmk48a\n\
     C7wcZo7s5D1w1GEMBdYu1PD6qemEc9l53GlF8CE72xNGUMueTZ8leaojFQ==\n\
     -----END PUBLIC KEY-----\n";

/// A repository with two roles, and the keys beside it.
pub(super) fn sandbox(aws: &CannedAws) -> Sandbox {
    let sandbox = aws.sandbox();
    sandbox.commit(&manifests(&two("max_sts_ttl: 1h")));
    for (name, text) in [
        ("key.pem", PRIVATE),
        ("key.pub.pem", PUBLIC),
        ("other.pem", OTHER_PRIVATE),
        ("other.pub.pem", OTHER_PUBLIC),
        ("p256.pem", P256_PRIVATE),
        ("p256.pub.pem", P256_PUBLIC),
    ] {
        std::fs::write(sandbox.path(name), text).expect("written");
        // As `openssl genpkey` leaves a private key; of a public one it does not matter.
        set_mode(&sandbox, name, 0o600);
    }
    sandbox
}

fn set_mode(sandbox: &Sandbox, name: &str, mode: u32) {
    std::fs::set_permissions(sandbox.path(name), std::fs::Permissions::from_mode(mode)).expect("ours");
}

pub(super) const APPLY: &[&str] = &["apply", "--auto-approve"];
pub(super) const ISSUE: &[&str] = &["issue", "app-readonly"];

pub(super) fn with(command: &[&'static str], more: &[&'static str]) -> Vec<&'static str> {
    [command, more].concat()
}

/// What it says begins with the kind of the error.
pub(super) fn refusal(sandbox: &Sandbox, command: &[&str], code: u8) -> String {
    let done = sandbox.run(command).expect(code);
    assert!(done.stdout.is_empty(), "nothing is handed out: {}", done.stdout);
    done.stderr.chars().take_while(|c| *c != ':').collect()
}

pub(super) const DISTRUSTED: &str = "error[head-not-trusted]";

#[test]
fn a_signed_head_is_issued_from_and_no_other() {
    let aws = CannedAws::start();
    let sandbox = sandbox(&aws);
    let pinned = with(ISSUE, &["--head-key", "../key.pub.pem"]);
    let done = sandbox.run(&with(APPLY, &["--sign-with", "../key.pem"])).expect(exit::FINE);
    assert!(done.stdout.contains("The head is signed with the key sha256:"), "{}", done.stdout);
    let _ = sandbox.run(&pinned).expect(exit::FINE);
    let _ = sandbox.run(&with(&["issue", "app-rw"], &["--head-key", PUBLIC])).expect(exit::FINE);
    let _ = sandbox.run(&with(&["sweep"], &["--head-key", "../key.pub.pem"])).expect(exit::FINE);
    let _ = sandbox.run(&with(&["audit", "verify"], &["--head-key", "../key.pub.pem"])).expect(exit::FINE);
    let _ = sandbox.run(&with(&["plan"], &["--head-key", "../key.pub.pem"])).expect(exit::FINE);
    let _ = sandbox.run(ISSUE).expect(exit::FINE);
    let other = ["--head-key", "../other.pub.pem"];
    for command in [ISSUE, &["sweep"], &["plan"], &["drift"], &["audit", "verify"], APPLY] {
        assert_eq!(refusal(&sandbox, &with(command, &other), exit::FAILED), DISTRUSTED, "{command:?}");
    }

    // A new key: both are pinned until everything is signed with the new one, which takes one apply.
    let both = ["--head-key", "../key.pub.pem", "--head-key", "../p256.pub.pem"];
    let rotate = with(&with(APPLY, &["--sign-with", "../p256.pem"]), &both);
    let rotated = sandbox.run(&rotate).expect(exit::FINE).stdout;
    assert!(rotated.contains("serial 2"), "{rotated}");
    assert_eq!(refusal(&sandbox, &pinned, exit::FAILED), DISTRUSTED);
    let _ = sandbox.run(&with(&pinned, &["--head-key", "../p256.pub.pem"])).expect(exit::FINE);
    let again = sandbox.run(&with(APPLY, &["--sign-with", "../p256.pem"])).expect(exit::FINE).stdout;
    assert!(again.contains("Nothing to apply"), "{again}");
}

#[test]
fn a_signature_is_not_lost_by_leaving_out_an_option() {
    let aws = CannedAws::start();
    let sandbox = sandbox(&aws);
    let _ = sandbox.run(&with(APPLY, &["--sign-with", "../key.pem"])).expect(exit::FINE);
    sandbox.commit(&manifests(&two("max_sts_ttl: 30m")));
    let before = sandbox.files("repo/.leasehold");
    let done = sandbox.run(APPLY).expect(exit::FAILED);
    assert!(done.stderr.contains("error[head-is-signed]"), "{}", done.stderr);
    assert_eq!(sandbox.files("repo/.leasehold"), before);
    let _ = sandbox.run(&with(APPLY, &["--drop-signature"])).expect(exit::FINE);
    let pinned = with(ISSUE, &["--head-key", "../key.pub.pem"]);
    assert_eq!(refusal(&sandbox, &pinned, exit::FAILED), DISTRUSTED);
    let _ = sandbox.run(APPLY).expect(exit::FINE);
}

#[test]
fn an_older_head_is_refused_by_who_has_seen_a_newer_one() {
    let aws = CannedAws::start();
    let sandbox = sandbox(&aws);
    let _ = sandbox.run(&with(APPLY, &["--sign-with", "../key.pem"])).expect(exit::FINE);
    let copy = |from: &str, to: &str| {
        let _ = sandbox.run_plain("cp", &["-a", from, to]).expect(0);
    };
    copy(".leasehold", "../older");
    let trusting = with(ISSUE, &["--head-key", "../key.pub.pem", "--head-memory", "../memory"]);
    let _ = sandbox.run(&trusting).expect(exit::FINE);
    sandbox.commit(&manifests(&two("max_sts_ttl: 30m")));
    let _ = sandbox.run(&with(APPLY, &["--sign-with", "../key.pem"])).expect(exit::FINE);
    let _ = sandbox.run(&trusting).expect(exit::FINE);
    assert!(sandbox.path("memory/seen.json").is_file());

    // The whole state of before, which is sound in itself and signed.
    let _ = sandbox.run_plain("rm", &["-r", ".leasehold"]).expect(0);
    copy("../older", ".leasehold");
    let _ = sandbox.run(&with(ISSUE, &["--head-key", "../key.pub.pem"])).expect(exit::FINE);
    for command in [ISSUE, &["sweep"]] {
        let remembering = with(command, &["--head-memory", "../memory"]);
        assert_eq!(refusal(&sandbox, &remembering, exit::FAILED), DISTRUSTED, "{command:?}");
    }
    // No state at all, and another one.
    let _ = sandbox.run_plain("rm", &["-r", ".leasehold"]).expect(0);
    assert_eq!(refusal(&sandbox, &with(ISSUE, &["--head-memory", "../memory"]), exit::FAILED), DISTRUSTED);
    let _ = sandbox.run(APPLY).expect(exit::FINE);
    assert_eq!(refusal(&sandbox, &with(ISSUE, &["--head-memory", "../memory"]), exit::FAILED), DISTRUSTED);
}

#[test]
fn a_memory_inside_of_the_state_is_refused() {
    let aws = CannedAws::start();
    let sandbox = sandbox(&aws);
    let _ = sandbox.run(APPLY).expect(exit::FINE);
    std::os::unix::fs::symlink(sandbox.repo().join(".leasehold/audit"), sandbox.path("link")).expect("linked");
    let before = sandbox.files("repo/.leasehold");
    for memory in
        [".leasehold", ".leasehold/memory", "../link/memory", "../link/../memory", "manifests/../.leasehold/m"]
    {
        for command in [ISSUE, APPLY, &["plan"], &["audit", "verify"], &["sweep"]] {
            let remembering = [command, &["--head-memory", memory]].concat();
            assert_eq!(refusal(&sandbox, &remembering, exit::USAGE), "error[memory-in-state]", "{remembering:?}");
        }
    }
    assert_eq!(sandbox.files("repo/.leasehold"), before);
    let _ = sandbox.run(&with(ISSUE, &["--head-memory", ".leasehold/../../memory"])).expect(exit::FINE);
    assert!(sandbox.path("memory/seen.json").is_file());
}

#[test]
fn no_flipped_bit_of_a_signed_head_is_issued_from() {
    let aws = CannedAws::start();
    let sandbox = sandbox(&aws);
    let _ = sandbox.run(&with(APPLY, &["--sign-with", "../key.pem"])).expect(exit::FINE);
    let file = sandbox.repo().join(".leasehold/head.json");
    let good = std::fs::read(&file).expect("readable");
    let pinned = with(ISSUE, &["--head-key", "../key.pub.pem"]);
    // Every bit of every byte is flipped beside the wire form; here one in each part goes the whole way.
    for at in (0..good.len() - 1).step_by(good.len() / 12) {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        std::fs::write(&file, &bytes).expect("written");
        let kind = refusal(&sandbox, &pinned, exit::FAILED);
        assert!([DISTRUSTED, "error[state-damaged]"].contains(&kind.as_str()), "byte {at}: {kind}");
    }
}

#[test]
fn keys_that_cannot_be_used_are_told_and_not_shown() {
    let aws = CannedAws::start();
    let mut sandbox = sandbox(&aws);
    std::fs::write(
        sandbox.path("bad.pem"),
        "-----BEGIN RSA PRIVATE KEY-----\nc2VjcmV0\n-----END RSA PRIVATE KEY-----\n",
    )
    .expect("written");
    for file in ["../bad.pem", "../absent.pem", "../key.pub.pem"] {
        // Before git and AWS are read: there is no such folder.
        let done = sandbox.run(&with(APPLY, &["--dir", "nowhere", "--sign-with", file])).expect(exit::FAILED);
        assert!(done.stderr.contains("error[key-unreadable]"), "{}", done.stderr);
        assert!(!done.all().contains("c2VjcmV0"), "{}", done.all());
    }
    for file in ["../bad.pem", "../absent.pem", "../key.pem"] {
        assert_eq!(refusal(&sandbox, &with(ISSUE, &["--head-key", file]), exit::FAILED), "error[key-unreadable]");
    }
    let inline = with(ISSUE, &["--head-key", "-----BEGIN PUBLIC KEY-----"]);
    assert_eq!(refusal(&sandbox, &inline, exit::USAGE), "error[bad-head-key]");
    let other = with(APPLY, &["--dir", "nowhere", "--sign-with", "arn:aws:iam::111122223333:role/r"]);
    let arn = sandbox.run(&other).expect(exit::USAGE);
    assert!(arn.stderr.contains("error[bad-signing-key]"), "{}", arn.stderr);
    // Variables that are set to nothing are how a pipeline leaves an option out.
    for name in ["LEASEHOLD_HEAD_KEY", "LEASEHOLD_SIGN_WITH", "LEASEHOLD_HEAD_MEMORY"] {
        sandbox.set(name, "");
    }
    let _ = sandbox.run(APPLY).expect(exit::FINE);
    let _ = sandbox.run(ISSUE).expect(exit::FINE);
}

#[test]
fn a_private_key_that_others_can_read_is_warned_of_once() {
    let aws = CannedAws::start();
    let sandbox = sandbox(&aws);
    let signed = with(APPLY, &["--sign-with", "../key.pem"]);
    let warning = "warning: the private key `../key.pem` can be read by other users (mode 0444)";
    // As a container gets a mounted secret: it is used all the same.
    set_mode(&sandbox, "key.pem", 0o444);
    let done = sandbox.run(&signed).expect(exit::FINE);
    assert_eq!(done.stderr.matches(warning).count(), 1, "{}", done.stderr);
    for mode in [0o400, 0o600] {
        set_mode(&sandbox, "key.pem", mode);
        let done = sandbox.run(&signed).expect(exit::FINE);
        assert!(!done.stderr.contains("warning"), "{mode:o}: {}", done.stderr);
    }
}

#[test]
fn a_key_may_come_through_a_pipe_and_is_read_up_to_a_limit() {
    let aws = CannedAws::start();
    let sandbox = sandbox(&aws);
    let piped = |source: &str, key: &str| {
        let command = format!("{source} | {} apply --auto-approve --sign-with {key}", crate::sandbox::binary());
        sandbox.run_plain("/bin/sh", &["-c", &command])
    };
    let done = piped("cat ../key.pem", "/dev/stdin").expect(exit::FINE);
    assert!(done.stdout.contains("The head is signed") && !done.stderr.contains("warning"), "{}", done.all());
    for (source, key) in [("cat /dev/zero", "/dev/stdin"), ("true", "/dev/zero")] {
        let refused = piped(source, key).expect(exit::FAILED).stderr;
        assert!(refused.contains("error[key-unreadable]") && refused.contains("more than 65536 bytes"), "{refused}");
    }
}

#[test]
fn a_key_in_kms_signs_and_what_it_signs_is_verified_with_its_public_half() {
    use aws_sdk_kms::types::{KeySpec, KeyUsageType};
    let Some(emulator) = emulator::shared() else { return };
    let account = emulator.account();
    let broker = block_on(async {
        account.seed().await;
        let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["kms:GetPublicKey","kms:Sign"],"Resource":"*"}]}"#;
        let put = account.iam().put_role_policy().role_name("VaultRunner").policy_name("sign").policy_document(policy);
        put.send().await.expect("IAM takes the policy");
        account.credentials_of("VaultRunner").await
    });
    let sandbox = Sandbox::at(&emulator.endpoint, &broker);
    let role = scene::role("app", account.role_arn("ProdAppReadOnly").as_str(), "max_sts_ttl: 1h");
    sandbox.commit(&scene::manifests(account.role_arn("VaultRunner").as_str(), &role));
    let make = async |spec: KeySpec, usage: KeyUsageType| {
        let made = account.kms().create_key().key_spec(spec).key_usage(usage).send().await.expect("a key");
        made.key_metadata().expect("described").arn().expect("named").to_owned()
    };
    for spec in [KeySpec::EccNistP256, KeySpec::EccNistEdwards25519] {
        let (arn, public) = block_on(async {
            let arn = make(spec, KeyUsageType::SignVerify).await;
            let public = account.kms().get_public_key().key_id(&arn).send().await.expect("public");
            (arn, public.public_key().expect("a key").as_ref().to_vec())
        });
        let base64 = leasehold::domain::base64::encode(&public);
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{base64}\n-----END PUBLIC KEY-----\n");
        let done = sandbox.run(&["apply", "--auto-approve", "--sign-with", &arn]).expect(exit::FINE);
        assert!(done.stdout.contains("The head is signed"), "{}", done.stdout);
        let _ = sandbox.run(&["issue", "app", "--head-key", &pem]).expect(exit::FINE);
        assert_eq!(refusal(&sandbox, &["issue", "app", "--head-key", PUBLIC], exit::FAILED), DISTRUSTED);
    }
    let symmetric = block_on(make(KeySpec::SymmetricDefault, KeyUsageType::EncryptDecrypt));
    let refused = sandbox.run(&["apply", "--auto-approve", "--sign-with", &symmetric]);
    assert_ne!(refused.code, i32::from(exit::FINE), "{}", refused.all());
}
