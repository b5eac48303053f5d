/// Kleene's three truth values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Truth {
    /// It does not hold, whatever is still unknown.
    False,
    /// It hangs on what is not known.
    Unknown,
    /// It holds, whatever is still unknown.
    True,
}

impl Truth {
    /// Both: the lesser of the two.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.min(other)
    }

    /// Either: the greater of the two.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        self.max(other)
    }
}

impl std::ops::Not for Truth {
    type Output = Self;

    /// The opposite; the opposite of unknown is unknown.
    fn not(self) -> Self {
        match self {
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
            Self::True => Self::False,
        }
    }
}

impl From<bool> for Truth {
    fn from(value: bool) -> Self {
        if value { Self::True } else { Self::False }
    }
}

#[cfg(test)]
mod tests {
    use super::Truth::{self, False, True, Unknown};

    /// Kleene: a result is known exactly when every completion of the unknowns agrees on it.
    #[test]
    fn agrees_with_every_completion() {
        let completions = |truth: Truth| match truth {
            False => vec![false],
            Unknown => vec![false, true],
            True => vec![true],
        };
        let collect = |mut results: Vec<bool>| {
            results.sort_unstable();
            results.dedup();
            if let [one] = results[..] { Truth::from(one) } else { Unknown }
        };
        for a in [False, Unknown, True] {
            assert_eq!(!a, collect(completions(a).into_iter().map(|a| !a).collect()));
            for b in [False, Unknown, True] {
                let pairs = || completions(a).into_iter().flat_map(|a| completions(b).into_iter().map(move |b| (a, b)));
                assert_eq!(a.and(b), collect(pairs().map(|(a, b)| a && b).collect()), "{a:?} and {b:?}");
                assert_eq!(a.or(b), collect(pairs().map(|(a, b)| a || b).collect()), "{a:?} or {b:?}");
            }
        }
    }
}
