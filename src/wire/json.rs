//! JSON as leasehold writes it, and how a text that is not one of ours is told apart.

use std::io;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};

use crate::domain::text::is_unsafe;

/// Indented by two spaces, with a line break at the end. Same value, same bytes.
///
/// Characters that could move a cursor, reorder their neighbours or hide are written as `\uXXXX`, and so is the first of two
/// `#`, which some CI systems take for the beginning of a command wherever it stands in a line: a terminal or a job's log
/// may show this text as it is.
#[must_use]
pub fn pretty<T: Serialize>(value: &T) -> String {
    let mut text = render(value, PrettyFormatter::new());
    text.push('\n');
    text
}

/// [`pretty`] without any white space or line break.
#[must_use]
pub(super) fn compact<T: Serialize>(value: &T) -> String {
    render(value, CompactFormatter)
}

fn render<T: Serialize, F: Formatter>(value: &T, layout: F) -> String {
    let mut bytes = Vec::new();
    write(value, layout, &mut bytes);
    #[allow(clippy::expect_used, reason = "serde_json writes UTF-8 and nothing else")]
    String::from_utf8(bytes).expect("serde_json writes UTF-8")
}

/// Appends the value to `bytes`; the caller decides where they live and whether they are wiped.
pub(super) fn write<T: Serialize, F: Formatter>(value: &T, layout: F, bytes: &mut Vec<u8>) {
    #[allow(clippy::expect_used, reason = "a Vec takes every write, and every map in a wire form has string keys")]
    value.serialize(&mut serde_json::Serializer::with_formatter(bytes, Inert(layout))).expect("wire forms serialize");
}

/// Writes unsafe characters of strings, and what could begin a command of a CI system, as `\uXXXX` and leaves the layout to another formatter.
struct Inert<F>(F);

impl<F: Formatter> Formatter for Inert<F> {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut plain_from = 0;
        let live = |(at, c): &(usize, char)| is_unsafe(*c) || (*c == '#' && fragment[at + 1..].starts_with('#'));
        for (at, c) in fragment.char_indices().filter(live) {
            writer.write_all(&fragment.as_bytes()[plain_from..at])?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            plain_from = at + c.len_utf8();
        }
        writer.write_all(&fragment.as_bytes()[plain_from..])
    }

    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}

/// Why a text could not be read as a certain form.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Empty,
    Truncated,
    NotJson(String),
    Foreign,
    Newer(String),
    Malformed(String),
}

/// Whether `format` is the one expected (`leasehold/state/v1`), a later version of it, or nothing of ours.
pub(super) fn check_format(format: &str, expected: &str) -> Result<(), Fault> {
    if format == expected {
        return Ok(());
    }
    let version = |text: &str| -> Option<(String, u32)> {
        let (family, number) = text.rsplit_once("/v")?;
        Some((family.to_owned(), number.parse().ok()?))
    };
    match (version(format), version(expected)) {
        (Some((theirs, later)), Some((ours, known))) if theirs == ours && later > known => {
            Err(Fault::Newer(format.to_owned()))
        }
        _ => Err(Fault::Foreign),
    }
}

/// Says why strict reading failed. Reads the text once more, leniently, so that a later version is not taken for damage.
pub(super) fn diagnose(bytes: &[u8], expected: &str, error: &serde_json::Error) -> Fault {
    #[derive(Deserialize)]
    struct Probe {
        format: Option<Value>,
    }
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Fault::Empty;
    }
    if let Err(error) = serde_json::from_slice::<IgnoredAny>(bytes) {
        return if error.is_eof() { Fault::Truncated } else { Fault::NotJson(error.to_string()) };
    }
    let Ok(Probe { format: Some(Value::String(format)) }) = serde_json::from_slice(bytes) else {
        return Fault::Foreign;
    };
    match check_format(&format, expected) {
        Ok(()) => Fault::Malformed(error.to_string()),
        Err(fault) => fault,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsafe_characters_are_escaped_and_still_read_back() {
        let hostile = "a\u{1b}[31m\u{202e}\u{7f}\u{9b}\u{e0041}ü\"\\\n";
        let text = pretty(&hostile);
        assert_eq!(text, "\"a\\u001b[31m\\u202e\\u007f\\u009b\\udb40\\udc41ü\\\"\\\\\\n\"\n");
        assert_eq!(serde_json::from_str::<String>(&text).expect("valid"), hostile);
    }

    #[test]
    fn no_string_holds_a_command_of_a_ci_system() {
        let hostile = "##[add-mask]x ###vso[y # #";
        let text = pretty(&hostile);
        assert_eq!(text, "\"\\u0023#[add-mask]x \\u0023\\u0023#vso[y # #\"\n");
        assert_eq!(serde_json::from_str::<String>(&text).expect("valid"), hostile);
    }

    #[test]
    fn versions_are_told_from_strangers() {
        assert_eq!(check_format("leasehold/state/v1", "leasehold/state/v1"), Ok(()));
        assert_eq!(
            check_format("leasehold/state/v2", "leasehold/state/v1"),
            Err(Fault::Newer("leasehold/state/v2".into()))
        );
        for foreign in ["leasehold/plan/v2", "leasehold/state/v0", "leasehold/state/vx", "", "4"] {
            assert_eq!(check_format(foreign, "leasehold/state/v1"), Err(Fault::Foreign), "{foreign}");
        }
    }
}
