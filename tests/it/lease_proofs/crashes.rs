//! A crash, a lost message or a refusal at every call that issue, revoke, sweep and the removal of a role make.

use jiff::SignedDuration;
use leasehold::app::{RevokeRequest, Selection};
use leasehold::ports::CloudRead as _;
use leasehold::testing::{Chances, Fault, Lag, MemoryStore, Trouble};

use super::process::Process;
use super::{accounted, applied, full_role, large, other_role, size, sweep_away, sweep_out};
use crate::scene::Scene;

/// What goes wrong.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wrong {
    Store(Fault),
    Cloud(Trouble),
}

pub(super) const WRONGS: [Wrong; 12] = [
    Wrong::Store(Fault::KillBefore),
    Wrong::Store(Fault::KillAfter),
    Wrong::Store(Fault::LoseReply),
    Wrong::Store(Fault::LoseRequest),
    Wrong::Store(Fault::Conflict),
    Wrong::Store(Fault::Busy),
    Wrong::Store(Fault::Refuse),
    Wrong::Cloud(Trouble::KillBefore),
    Wrong::Cloud(Trouble::KillAfter),
    Wrong::Cloud(Trouble::LoseReply),
    Wrong::Cloud(Trouble::Throttle),
    Wrong::Cloud(Trouble::Unreachable),
];

/// What the process that dies is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    Issue,
    Revoke,
    /// A sweep that deletes the user of an expired lease.
    Delete,
    /// A sweep that proves a deleted user's absence.
    Prove,
    /// A sweep that forgets an ended lease.
    Forget,
    /// An apply that removes the role.
    Remove,
}

pub(super) const WORKS: [Work; 6] = [Work::Issue, Work::Revoke, Work::Delete, Work::Prove, Work::Forget, Work::Remove];

impl Work {
    /// Everything up to the moment when it begins.
    pub(super) fn prepared(self, seed: u64) -> (Scene, MemoryStore) {
        let (scene, store) = applied(&(full_role() + &other_role()));
        let longest = SignedDuration::from_secs((seed % 16).cast_signed());
        scene.cloud.lag(Some(Lag {
            longest,
            seed: (!seed.is_multiple_of(7)).then_some(seed),
            outlasts_patience: false,
        }));
        if self == Self::Issue {
            return (scene, store);
        }
        scene.issue(&store, "deployer").map(drop).expect("issued");
        // A sweep between two steps of time, and none after the last.
        let steps: &[i64] = match self {
            Self::Issue | Self::Revoke | Self::Remove => &[],
            Self::Delete => &[61],
            Self::Prove => &[61, 6],
            Self::Forget => &[61, 6, 91 * 24 * 60],
        };
        for (nth, minutes) in steps.iter().enumerate() {
            if nth > 0 {
                scene.sweep(&store).expect("swept");
            }
            scene.clock.advance(SignedDuration::from_mins(*minutes));
        }
        (scene, store)
    }

    /// Answers all that it tells, but for a credential that is handed over.
    pub(super) fn act(self, scene: &Scene, process: &Process<'_>) -> String {
        match self {
            Self::Issue => match scene.issue(process, "deployer") {
                Ok(issued) => format!("{:?} {:?} {:?}", issued.lease, issued.notes, issued.request_id),
                Err(failure) => format!("{failure:?}"),
            },
            Self::Revoke => {
                let selection = Selection::All;
                let request = RevokeRequest { selection, deny_session: false, deny_older: false };
                format!("{:?}", scene.revoke(process, &request))
            }
            Self::Delete | Self::Prove | Self::Forget => format!("{:?}", scene.sweep(process)),
            Self::Remove => format!("{:?}", scene.apply(process, &other_role())),
        }
    }
}

impl Wrong {
    /// Lets the call with this number, from 0, go wrong.
    pub(super) fn befall<'a>(self, at: usize, scene: &Scene, process: Process<'a>) -> Process<'a> {
        match self {
            Self::Store(fault) => process.failing_at(at, fault),
            Self::Cloud(trouble) => {
                let call = scene.cloud.calls() + u32::try_from(at).expect("few calls") + 1;
                scene.cloud.trouble(call, trouble);
                process
            }
        }
    }
}

/// One run. Answers whether the call was reached.
fn run(work: Work, wrong: Wrong, at: usize, seed: u64) -> bool {
    let when = format!("{work:?}, {wrong:?} at call {at}, seed {seed}");
    let (scene, store) = work.prepared(seed);
    if seed % 4 == 3 {
        scene.cloud.chances(Some(Chances { seed, throttled: 5, reset: 5 }));
    }
    let before = scene.cloud.calls();
    let process = wrong.befall(at, &scene, Process::new(&scene, &store, &when));
    // What it comes to is told by what it leaves.
    let _ = work.act(&scene, &process);
    let made = match wrong {
        Wrong::Store(_) => process.calls(),
        Wrong::Cloud(_) => usize::try_from(scene.cloud.calls() - before).expect("few calls"),
    };
    accounted(&scene, &store, &when);
    if made <= at {
        return false;
    }
    scene.cloud.revive();
    scene.cloud.chances(None);
    if work == Work::Remove && seed % 2 == 1 {
        // Whoever sees an apply fail runs it again.
        scene.apply(&store, &other_role()).unwrap_or_else(|failure| panic!("{when}: {failure:?}"));
        for minutes in [0, 6] {
            scene.clock.advance(SignedDuration::from_mins(minutes));
            scene.sweep(&store).unwrap_or_else(|failure| panic!("{when}: {failure:?}"));
        }
        assert!(scene.cloud.live_users().is_empty(), "{when}: the role is gone, and its user is not");
    }
    sweep_out(&scene, &store, &when);
    sweep_away(&scene, &store, &when);
    true
}

/// Tries every call of a work with everything that may go wrong.
fn prove(work: Work) {
    // The small form takes every sixth call, other ones for each fault, and one seed for each.
    let (seeds, step) = (size(1, 20), if large() { 1 } else { 6 });
    let (mut runs, mut points) = (0_u64, 0_u64);
    for (nth, wrong) in WRONGS.into_iter().enumerate() {
        // Bad weather may end a work before the call, and not the next time.
        let mut missed = 0;
        for at in (nth % step..).step_by(step) {
            let first = if large() { 0 } else { at as u64 + nth as u64 };
            let reached = (first..first + seeds).filter(|seed| run(work, wrong, at, *seed)).count();
            if reached == 0 {
                missed += 1;
                if missed == 3 {
                    break;
                }
                continue;
            }
            runs += reached as u64;
            points += 1;
        }
    }
    println!("{work:?}: {runs} runs, {points} call points: no user without a record, none left, none ended too early");
    assert!(points > 12, "only {points} points: the faults were not reached");
}

#[test]
fn an_issue_that_fails_anywhere_forgets_no_user() {
    prove(Work::Issue);
}

#[test]
fn a_revoke_that_fails_anywhere_forgets_no_user() {
    prove(Work::Revoke);
}

#[test]
fn a_sweep_that_fails_anywhere_forgets_no_user() {
    for work in [Work::Delete, Work::Prove, Work::Forget] {
        prove(work);
    }
}

#[test]
fn an_apply_that_fails_anywhere_forgets_no_user_of_a_role_that_it_removes() {
    prove(Work::Remove);
}
