//! What a decision over several policies hangs on, as a tree that can be read.

use super::decision::{Clause, Open};
use super::statement::Effect;
use super::verdict::Place;

/// What must hold for a request to be allowed.
///
/// Nothing in it is known: what is known has been worked in. An `All` or `Any` has at least two parts, and none of its
/// own kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tree {
    /// Every part holds.
    All(Vec<Tree>),
    /// Some part holds.
    Any(Vec<Tree>),
    /// The part, a Deny, does not hold.
    Not(Box<Tree>),
    /// A statement applies: everything open in its clause holds.
    Statement {
        /// What the policy is to the request.
        place: Place,
        /// The policy's name (hostile).
        policy: String,
        /// The statement.
        clause: Clause,
    },
    /// A policy that could not be read lets it.
    Unread(Place),
}

impl Tree {
    /// Every statement in it that is still open, Allows before Denys.
    #[must_use]
    pub fn clauses(&self) -> Vec<&Clause> {
        let mut clauses = Vec::new();
        self.collect(&mut clauses);
        clauses.sort_by_key(|clause| clause.effect == Effect::Deny);
        clauses
    }

    fn collect<'a>(&'a self, clauses: &mut Vec<&'a Clause>) {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.collect(clauses)),
            Self::Not(part) => part.collect(clauses),
            Self::Statement { clause, .. } => clauses.push(clause),
            Self::Unread(_) => {}
        }
    }

    /// One line for each part, parts of parts indented by two spaces. Texts are as written in the policies: escape the
    /// lines before printing them.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        self.write(0, "", &mut lines);
        lines
    }

    fn write(&self, depth: usize, lead: &str, lines: &mut Vec<String>) {
        let mut line = |text: &str| lines.push(format!("{:width$}{lead}{text}", "", width = depth * 2));
        match self {
            Self::All(parts) => {
                line("all of:");
                parts.iter().for_each(|part| part.write(depth + 1, "", lines));
            }
            Self::Any(parts) => {
                line("one of:");
                parts.iter().for_each(|part| part.write(depth + 1, "", lines));
            }
            Self::Not(part) => part.write(depth, "not: ", lines),
            Self::Statement { place, policy, clause } => {
                line(&format!("{} {policy}: {}", place.as_str(), clause.line()));
            }
            Self::Unread(place) => line(&format!("{} allows it (could not be read)", place.as_str())),
        }
    }
}

/// A part of a decision, known or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    No,
    Yes,
    Open(Tree),
}

/// Every part.
pub(super) fn all(parts: impl IntoIterator<Item = Part>) -> Part {
    let mut open = Vec::new();
    for part in parts {
        match part {
            Part::No => return Part::No,
            Part::Yes => {}
            Part::Open(Tree::All(parts)) => open.extend(parts),
            Part::Open(tree) => open.push(tree),
        }
    }
    shrink(&mut open, true);
    match open.len() {
        0 => Part::Yes,
        1 => Part::Open(open.swap_remove(0)),
        _ => Part::Open(Tree::All(open)),
    }
}

/// Some part.
pub(super) fn any(parts: impl IntoIterator<Item = Part>) -> Part {
    let mut open = Vec::new();
    for part in parts {
        match part {
            Part::Yes => return Part::Yes,
            Part::No => {}
            Part::Open(Tree::Any(parts)) => open.extend(parts),
            Part::Open(tree) => open.push(tree),
        }
    }
    shrink(&mut open, false);
    match open.len() {
        0 => Part::No,
        1 => Part::Open(open.swap_remove(0)),
        _ => Part::Open(Tree::Any(open)),
    }
}

/// Most parts that are compared with each other. The time grows with their square; IAM's quotas leave no policy room for
/// as many, a document of the greatest length that its API takes does for ten times more.
const MOST_COMPARED: usize = 128;

/// Drops each part that another part already says: of alternatives the stricter, of requirements the weaker. More than
/// [`MOST_COMPARED`] parts stay as they are.
fn shrink(parts: &mut Vec<Tree>, required: bool) {
    let mut at = if parts.len() > MOST_COMPARED { parts.len() } else { 0 };
    while at < parts.len() {
        let said = |other: usize| {
            let (one, other_part) = (&parts[at], &parts[other]);
            let implied = if required { implies(other_part, one) } else { implies(one, other_part) };
            // Of two that say the same the first stays.
            implied && (other < at || !implies(one, other_part) || !implies(other_part, one))
        };
        if (0..parts.len()).any(|other| other != at && said(other)) {
            parts.remove(at);
        } else {
            at += 1;
        }
    }
}

/// Whether `one` cannot hold without `other`, by its form alone.
fn implies(one: &Tree, other: &Tree) -> bool {
    match (one, other) {
        (Tree::Statement { clause: one, .. }, Tree::Statement { clause: other, .. }) => {
            other.open.iter().all(|open| means_the_same_everywhere(open) && one.open.contains(open))
        }
        (Tree::Not(one), Tree::Not(other)) => implies(other, one),
        (one, other) => one == other,
    }
}

/// What `${…}` means hangs on the policy's version, and what a principal is on its place.
fn means_the_same_everywhere(open: &Open) -> bool {
    matches!(open, Open::Condition(condition) if !condition.values.iter().any(|value| value.contains("${")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_without_number_are_not_compared() {
        let equal = |count| any(vec![Part::Open(Tree::Unread(Place::Identity)); count]);
        assert_eq!(equal(MOST_COMPARED), Part::Open(Tree::Unread(Place::Identity)));
        let Part::Open(Tree::Any(parts)) = equal(MOST_COMPARED + 1) else { panic!("not compared") };
        assert_eq!(parts.len(), MOST_COMPARED + 1);
    }
}
