//! Whether a condition holds, as far as its key is known.

use crate::domain::iam::context::{Context, Knowledge, Template, Values};
use crate::domain::iam::truth::Truth;

use super::compare::{Actual, matches};
use super::{Condition, Known, Quantifier, Test};

/// Where a condition or a resource is judged.
#[derive(Debug, Clone, Copy)]
pub(in crate::domain::iam) struct Scope<'a> {
    /// What is known of the request's keys.
    pub(in crate::domain::iam) context: &'a Context<'a>,
    /// The action that is authorized.
    pub(in crate::domain::iam) action: &'a str,
    /// Whether the policy's version has variables.
    pub(in crate::domain::iam) variables: bool,
}

impl Scope<'_> {
    pub(in crate::domain::iam) fn knowledge(&self, key: &str) -> Knowledge {
        self.context.knowledge(key, self.action)
    }
}

impl Condition {
    /// Whether it holds.
    ///
    /// An operator that IAM does not document is unknown for ever, and so is what AWS's pages leave open: a key of
    /// several values under a plain operator when it may carry just one, `IfExists` with `ForAnyValue`, a list without
    /// values under a negated operator.
    pub(in crate::domain::iam) fn holds(&self, scope: &Scope<'_>) -> Truth {
        let Some(known) = self.operator.known else { return Truth::Unknown };
        let knowledge = scope.knowledge(&self.key);
        if known.test == Test::Null {
            return self.asks_presence(knowledge.present);
        }
        if known.test.is_negated() && self.values.is_empty() {
            return Truth::Unknown;
        }
        match knowledge.present {
            Truth::False => when_absent(known),
            Truth::True => self.when_present(known, &knowledge, scope),
            Truth::Unknown => agreed(when_absent(known), self.when_present(known, &knowledge, scope)),
        }
    }

    /// What it says when the key is absent; unknown too where AWS's pages leave it open.
    pub(in crate::domain::iam) fn when_absent(&self) -> Truth {
        match self.operator.known {
            Some(known) if !(known.test.is_negated() && self.values.is_empty()) => when_absent(known),
            _ => Truth::Unknown,
        }
    }

    /// The same condition without the values that cannot match any more; for one that is open.
    pub(in crate::domain::iam) fn narrowed(&self, scope: &Scope<'_>) -> Self {
        let narrowed = self.operator.known.filter(|known| known.test != Test::Null).map(|known| {
            let knowledge = scope.knowledge(&self.key);
            let possible = |wanted: &&String| match &knowledge.values {
                Values::Unknown => true,
                Values::Like(template) => matches(known.test, Actual::Like(template), wanted, scope) != Truth::False,
                Values::Known(values) => {
                    values.iter().any(|value| matches(known.test, Actual::Text(value), wanted, scope) != Truth::False)
                }
            };
            self.values.iter().filter(possible).cloned().collect::<Vec<_>>()
        });
        let values = narrowed.filter(|values| !values.is_empty()).unwrap_or_else(|| self.values.clone());
        Self { operator: self.operator.clone(), key: self.key.clone(), values }
    }

    fn asks_presence(&self, present: Truth) -> Truth {
        self.values.iter().fold(Truth::False, |best, value| {
            best.or(match value.to_ascii_lowercase().as_str() {
                "true" => !present,
                "false" => present,
                _ => Truth::Unknown,
            })
        })
    }

    fn when_present(&self, known: Known, knowledge: &Knowledge, scope: &Scope<'_>) -> Truth {
        let (anything, texts, one): (Template, Vec<Actual<'_>>, [Actual<'_>; 1]);
        let each: &[Actual<'_>] = match &knowledge.values {
            Values::Known(values) => {
                texts = values.iter().map(|value| Actual::Text(value)).collect();
                &texts
            }
            Values::Like(template) => {
                one = [Actual::Like(template)];
                &one
            }
            // What holds for any one value holds for any number of them.
            Values::Unknown => {
                anything = Template::anything();
                one = [Actual::Like(&anything)];
                &one
            }
        };
        let mut each_holds = each.iter().map(|actual| self.holds_for(known, *actual, scope));
        match known.quantifier {
            Some(Quantifier::ForAllValues) => each_holds.fold(Truth::True, Truth::and),
            Some(Quantifier::ForAnyValue) => each_holds.fold(Truth::False, Truth::or),
            // Several values do not match a plain operator; what a negated one says then is not documented.
            None if each.len() > 1 && known.test.is_negated() => Truth::Unknown,
            None if each.len() > 1 => Truth::False,
            None => match each_holds.next() {
                Some(Truth::False) if !known.test.is_negated() => Truth::False,
                Some(told) if told != Truth::Unknown && knowledge.is_single(&self.key) => told,
                _ => Truth::Unknown,
            },
        }
    }

    /// Whether one value passes: one of the policy's values matches it, or none does if the operator is negated.
    fn holds_for(&self, known: Known, actual: Actual<'_>, scope: &Scope<'_>) -> Truth {
        let mut any = Truth::False;
        for wanted in &self.values {
            any = any.or(matches(known.test, actual, wanted, scope));
            if any == Truth::True {
                break;
            }
        }
        if known.test.is_negated() { !any } else { any }
    }
}

fn when_absent(known: Known) -> Truth {
    match (known.quantifier, known.if_exists) {
        (Some(Quantifier::ForAllValues), _) => Truth::True,
        (Some(Quantifier::ForAnyValue), true) => Truth::Unknown,
        (Some(Quantifier::ForAnyValue), false) => Truth::False,
        (None, if_exists) => (if_exists || known.test.is_negated()).into(),
    }
}

fn agreed(one: Truth, other: Truth) -> Truth {
    if one == other { one } else { Truth::Unknown }
}

#[cfg(test)]
mod tests;
