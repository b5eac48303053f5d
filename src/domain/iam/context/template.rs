use crate::domain::iam::pattern::{Sign, signs_match};
use crate::domain::iam::truth::Truth;

/// Values of which only the ends are known: `prefix`, then `least` or more characters of any kind, then `suffix`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    prefix: String,
    least: usize,
    suffix: String,
}

impl std::fmt::Display for Template {
    /// `prefix…suffix`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}…{}", self.prefix, self.suffix)
    }
}

/// Most `?` of a pattern for which inclusion is worked out; beyond it stays unknown.
const MOST_SINGLE: usize = 64;

impl Template {
    /// All texts that begin with `prefix`, end with `suffix` and have at least `least` characters between.
    #[must_use]
    pub fn new(prefix: &str, least: usize, suffix: &str) -> Self {
        Self { prefix: prefix.to_owned(), least, suffix: suffix.to_owned() }
    }

    /// Any text at all.
    #[must_use]
    pub fn anything() -> Self {
        Self::new("", 0, "")
    }

    /// Whether `text` is one of them.
    #[must_use]
    pub fn contains(&self, text: &str) -> bool {
        let middle = text.strip_prefix(self.prefix.as_str()).and_then(|rest| rest.strip_suffix(self.suffix.as_str()));
        middle.is_some_and(|middle| middle.chars().take(self.least).count() == self.least)
    }

    /// The signs of the pattern that has just these texts.
    pub(in crate::domain::iam) fn signs(&self) -> impl Iterator<Item = Sign> {
        let hole = std::iter::repeat_n(Sign::AnyOne, self.least).chain([Sign::AnyRun]);
        self.prefix.chars().map(Sign::One).chain(hole).chain(self.suffix.chars().map(Sign::One))
    }

    /// Whether a value of the template matches the pattern: `True` when each does, `False` when none does. Exact for
    /// patterns with at most 64 `?`; beyond that a `True` may be missed.
    pub(in crate::domain::iam) fn matches(&self, pattern: &[Sign], fold: bool) -> Truth {
        if !self.meets(pattern, fold) {
            return Truth::False;
        }
        if self.within(pattern, fold) { Truth::True } else { Truth::Unknown }
    }

    /// Whether every value matches. A character that the pattern does not name is the hardest to match: whatever is
    /// matched with it in the hole is matched with any other. A hole longer than the pattern has `?` makes some `*`
    /// take a part of it, and then takes any length beyond.
    fn within(&self, pattern: &[Sign], fold: bool) -> bool {
        let single = pattern.iter().filter(|sign| **sign == Sign::AnyOne).count();
        let Some(fresh) = ('\u{E000}'..).find(|c| !pattern.contains(&Sign::One(*c))) else { return false };
        single <= MOST_SINGLE
            && (self.least..=self.least.max(single + 1)).all(|length| {
                let hole: String = std::iter::repeat_n(fresh, length).collect();
                let text = format!("{}{hole}{}", self.prefix, self.suffix);
                signs_match(pattern.iter().copied(), &text, fold)
            })
    }

    /// Whether some value matches: the places in the pattern that can be reached, sign by sign of the template.
    fn meets(&self, pattern: &[Sign], fold: bool) -> bool {
        let mut at = vec![false; pattern.len() + 1];
        at[0] = true;
        pass_runs(pattern, &mut at);
        for sign in self.signs() {
            if sign == Sign::AnyRun {
                // Each place behind a place that is reached can be reached by the right characters.
                let first = at.iter().position(|reached| *reached).unwrap_or(at.len());
                at[first..].fill(true);
                continue;
            }
            let mut next = vec![false; pattern.len() + 1];
            for (place, expected) in pattern.iter().enumerate().filter(|(place, _)| at[*place]) {
                match (expected, sign) {
                    (Sign::AnyRun, _) => next[place] = true,
                    (Sign::One(p), Sign::One(c)) => {
                        next[place + 1] |= *p == c || (fold && p.eq_ignore_ascii_case(&c));
                    }
                    (Sign::AnyOne, _) | (Sign::One(_), _) => next[place + 1] = true,
                }
            }
            pass_runs(pattern, &mut next);
            at = next;
        }
        at[pattern.len()]
    }
}

/// A run may be empty: from before it one is also behind it.
fn pass_runs(pattern: &[Sign], at: &mut [bool]) {
    for (place, sign) in pattern.iter().enumerate() {
        at[place + 1] |= at[place] && *sign == Sign::AnyRun;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::iam::pattern::signs;

    fn told(template: &Template, pattern: &str) -> Truth {
        template.matches(&signs(pattern).collect::<Vec<_>>(), false)
    }

    #[test]
    fn a_pattern_takes_all_some_or_none() {
        let name = Template::new("leasehold-", 3, "-x");
        for (pattern, expected) in [
            ("*", Truth::True),
            ("leasehold-*", Truth::True),
            ("lease????-*", Truth::True),
            ("leasehold-???*", Truth::True),
            ("leasehold-*-x", Truth::True),
            ("leasehold-????*-x", Truth::Unknown),
            ("leasehold-*-x?", Truth::False),
            ("leasehold-abc-x", Truth::Unknown),
            ("*b*", Truth::Unknown),
            ("*-y", Truth::False),
            ("leasehold-ab-x", Truth::False),
            ("Leasehold-*", Truth::False),
            ("", Truth::False),
        ] {
            assert_eq!(told(&name, pattern), expected, "{pattern}");
        }
    }

    proptest! {
        /// Over three letters, of which the pattern can name two, with holes up to the length that decides.
        #[test]
        fn agrees_with_every_value(prefix in "[ab]{0,2}", least in 0_usize..2, suffix in "[ab]{0,2}", pattern in "[ab*?]{0,4}") {
            let template = Template::new(&prefix, least, &suffix);
            let mut holes = vec![String::new()];
            let mut all = Vec::new();
            for length in 0..=6 {
                if length >= least {
                    all.extend(holes.iter().map(|hole| format!("{prefix}{hole}{suffix}")));
                }
                holes = holes.iter().flat_map(|hole| ["a", "b", "c"].map(|c| format!("{hole}{c}"))).collect();
            }
            prop_assert!(all.iter().all(|text| template.contains(text)));
            let pattern: Vec<Sign> = signs(&pattern).collect();
            let matched = all.iter().filter(|text| signs_match(pattern.iter().copied(), text, false)).count();
            let expected = match matched {
                0 => Truth::False,
                some if some == all.len() => Truth::True,
                _ => Truth::Unknown,
            };
            prop_assert_eq!(template.matches(&pattern, false), expected);
        }
    }
}
