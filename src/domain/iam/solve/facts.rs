//! What a tree says, in facts about single keys.

use super::key;
use crate::domain::iam::condition::{Condition, Test};
use crate::domain::iam::context::{Context, Knowledge};
use crate::domain::iam::decision::Open;
use crate::domain::iam::tree::Tree;
use crate::domain::iam::truth::Truth;

/// A tree over facts.
pub(super) enum Formula {
    /// Whether the key (by number) is there.
    Present(usize),
    /// Of a key by number: what is said when it is there, and when it is not.
    When(usize, Box<Formula>, bool),
    /// A fact of a key, both by number.
    Fact(usize, usize),
    /// A fact of nothing that is shared.
    Loose(usize),
    Not(Box<Formula>),
    All(Vec<Formula>),
    Any(Vec<Formula>),
}

/// Something a key's value does or does not.
pub(super) enum Fact {
    /// It matches this text by this operator of text.
    Matches(Test, String),
    /// It satisfies this condition, of which nothing else is understood.
    Satisfies(Condition),
}

/// The facts of one key.
pub(super) struct KeyFacts {
    pub(super) name: String,
    pub(super) knowledge: Knowledge,
    pub(super) facts: Vec<Fact>,
}

/// All facts of a tree.
pub(super) struct Facts<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) action: &'a str,
    pub(super) keys: Vec<KeyFacts>,
    pub(super) loose: usize,
}

impl<'a> Facts<'a> {
    pub(super) fn new(context: &'a Context<'a>, action: &'a str) -> Self {
        Self { context, action, keys: Vec::new(), loose: 0 }
    }

    pub(super) fn tree(&mut self, tree: &Tree) -> Formula {
        match tree {
            Tree::All(parts) => Formula::All(parts.iter().map(|part| self.tree(part)).collect()),
            Tree::Any(parts) => Formula::Any(parts.iter().map(|part| self.tree(part)).collect()),
            Tree::Not(part) => Formula::Not(Box::new(self.tree(part))),
            Tree::Statement { clause, .. } => Formula::All(clause.open.iter().map(|open| self.open(open)).collect()),
            Tree::Unread(_) => self.loose(),
        }
    }

    fn loose(&mut self) -> Formula {
        self.loose += 1;
        Formula::Loose(self.loose - 1)
    }

    fn open(&mut self, open: &Open) -> Formula {
        match (open, key(open)) {
            (Open::Condition(condition), Some(_)) => self.condition(condition),
            _ => self.loose(),
        }
    }

    fn condition(&mut self, condition: &Condition) -> Formula {
        let Some(known) = condition.operator.known else { return self.loose() };
        let key = self.key(&condition.key);
        let present = || Formula::Present(key);
        if known.test == Test::Null && condition.values.iter().all(|value| boolean(value).is_some()) {
            let asked = condition.values.iter().filter_map(|value| boolean(value));
            return Formula::Any(
                asked.map(|absent| if absent { Formula::Not(Box::new(present())) } else { present() }).collect(),
            );
        }
        let text = positive(known.test).filter(|_| {
            let single = self.keys[key].knowledge.is_single(&condition.key);
            known.quantifier.is_none() && single && !condition.values.is_empty()
        });
        let satisfied = match text {
            Some(test) => {
                let any = Formula::Any(condition.values.iter().map(|value| self.matches(key, test, value)).collect());
                if known.test.is_negated() { Formula::Not(Box::new(any)) } else { any }
            }
            None => self.satisfies(key, condition),
        };
        if known.test == Test::Null {
            return satisfied;
        }
        let absent = match condition.when_absent() {
            Truth::Unknown => return self.satisfies(key, condition),
            told => told == Truth::True,
        };
        Formula::When(key, Box::new(satisfied), absent)
    }

    fn key(&mut self, name: &str) -> usize {
        self.keys.iter().position(|key| key.name.eq_ignore_ascii_case(name)).unwrap_or_else(|| {
            let (name, knowledge) = (name.to_ascii_lowercase(), self.context.knowledge(name, self.action));
            self.keys.push(KeyFacts { name, knowledge, facts: Vec::new() });
            self.keys.len() - 1
        })
    }

    fn matches(&mut self, key: usize, test: Test, text: &str) -> Formula {
        let plain = test == Test::StringLike && !text.contains(['*', '?']);
        let test = if plain { Test::StringEquals } else { test };
        let is_known = |known: &Fact| matches!(known, Fact::Matches(of, with) if (*of, with.as_str()) == (test, text));
        self.fact(key, is_known, || Fact::Matches(test, text.to_owned()))
    }

    fn satisfies(&mut self, key: usize, condition: &Condition) -> Formula {
        let condition = alike(condition);
        let is_known = |known: &Fact| matches!(known, Fact::Satisfies(of) if *of == condition);
        self.fact(key, is_known, || Fact::Satisfies(condition.clone()))
    }

    fn fact(&mut self, key: usize, is_known: impl Fn(&Fact) -> bool, new: impl FnOnce() -> Fact) -> Formula {
        let facts = &mut self.keys[key].facts;
        let found = facts.iter().position(is_known).unwrap_or_else(|| {
            facts.push(new());
            facts.len() - 1
        });
        Formula::Fact(key, found)
    }
}

/// The operator of text without its negation.
fn positive(test: Test) -> Option<Test> {
    match test {
        Test::StringEquals | Test::StringNotEquals => Some(Test::StringEquals),
        Test::StringEqualsIgnoreCase | Test::StringNotEqualsIgnoreCase => Some(Test::StringEqualsIgnoreCase),
        Test::StringLike | Test::StringNotLike => Some(Test::StringLike),
        _ => None,
    }
}

/// The condition in the form in which two that say the same are equal.
fn alike(condition: &Condition) -> Condition {
    let mut values = condition.values.clone();
    values.sort();
    values.dedup();
    let mut operator = condition.operator.clone();
    operator.written = operator.spelling();
    Condition { operator, key: condition.key.to_ascii_lowercase(), values }
}

fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}
