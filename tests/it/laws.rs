//! What holds for every plan, over generated manifests and worlds.

mod base;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use leasehold::app::audit::Who;
use leasehold::app::{
    Expectation, Failure, HeadSigning, PlanRequest, Planned, commit, issue, make_plan, read_record, review, validate,
};
use leasehold::domain::digest::Digest;
use leasehold::domain::ident::BrokerPrincipal;
use leasehold::domain::limits;
use leasehold::domain::plan::{Action, Plan};
use leasehold::domain::record::Basis;
use leasehold::domain::span::SourceFile;
use leasehold::domain::ttl::Ttl;
use leasehold::domain::world::{
    AttachedPolicy, CallerIdentity, Fact, LiveBroker, LivePolicy, LiveRole, Unknown, Why, World,
};
use leasehold::ports::Clock as _;
use leasehold::testing::{CountingIds, FakeCloud, FixedClock, MemoryStore, block_on};
use leasehold::wire::plan_v1;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree as _;

use crate::scene::{self, RUNNER, USER, arn, request, trusting};
use crate::stories::cloud::WorldCloud;

const ROLES: [&str; 4] = ["ProdAppReadOnly", "ProdAppRW", "Deploy", "Audit"];
const WAIVABLE: [&str; 5] =
    ["trust-account-root", "trust-conditional", "broker-not-trusted", "role-expired", "no-such-rule"];
const TTLS: [&str; 7] = ["10m", "15m", "30m", "1h", "2h", "12h", "36h"];

fn role_arn(at: usize) -> String {
    format!("arn:aws:iam::111122223333:role/{}", ROLES[at])
}

/// What git says: a Broker, Role documents, Waiver documents.
#[derive(Debug, Clone)]
struct Declared {
    broker: &'static str,
    documents: Vec<String>,
}

impl Declared {
    fn text(&self) -> String {
        scene::manifests(self.broker, &self.documents.concat())
    }
}

fn role() -> impl Strategy<Value = String> {
    let ttls = (proptest::option::of(select(&TTLS[..])), select(&TTLS[..]));
    let arns = proptest::collection::btree_set(0..ROLES.len(), 1..3);
    let more = (any::<bool>(), proptest::option::of(select(&["2026-11-20", "2026-11-23", "2030-01-01"][..])), 0..4_u8);
    (ttls, arns, more).prop_map(|((default, max), arns, (protect, expires, other))| {
        let mut spec = String::new();
        if other == 3 {
            spec += "  credential_type: federation_token\n  policy_arns: [arn:aws:iam::aws:policy/ReadOnlyAccess]\n";
        } else {
            let arns: Vec<String> = arns.into_iter().map(role_arn).collect();
            spec += &format!("  role_arns: [{}]\n", arns.join(", "));
            if other == 1 {
                spec += "  session_tags: {team: payments}\n";
            }
            if other == 2 {
                spec += "  source_identity: ci\n";
            }
        }
        if let Some(default) = default {
            spec += &format!("  default_sts_ttl: {default}\n");
        }
        spec += &format!("  max_sts_ttl: {max}\n");
        if protect {
            spec += "  protect: true\n";
        }
        if let Some(day) = expires {
            spec += &format!("  expires: {day}\n");
        }
        spec
    })
}

fn waiver() -> impl Strategy<Value = String> {
    (select(&WAIVABLE[..]), 0..5_usize).prop_map(|(rule, role)| {
        format!(
            "---\napiVersion: leasehold/v1\nkind: Waiver\nmetadata: {{name: w-{rule}-{role}}}\nspec: {{rule: {rule}, \
             roles: [app-{role}], reason: r, owner: o, expires: 2027-01-01}}\n"
        )
    })
}

fn declared() -> impl Strategy<Value = Declared> {
    let roles = proptest::collection::btree_map(0..5_usize, role(), 0..5);
    let waivers = proptest::collection::btree_set(waiver(), 0..3);
    (select(&[RUNNER, USER][..]), roles, waivers).prop_map(|(broker, roles, waivers)| {
        let document = |(at, spec)| {
            format!("---\napiVersion: leasehold/v1\nkind: Role\nmetadata: {{name: app-{at}}}\nspec:\n{spec}")
        };
        Declared { broker, documents: roles.into_iter().map(document).chain(waivers).collect() }
    })
}

fn trust() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => Just(trusting(RUNNER)),
        4 => Just(trusting(USER)),
        1 => Just(trusting("arn:aws:iam::111122223333:root")),
        1 => Just(trusting(RUNNER).replace("\"Action\"", r#""Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}},"Action""#)),
        1 => Just("no policy at all".to_owned()),
    ]
}

fn fact(at: usize) -> impl Strategy<Value = Fact<LiveRole>> {
    let live = (select(&[3_600, 7_200, 43_200][..]), trust(), 0..2_u8).prop_map(move |(max, trust, id)| LiveRole {
        arn: arn(&role_arn(at)),
        role_id: format!("AROAEXAMPLE{at}{id}"),
        max_session_duration: max,
        trust: LivePolicy::read(&trust),
        tags: None,
    });
    let unknown = select(&Why::ALL[..]).prop_map(|why| Fact::Unknown(Unknown { why, detail: "not told".to_owned() }));
    prop_oneof![8 => live.prop_map(Fact::Present), 1 => Just(Fact::Absent), 1 => unknown]
}

fn broker() -> impl Strategy<Value = Fact<LiveBroker>> {
    let allow = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:*","Resource":"*"}}"#;
    let live = Fact::Present(LiveBroker {
        unique_id: "AIDAEXAMPLEBROKER0001".to_owned(),
        tags: BTreeMap::new(),
        policies: Fact::Present(vec![AttachedPolicy { name: "issue".to_owned(), document: LivePolicy::read(allow) }]),
        boundary: Fact::Absent,
        trust: None,
    });
    let unknown = select(&Why::ALL[..]).prop_map(|why| Fact::Unknown(Unknown { why, detail: "not told".to_owned() }));
    prop_oneof![8 => Just(live), 1 => Just(Fact::Absent), 1 => unknown]
}

fn world() -> impl Strategy<Value = World> {
    (fact(0), fact(1), fact(2), fact(3), broker()).prop_map(|(a, b, c, d, broker)| {
        let roles = [a, b, c, d].into_iter().enumerate().map(|(at, fact)| (arn(&role_arn(at)), fact));
        let principal = BrokerPrincipal::parse(USER).expect("a principal");
        let (account, user_id) = (principal.account().clone(), "AIDAEXAMPLEBROKER0001".to_owned());
        let caller = Fact::Present(CallerIdentity { account, arn: USER.to_owned(), user_id });
        World { broker, ..World::of_roles(caller, roles.collect()) }
    })
}

/// A deployment in memory.
struct Run {
    store: MemoryStore,
    clock: FixedClock,
    ids: CountingIds,
}

impl Run {
    fn new() -> Self {
        let now = "2026-11-23T12:00:00Z".parse().expect("an instant");
        Self { store: MemoryStore::new(), clock: FixedClock::at(now), ids: CountingIds::new() }
    }

    /// Nobody makes users here.
    fn no_users(&self) -> FakeCloud<&FixedClock> {
        FakeCloud::new(&self.clock, BrokerPrincipal::parse(USER).expect("a principal"))
    }

    fn plan(&self, text: &str, world: &World) -> Planned {
        let basis = Basis {
            commit: Some("1".repeat(40)),
            tree: Some("2".repeat(40)),
            dirty: false,
            manifest_digest: Digest::of_bytes(text.as_bytes()),
        };
        let file = Arc::new(SourceFile { path: "prod.yaml".to_owned(), text: text.to_owned() });
        let set = leasehold::ports::ManifestSet { files: vec![file], problems: Vec::new(), basis };
        let desired = validate(&set).unwrap_or_else(|error| panic!("{error:?}\n{text}"));
        let (cloud, now) = (WorldCloud { world, now: self.clock.now() }, self.clock.now());
        block_on(make_plan(set.basis, desired, &cloud, &self.store, now, PlanRequest::default())).expect("a plan")
    }

    fn apply(&self, text: &str, world: &World) -> Result<(), Failure> {
        let review = review(self.plan(text, world), &Expectation::Nothing, false)?;
        block_on(commit(review, &self.store, &self.clock, &self.ids, &Who::default(), &HeadSigning::none())).map(drop)
    }

    /// Applies the first role at least, whatever stands in the way of the others: half of the worlds refuse a set.
    fn apply_what_goes(&self, declared: &Declared, world: &World) {
        if self.apply(&declared.text(), world).is_ok() {
            return;
        }
        let good = declared.documents.iter().filter(|document| {
            let one = Declared { broker: declared.broker, documents: vec![(*document).clone()] };
            Self::new().apply(&one.text(), world).is_ok()
        });
        let good = Declared { broker: declared.broker, documents: good.cloned().collect() };
        let _ = self.apply(&good.text(), world);
    }
}

fn json(plan: &Plan) -> String {
    plan_v1::Document::from_plan(plan).to_json()
}

/// Steps without the places, which move with the documents.
fn steps(plan: &Plan) -> Vec<(String, Action, String)> {
    let step = |step: &leasehold::domain::plan::Step| {
        (step.role.to_string(), step.action, format!("{:?} {:?} {:?}", step.after, step.changes, step.effects))
    };
    plan.steps.iter().map(step).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_plan_after_its_apply_is_empty(first in declared(), then in declared(), before in world(), after in world()) {
        let run = Run::new();
        run.apply_what_goes(&first, &before);
        if run.apply(&then.text(), &after).is_ok() {
            let plan = run.plan(&then.text(), &after).plan;
            prop_assert!(!plan.has_changes() && plan.report.drift.is_empty(), "{}", json(&plan));
        }
    }

    #[test]
    fn a_plan_says_whether_apply_would_refuse_it(first in declared(), then in declared(), before in world(), after in world()) {
        let run = Run::new();
        run.apply_what_goes(&first, &before);
        let planned = run.plan(&then.text(), &after);
        let document = plan_v1::Document::from_plan(&planned.plan);
        let refused = document.is_refused() || document.summary.brakes > 0;
        prop_assert_eq!(refused, review(planned, &Expectation::Nothing, false).is_err(), "{}", document.to_json());
    }

    #[test]
    fn a_refused_apply_writes_nothing(first in declared(), then in declared(), world in world()) {
        let run = Run::new();
        run.apply_what_goes(&first, &world);
        let before = run.store.objects();
        if run.apply(&then.text(), &world).is_err() {
            prop_assert_eq!(run.store.objects(), before);
        }
    }

    #[test]
    fn the_same_input_gives_the_same_bytes_and_they_read_back(first in declared(), then in declared(), world in world()) {
        let run = Run::new();
        run.apply_what_goes(&first, &world);
        let planned = run.plan(&then.text(), &world).plan;
        let text = json(&planned);
        prop_assert_eq!(&json(&run.plan(&then.text(), &world).plan), &text);
        let read = plan_v1::Document::read(&text).expect("it reads back");
        prop_assert_eq!(&read, &plan_v1::Document::from_plan(&planned));
        prop_assert_eq!(read.to_json(), text);
        prop_assert_eq!(read.basis().expect("a basis"), planned.basis);
    }

    #[test]
    fn the_order_of_documents_means_nothing(
        (declared, shuffled) in declared().prop_flat_map(|declared| {
            let documents = Just(declared.documents.clone()).prop_shuffle();
            (Just(declared), documents)
        }),
        first in declared(),
        world in world(),
    ) {
        let run = Run::new();
        run.apply_what_goes(&first, &world);
        let other = Declared { broker: declared.broker, documents: shuffled };
        let (one, two) = (run.plan(&declared.text(), &world).plan, run.plan(&other.text(), &world).plan);
        prop_assert_eq!(steps(&one), steps(&two));
        prop_assert_eq!(&one.broker, &two.broker);
        prop_assert_eq!(&one.basis.fingerprints, &two.basis.fingerprints);
        let told = |plan: &Plan| -> BTreeSet<String> {
            plan.report.findings.iter().map(|finding| format!("{} {:?} {}", finding.code, finding.role, finding.message)).collect()
        };
        prop_assert_eq!(told(&one), told(&two));
    }

    #[test]
    fn nothing_unknown_is_ever_allowed(first in declared(), then in declared(), before in world(), world in world()) {
        let run = Run::new();
        run.apply_what_goes(&first, &before);
        let plan = run.plan(&then.text(), &world).plan;
        for step in plan.steps.iter().filter(|step| step.action == Action::Create) {
            let spec = &step.after.as_ref().expect("a creation records something").spec;
            let unknown = spec.credential.role_arns().iter().any(|arn| matches!(world.role(arn), Fact::Unknown(_)));
            let blocked = plan.report.findings.iter().any(|finding| finding.blocks() && finding.role.as_ref() == Some(&step.role));
            prop_assert!(!unknown || blocked, "{} is created unproven: {}", step.role, json(&plan));
        }
    }

    #[test]
    fn nothing_is_issued_beyond_any_cap(
        declared in declared(),
        world in world(),
        asked in proptest::option::of(select(&TTLS[..])),
        clamp in any::<bool>(),
    ) {
        let run = Run::new();
        run.apply_what_goes(&declared, &world);
        let record = block_on(read_record(&run.store)).expect("readable").map(|(_, record)| record.snapshot);
        let (roles, broker) = record.map_or((BTreeMap::new(), None), |snapshot| (snapshot.roles, Some(snapshot.broker)));
        for (name, applied) in roles {
            let mut request = request(name.as_str());
            request.ttl = asked.map(|text| Ttl::parse(text).expect("a duration"));
            request.clamp = clamp;
            let connect = async |_: &str| Ok::<_, Failure>((WorldCloud { world: &world, now: run.clock.now() }, run.no_users()));
            let issued = block_on(issue(&run.store, connect, &run.clock, &run.ids, &Who::default(), request));
            let Ok(issued) = issued else { continue };
            let seconds = issued.lease.request.ttl.seconds();
            prop_assert!(seconds <= applied.spec.credential.ttl().max.seconds());
            prop_assert!(applied.violations.is_empty());
            prop_assert!(applied.spec.expires.is_none_or(|day| !day.is_over(run.clock.now())));
            if let Some(arn) = &issued.lease.request.role_arn {
                prop_assert!(seconds <= applied.facts[arn].max_session_duration);
                let chained = broker.as_ref().is_some_and(|broker| broker.principal.is_role());
                prop_assert!(!chained || seconds <= limits::CHAINED_MAX_SECONDS);
            }
            prop_assert!((limits::STS_MIN_SECONDS..=limits::TOKEN_MAX_SECONDS).contains(&seconds));
        }
    }
}

#[test]
fn the_generators_reach_what_the_laws_are_about() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut applied, mut refused, mut issued) = (0, 0, 0);
    for _ in 0..200 {
        let mut draw = || {
            let declared = declared().new_tree(&mut runner).expect("drawn").current();
            (declared, world().new_tree(&mut runner).expect("drawn").current())
        };
        let (declared, world) = draw();
        let run = Run::new();
        match run.apply(&declared.text(), &world) {
            Ok(()) => applied += 1,
            Err(_) => refused += 1,
        }
        run.apply_what_goes(&declared, &world);
        for name in (0..5).map(|at| format!("app-{at}")) {
            let connect =
                async |_: &str| Ok::<_, Failure>((WorldCloud { world: &world, now: run.clock.now() }, run.no_users()));
            let outcome = block_on(issue(&run.store, connect, &run.clock, &run.ids, &Who::default(), request(&name)));
            issued += usize::from(outcome.is_ok());
        }
    }
    assert!(applied >= 20 && refused >= 20 && issued >= 20, "{applied} applied, {refused} refused, {issued} issued");
}
