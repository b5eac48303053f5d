//! Text that Markdown takes for text.
//!
//! A backslash does not disarm everything: a forge looks for mentions, issues and commits in what is already rendered. So
//! whatever is not a plain word stands in code, where nothing is looked for.

use crate::domain::text::{escape, escape_lines};
use crate::output::inert::{lines, within_line};

/// Backticks in the longest run of them.
fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// One line as a code span.
pub(super) fn code(text: &str) -> String {
    let text = escape(text);
    let text = within_line(&text);
    if text.trim().is_empty() {
        return format!("`\"{text}\"`");
    }
    let fence = "`".repeat(longest_run(&text) + 1);
    let edge = |c: char| c == '`' || c == ' ';
    let pad = if text.starts_with(edge) || text.ends_with(edge) { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// Lines as a block of code that begins and ends at the start of a line.
pub(super) fn fenced(language: &str, text: &str) -> String {
    let text = escape_lines(text);
    let text = lines(&text);
    let fence = "`".repeat((longest_run(&text) + 1).max(3));
    let end = if text.ends_with('\n') { "" } else { "\n" };
    format!("{fence}{language}\n{text}{end}{fence}\n")
}

/// Text for the inside of an HTML element in which Markdown is not read.
pub(super) fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in within_line(&escape(text)).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}

/// A sentence on one line. What stands between backticks becomes code, and so does each word that is more than a word.
pub(super) fn prose(text: &str) -> String {
    let text = escape_lines(text);
    let mut out = Sentence::default();
    let mut rest = text.as_ref();
    while let Some((before, after)) = rest.split_once('`') {
        out.words(before);
        let Some((quoted, behind)) = after.split_once('`') else {
            // A lone backtick ends nothing.
            out.code(&format!("`{after}"));
            return out.text;
        };
        if quoted.is_empty() {
            out.code("``");
        } else {
            out.code(quoted);
        }
        rest = behind;
    }
    out.words(rest);
    out.text
}

#[derive(Default)]
struct Sentence {
    text: String,
    /// Two spans of code that touch would be read as one with other ends.
    after_code: bool,
}

impl Sentence {
    fn words(&mut self, text: &str) {
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let is_space = first.is_whitespace();
            let end = rest.find(|c: char| c.is_whitespace() != is_space).unwrap_or(rest.len());
            if is_space {
                self.space();
            } else {
                self.word(&rest[..end]);
            }
            rest = &rest[end..];
        }
    }

    fn space(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with(' ') {
            self.text.push(' ');
        }
        self.after_code = false;
    }

    /// A word with the punctuation of a sentence around it, which stays outside of code.
    fn word(&mut self, word: &str) {
        let opened = word.trim_start_matches('(');
        let closes = !opened.contains('(');
        let core = opened.trim_end_matches(|c| matches!(c, ',' | '.' | ';' | ':' | '?' | '!') || (c == ')' && closes));
        let end = &opened[core.len()..];
        // At the start of a line, `1.` would begin a list.
        let begins_list = self.text.is_empty() && end.starts_with(['.', ')']) && core.starts_with(char::is_numeric);
        self.plain(&word[..word.len() - opened.len()]);
        if is_plain(core) && !begins_list {
            self.plain(core);
        } else {
            self.code(core);
        }
        self.plain(end);
    }

    fn plain(&mut self, text: &str) {
        self.text.push_str(text);
        self.after_code &= text.is_empty();
    }

    fn code(&mut self, text: &str) {
        if self.after_code {
            self.text.push(' ');
        }
        self.text.push_str(&code(text));
        self.after_code = true;
    }
}

/// Whether a word is letters and digits, and reads as no link, mention, emoji, reference or commit anywhere.
fn is_plain(core: &str) -> bool {
    let letter = |c: Option<char>| c.is_some_and(char::is_alphabetic);
    let mut previous = None;
    let mut chars = core.chars().peekable();
    while let Some(c) = chars.next() {
        let joins = matches!(c, '-' | '\'' | '’') && letter(previous) && letter(chars.peek().copied());
        if !c.is_alphanumeric() && !joins && !matches!(c, '→' | '×' | '…') {
            return false;
        }
        previous = Some(c);
    }
    // A forge finds a commit within a word as well, such as before the sign that says where a text was cut.
    let commit = core
        .split(|c: char| !c.is_ascii_alphanumeric())
        .any(|part| part.len() >= 7 && part.bytes().all(|b| b.is_ascii_hexdigit()));
    let host = core.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("www"));
    !commit && !host
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_holds_whatever_it_is_given() {
        for (text, expected) in [
            ("a", "`a`"),
            ("", "`\"\"`"),
            ("  ", "`\"  \"`"),
            ("`", "`` ` ``"),
            ("a`b", "``a`b``"),
            ("``a", "``` ``a ```"),
            (" a", "`  a `"),
            ("a\n\u{202e}b", "`a\\u{a}\\u{202e}b`"),
            ("<b>@team #1</b>", "`<b>@team #1</b>`"),
            ("::1 ##[x]", "`::1 \\u{23}#[x]`"),
        ] {
            assert_eq!(code(text), expected);
        }
    }

    #[test]
    fn a_fence_is_longer_than_what_it_holds() {
        assert_eq!(fenced("diff", "- a\n+ ```\n+ ````"), "`````diff\n- a\n+ ```\n+ ````\n`````\n");
        assert_eq!(fenced("text", "::a\n"), "```text\n\\u{3a}:a\n```\n");
    }

    #[test]
    fn sentences_keep_their_words_and_lose_their_powers() {
        for (text, expected) in [
            ("role `a` has `b`, and that is it.", "role `a` has `b`, and that is it."),
            ("it's well-known (as ever)", "it's well-known (as ever)"),
            ("ask @team about #12 or GH-12", "ask `@team` about `#12` or `GH-12`"),
            ("see https://example.com, www.example.com", "see `https://example.com`, `www.example.com`"),
            ("commit deadbeef and 1234567", "commit `deadbeef` and `1234567`"),
            ("1e9991e9991e9… and 1e99910", "`1e9991e9991e9…` and `1e99910`"),
            (
                "…deadbeef, well-deadbeef, 0→1234567, deadbeefé",
                "`…deadbeef`, `well-deadbeef`, `0→1234567`, `deadbeefé`",
            ),
            ("1e999… is no commit", "1e999… is no commit"),
            ("*b* _i_ ~s~ [x](y) ![z] <br>", "`*b*` `_i_` `~s~` `[x](y)` `![z]` `<br>`"),
            ("a ` b @c", "a `` ` b @c ``"),
            ("`a`@b`c`", "`a` `@b` `c`"),
            ("`` x", "``` `` ``` x"),
            ("two\nlines\u{a0}here", "two lines here"),
            (":smile: 5!", "`:smile`: 5!"),
            ("1. one", "`1`. one"),
            ("(@a) until 14:05.", "(`@a`) until `14:05`."),
            ("is 1. And 2", "is 1. And 2"),
            ("TTL 1h → 30m", "TTL 1h → 30m"),
        ] {
            assert_eq!(prose(text), expected, "{text}");
        }
    }
}
