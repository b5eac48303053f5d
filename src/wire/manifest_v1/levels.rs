use std::collections::BTreeMap;

use super::fault::{Fault, Faults};
use super::shape::{Fields, near};
use super::value::{self, Scalar};
use crate::domain::finding::Level;
use crate::domain::rules::{self, Levels, Rule};

/// The words that may be written for a level.
pub(super) const WORDS: [&str; 2] = ["advisory", "blocking"];

/// Lowers the Broker's `rules`. A rule may be named by code or by name, and comes back by its code.
pub(super) fn lower(fields: &Fields<'_, '_>, faults: &mut Faults<'_>) -> Levels {
    let mut levels: BTreeMap<String, Level> = BTreeMap::new();
    for (key, word) in fields.map("rules") {
        let rule = faults.take(key.span, named(key));
        let level = faults.take(word.span, level(word));
        if let (Some(rule), Some(level)) = (rule, level)
            && levels.insert(rule.code.to_owned(), level).is_some()
        {
            faults.push(
                key.span,
                value::said(
                    "duplicate-value",
                    key.text,
                    &format!("is {} `{}`, which was given a level already", rule.code, rule.name),
                    "again",
                    "keep one of the two",
                ),
            );
        }
    }
    levels.into_iter().collect()
}

fn named(key: Scalar<'_>) -> Result<&'static Rule, Fault> {
    let written = key.text;
    // As in a waiver, letter by letter: one spelling for whoever searches the repository.
    let known = rules::find(written);
    let Some(rule) = known.filter(|rule| rule.code == written || rule.name == written) else {
        let guess = known.map(|rule| if written.len() == rule.code.len() { rule.code } else { rule.name });
        let help = match guess.or_else(|| near(written, rules::changeable().flat_map(|rule| [rule.name, rule.code]))) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`leasehold rules` lists the rules".to_owned(),
        };
        return Err(value::said(
            "unknown-rule",
            written,
            "is not the code or the name of a rule",
            "no such rule",
            &help,
        ));
    };
    match rules::refusal(rule) {
        None => Ok(rule),
        Some(why) => Err(value::said(
            "fixed-level",
            written,
            why,
            "its level is fixed",
            "remove this line, and mend what the rule finds",
        )),
    }
}

fn level(word: Scalar<'_>) -> Result<Level, Fault> {
    if WORDS.contains(&word.text)
        && let Some(level) = Level::parse(word.text)
    {
        return Ok(level);
    }
    let help = match word.text {
        "off" | "none" | "ignore" | "allow" | "disabled" => {
            "no rule can be switched off: write `advisory`, or silence it for named roles with a Waiver document"
                .to_owned()
        }
        written => match near(written, WORDS) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "write `advisory` or `blocking`; for named roles and a time, a Waiver document silences a rule"
                .to_owned(),
        },
    };
    Err(value::said("unknown-level", word.text, "is not a level of a rule", "no such level", &help))
}
