//! What is hostile on its way into a page.

use std::fmt;

use crate::domain::text::escape;
use crate::domain::ttl::Ttl;

/// Text between tags or between double quotes: nothing in it can end either, and nothing hides or reorders its neighbours.
/// Nor does it hold what a CI system obeys in the log of a job that prints the page.
pub(super) struct Text<'a>(pub(super) &'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = escape(self.0);
        let mut rest = &*text;
        if rest.trim_start().starts_with("::") {
            let at = rest.len() - rest.trim_start().len();
            write!(f, "{}&#58;", &rest[..at])?;
            rest = &rest[at + 1..];
        }
        while let Some(at) = rest.find(['&', '<', '>', '"', '\'', '`', '#']) {
            f.write_str(&rest[..at])?;
            f.write_str(match rest.as_bytes()[at] {
                b'&' => "&amp;",
                b'<' => "&lt;",
                b'>' => "&gt;",
                b'"' => "&quot;",
                b'\'' => "&#39;",
                b'#' if rest.as_bytes().get(at + 1) == Some(&b'#') => "&#35;",
                b'#' => "#",
                _ => "&#96;",
            })?;
            rest = &rest[at + 1..];
        }
        f.write_str(rest)
    }
}

/// A sentence of ours whose parts between backticks are code.
pub(super) struct Prose<'a>(pub(super) &'a str);

impl fmt::Display for Prose<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<&str> = self.0.split('`').collect();
        for (at, part) in parts.iter().enumerate() {
            // A backtick without a partner is a backtick.
            let code = at % 2 == 1 && at + 1 < parts.len();
            match (code, at % 2 == 1) {
                (true, _) => write!(f, "<code>{}</code>", Text(part))?,
                (false, true) => write!(f, "&#96;{}", Text(part))?,
                (false, false) => write!(f, "{}", Text(part))?,
            }
        }
        Ok(())
    }
}

/// A length of time as manifests write it.
pub(super) struct Span(pub(super) u32);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Ttl::from_seconds(self.0) {
            Some(ttl) => ttl.fmt(f),
            None => f.write_str("0s"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_and_controls_become_text() {
        assert_eq!(
            Text("<a href=\"x\" onx='y'>&`\u{202e}\n").to_string(),
            "&lt;a href=&quot;x&quot; onx=&#39;y&#39;&gt;&amp;&#96;\\u{202e}\\u{a}"
        );
        assert_eq!(Text("plain ünïcode 日本").to_string(), "plain ünïcode 日本");
    }

    #[test]
    fn code_needs_both_of_its_backticks() {
        assert_eq!(Prose("a `b<` c").to_string(), "a <code>b&lt;</code> c");
        assert_eq!(Prose("a `b` c ` <d").to_string(), "a <code>b</code> c &#96; &lt;d");
        assert_eq!(Prose("`").to_string(), "&#96;");
    }
}
