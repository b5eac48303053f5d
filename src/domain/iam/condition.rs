mod compare;
mod holds;
mod typed;
mod variable;

use std::fmt;

pub(super) use compare::{Actual, matches};
pub(super) use holds::Scope;
pub(super) use typed::{arn_matches, in_last_part};
pub(super) use variable::{Expanded, expand};

/// One operator and key of a `Condition` block with the values it is compared to. All conditions of a statement must
/// hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// How it compares.
    pub operator: Operator,
    /// The condition key as written (hostile); its case does not count.
    pub key: String,
    /// The values, numbers and booleans as their JSON text. One of them must match; for a negated operator, none may.
    pub values: Vec<String>,
}

/// A condition operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    /// As written (hostile).
    pub written: String,
    /// What it means; `None` when IAM documents no such operator.
    pub known: Option<Known>,
}

/// A condition operator that IAM documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Known {
    /// How it treats a key with several values.
    pub quantifier: Option<Quantifier>,
    /// The comparison.
    pub test: Test,
    /// Whether it holds when the key is absent (`…IfExists`).
    pub if_exists: bool,
}

/// Prefix of an operator for keys with several values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quantifier {
    /// `ForAllValues:`. Also holds when there is no value.
    ForAllValues,
    /// `ForAnyValue:`.
    ForAnyValue,
}

macro_rules! tests {
    ($($name:ident)*) => {
        /// The comparisons of IAM's condition operators, each named as in a policy.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs, reason = "each is the IAM operator of the same name")]
        pub enum Test { $($name),* }

        impl Test {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The name in a policy.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => stringify!($name)),* }
            }
        }
    };
}

tests! {
    StringEquals StringNotEquals StringEqualsIgnoreCase StringNotEqualsIgnoreCase StringLike StringNotLike
    NumericEquals NumericNotEquals NumericLessThan NumericLessThanEquals NumericGreaterThan NumericGreaterThanEquals
    DateEquals DateNotEquals DateLessThan DateLessThanEquals DateGreaterThan DateGreaterThanEquals
    Bool BinaryEquals IpAddress NotIpAddress ArnEquals ArnLike ArnNotEquals ArnNotLike Null
}

impl Test {
    /// Whether it holds when none of the values matches.
    #[must_use]
    pub fn is_negated(self) -> bool {
        matches!(
            self,
            Self::StringNotEquals
                | Self::StringNotEqualsIgnoreCase
                | Self::StringNotLike
                | Self::NumericNotEquals
                | Self::DateNotEquals
                | Self::NotIpAddress
                | Self::ArnNotEquals
                | Self::ArnNotLike
        )
    }
}

impl Quantifier {
    /// The prefix without its colon.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ForAllValues => "ForAllValues",
            Self::ForAnyValue => "ForAnyValue",
        }
    }
}

impl Operator {
    /// Reads an operator's name; case does not count. Anything can be read: see [`Operator::known`].
    #[must_use]
    pub fn read(written: &str) -> Self {
        Self { written: written.to_owned(), known: Known::read(written) }
    }

    /// IAM's own spelling; an unknown operator as it is written.
    #[must_use]
    pub fn spelling(&self) -> String {
        self.known.map_or_else(|| self.written.clone(), |known| known.to_string())
    }
}

impl Known {
    fn read(written: &str) -> Option<Self> {
        let (quantifier, rest) = match written.split_once(':') {
            None => (None, written),
            Some((prefix, rest)) => {
                let known = [Quantifier::ForAllValues, Quantifier::ForAnyValue];
                (Some(known.into_iter().find(|it| it.as_str().eq_ignore_ascii_case(prefix))?), rest)
            }
        };
        let find = |name: &str| Test::ALL.iter().copied().find(|test| test.as_str().eq_ignore_ascii_case(name));
        const SUFFIX: &str = "IfExists";
        let cut = rest.len().wrapping_sub(SUFFIX.len());
        let (test, if_exists) = match rest.get(cut..) {
            Some(suffix) if suffix.eq_ignore_ascii_case(SUFFIX) => (find(rest.get(..cut)?)?, true),
            _ => (find(rest)?, false),
        };
        // `Null` asks for presence itself: IAM documents neither prefix nor suffix for it.
        if test == Test::Null && (if_exists || quantifier.is_some()) {
            return None;
        }
        Some(Self { quantifier, test, if_exists })
    }
}

impl fmt::Display for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(quantifier) = self.quantifier {
            write!(f, "{}:", quantifier.as_str())?;
        }
        f.write_str(self.test.as_str())?;
        f.write_str(if self.if_exists { "IfExists" } else { "" })
    }
}

impl Condition {
    /// `StringEquals sts:ExternalId "a" or "b"`; not escaped.
    #[must_use]
    pub fn line(&self) -> String {
        let values: Vec<String> = self.values.iter().map(|value| format!("\"{value}\"")).collect();
        let values = if values.is_empty() { "(no value)".to_owned() } else { values.join(" or ") };
        format!("{} {} {values}", self.operator.written, self.key)
    }
}
