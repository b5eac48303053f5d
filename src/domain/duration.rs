//! How long a credential may live, and which limit says so.

use std::fmt;

use super::credential::{CredentialSpec, CredentialType};
use super::desired::BrokerSpec;
use super::limits;
use super::record::RoleFacts;
use super::ttl::Ttl;

/// One upper limit on a lifetime.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// Where it comes from.
    pub source: LimitSource,
    /// The most it allows, in seconds.
    pub seconds: u32,
}

/// Where an upper limit comes from. The order is the order of blame when two limits are equal: the nearest to the asker first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LimitSource {
    /// The role's own `max_sts_ttl` or `max_ttl`.
    RoleMax,
    /// The live role's `MaxSessionDuration`, as it was when the record was applied.
    MaxSessionDuration,
    /// One role's session assumes another: one hour, whatever the role allows.
    Chaining,
    /// The API's own range.
    Api,
}

impl fmt::Display for LimitSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RoleMax => "the role's own maximum TTL",
            Self::MaxSessionDuration => "MaxSessionDuration of the role in AWS",
            Self::Chaining => "the one-hour cap on role chaining",
            Self::Api => "the API's own maximum",
        })
    }
}

/// What was decided, with every limit that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Solution {
    /// The length to ask AWS for.
    pub ttl: Ttl,
    /// What was asked for, when it was more and was lowered because the asker allowed that.
    pub clamped_from: Option<Ttl>,
    /// All limits, tightest first.
    pub limits: Vec<Limit>,
}

/// Why no length can be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unsolvable {
    /// More was asked than a limit allows.
    TooLong {
        /// What was asked.
        asked: Ttl,
        /// The tightest limit.
        binding: Limit,
    },
    /// Less was asked than the API gives, or a limit lies below what the API gives.
    TooShort {
        /// What would have to be asked of AWS.
        asked: Ttl,
        /// The API's minimum in seconds.
        minimum: u32,
    },
}

/// Every upper limit on a credential of this role, tightest first. `facts` are those of the role ARN to be assumed.
#[must_use]
pub fn limits(spec: &CredentialSpec, broker: &BrokerSpec, facts: Option<&RoleFacts>) -> Vec<Limit> {
    let mut found = vec![Limit { source: LimitSource::RoleMax, seconds: spec.ttl().max.seconds() }];
    if let Some((_, most)) = spec.kind().sts_range() {
        found.push(Limit { source: LimitSource::Api, seconds: most });
    }
    if spec.kind() == CredentialType::AssumedRole {
        if let Some(facts) = facts {
            found.push(Limit { source: LimitSource::MaxSessionDuration, seconds: facts.max_session_duration });
        }
        if broker.principal.is_role() {
            found.push(Limit { source: LimitSource::Chaining, seconds: limits::CHAINED_MAX_SECONDS });
        }
    }
    found.sort_by_key(|limit| (limit.seconds, limit.source));
    found
}

/// Decides the length. Nothing is lowered silently: only with `clamp`, and then the answer says so. Nothing is ever raised.
pub fn solve(
    spec: &CredentialSpec,
    broker: &BrokerSpec,
    facts: Option<&RoleFacts>,
    asked: Option<Ttl>,
    clamp: bool,
) -> Result<Solution, Unsolvable> {
    let limits = limits(spec, broker, facts);
    let wanted = asked.unwrap_or(spec.ttl().default);
    let mut ttl = wanted;
    if let Some(binding) = limits.first().filter(|limit| wanted.seconds() > limit.seconds) {
        match Ttl::from_seconds(binding.seconds).filter(|_| clamp) {
            Some(lowered) => ttl = lowered,
            None => return Err(Unsolvable::TooLong { asked: wanted, binding: binding.clone() }),
        }
    }
    let minimum = spec.kind().sts_range().map_or(1, |(least, _)| least);
    if ttl.seconds() < minimum {
        return Err(Unsolvable::TooShort { asked: ttl, minimum });
    }
    Ok(Solution { ttl, clamped_from: (ttl != wanted).then_some(wanted), limits })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::credential::{AssumedRoleSpec, PolicySpec, SessionTokenSpec};
    use crate::domain::desired::{Limits, TtlPair};
    use crate::domain::ident::{BrokerPrincipal, Name};
    use crate::domain::rules::Levels;

    fn ttl(seconds: u32) -> Ttl {
        Ttl::from_seconds(seconds).expect("not zero")
    }

    fn broker(principal: &str) -> BrokerSpec {
        BrokerSpec {
            name: Name::parse("prod").expect("valid"),
            principal: BrokerPrincipal::parse(principal).expect("valid"),
            region: "ap-northeast-1".into(),
            deployment: Name::parse("prod").expect("valid"),
            defaults: TtlPair { default: ttl(900), max: ttl(3_600) },
            limits: Limits::default(),
            rules: Levels::default(),
        }
    }

    fn role(default: u32, max: u32) -> CredentialSpec {
        CredentialSpec::AssumedRole(AssumedRoleSpec {
            role_arns: Vec::new(),
            ttl: TtlPair { default: ttl(default), max: ttl(max) },
            external_id: None,
            session_tags: Default::default(),
            transitive_tag_keys: Vec::new(),
            source_identity: None,
            policy: PolicySpec::default(),
            mfa_serial_number: None,
        })
    }

    fn facts(max_session_duration: u32) -> RoleFacts {
        RoleFacts {
            role_id: "AROAEXAMPLE".into(),
            max_session_duration,
            trust: crate::domain::document::Document::new(serde_json::Value::Null),
        }
    }

    const USER: &str = "arn:aws:iam::111122223333:user/broker";
    const ROLE: &str = "arn:aws:iam::111122223333:role/VaultRunner";

    #[test]
    fn the_default_is_taken_when_nobody_asks() {
        let solution = solve(&role(1_800, 3_600), &broker(ROLE), Some(&facts(43_200)), None, false).expect("solvable");
        assert_eq!((solution.ttl, solution.clamped_from), (ttl(1_800), None));
    }

    #[test]
    fn the_binding_limit_is_named() {
        let spec = role(1_800, 43_200);
        let binding = |principal, session, asked| match solve(
            &spec,
            &broker(principal),
            Some(&facts(session)),
            Some(ttl(asked)),
            false,
        ) {
            Err(Unsolvable::TooLong { binding, .. }) => binding.source,
            other => panic!("{other:?}"),
        };
        assert_eq!(binding(ROLE, 43_200, 3_601), LimitSource::Chaining);
        assert_eq!(binding(USER, 7_200, 7_201), LimitSource::MaxSessionDuration);
        assert_eq!(binding(USER, 43_200, 43_201), LimitSource::RoleMax);
        assert_eq!(binding(ROLE, 3_600, 3_601), LimitSource::MaxSessionDuration);
    }

    #[test]
    fn clamping_is_asked_for_and_said() {
        let solution = solve(&role(900, 7_200), &broker(ROLE), None, Some(ttl(7_200)), true).expect("solvable");
        assert_eq!((solution.ttl, solution.clamped_from), (ttl(3_600), Some(ttl(7_200))));
    }

    #[test]
    fn too_short_is_refused_even_when_clamping() {
        for clamp in [false, true] {
            assert_eq!(
                solve(&role(900, 3_600), &broker(ROLE), None, Some(ttl(899)), clamp),
                Err(Unsolvable::TooShort { asked: ttl(899), minimum: 900 })
            );
        }
    }

    #[test]
    fn tokens_know_neither_chaining_nor_session_duration() {
        let spec = CredentialSpec::SessionToken(SessionTokenSpec {
            ttl: TtlPair { default: ttl(900), max: ttl(129_600) },
            mfa_serial_number: None,
        });
        let solution = solve(&spec, &broker(USER), Some(&facts(3_600)), Some(ttl(129_600)), false).expect("solvable");
        assert_eq!(solution.ttl, ttl(129_600));
    }

    proptest! {
        #[test]
        fn no_solution_exceeds_any_cap(
            default in 1_u32..200_000, max in 1_u32..200_000, session in 1_u32..50_000,
            asked in proptest::option::of(1_u32..200_000), clamp: bool, user: bool, known: bool,
        ) {
            let spec = role(default, max);
            let broker = broker(if user { USER } else { ROLE });
            let facts = known.then(|| facts(session));
            if let Ok(solution) = solve(&spec, &broker, facts.as_ref(), asked.map(ttl), clamp) {
                let seconds = solution.ttl.seconds();
                prop_assert!(seconds <= max);
                prop_assert!(seconds <= limits::ASSUME_ROLE_MAX_SECONDS);
                prop_assert!(seconds >= limits::STS_MIN_SECONDS);
                prop_assert!(user || seconds <= limits::CHAINED_MAX_SECONDS);
                prop_assert!(!known || seconds <= session);
                prop_assert!(seconds <= asked.unwrap_or(default));
                prop_assert!(clamp || solution.clamped_from.is_none());
            }
        }
    }
}
