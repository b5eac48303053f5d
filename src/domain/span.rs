//! Where in a manifest a value was written, kept as a byte range and turned into a line only when somebody asks.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// The text of one manifest file and the path it was read under.
#[derive(Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Relative to the manifest root, with forward slashes, exactly as it was read (hostile: escape before printing).
    pub path: String,
    /// The whole file, valid UTF-8.
    pub text: String,
}

/// A byte range in a manifest. Cheap to clone: it shares the file.
#[derive(Clone, PartialEq, Eq)]
pub struct Place {
    file: Arc<SourceFile>,
    start: u32,
    end: u32,
}

impl Place {
    /// A range of bytes in `file`. Bounds are clamped to the text and moved to character boundaries, so that a
    /// place can always be shown.
    #[must_use]
    pub fn new(file: Arc<SourceFile>, start: usize, end: usize) -> Self {
        let text = &file.text;
        let start = floor_boundary(text, start);
        let end = floor_boundary(text, end.max(start));
        // Files are capped at 1 MiB where they are read; a larger one saturates instead of wrapping.
        let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self { start: narrow(start), end: narrow(end), file }
    }

    /// The file's path as it was read.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.file.path
    }

    /// The file this place is in.
    #[must_use]
    pub fn file(&self) -> &Arc<SourceFile> {
        &self.file
    }

    /// First byte of the range.
    #[must_use]
    pub fn start(&self) -> usize {
        self.start as usize
    }

    /// One past the last byte of the range.
    #[must_use]
    pub fn end(&self) -> usize {
        self.end as usize
    }

    /// The text the range covers.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.file.text[self.start()..self.end()]
    }

    /// Line and column, both counted from 1; the column counts characters.
    #[must_use]
    pub fn line_column(&self) -> (usize, usize) {
        let before = &self.file.text[..self.start()];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }

    /// The first line the range touches, and the part of that line to underline.
    #[must_use]
    pub fn excerpt(&self) -> Excerpt {
        let text = &self.file.text;
        let (line, column) = self.line_column();
        let line_start = text[..self.start()].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[self.start()..].find('\n').map_or(text.len(), |at| self.start() + at);
        let stop = self.end().min(line_end);
        let content = text[line_start..line_end].trim_end_matches('\r');
        let clip = |at: usize| (at - line_start).min(content.len());
        Excerpt {
            path: self.file.path.clone(),
            line,
            column,
            text: content.to_owned(),
            underline: clip(self.start())..clip(stop.max(self.start())),
        }
    }
}

fn floor_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = self.line_column();
        write!(f, "{}:{line}:{column}", self.file.path)
    }
}

/// One line of a manifest, ready to be shown with a part underlined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// Path of the file, unescaped.
    pub path: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The line without its line break, unescaped.
    pub text: String,
    /// Byte range within `text`.
    pub underline: std::ops::Range<usize>,
}

/// A value and where it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub place: Place,
}

impl<T> Located<T> {
    /// Pairs a value with its place.
    pub fn new(value: T, place: Place) -> Self {
        Self { value, place }
    }
}

impl<T> Deref for Located<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str, start: usize, end: usize) -> Place {
        Place::new(Arc::new(SourceFile { path: "a.yaml".into(), text: text.into() }), start, end)
    }

    #[test]
    fn a_place_after_wide_characters_counts_characters_not_bytes() {
        let text = "x: 1\nnäme: 2h\n";
        let start = text.find("2h").expect("present");
        let excerpt = place(text, start, start + 2).excerpt();
        assert_eq!((excerpt.line, excerpt.column), (2, 7));
        assert_eq!(&excerpt.text[excerpt.underline], "2h");
    }

    #[test]
    fn a_range_over_several_lines_underlines_the_first() {
        let excerpt = place("a: |\n  b\n  c\n", 3, 12).excerpt();
        assert_eq!(excerpt.text, "a: |");
        assert_eq!(excerpt.underline, 3..4);
    }

    #[test]
    fn bounds_outside_the_text_or_inside_a_character_are_moved() {
        assert_eq!(place("ä", 1, 9).text(), "ä");
        assert_eq!(place("", 5, 9).excerpt().text, "");
    }

    #[test]
    fn carriage_returns_are_not_part_of_the_line() {
        let excerpt = place("a: 1\r\nb: 2\r\n", 6, 10).excerpt();
        assert_eq!(excerpt.text, "b: 2");
    }
}
