//! Values that are not just text: numbers, dates, addresses, bytes, ARNs.

// The type of an address alone: `core` has no sockets, which pure code must not reach.
use core::net::IpAddr;

use ipnet::IpNet;

use crate::domain::Timestamp;
pub(super) use crate::domain::base64::decode as base64;
use crate::domain::iam::pattern::{Sign, signs_match};
use crate::domain::iam::truth::Truth;

/// A decimal number. One with more than fifteen digits is none: what a double cannot tell apart is not compared.
pub(super) fn number(text: &str) -> Option<f64> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let fits = whole.len() + fraction.len() <= 16;
    (all(whole) && all(fraction) && fits).then(|| text.parse().ok()).flatten()
}

/// An instant: W3C's profile of ISO 8601 (a date, or a date and time with its zone) or seconds since 1970.
///
/// A year alone cannot be told from seconds: neither is taken.
pub(super) fn date(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    let seconds = text.strip_prefix('-').unwrap_or(text);
    if seconds.len() > 4 && seconds.bytes().all(|b| b.is_ascii_digit()) {
        return Timestamp::from_second(text.parse().ok()?).ok();
    }
    if bytes.get(4) != Some(&b'-') {
        return None;
    }
    match bytes.len() {
        7 => format!("{text}-01T00:00:00Z").parse().ok(),
        10 => format!("{text}T00:00:00Z").parse().ok(),
        _ => text.parse().ok(),
    }
}

/// A block of addresses; a single address is the block of itself.
pub(super) fn block(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

/// Whether an ARN is in the language of a pattern whose six parts are compared one by one, each with its wildcards.
///
/// Unknown when the pattern has fewer parts.
pub(in crate::domain::iam) fn arn_matches(pattern: &[Sign], arn: &str) -> Truth {
    let mut parts = arn.splitn(6, ':');
    let (mut count, mut all) = (0, true);
    for expected in pattern.splitn(6, |sign| *sign == Sign::One(':')) {
        count += 1;
        all &= parts.next().is_some_and(|part| signs_match(expected.iter().copied(), part, false));
    }
    if count < 6 { Truth::Unknown } else { all.into() }
}

/// Whether the sign at `place` is in the part of an ARN pattern that may come from a variable: after the fifth colon.
pub(in crate::domain::iam) fn in_last_part(pattern: &[Sign], place: Option<usize>) -> bool {
    place.is_none_or(|place| pattern[..place].iter().filter(|sign| **sign == Sign::One(':')).count() >= 5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for (text, expected) in [
            ("0", Some(0.0)),
            ("-1.50", Some(-1.5)),
            ("+7", Some(7.0)),
            ("999999999999999", Some(999_999_999_999_999.0)),
            ("9999999999999999", None),
            ("", None),
            (".5", None),
            ("5.", None),
            ("1e3", None),
            ("0x10", None),
            ("NaN", None),
            (" 1", None),
            ("--1", None),
        ] {
            assert_eq!(number(text), expected, "{text}");
        }
    }

    #[test]
    fn dates() {
        for (text, expected) in [
            ("2020-04-01T12:30:00Z", Some(1_585_744_200)),
            ("2020-04-01T14:30:00+02:00", Some(1_585_744_200)),
            ("2020-04-01T12:30:00.000Z", Some(1_585_744_200)),
            ("2020-04-01", Some(1_585_699_200)),
            ("2020-04", Some(1_585_699_200)),
            ("1585744200", Some(1_585_744_200)),
            ("2020", None),
            ("2020-04-01T12:30:00", None),
            ("2020-13-01", None),
            ("tomorrow", None),
            ("", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(date(text).map(Timestamp::as_second), expected, "{text}");
        }
    }
}
