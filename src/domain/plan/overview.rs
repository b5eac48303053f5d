//! The declared set at a glance: who issues, which roles there are, and what bounds them.
//!
//! It says nothing that a plan does not rest on already, so it is no part of the plan's hash.

use std::collections::HashMap;

use super::PlanInput;
use crate::domain::credential::CredentialType;
use crate::domain::desired::{Date, Desired, TtlPair};
use crate::domain::duration::LimitSource;
use crate::domain::finding::{Finding, Level};
use crate::domain::ident::{AccountId, BrokerPrincipal, Name, RoleArn};
use crate::domain::limits;
use crate::domain::role::Role;
use crate::domain::world::WorldIndex;

/// The declared set at a glance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overview {
    /// `metadata.name` of the Broker document.
    pub broker: Name,
    /// Who issues.
    pub principal: BrokerPrincipal,
    /// The declared accounts, in file order.
    pub accounts: Vec<AccountSeen>,
    /// The declared roles by name; a plan for one role shows that one.
    pub roles: Vec<RoleSeen>,
    /// The declared waivers, in file order.
    pub waivers: Vec<WaiverSeen>,
}

/// A declared account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountSeen {
    /// `metadata.name`.
    pub name: Name,
    /// Its twelve digits.
    pub id: AccountId,
}

/// A declared role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleSeen {
    /// `metadata.name`.
    pub name: Name,
    /// What it hands out.
    pub kind: CredentialType,
    /// The roles in AWS that it may assume, in the order written.
    pub targets: Vec<Target>,
    /// Its TTLs.
    pub ttl: TtlPair,
    /// Whether its sessions are chained: it assumes roles, and the broker is a role itself.
    pub chained: bool,
    /// The last day on which it may be issued.
    pub expires: Option<Date>,
    /// Its findings, counted.
    pub findings: Levels,
}

/// A role in AWS that a declared role may assume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// As declared.
    pub role_arn: RoleArn,
    /// Its live `MaxSessionDuration` in seconds; `None` when it is not there or was not read.
    pub max_session_duration: Option<u32>,
}

/// Findings by what they do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Levels {
    /// Hard.
    pub hard: u32,
    /// Blocking, and not waived.
    pub blocking: u32,
    /// Advisory, and not waived.
    pub advisory: u32,
    /// Waived.
    pub waived: u32,
}

/// A declared waiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaiverSeen {
    /// `metadata.name`.
    pub name: Name,
    /// Code or kebab name of the rule, as written (hostile).
    pub rule: String,
    /// Why this is acceptable.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// The last day on which it counts.
    pub expires: Date,
}

/// An upper limit on the TTLs of a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound<'a> {
    /// Where it comes from.
    pub source: LimitSource,
    /// The role in AWS that sets it, for [`LimitSource::MaxSessionDuration`].
    pub role_arn: Option<&'a RoleArn>,
    /// The most it allows, in seconds; `None` when that is not known.
    pub seconds: Option<u32>,
    /// Whether it is the one that decides: the lowest that is known, of equal ones the nearest to the asker. One does.
    pub binds: bool,
}

impl RoleSeen {
    /// Every upper limit on its TTLs, in the order of blame. A role is judged whole, so each of its targets bounds it.
    #[must_use]
    pub fn bounds(&self) -> Vec<Bound<'_>> {
        let bound = |source, seconds| Bound { source, role_arn: None, seconds, binds: false };
        let mut bounds = vec![bound(LimitSource::RoleMax, Some(self.ttl.max.seconds()))];
        bounds.extend(self.targets.iter().map(|target| Bound {
            role_arn: Some(&target.role_arn),
            ..bound(LimitSource::MaxSessionDuration, target.max_session_duration)
        }));
        if self.chained {
            bounds.push(bound(LimitSource::Chaining, Some(limits::CHAINED_MAX_SECONDS)));
        }
        if let Some((_, most)) = self.kind.sts_range() {
            bounds.push(bound(LimitSource::Api, Some(most)));
        }
        // Of equal ones the first is taken, and they stand in the order of blame.
        let known = bounds.iter_mut().filter(|bound| bound.seconds.is_some());
        if let Some(tightest) = known.min_by_key(|bound| bound.seconds) {
            tightest.binds = true;
        }
        bounds
    }
}

impl Levels {
    fn count(&mut self, finding: &Finding) {
        let counter = match finding.level {
            Level::Hard => &mut self.hard,
            Level::Blocking | Level::Advisory if finding.waived_by.is_some() => &mut self.waived,
            Level::Blocking => &mut self.blocking,
            Level::Advisory => &mut self.advisory,
        };
        *counter += 1;
    }
}

/// `roles` are the declared roles of the plan, by name.
pub(super) fn of<'a>(
    input: &PlanInput<'_>,
    roles: impl Iterator<Item = &'a Role>,
    world: &WorldIndex<'_>,
    findings: &[Finding],
) -> Overview {
    let Desired { broker, accounts, roles: _, waivers } = input.desired;
    let mut levels: HashMap<&str, Levels> = HashMap::new();
    for finding in findings {
        if let Some(role) = &finding.role {
            levels.entry(role.as_str()).or_default().count(finding);
        }
    }
    let principal = &broker.spec.principal;
    let seen = |role: &Role| {
        let credential = &role.spec.credential;
        let targets = credential.role_arns().iter().map(|arn| Target {
            role_arn: arn.clone(),
            max_session_duration: world.role(arn).present().map(|live| live.max_session_duration),
        });
        RoleSeen {
            name: role.spec.name.clone(),
            kind: credential.kind(),
            targets: targets.collect(),
            ttl: credential.ttl(),
            chained: principal.is_role() && credential.kind() == CredentialType::AssumedRole,
            expires: role.spec.expires,
            findings: levels.get(role.spec.name.as_str()).copied().unwrap_or_default(),
        }
    };
    Overview {
        broker: broker.spec.name.clone(),
        principal: principal.clone(),
        roles: roles.map(seen).collect(),
        accounts: accounts
            .iter()
            .map(|account| AccountSeen { name: account.name.clone(), id: account.id.value.clone() })
            .collect(),
        waivers: waivers
            .iter()
            .map(|waiver| WaiverSeen {
                name: waiver.name.clone(),
                rule: waiver.rule.value.clone(),
                reason: waiver.reason.clone(),
                owner: waiver.owner.clone(),
                expires: waiver.expires,
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ttl::Ttl;

    fn role(kind: CredentialType, max: u32, chained: bool, targets: &[Option<u32>]) -> RoleSeen {
        let ttl = |seconds| Ttl::from_seconds(seconds).expect("not zero");
        let target = |(at, max_session_duration): (usize, &Option<u32>)| Target {
            role_arn: RoleArn::parse(&format!("arn:aws:iam::111122223333:role/R{at}")).expect("valid"),
            max_session_duration: *max_session_duration,
        };
        RoleSeen {
            name: Name::parse("app").expect("valid"),
            kind,
            targets: targets.iter().enumerate().map(target).collect(),
            ttl: TtlPair { default: ttl(900), max: ttl(max) },
            chained,
            expires: None,
            findings: Levels::default(),
        }
    }

    fn shown(role: &RoleSeen) -> Vec<String> {
        let shown = |bound: &Bound<'_>| {
            let Bound { source, role_arn, seconds, binds } = bound;
            let arn = role_arn.map(|arn| format!(" of {}", arn.name())).unwrap_or_default();
            let seconds = seconds.map_or_else(|| "?".to_owned(), |seconds| seconds.to_string());
            format!("{source:?}{arn} {seconds}{}", if *binds { " binds" } else { "" })
        };
        role.bounds().iter().map(shown).collect()
    }

    #[test]
    fn the_lowest_known_limit_binds() {
        use CredentialType::{AssumedRole, IamUser, SessionToken};
        let chained = role(AssumedRole, 7_200, true, &[Some(43_200), None]);
        assert_eq!(
            shown(&chained),
            [
                "RoleMax 7200",
                "MaxSessionDuration of R0 43200",
                "MaxSessionDuration of R1 ?",
                "Chaining 3600 binds",
                "Api 43200"
            ]
        );
        let live = role(AssumedRole, 43_200, false, &[Some(43_200), Some(7_200)]);
        assert_eq!(shown(&live)[2], "MaxSessionDuration of R1 7200 binds");
        assert_eq!(shown(&role(SessionToken, 200_000, false, &[])), ["RoleMax 200000", "Api 129600 binds"]);
        assert_eq!(shown(&role(IamUser, 200_000, false, &[])), ["RoleMax 200000 binds"]);
    }

    #[test]
    fn of_equal_limits_the_nearest_to_the_asker_binds_and_only_it() {
        let equal = role(CredentialType::AssumedRole, 3_600, true, &[Some(3_600), Some(3_600)]);
        assert_eq!(shown(&equal)[0], "RoleMax 3600 binds");
        assert_eq!(equal.bounds().iter().filter(|bound| bound.binds).count(), 1);
    }
}
