//! Making text from manifests and from AWS harmless to look at.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Whether a character could move the cursor, reorder its neighbours or hide: controls (C0, C1, DEL), bidirectional
/// overrides and isolates, zero-width and other invisible format characters, line and paragraph separators, tags.
#[must_use]
pub fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00AD}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}'
            | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E0FFF}')
}

/// The text with every unsafe character written as `\u{…}`. Borrowed when there is nothing to do.
#[must_use]
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        push_escaped(&mut out, c);
    }
    Cow::Owned(out)
}

/// [`escape`] that leaves `\n` alone: for text of our own that holds hostile parts over several lines.
#[must_use]
pub fn escape_lines(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| c != '\n' && is_unsafe(c)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if c == '\n' {
            out.push(c);
        } else {
            push_escaped(&mut out, c);
        }
    }
    Cow::Owned(out)
}

fn push_escaped(out: &mut String, c: char) {
    if is_unsafe(c) {
        // Writing to a String cannot fail.
        let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
    } else {
        out.push(c);
    }
}

/// At most `max` characters of the escaped text, with `…` where something was cut.
#[must_use]
pub fn short(text: &str, max: usize) -> String {
    let escaped = escape(text);
    if escaped.chars().count() <= max {
        return escaped.into_owned();
    }
    let mut out: String = escaped.chars().take(max.saturating_sub(1)).collect();
    out.push('…');
    out
}

/// The candidate nearest to `word`, if one is near enough to be worth suggesting.
#[must_use]
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.chars().count().max(3)) / 3)
        .min_by_key(|(distance, candidate)| (*distance, *candidate))
        .map(|(_, candidate)| candidate)
}

/// [`nearest`] of ARNs. Most of an ARN is the same in all of an account's, so their names must be near as well.
#[must_use]
pub fn nearest_arn<'a>(arn: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let is_near = |candidate: &&'a str| nearest(name_in(arn), [name_in(candidate)]).is_some();
    nearest(arn, candidates.into_iter().filter(is_near))
}

fn name_in(arn: &str) -> &str {
    arn.rsplit(['/', ':']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_escapes_and_bidi_become_text() {
        assert_eq!(escape("a\u{1b}[31mb\u{202e}c\u{9b}d"), "a\\u{1b}[31mb\\u{202e}c\\u{9b}d");
        assert!(matches!(escape("plain ünïcode 日本"), Cow::Borrowed(_)));
    }

    #[test]
    fn line_breaks_survive_only_where_asked() {
        assert_eq!(escape("a\nb"), "a\\u{a}b");
        assert_eq!(escape_lines("a\nb\r"), "a\nb\\u{d}");
    }

    #[test]
    fn an_arn_is_not_near_because_of_its_account() {
        let arns = ["arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws:iam::aws:policy/job-function/Billing"];
        assert_eq!(nearest_arn("arn:aws:iam::aws:policy/AmazonSESFullAccess", arns), None);
        assert_eq!(nearest_arn("arn:aws:iam::aws:policy/ReadOnlyAcces", arns), Some(arns[0]));
        assert_eq!(nearest_arn("arn:aws:iam::aws:policy/Billing", arns), Some(arns[1]));
    }

    #[test]
    fn suggestions_are_near_or_absent() {
        let names = ["max_sts_ttl", "default_sts_ttl", "role_arns"];
        assert_eq!(nearest("max_ttl_sts", names), None);
        assert_eq!(nearest("max_sts_tll", names), Some("max_sts_ttl"));
        assert_eq!(nearest("role_arn", names), Some("role_arns"));
        assert_eq!(nearest("zzz", names), None);
    }
}
