use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::credential::CredentialType;
use crate::domain::desired::Date;
use crate::domain::duration;
use crate::domain::ident::{AccountId, BrokerPrincipal, RoleArn};
use crate::domain::plan;
use crate::wire::common_v1::{Invalid, ident, invalid, name, ttl};

/// The declared set at a glance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Overview {
    /// Who issues.
    pub broker: BrokerSeen,
    /// The declared accounts, in file order.
    pub accounts: Vec<Account>,
    /// The declared roles by name; a plan for one role shows that one.
    pub roles: Vec<RoleSeen>,
    /// The declared waivers, in file order.
    pub waivers: Vec<Waiver>,
}

/// Who issues.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BrokerSeen {
    /// `metadata.name` of the Broker document.
    pub name: String,
    /// ARN of the AWS principal.
    pub principal: String,
    /// The account it lives in.
    pub account: String,
    /// What it is.
    pub kind: PrincipalKind,
}

/// What kind of principal issues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PrincipalKind {
    /// An IAM role: the sessions that it hands out are chained.
    Role,
    /// An IAM user with long-term keys.
    User,
}

/// A declared account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// `metadata.name`.
    pub name: String,
    /// Its twelve digits.
    pub id: String,
}

/// A declared role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleSeen {
    /// `metadata.name`.
    pub name: String,
    /// `assumed_role`, `iam_user`, `federation_token` or `session_token`.
    pub credential_type: String,
    /// The roles in AWS that it may assume, in the order written; empty for every other type.
    pub targets: Vec<Target>,
    /// Seconds, when nobody asks.
    pub default_ttl_seconds: u32,
    /// Seconds that may be asked for, at most.
    pub max_ttl_seconds: u32,
    /// Seconds that STS gives at least; missing for `iam_user`, which STS knows nothing of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_ttl_seconds: Option<u32>,
    /// Every upper limit on its TTLs, in the order of blame.
    pub limits: Vec<Limit>,
    /// The last day on which it may be issued, `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// Its findings, counted.
    pub findings: Levels,
}

/// A role in AWS that a declared role may assume.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// As declared.
    pub role_arn: String,
    /// The account it lives in.
    pub account: String,
}

/// An upper limit on the TTLs of a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// Where it comes from.
    pub source: LimitSource,
    /// The role in AWS that sets it, for `max-session-duration`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<String>,
    /// The most it allows; missing when that could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u32>,
    /// Whether it is the one that decides: the lowest that is known, of equal ones the first.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub binds: bool,
}

/// Where an upper limit comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LimitSource {
    /// The role's own `max_sts_ttl` or `max_ttl`.
    RoleMax,
    /// The live role's `MaxSessionDuration`.
    MaxSessionDuration,
    /// One role's session assumes another: one hour, whatever the role allows.
    Chaining,
    /// The range of the STS call.
    Api,
}

/// Findings by what they do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Levels {
    /// They stop `apply`, and no waiver helps.
    pub hard: u32,
    /// They stop `apply`, and are not waived.
    pub blocking: u32,
    /// They stop nothing, and are not waived.
    pub advisory: u32,
    /// They are waived.
    pub waived: u32,
}

/// A declared waiver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Waiver {
    /// `metadata.name`.
    pub name: String,
    /// Code or kebab name of the rule, as written.
    pub rule: String,
    /// Why this is acceptable.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// The last day on which it counts, `YYYY-MM-DD`.
    pub expires: String,
}

impl From<&plan::Overview> for Overview {
    fn from(overview: &plan::Overview) -> Self {
        let plan::Overview { broker, principal, accounts, roles, waivers } = overview;
        Self {
            broker: BrokerSeen {
                name: broker.to_string(),
                principal: principal.to_string(),
                account: principal.account().to_string(),
                kind: kind(principal),
            },
            accounts: accounts
                .iter()
                .map(|plan::AccountSeen { name, id }| Account { name: name.to_string(), id: id.to_string() })
                .collect(),
            roles: roles.iter().map(RoleSeen::from).collect(),
            waivers: waivers.iter().map(Waiver::from).collect(),
        }
    }
}

fn kind(principal: &BrokerPrincipal) -> PrincipalKind {
    match principal {
        BrokerPrincipal::Role(_) => PrincipalKind::Role,
        BrokerPrincipal::User(_) => PrincipalKind::User,
    }
}

impl From<&plan::RoleSeen> for RoleSeen {
    fn from(role: &plan::RoleSeen) -> Self {
        let limits = role.bounds().iter().map(Limit::from).collect();
        let plan::RoleSeen { name, kind, targets, ttl, chained: _, expires, findings } = role;
        let plan::Levels { hard, blocking, advisory, waived } = *findings;
        let targets = targets.iter().map(|plan::Target { role_arn, max_session_duration: _ }| Target {
            role_arn: role_arn.to_string(),
            account: role_arn.account().to_string(),
        });
        Self {
            name: name.to_string(),
            credential_type: kind.to_string(),
            targets: targets.collect(),
            default_ttl_seconds: ttl.default.seconds(),
            max_ttl_seconds: ttl.max.seconds(),
            min_ttl_seconds: kind.sts_range().map(|(least, _)| least),
            limits,
            expires: expires.map(|day| day.to_string()),
            findings: Levels { hard, blocking, advisory, waived },
        }
    }
}

impl From<&plan::Bound<'_>> for Limit {
    fn from(bound: &plan::Bound<'_>) -> Self {
        let plan::Bound { source, role_arn, seconds, binds } = *bound;
        Self {
            source: match source {
                duration::LimitSource::RoleMax => LimitSource::RoleMax,
                duration::LimitSource::MaxSessionDuration => LimitSource::MaxSessionDuration,
                duration::LimitSource::Chaining => LimitSource::Chaining,
                duration::LimitSource::Api => LimitSource::Api,
            },
            role_arn: role_arn.map(ToString::to_string),
            seconds,
            binds,
        }
    }
}

impl From<&plan::WaiverSeen> for Waiver {
    fn from(waiver: &plan::WaiverSeen) -> Self {
        let plan::WaiverSeen { name, rule, reason, owner, expires } = waiver;
        Self {
            name: name.to_string(),
            rule: rule.clone(),
            reason: reason.clone(),
            owner: owner.clone(),
            expires: expires.to_string(),
        }
    }
}

impl Overview {
    /// Whether everything in it is what it should be, so that renderers need not doubt it.
    pub(super) fn check(&self) -> Result<(), Invalid> {
        let Self { broker, accounts, roles, waivers } = self;
        name("broker", &broker.name)?;
        let principal = ident("principal", &broker.principal, BrokerPrincipal::parse)?;
        if principal.account().as_str() != broker.account || kind(&principal) != broker.kind {
            return Err(invalid("principal", "is of another account or kind than is said beside it"));
        }
        for Account { name: own, id } in accounts {
            name("accounts", own)?;
            ident("id", id, AccountId::parse)?;
        }
        roles.iter().try_for_each(RoleSeen::check)?;
        waivers.iter().try_for_each(|waiver| {
            name("waivers", &waiver.name)?;
            day(&waiver.expires)
        })
    }
}

impl RoleSeen {
    fn check(&self) -> Result<(), Invalid> {
        name("roles", &self.name)?;
        CredentialType::parse(&self.credential_type)
            .ok_or_else(|| invalid("credential_type", "is none of the four types"))?;
        for Target { role_arn, account } in &self.targets {
            if ident("role_arn", role_arn, RoleArn::parse)?.account().as_str() != account {
                return Err(invalid("account", "is not the account in the ARN beside it"));
            }
        }
        ttl("default_ttl_seconds", self.default_ttl_seconds)?;
        ttl("max_ttl_seconds", self.max_ttl_seconds)?;
        for arn in self.limits.iter().filter_map(|limit| limit.role_arn.as_ref()) {
            ident("role_arn", arn, RoleArn::parse)?;
        }
        if self.limits.iter().filter(|limit| limit.binds).count() > 1 {
            return Err(invalid("limits", "name more than one that binds"));
        }
        self.expires.as_deref().map_or(Ok(()), day)
    }
}

fn day(text: &str) -> Result<(), Invalid> {
    Date::parse(text).map(drop).ok_or_else(|| invalid("expires", "is not a day, `YYYY-MM-DD`"))
}
