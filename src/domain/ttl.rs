//! Lengths of time as manifests write them.

use std::fmt;
use std::num::NonZeroU32;

use jiff::SignedDuration;
use thiserror::Error;

/// How long a credential may live: whole seconds, at least one, never "unlimited".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ttl(NonZeroU32);

/// Why a text is not a [`Ttl`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TtlError {
    /// Empty, or not of the grammar.
    #[error("is not a duration: write seconds (`900`) or hours, minutes and seconds (`1h30m`)")]
    Malformed,
    /// Zero means "unlimited" or "system default" elsewhere; here a length is always said.
    #[error("is zero, and a credential that lives for no time, or for ever, cannot be issued")]
    Zero,
    /// A sign, in either direction.
    #[error("has a sign: a duration is never negative")]
    Signed,
    /// A part of a second.
    #[error("has a fraction: durations here are whole seconds")]
    Fraction,
    /// More than `u32` seconds.
    #[error("is longer than can be represented")]
    TooLong,
}

impl Ttl {
    /// The shortest session that STS gives.
    pub const STS_MIN: Self = Self(match NonZeroU32::new(super::limits::STS_MIN_SECONDS) {
        Some(seconds) => seconds,
        None => NonZeroU32::MIN,
    });

    /// A length of whole seconds; `None` for zero.
    #[must_use]
    pub fn from_seconds(seconds: u32) -> Option<Self> {
        NonZeroU32::new(seconds).map(Self)
    }

    /// Whole seconds.
    #[must_use]
    pub fn seconds(self) -> u32 {
        self.0.get()
    }

    /// The same length, to reckon with.
    #[must_use]
    pub fn duration(self) -> SignedDuration {
        SignedDuration::from_secs(self.seconds().into())
    }

    /// Reads Vault's grammar: bare seconds (`900`), or numbers with units `d`, `h`, `m`, `s` in any order, each at most
    /// once (`1h30m`). White space is not part of it.
    pub fn parse(text: &str) -> Result<Self, TtlError> {
        if text.starts_with(['-', '+']) {
            return Err(TtlError::Signed);
        }
        if text.contains('.') {
            return Err(TtlError::Fraction);
        }
        if text.is_empty() || !text.is_ascii() {
            return Err(TtlError::Malformed);
        }
        let total = if text.bytes().all(|b| b.is_ascii_digit()) { number(text)? } else { units(text)? };
        let seconds = u32::try_from(total).map_err(|_| TtlError::TooLong)?;
        NonZeroU32::new(seconds).map(Self).ok_or(TtlError::Zero)
    }
}

fn number(digits: &str) -> Result<u64, TtlError> {
    match digits.parse::<u64>() {
        Ok(n) => Ok(n),
        Err(_) if digits.is_empty() => Err(TtlError::Malformed),
        Err(_) => Err(TtlError::TooLong),
    }
}

fn units(text: &str) -> Result<u64, TtlError> {
    let mut rest = text;
    let mut seen = Vec::new();
    let mut total = 0_u64;
    while !rest.is_empty() {
        let split = rest.find(|c: char| !c.is_ascii_digit()).ok_or(TtlError::Malformed)?;
        let (digits, tail) = rest.split_at(split);
        let unit = tail.as_bytes()[0];
        let factor = match unit {
            b'd' => 86_400,
            b'h' => 3_600,
            b'm' => 60,
            b's' => 1,
            _ => return Err(TtlError::Malformed),
        };
        // `1m30m` and `10ms` are typing errors, not sums.
        if seen.contains(&unit) || digits.is_empty() {
            return Err(TtlError::Malformed);
        }
        seen.push(unit);
        total =
            number(digits)?.checked_mul(factor).and_then(|part| total.checked_add(part)).ok_or(TtlError::TooLong)?;
        rest = &tail[1..];
    }
    Ok(total)
}

impl fmt::Display for Ttl {
    /// The shortest exact form: `1h`, `1h30m`, `45s`, `36h`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.seconds();
        let (hours, minutes, seconds) = (all / 3_600, all % 3_600 / 60, all % 60);
        for (count, unit) in [(hours, 'h'), (minutes, 'm'), (seconds, 's')] {
            if count > 0 {
                write!(f, "{count}{unit}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> Result<u32, TtlError> {
        Ttl::parse(text).map(Ttl::seconds)
    }

    #[test]
    fn vaults_forms_are_read() {
        for (text, expected) in
            [("900", 900), ("15m", 900), ("1h30m", 5_400), ("1h", 3_600), ("90s", 90), ("1d", 86_400), ("30m1h", 5_400)]
        {
            assert_eq!(seconds(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_length_is_refused_with_its_reason() {
        for (text, expected) in [
            ("", TtlError::Malformed),
            ("0", TtlError::Zero),
            ("0h0m", TtlError::Zero),
            ("-1h", TtlError::Signed),
            ("1.5h", TtlError::Fraction),
            ("1h1h", TtlError::Malformed),
            ("10ms", TtlError::Malformed),
            ("1h30", TtlError::Malformed),
            ("h", TtlError::Malformed),
            ("1 h", TtlError::Malformed),
            ("1M", TtlError::Malformed),
            ("unlimited", TtlError::Malformed),
            ("4294967296", TtlError::TooLong),
            ("99999999999999999999h", TtlError::TooLong),
            ("١h", TtlError::Malformed),
        ] {
            assert_eq!(seconds(text), Err(expected), "{text}");
        }
    }

    #[test]
    fn the_shown_form_reads_back() {
        for n in [1, 59, 60, 61, 3_599, 3_600, 3_661, 43_200, 129_600, u32::MAX] {
            let ttl = Ttl::from_seconds(n).expect("not zero");
            assert_eq!(Ttl::parse(&ttl.to_string()), Ok(ttl));
        }
    }
}
