//! The cases that the keys of a tree permit.

use super::facts::{Fact, Facts, Formula, KeyFacts};
use crate::domain::iam::condition::{Actual, Scope, Test, matches};
use crate::domain::iam::context::{Context, Values};
use crate::domain::iam::truth::Truth;

/// Most cases that are tried; a tree with more stays as it is.
const MOST_CASES: usize = 4_096;
/// Most facts of one key that are tried in every combination.
const MOST_FREE: usize = 6;

/// What one case says of one key, or of one loose fact.
pub(super) type KeyCase = (bool, Vec<bool>);

/// What one case says of every key, and of what hangs on none.
pub(super) type Case = (Vec<KeyCase>, Vec<bool>);

impl Formula {
    pub(super) fn holds(&self, case: &Case) -> bool {
        match self {
            Self::Present(key) => case.0[*key].0,
            Self::When(key, there, absent) => {
                if case.0[*key].0 {
                    there.holds(case)
                } else {
                    *absent
                }
            }
            Self::Fact(key, fact) => case.0[*key].1[*fact],
            Self::Loose(fact) => case.1[*fact],
            Self::Not(part) => !part.holds(case),
            Self::All(parts) => parts.iter().all(|part| part.holds(case)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(case)),
        }
    }
}

impl Facts<'_> {
    /// Every case of all facts; `None` when there are too many.
    pub(super) fn cases(&self) -> Option<Vec<Case>> {
        let mut all = vec![(Vec::new(), Vec::new())];
        for key in &self.keys {
            let of_key = key.cases(self.context, self.action)?;
            if all.len() * of_key.len() > MOST_CASES {
                return None;
            }
            all = match all.as_slice() {
                // The first key, and mostly the only one: nothing to copy.
                [(keys, _)] if keys.is_empty() => of_key.into_iter().map(|case| (vec![case], Vec::new())).collect(),
                _ => all
                    .iter()
                    .flat_map(|(keys, loose)| {
                        of_key.iter().map(move |case| ([&keys[..], std::slice::from_ref(case)].concat(), loose.clone()))
                    })
                    .collect(),
            };
        }
        if self.loose >= 12 || all.len() << self.loose > MOST_CASES {
            return None;
        }
        if self.loose == 0 {
            return Some(all);
        }
        let with_loose = |(keys, _): &Case| {
            let keys = keys.clone();
            combinations(self.loose).map(move |loose| (keys.clone(), loose.collect()))
        };
        Some(all.iter().flat_map(with_loose).collect())
    }
}

impl KeyFacts {
    fn cases(&self, context: &Context<'_>, action: &str) -> Option<Vec<KeyCase>> {
        let mut cases = Vec::new();
        if self.knowledge.present != Truth::True {
            self.push(&mut cases, false, |_, _| Truth::False)?;
        }
        if self.knowledge.present == Truth::False {
            return Some(cases);
        }
        let mut candidates: Vec<&str> = match &self.knowledge.values {
            Values::Known(values) => values.iter().map(String::as_str).collect(),
            values => {
                let texts = self.facts.iter().filter_map(|fact| match fact {
                    Fact::Matches(_, text) => Some(text.as_str()),
                    Fact::Satisfies(_) => None,
                });
                texts.filter(|text| !matches!(values, Values::Like(form) if !form.contains(text))).collect()
            }
        };
        candidates.sort_unstable();
        candidates.dedup();
        let scope = Scope { context, action, variables: false };
        for candidate in candidates {
            self.push(&mut cases, true, |test, text| matches(test, Actual::Text(candidate), text, &scope))?;
        }
        if !matches!(self.knowledge.values, Values::Known(_)) {
            // Any other value: none of the texts, and of the patterns any.
            self.push(
                &mut cases,
                true,
                |test, _| {
                    if test == Test::StringEquals { Truth::False } else { Truth::Unknown }
                },
            )?;
        }
        Some(cases)
    }

    /// Adds the cases in which each text is matched as told. What is unknown is tried both ways, and so is what stands
    /// for a whole condition, which may hold without the key too; `None` when that is too much.
    fn push(&self, cases: &mut Vec<KeyCase>, present: bool, told: impl Fn(Test, &str) -> Truth) -> Option<()> {
        let each = self.facts.iter().map(|fact| match fact {
            Fact::Matches(test, text) => told(*test, text),
            Fact::Satisfies(_) => Truth::Unknown,
        });
        let each: Vec<Truth> = each.collect();
        let free = each.iter().filter(|truth| **truth == Truth::Unknown).count();
        if free > MOST_FREE {
            return None;
        }
        cases.extend(combinations(free).map(|mut free| {
            let fact = |truth: &Truth| match truth {
                Truth::Unknown => free.next().unwrap_or(false),
                known => *known == Truth::True,
            };
            (present, each.iter().map(fact).collect())
        }));
        Some(())
    }
}

fn combinations(count: usize) -> impl Iterator<Item = impl Iterator<Item = bool>> {
    (0..1_usize << count).map(move |bits| (0..count).map(move |at| bits >> at & 1 == 1))
}
