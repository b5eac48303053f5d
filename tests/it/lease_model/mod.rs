//! The lease protocol of IAM users, explored in every order of its steps.
//!
//! Modelled: issuers (a lease each), one `apply` that removes the role of all of them, and sweepers that share the leases. Any
//! of them may stop for ever or, for `apply` and sweepers, start again, between any two steps. A conditional write may lose
//! its reply, written or not; IAM may act on a request long after its sender gave up, and tells of what is new only from the
//! next stretch of time on.
//!
//! Which code each step stands for:
//!
//! | step | code |
//! | --- | --- |
//! | `Issuer::ReadHead` to `WriteIntent` | `app::issue`, up to the durable intent |
//! | `ReadHeadAgain`, `AskUser`, `CheckHead`, `CheckLease`, `AskKey` | `app::issue::user::make` |
//! | `Activate`, `HandOver`, `Refuse`, `Abandon` | `app::issue`, after AWS's answer |
//! | every write with a lost reply and its read-back | `app::swap` |
//! | `Apply::*` | `app::apply`: the head first, then the leases of the removed role |
//! | `Sweeper::*` | `app::sweep`: due lease, keys, user, note, read back, end |
//!
//! Abstracted: time is up to four stretches (in time, deadline passed, expired, afterwards), and a grace
//! time is over with the stretch after the one it began in. A request reaches IAM in
//! the stretch it was sent in or the next one. A process that checked its deadline sends in that moment. Policies, groups
//! and the other kinds of attachment are part of making and ending the user. IAM refuses to delete a user that has a key by
//! what is, not by what it shows. Listing the store shows every earlier write. A write does not arrive after it was read back.
//! Tombstones are not removed.
//!
//! Asked of the code: between a marker and the write it is for, no stretch of time ends; a sweep removes a superfluous marker
//! only in a later stretch than the marker's own.

mod steps;
mod world;

use stateright::{Checker as _, HasDiscoveries, Model, Property};

use steps::{Action, ApplyAt, IssuerAt, SweeperAt};
use world::{Form, Lease};

const KEY_HAS_LEASE: &str = "a live key has a lease that is not ended";
const REMOVED_ROLE: &str = "nothing handed out from a removed role outlives apply and sweep";
const ENDED_IS_OVER: &str = "the user of an ended lease is gone and will not be made";
const HANDED_OVER: &str = "what is handed over is active and audited";
const INDEXED: &str = "every open lease is in the index in time";
const SOMETIMES: [&str; 5] = [
    "a credential is handed over",
    "a sweep ends the user of a dead issuer",
    "the lease of a removed role is ended",
    "a lost reply is settled as won",
    "a sweeper takes over from another",
];

/// Mistakes that the model must be able to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bug {
    /// A lost answer of CreateUser ends the lease.
    EndOnError,
    /// The head is not read again after the intent.
    HeadNotReadAgain,
    /// After a lost reply, whatever is newer is taken for our own write.
    NoWriteId,
    /// "No such user" is believed at once.
    AbsenceBelievedEarly,
    /// The grace time may run out in the moment of the deadline, while the last request is on its way.
    GraceNotAfterDeadline,
    /// An `apply` that starts again marks nothing, because the role is no longer in the head.
    ApplyForgets,
    /// A sweep removes a marker that seems superfluous, though the write it was made for is still to come.
    FreshMarkerRemoved,
}

#[derive(Debug, Clone)]
struct Protocol {
    issuers: u8,
    sweepers: u8,
    /// The last stretch of time.
    last: u8,
    /// How many lost messages and deaths there are at most; `None` for any number.
    faults: Option<u8>,
    bug: Option<Bug>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct State {
    now: u8,
    faults: u8,
    role_in_head: bool,
    leases: Vec<Lease>,
    issuers: Vec<IssuerAt>,
    apply: ApplyAt,
    sweepers: Vec<SweeperAt>,
}

impl Model for Protocol {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            now: 0,
            faults: 0,
            role_in_head: true,
            leases: vec![Lease::default(); self.issuers.into()],
            issuers: vec![IssuerAt::ReadHead; self.issuers.into()],
            apply: ApplyAt::SwapHead,
            sweepers: vec![SweeperAt::Idle; self.sweepers.into()],
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        steps::enabled(self, state, actions);
        if self.faults.is_some_and(|most| state.faults >= most) {
            actions.retain(|action| !action.is_fault());
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut next = last.clone();
        if self.faults.is_some() && action.is_fault() {
            next.faults += 1;
        }
        steps::take(self, &mut next, action);
        (next != *last).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(KEY_HAS_LEASE, |_: &Self, state: &State| {
                state
                    .leases
                    .iter()
                    .all(|lease| lease.key.is_none() || lease.form().is_some_and(|form| form != Form::Ended))
            }),
            Property::always(REMOVED_ROLE, |_: &Self, state: &State| {
                let quiet = state.apply == ApplyAt::Done
                    && state.sweepers.iter().all(|at| *at == SweeperAt::Idle)
                    && state.leases.iter().all(|lease| !steps::due(state.now, lease));
                !quiet || state.leases.iter().all(|lease| !(lease.handed_over && lease.key.is_some()))
            }),
            Property::always(ENDED_IS_OVER, |_: &Self, state: &State| {
                state.leases.iter().all(|lease| lease.form() != Some(Form::Ended) || !lease.may_live())
            }),
            Property::always(HANDED_OVER, |_: &Self, state: &State| {
                state.leases.iter().all(|lease| !lease.handed_over_wrongly)
            }),
            Property::always(INDEXED, |_: &Self, state: &State| state.leases.iter().all(Lease::indexed)),
            Property::sometimes(SOMETIMES[0], |_: &Self, state: &State| {
                state.leases.iter().any(|lease| lease.handed_over)
            }),
            Property::sometimes(SOMETIMES[1], |_: &Self, state: &State| {
                state.leases.iter().any(|lease| lease.cleaned_up)
            }),
            Property::sometimes(SOMETIMES[2], |_: &Self, state: &State| {
                state.apply == ApplyAt::Done
                    && state.leases.iter().any(|lease| lease.handed_over && lease.form() == Some(Form::Ended))
            }),
            Property::sometimes(SOMETIMES[3], |_: &Self, state: &State| {
                state.leases.iter().any(|lease| lease.read_back_as_won)
            }),
            Property::sometimes(SOMETIMES[4], |_: &Self, state: &State| {
                state.leases.iter().any(|lease| lease.taken_over)
            }),
        ]
    }
}

/// Explores everything and holds every property to it.
fn explore(issuers: u8, sweepers: u8, last: u8, faults: Option<u8>) {
    let began = std::time::Instant::now();
    let protocol = Protocol { issuers, sweepers, last, faults, bug: None };
    let checker = protocol.checker().threads(2).finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
    println!(
        "{issuers} issuers, {sweepers} sweepers, time to {last}, {faults:?} faults: {} states, depth {}, {:.1} s",
        checker.unique_state_count(),
        checker.max_depth(),
        began.elapsed().as_secs_f64()
    );
    for name in [KEY_HAS_LEASE, REMOVED_ROLE, ENDED_IS_OVER, HANDED_OVER, INDEXED] {
        if let Some(path) = checker.discovery(name) {
            panic!("{name}: {:#?}", path.into_actions());
        }
    }
    for name in SOMETIMES {
        // One sweeper has nobody to take over from.
        if sweepers > 1 || name != SOMETIMES[4] {
            assert!(checker.discovery(name).is_some(), "never: {name}");
        }
    }
}

/// A mistake must break the property that it endangers.
fn breaks(bug: Bug, property: &'static str) {
    let protocol = Protocol { issuers: 1, sweepers: 1, last: 2, faults: Some(1), bug: Some(bug) };
    let wanted = HasDiscoveries::AllOf([property].into());
    let checker = protocol.checker().finish_when(wanted).spawn_bfs().join();
    let path = checker.discovery(property).unwrap_or_else(|| panic!("{bug:?} does not break: {property}"));
    println!("{bug:?} breaks \"{property}\" by {:?}", path.into_actions());
}

#[test]
fn the_protocol_holds_in_every_order() {
    match std::env::var_os("LEASEHOLD_LARGE_MODEL") {
        None => explore(1, 1, 2, Some(1)),
        Some(_) => {
            explore(1, 1, 3, None);
            explore(1, 2, 2, Some(1));
        }
    }
}

/// Two sweepers, as far as one can take over from the other.
#[test]
fn a_sweeper_takes_over_from_another() {
    let protocol = Protocol { issuers: 1, sweepers: 2, last: 2, faults: Some(0), bug: None };
    let wanted = HasDiscoveries::AllOf([SOMETIMES[4]].into());
    let checker = protocol.checker().finish_when(wanted).spawn_bfs().join();
    assert!(checker.discovery(SOMETIMES[4]).is_some(), "never: {}", SOMETIMES[4]);
}

#[test]
fn an_error_that_ends_a_lease_is_caught() {
    breaks(Bug::EndOnError, ENDED_IS_OVER);
}

#[test]
fn a_head_that_is_not_read_again_is_caught() {
    breaks(Bug::HeadNotReadAgain, REMOVED_ROLE);
}

#[test]
fn a_write_without_an_id_is_caught() {
    breaks(Bug::NoWriteId, HANDED_OVER);
}

#[test]
fn absence_believed_too_early_is_caught() {
    breaks(Bug::AbsenceBelievedEarly, ENDED_IS_OVER);
}

#[test]
fn a_grace_time_that_ends_with_the_deadline_is_caught() {
    breaks(Bug::GraceNotAfterDeadline, ENDED_IS_OVER);
}

#[test]
fn an_apply_that_starts_again_and_marks_nothing_is_caught() {
    breaks(Bug::ApplyForgets, REMOVED_ROLE);
}

#[test]
fn a_marker_removed_before_its_lease_is_written_is_caught() {
    breaks(Bug::FreshMarkerRemoved, INDEXED);
}
