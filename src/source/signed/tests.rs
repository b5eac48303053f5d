//! On commits that git and ssh-keygen made once, and on signatures of a FIDO key made here: no tool is needed.

use ring::digest::{SHA256, SHA512, digest};
use ring::signature::{Ed25519KeyPair, KeyPair as _};

use super::*;

const COMMITS: [(&str, &[u8]); 4] = [
    ("ed25519", include_bytes!("ed25519.commit")),
    ("p256", include_bytes!("p256.commit")),
    ("p384", include_bytes!("p384.commit")),
    ("rsa", include_bytes!("rsa.commit")),
];

fn list() -> AllowedSigners {
    AllowedSigners::parse(include_str!("allowed_signers")).expect("a list")
}

fn kind(raw: &[u8], allowed: &AllowedSigners) -> Result<String, &'static str> {
    judge(raw, allowed).map(|by| by.principals).map_err(|refusal| refusal.kind)
}

#[test]
fn a_commit_of_each_kind_of_key_is_believed() {
    for (name, raw) in COMMITS {
        assert_eq!(kind(raw, &list()), Ok(format!("{name}@example.com")));
    }
}

#[test]
fn no_changed_byte_of_a_commit_is_believed() {
    for (name, raw) in COMMITS {
        for at in 0..raw.len() {
            let mut changed = raw.to_vec();
            changed[at] ^= 1;
            // The armour's own line breaks may move, and the padding's spare bits may vary: that signs the same.
            let same = SignedCommit::parse(&changed).and_then(|commit| {
                let signature = SshSignature::parse(&commit.signature)?;
                Ok((signature, commit.payload))
            });
            let original = SignedCommit::parse(raw).expect("a commit");
            let same = same.is_ok_and(|(signature, payload)| {
                payload == original.payload && Ok(signature) == SshSignature::parse(&original.signature)
            });
            assert_eq!(judge(&changed, &list()).is_ok(), same, "{name}: byte {at}");
        }
        for end in 0..raw.len() {
            assert!(judge(&raw[..end], &list()).is_err(), "{name}: cut at {end}");
        }
    }
}

fn string(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&u32::try_from(bytes.len()).expect("short").to_be_bytes());
    out.extend_from_slice(bytes);
}

fn base64(bytes: &[u8]) -> String {
    let mut text = crate::domain::base64::encode_unpadded(bytes);
    text.push_str(["", "", "==", "="][text.len() % 4]);
    text
}

/// A commit signed as an authenticator does it, and the line that allows its key.
fn authenticator(flags: u8, counter_said: u32) -> (Vec<u8>, String) {
    const TYPE: &[u8] = b"sk-ssh-ed25519@openssh.com";
    let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("a key");
    let mut key = Vec::new();
    for part in [TYPE, pair.public_key().as_ref(), b"ssh:"] {
        string(&mut key, part);
    }
    let head = "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nauthor A <a@example.com> 1795435200 +0000\n\
                committer A <a@example.com> 1795435200 +0000\n";
    let mut signed = b"SSHSIG".to_vec();
    for part in [&b"git"[..], b"", b"sha512", digest(&SHA512, format!("{head}\nChange\n").as_bytes()).as_ref()] {
        string(&mut signed, part);
    }
    let mut asserted = digest(&SHA256, b"ssh:").as_ref().to_vec();
    asserted.push(flags);
    asserted.extend_from_slice(&9_u32.to_be_bytes());
    asserted.extend_from_slice(digest(&SHA256, &signed).as_ref());
    let mut made = Vec::new();
    string(&mut made, TYPE);
    string(&mut made, pair.sign(&asserted).as_ref());
    made.push(flags);
    made.extend_from_slice(&counter_said.to_be_bytes());
    let mut blob = b"SSHSIG".to_vec();
    blob.extend_from_slice(&1_u32.to_be_bytes());
    for part in [&key[..], b"git", b"", b"sha512", &made] {
        string(&mut blob, part);
    }
    let commit = format!(
        "{head}gpgsig -----BEGIN SSH SIGNATURE-----\n {}\n -----END SSH SIGNATURE-----\n\nChange\n",
        base64(&blob)
    );
    (commit.into_bytes(), format!("a@example.com {} {}", std::str::from_utf8(TYPE).expect("text"), base64(&key)))
}

#[test]
fn an_authenticator_signs_only_when_touched() {
    for (flags, counter, expected) in [
        (1, 9, Ok("a@example.com".to_owned())),
        (5, 9, Ok("a@example.com".to_owned())),
        (1, 8, Err("bad-signature")),
        (0, 9, Err("untouched-key")),
        (4, 9, Err("untouched-key")),
    ] {
        let (commit, line) = authenticator(flags, counter);
        let list = AllowedSigners::parse(&line).expect("a list");
        assert_eq!(kind(&commit, &list), expected, "{flags} {counter}");
        assert_eq!(kind(&commit, &self::list()), Err("unknown-signer"));
    }
}
