use thiserror::Error;

use super::key::{Named, PublicKey, named};
use super::{NAMESPACE, Refusal, SshSignature};
use crate::domain::Timestamp;
use crate::domain::base64;
use crate::domain::text;

/// Lines of a file that are read.
const LINES_MAX: usize = 100_000;

/// A list of keys that may sign, in the format of ssh-keygen(1), `ALLOWED SIGNERS`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedSigners(Vec<Line>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    /// From 1.
    number: usize,
    principals: String,
    options: Options,
    /// `None` for a key of a kind whose signatures are not understood.
    key: Option<PublicKey>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Options {
    cert_authority: bool,
    namespaces: Option<String>,
    valid_after: Option<Timestamp>,
    valid_before: Option<Timestamp>,
}

/// Who signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedBy {
    /// The principals of the line that allows it (hostile).
    pub principals: String,
    /// The key.
    pub key: PublicKey,
    /// The line, from 1.
    pub line: usize,
}

/// A file that is no list of allowed signers.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}: {problem}")]
pub struct SignersError {
    /// From 1.
    pub line: usize,
    /// What is wrong (may quote it: hostile).
    pub problem: String,
}

impl AllowedSigners {
    /// Reads the text of a file. It fails as a whole on the first line that cannot be understood: what such a line was meant to
    /// allow, or to end, nobody can tell.
    ///
    /// A time without `Z` is one in UTC, whatever the zone of this machine. Certificate authorities are read and allow nothing.
    pub fn parse(text: &str) -> Result<Self, SignersError> {
        let mut lines = Vec::new();
        for (at, line) in text.lines().enumerate() {
            let number = at + 1;
            let fault = |problem: String| SignersError { line: number, problem };
            if number > LINES_MAX {
                return Err(fault(format!("the file has more than {LINES_MAX} lines")));
            }
            let line = line.trim_matches([' ', '\t', '\r']);
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if line.chars().any(|c| c != '\t' && c.is_control()) {
                return Err(fault("it holds a control character".to_owned()));
            }
            lines.push(parse_line(number, line).map_err(fault)?);
        }
        if lines.is_empty() {
            return Err(SignersError { line: 1, problem: "the file lists no signer at all".to_owned() });
        }
        Ok(Self(lines))
    }

    /// Who made a signature at that instant, as far as the list goes; whether the signature is sound is another question.
    pub fn allow(&self, signature: &SshSignature, at: Timestamp) -> Result<SignedBy, Refusal> {
        let key = signature.key();
        let mut refusal = None;
        for line in self.0.iter().filter(|line| line.key.as_ref() == Some(key)) {
            match line.options.refuses(at) {
                None => {
                    let principals = line.principals.clone();
                    return Ok(SignedBy { principals, key: key.clone(), line: line.number });
                }
                Some(why) => refusal = refusal.or_else(|| Some(why.into_refusal(line, key, at))),
            }
        }
        Err(refusal.unwrap_or_else(|| {
            let authority = self.0.iter().find(|line| line.options.cert_authority);
            let note = match authority {
                Some(line) => {
                    format!(" (line {} is a certificate authority, and those are not supported)", line.number)
                }
                None => String::new(),
            };
            Refusal::new(
                "unknown-signer",
                format!("was signed by {}, which is not among the allowed signers{note}", key.shown()),
                "if that key may sign, somebody who answers for the list adds it there",
            )
        }))
    }
}

#[derive(Debug, Clone, Copy)]
enum Why {
    Authority,
    Namespaces,
    NotYet(Timestamp),
    Over(Timestamp),
}

impl Options {
    fn refuses(&self, at: Timestamp) -> Option<Why> {
        let Self { cert_authority, namespaces, valid_after, valid_before } = self;
        if *cert_authority {
            return Some(Why::Authority);
        }
        if namespaces.as_ref().is_some_and(|patterns| !in_list(patterns, NAMESPACE)) {
            return Some(Why::Namespaces);
        }
        if let Some(after) = valid_after.filter(|after| at < *after) {
            return Some(Why::NotYet(after));
        }
        valid_before.filter(|before| at >= *before).map(Why::Over)
    }
}

impl Why {
    fn into_refusal(self, line: &Line, key: &PublicKey, at: Timestamp) -> Refusal {
        let (who, number) = (text::short(&line.principals, 100), line.number);
        let by = format!("was signed by {} of `{who}`, and line {number} of the allowed signers", key.shown());
        match self {
            Self::Authority => Refusal::new(
                "unknown-signer",
                format!("{by} lists it as a certificate authority only; certificates are not supported"),
                "list the key without `cert-authority` if it may sign commits itself",
            ),
            Self::Namespaces => Refusal::new(
                "wrong-namespace",
                format!("{by} does not let it sign in the namespace `{NAMESPACE}`"),
                "if it may sign commits, add `git` to the `namespaces` of that line",
            ),
            Self::NotYet(after) => Refusal::new(
                "signer-not-valid",
                format!("{by} allows that key from {after} on; the commit is of {at}"),
                "let somebody sign whose key was valid when the commit was made",
            ),
            Self::Over(before) => Refusal::new(
                "signer-not-valid",
                format!("{by} allows that key before {before}; the commit is of {at}"),
                "let somebody sign whose key was valid when the commit was made",
            ),
        }
    }
}

fn parse_line(number: usize, line: &str) -> Result<Line, String> {
    let (principals, rest) = word(line)?;
    let principals = principals.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(principals);
    if principals.split(',').any(str::is_empty) {
        return Err("a principal is empty".to_owned());
    }
    if principals.split(',').any(|principal| principal.starts_with('!')) {
        return Err("principals with `!` are not supported: a line allows its key, whoever is named".to_owned());
    }
    let (second, after) = word(rest)?;
    let (options, kind, rest) = match named(second) {
        Named::Nothing => {
            let options = parse_options(second)?;
            let (kind, rest) = word(after)?;
            (options, kind, rest)
        }
        Named::Kind(_) | Named::Unsupported | Named::Certificate => (Options::default(), second, after),
    };
    let (encoded, _comment) = word(rest)?;
    let shown = text::short(kind, 60);
    let blob = match named(kind) {
        Named::Nothing if kind.is_empty() => return Err("it has no key".to_owned()),
        Named::Nothing => return Err(format!("`{shown}` is not a type of key")),
        Named::Certificate => return Err("certificates are not supported: list the key itself".to_owned()),
        Named::Kind(_) | Named::Unsupported => base64::decode(encoded),
    };
    let blob =
        blob.filter(|blob| !blob.is_empty()).ok_or_else(|| format!("what follows `{shown}` is not a key in base64"))?;
    let key = match named(kind) {
        Named::Kind(kind) => {
            let key = PublicKey::parse(&blob).ok().filter(|key| key.kind == kind);
            Some(key.ok_or_else(|| format!("what follows `{shown}` is not such a key"))?)
        }
        Named::Unsupported | Named::Certificate | Named::Nothing => None,
    };
    Ok(Line { number, principals: principals.to_owned(), options, key })
}

/// The text up to the next white space that is not between quotes, and what follows that.
fn word(text: &str) -> Result<(&str, &str), String> {
    let text = text.trim_start_matches([' ', '\t']);
    let (mut quoted, mut escaped) = (false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'"' if !escaped => quoted = !quoted,
            b' ' | b'\t' if !quoted => return Ok((&text[..at], &text[at..])),
            _ => {}
        }
        escaped = byte == b'\\' && !escaped;
    }
    if quoted { Err("a quote is not closed".to_owned()) } else { Ok((text, "")) }
}

fn parse_options(text: &str) -> Result<Options, String> {
    let mut options = Options::default();
    let mut rest = text;
    loop {
        let name_end = rest.find([',', '=']).unwrap_or(rest.len());
        let (name, tail) = rest.split_at(name_end);
        let shown = text::short(name, 60);
        let (value, tail) = match tail.strip_prefix('=') {
            None => (None, tail),
            Some(tail) => {
                let (value, tail) = quoted(tail).ok_or_else(|| format!("`{shown}` wants its value in quotes"))?;
                (Some(value), tail)
            }
        };
        let twice = |set: bool| if set { Err(format!("`{shown}` stands twice")) } else { Ok(()) };
        match (name.to_ascii_lowercase().as_str(), value) {
            ("cert-authority", None) => {
                twice(options.cert_authority)?;
                options.cert_authority = true;
            }
            ("namespaces", Some(value)) => {
                twice(options.namespaces.is_some())?;
                if value.split(',').any(str::is_empty) {
                    return Err("`namespaces` has an empty entry".to_owned());
                }
                options.namespaces = Some(value);
            }
            ("valid-after", Some(value)) => {
                twice(options.valid_after.is_some())?;
                options.valid_after = Some(instant(&value)?);
            }
            ("valid-before", Some(value)) => {
                twice(options.valid_before.is_some())?;
                options.valid_before = Some(instant(&value)?);
            }
            ("cert-authority" | "namespaces" | "valid-after" | "valid-before", _) => {
                return Err(format!(
                    "`{shown}` {}",
                    if value_wanted(name) { "wants a value" } else { "takes no value" }
                ));
            }
            ("", _) => return Err("a type of key, or an option, is missing".to_owned()),
            _ => return Err(format!("`{shown}` is neither a type of key nor an option")),
        }
        match tail.strip_prefix(',') {
            Some(next) => rest = next,
            None if tail.is_empty() => break,
            None => return Err(format!("something follows the value of `{shown}`")),
        }
    }
    match (options.valid_after, options.valid_before) {
        (Some(after), Some(before)) if before <= after => Err("`valid-before` is not after `valid-after`".to_owned()),
        _ => Ok(options),
    }
}

fn value_wanted(name: &str) -> bool {
    !name.eq_ignore_ascii_case("cert-authority")
}

/// A value in double quotes, in which `\"` stands for a quote; and what follows.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.strip_prefix('"')?.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, &text[at + 2..])),
            '\\' if text[at + 2..].starts_with('"') => {
                chars.next();
                value.push('"');
            }
            _ => value.push(c),
        }
    }
    None
}

/// `YYYYMMDD`, `YYYYMMDDHHMM` or `YYYYMMDDHHMMSS`, with or without `Z`, in UTC.
fn instant(text: &str) -> Result<Timestamp, String> {
    let wrong =
        || format!("`{}` is not a time: write `YYYYMMDD` or `YYYYMMDDHHMM[SS]`, with `Z`", text::short(text, 40));
    let digits = text.strip_suffix(['Z', 'z']).unwrap_or(text);
    if !matches!(digits.len(), 8 | 12 | 14) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    let part = |from: usize| digits.get(from..from + 2).unwrap_or("00");
    let (year, month, day) = (&digits[..4], part(4), part(6));
    let written = format!("{year}-{month}-{day}T{}:{}:{}Z", part(8), part(10), part(12));
    written.parse().map_err(|_| wrong())
}

/// Whether a text is in a list of patterns with `*` and `?`, of which one with `!` in front excludes.
fn in_list(patterns: &str, text: &str) -> bool {
    let mut found = false;
    for pattern in patterns.split(',') {
        match pattern.strip_prefix('!') {
            Some(pattern) if matches(pattern.as_bytes(), text.as_bytes()) => return false,
            Some(_) => {}
            None => found |= matches(pattern.as_bytes(), text.as_bytes()),
        }
    }
    found
}

/// Walks back to the last `*` where a sign does not fit: never more than the product of both lengths.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(sign) if *sign == b'?' || *sign == text[t] => (p, t) = (p + 1, t + 1),
            _ => {
                let Some((at, from)) = star else { return false };
                star = Some((at, from + 1));
                (p, t) = (at + 1, from + 1);
            }
        }
    }
    pattern[p..].iter().all(|sign| *sign == b'*')
}
