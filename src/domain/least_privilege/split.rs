//! Packing statements into policies that AWS takes.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::statement::Statement;
use crate::domain::digest::canonical_json;

/// One policy of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Each statement with its `Sid`, which no other of the policy has.
    pub statements: Vec<(String, Statement)>,
    /// Characters of the policy without white space: what AWS counts, or more where a value itself has white space.
    pub characters: usize,
}

impl Document {
    fn new(statements: Vec<Statement>) -> Self {
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        let mut named = Vec::with_capacity(statements.len());
        for statement in statements {
            let nth = seen.entry(statement.sid).and_modify(|nth| *nth += 1).or_insert(1);
            let sid = if *nth == 1 { statement.sid.to_owned() } else { format!("{}{nth}", statement.sid) };
            named.push((sid, statement));
        }
        let mut document = Self { statements: named, characters: 0 };
        document.characters = canonical_json(&document.to_json()).chars().count();
        document
    }

    /// The policy in IAM's language.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let statements: Vec<Value> = self.statements.iter().map(|(sid, statement)| statement.to_json(sid)).collect();
        json!({ "Version": "2012-10-17", "Statement": statements })
    }
}

/// Characters of everything of a policy that is no statement, and of what a longer `Sid` may add.
const FRAME: usize = 60;

/// The statements in as few policies of at most `most` characters as their order allows. One that is too long is split
/// by its resources; one that cannot be is a policy of its own, with more than `most` characters.
#[must_use]
pub fn documents(statements: Vec<Statement>, most: usize) -> Vec<Document> {
    let mut documents = Vec::new();
    let mut held: Vec<Statement> = Vec::new();
    let mut used = FRAME;
    for statement in statements {
        for (part, length) in parts(statement, most.saturating_sub(FRAME)) {
            if used + length > most && !held.is_empty() {
                documents.push(Document::new(std::mem::take(&mut held)));
                used = FRAME;
            }
            used += length;
            held.push(part);
        }
    }
    if !held.is_empty() {
        documents.push(Document::new(held));
    }
    documents
}

/// Room for the number behind a `Sid`, and for the comma.
const SPARE: usize = 8;

/// A statement in parts of at most `most` characters each, with the characters of each.
fn parts(statement: Statement, most: usize) -> Vec<(Statement, usize)> {
    let length = |statement: &Statement| canonical_json(&statement.to_json(statement.sid)).chars().count() + SPARE;
    let whole = length(&statement);
    if whole <= most || statement.resources.len() < 2 {
        return vec![(statement, whole)];
    }
    let bare = length(&Statement { resources: vec![String::new()], ..statement.clone() });
    let (mut parts, mut held, mut used) = (Vec::new(), Vec::new(), bare);
    for resource in &statement.resources {
        // Quotes and comma.
        let more = canonical_json(&Value::from(resource.as_str())).chars().count() + 1;
        if used + more > most && !held.is_empty() {
            parts.push((Statement { resources: std::mem::take(&mut held), ..statement.clone() }, used));
            used = bare;
        }
        used += more;
        held.push(resource.clone());
    }
    parts.push((Statement { resources: held, ..statement }, used));
    parts
}
