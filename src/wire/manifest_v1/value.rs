//! One scalar at a time: what may be written in it, and what is said when it is wrong.

use super::fault::{Fault, Span};
use super::index::{Content, Key, Node};
use crate::domain::desired::Date;
use crate::domain::ident::{AccountId, Arn, IdentError, PARTITIONS, is_iam_name_char};
use crate::domain::limits;
use crate::domain::text::is_unsafe;
use crate::domain::ttl::{Ttl, TtlError};

/// A scalar's text and its place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scalar<'n> {
    pub(super) text: &'n str,
    pub(super) plain: bool,
    pub(super) span: &'n Span,
}

/// Whether a field's text may have several lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lines {
    One,
    Many,
}

/// The text exactly as written; an error when there is none, or when it holds what nobody can see.
pub(super) fn scalar<'n>(node: &'n Node<'_>, lines: Lines) -> Result<Scalar<'n>, Fault> {
    if node.is_null() {
        return Err(null());
    }
    let Content::Scalar { text, plain } = &node.content else { return Err(wrong_type(node, "text")) };
    visible(text, lines)?;
    Ok(Scalar { text, plain: *plain, span: &node.span })
}

pub(super) fn key<'n>(key: &'n Key<'_>) -> Result<&'n str, Fault> {
    visible(&key.text, Lines::One)?;
    Ok(&key.text)
}

fn visible(text: &str, lines: Lines) -> Result<(), Fault> {
    let allowed = |c: char| lines == Lines::Many && matches!(c, '\n' | '\t');
    match text.chars().find(|c| is_unsafe(*c) && !allowed(*c)) {
        Some(c) => Err(unsafe_character(c)),
        None => Ok(()),
    }
}

pub(super) fn unsafe_character(c: char) -> Fault {
    let help = if matches!(c, '\n' | '\r' | '\t') {
        "this field takes one line of text without tabs; in a block scalar write `|-`, or write it in quotes"
    } else {
        "remove it: it could hide or reorder what a reviewer reads"
    };
    Fault::new(
        "unsafe-character",
        format!("the character U+{:04X} may not stand here", u32::from(c)),
        format!("holds U+{:04X}", u32::from(c)),
        help,
    )
}

pub(super) fn null() -> Fault {
    Fault::new(
        "null-value",
        "this has no value",
        "null",
        "write a value, or remove the field; the text `null` needs quotes",
    )
}

pub(super) fn wrong_type(node: &Node<'_>, wanted: &str) -> Fault {
    Fault::new(
        "wrong-type",
        format!("this is {}, where {wanted} is expected", node.kind()),
        format!("not {wanted}"),
        format!("write {wanted}"),
    )
}

/// What was written, for a message: one line, nothing hidden in it.
pub(super) fn quoted(text: &str) -> String {
    crate::domain::text::short(text, 80)
}

pub(super) fn said(kind: &'static str, text: &str, problem: &str, label: &str, help: &str) -> Fault {
    Fault::new(kind, format!("`{}` {problem}", quoted(text)), label, help)
}

pub(super) fn ident(kind: &'static str, text: &str, error: &IdentError) -> Fault {
    let help = match kind {
        "bad-name" => "write a name such as `app-readonly`",
        "bad-account-id" => "write the twelve digits in quotes: `\"111122223333\"`",
        _ => "copy the ARN from AWS as it stands there",
    };
    said(kind, text, &error.0, "malformed", help)
}

pub(super) fn ttl(scalar: Scalar<'_>) -> Result<Ttl, Fault> {
    Ttl::parse(scalar.text).map_err(|error| {
        let problem = match error {
            // The rest of that sentence is the help here.
            TtlError::Malformed => "is not a duration".to_owned(),
            other => other.to_string(),
        };
        said(
            "bad-duration",
            scalar.text,
            &problem,
            "not a duration",
            "write a duration such as `900`, `15m` or `1h30m`",
        )
    })
}

pub(super) fn date(scalar: Scalar<'_>) -> Result<Date, Fault> {
    Date::parse(scalar.text).ok_or_else(|| {
        said("bad-date", scalar.text, "is not a day of the calendar", "not a date", "write the day as `YYYY-MM-DD`")
    })
}

/// `true` or `false`, unquoted, as serde_yaml reads it strictly.
pub(super) fn boolean(scalar: Scalar<'_>) -> Result<bool, Fault> {
    let strict = scalar.plain && matches!(scalar.text, "true" | "false");
    let value =
        strict.then(|| serde_yaml::from_str_with_options::<bool>(scalar.text, super::recheck::strict()).ok()).flatten();
    value.ok_or_else(|| {
        said(
            "wrong-type",
            scalar.text,
            "is neither `true` nor `false`",
            "not a boolean",
            "write `true` or `false` without quotes",
        )
    })
}

/// A whole number in decimal digits, unquoted, as serde_yaml reads it; no sign, base or separator.
pub(super) fn count(scalar: Scalar<'_>, max: u32) -> Result<u32, Fault> {
    let digits = scalar.plain && scalar.text.bytes().all(|b| b.is_ascii_digit());
    let shown = if max == u32::MAX { "a whole number".to_owned() } else { format!("a whole number from 0 to {max}") };
    let value =
        digits.then(|| serde_yaml::from_str_with_options::<u32>(scalar.text, super::recheck::strict()).ok()).flatten();
    value.filter(|n| *n <= max).ok_or_else(|| {
        said(
            "bad-value",
            scalar.text,
            &format!("is not {shown}"),
            "not such a number",
            &format!("write {shown}, without quotes"),
        )
    })
}

fn bad(text: &str, problem: &str, help: &str) -> Fault {
    said("bad-value", text, problem, "refused by AWS", help)
}

/// Length in characters and a set of characters, as the API models state them.
fn matches_shape(
    text: &str,
    (min, max): (usize, usize),
    is_allowed: impl Fn(char) -> bool,
    shape: &str,
) -> Result<(), Fault> {
    let length = text.chars().count();
    if !(min..=max).contains(&length) {
        return Err(bad(
            text,
            &format!("has {length} characters"),
            &format!("AWS takes {min} to {max} characters here"),
        ));
    }
    match text.chars().find(|c| !is_allowed(*c)) {
        Some(c) => Err(bad(text, &format!("contains `{c}`"), &format!("AWS takes {shape} here"))),
        None => Ok(()),
    }
}

/// STS `externalIdType`.
pub(super) fn external_id(text: &str) -> Result<(), Fault> {
    let allowed = |c| is_iam_name_char(c) || matches!(c, ':' | '/');
    matches_shape(text, (limits::EXTERNAL_ID_MIN, limits::EXTERNAL_ID_MAX), allowed, "letters, digits and `_+=,.@:/-`")
}

/// STS `sourceIdentityType`.
pub(super) fn source_identity(text: &str) -> Result<(), Fault> {
    if text.to_ascii_lowercase().starts_with("aws:") {
        return Err(bad(text, "begins with `aws:`", "that prefix is AWS's own; choose another"));
    }
    let range = (limits::SESSION_NAME_MIN, limits::SESSION_NAME_MAX);
    matches_shape(text, range, is_iam_name_char, "letters, digits and `_+=,.@-`")
}

/// STS `serialNumberType`.
pub(super) fn mfa_serial_number(text: &str) -> Result<(), Fault> {
    let allowed = |c| is_iam_name_char(c) || matches!(c, ':' | '/');
    matches_shape(text, (9, 256), allowed, "letters, digits and `_+=/:,.@-`")
}

/// IAM `groupNameType`.
pub(super) fn group_name(text: &str) -> Result<(), Fault> {
    matches_shape(text, (1, 128), is_iam_name_char, "letters, digits and `_+=,.@-`")
}

/// Characters of tags, `[\p{L}\p{Z}\p{N}_.:/=+\-@]`. The standard library's letters are a few combining marks more than
/// `\p{L}`; those are left to AWS.
fn is_tag_char(c: char) -> bool {
    let is_space =
        matches!(c, ' ' | '\u{A0}' | '\u{1680}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}');
    c.is_alphanumeric() || is_space || matches!(c, '_' | '.' | ':' | '/' | '=' | '+' | '-' | '@')
}

/// STS and IAM `tagKeyType`.
pub(super) fn tag_key(text: &str) -> Result<(), Fault> {
    if text.to_ascii_lowercase().starts_with("aws:") {
        return Err(bad(text, "begins with `aws:`", "that prefix is AWS's own; choose another"));
    }
    matches_shape(text, (1, limits::TAG_KEY_MAX), is_tag_char, "letters, digits, spaces and `_.:/=+-@`")
}

/// STS and IAM `tagValueType`.
pub(super) fn tag_value(text: &str) -> Result<(), Fault> {
    matches_shape(text, (0, limits::TAG_VALUE_MAX), is_tag_char, "letters, digits, spaces and `_.:/=+-@`")
}

/// The ARN of a managed policy, AWS's own (`aws` for the account) or an account's.
pub(super) fn policy_arn(text: &str) -> Result<Arn, Fault> {
    let arn = Arn::parse(text).map_err(|error| ident("bad-arn", text, &error))?;
    let name = arn.resource().strip_prefix("policy/").and_then(|rest| rest.rsplit('/').next());
    let path_is_fine = match (arn.resource().strip_prefix("policy"), name) {
        (Some(rest), Some(name)) => crate::domain::ident::check_path(&rest[..rest.len() - name.len()]).is_ok(),
        _ => false,
    };
    let well_formed = PARTITIONS.contains(&arn.partition())
        && arn.service() == "iam"
        && arn.region().is_empty()
        && (arn.account() == "aws" || AccountId::parse(arn.account()).is_ok())
        && name.is_some_and(|name| group_name(name).is_ok())
        && path_is_fine;
    if well_formed {
        return Ok(arn);
    }
    Err(said(
        "bad-arn",
        text,
        "is not the ARN of a managed policy",
        "malformed",
        "write `arn:aws:iam::<account id>:policy/<name>`, or `arn:aws:iam::aws:policy/<name>` for one of AWS's own",
    ))
}

/// A region's name: what may go into a host name.
pub(super) fn region(text: &str) -> Result<(), Fault> {
    let is_allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if !text.is_empty() && text.len() <= 63 && text.bytes().all(is_allowed) {
        return Ok(());
    }
    Err(said(
        "bad-value",
        text,
        "is not the name of a region",
        "not a region",
        "write a region such as `ap-northeast-1`",
    ))
}
