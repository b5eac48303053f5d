//! The IAM users of the broker's account, and what a test plants there.

use std::collections::{BTreeMap, BTreeSet};

use super::history::Lag;
use super::{FakeCloud, Inner, Lags};
use crate::domain::Timestamp;
use crate::ports::{Attachment, Clock, LiveUser};

/// An IAM user with everything that hangs on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FakeUser {
    /// The user itself.
    pub live: LiveUser,
    /// ARN of its permissions boundary.
    pub permissions_boundary: Option<String>,
    /// Its access keys, by id.
    pub keys: BTreeMap<String, FakeKey>,
    /// Its inline policies: JSON texts by name.
    pub inline: BTreeMap<String, String>,
    /// Everything else that hangs on it, by kind.
    pub others: BTreeMap<Attachment, BTreeSet<String>>,
}

/// An access key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FakeKey {
    /// When it was made.
    pub created_at: Timestamp,
    /// Whether it is switched on.
    pub active: bool,
}

impl FakeUser {
    /// What of this kind hangs on it, sorted.
    #[must_use]
    pub fn attachments(&self, kind: Attachment) -> Vec<String> {
        match kind {
            Attachment::AccessKey => self.keys.keys().cloned().collect(),
            Attachment::InlinePolicy => self.inline.keys().cloned().collect(),
            _ => self.others.get(&kind).into_iter().flatten().cloned().collect(),
        }
    }

    /// Whether this hangs on it.
    #[must_use]
    pub fn has(&self, kind: Attachment, id: &str) -> bool {
        match kind {
            Attachment::AccessKey => self.keys.contains_key(id),
            Attachment::InlinePolicy => self.inline.contains_key(id),
            _ => self.others.get(&kind).is_some_and(|all| all.contains(id)),
        }
    }

    pub(super) fn hang(&mut self, kind: Attachment, id: &str) {
        self.others.entry(kind).or_default().insert(id.to_owned());
    }

    pub(super) fn take_off(&mut self, kind: Attachment, id: &str) {
        match kind {
            Attachment::AccessKey => drop(self.keys.remove(id)),
            Attachment::InlinePolicy => drop(self.inline.remove(id)),
            _ => {
                if let Some(all) = self.others.get_mut(&kind) {
                    all.remove(id);
                }
            }
        }
    }
}

impl Inner {
    /// The user that a read of now is served.
    pub(super) fn seen_user(&mut self, name: &str, now: Timestamp) -> Option<FakeUser> {
        self.users.get(&name.to_ascii_lowercase())?.seen(now, &mut self.lags)
    }

    /// The user as it is.
    pub(super) fn true_user(&self, name: &str) -> Option<FakeUser> {
        self.users.get(&name.to_ascii_lowercase())?.truth()
    }

    pub(super) fn write_user(&mut self, name: &str, now: Timestamp, user: Option<FakeUser>) {
        self.users.entry(name.to_ascii_lowercase()).or_default().write(now, &mut self.lags, user);
    }

    /// A number that nothing else has.
    pub(super) fn next(&mut self) -> u32 {
        self.made += 1;
        self.made
    }

    pub(super) fn next_user_id(&mut self) -> String {
        format!("AIDAFAKE{:012}", self.next())
    }

    pub(super) fn next_key_id(&mut self) -> String {
        format!("AKIAFAKE{:012}", self.next())
    }
}

/// IAM tells times by the second.
pub(super) fn whole_second(now: Timestamp) -> Timestamp {
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}

impl<C: Clock> FakeCloud<C> {
    /// Lets reads learn of writes late from now on, or no more.
    pub fn lag(&self, lag: Option<Lag>) {
        self.lock().lags = Lags::new(lag);
    }

    /// Every user that there is, by name, whatever readers know.
    pub fn live_users(&self) -> Vec<FakeUser> {
        self.lock().users.values().filter_map(super::History::truth).collect()
    }

    /// The user of this name as it is, whatever readers know.
    pub fn live_user(&self, name: &str) -> Option<FakeUser> {
        self.lock().true_user(name)
    }

    /// Makes a user as somebody else would, known to everybody at once; it takes the place of one of this name.
    pub fn put_user(&self, name: &str, path: &str, tags: BTreeMap<String, String>) {
        let now = self.clock.now();
        let arn = self.user_arn(path, name);
        let mut inner = self.lock();
        let live = LiveUser {
            name: name.to_owned(),
            path: path.to_owned(),
            arn,
            user_id: inner.next_user_id(),
            tags,
            created_at: whole_second(now),
        };
        let (keys, inline, others) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let user = FakeUser { live, permissions_boundary: None, keys, inline, others };
        inner.users.entry(name.to_ascii_lowercase()).or_default().plant(now, Some(user));
    }

    /// Changes a user behind everybody's back, known to everybody at once. Answers whether it was there.
    pub fn edit_user(&self, name: &str, edit: impl FnOnce(&mut FakeUser)) -> bool {
        let now = self.clock.now();
        let mut inner = self.lock();
        let Some(mut user) = inner.true_user(name) else { return false };
        edit(&mut user);
        inner.users.entry(name.to_ascii_lowercase()).or_default().plant(now, Some(user));
        true
    }

    /// Deletes a user with all that hangs on it, as somebody else would. Answers whether it was there.
    pub fn drop_user(&self, name: &str) -> bool {
        let now = self.clock.now();
        let mut inner = self.lock();
        let there = inner.true_user(name).is_some();
        if there {
            inner.users.entry(name.to_ascii_lowercase()).or_default().plant(now, None);
        }
        there
    }

    /// Hangs something on a user, as somebody else would: a key is active, an inline policy allows nothing that matters, a
    /// device is made too if it is a virtual one, and a login profile has its usual id whatever is given. Answers whether the user was there.
    pub fn hang(&self, name: &str, kind: Attachment, id: &str) -> bool {
        let created_at = whole_second(self.clock.now());
        if kind == Attachment::MfaDevice && is_virtual(id) {
            self.lock().devices.insert(id.to_owned());
        }
        self.edit_user(name, |user| match kind {
            Attachment::AccessKey => drop(user.keys.insert(id.to_owned(), FakeKey { created_at, active: true })),
            Attachment::InlinePolicy => drop(user.inline.insert(id.to_owned(), HARMLESS.to_owned())),
            Attachment::LoginProfile => user.hang(kind, LOGIN_PROFILE),
            _ => user.hang(kind, id),
        })
    }

    /// Virtual MFA devices that there are, on a user or not.
    pub fn devices(&self) -> BTreeSet<String> {
        self.lock().devices.clone()
    }

    pub(super) fn user_arn(&self, path: &str, name: &str) -> String {
        format!("arn:{}:iam::{}:user{path}{name}", self.broker.partition(), self.broker.account())
    }
}

/// Whether an MFA device is one that IAM holds itself.
pub(super) fn is_virtual(serial_number: &str) -> bool {
    serial_number.starts_with("arn:") && serial_number.contains(":mfa/")
}

/// What the only login profile of a user is called.
pub(super) const LOGIN_PROFILE: &str = "login-profile";

const HARMLESS: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:GetCallerIdentity","Resource":"*"}]}"#;
