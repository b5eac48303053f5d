//! Colours, glyphs and line breaking.

use std::borrow::Cow;

use crate::domain::text::{escape, escape_lines};
use crate::output::Style;

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
            for word in paragraph.split(' ') {
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

/// `1 role`, `2 roles`.
pub(super) fn count(n: u64, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

/// Names, escaped, with commas.
pub(super) fn list(names: &[String]) -> String {
    names.iter().map(|name| escape(name).into_owned()).collect::<Vec<_>>().join(", ")
}
