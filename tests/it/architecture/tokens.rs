//! Rust source as words and signs, without comments, literals and white space.

/// A word, or a sign that paths, braces and attributes are made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    /// The word; `::` is one sign, every other sign is one character.
    pub(super) text: String,
    /// From 1.
    pub(super) line: usize,
}

impl Token {
    pub(super) fn is_word(&self) -> bool {
        self.text.starts_with(|c: char| c.is_alphabetic() || c == '_')
    }
}

/// Reads source into tokens. A literal leaves no token, so a path in a string or a comment is not a use.
pub(super) fn tokens(source: &str) -> Vec<Token> {
    let chars: Vec<char> = source.chars().collect();
    let mut found = Vec::new();
    let mut at = 0;
    let mut line = 1;
    while let Some(&c) = chars.get(at) {
        let end = if let Some(end) = passed_over(&chars, at) {
            end
        } else {
            let end = if c.is_alphanumeric() || c == '_' {
                word_end(&chars, at)
            } else {
                at + if c == ':' && chars.get(at + 1) == Some(&':') { 2 } else { 1 }
            };
            found.push(Token { text: chars[at..end].iter().collect(), line });
            end
        };
        line += chars[at..end].iter().filter(|c| **c == '\n').count();
        at = end;
    }
    found
}

/// The end of the white space, comment, literal or lifetime that begins here, if one does.
fn passed_over(chars: &[char], at: usize) -> Option<usize> {
    match (chars[at], chars.get(at + 1)) {
        (c, _) if c.is_whitespace() => Some(at + 1),
        ('/', Some('/')) => Some(until(chars, at, |c| c == '\n')),
        ('/', Some('*')) => Some(block_comment(chars, at)),
        ('"', _) => Some(quoted(chars, at)),
        ('\'', _) => Some(character_or_lifetime(chars, at)),
        ('r' | 'b' | 'c', _) => literal_prefix(chars, at),
        _ => None,
    }
}

fn word_end(chars: &[char], from: usize) -> usize {
    until(chars, from, |c| !(c.is_alphanumeric() || c == '_'))
}

fn until(chars: &[char], from: usize, stop: impl Fn(char) -> bool) -> usize {
    chars[from..].iter().position(|c| stop(*c)).map_or(chars.len(), |offset| from + offset)
}

fn block_comment(chars: &[char], from: usize) -> usize {
    let mut depth = 0;
    let mut at = from;
    while at < chars.len() {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => (depth, at) = (depth + 1, at + 2),
            ('*', Some('/')) => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at.min(chars.len())
}

/// The end of a text whose opening quote is at `from`.
fn quoted(chars: &[char], from: usize) -> usize {
    let mut at = from + 1;
    while at < chars.len() && chars[at] != '"' {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(chars.len())
}

/// The end of `'x'` or `'\n'`; of a lifetime, the end of its name.
fn character_or_lifetime(chars: &[char], from: usize) -> usize {
    if chars.get(from + 1) == Some(&'\\') {
        return (until(chars, (from + 3).min(chars.len()), |c| c == '\'') + 1).min(chars.len());
    }
    if chars.get(from + 2) == Some(&'\'') { from + 3 } else { word_end(chars, from + 1) }
}

/// The end of a literal with a prefix (`r"…"`, `r#"…"#`, `b"…"`, `b'x'`, `c"…"`), if one begins here.
fn literal_prefix(chars: &[char], from: usize) -> Option<usize> {
    let quote = until(chars, from, |c| !matches!(c, 'r' | 'b' | 'c'));
    if quote - from > 2 {
        return None;
    }
    let raw = chars[from..quote].contains(&'r');
    let open = if raw { until(chars, quote, |c| c != '#') } else { quote };
    match chars.get(open) {
        Some('"') if raw => {
            let closing: String = std::iter::once('"').chain(std::iter::repeat_n('#', open - quote)).collect();
            let width = closing.chars().count();
            let end = (open + 1..chars.len())
                .find(|at| chars.get(*at..at + width).is_some_and(|piece| piece.iter().collect::<String>() == closing));
            Some(end.map_or(chars.len(), |at| at + width))
        }
        Some('"') => Some(quoted(chars, open)),
        Some('\'') if chars[from..quote] == ['b'] => Some(character_or_lifetime(chars, open)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::tokens;

    fn texts(source: &str) -> Vec<String> {
        tokens(source).into_iter().map(|token| token.text).collect()
    }

    #[test]
    fn paths_become_words_and_signs() {
        assert_eq!(texts("use a::b_2;"), ["use", "a", "::", "b_2", ";"]);
    }

    #[test]
    fn comments_and_literals_leave_nothing() {
        assert_eq!(texts("// a::b\nx /* c /* d */ e */ y"), ["x", "y"]);
        assert_eq!(texts(r#"f("a::b \" c", 'x', '\'', b'\n', '\u{7f}') z"#), ["f", "(", ",", ",", ",", ",", ")", "z"]);
        assert_eq!(texts("r#\"a \" b\"# x br\"\\\" y c\"z\" w r\"\" v"), ["x", "y", "w", "v"]);
    }

    #[test]
    fn words_that_look_like_prefixes_stay_words() {
        assert_eq!(texts("rb crate b r"), ["rb", "crate", "b", "r"]);
    }

    #[test]
    fn lifetimes_do_not_swallow_code() {
        assert_eq!(texts("<'a> x: &'static str, 'b'"), ["<", ">", "x", ":", "&", "str", ","]);
    }

    #[test]
    fn lines_count_through_literals_and_comments() {
        let lines: Vec<usize> = tokens("a\n/* \n */ b \"\n\" c").iter().map(|token| token.line).collect();
        assert_eq!(lines, [1, 3, 4]);
    }
}
