//! What each actor can do next, and what comes of it.

use super::world::{DEADLINE, EXPIRED, Form, Lease, Record, Writer, believed_from, upto};
use super::{Bug, Protocol, State};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum IssuerAt {
    ReadHead,
    Audit,
    Index,
    WriteIntent,
    ReadBackIntent,
    ReadHeadAgain,
    AskUser,
    WaitForUser,
    CheckHead,
    CheckLease,
    AskKey,
    WaitForKey,
    Activate,
    ReadBackActive,
    HandOver,
    Refuse,
    IndexAbandoned,
    /// With the time of the marker.
    Abandon(u8),
    Done,
    Dead,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum ApplyAt {
    SwapHead,
    ReadBackHead,
    Index(u8),
    Revoke(u8, Record),
    Dead,
    Done,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum SweeperAt {
    Idle,
    RemoveMarker(u8, u8),
    Revoke(u8, Record, u8),
    DeleteKeys(u8, Record),
    DeleteUser(u8, Record),
    NoteGone(u8, Record, u8),
    End(u8, Record),
}

/// How a step comes out, where that is not up to the actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Outcome {
    Done,
    /// It happened, and the answer was lost.
    ReplyLost,
    /// It did not happen, and nobody said so. Of a read: it shows what was before.
    RequestLost,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Action {
    TimePasses,
    Issuer(u8, Outcome),
    IssuerDies(u8),
    /// AWS refuses to make the user.
    UserRefused(u8),
    UserMade(u8),
    KeyMade(u8),
    Apply(Outcome),
    ApplyDies,
    Visit(u8, u8, Outcome),
    FindMarker(u8, u8, u8),
    Sweeper(u8, Outcome),
    SweeperDies(u8),
}

impl Action {
    /// Whether something is lost or dies. A read that shows what was before is none.
    pub(super) fn is_fault(self) -> bool {
        match self {
            Self::IssuerDies(_) | Self::ApplyDies | Self::SweeperDies(_) => true,
            Self::Issuer(_, outcome) | Self::Apply(outcome) | Self::Sweeper(_, outcome) => outcome != Outcome::Done,
            _ => false,
        }
    }
}

const OUTCOMES: [Outcome; 3] = [Outcome::Done, Outcome::ReplyLost, Outcome::RequestLost];

/// Whether the index leads a sweep to the lease now, and there is something to do.
pub(super) fn due(now: u8, lease: &Lease) -> bool {
    lease.markers & upto(now) != 0 && to_do(now, lease, None)
}

fn to_do(now: u8, lease: &Lease, bug: Option<Bug>) -> bool {
    match lease.form() {
        Some(Form::Intent) => now > DEADLINE,
        Some(Form::Active) => now >= EXPIRED,
        Some(Form::Revoking(None)) => true,
        Some(Form::Revoking(Some(gone))) => now >= believed_from(gone, bug),
        Some(Form::Ended) | None => false,
    }
}

pub(super) fn enabled(protocol: &Protocol, state: &State, actions: &mut Vec<Action>) {
    let asked = |lease: &Lease| [lease.user_asked, lease.key_asked].into_iter().flatten().any(|at| at < state.now);
    if state.now < protocol.last && !state.leases.iter().any(asked) {
        actions.push(Action::TimePasses);
    }
    for (i, at) in (0..).zip(&state.issuers) {
        let lease = &state.leases[usize::from(i)];
        if lease.user_asked.is_some() {
            actions.push(Action::UserMade(i));
            if *at == IssuerAt::WaitForUser {
                actions.push(Action::UserRefused(i));
            }
        }
        if lease.key_asked.is_some() {
            actions.push(Action::KeyMade(i));
        }
        if !matches!(at, IssuerAt::Done | IssuerAt::Dead) {
            let writes =
                matches!(at, IssuerAt::WriteIntent | IssuerAt::Activate | IssuerAt::Refuse | IssuerAt::Abandon(_));
            let outcomes = if writes { &OUTCOMES[..] } else { &OUTCOMES[..1] };
            actions.extend(outcomes.iter().map(|outcome| Action::Issuer(i, *outcome)));
            actions.push(Action::IssuerDies(i));
        }
    }
    match state.apply {
        ApplyAt::Done => {}
        ApplyAt::SwapHead | ApplyAt::Revoke(..) => actions.extend(OUTCOMES.map(Action::Apply)),
        _ => actions.push(Action::Apply(Outcome::Done)),
    }
    if matches!(state.apply, ApplyAt::ReadBackHead | ApplyAt::Index(_) | ApplyAt::Revoke(..)) {
        actions.push(Action::ApplyDies);
    }
    for (s, at) in (0..).zip(&state.sweepers) {
        if *at != SweeperAt::Idle {
            let outcomes = if matches!(at, SweeperAt::RemoveMarker(..)) { &OUTCOMES[..1] } else { &OUTCOMES[..] };
            actions.extend(outcomes.iter().map(|outcome| Action::Sweeper(s, *outcome)));
            actions.push(Action::SweeperDies(s));
            continue;
        }
        for (l, lease) in (0..).zip(&state.leases) {
            if lease.markers & upto(state.now) != 0 && to_do(state.now, lease, protocol.bug) {
                actions.push(Action::Visit(s, l, Outcome::Done));
                if lease.user == Some(state.now) {
                    actions.push(Action::Visit(s, l, Outcome::RequestLost));
                }
            }
            // A marker of this very stretch may be there for a write that is still to come.
            let until = if protocol.bug == Some(Bug::FreshMarkerRemoved) { state.now + 1 } else { state.now };
            for time in 0..until {
                if lease.markers & (1 << time) != 0 && lease.due().is_none_or(|due| due > time) {
                    actions.push(Action::FindMarker(s, l, time));
                }
            }
        }
    }
}

pub(super) fn take(protocol: &Protocol, state: &mut State, action: Action) {
    let now = state.now;
    match action {
        Action::TimePasses => state.now += 1,
        Action::IssuerDies(i) => state.issuers[usize::from(i)] = IssuerAt::Dead,
        Action::UserRefused(i) => {
            state.leases[usize::from(i)].user_asked = None;
            state.issuers[usize::from(i)] = IssuerAt::Refuse;
        }
        Action::UserMade(i) => {
            let lease = &mut state.leases[usize::from(i)];
            lease.user_asked = None;
            lease.user = Some(now);
            if state.issuers[usize::from(i)] == IssuerAt::WaitForUser {
                state.issuers[usize::from(i)] = IssuerAt::CheckHead;
            }
        }
        Action::KeyMade(i) => {
            let lease = &mut state.leases[usize::from(i)];
            lease.key_asked = None;
            lease.key = lease.user.map(|_| now);
            if state.issuers[usize::from(i)] == IssuerAt::WaitForKey {
                let next = if lease.key.is_some() { IssuerAt::Activate } else { IssuerAt::IndexAbandoned };
                state.issuers[usize::from(i)] = next;
            }
        }
        Action::Issuer(i, outcome) => issuer(protocol, state, usize::from(i), outcome),
        Action::Apply(outcome) => apply(protocol, state, outcome),
        Action::ApplyDies => state.apply = ApplyAt::Dead,
        Action::Visit(s, l, outcome) => visit(state, s, l, outcome),
        Action::FindMarker(s, l, time) => state.sweepers[usize::from(s)] = SweeperAt::RemoveMarker(l, time),
        Action::Sweeper(s, outcome) => sweeper(state, s, outcome),
        Action::SweeperDies(s) => state.sweepers[usize::from(s)] = SweeperAt::Idle,
    }
}

/// A write on condition of what was there. `None`: somebody else was first.
fn swap(lease: &mut Lease, expected: Option<Record>, next: Record, outcome: Outcome) -> Option<()> {
    if lease.record != expected {
        return None;
    }
    if outcome != Outcome::RequestLost {
        lease.record = Some(next);
    }
    Some(())
}

fn issuer(protocol: &Protocol, state: &mut State, i: usize, outcome: Outcome) {
    let now = state.now;
    let in_head = state.role_in_head;
    let lease = &mut state.leases[i];
    let unread = protocol.bug == Some(Bug::HeadNotReadAgain);
    let intent = lease.record.filter(|record| record.form == Form::Intent);
    let ours = |form| Record { form, by: Writer::Issuer, at: if form == Form::Revoking(None) { now } else { 0 } };
    state.issuers[i] = match state.issuers[i] {
        IssuerAt::ReadHead if in_head => IssuerAt::Audit,
        IssuerAt::Audit => {
            lease.audited = true;
            IssuerAt::Index
        }
        IssuerAt::Index => {
            lease.markers |= 1 << DEADLINE | 1 << EXPIRED;
            IssuerAt::WriteIntent
        }
        IssuerAt::WriteIntent if now < DEADLINE => match (swap(lease, None, ours(Form::Intent), outcome), outcome) {
            (Some(()), Outcome::Done) => IssuerAt::ReadHeadAgain,
            _ => IssuerAt::ReadBackIntent,
        },
        IssuerAt::ReadBackIntent if intent.is_some() => {
            lease.read_back_as_won = true;
            IssuerAt::ReadHeadAgain
        }
        IssuerAt::ReadHeadAgain if in_head || unread => IssuerAt::AskUser,
        IssuerAt::ReadHeadAgain => IssuerAt::Refuse,
        IssuerAt::AskUser if now < DEADLINE => {
            lease.user_asked = Some(now);
            IssuerAt::WaitForUser
        }
        // The answer is given up; the request is still on its way.
        IssuerAt::WaitForUser if protocol.bug == Some(Bug::EndOnError) => IssuerAt::Refuse,
        IssuerAt::WaitForUser | IssuerAt::WaitForKey => IssuerAt::IndexAbandoned,
        IssuerAt::CheckHead if in_head || unread => IssuerAt::CheckLease,
        IssuerAt::CheckLease if intent.is_some() => IssuerAt::AskKey,
        IssuerAt::CheckHead | IssuerAt::CheckLease => IssuerAt::IndexAbandoned,
        IssuerAt::AskKey => {
            lease.key_asked = Some(now);
            IssuerAt::WaitForKey
        }
        IssuerAt::Activate => match intent {
            None if protocol.bug == Some(Bug::NoWriteId) => IssuerAt::ReadBackActive,
            None => IssuerAt::IndexAbandoned,
            expected => {
                lease.was_active |= outcome != Outcome::RequestLost;
                swap(lease, expected, ours(Form::Active), outcome);
                if outcome == Outcome::Done { IssuerAt::HandOver } else { IssuerAt::ReadBackActive }
            }
        },
        IssuerAt::ReadBackActive => match lease.form() {
            Some(Form::Active) => {
                lease.read_back_as_won = true;
                IssuerAt::HandOver
            }
            Some(Form::Intent) => IssuerAt::Activate,
            _ if protocol.bug == Some(Bug::NoWriteId) => IssuerAt::HandOver,
            _ => IssuerAt::IndexAbandoned,
        },
        IssuerAt::HandOver => {
            lease.handed_over = true;
            lease.handed_over_wrongly |= !lease.was_active || !lease.audited;
            IssuerAt::Done
        }
        IssuerAt::Refuse => {
            if intent.is_some() {
                swap(lease, intent, ours(Form::Ended), outcome);
            }
            IssuerAt::Done
        }
        IssuerAt::IndexAbandoned => {
            lease.markers |= 1 << now;
            IssuerAt::Abandon(now)
        }
        IssuerAt::Abandon(at) => {
            if at == now && intent.is_some() {
                swap(lease, intent, ours(Form::Revoking(None)), outcome);
            }
            IssuerAt::Done
        }
        IssuerAt::ReadHead | IssuerAt::WriteIntent | IssuerAt::ReadBackIntent | IssuerAt::AskUser => IssuerAt::Done,
        IssuerAt::Done | IssuerAt::Dead => return,
    };
}

fn apply(protocol: &Protocol, state: &mut State, outcome: Outcome) {
    let now = state.now;
    state.apply = match state.apply {
        ApplyAt::SwapHead => {
            state.role_in_head &= outcome == Outcome::RequestLost;
            if outcome == Outcome::Done { ApplyAt::Index(0) } else { ApplyAt::ReadBackHead }
        }
        ApplyAt::Dead if !state.role_in_head && protocol.bug == Some(Bug::ApplyForgets) => ApplyAt::Done,
        ApplyAt::ReadBackHead | ApplyAt::Dead if state.role_in_head => ApplyAt::SwapHead,
        ApplyAt::ReadBackHead | ApplyAt::Dead => ApplyAt::Index(0),
        ApplyAt::Index(l) => match state.leases.get_mut(usize::from(l)) {
            None => ApplyAt::Done,
            Some(lease) => match lease.record {
                Some(record) if matches!(record.form, Form::Intent | Form::Active) => {
                    lease.markers |= 1 << now;
                    ApplyAt::Revoke(l, Record { form: record.form, by: record.by, at: now })
                }
                _ => ApplyAt::Index(l + 1),
            },
        },
        ApplyAt::Revoke(l, seen) => {
            let lease = &mut state.leases[usize::from(l)];
            let same = lease.record.filter(|record| record.form == seen.form && seen.at == now);
            let next = Record { form: Form::Revoking(None), by: Writer::Apply, at: now };
            if same.is_some() {
                swap(lease, same, next, outcome);
                lease.read_back_as_won |= outcome == Outcome::ReplyLost;
            }
            // Reading it again tells our write from somebody else's, and from none.
            ApplyAt::Index(l)
        }
        ApplyAt::Done => return,
    };
}

fn visit(state: &mut State, s: u8, l: u8, outcome: Outcome) {
    let now = state.now;
    let lease = &mut state.leases[usize::from(l)];
    let Some(record) = lease.record else { return };
    let next = match record.form {
        Form::Intent | Form::Active => {
            lease.markers |= 1 << now;
            SweeperAt::Revoke(l, record, now)
        }
        Form::Revoking(None) => SweeperAt::DeleteKeys(l, record),
        Form::Revoking(Some(_)) if lease.user.is_some() && outcome == Outcome::Done => SweeperAt::DeleteKeys(l, record),
        Form::Revoking(Some(_)) => SweeperAt::End(l, record),
        Form::Ended => return,
    };
    lease.taken_over |= matches!(record.by, Writer::Sweeper(other) if other != s);
    state.sweepers[usize::from(s)] = next;
}

fn sweeper(state: &mut State, s: u8, outcome: Outcome) {
    let now = state.now;
    let by = Writer::Sweeper(s);
    let ours = |form| Record { form, by, at: now };
    state.sweepers[usize::from(s)] = match state.sweepers[usize::from(s)] {
        SweeperAt::Idle => return,
        SweeperAt::RemoveMarker(l, time) => {
            state.leases[usize::from(l)].markers &= !(1 << time);
            SweeperAt::Idle
        }
        SweeperAt::Revoke(l, seen, marked) => {
            let lease = &mut state.leases[usize::from(l)];
            let next = ours(Form::Revoking(None));
            match (marked == now && swap(lease, Some(seen), next, outcome).is_some(), outcome) {
                (true, Outcome::Done | Outcome::ReplyLost) => SweeperAt::DeleteKeys(l, next),
                _ => SweeperAt::Idle,
            }
        }
        SweeperAt::DeleteKeys(l, seen) => {
            let lease = &mut state.leases[usize::from(l)];
            // A key of this stretch may not be listed yet.
            if outcome != Outcome::RequestLost {
                lease.key = None;
            }
            SweeperAt::DeleteUser(l, seen)
        }
        SweeperAt::DeleteUser(l, seen) => {
            let lease = &mut state.leases[usize::from(l)];
            if lease.key.is_some() || outcome == Outcome::RequestLost {
                SweeperAt::Idle
            } else {
                let dead = state.issuers[usize::from(l)] == IssuerAt::Dead;
                lease.cleaned_up |= dead && lease.user.is_some() && !lease.was_active;
                lease.user = None;
                lease.markers |= 1 << believed_from(now, None);
                if outcome == Outcome::Done { SweeperAt::NoteGone(l, seen, now) } else { SweeperAt::Idle }
            }
        }
        SweeperAt::NoteGone(l, seen, gone) => {
            let lease = &mut state.leases[usize::from(l)];
            if gone == now {
                swap(lease, Some(seen), ours(Form::Revoking(Some(gone))), outcome);
            }
            SweeperAt::Idle
        }
        SweeperAt::End(l, seen) => {
            swap(&mut state.leases[usize::from(l)], Some(seen), ours(Form::Ended), outcome);
            SweeperAt::Idle
        }
    };
}
