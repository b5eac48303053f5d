//! A tree made minimal.

use super::cases::Case;
use super::facts::{Facts, Formula};
use crate::domain::iam::tree::{Part, Tree, all, any};

/// Leaves out each part without which the tree, whose formula this is, says the same in every case.
pub(super) fn prune(tree: Tree, formula: Formula, facts: &mut Facts<'_>, cases: &[Case], expected: &[bool]) -> Tree {
    let (mut current, mut formula) = (tree, formula);
    let mut at = removable(&current);
    // From the end: what may be said either way is said by an Allow. What goes leaves all parts before it in order.
    while let Some(before) = usize::checked_sub(at, 1) {
        at = before;
        let same =
            |(case, expected): (&Case, &bool)| holds_without(&current, &formula, &mut Some(at), case) == *expected;
        if cases.iter().zip(expected).all(same)
            && let Some(Part::Open(fewer)) = without(&current, &mut at.clone())
        {
            formula = facts.tree(&fewer);
            current = fewer;
        }
    }
    current
}

/// Whether the formula of this tree holds without the part of that number; what [`without`] makes of the tree would say the
/// same. The number is taken when its part was met.
fn holds_without(tree: &Tree, formula: &Formula, at: &mut Option<usize>, case: &Case) -> bool {
    // Every part is looked at, so that the numbers of later ones are right.
    match (tree, formula) {
        (Tree::All(parts), Formula::All(formulas)) => parts.iter().zip(formulas).fold(true, |all, (part, formula)| {
            let holds = left_out(at) || holds_without(part, formula, at, case);
            all && holds
        }),
        (Tree::Any(parts), Formula::Any(formulas)) => parts.iter().zip(formulas).fold(false, |any, (part, formula)| {
            let holds = !left_out(at) && holds_without(part, formula, at, case);
            any || holds
        }),
        (Tree::Not(part), Formula::Not(formula)) => !holds_without(part, formula, at, case),
        (Tree::Statement { clause, .. }, Formula::All(formulas)) if clause.open.len() > 1 => {
            formulas.iter().fold(true, |all, formula| {
                let holds = left_out(at) || formula.holds(case);
                all && holds
            })
        }
        (_, formula) => formula.holds(case),
    }
}

/// Whether the next part is the one that is left out.
fn left_out(at: &mut Option<usize>) -> bool {
    let number = at.take();
    *at = number.and_then(|number| number.checked_sub(1));
    number == Some(0)
}

/// How many parts can be left out.
fn removable(tree: &Tree) -> usize {
    match tree {
        Tree::All(parts) | Tree::Any(parts) => parts.iter().map(|part| 1 + removable(part)).sum(),
        Tree::Not(part) => removable(part),
        Tree::Statement { clause, .. } if clause.open.len() > 1 => clause.open.len(),
        Tree::Statement { .. } | Tree::Unread(_) => 0,
    }
}

/// The tree without its part number `at`, counted in reading order; `None` when it has fewer.
fn without(tree: &Tree, at: &mut usize) -> Option<Part> {
    let parts = match tree {
        Tree::All(parts) | Tree::Any(parts) => parts,
        Tree::Not(part) => {
            return match without(part, at)? {
                Part::Open(tree) => Some(Part::Open(Tree::Not(Box::new(tree)))),
                known => Some(known),
            };
        }
        Tree::Statement { place, policy, clause } if clause.open.len() > 1 => {
            if *at >= clause.open.len() {
                *at -= clause.open.len();
                return None;
            }
            let mut clause = clause.clone();
            clause.open.remove(*at);
            return Some(Part::Open(Tree::Statement { place: *place, policy: policy.clone(), clause }));
        }
        Tree::Statement { .. } | Tree::Unread(_) => return None,
    };
    let others = |skip: usize, put: Option<Part>| {
        let kept = parts.iter().enumerate().filter(|(index, _)| *index != skip);
        let kept = kept.map(|(_, tree)| Part::Open(tree.clone())).chain(put);
        if matches!(tree, Tree::All(_)) { all(kept) } else { any(kept) }
    };
    for (index, part) in parts.iter().enumerate() {
        if *at == 0 {
            return Some(others(index, None));
        }
        *at -= 1;
        if let Some(fewer) = without(part, at) {
            return Some(others(index, Some(fewer)));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::iam::{Clause, Effect, Open, Place};

    #[test]
    fn every_part_that_is_counted_can_be_left_out_and_no_other() {
        let statement = |open| {
            let open = (0..open).map(|at| Open::Action { written: format!("{at}") }).collect();
            let clause = Clause { statement: "#1".to_owned(), effect: Effect::Allow, delegated: false, open };
            Tree::Statement { place: Place::Identity, policy: "P".to_owned(), clause }
        };
        let not = |tree| Tree::Not(Box::new(tree));
        for (tree, expected) in [
            (Tree::Unread(Place::Scp), 0),
            (statement(1), 0),
            (statement(3), 3),
            (not(statement(2)), 2),
            (Tree::All(vec![statement(1), Tree::Any(vec![statement(2), not(statement(1))]), not(statement(4))]), 11),
        ] {
            assert_eq!(removable(&tree), expected, "{tree:?}");
            for at in 0..=expected {
                assert_eq!(without(&tree, &mut at.clone()).is_some(), at < expected, "{at} of {tree:?}");
            }
        }
    }
}
