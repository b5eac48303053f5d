//! What planning costs: `cargo bench --bench plan`.
//!
//! The budget is the pure plan of 10,000 roles, judging included, in 150 ms and 200 MiB, and not more than twelve times
//! the plan of 1,000; judging alone in 400 ms; one decision about a trust policy of two statements in 5 µs. Manifests,
//! world and record are made outside the timing, and what comes out is dropped outside it. A heap that was filled and
//! emptied once scatters all that comes after: the memory is told from `/proc` by a process of its own, and single
//! decisions come first.

#![allow(missing_docs, reason = "criterion's macros write undocumented functions")]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a measurement stops at what it did not expect"
)]

mod population;

use std::collections::BTreeMap;
use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, SamplingMode, criterion_group};
use leasehold::domain::iam::{
    AssumeRole, Broker, Caller, Context, Knowledge, Layer, NamedPolicy, Policies, Policy, Request, ResourcePolicy,
    Session, Template, Verdict, decide_trust, evaluate,
};
use leasehold::domain::rules::{RuleInput, judge};
use leasehold::domain::world::LivePolicy;
use leasehold::wire::{manifest_v1, state_v1};

use population::Population;

const SIZES: [usize; 2] = [1_000, 10_000];

fn plans(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("plan");
    group.sampling_mode(SamplingMode::Flat);
    for roles in SIZES {
        let deployment = Population::of(roles);
        group.bench_function(BenchmarkId::new("first", roles), |b| {
            b.iter_with_large_drop(|| deployment.plan(None, &[]));
        });
        let record = deployment.record();
        assert!(!deployment.plan(Some(&record), &[]).has_changes());
        group.bench_function(BenchmarkId::new("unchanged", roles), |b| {
            b.iter_with_large_drop(|| deployment.plan(Some(&record), &[]));
        });
        let (record, leases) = (deployment.record_before_change(), deployment.leases());
        assert_eq!(deployment.plan(Some(&record), &leases).steps.len(), roles);
        group.bench_function(BenchmarkId::new("all-change", roles), |b| {
            b.iter_with_large_drop(|| deployment.plan(Some(&record), &leases));
        });
    }
    group.finish();
}

fn parts(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("part");
    group.sampling_mode(SamplingMode::Flat);
    for roles in SIZES {
        let deployment = Population::of(roles);
        let Population { files, desired, world, now, .. } = &deployment;
        group.bench_function(BenchmarkId::new("read-manifests", roles), |b| {
            b.iter_with_large_drop(|| manifest_v1::read(files).expect("no errors"));
        });
        group.bench_function(BenchmarkId::new("judge", roles), |b| {
            b.iter(|| judge(RuleInput { desired, world, now: *now, base: None, recorded: None }));
        });
        group.bench_function(BenchmarkId::new("read-trust-policies", roles), |b| {
            let texts: Vec<String> = (0..roles).map(population::trust).collect();
            b.iter_with_large_drop(|| texts.iter().map(|text| LivePolicy::read(text)).collect::<Vec<_>>());
        });
        let snapshot = state_v1::encode_snapshot(1, "bench", &deployment.record().snapshot);
        group.bench_function(BenchmarkId::new("read-snapshot", roles), |b| {
            b.iter_with_large_drop(|| state_v1::decode_snapshot(&snapshot).expect("a snapshot"));
        });
        let last = population::name(roles - 1);
        group.bench_function(BenchmarkId::new("read-one-role-of-snapshot", roles), |b| {
            b.iter(|| state_v1::decode_snapshot_role(&snapshot, &last).expect("a snapshot"));
        });
    }
    group.finish();
}

/// Who asks in [`decisions`].
const CALLER: Caller<'static> = Caller {
    partition: "aws",
    account: "111122223333",
    principal_arn: "arn:aws:iam::111122223333:role/VaultRunner",
    session_arn: None,
    unique_id: None,
};

/// One decision about a trust policy of two statements, everything that a plan knows being known: what is certain, what
/// hangs on one key, and what hangs on one key in both statements, which are weighed together.
fn decisions(criterion: &mut Criterion) {
    const CONDITION: &str = r#""Condition":{"StringEquals":{"sts:ExternalId":"pipeline"}}"#;
    const OPEN: &str = r#""Condition":{"StringEquals":{"aws:SourceVpc":["vpc-1","vpc-2"]}}"#;
    let trust = population::trust(0);
    let twice = trust.replace(r#""Action":"sts:*""#, &format!(r#""Action":"sts:*",{OPEN}"#));
    let twice = twice.replace("user/leaver-0", "role/VaultRunner");
    let (none, tags) = (BTreeMap::new(), BTreeMap::from([("team".to_owned(), "payments".to_owned())]));
    let target = "arn:aws:iam::111122223333:role/teams/team-000/App00000";
    let context = Context::assume_role(AssumeRole {
        broker: Broker { caller: CALLER, tags: Some(&tags), session: Some(Session::default()) },
        target,
        target_tags: Some(&none),
        session_name: Template::new("leasehold-", 8, ""),
        external_id: Some("pipeline"),
        session_tags: &tags,
        transitive_tag_keys: &[],
        source_identity: None,
        mfa: false,
        region: Some("ap-northeast-1"),
        at: "2026-11-23T12:00:00Z".parse().expect("an instant"),
        organization: Knowledge::ABSENT,
    });
    let mut group = criterion.benchmark_group("decision");
    for (name, text, is_open) in [
        ("certain", trust.clone(), false),
        ("open", trust.replace(CONDITION, OPEN), true),
        ("allowed-or-denied-by-one-key", twice.replace(CONDITION, OPEN), false),
        ("open-twice", twice.replace(CONDITION, &OPEN.replace("vpc-2", "vpc-3")), true),
    ] {
        let policy = Policy::parse(&text).expect("a policy");
        let policies = Policies {
            identity: Layer::Assumed,
            resource: ResourcePolicy::Trust(NamedPolicy { name: "trust", policy: &policy }),
            ..Policies::default()
        };
        let request = Request::new(CALLER, "sts:AssumeRole").on(target).within(&context);
        let verdict = evaluate(&request, &policies).verdict;
        assert_eq!(matches!(verdict, Verdict::Depends(_)), is_open, "{name}: {verdict:?}");
        group.bench_function(name, |b| b.iter(|| evaluate(black_box(&request), black_box(&policies))));
    }
    group.finish();
    let policy = Policy::parse(&trust).expect("a policy");
    criterion.bench_function("trust-decision", |b| {
        b.iter(|| decide_trust(black_box(&policy), &Request::new(CALLER, "sts:AssumeRole")));
    });
}

/// A line of this process's status, in MiB. Linux only: elsewhere nothing is told.
fn status_mib(field: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib.div_ceil(1_024))
}

/// The peak of the process after one plan of the largest size, with manifests, world and record in memory.
fn memory() {
    let deployment = Population::of(10_000);
    let record = deployment.record_before_change();
    let Some(before) = status_mib("VmRSS") else { return };
    let plan = deployment.plan(Some(&record), &[]);
    let after = status_mib("VmRSS").unwrap_or_default();
    let peak = status_mib("VmHWM").unwrap_or_default();
    println!(
        "memory: plan of 10000 roles that all change: {before} MiB resident before (inputs), {after} MiB after; whole-process peak {peak} MiB"
    );
    drop(plan);
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = decisions, plans, parts
}

/// The argument that asks for [`memory`] and nothing else.
const MEMORY: &str = "--memory-alone";

fn main() {
    if std::env::args().any(|argument| argument == MEMORY) {
        return memory();
    }
    let this = std::env::current_exe().expect("this program");
    let told = std::process::Command::new(this).arg(MEMORY).status().expect("it runs again");
    assert!(told.success(), "{told}");
    benches();
    Criterion::default().configure_from_args().final_summary();
}
