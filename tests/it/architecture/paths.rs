//! Every path a file names, made absolute.

use super::tokens::{Token, tokens};

/// A path as it was written, resolved to where it starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reference {
    /// From `crate` if it stays in the crate (`crate`, `domain`, `plan`), else from the name it begins with (`std`, `fs`).
    pub(super) path: Vec<String>,
    /// From 1.
    pub(super) line: usize,
    /// Whether it stands in code that is compiled for tests only.
    pub(super) in_tests: bool,
}

/// Words that stand before a path and are no part of it.
const KEYWORDS: &[&str] =
    &["as", "const", "dyn", "else", "for", "if", "impl", "in", "match", "mut", "ref", "return", "use", "where"];

/// What a file says, as far as layers care.
#[derive(Debug, Default)]
pub(super) struct Uses {
    /// Paths and `use` declarations.
    pub(super) paths: Vec<Reference>,
    /// Names of the macros it calls without a path.
    pub(super) macros: Vec<Reference>,
    /// `async` and `await`.
    pub(super) asynchrony: Vec<Reference>,
}

/// Reads a file that is the module `module` (`["domain", "plan"]`) of its crate.
pub(super) fn uses(module: &[String], source: &str) -> Uses {
    let tokens = tokens(source);
    let test_lines = test_regions(&tokens);
    let in_tests = |at: usize| test_lines.iter().any(|(from, to)| (*from..*to).contains(&at));
    let mut found = Uses::default();
    let mut depth = 0_usize;
    let mut inline: Vec<(String, usize)> = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let next = tokens.get(at + 1).map_or("", |token| token.text.as_str());
        let line = token.line;
        let before = if at == 0 { "" } else { tokens[at - 1].text.as_str() };
        match token.text.as_str() {
            "{" => depth += 1,
            "}" => {
                depth = depth.saturating_sub(1);
                inline.retain(|(_, opened)| *opened <= depth);
            }
            "mod" if tokens.get(at + 2).is_some_and(|token| token.text == "{") => {
                inline.push((next.to_owned(), depth + 1));
            }
            "async" | "await" => {
                let path = vec![token.text.clone()];
                found.asynchrony.push(Reference { path, line, in_tests: in_tests(at) });
            }
            _ if token.is_word() && next == "!" => {
                found.macros.push(Reference { path: vec![token.text.clone()], line, in_tests: in_tests(at) });
            }
            _ if is_segment(token) && starts_path(&tokens, at) && (next == "::" || matches!(before, "use" | "::")) => {
                let here: Vec<String> =
                    module.iter().cloned().chain(inline.iter().map(|(name, _)| name.clone())).collect();
                let (end, trees) = tree(&tokens, at);
                for (segments, line) in trees {
                    found.paths.push(Reference { path: absolute(&here, &segments), line, in_tests: in_tests(at) });
                }
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    found
}

fn is_segment(token: &Token) -> bool {
    token.is_word() && !KEYWORDS.contains(&token.text.as_str())
}

/// Whether the word at `at` is the first of its path: also after the leading `::` of an absolute path.
fn starts_path(tokens: &[Token], at: usize) -> bool {
    let before = |back: usize| at.checked_sub(back).and_then(|at| tokens.get(at));
    match before(1).map(|token| token.text.as_str()) {
        Some(".") => false,
        Some("::") => before(2).is_none_or(|token| !(is_segment(token) || token.text == ">")),
        _ => true,
    }
}

/// The paths of the (possibly braced) path that begins at `at`, and where it ends.
fn tree(tokens: &[Token], at: usize) -> (usize, Vec<(Vec<String>, usize)>) {
    let mut prefix = Vec::new();
    let mut at = at;
    let line = tokens[at].line;
    loop {
        match tokens.get(at) {
            Some(token) if token.is_word() || token.text == "*" => {
                prefix.push(token.text.clone());
                at += 1;
            }
            Some(token) if token.text == "{" => return braces(tokens, at + 1, &prefix),
            _ => break,
        }
        if tokens.get(at).is_some_and(|token| token.text == "::") {
            at += 1;
        } else {
            break;
        }
    }
    (at, vec![(prefix, line)])
}

/// The branches of a `use` tree whose brace was opened just before `at`.
fn braces(tokens: &[Token], at: usize, prefix: &[String]) -> (usize, Vec<(Vec<String>, usize)>) {
    let mut found = Vec::new();
    let mut at = at;
    while let Some(token) = tokens.get(at) {
        match token.text.as_str() {
            "}" => return (at + 1, found),
            "as" => at += 2,
            _ if token.is_word() || token.text == "*" || token.text == "{" => {
                let (end, branches) = tree(tokens, at);
                for (branch, line) in branches {
                    found.push((prefix.iter().cloned().chain(branch).collect(), line));
                }
                at = end;
            }
            _ => at += 1,
        }
    }
    (at, found)
}

/// Resolves `crate`, `self` and `super` against the module that the path stands in.
fn absolute(module: &[String], segments: &[String]) -> Vec<String> {
    let mut from = match segments.first().map(String::as_str) {
        Some("crate") => Vec::new(),
        Some("self" | "super") => module.to_vec(),
        _ => return segments.to_vec(),
    };
    for segment in segments.iter().skip(usize::from(segments[0] == "crate")) {
        match segment.as_str() {
            "self" => {}
            "super" => {
                from.pop();
            }
            _ => from.push(segment.clone()),
        }
    }
    std::iter::once("crate".to_owned()).chain(from).collect()
}

/// Token ranges of items under `#[cfg(test)]` (or `cfg(all(test, …))`).
fn test_regions(tokens: &[Token]) -> Vec<(usize, usize)> {
    let is = |at: usize, text: &str| tokens.get(at).is_some_and(|token| token.text == text);
    let mut found = Vec::new();
    for at in 0..tokens.len() {
        if !(is(at, "#") && is(at + 1, "[") && is(at + 2, "cfg") && is(at + 3, "(")) {
            continue;
        }
        let Some(close) = (at..tokens.len()).find(|end| is(*end, "]")) else { continue };
        let condition = &tokens[at + 4..close];
        let names = |word: &str| condition.iter().any(|token| token.text == word);
        if names("test") && !names("not") && !names("any") {
            found.push((at, item_end(tokens, close + 1)));
        }
    }
    found
}

/// Where the item that begins at `at` ends: at its `;`, or at the brace that closes its body.
fn item_end(tokens: &[Token], at: usize) -> usize {
    let mut depth = 0_usize;
    for (offset, token) in tokens[at..].iter().enumerate() {
        match token.text.as_str() {
            "{" => depth += 1,
            "}" if depth <= 1 => return at + offset + 1,
            "}" => depth -= 1,
            ";" if depth == 0 => return at + offset + 1,
            _ => {}
        }
    }
    tokens.len()
}

#[cfg(test)]
mod tests {
    use super::{Uses, uses};

    fn in_plan(source: &str) -> Uses {
        uses(&["domain".to_owned(), "plan".to_owned()], source)
    }

    fn paths(source: &str) -> Vec<String> {
        in_plan(source).paths.iter().map(|reference| reference.path.join("::")).collect()
    }

    #[test]
    fn braces_are_spelled_out() {
        assert_eq!(
            paths("use crate::{domain::{a, b::*}, ports as p};"),
            ["crate::domain::a", "crate::domain::b::*", "crate::ports"]
        );
        assert_eq!(paths("use std::{fs::{self, File}, io};"), ["std::fs::self", "std::fs::File", "std::io"]);
    }

    #[test]
    fn super_is_followed_out_of_inline_modules() {
        assert_eq!(paths("use super::a;"), ["crate::domain::a"]);
        assert_eq!(
            paths("mod x { fn f() { super::super::super::aws::g() } } fn h() { super::i::j() }"),
            ["crate::aws::g", "crate::domain::i::j"]
        );
        assert_eq!(paths("use self::super::super::state::X;"), ["crate::state::X"]);
    }

    #[test]
    fn a_path_in_an_expression_counts_once() {
        assert_eq!(
            paths("let x: std::time::Instant = a.b::<u8>(); tokio::spawn(f)"),
            ["std::time::Instant", "tokio::spawn"]
        );
        assert_eq!(paths("use tokio; use ::git2::Repository;"), ["tokio", "git2::Repository"]);
    }

    #[test]
    fn test_code_is_told_apart() {
        let seen = in_plan(
            "use a::b; #[cfg(test)] mod tests { use c::d; fn f() {} } use e::f; #[cfg(test)] use g::h; i::j();",
        );
        let flags: Vec<(&str, bool)> = seen.paths.iter().map(|r| (r.path[0].as_str(), r.in_tests)).collect();
        assert_eq!(flags, [("a", false), ("c", true), ("e", false), ("g", true), ("i", false)]);
        assert!(!in_plan("#[cfg(not(test))] use a::b;").paths[0].in_tests);
        assert!(!in_plan("#[cfg(any(test, x))] use a::b;").paths[0].in_tests);
    }

    #[test]
    fn macros_and_async_are_seen() {
        let seen = in_plan("async fn f() { println!(\"x\"); g().await }");
        assert_eq!(seen.macros.len(), 1);
        assert_eq!(seen.asynchrony.len(), 2);
    }
}
