//! Whether the resource of a statement is the one asked for.

use super::condition::{Expanded, Scope, arn_matches, expand, in_last_part};
use super::judge::Side;
use super::pattern::{Sign, signs, signs_match};
use super::statement::{Selector, Statement};
use super::truth::Truth;

/// Whether the statement is about the resource; if that is not known, because of which entry.
///
/// A trust policy is about its role, whatever it says.
pub(super) fn applies(statement: &Statement, resource: Option<&str>, scope: &Scope<'_>, side: Side) -> (Truth, String) {
    let best = |patterns: &[String]| {
        let mut best = (Truth::False, String::new());
        for pattern in patterns {
            match covers(pattern, resource, scope) {
                Truth::True => return (Truth::True, String::new()),
                Truth::Unknown if best.0 == Truth::False => best = (Truth::Unknown, pattern.clone()),
                Truth::Unknown | Truth::False => {}
            }
        }
        best
    };
    match &statement.resource {
        _ if side == Side::Trust => (Truth::True, String::new()),
        None if side == Side::Attached => (Truth::True, String::new()),
        None => (Truth::Unknown, String::new()),
        Some(Selector::Only(patterns)) => best(patterns),
        // An empty `NotResource` would be "everything": too much to believe of what AWS refuses.
        Some(Selector::Except(patterns)) if patterns.is_empty() => (Truth::Unknown, String::new()),
        Some(Selector::Except(patterns)) => {
            let (truth, written) = best(patterns);
            (!truth, written)
        }
    }
}

/// Whether one entry covers the resource. The six parts of an ARN are compared one by one, each with its wildcards.
///
/// Unknown where AWS's pages are silent: a pattern with fewer parts that would match if something followed it, one that
/// matches only across the parts, a variable before the last part.
pub(super) fn covers(pattern: &str, resource: Option<&str>, scope: &Scope<'_>) -> Truth {
    if pattern == "*" {
        return Truth::True;
    }
    let Some(resource) = resource else { return Truth::Unknown };
    match expand(pattern, scope, true) {
        Expanded::Null => Truth::False,
        Expanded::Malformed => Truth::Unknown,
        Expanded::Plain(pattern) => {
            if !pattern.contains(['*', '?']) && pattern.bytes().filter(|b| *b == b':').count() >= 5 {
                return (pattern == resource).into();
            }
            parts_match(&signs(pattern).collect::<Vec<_>>(), resource)
        }
        Expanded::Signs { signs, first, .. } if !in_last_part(&signs, first) => Truth::Unknown,
        Expanded::Signs { signs, open, .. } => match parts_match(&signs, resource) {
            Truth::True if open => Truth::Unknown,
            told => told,
        },
    }
}

fn parts_match(pattern: &[Sign], resource: &str) -> Truth {
    let across = |tail: &[Sign]| signs_match(pattern.iter().chain(tail).copied(), resource, false);
    match arn_matches(pattern, resource) {
        Truth::True => Truth::True,
        Truth::False if across(&[]) => Truth::Unknown,
        Truth::False => Truth::False,
        Truth::Unknown if across(&[Sign::AnyRun]) => Truth::Unknown,
        Truth::Unknown => Truth::False,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::iam::context::{Context, Knowledge};

    #[test]
    fn patterns_of_resources() {
        const ROLE: &str = "arn:aws:iam::111122223333:role/ci/Target";
        let context = Context::open()
            .with("v:name", Knowledge::is("Target"))
            .with("v:star", Knowledge::is("*"))
            .with("v:none", Knowledge::ABSENT);
        let scope = Scope { context: &context, action: "sts:AssumeRole", variables: true };
        for (pattern, expected) in [
            ("*", Truth::True),
            (ROLE, Truth::True),
            ("arn:aws:iam::111122223333:role/Target", Truth::False),
            ("arn:aws:iam::111122223333:role/ci/target", Truth::False),
            ("arn:aws:iam::111122223333:role/*", Truth::True),
            ("arn:aws:iam::111122223333:role/??/T*", Truth::True),
            ("arn:aws:iam::*:role/ci/Target", Truth::True),
            ("arn:*:*:*:*:*", Truth::True),
            ("arn:aws:iam::44*:role/*", Truth::False),
            ("arn:aws:iam:*:role/ci/Target:*", Truth::False),
            ("arn:aws:iam::111122223333*:*:*", Truth::False),
            ("arn:aws:i*3333:*:*:role/ci/Target", Truth::False),
            ("arn:aws:iam::111122223333:*", Truth::True),
            ("arn:aws:iam::111122223333", Truth::Unknown),
            ("arn:aws:iam:*", Truth::Unknown),
            ("arn:*", Truth::Unknown),
            ("arn:aws:s3:*", Truth::False),
            ("**", Truth::Unknown),
            ("", Truth::Unknown),
            ("role/ci/Target", Truth::False),
            ("arn:aws:iam::111122223333:role/ci/${v:name}", Truth::True),
            ("arn:aws:iam::111122223333:role/ci/${v:star}", Truth::False),
            ("arn:aws:iam::111122223333:role/ci/${v:none}", Truth::False),
            ("arn:aws:iam::111122223333:role/ci/${v:none, 'Target'}", Truth::True),
            ("arn:aws:iam::111122223333:role/${aws:username}", Truth::Unknown),
            ("arn:aws:iam::111122223333:user/${aws:username}", Truth::False),
            ("arn:aws:iam::111122223333:user/${v:unheard}", Truth::Unknown),
            ("arn:aws:iam::${v:account}:role/ci/Target", Truth::Unknown),
            ("arn:aws:iam::111122223333:role/${", Truth::Unknown),
        ] {
            assert_eq!(covers(pattern, Some(ROLE), &scope), expected, "{pattern}");
        }
        assert_eq!(covers(ROLE, None, &scope), Truth::Unknown);
        assert_eq!(covers("*", None, &scope), Truth::True);
        assert_eq!(covers(ROLE, Some("*"), &scope), Truth::False);
        let literal = Scope { variables: false, ..scope };
        assert_eq!(covers("arn:aws:iam::111122223333:role/ci/${v:name}", Some(ROLE), &literal), Truth::False);
        assert_eq!(covers("arn:aws:iam::1:role/${x}", Some("arn:aws:iam::1:role/${x}"), &literal), Truth::True);
        // A wildcard that reaches across the parts of the ARN.
        assert_eq!(covers("a:b:*:c:d:e:f", Some("a:b:x:y:c:d:e:f"), &literal), Truth::Unknown);
    }
}
