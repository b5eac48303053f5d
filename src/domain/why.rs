//! Why the broker may or may not issue one role: every statement of every policy that AWS would ask, and every limit on the
//! lifetime, with the one that binds.

use super::Timestamp;
use super::admission::{self, Asking, Issuing};
use super::credential::{CredentialSpec, CredentialType};
use super::desired::{BrokerSpec, Desired};
use super::duration::{self, Limit};
use super::finding::{Finding, apply_waivers};
use super::iam::{Evaluation, Outcome, Policy, Verdict};
use super::ident::{Name, RoleArn};
use super::record::{Record, RoleFacts};
use super::role::RoleSpec;
use super::rules::{self, RuleInput};
use super::ttl::Ttl;
use super::world::{Fact, LiveRole, Unknown, World};

/// The whole answer about one role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    /// The role.
    pub role: Name,
    /// What it issues.
    pub credential_type: CredentialType,
    /// What `issue` gives when nobody asks for a TTL, and the most anybody may ask for.
    pub default_ttl: Ttl,
    /// See `default_ttl`.
    pub max_ttl: Ttl,
    /// Where the specification was taken from.
    pub source: Source,
    /// What `issue` would find in the record.
    pub recorded: Recorded,
    /// One for each role ARN; a single one without an ARN for tokens; none for `iam_user`, which no single request issues.
    pub ways: Vec<Way>,
    /// What the rules say about the role, waived findings included.
    pub findings: Vec<Finding>,
}

/// Where the explained specification stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// In the manifests.
    Declared,
    /// In the record alone: git no longer declares it.
    RecordAlone,
}

/// What `issue` would find, as of now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recorded {
    /// Nothing was ever applied.
    NoRecord,
    /// The record does not hold the role.
    Missing {
        /// The record's serial.
        serial: u64,
    },
    /// It holds the role.
    Present {
        /// The record's serial.
        serial: u64,
        /// Whether git says something else now.
        differs: bool,
        /// Codes for which `issue` refuses it.
        violations: Vec<String>,
        /// Whether its last day has passed.
        expired: bool,
    },
}

/// One request that would issue the role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// The role to assume; `None` for tokens.
    pub role_arn: Option<RoleArn>,
    /// What was read under that ARN; `None` for tokens.
    pub live: Option<Reading>,
    /// Each action that STS authorizes for it.
    pub outcomes: Vec<Outcome>,
    /// Every upper limit on the lifetime, tightest first: the first one binds.
    pub limits: Vec<Limit>,
}

/// How reading a target role ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    /// It exists.
    Present,
    /// It does not exist.
    Absent,
    /// It could not be read.
    Unknown(Unknown),
}

/// The answer in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    /// `issue` hands it out, and AWS agrees, as far as anything is known.
    Yes,
    /// It hangs on what is not known before the request is made.
    Depends,
    /// It is refused, by the record, by a rule or by AWS.
    No,
}

impl Answer {
    /// The word used in every output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::Depends => "depends",
            Self::No => "no",
        }
    }
}

impl Way {
    /// What AWS answers this way: the worst of its actions.
    #[must_use]
    pub fn answer(&self) -> Answer {
        let read = match &self.live {
            Some(Reading::Absent) => Answer::No,
            Some(Reading::Unknown(_)) => Answer::Depends,
            Some(Reading::Present) | None => Answer::Yes,
        };
        let judged = self.outcomes.iter().map(|outcome| match outcome.evaluation.verdict {
            Verdict::Allowed => Answer::Yes,
            Verdict::Depends(_) => Answer::Depends,
            Verdict::DeniedExplicitly { .. } | Verdict::DeniedImplicitly { .. } => Answer::No,
        });
        judged.fold(read, Ord::max)
    }
}

impl Why {
    /// Whether `issue` would hand it out now. Of several role ARNs the first counts: it is taken unless another is named.
    #[must_use]
    pub fn answer(&self) -> Answer {
        if self.obstacles().is_empty() { self.ways.first().map_or(Answer::Yes, Way::answer) } else { Answer::No }
    }

    /// What stands in the way before AWS is asked, one sentence each without a full stop.
    #[must_use]
    pub fn obstacles(&self) -> Vec<String> {
        let mut obstacles = match &self.recorded {
            Recorded::NoRecord => vec!["nothing was applied yet, and `issue` hands out only what was".to_owned()],
            Recorded::Missing { serial } => vec![format!("record {serial} does not hold it: it was not applied yet")],
            Recorded::Present { serial, violations, expired, differs: _ } => {
                let expired = expired.then(|| format!("its last day, by record {serial}, has passed"));
                let violates = (!violations.is_empty()).then(|| {
                    format!("record {serial} holds it as violating {}: `issue` refuses it", violations.join(", "))
                });
                expired.into_iter().chain(violates).collect()
            }
        };
        let blocking: Vec<&str> =
            self.findings.iter().filter(|finding| finding.blocks()).map(|finding| finding.code).collect();
        if !blocking.is_empty() {
            obstacles.push(format!("what git declares now is blocked by {}", blocking.join(", ")));
        }
        obstacles
    }
}

/// Explains the role of this name; `None` when neither git nor the record knows it.
#[must_use]
pub fn why(desired: &Desired, world: &World, record: Option<&Record>, role: &Name, now: Timestamp) -> Option<Why> {
    let declared = desired.roles.iter().find(|declared| declared.spec.name == *role).map(|declared| &declared.spec);
    let applied = record.and_then(|record| record.snapshot.roles.get(role));
    let (source, spec) = match (declared, applied) {
        (Some(spec), _) => (Source::Declared, spec),
        (None, Some(applied)) => (Source::RecordAlone, &applied.spec),
        (None, None) => return None,
    };
    let recorded = match (record, applied) {
        (None, _) => Recorded::NoRecord,
        (Some(record), None) => Recorded::Missing { serial: record.head.serial },
        (Some(record), Some(applied)) => Recorded::Present {
            serial: record.head.serial,
            differs: declared != Some(&applied.spec),
            violations: applied.violations.clone(),
            expired: applied.spec.expires.is_some_and(|day| day.is_over(now)),
        },
    };
    let ttl = spec.credential.ttl();
    Some(Why {
        role: role.clone(),
        credential_type: spec.credential.kind(),
        default_ttl: ttl.default,
        max_ttl: ttl.max,
        source,
        recorded,
        ways: ways(&desired.broker.spec, world, spec, now),
        findings: findings(desired, world, record, role, now),
    })
}

fn findings(desired: &Desired, world: &World, record: Option<&Record>, role: &Name, now: Timestamp) -> Vec<Finding> {
    let recorded = record.map(|record| &record.snapshot);
    let mut findings = rules::judge(RuleInput { desired, world, now, base: None, recorded });
    findings.retain(|finding| finding.role.as_ref() == Some(role));
    apply_waivers(&mut findings, &desired.waivers, now);
    findings
}

fn ways(broker: &BrokerSpec, world: &World, spec: &RoleSpec, now: Timestamp) -> Vec<Way> {
    let issuing = Issuing::new(broker, world, now);
    let limits = |facts: Option<&RoleFacts>| duration::limits(&spec.credential, broker, facts);
    match &spec.credential {
        CredentialSpec::AssumedRole(assumed) => assumed
            .role_arns
            .iter()
            .map(|arn| {
                let fact = world.role(arn);
                let live = fact.present();
                let policy = live.and_then(|live| live.trust.policy.as_ref().ok());
                let asking = issuing.ask(&spec.name, assumed, arn, live);
                let outcomes = match fact {
                    Fact::Absent => Vec::new(),
                    Fact::Present(_) | Fact::Unknown(_) => {
                        outcomes(&issuing, &asking, policy, admission::actions(assumed))
                    }
                };
                Way {
                    role_arn: Some(arn.clone()),
                    live: Some(reading(fact)),
                    outcomes,
                    limits: limits(live.map(RoleFacts::of).as_ref()),
                }
            })
            .collect(),
        CredentialSpec::FederationToken(federation) => {
            let asking = issuing.ask_federation(&spec.name, federation);
            let tags = (!federation.session_tags.is_empty()).then_some("sts:TagSession");
            let actions = std::iter::once("sts:GetFederationToken").chain(tags);
            let outcomes = outcomes(&issuing, &asking, None, actions);
            vec![Way { role_arn: None, live: None, outcomes, limits: limits(None) }]
        }
        // AWS lets every IAM user call it, whatever the policies say; there is no statement to show.
        CredentialSpec::SessionToken(_) => {
            let evaluation = Evaluation { verdict: Verdict::Allowed, caveats: Vec::new() };
            let outcome = Outcome { action: "sts:GetSessionToken".to_owned(), evaluation, trace: Vec::new() };
            vec![Way { role_arn: None, live: None, outcomes: vec![outcome], limits: limits(None) }]
        }
        CredentialSpec::IamUser(_) => Vec::new(),
    }
}

fn outcomes(
    issuing: &Issuing<'_>,
    asking: &Asking<'_>,
    trust: Option<&Policy>,
    actions: impl IntoIterator<Item = &'static str>,
) -> Vec<Outcome> {
    actions.into_iter().map(|action| asking.outcome(issuing, trust, action)).collect()
}

fn reading(fact: &Fact<LiveRole>) -> Reading {
    match fact {
        Fact::Present(_) => Reading::Present,
        Fact::Absent => Reading::Absent,
        Fact::Unknown(unknown) => Reading::Unknown(unknown.clone()),
    }
}
