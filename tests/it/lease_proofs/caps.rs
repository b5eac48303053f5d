//! No credential outlives a cap: what `issue` asks for, when a user's own policy ends it, how far `renew` goes.

use jiff::SignedDuration;
use leasehold::app::{IssueRequest, KeyWait};
use leasehold::domain::credential::{AssumedRoleSpec, CredentialSpec, PolicySpec, SessionTokenSpec};
use leasehold::domain::desired::{BrokerSpec, Limits, TtlPair};
use leasehold::domain::document::Document;
use leasehold::domain::duration::solve;
use leasehold::domain::ident::{BrokerPrincipal, Name};
use leasehold::domain::limits;
use leasehold::domain::record::RoleFacts;
use leasehold::domain::rules::Levels;
use leasehold::domain::ttl::Ttl;
use leasehold::ports::Clock as _;

use super::{applied, size};
use crate::scene::{RUNNER, USER, request, user_role};

/// Numbers that look random and are the same in every run.
struct Numbers(u64);

impl Numbers {
    /// One from 1 to `most`; more often than not near a limit that somebody set.
    fn seconds(&mut self, most: u32) -> u32 {
        let near = [900, 3_600, 43_200, 129_600][self.below(4) as usize];
        let spread = self.below(most) + 1;
        let drawn = if self.below(2) == 0 { near + self.below(5) - 2 } else { spread };
        drawn.clamp(1, most)
    }

    fn below(&mut self, end: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from((self.0 >> 33) % u64::from(end.max(1))).expect("below a u32")
    }
}

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

#[test]
fn no_lifetime_asked_of_sts_is_above_a_cap() {
    let (cases, mut solved) = (size(20_000, 1_000_000), 0_u64);
    let brokers = [broker(USER), broker(RUNNER)];
    let mut numbers = Numbers(11);
    for case in 0..cases {
        let chained = numbers.below(2) == 1;
        let (default, max, session) = (numbers.seconds(200_000), numbers.seconds(200_000), numbers.seconds(50_000));
        let asked = (numbers.below(3) > 0).then(|| numbers.seconds(200_000));
        let (clamp, token, known) = (numbers.below(2) == 1, numbers.below(4) == 0, numbers.below(2) == 1);
        let pair = TtlPair { default: ttl(default), max: ttl(max) };
        let spec = if token {
            CredentialSpec::SessionToken(SessionTokenSpec { ttl: pair, mfa_serial_number: None })
        } else {
            CredentialSpec::AssumedRole(AssumedRoleSpec {
                role_arns: Vec::new(),
                ttl: pair,
                external_id: None,
                session_tags: Default::default(),
                transitive_tag_keys: Vec::new(),
                source_identity: None,
                policy: PolicySpec::default(),
                mfa_serial_number: None,
            })
        };
        let facts = known.then(|| RoleFacts {
            role_id: "AROAEXAMPLE".into(),
            max_session_duration: session,
            trust: Document::new(serde_json::Value::Null),
        });
        let broker = &brokers[usize::from(chained)];
        let Ok(solution) = solve(&spec, broker, facts.as_ref(), asked.map(ttl), clamp) else { continue };
        let seconds = solution.ttl.seconds();
        let api = if token { limits::TOKEN_MAX_SECONDS } else { limits::ASSUME_ROLE_MAX_SECONDS };
        let mut caps = vec![max, api, asked.unwrap_or(default)];
        if !token {
            caps.extend(facts.map(|facts| facts.max_session_duration));
            caps.extend(chained.then_some(limits::CHAINED_MAX_SECONDS));
        }
        assert!(caps.iter().all(|cap| seconds <= *cap), "case {case}: {seconds} s above one of {caps:?}");
        assert!(seconds >= limits::STS_MIN_SECONDS, "case {case}");
        solved += 1;
    }
    println!("{cases} lifetimes asked of STS, {solved} solved: none above a cap");
    assert!(solved > cases / 10, "only {solved}");
}

#[test]
fn no_user_lives_beyond_its_caps_however_often_it_is_renewed() {
    let (users, mut renewals, mut refused) = (size(20, 2_000), 0_u64, 0_u64);
    let max = SignedDuration::from_hours(8);
    let mut numbers = Numbers(12);
    for nth in 0..users {
        let (scene, store) = applied(&user_role("deployer", ""));
        let asked = ttl(numbers.seconds(28_800));
        let asking = IssueRequest { ttl: Some(asked), wait: KeyWait::Skip, ..request("deployer") };
        let began = scene.clock.now();
        let Ok(issued) = scene.issue_as(&store, asking) else {
            refused += 1;
            continue;
        };
        let (path, key) = (issued.lease.path(), issued.credentials.access_key_id.clone());
        let mut ends = issued.lease.lives_until();
        let tick = SignedDuration::from_secs(1);
        let asked = SignedDuration::from_secs(asked.seconds().into());
        assert!(ends <= began + asked + tick, "user {nth}");
        for _ in 0..size(4, 10) {
            assert!(!scene.cloud.key_lives(&key, ends), "user {nth}: it is powerless when its lease says so");
            scene.clock.advance(SignedDuration::from_secs(numbers.below(7_200).into()));
            let increment = ttl(numbers.seconds(40_000));
            let now = scene.clock.now();
            match scene.renew(&store, &path, &increment.to_string()) {
                Ok(lease) => {
                    let step = SignedDuration::from_secs(increment.seconds().into());
                    ends = lease.lives_until();
                    assert!(ends <= issued.lease.created_at + max, "user {nth}: renewed beyond max_ttl");
                    assert!(ends <= now + step + tick, "user {nth}: renewed by more than was asked");
                    renewals += 1;
                }
                Err(_) => refused += 1,
            }
        }
        assert!(!scene.cloud.key_lives(&key, issued.lease.created_at + max), "user {nth}: alive after max_ttl");
    }
    println!("{users} users, {renewals} renewals, {refused} refusals: none alive after its lease or max_ttl");
    assert!(renewals > users / 2 && refused > 0);
}
