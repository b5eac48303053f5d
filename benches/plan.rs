//! What planning costs: `cargo bench --bench plan`.
//!
//! The budget is the pure plan of 10,000 roles, judging included, in 150 ms and 200 MiB, and not more than twelve times
//! the plan of 1,000. Manifests, world and record are made outside the timing, and what
//! comes out is dropped outside it. The memory is told first, from `/proc`,
//! before anything else has run in the process.

#![allow(missing_docs, reason = "criterion's macros write undocumented functions")]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a measurement stops at what it did not expect"
)]

mod population;

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, SamplingMode, criterion_group};
use leasehold::domain::iam::{Caller, Policy, Request, decide_trust};
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
            b.iter(|| judge(RuleInput { desired, world, now: *now, base: None }));
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

fn decisions(criterion: &mut Criterion) {
    let policy = Policy::parse(&population::trust(0)).expect("a policy");
    let caller = Caller {
        partition: "aws",
        account: "111122223333",
        principal_arn: "arn:aws:iam::111122223333:role/VaultRunner",
        session_arn: None,
        unique_id: None,
    };
    criterion.bench_function("trust-decision", |b| {
        b.iter(|| decide_trust(black_box(&policy), &Request::new(caller, "sts:AssumeRole")));
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
    targets = plans, parts, decisions
}

fn main() {
    memory();
    benches();
    Criterion::default().configure_from_args().final_summary();
}
