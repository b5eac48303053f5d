//! What was read from AWS.

mod account;
mod broker;
pub mod calls;
mod mentions;
mod policy;
mod wanted;

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use super::ident::{AccountId, Arn, RoleArn};

pub use account::LiveAccount;
pub use broker::LiveBroker;
pub use policy::{AttachedPolicy, LivePolicy};
pub use wanted::{Reader, Wanted, WantedAccount};

/// One thing asked of AWS. Not knowing is never the same as not being there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact<T> {
    /// It exists, and this is it.
    Present(T),
    /// AWS said that it does not exist.
    Absent,
    /// It could not be read.
    Unknown(Unknown),
}

impl<T> Fact<T> {
    /// The value, when there is one.
    pub fn present(&self) -> Option<&T> {
        match self {
            Self::Present(value) => Some(value),
            Self::Absent | Self::Unknown(_) => None,
        }
    }
}

/// Why something could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// The class.
    pub why: Why,
    /// One sentence; may hold AWS's own text (hostile).
    pub detail: String,
}

/// Classes of not knowing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// AWS refused to show it.
    AccessDenied,
    /// Throttled beyond the budget of retries.
    Throttled,
    /// The list ended before it was whole.
    Truncated,
    /// The account is not the one that was read.
    OtherAccount,
    /// No answer in time.
    Unreachable,
    /// An answer that makes no sense.
    Malformed,
    /// Nobody asked: planned without AWS.
    NotRead,
    /// The calls that one plan may make were made.
    Budget,
}

impl Why {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::AccessDenied,
        Self::Throttled,
        Self::Truncated,
        Self::OtherAccount,
        Self::Unreachable,
        Self::Malformed,
        Self::NotRead,
        Self::Budget,
    ];

    /// The word used in every output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AccessDenied => "access-denied",
            Self::Throttled => "throttled",
            Self::Truncated => "truncated",
            Self::OtherAccount => "other-account",
            Self::Unreachable => "unreachable",
            Self::Malformed => "malformed",
            Self::NotRead => "not-read",
            Self::Budget => "budget",
        }
    }
}

/// `sts:GetCallerIdentity`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallerIdentity {
    /// The account whose IAM is read.
    pub account: AccountId,
    /// As AWS gives it: a user's ARN, or a session's (`arn:aws:sts::…:assumed-role/<role>/<session>`).
    pub arn: String,
    /// `AIDA…`, or `AROA…:<session>`.
    pub user_id: String,
}

/// An IAM role as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveRole {
    /// The live ARN: its case and path may differ from what was asked for.
    pub arn: RoleArn,
    /// `AROA…`: another id under the same name means that the role was deleted and made again.
    pub role_id: String,
    /// `MaxSessionDuration` in seconds.
    pub max_session_duration: u32,
    /// The trust policy.
    pub trust: LivePolicy,
    /// Its tags; `None` when nobody read them. They are read only where a condition of the trust policy asks for them.
    pub tags: Option<BTreeMap<String, String>>,
}

/// Everything that was read for one plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct World {
    /// Who asked.
    pub caller: Fact<CallerIdentity>,
    /// One entry for each declared or recorded role ARN.
    pub roles: BTreeMap<RoleArn, Fact<LiveRole>>,
    /// The principal that issues.
    pub broker: Fact<LiveBroker>,
    /// The accounts that something declared is in.
    pub accounts: BTreeMap<AccountId, LiveAccount>,
    /// One entry for each declared managed policy or boundary: its live ARN, whose case may differ.
    pub policies: BTreeMap<Arn, Fact<String>>,
    /// One entry for each declared group of an account: its live ARN (hostile).
    pub groups: BTreeMap<(AccountId, String), Fact<String>>,
    /// API calls this took, retries included.
    pub calls: u32,
    /// The most that it could take; `None` without a bound.
    pub max_calls: Option<u32>,
}

/// What to say of a role that nobody asked for.
static NOT_READ: LazyLock<Fact<LiveRole>> = LazyLock::new(|| {
    Fact::Unknown(Unknown { why: Why::NotRead, detail: "it was not among the roles that were read".to_owned() })
});

/// Of which nobody asked.
#[must_use]
pub fn not_read<T>() -> Fact<T> {
    Fact::Unknown(Unknown { why: Why::NotRead, detail: "nobody asked AWS about it".to_owned() })
}

impl World {
    /// A world of roles alone, of which nothing else was read.
    #[must_use]
    pub fn of_roles(caller: Fact<CallerIdentity>, roles: BTreeMap<RoleArn, Fact<LiveRole>>) -> Self {
        Self {
            caller,
            roles,
            broker: not_read(),
            accounts: BTreeMap::new(),
            policies: BTreeMap::new(),
            groups: BTreeMap::new(),
            calls: 0,
            max_calls: None,
        }
    }

    /// The live role for a declared ARN.
    #[must_use]
    pub fn role(&self, arn: &RoleArn) -> &Fact<LiveRole> {
        self.roles.get(arn).unwrap_or(&NOT_READ)
    }

    /// [`World::role`] for whoever asks for thousands: ARNs share long beginnings, which makes an ordered search slow.
    pub(super) fn index(&self) -> WorldIndex<'_> {
        WorldIndex(self.roles.iter().map(|(arn, fact)| (arn.as_str(), fact)).collect())
    }
}

/// The roles of a [`World`] by their ARN's text. It is asked, never walked: its order is nobody's.
#[derive(Debug)]
pub(super) struct WorldIndex<'a>(HashMap<&'a str, &'a Fact<LiveRole>>);

impl<'a> WorldIndex<'a> {
    /// The live role for a declared ARN.
    pub(super) fn role(&self, arn: &RoleArn) -> &'a Fact<LiveRole> {
        self.0.get(arn.as_str()).copied().unwrap_or(&NOT_READ)
    }
}
