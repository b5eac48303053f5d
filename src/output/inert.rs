use std::io::{self, Write};

/// Keeps CI systems from taking a line for a command.
///
/// Some obey a line of a job's log that begins, after white space, with `::` or `##`, whoever wrote it: a path or a
/// message of ours could begin one. The first of the two characters is then written as an escape. Nothing of our own
/// begins a line that way.
pub(super) struct Inert<'a> {
    out: &'a mut dyn Write,
    at_start: bool,
    held: Option<u8>,
}

impl<'a> Inert<'a> {
    pub(super) fn new(out: &'a mut dyn Write) -> Self {
        Self { out, at_start: true, held: None }
    }
}

impl Write for Inert<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut safe = Vec::with_capacity(bytes.len() + 8);
        for &byte in bytes {
            if let Some(first) = self.held.take() {
                if byte == first {
                    safe.extend_from_slice(format!("\\u{{{first:x}}}").as_bytes());
                } else {
                    safe.push(first);
                }
            }
            match byte {
                b'\n' => self.at_start = true,
                b':' | b'#' if self.at_start => {
                    self.at_start = false;
                    self.held = Some(byte);
                    continue;
                }
                b' ' | b'\t' | b'\r' => {}
                _ => self.at_start = false,
            }
            safe.push(byte);
        }
        self.out.write_all(&safe)?;
        Ok(bytes.len())
    }

    /// Also lets go of a `:` or `#` that was held back to see what follows.
    fn flush(&mut self) -> io::Result<()> {
        if let Some(held) = self.held.take() {
            self.out.write_all(&[held])?;
        }
        self.out.flush()
    }
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
                through("::error::x\n  ::set-env\n##[group]", piece),
                "\\u{3a}:error::x\n  \\u{3a}:set-env\n\\u{23}#[group]"
            );
            let plain = "a::b\n : ^\n# x\nroles.yaml:1:2: y ::z\n:";
            assert_eq!(through(plain, piece), plain);
        }
    }
}
