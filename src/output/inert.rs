use std::borrow::Cow;
use std::io::{self, Write};

/// Keeps CI systems from taking a line for a command.
///
/// Some obey a line of a job's log that begins, after white space, with `::`, and any line that holds `##[` or a word with
/// `##` before it like `##vso[`, whoever wrote it: a path or a message of ours could hold one. One of the two characters
/// is then written as an escape. Nothing of our own reads that way.
pub(super) struct Inert<'a> {
    out: &'a mut dyn Write,
    at_start: bool,
    /// What was not written yet, to see what follows: a `:`, or some `#`.
    held: Held,
}

enum Held {
    Nothing,
    Colon,
    Hashes(usize),
}

impl<'a> Inert<'a> {
    pub(super) fn new(out: &'a mut dyn Write) -> Self {
        Self { out, at_start: true, held: Held::Nothing }
    }
}

impl Write for Inert<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut safe = Vec::with_capacity(bytes.len() + 8);
        for &byte in bytes {
            self.held = match (std::mem::replace(&mut self.held, Held::Nothing), byte) {
                (Held::Hashes(n), b'#') => Held::Hashes(n + 1),
                (Held::Nothing, b'#') => Held::Hashes(1),
                (Held::Nothing, b':') if self.at_start => Held::Colon,
                (Held::Colon, b':') => {
                    safe.extend_from_slice(br"\u{3a}");
                    Held::Colon
                }
                (held, _) => {
                    release(&held, byte, &mut safe);
                    match byte {
                        b'#' => Held::Hashes(1),
                        _ => {
                            safe.push(byte);
                            Held::Nothing
                        }
                    }
                }
            };
            // White space is more than ASCII's: what is not ASCII counts as such.
            self.at_start = match byte {
                b'\n' => true,
                b' ' | b'\t' | b'\r' | b':' | 0x80.. => self.at_start,
                _ => false,
            };
        }
        self.out.write_all(&safe)?;
        Ok(bytes.len())
    }

    /// Also lets go of what was held back to see what follows.
    fn flush(&mut self) -> io::Result<()> {
        let mut held = Vec::new();
        release(&std::mem::replace(&mut self.held, Held::Nothing), b'\n', &mut held);
        self.out.write_all(&held)?;
        self.out.flush()
    }
}

/// Writes what was held, now that it is known what follows.
fn release(held: &Held, next: u8, safe: &mut Vec<u8>) {
    match held {
        Held::Nothing => {}
        Held::Colon => safe.push(b':'),
        Held::Hashes(n) => {
            let command = *n > 1 && (next == b'[' || next.is_ascii_alphabetic());
            safe.extend(std::iter::repeat_n(b'#', n - 1));
            if command {
                safe.pop();
                safe.extend_from_slice(br"\u{23}");
            }
            safe.push(b'#');
        }
    }
}

/// Text that is written as whole lines, with every command broken.
pub(super) fn lines(text: &str) -> Cow<'_, str> {
    inert(text, true)
}

/// Text that something of ours stands before in its line, with every command broken.
pub(super) fn within_line(text: &str) -> Cow<'_, str> {
    inert(text, false)
}

fn inert(text: &str, at_start: bool) -> Cow<'_, str> {
    if !text.contains("##") && !text.contains("::") {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::new();
    let mut inert = Inert { out: &mut out, at_start, held: Held::Nothing };
    // A Vec takes every write, and what is put between characters is ASCII.
    let _ = inert.write_all(text.as_bytes()).and_then(|()| inert.flush());
    String::from_utf8(out).map_or(Cow::Borrowed(text), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn through(text: &str, piece: usize) -> String {
        let mut out = Vec::new();
        let mut inert = Inert::new(&mut out);
        for piece in text.as_bytes().chunks(piece) {
            inert.write_all(piece).expect("written");
        }
        inert.flush().expect("written");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn commands_are_broken_and_nothing_else_is() {
        for piece in [1, 2, 7, 100] {
            assert_eq!(
                through("::error::x\n  :::set-env\n##[group]\nx ##[add-mask]y ###vso[z\n\u{a0}\u{3000}::stop", piece),
                "\\u{3a}:error::x\n  \\u{3a}\\u{3a}:set-env\n\\u{23}#[group]\nx \\u{23}#[add-mask]y #\\u{23}#vso[z\n\
                 \u{a0}\u{3000}\\u{3a}:stop"
            );
            let plain = "a::b\n : ^\n# x\nroles.yaml:1:2: y ::z #1 # 2 ## ###\n### 3\n:";
            assert_eq!(through(plain, piece), plain);
        }
    }

    #[test]
    fn text_within_a_line_may_begin_with_colons() {
        assert_eq!((lines("::1").as_ref(), within_line("::1").as_ref()), ("\\u{3a}:1", "::1"));
        assert_eq!(within_line("a ##[b]\n::c"), "a \\u{23}#[b]\n\\u{3a}:c");
    }
}
