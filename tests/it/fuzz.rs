//! What the fuzz targets start from, and what they are built with. `fuzz/run` runs them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use leasehold::domain::iam::Policy;
use leasehold::domain::span::SourceFile;
use leasehold::output::exit;
use leasehold::wire::{manifest_v1, plan_v1, simulation_v1, world_v1};

use crate::canned_aws::{CannedAws, manifests, two};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

/// The seeds of a target with their names.
fn seeds(target: &str) -> Vec<(String, String)> {
    let entries = std::fs::read_dir(folder().join("seeds").join(target)).expect("a folder of seeds");
    let seeds: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .map(|path| (path.display().to_string(), std::fs::read_to_string(path).expect("a text")))
        .collect();
    assert!(!seeds.is_empty(), "{target}");
    seeds
}

/// A seed that its reader refuses leads nowhere deep. `LEASEHOLD_BLESS=1 cargo test fuzz` makes the plan anew.
#[test]
fn every_seed_is_read_to_its_end() {
    if std::env::var_os("LEASEHOLD_BLESS").is_some() {
        let aws = CannedAws::start();
        let sandbox = aws.sandbox();
        sandbox.commit(&manifests(&two("max_sts_ttl: 2h")));
        let plan = sandbox.run(&["plan", "--format", "json"]).expect(exit::FINDINGS_BLOCK).stdout;
        std::fs::write(folder().join("seeds/plan/blocked.json"), plan).expect("written");
    }
    for (name, text) in seeds("manifest") {
        let files: Vec<_> = text
            .split("\n# next file\n")
            .map(|text| Arc::new(SourceFile { path: name.clone(), text: text.to_owned() }))
            .collect();
        manifest_v1::read(&files).unwrap_or_else(|errors| panic!("{name}: {errors:?}"));
    }
    for (name, text) in seeds("plan") {
        plan_v1::Document::read(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    for (name, text) in seeds("simulation") {
        simulation_v1::read(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    for (name, text) in seeds("world") {
        world_v1::read(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    for (name, text) in seeds("policy") {
        for part in text.split("\n%%\n").take(4).filter(|part| !part.is_empty()) {
            Policy::parse(part).unwrap_or_else(|error| panic!("{name}: {error}: {part}"));
        }
    }
}

/// `name version` of every package of a lock file.
fn packages(lock: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(lock).expect("a lock file");
    let lines: Vec<&str> = text.lines().collect();
    let value = |line: &str, key: &str| Some(line.strip_prefix(key)?.trim_matches('"').to_owned());
    lines
        .array_windows()
        .filter_map(|[name, version]| Some(format!("{} {}", value(name, "name = ")?, value(version, "version = ")?)))
        .collect()
}

#[test]
fn what_is_fuzzed_is_what_is_shipped() {
    let shipped = packages(&folder().with_file_name("Cargo.lock"));
    let fuzzed = packages(&folder().join("Cargo.lock"));
    let names = |packages: &BTreeSet<String>| -> BTreeSet<String> {
        packages.iter().filter_map(|it| Some(it.split_once(' ')?.0.to_owned())).collect()
    };
    let alone: Vec<_> =
        fuzzed.difference(&shipped).filter(|it| names(&shipped).contains(it.split(' ').next().unwrap())).collect();
    assert!(alone.is_empty(), "fuzz/Cargo.lock has other versions than Cargo.lock: {alone:?}");
    assert!(fuzzed.len() > 20 && !names(&fuzzed).iter().any(|name| name.starts_with("aws-")), "{fuzzed:?}");
}
