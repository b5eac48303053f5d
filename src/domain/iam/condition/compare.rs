//! One value of a request against one value of a policy.

// The type of an address alone: `core` has no sockets, which pure code must not reach.
use core::net::IpAddr;
use std::cmp::Ordering;

use crate::domain::iam::context::Template;
use crate::domain::iam::pattern::{Sign, signs, signs_match, wildcard_match};
use crate::domain::iam::truth::Truth;

use super::typed::{arn_matches, base64, block, date, in_last_part, number};
use super::variable::{Expanded, expand};
use super::{Scope, Test};

/// What is known of one value of a request.
#[derive(Debug, Clone, Copy)]
pub(in crate::domain::iam) enum Actual<'a> {
    Text(&'a str),
    Like(&'a Template),
}

/// Whether the request's value matches the policy's, negation apart: `StringNotLike` is answered as `StringLike`.
///
/// Unknown for a value of the policy that its operator cannot compare, and for one of the request that a negated
/// operator cannot.
pub(in crate::domain::iam) fn matches(test: Test, actual: Actual<'_>, wanted: &str, scope: &Scope<'_>) -> Truth {
    use Test::{
        ArnEquals, ArnLike, ArnNotEquals, ArnNotLike, BinaryEquals, Bool, DateEquals, DateGreaterThan,
        DateGreaterThanEquals, DateLessThan, DateLessThanEquals, DateNotEquals, IpAddress, NotIpAddress, Null,
        NumericEquals, NumericGreaterThan, NumericGreaterThanEquals, NumericLessThan, NumericLessThanEquals,
        NumericNotEquals, StringEquals, StringEqualsIgnoreCase, StringLike, StringNotEquals, StringNotEqualsIgnoreCase,
        StringNotLike,
    };
    let typed = |compared: fn(Test, &str, &str) -> Compared| match actual {
        // Only text and ARNs have variables; AWS's pages contradict each other on booleans.
        _ if scope.variables && wanted.contains("${") => Truth::Unknown,
        Actual::Text(actual) => match compared(test, actual, wanted) {
            Compared::Told(matches) => matches.into(),
            Compared::OddActual if test.is_negated() => Truth::Unknown,
            Compared::OddActual => Truth::False,
            Compared::OddWanted => Truth::Unknown,
        },
        Actual::Like(_) => Truth::Unknown,
    };
    match test {
        StringEquals | StringNotEquals => text(actual, wanted, scope, Comparing::Exactly),
        StringEqualsIgnoreCase | StringNotEqualsIgnoreCase => text(actual, wanted, scope, Comparing::IgnoringCase),
        StringLike | StringNotLike => text(actual, wanted, scope, Comparing::Wildcards),
        ArnEquals | ArnLike | ArnNotEquals | ArnNotLike => arn(actual, wanted, scope),
        NumericEquals
        | NumericNotEquals
        | NumericLessThan
        | NumericLessThanEquals
        | NumericGreaterThan
        | NumericGreaterThanEquals => typed(|test, actual, wanted| ordered(test, number(actual), number(wanted))),
        DateEquals | DateNotEquals | DateLessThan | DateLessThanEquals | DateGreaterThan | DateGreaterThanEquals => {
            typed(|test, actual, wanted| ordered(test, date(actual), date(wanted)))
        }
        Bool => typed(|_, actual, wanted| same(boolean(actual), boolean(wanted))),
        BinaryEquals => typed(|_, actual, wanted| same(base64(actual), base64(wanted))),
        IpAddress | NotIpAddress => typed(|_, actual, wanted| match (actual.parse::<IpAddr>(), block(wanted)) {
            (_, None) => Compared::OddWanted,
            (Err(_), Some(_)) => Compared::OddActual,
            (Ok(address), Some(block)) => Compared::Told(block.contains(&address)),
        }),
        // Asks for presence, never for a value.
        Null => Truth::Unknown,
    }
}

enum Compared {
    Told(bool),
    /// The request's value is not of the operator's type.
    OddActual,
    /// The policy's value is not of the operator's type: AWS would refuse it.
    OddWanted,
}

fn compare<T>(actual: Option<T>, wanted: Option<T>, matches: impl FnOnce(T, T) -> bool) -> Compared {
    match (actual, wanted) {
        (_, None) => Compared::OddWanted,
        (None, Some(_)) => Compared::OddActual,
        (Some(actual), Some(wanted)) => Compared::Told(matches(actual, wanted)),
    }
}

fn same<T: PartialEq>(actual: Option<T>, wanted: Option<T>) -> Compared {
    compare(actual, wanted, |actual, wanted| actual == wanted)
}

fn ordered<T: PartialOrd>(test: Test, actual: Option<T>, wanted: Option<T>) -> Compared {
    compare(actual, wanted, |actual, wanted| {
        let order = actual.partial_cmp(&wanted);
        match test {
            Test::NumericLessThan | Test::DateLessThan => order == Some(Ordering::Less),
            Test::NumericLessThanEquals | Test::DateLessThanEquals => order.is_some_and(Ordering::is_le),
            Test::NumericGreaterThan | Test::DateGreaterThan => order == Some(Ordering::Greater),
            Test::NumericGreaterThanEquals | Test::DateGreaterThanEquals => order.is_some_and(Ordering::is_ge),
            _ => order == Some(Ordering::Equal),
        }
    })
}

fn boolean(text: &str) -> Option<bool> {
    [("true", true), ("false", false)].into_iter().find_map(|(word, is)| word.eq_ignore_ascii_case(text).then_some(is))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Comparing {
    Exactly,
    IgnoringCase,
    Wildcards,
}

fn text(actual: Actual<'_>, wanted: &str, scope: &Scope<'_>, how: Comparing) -> Truth {
    let (wild, fold) = (how == Comparing::Wildcards, how == Comparing::IgnoringCase);
    match (expand(wanted, scope, wild), actual) {
        (Expanded::Null, _) => Truth::False,
        (Expanded::Malformed, _) => Truth::Unknown,
        (Expanded::Plain(wanted), Actual::Text(actual)) => match how {
            Comparing::Exactly => (actual == wanted).into(),
            Comparing::Wildcards => wildcard_match(wanted, actual, false).into(),
            Comparing::IgnoringCase if actual.eq_ignore_ascii_case(wanted) => Truth::True,
            Comparing::IgnoringCase if actual.is_ascii() && wanted.is_ascii() => Truth::False,
            // Whether AWS folds more than ASCII is not documented.
            Comparing::IgnoringCase if actual.to_lowercase() == wanted.to_lowercase() => Truth::Unknown,
            Comparing::IgnoringCase => Truth::False,
        },
        (Expanded::Plain(wanted), Actual::Like(template)) => {
            let pattern: Vec<Sign> =
                if wild { signs(wanted).collect() } else { wanted.chars().map(Sign::One).collect() };
            // Beyond ASCII see above: no value is ruled out then.
            let told = template.matches(&pattern, fold);
            if fold && !(wanted.is_ascii() && template.signs().all(|sign| is_ascii(&sign))) {
                told.or(Truth::Unknown)
            } else {
                told
            }
        }
        (Expanded::Signs { signs, open, .. }, Actual::Text(actual)) => {
            let fold_more = fold && !(actual.is_ascii() && signs.iter().all(is_ascii));
            match (signs_match(signs.iter().copied(), actual, fold), open || fold_more) {
                (_, true) if fold_more => Truth::Unknown,
                (true, true) => Truth::Unknown,
                (told, _) => told.into(),
            }
        }
        (Expanded::Signs { signs, open: false, .. }, Actual::Like(template)) if !fold => {
            template.matches(&signs, false)
        }
        (Expanded::Signs { .. }, Actual::Like(_)) => Truth::Unknown,
    }
}

fn is_ascii(sign: &Sign) -> bool {
    !matches!(sign, Sign::One(c) if !c.is_ascii())
}

fn arn(actual: Actual<'_>, wanted: &str, scope: &Scope<'_>) -> Truth {
    let Actual::Text(actual) = actual else { return Truth::Unknown };
    match expand(wanted, scope, true) {
        Expanded::Null => Truth::False,
        Expanded::Malformed => Truth::Unknown,
        Expanded::Plain(wanted) => arn_matches(&signs(wanted).collect::<Vec<_>>(), actual),
        Expanded::Signs { signs, first, .. } if !in_last_part(&signs, first) => Truth::Unknown,
        Expanded::Signs { signs, open, .. } => match arn_matches(&signs, actual) {
            Truth::True if open => Truth::Unknown,
            told => told,
        },
    }
}
