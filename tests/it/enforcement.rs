//! Our decisions beside those of a server that enforces IAM, question by question.
//!
//! Both get the same generated policies and the same request. Where they differ, [`quirks`] must explain it; what ours
//! leaves open must be on the list of what nobody can know. Nothing in either may be out of use.

mod ask;
mod cases;
mod lanes;
mod quirks;

use std::collections::{BTreeMap, BTreeSet};

use crate::emulator::{self, block_on};
use ask::{Ask, Told};
use cases::{Case, Dice};
use lanes::{Kind, Lane};
use quirks::QUIRKS;

/// Questions for each broker.
const QUESTIONS: usize = 200;

/// Where the questions start from.
const SEED: u64 = 2_611;

/// Most rows that explain one disagreement together.
const MOST_ROWS: usize = 3;

/// What may be open although everything that can be known is, and why.
const OPEN: &[(&str, &str)] = &[
    ("action", "a Deny on, or all but, a malformed action: meant or not (4.3)"),
    ("iam:resourcetag/", "whether TagSession and SetSourceIdentity carry it is not documented (4.2, point 6)"),
    ("no value", "a negated operator without values is not documented (4.3)"),
    ("operator", "an operator that IAM does not document (4.4)"),
    ("resource", "a resource of fewer than six parts, or one that matches across them (4.3)"),
    ("aws:multifactorauthpresent", "of a role's session not documented (4.5)"),
    ("aws:multifactorauthage", "of a role's session not documented (4.5)"),
    ("aws:requesttag/", "whether SetSourceIdentity carries it is not documented (4.2, point 6)"),
    ("aws:sourcevpc", "where the request comes from is not known (4.5)"),
    ("aws:sourcevpce", "where the request comes from is not known (4.5)"),
    ("aws:tagkeys", "several values, or one, under a plain operator (4.4)"),
    ("aws:tokenissuetime", "when the session was made is not known (4.5)"),
    ("sts:externalid", "whether TagSession carries it is not documented (4.2, point 6)"),
    ("sts:transitivetagkeys", "whether SetSourceIdentity carries it is not documented (4.2, point 6)"),
];

/// A question, and whether the emulator let the broker in.
struct Answer {
    name: String,
    ask: Ask,
    allowed: bool,
}

#[test]
fn what_is_decided_is_what_is_enforced() {
    let Some(emulator) = emulator::shared() else { return };
    let answers = block_on(async {
        let lanes = Kind::ALL.into_iter().enumerate().map(|(number, kind)| {
            let mut dice = Dice(SEED + number as u64);
            let cases: Vec<Case> = (0..QUESTIONS).map(|_| cases::next(&mut dice)).collect();
            let (account, other) = (emulator.account(), emulator.account());
            tokio::spawn(async move {
                let lane = Lane::open(kind, account, other).await;
                let mut answers = Vec::new();
                for (number, case) in cases.iter().enumerate() {
                    let (ask, allowed) = lane.ask(number, case).await;
                    answers.push(Answer { name: format!("{:?} {number}", lane.kind), ask, allowed });
                }
                answers
            })
        });
        let mut all = Vec::new();
        for lane in lanes.collect::<Vec<_>>() {
            all.extend(lane.await.expect("a lane to its end"));
        }
        all
    });
    Report::of(&answers).hold(answers.len());
}

#[derive(Default)]
struct Report {
    allowed_by_both: usize,
    denied_by_both: usize,
    open: BTreeMap<String, usize>,
    left_open: usize,
    explained: BTreeMap<&'static str, usize>,
    disagreements: usize,
    unexplained: Vec<String>,
}

impl Report {
    fn of(answers: &[Answer]) -> Self {
        let mut report = Self::default();
        let all: Vec<_> = QUIRKS.iter().collect();
        for Answer { name, ask, allowed } in answers {
            // The rows together are the emulator: what both agree on is no luck either.
            let emulated = seen(ask, &all).decide();
            if emulated.is(!allowed) {
                report.unexplained.push(line(name, &emulated, *allowed, ask));
            }
            match ask.decide() {
                Told::Open(open) => {
                    report.left_open += 1;
                    for thing in open {
                        *report.open.entry(thing).or_default() += 1;
                    }
                }
                told if told.is(*allowed) => {
                    let count = if *allowed { &mut report.allowed_by_both } else { &mut report.denied_by_both };
                    *count += 1;
                }
                told => {
                    report.disagreements += 1;
                    match explanation(ask, *allowed) {
                        Some(rows) => rows.iter().for_each(|row| *report.explained.entry(row).or_default() += 1),
                        None => report.unexplained.push(line(name, &told, *allowed, ask)),
                    }
                }
            }
        }
        report
    }

    fn hold(&self, asked: usize) {
        let Self { allowed_by_both, denied_by_both, open, left_open, explained, disagreements, unexplained } = self;
        println!(
            "{asked} questions: {allowed_by_both} allowed by both, {denied_by_both} denied by both, {left_open} open, \
             {disagreements} disagreements\nexplained: {explained:#?}\nopen: {open:#?}"
        );
        assert!(unexplained.is_empty(), "disagreements that no row explains:\n{}", unexplained.join("\n"));
        let listed: BTreeSet<&str> = OPEN.iter().map(|(thing, _)| *thing).collect();
        let seen: BTreeSet<&str> = open.keys().map(String::as_str).collect();
        assert_eq!(seen, listed, "what is open, beside the list of what may be");
        let rows: BTreeSet<&str> = QUIRKS.iter().map(|quirk| quirk.name).collect();
        let used: BTreeSet<&str> = explained.keys().copied().collect();
        assert_eq!(used, rows, "the rows that explain something, beside all rows");
        assert!(
            QUIRKS.iter().all(|quirk| quirk.why.contains("(4.") || quirk.why.contains("(1.")),
            "a row without a fact"
        );
        // Both outcomes are common, or agreement says little.
        assert!(*allowed_by_both >= asked / 10 && *denied_by_both >= asked / 10 && *left_open <= asked / 4);
    }
}

fn line(name: &str, told: &Told, allowed: bool, ask: &Ask) -> String {
    let Ask { trust, identity, target, external_id, tags, transitive_tag_keys, source_identity, .. } = ask;
    format!(
        "{name} at {target} with {external_id:?} {tags:?} {transitive_tag_keys:?} {source_identity:?}: {told:?}, but \
         {allowed}\n  trust {trust}\n  identity {identity}"
    )
}

/// The fewest rows with which our evaluator says what the emulator did.
fn explanation(ask: &Ask, allowed: bool) -> Option<Vec<&'static str>> {
    let changing: Vec<_> = QUIRKS.iter().filter(|quirk| seen(ask, &[quirk]) != *ask).collect();
    let mut sets: Vec<Vec<&quirks::Quirk>> = vec![Vec::new()];
    for _ in 0..MOST_ROWS {
        let after = |set: &[&quirks::Quirk]| {
            let last = set.last().and_then(|last| changing.iter().position(|it| it.name == last.name));
            last.map_or(0, |last| last + 1)
        };
        sets = sets
            .iter()
            .flat_map(|set| changing[after(set)..].iter().map(|next| [&set[..], &[*next]].concat()))
            .collect();
        let told: Vec<Told> = sets.iter().map(|set| seen(ask, set).decide()).collect();
        // What is open then is so for the reasons of [`OPEN`], and contradicts nothing.
        let exact = told.iter().position(|told| told.is(allowed));
        if let Some(at) = exact.or_else(|| told.iter().position(|told| matches!(told, Told::Open(_)))) {
            return Some(sets[at].iter().map(|quirk| quirk.name).collect());
        }
    }
    None
}

fn seen(ask: &Ask, quirks: &[&quirks::Quirk]) -> Ask {
    let mut ask = ask.clone();
    quirks.iter().for_each(|quirk| (quirk.seen)(&mut ask));
    ask
}
