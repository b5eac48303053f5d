//! What the actors share, as small as it can be: the head, the leases, their markers, IAM, and the time.

use super::Bug;

/// The end of each stretch of time that the protocol tells apart.
pub(super) const DEADLINE: u8 = 1;
pub(super) const EXPIRED: u8 = 2;

/// Who wrote a form of a lease: its write id, as far as it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Writer {
    Issuer,
    Apply,
    Sweeper(u8),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Form {
    Intent,
    Active,
    /// With the time at which the user was seen to be gone.
    Revoking(Option<u8>),
    Ended,
}

/// A stored lease. Two equal records are the same version: nobody writes one form twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Record {
    pub(super) form: Form,
    pub(super) by: Writer,
    pub(super) at: u8,
}

/// Everything that belongs to one lease: its record, its markers, its user, and what really happened.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Lease {
    pub(super) record: Option<Record>,
    /// Times of the markers, a bit each. None is made for a time that is over.
    pub(super) markers: u8,
    pub(super) audited: bool,
    /// When the request for the user was sent, while it is on its way.
    pub(super) user_asked: Option<u8>,
    pub(super) key_asked: Option<u8>,
    /// When the user was made, while it lives.
    pub(super) user: Option<u8>,
    /// When the key was made, while it lives.
    pub(super) key: Option<u8>,
    pub(super) was_active: bool,
    pub(super) handed_over: bool,
    pub(super) handed_over_wrongly: bool,
    /// A sweeper ended the user of an issuer that is dead.
    pub(super) cleaned_up: bool,
    pub(super) read_back_as_won: bool,
    pub(super) taken_over: bool,
}

impl Lease {
    pub(super) fn form(&self) -> Option<Form> {
        self.record.map(|record| record.form)
    }

    /// When a sweep must look at it, by its record: `domain::lease::due`.
    pub(super) fn due(&self) -> Option<u8> {
        let record = self.record?;
        match record.form {
            Form::Intent => Some(DEADLINE),
            Form::Active => Some(EXPIRED),
            Form::Revoking(None) => Some(record.at),
            Form::Revoking(Some(gone)) => Some(believed_from(gone, None)),
            Form::Ended => None,
        }
    }

    /// Whether the index leads a sweep to the lease in time.
    pub(super) fn indexed(&self) -> bool {
        self.due().is_none_or(|due| self.markers & upto(due) != 0)
    }

    pub(super) fn may_live(&self) -> bool {
        self.user.is_some() || self.key.is_some() || self.user_asked.is_some()
    }
}

/// The markers up to this time.
pub(super) fn upto(time: u8) -> u8 {
    (1 << (time + 1)) - 1
}

/// From when on IAM's "no such user" is believed: a grace time after the user was seen gone, and after the last moment at
/// which its issuer may have asked for it.
pub(super) fn believed_from(gone: u8, bug: Option<Bug>) -> u8 {
    match bug {
        Some(Bug::AbsenceBelievedEarly) => gone,
        Some(Bug::GraceNotAfterDeadline) => (gone + 1).max(DEADLINE),
        _ => gone.max(DEADLINE) + 1,
    }
}
