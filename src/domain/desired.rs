//! The typed model lowered from all manifests at one commit.

use std::fmt;

use super::Timestamp;
use super::finding::Finding;
use super::ident::{AccountId, BrokerPrincipal, Name, RoleArn};
use super::role::Role;
use super::rules::Levels;
use super::span::{Located, Place};
use super::ttl::Ttl;

/// Everything the manifests declare.
#[derive(Debug, Clone)]
pub struct Desired {
    /// The one Broker document.
    pub broker: Broker,
    /// The Account documents, in file order.
    pub accounts: Vec<Account>,
    /// The Role documents in file order; a name may stand twice, which is a finding.
    pub roles: Vec<Role>,
    /// The Waiver documents, in file order.
    pub waivers: Vec<Waiver>,
}

/// Who issues, from where, and the limits of one apply.
#[derive(Debug, Clone)]
pub struct Broker {
    /// What the record keeps of it.
    pub spec: BrokerSpec,
    /// Where `principal` was written.
    pub principal_place: Place,
    /// Where the document begins.
    pub place: Place,
}

/// A Broker without places: what is compared, digested and stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerSpec {
    /// `metadata.name`.
    pub name: Name,
    /// The AWS principal that issues.
    pub principal: BrokerPrincipal,
    /// Region of the STS endpoint.
    pub region: String,
    /// Namespace of IAM paths and tags.
    pub deployment: Name,
    /// TTLs of roles that say none.
    pub defaults: TtlPair,
    /// Brakes of one apply.
    pub limits: Limits,
    /// Levels of rules, in place of their own.
    pub rules: Levels,
}

/// Brakes on deletion: an apply over either is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most roles one apply may delete.
    pub max_deletes: u32,
    /// Most roles one apply may delete, in percent of the record (counted only from ten recorded roles on).
    pub max_delete_percent: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_deletes: 5, max_delete_percent: 30 }
    }
}

/// The TTL a credential gets when nobody asks, and the most anybody may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TtlPair {
    /// When nobody asks.
    pub default: Ttl,
    /// At most.
    pub max: Ttl,
}

/// An AWS account that holds target roles.
#[derive(Debug, Clone)]
pub struct Account {
    /// `metadata.name`.
    pub name: Name,
    /// Its twelve digits.
    pub id: Located<AccountId>,
    /// The role that `plan` assumes to read this account.
    pub reader_role_arn: Option<Located<RoleArn>>,
    /// The external id for that.
    pub external_id: Option<String>,
    /// Where the document begins.
    pub place: Place,
}

/// Silences one finding, with a reason, an owner and an end.
#[derive(Debug, Clone)]
pub struct Waiver {
    /// `metadata.name`.
    pub name: Name,
    /// Code or kebab name of the rule.
    pub rule: Located<String>,
    /// The roles it covers.
    pub roles: Vec<Located<Name>>,
    /// Why this is acceptable.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// The last day on which it counts.
    pub expires: Date,
    /// Where the document begins.
    pub place: Place,
}

impl Waiver {
    /// Whether it names this finding's rule and role.
    #[must_use]
    pub fn covers(&self, finding: &Finding) -> bool {
        let rule = self.rule.as_str();
        (rule == finding.code || rule == finding.rule)
            && finding.role.as_ref().is_some_and(|role| self.roles.iter().any(|covered| covered.value == *role))
    }
}

/// A calendar day in UTC. It counts in full: a thing that expires on a day ends when that day ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date(jiff::civil::Date);

impl Date {
    /// Reads `YYYY-MM-DD` and nothing else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let shaped = text.len() == 10
            && text.bytes().enumerate().all(|(at, b)| if at == 4 || at == 7 { b == b'-' } else { b.is_ascii_digit() });
        if !shaped {
            return None;
        }
        text.parse().ok().map(Self)
    }

    /// The first instant after the day.
    #[must_use]
    pub fn end(self) -> Timestamp {
        // Only 9999-12-31 has no tomorrow; the last instant there is serves.
        let Ok(tomorrow) = self.0.tomorrow() else { return Timestamp::MAX };
        jiff::tz::Offset::UTC.to_timestamp(tomorrow.at(0, 0, 0, 0)).unwrap_or(Timestamp::MAX)
    }

    /// Whether the whole day has passed.
    #[must_use]
    pub fn is_over(self, now: Timestamp) -> bool {
        now >= self.end()
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_counts_in_full() {
        let day = Date::parse("2027-01-31").expect("valid");
        assert!(!day.is_over("2027-01-31T23:59:59Z".parse().expect("valid")));
        assert!(day.is_over("2027-02-01T00:00:00Z".parse().expect("valid")));
        assert_eq!(day.to_string(), "2027-01-31");
    }

    #[test]
    fn only_the_plain_form_is_a_date() {
        for bad in ["", "2027-1-31", "2027-02-30", "2027-01-31T00:00:00Z", "31-01-2027", "+002027-01", "20270131"] {
            assert_eq!(Date::parse(bad), None, "{bad}");
        }
    }
}
