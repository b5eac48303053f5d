//! What is generated from the code and committed: `schemas/`. `LEASEHOLD_BLESS=1 cargo test generated` writes it anew.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use leasehold::output::exit;
use leasehold::wire::{SCHEMAS, plan_v1};
use serde_json::{Value, json};

use crate::canned_aws::{CannedAws, manifests, two};
use crate::json_schema::faults;
use crate::sandbox::Sandbox;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas")
}

fn schema(name: &str) -> Value {
    SCHEMAS.iter().find(|(known, _)| *known == name).expect("a form of this name").1()
}

#[track_caller]
fn holds(name: &str, text: &str) -> Value {
    let value: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}:\n{text}"));
    assert_eq!(faults(&schema(name), &value), [""; 0], "{name}:\n{value:#}");
    value
}

#[test]
fn schemas_are_current() {
    let mut expected = BTreeSet::new();
    for (name, make) in SCHEMAS {
        let file = format!("{name}.v1.schema.json");
        let path = folder().join(&file);
        let text = format!("{:#}\n", make());
        if std::env::var_os("LEASEHOLD_BLESS").is_some() {
            std::fs::create_dir_all(folder()).expect("a folder");
            std::fs::write(&path, &text).expect("written");
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(committed == text, "schemas/{file} is stale; LEASEHOLD_BLESS=1 cargo test generated writes it anew");
        let printed = Sandbox::new().run(&["schema", name]).expect(exit::FINE).stdout;
        assert!(printed == text, "`leasehold schema {name}` prints another one");
        expected.insert(file);
    }
    let there: BTreeSet<String> = std::fs::read_dir(folder())
        .expect("the folder is there")
        .flatten()
        .filter_map(|file| file.file_name().into_string().ok())
        .collect();
    assert_eq!(there, expected, "a file that nothing generates");
}

#[test]
fn what_the_program_prints_fits_its_schema() {
    let aws = CannedAws::start();
    let sandbox = aws.sandbox();
    sandbox.commit(&manifests(&two("max_sts_ttl: 2h")));
    let blocked = sandbox.run(&["plan", "--format", "json"]).expect(exit::FINDINGS_BLOCK);
    holds("plan", &blocked.stdout);
    holds("error", &sandbox.run(&["apply", "--auto-approve", "--format", "json"]).expect(exit::FINDINGS_BLOCK).stderr);
    sandbox.commit(&manifests(&two("max_sts_ttl: 1h")));
    holds("findings", &sandbox.run(&["validate", "--format", "json"]).expect(exit::FINE).stdout);
    for of in [&["broker"][..], &["reader"], &["trust", "app-rw"]] {
        let args = [&["policy"][..], of, &["--format", "json"]].concat();
        let policies = holds("policies", &sandbox.run(&args).expect(exit::FINE).stdout);
        assert_eq!(policies["policies"].as_array().map(Vec::len), Some(1), "{of:?}");
    }
    let applied = sandbox.run(&["apply", "--auto-approve", "--format", "json"]).expect(exit::FINE);
    holds("apply", &applied.stdout);
    holds("drift", &sandbox.run(&["drift", "--format", "json"]).expect(exit::FINE).stdout);
    holds("credentials", &sandbox.run(&["issue", "app-rw"]).expect(exit::FINE).stdout);
    holds("lease", &sandbox.run(&["lease", "list", "--format", "json"]).expect(exit::FINE).stdout);
    holds("rules", &sandbox.run(&["rules", "--format", "json"]).expect(exit::FINE).stdout);
    let mut kinds = BTreeSet::new();
    for (path, bytes) in sandbox.files("repo/.leasehold") {
        let is_index = path.components().any(|part| part.as_os_str() == "due");
        if path.extension().is_some_and(|extension| extension == "json") && !is_index {
            let object = holds("state", &String::from_utf8(bytes).expect("UTF-8"));
            kinds.insert(object["kind"].as_str().or(object["format"].as_str()).unwrap_or_default().to_owned());
        }
    }
    assert_eq!(kinds.len(), 4, "head, snapshot, lease and audit event: {kinds:?}");
    sandbox.write("prod.yaml", "apiVersion: leasehold/v1\nkind: Rolle\n");
    let faulty = sandbox.run(&["validate", "--format", "json"]).expect(exit::FAILED);
    assert_ne!(holds("findings", &faulty.stderr)["errors"], json!([]));
}

#[test]
fn what_simulate_reads_and_prints_fits_its_schemas() {
    let request = crate::cli::simulate::request();
    let sandbox = Sandbox::new();
    sandbox.write("request.json", &holds("simulation-request", &request.to_string()).to_string());
    let done = sandbox.run(&["simulate", "--request", "request.json", "--format", "json"]).expect(exit::FINE);
    assert_eq!(holds("simulation", &done.stdout)["results"][0]["verdict"], "depends");
    // What the reader refuses, the schema refuses as well.
    for (at, value) in [
        ("/polices", json!({})),
        ("/format", json!("leasehold/simulation/v1")),
        ("/resource", json!(null)),
        ("/actions", json!([])),
        ("/context/others", json!("present")),
        ("/context/keys/a:b", json!({"values": []})),
        ("/context/keys/a:b", json!({"values": ["x"], "form": {}})),
        ("/policies/identity", json!([])),
        ("/policies/identity", json!("read")),
        ("/policies/scps", json!(["none", []])),
        ("/policies/resource/kind", json!("bucket")),
        ("/policies/resource/policy", json!("assumed")),
        ("/principal/arn", json!(1)),
    ] {
        let (parent, name) = at.rsplit_once('/').expect("a path");
        let mut wrong = request.clone();
        wrong.pointer_mut(parent).expect("it is there")[name] = value;
        assert_ne!(faults(&schema("simulation-request"), &wrong), [""; 0], "{at}");
        leasehold::wire::simulation_v1::read(&wrong.to_string()).expect_err(at);
    }
}

#[test]
fn a_plan_that_is_no_plan_does_not_fit() {
    let aws = CannedAws::start();
    let sandbox = aws.sandbox();
    sandbox.commit(&manifests(&two("max_sts_ttl: 1h")));
    let plan = sandbox.run(&["plan", "--format", "json"]).expect(exit::FINE);
    let whole = holds("plan", &plan.stdout);
    plan_v1::Document::read(&plan.stdout).expect("a plan");
    for name in whole.as_object().expect("an object").keys() {
        let mut damaged = whole.clone();
        damaged[name] = json!({"surprise": 1});
        assert_ne!(faults(&schema("plan"), &damaged), [""; 0], "{name}");
    }
    let mut more = whole;
    more["surprise"] = json!(1);
    assert_eq!(faults(&schema("plan"), &more), ["$.surprise must not be there"]);
}

#[test]
fn manifests_and_worlds_that_are_read_fit_their_schemas() {
    let role = json!({"apiVersion": "leasehold/v1", "kind": "Role", "metadata": {"name": "app"}, "spec": {
        "credential_type": "assumed_role", "role_arns": ["arn:aws:iam::111122223333:role/App"], "max_sts_ttl": "1h"}});
    holds("manifest", &role.to_string());
    let mut typo = role;
    typo["spec"]["max_sts_tll"] = json!("1h");
    assert_ne!(faults(&schema("manifest"), &typo), [""; 0]);
    let world = json!({"caller": {"arn": "arn:aws:iam::111122223333:user/ci", "user_id": "AIDAEXAMPLE"}, "roles": {
        "arn:aws:iam::111122223333:role/App": {"role_id": "AROAEXAMPLE", "max_session_duration": 3600,
            "trust": {"Version": "2012-10-17", "Statement": []}},
        "arn:aws:iam::111122223333:role/Gone": "absent",
        "arn:aws:iam::111122223333:role/Hidden": {"unknown": "access-denied"}}});
    leasehold::wire::world_v1::read(&holds("world", &world.to_string()).to_string()).expect("a world");
}

#[test]
fn the_manifests_and_worlds_of_the_stories_fit_their_schemas() {
    let mut seen = 0;
    for (kind, text) in crate::stories::blocks() {
        match kind.as_str() {
            "json" => drop(holds("world", &text)),
            "yaml" => {
                let documents: Vec<Value> = serde_yaml::from_multiple(&text).expect("YAML");
                for document in documents.iter().filter(|document| !document.is_null()) {
                    holds("manifest", &document.to_string());
                }
            }
            _ => continue,
        }
        seen += 1;
    }
    assert!(seen > 20, "only {seen} blocks");
}
