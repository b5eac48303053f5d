use proptest::prelude::*;

use super::*;
use crate::domain::Timestamp;

const COMMIT: &str = include_str!("../../source/signed/ed25519.commit");
const LIST: &str = include_str!("../../source/signed/allowed_signers");

fn key() -> &'static str {
    LIST.lines().next().expect("a line").split_once(' ').expect("two words").1
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn parsed() -> (SignedCommit, SshSignature) {
    let commit = SignedCommit::parse(COMMIT.as_bytes()).expect("a commit");
    let signature = SshSignature::parse(&commit.signature).expect("a signature");
    (commit, signature)
}

#[test]
fn a_commit_comes_apart_into_what_was_signed_and_the_signature() {
    let (commit, signature) = parsed();
    let (before, rest) = COMMIT.split_once("gpgsig ").expect("signed");
    let (_, after) = rest.split_once("-----END SSH SIGNATURE-----\n").expect("it ends");
    assert_eq!(String::from_utf8(commit.payload), Ok(format!("{before}{after}")));
    assert_eq!(commit.committed_at, at("2026-11-23T12:00:00Z"));
    assert_eq!(signature.key().kind(), KeyKind::Ed25519);
    assert!(signature.key().fingerprint().starts_with("SHA256:") && signature.key().fingerprint().len() == 7 + 43);
}

#[test]
fn what_is_no_header_is_no_signature() {
    let unsigned = |text: &str| SignedCommit::parse(text.as_bytes()).map_err(|refusal| refusal.kind);
    let head = "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\ncommitter A <a@example.com> 1 +0000\n";
    let quoted = COMMIT.split_once("gpgsig ").expect("signed").1;
    for text in [
        // In the message, in the header of a merged tag, and behind the end of the headers.
        format!("{head}\ngpgsig {quoted}"),
        format!("{head}mergetag object 1\n gpgsig {}\n\nMerge\n", quoted.replace('\n', "\n ")),
        format!("{head}\n\n\ngpgsig {quoted}"),
        String::new(),
        head.to_owned(),
    ] {
        assert_eq!(unsigned(&text), Err("unsigned-commit"), "{text}");
    }
    for (from, to) in [
        ("committer", "gpgsig-sha256 -----BEGIN SSH SIGNATURE-----\ncommitter"),
        ("committer", "committer A <a@example.com> 1 +0000\ncommitter"),
        ("1795435200 +0000\ngpgsig", "tomorrow +0000\ngpgsig"),
        ("1795435200 +0000\ngpgsig", "-1795435200 +0000\ngpgsig"),
        ("1795435200 +0000\ngpgsig", "99999999999999999999 +0000\ngpgsig"),
        ("gpgsig -----BEGIN", "gpgsig\n -----BEGIN"),
    ] {
        assert!(COMMIT.contains(from));
        assert_eq!(unsigned(&COMMIT.replacen(from, to, 1)), Err("malformed-signature"), "{to}");
    }
}

#[test]
fn signatures_of_others_are_told_by_name() {
    for (text, kind) in [
        ("-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----", "foreign-signature"),
        ("-----BEGIN SIGNED MESSAGE-----\nabc\n-----END SIGNED MESSAGE-----", "foreign-signature"),
        ("-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n-----END SSH SIGNATURE-----", "malformed-signature"),
        ("-----BEGIN SSH SIGNATURE-----\n*\n-----END SSH SIGNATURE-----", "malformed-signature"),
        ("-----BEGIN SSH SIGNATURE-----\n", "malformed-signature"),
        ("", "malformed-signature"),
    ] {
        assert_eq!(SshSignature::parse(text).map_err(|refusal| refusal.kind), Err(kind), "{text}");
    }
}

#[test]
fn a_list_is_read_as_ssh_reads_it_or_refused_with_its_line() {
    let key = key();
    for line in [
        format!("a@example.com {key}"),
        format!("\ta@example.com\t{key}\ta comment\r"),
        format!("\"a b@example.com\" {key}"),
        format!("a namespaces=\"git,file\",valid-after=\"20200101Z\",valid-before=\"20300101000000Z\" {key}"),
        format!("a Namespaces=\"git\",CERT-AUTHORITY {key}"),
        format!("a namespaces=\"a \\\" b,git\" {key}"),
    ] {
        assert!(AllowedSigners::parse(&line).is_ok(), "{line}: {:?}", AllowedSigners::parse(&line));
    }
    for (line, problem) in [
        ("a".to_owned(), "a type of key, or an option, is missing"),
        ("a ssh-ed25519".to_owned(), "not a key in base64"),
        ("a ssh-ed25519 QUJD".to_owned(), "not such a key"),
        (format!("a ssh-rsa {}", key.split_once(' ').expect("two words").1), "not such a key"),
        ("a ssh-dss ****".to_owned(), "not a key in base64"),
        ("a ssh-ed25519-cert-v01@openssh.com QUJD".to_owned(), "certificates are not supported"),
        ("a ssh-ed448 QUJD".to_owned(), "`ssh-ed448` is neither a type of key nor an option"),
        (format!("a namespaces=git {key}"), "wants its value in quotes"),
        (format!("a namespaces=\"git {key}"), "a quote is not closed"),
        (format!("a namespaces=\"git\",namespaces=\"git\" {key}"), "stands twice"),
        (format!("a namespaces=\"\" {key}"), "empty entry"),
        (format!("a namespaces {key}"), "`namespaces` wants a value"),
        (format!("a cert-authority=\"yes\" {key}"), "`cert-authority` takes no value"),
        (format!("a cert-authority,, {key}"), "a type of key, or an option, is missing"),
        (format!("a namespaces=\"git\"x {key}"), "something follows"),
        (format!("a valid-after=\"2027-01-31\" {key}"), "is not a time"),
        (format!("a valid-after=\"20270231\" {key}"), "is not a time"),
        (format!("a valid-after=\"20270131\",valid-before=\"20270131\" {key}"), "is not after"),
        (format!("a no-touch-required {key}"), "`no-touch-required` is neither"),
        (format!("!a,* {key}"), "principals with `!`"),
        (format!("a,,b {key}"), "a principal is empty"),
        (format!("a\u{1b}[31m {key}"), "control character"),
    ] {
        let text = format!("# a comment\n\n{line}\n");
        let error = AllowedSigners::parse(&text).expect_err("refused");
        assert!(error.line == 3 && error.problem.contains(problem), "{line}: {error}");
    }
    for empty in ["", "# nobody\n", "\n \n"] {
        assert!(AllowedSigners::parse(empty).expect_err("refused").problem.contains("no signer"));
    }
}

#[test]
fn any_line_that_allows_the_key_does() {
    let (_, signature) = parsed();
    let key = key();
    let allow = |text: &str, time: &str| {
        let allowed = AllowedSigners::parse(text).expect("a list").allow(&signature, at(time));
        allowed.map(|by| (by.principals, by.line)).map_err(|refusal| refusal.kind)
    };
    let window = format!("# key of 2026\na valid-after=\"20260101\",valid-before=\"20270101\" {key}");
    for (time, expected) in [
        ("2025-12-31T23:59:59Z", Err("signer-not-valid")),
        ("2026-01-01T00:00:00Z", Ok(("a".to_owned(), 2))),
        ("2026-12-31T23:59:59Z", Ok(("a".to_owned(), 2))),
        ("2027-01-01T00:00:00Z", Err("signer-not-valid")),
    ] {
        assert_eq!(allow(&window, time), expected, "{time}");
    }
    let later = format!("{window}\nb {key}");
    assert_eq!(allow(&later, "2028-01-01T00:00:00Z"), Ok(("b".to_owned(), 3)));
    assert_eq!(allow(&format!("a cert-authority {key}"), "2026-06-01T00:00:00Z"), Err("unknown-signer"));
    let patterns = [
        ("git", true),
        ("*", true),
        ("g*", true),
        ("*t", true),
        ("g??", true),
        ("*i*", true),
        ("file,git", true),
        ("gi", false),
        ("git?", false),
        ("Git", false),
        ("file", false),
        ("*,!git", false),
        ("!g*,git", false),
        ("!file", false),
    ];
    for (patterns, expected) in patterns {
        let line = format!("a namespaces=\"{patterns}\" {key}");
        assert_eq!(allow(&line, "2026-06-01T00:00:00Z").is_ok(), expected, "{patterns}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_anything_panic(text in "(?s)[ -~\n\"\\\\,=!*\u{e4}]{0,200}", raw in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = AllowedSigners::parse(&text);
        let _ = AllowedSigners::parse(&format!("{text} {}", key()));
        let _ = SshSignature::parse(&text);
        let _ = SignedCommit::parse(&raw);
    }

    #[test]
    fn no_blob_makes_anything_panic(cut in 0_usize..200, with in proptest::collection::vec(any::<u8>(), 0..80)) {
        let body: String = parsed().0.signature.lines().filter(|line| !line.starts_with("-----")).collect();
        let mut blob = crate::domain::base64::decode(&body).expect("base64");
        let at = cut.min(blob.len());
        let stop = (at + with.len()).min(blob.len());
        blob.splice(at..stop, with);
        let mut body = crate::domain::base64::encode_unpadded(&blob);
        body.push_str(["", "", "==", "="][body.len() % 4]);
        let text = format!("-----BEGIN SSH SIGNATURE-----\n{body}\n-----END SSH SIGNATURE-----");
        if let Ok(signature) = SshSignature::parse(&text) {
            let _ = signature.check(b"payload");
        }
    }

    #[test]
    fn a_line_reads_back_as_it_was_written(
        principals in proptest::collection::vec("[a-z*?@.]{1,12}", 1..4),
        namespaces in proptest::option::of(proptest::collection::vec("[a-z*?]{1,6}", 1..3)),
        days in proptest::option::of((0_i64..20_000, 1_i64..20_000)),
        comment in "[ -~]{0,20}",
    ) {
        let day = |days: i64| Timestamp::from_second(days * 86_400).expect("an instant");
        let shown = |day: Timestamp| day.to_string()[..10].replace('-', "");
        let mut options: Vec<String> = namespaces.iter().map(|list| format!("namespaces=\"{}\"", list.join(","))).collect();
        if let Some((from, more)) = days {
            options.push(format!("valid-after=\"{}Z\"", shown(day(from))));
            options.push(format!("valid-before=\"{}\"", shown(day(from + more))));
        }
        let options = if options.is_empty() { String::new() } else { format!("{} ", options.join(",")) };
        let principals = principals.join(",");
        let list = AllowedSigners::parse(&format!("{principals} {options}{} {comment}", key())).expect("a list");
        let now = days.map_or(day(1), |(from, _)| day(from));
        let allowed = list.allow(&parsed().1, now);
        prop_assert_eq!(allowed.as_ref().map(|by| by.principals.clone()).ok(), allowed.is_ok().then_some(principals));
        if namespaces.is_none() {
            prop_assert!(allowed.is_ok());
            if let Some((from, more)) = days {
                for outside in [day(from - 1), day(from + more)] {
                    prop_assert_eq!(list.allow(&parsed().1, outside).map_err(|refusal| refusal.kind), Err("signer-not-valid"));
                }
            }
        }
    }
}
