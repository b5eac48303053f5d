//! Policy variables: `${key}`, `${key, 'default'}`, `${*}`, `${?}`, `${$}`.

use crate::domain::iam::context::{Arity, Values, arity};
use crate::domain::iam::pattern::{Sign, signs};
use crate::domain::iam::truth::Truth;

use super::Scope;

/// A text of a policy with its variables replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::domain::iam) enum Expanded<'p> {
    /// It has none.
    Plain(&'p str),
    /// With the signs that stand for it.
    Signs {
        signs: Vec<Sign>,
        /// Whether a value that is not wholly known is among them, as a pattern of what it may be.
        open: bool,
        /// Place of the first sign that came from a key.
        first: Option<usize>,
    },
    /// A variable has no value: the text matches nothing.
    Null,
    /// AWS documents no meaning for it.
    Malformed,
}

/// Replaces variables where the policy's version has them. A value never becomes a wildcard; `wild` says whether `*`
/// and `?` of the text itself are.
pub(in crate::domain::iam) fn expand<'p>(text: &'p str, scope: &Scope<'_>, wild: bool) -> Expanded<'p> {
    if !scope.variables || !text.contains("${") {
        return Expanded::Plain(text);
    }
    let (mut out, mut open, mut first) = (Vec::new(), false, None);
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        push(&mut out, &rest[..at], wild);
        let Some((name, default, after)) = read(&rest[at + 2..]) else { return Expanded::Malformed };
        rest = after;
        if let ("*" | "?" | "$", None) = (name, default) {
            out.extend(name.chars().map(Sign::One));
            continue;
        }
        let knowledge = scope.knowledge(name);
        // Keys of several values have no place in a variable.
        let may_be_one = knowledge.is_single(name) || (knowledge.present == Truth::False && arity(name) != Arity::Many);
        if name.is_empty() || !may_be_one {
            return Expanded::Malformed;
        }
        first = first.or(Some(out.len()));
        match (knowledge.present, knowledge.values, default) {
            (Truth::False, _, None) => return Expanded::Null,
            (Truth::False, _, Some(default)) => push(&mut out, default, false),
            (Truth::True, Values::Known(values), _) => match values.as_slice() {
                [value] => push(&mut out, value, false),
                _ => return Expanded::Malformed,
            },
            (Truth::True, Values::Like(template), _) => {
                open = true;
                out.extend(template.signs());
            }
            (Truth::Unknown, ..) | (Truth::True, Values::Unknown, _) => {
                open = true;
                out.push(Sign::AnyRun);
            }
        }
    }
    push(&mut out, rest, wild);
    Expanded::Signs { signs: out, open, first }
}

fn push(out: &mut Vec<Sign>, text: &str, wild: bool) {
    if wild { out.extend(signs(text)) } else { out.extend(text.chars().map(Sign::One)) }
}

/// Reads what stands behind `${`: the name, the default and the text after the `}`.
fn read(text: &str) -> Option<(&str, Option<&str>, &str)> {
    let end = text.find(['}', ',']).filter(|end| !text[..*end].contains(['\'', '{', '$']) || text.starts_with("$}"))?;
    let (name, rest) = (text[..end].trim(), &text[end..]);
    if let Some(after) = rest.strip_prefix('}') {
        return Some((name, None, after));
    }
    let (default, after) = rest[1..].trim_start().strip_prefix('\'')?.split_once('\'')?;
    Some((name, Some(default), after.trim_start().strip_prefix('}')?))
}
