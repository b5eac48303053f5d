//! What is known of a request's condition keys before the request is made.

mod assume_role;
mod keys;
mod template;

use std::collections::BTreeMap;

pub use assume_role::{AssumeRole, Broker, Session};
pub use keys::{Arity, Carried, KEYS, Key, arity, documented};
pub use template::Template;

use super::truth::Truth;

/// What is known of one condition key of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Knowledge {
    /// Whether the request carries the key.
    pub present: Truth,
    /// What it carries, if it does.
    pub values: Values,
}

/// The value of a condition key that a request carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Values {
    /// Not known.
    Unknown,
    /// Just these: one for a key with a single value.
    Known(Vec<String>),
    /// One value of this form.
    Like(Template),
}

impl Knowledge {
    /// Nothing is known, not even whether the key is there.
    pub const UNKNOWN: Self = Self { present: Truth::Unknown, values: Values::Unknown };
    /// The request does not carry the key.
    pub const ABSENT: Self = Self { present: Truth::False, values: Values::Unknown };
    /// The request carries the key; its value is not known.
    pub const PRESENT: Self = Self { present: Truth::True, values: Values::Unknown };

    /// The request carries this one value.
    #[must_use]
    pub fn is(value: impl Into<String>) -> Self {
        Self { present: Truth::True, values: Values::Known(vec![value.into()]) }
    }

    /// The request carries these values. No value is no key: AWS documents no difference.
    #[must_use]
    pub fn all(values: Vec<String>) -> Self {
        if values.is_empty() { Self::ABSENT } else { Self { present: Truth::True, values: Values::Known(values) } }
    }

    /// The request carries one value of this form.
    #[must_use]
    pub fn like(template: Template) -> Self {
        Self { present: Truth::True, values: Values::Like(template) }
    }

    /// Whether the request carries at most one value of `key`, of which this is known.
    pub(super) fn is_single(&self, key: &str) -> bool {
        match (&self.values, arity(key)) {
            (Values::Known(values), Arity::One | Arity::Unclear) => values.len() < 2,
            (Values::Unknown, Arity::One) | (Values::Like(_), Arity::One | Arity::Unclear) => true,
            (_, Arity::Many) | (Values::Unknown, Arity::Unclear) => false,
        }
    }

    /// The same, the key being present only perhaps. What is absent stays so.
    #[must_use]
    pub fn perhaps(self) -> Self {
        Self { present: self.present.and(Truth::Unknown), ..self }
    }
}

/// All that is known of a request's condition keys. Keys are compared without case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context<'a> {
    given: BTreeMap<String, Knowledge>,
    rest: Rest<'a>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Rest<'a> {
    All(Knowledge),
    Request(Box<AssumeRole<'a>>),
}

/// Of which nothing is known.
pub(super) static OPEN: Context<'static> = Context::open();

impl<'a> Context<'a> {
    /// Of which only the given keys are known.
    #[must_use]
    pub const fn open() -> Self {
        Self { given: BTreeMap::new(), rest: Rest::All(Knowledge::UNKNOWN) }
    }

    /// Which carries only the given keys.
    #[must_use]
    pub const fn closed() -> Self {
        Self { given: BTreeMap::new(), rest: Rest::All(Knowledge::ABSENT) }
    }

    /// Of one of our own requests to assume a role: what is not given comes from [`KEYS`].
    #[must_use]
    pub fn assume_role(request: AssumeRole<'a>) -> Self {
        Self { given: BTreeMap::new(), rest: Rest::Request(Box::new(request)) }
    }

    /// Says what is known of `key`, whatever was known before.
    #[must_use]
    pub fn with(mut self, key: &str, knowledge: Knowledge) -> Self {
        self.set(key, knowledge);
        self
    }

    /// [`Context::with`] in place.
    pub fn set(&mut self, key: &str, knowledge: Knowledge) {
        // `Known` without a value would be neither present nor absent.
        let knowledge = match knowledge.values {
            Values::Known(values) if values.is_empty() => Knowledge::ABSENT,
            values => Knowledge { values, ..knowledge },
        };
        self.given.insert(key.to_ascii_lowercase(), knowledge);
    }

    /// What is known of `key` when `action` is authorized.
    #[must_use]
    pub fn knowledge(&self, key: &str, action: &str) -> Knowledge {
        let given = (!self.given.is_empty()).then(|| self.given.get(&key.to_ascii_lowercase())).flatten();
        match (given, &self.rest) {
            (Some(knowledge), _) => knowledge.clone(),
            (None, Rest::All(knowledge)) => knowledge.clone(),
            (None, Rest::Request(request)) => keys::knowledge(request, key, action),
        }
    }
}

#[cfg(test)]
mod tests;
