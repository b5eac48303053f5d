use std::borrow::Cow;

use crate::domain::text::escape_lines;

/// A message as plain text: nothing in it is a placeholder, a link, or a character that hides or reorders others.
///
/// The standard makes `[text](target)` a link and `{0}` a placeholder even in plain text. It would have every brace
/// doubled, which no consumer undoes where a message has no arguments: an IAM statement could not be copied. So only
/// what reads as a placeholder is doubled, and a link loses its shape by a space.
pub(super) fn plain(text: &str) -> String {
    let mut text = escape_lines(text);
    if text.contains("](") {
        text = Cow::Owned(text.replace("](", "] ("));
    }
    without_placeholders(&text)
}

fn without_placeholders(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        let (head, tail) = rest.split_at(at);
        out.push_str(head);
        let digits = tail[1..].bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 && tail[1 + digits..].starts_with('}') {
            out.push_str(&format!("{{{}}}", &tail[..digits + 2]));
            rest = &tail[digits + 2..];
        } else {
            out.push('{');
            rest = &tail[1..];
        }
    }
    out + rest
}

/// What is wrong, and what to do: code scanning shows the first sentence where there is room for one.
pub(super) fn sentences(message: &str, remedy: &str) -> String {
    let end = if message.ends_with(['.', '!', '?']) { "" } else { "." };
    let remedy = if remedy.is_empty() { String::new() } else { format!(" To mend it: {remedy}") };
    plain(&format!("{message}{end}{remedy}"))
}

/// A path as a relative URI reference: everything but unreserved characters and the slashes between its parts is
/// percent-encoded, and a path from the root does not become one.
pub(super) fn uri_path(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut within = false;
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') || (byte == b'/' && within) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        within |= byte != b'/';
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_would_be_live_changes() {
        let statement = r#"add `{"Effect":"Allow","Action":["sts:AssumeRole"]}` [1]"#;
        assert_eq!(plain(statement), statement);
        assert_eq!(plain("[x](javascript:a) {0} {12}{} {a} {0"), "[x] (javascript:a) {{0}} {{12}}{} {a} {0");
        assert_eq!(plain("a\u{202e}b\nc"), "a\\u{202e}b\nc");
    }

    #[test]
    fn a_message_ends_before_its_remedy_begins() {
        assert_eq!(sentences("it is gone", "make it"), "it is gone. To mend it: make it");
        assert_eq!(sentences("Is it gone?", ""), "Is it gone?");
    }

    #[test]
    fn paths_are_encoded_and_stay_relative() {
        assert_eq!(uri_path("roles/a b#ü%.yaml"), "roles/a%20b%23%C3%BC%25.yaml");
        assert_eq!(uri_path("//evil/x"), "%2F%2Fevil/x");
        assert_eq!(uri_path("javascript:alert(1)"), "javascript%3Aalert%281%29");
    }
}
