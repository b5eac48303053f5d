//! How much one request may ask for. A request is read and judged within a second and some megabytes, whatever it says.

use std::collections::BTreeMap;

use crate::domain::iam::{Policy, Selector, Statement};
use crate::domain::simulation::Simulation;

/// Most bytes of a request: room for a principal with twenty managed policies under five levels of control policies.
pub const MAX_BYTES: usize = 512 * 1024;
/// Most actions of a request.
pub(super) const ACTIONS_MAX: usize = 20;
/// Most condition keys of a request.
pub(super) const KEYS_MAX: usize = 256;
/// Most characters of a resource, a value, or one end of a form.
pub(super) const TEXT_MAX: usize = 2_048;
/// Most levels of control policies of one kind: AWS has the root, five of units, and the account.
pub(super) const LEVELS_MAX: usize = 8;
/// Most statements of all policies together.
const STATEMENTS_MAX: usize = 2_000;
/// Most characters that matching may have to compare, if every pattern is as bad as its length allows.
const STEPS_MAX: usize = 1 << 27;
/// Most characters of condition keys' values that the trace would repeat.
const TOLD_MAX: usize = 1 << 23;

/// Characters of the known values of each key, the keys in lower case.
pub(super) type Lengths = BTreeMap<String, usize>;

/// Holds a request against what is above. The error completes "the request …".
pub(super) fn check(simulation: &Simulation, lengths: &Lengths) -> Result<(), String> {
    let policies: Vec<&Policy> = simulation.named().into_iter().map(|(_, named)| &named.policy).collect();
    let statements: usize = policies.iter().map(|policy| policy.statements().len()).sum();
    if statements > STATEMENTS_MAX {
        return Err(format!(
            "has {statements} statements in its policies: at most {STATEMENTS_MAX} are judged at once"
        ));
    }
    let mut work = Work { longest: lengths.values().copied().max().unwrap_or(0).max(1), ..Work::default() };
    for statement in policies.iter().flat_map(|policy| policy.statements()) {
        work.add(statement, simulation, lengths);
    }
    let actions = simulation.actions.len();
    if work.steps.saturating_mul(actions) > STEPS_MAX || work.told.saturating_mul(actions) > TOLD_MAX {
        return Err(
            "asks for more comparing than is done at once: ask for fewer actions, or leave out policies, keys \
                    and values that do not matter to them"
                .to_owned(),
        );
    }
    Ok(())
}

/// What judging takes for each action, at worst.
#[derive(Default)]
struct Work {
    longest: usize,
    steps: usize,
    told: usize,
}

impl Work {
    fn add(&mut self, statement: &Statement, simulation: &Simulation, lengths: &Lengths) {
        let action = simulation.actions.iter().map(String::len).max().unwrap_or(1);
        let actions: usize = statement.action.entries().iter().map(|entry| entry.as_str().len()).sum();
        self.compare(actions, action);
        let resource = simulation.resource.as_ref().map_or(1, String::len);
        let resources = statement.resource.as_ref().map_or(&[][..], Selector::entries);
        self.compare(resources.iter().map(|entry| self.expanded(entry)).sum(), resource);
        let principals = statement.principal.as_ref().map_or(&[][..], Selector::entries);
        self.compare(principals.iter().map(|entry| entry.text().len()).sum(), TEXT_MAX);
        for condition in &statement.conditions {
            let values = condition.values.iter().map(|value| self.expanded(value)).sum();
            let found = lengths.get(&condition.key.to_ascii_lowercase()).copied().unwrap_or(1);
            self.compare(values, found);
            self.told = self.told.saturating_add(found);
        }
    }

    fn compare(&mut self, pattern: usize, text: usize) {
        self.steps = self.steps.saturating_add(pattern.saturating_mul(text));
    }

    /// Length of a pattern once its variables are replaced.
    fn expanded(&self, pattern: &str) -> usize {
        let variables = pattern.matches("${").count();
        pattern.len().saturating_add(variables.saturating_mul(self.longest))
    }
}
