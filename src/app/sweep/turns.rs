//! Whose turn it is: one lease of each role after the other, so that ten thousand of one role do not keep another waiting.

use std::collections::{BTreeMap, VecDeque};

use crate::domain::ident::Name;
use crate::domain::lease::{Due, LeaseId};

/// The leases in the order in which they are worked on: role by role in turns, and within a role by the time at which they
/// were due.
pub(super) fn in_turns(due: &BTreeMap<LeaseId, Vec<Due>>) -> Vec<LeaseId> {
    let mut by_role: BTreeMap<&Name, Vec<&Due>> = BTreeMap::new();
    for first in due.values().filter_map(|entries| entries.iter().min()) {
        by_role.entry(&first.role).or_default().push(first);
    }
    let mut queues: VecDeque<VecDeque<&Due>> = by_role
        .into_values()
        .map(|mut entries| {
            entries.sort();
            entries.into()
        })
        .collect();
    let mut order = Vec::new();
    while let Some(mut queue) = queues.pop_front() {
        if let Some(next) = queue.pop_front() {
            order.push(next.lease.clone());
            queues.push_back(queue);
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_take_turns_and_the_oldest_of_each_is_first() {
        let entry = |second: i64, nth: u32, role: &str| Due {
            at: crate::domain::Timestamp::from_second(second).expect("valid"),
            lease: LeaseId::parse(&format!("{nth:026}")).expect("digits are a ULID"),
            role: Name::parse(role).expect("valid"),
            over: false,
        };
        let mut due: BTreeMap<LeaseId, Vec<Due>> = BTreeMap::new();
        for one in [entry(9, 1, "a"), entry(5, 2, "a"), entry(7, 3, "a"), entry(8, 4, "b"), entry(1, 4, "b")] {
            due.entry(one.lease.clone()).or_default().push(one);
        }
        let order: Vec<String> =
            in_turns(&due).iter().map(|id| id.as_str().trim_start_matches('0').to_owned()).collect();
        assert_eq!(order, ["2", "4", "3", "1"]);
    }
}
