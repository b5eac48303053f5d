//! Conditions on the same key, weighed together.
//!
//! Three-valued logic judges each condition alone: of "allowed if `k` is `a`" and "denied if `k` is `a`" it only says that
//! both are open. Here the conditions of a tree are taken apart into facts (the key is there; its value matches this
//! text), and the tree is tried on every case of those facts that the keys permit.

mod cases;
mod facts;
mod prune;

use facts::Facts;
use prune::prune;

use super::context::Context;
use super::decision::Open;
use super::tree::{Part, Tree};

/// Most values of all open conditions together; a tree with more stays as it is.
const MOST_VALUES: usize = 512;

/// Most open things of a tree that is made minimal.
const MOST_PRUNED: usize = 32;

/// The tree without what its keys make impossible or certain.
///
/// Sound for every operator: no case that a request can bring about is left out, so what comes out certain is certain.
///
/// Exact, so that both outcomes of an open tree can come about, when each open condition is on a key of one value, is
/// `Null` or an operator of text without set prefix and variables, and when every combination of the patterns of one key
/// is matched by some value; up to 512 values, 4,096 cases and six patterns a key. Beyond that an open tree may be certain
/// in truth: of typed values (less than 5 and more than 9), and of patterns within or without each other.
pub(super) fn settle(part: Part, context: &Context<'_>, action: &str) -> Part {
    let Part::Open(tree) = part else { return part };
    let mut opens = Vec::new();
    let unread = collect(&tree, &mut opens);
    if !repeats_a_key(&opens) || values(&opens) > MOST_VALUES {
        return Part::Open(tree);
    }
    let mut facts = Facts::new(context, action);
    let formula = facts.tree(&tree);
    let Some(cases) = facts.cases() else { return Part::Open(tree) };
    let expected: Vec<bool> = cases.iter().map(|case| formula.holds(case)).collect();
    match (expected.contains(&true), expected.contains(&false)) {
        (false, _) => Part::No,
        (true, false) => Part::Yes,
        // Facts that stand alone are numbered by place, which a part less would shift.
        (true, true) if unread || opens.len() > MOST_PRUNED || opens.iter().any(|open| key(open).is_none()) => {
            Part::Open(tree)
        }
        (true, true) => Part::Open(prune(tree, formula, &mut facts, &cases, &expected)),
    }
}

/// Everything that is open in a statement of the tree; answers whether a policy of it could not be read.
fn collect<'a>(tree: &'a Tree, opens: &mut Vec<&'a Open>) -> bool {
    match tree {
        Tree::All(parts) | Tree::Any(parts) => {
            let unread = parts.iter().filter(|part| collect(part, opens));
            unread.count() > 0
        }
        Tree::Not(part) => collect(part, opens),
        Tree::Statement { clause, .. } => {
            opens.extend(&clause.open);
            false
        }
        Tree::Unread(_) => true,
    }
}

fn values(opens: &[&Open]) -> usize {
    let of = |open: &&Open| if let Open::Condition(condition) = open { condition.values.len() } else { 0 };
    opens.iter().map(of).sum()
}

/// The key an open thing hangs on; `None` when it hangs on something else, or on several.
fn key(open: &Open) -> Option<&str> {
    match open {
        Open::Condition(condition) if !condition.values.iter().any(|value| value.contains("${")) => {
            condition.operator.known.map(|_| condition.key.as_str())
        }
        _ => None,
    }
}

fn repeats_a_key(opens: &[&Open]) -> bool {
    fn folded(key: &str) -> impl Iterator<Item = u8> {
        key.bytes().map(|byte| byte.to_ascii_lowercase())
    }
    let mut keys: Vec<&str> = opens.iter().filter_map(|open| key(open)).collect();
    keys.sort_unstable_by(|one, other| folded(one).cmp(folded(other)));
    keys.array_windows::<2>().any(|[one, other]| one.eq_ignore_ascii_case(other))
}

#[cfg(test)]
mod tests;
