//! Colours, glyphs and line breaking.

use std::borrow::Cow;

use crate::domain::text::{escape, escape_lines};
use crate::output::Style;
pub(super) use crate::output::count;

/// Characters of one value that a diff shows at most; the JSON form has all of it.
const VALUE_MAX: usize = 400;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    Plain,
    Bold,
    Faint,
    Green,
    Yellow,
    Red,
    Cyan,
}

impl Ink {
    fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Bold => "1",
            Self::Faint => "2",
            Self::Green => "32",
            Self::Yellow => "33",
            Self::Red => "31",
            Self::Cyan => "36",
        }
    }
}

impl Style {
    /// `text` in a colour; it must be escaped already.
    pub(super) fn ink(self, ink: Ink, text: &str) -> Cow<'_, str> {
        if !self.color || ink == Ink::Plain || text.is_empty() {
            return Cow::Borrowed(text);
        }
        Cow::Owned(format!("\u{1b}[{}m{text}\u{1b}[0m", ink.code()))
    }

    pub(super) fn arrow(self) -> &'static str {
        if self.unicode { "→" } else { "->" }
    }

    pub(super) fn bullet(self) -> &'static str {
        if self.unicode { "•" } else { "*" }
    }

    fn ellipsis(self) -> &'static str {
        if self.unicode { "…" } else { "..." }
    }

    pub(super) fn columns(self) -> usize {
        self.width.max(40)
    }

    /// One value on one line, escaped, and cut when nobody would read it to the end.
    pub(super) fn value(self, text: &str) -> String {
        let text = escape(text);
        let count = text.chars().count();
        if count <= VALUE_MAX {
            return text.into_owned();
        }
        let head: String = text.chars().take(VALUE_MAX).collect();
        format!("{head}{} ({count} characters)", self.ellipsis())
    }

    /// Sentences, escaped and broken into lines of the terminal's width; every line begins with `indent` spaces, the
    /// first of them with `lead` as well.
    pub(super) fn sentences(self, indent: usize, lead: &str, text: &str) -> String {
        let hang = indent + lead.chars().count();
        let room = self.columns().saturating_sub(hang).max(20);
        let mut out = format!("{}{lead}", " ".repeat(indent));
        for (nth, paragraph) in escape_lines(text).split('\n').enumerate() {
            if nth > 0 {
                out.push('\n');
                out.push_str(&" ".repeat(hang));
            }
            let mut used = 0;
            for word in words(paragraph) {
                let word = word.trim_end_matches(' ');
                let length = word.chars().count();
                if used > 0 && used + 1 + length > room {
                    out.push('\n');
                    out.push_str(&" ".repeat(hang));
                    used = 0;
                } else if used > 0 {
                    out.push(' ');
                    used += 1;
                }
                out.push_str(word);
                used += length;
            }
        }
        out.push('\n');
        out
    }
}

/// The parts of a line that must not be broken, each with the spaces behind it. What stands between backticks is one
/// part, so that a command or a statement can be copied as it is; so is anything without a space, like an ARN.
pub(super) fn words(line: &str) -> impl Iterator<Item = &str> {
    let mut rest = line;
    std::iter::from_fn(move || {
        let (mut at, bytes) = (0, rest.as_bytes());
        while let Some(byte) = bytes.get(at).filter(|byte| **byte != b' ') {
            let quoted = (*byte == b'`').then(|| bytes[at + 1..].iter().position(|byte| *byte == b'`')).flatten();
            at += 1 + quoted.map_or(0, |length| length + 1);
        }
        at += bytes[at..].iter().take_while(|byte| **byte == b' ').count();
        let (word, tail) = rest.split_at(at);
        rest = tail;
        (!word.is_empty()).then_some(word)
    })
}

/// Names, escaped, with commas.
pub(super) fn list(names: &[String]) -> String {
    names.iter().map(|name| escape(name).into_owned()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_copied_is_not_broken() {
        for (line, expected) in [
            ("", &[][..]),
            ("run `a b  c`, or d", &["run ", "`a b  c`, ", "or ", "d"]),
            ("  arn:aws:iam::1:role/a-b  x ", &["  ", "arn:aws:iam::1:role/a-b  ", "x "]),
            ("one ` alone `", &["one ", "` alone `"]),
            ("it` is öpen", &["it` ", "is ", "öpen"]),
            ("``é` `ü", &["``é` `ü"]),
        ] {
            assert_eq!(words(line).collect::<Vec<_>>(), expected, "{line}");
            assert_eq!(words(line).collect::<String>(), line);
        }
        let narrow = Style { width: 40, ..Style::PLAIN };
        let text = "allow it: `aws iam update-role --role-name App --max-session-duration 7200` does";
        assert_eq!(
            narrow.sentences(2, "", text),
            "  allow it:\n  `aws iam update-role --role-name App --max-session-duration 7200`\n  does\n"
        );
    }
}
