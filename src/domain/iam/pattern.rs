use super::truth::Truth;

/// One sign of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// This character, also when it is `*` or `?`.
    One(char),
    /// `?`: exactly one character, any.
    AnyOne,
    /// `*`: any run of characters, also none.
    AnyRun,
}

/// The signs of a pattern as it is written.
pub(super) fn signs(pattern: &str) -> std::iter::Map<std::str::Chars<'_>, fn(char) -> Sign> {
    pattern.chars().map(|c| match c {
        '*' => Sign::AnyRun,
        '?' => Sign::AnyOne,
        other => Sign::One(other),
    })
}

/// Whether `text` is in the language of `pattern`, where `*` stands for any run of characters (also none) and `?` for
/// exactly one. `fold` says whether ASCII case is ignored.
///
/// Only the last `*` is ever reconsidered: time is bounded by the product of the lengths, and a pattern with a single
/// `*` takes one pass. Nothing is allocated.
#[must_use]
pub fn wildcard_match(pattern: &str, text: &str, fold: bool) -> bool {
    signs_match(signs(pattern), text, fold)
}

/// [`wildcard_match`] of a pattern that is signs already.
pub(super) fn signs_match(pattern: impl Iterator<Item = Sign> + Clone, text: &str, fold: bool) -> bool {
    let mut pattern_rest = pattern;
    let mut text_rest = text.chars();
    let mut retry = None;
    loop {
        let text_before = text_rest.clone();
        match (pattern_rest.next(), text_rest.next()) {
            (None, None) => return true,
            (Some(Sign::AnyRun), _) => {
                text_rest = text_before;
                if pattern_rest.clone().next().is_none() {
                    return true;
                }
                retry = Some((pattern_rest.clone(), text_rest.clone()));
            }
            (Some(Sign::AnyOne), Some(_)) => {}
            (Some(Sign::One(p)), Some(t)) if p == t || (fold && p.eq_ignore_ascii_case(&t)) => {}
            (_, None) => return false,
            (_, Some(_)) => {
                let Some((after_star, at)) = &mut retry else { return false };
                if at.next().is_none() {
                    return false;
                }
                pattern_rest = after_star.clone();
                text_rest = at.clone();
            }
        }
    }
}

/// One entry of `Action` or `NotAction`: `*`, or `service:Name` with `*` and `?`; case does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionPattern {
    text: String,
    well_formed: bool,
}

impl ActionPattern {
    /// Takes any text: one without a service prefix, or with white space, never matches.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let well_formed = !text.chars().any(char::is_whitespace)
            && (text == "*"
                || text.split_once(':').is_some_and(|(service, name)| !service.is_empty() && !name.is_empty()));
        Self { text: text.to_owned(), well_formed }
    }

    /// As written (hostile).
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether AWS would take it for an action.
    #[must_use]
    pub fn is_well_formed(&self) -> bool {
        self.well_formed
    }

    /// Whether it covers `action` (`sts:AssumeRole`). A malformed pattern covers nothing: [`Truth::Unknown`] then says
    /// that it was probably meant to.
    #[must_use]
    pub fn matches(&self, action: &str) -> Truth {
        if self.well_formed {
            return wildcard_match(&self.text, action, true).into();
        }
        let meant = self.text.trim();
        let local = action.split_once(':').map_or(action, |(_, name)| name);
        match wildcard_match(meant, action, true) || wildcard_match(meant, local, true) {
            true => Truth::Unknown,
            false => Truth::False,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("*", "anything", true),
            ("?", "", false),
            ("?", "é", true),
            ("a*", "a", true),
            ("a*c", "abcbc", true),
            ("a*c", "abcb", false),
            ("*a*b*", "xxaxxbxx", true),
            ("*a*b", "ab ab a", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("**", "x", true),
            ("*?*?*", "x", false),
            ("A*", "abc", false),
            ("*é?", "zéé", true),
        ] {
            assert_eq!(wildcard_match(pattern, text, false), expected, "{pattern} on {text}");
        }
        assert!(wildcard_match("STS:a*E", "sts:AssumeRole", true));
    }

    #[test]
    fn many_stars_do_not_explode() {
        let pattern = "*a".repeat(2_000) + "b";
        assert!(!wildcard_match(&pattern, &"a".repeat(4_000), true));
    }

    /// The plain recursive definition, fit for short texts only.
    fn by_definition(pattern: &[char], text: &[char]) -> bool {
        match (pattern, text) {
            ([], []) => true,
            (['*', rest @ ..], _) => {
                by_definition(rest, text) || text.split_first().is_some_and(|(_, text)| by_definition(pattern, text))
            }
            (['?', rest @ ..], [_, text @ ..]) => by_definition(rest, text),
            ([p, rest @ ..], [t, text @ ..]) => p == t && by_definition(rest, text),
            _ => false,
        }
    }

    proptest::proptest! {
        #[test]
        fn agrees_with_the_definition(pattern in "[ab*?]{0,7}", text in "[ab]{0,7}") {
            let (p, t): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
            proptest::prop_assert_eq!(wildcard_match(&pattern, &text, false), by_definition(&p, &t));
        }
    }
}
