//! Three plans: one with nearly every bad habit, the first of a small deployment, and a large one.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use leasehold::domain::desired::Desired;
use leasehold::domain::digest::Digest;
use leasehold::domain::plan::{Plan, PlanInput};
use leasehold::domain::record::{Basis, Head, Record, Snapshot};
use leasehold::domain::span::SourceFile;
use leasehold::domain::world::World;
use leasehold::wire::plan_v1::Document;
use leasehold::wire::{manifest_v1, world_v1};
use serde_json::{Value, json};

const BROKER: &str = "arn:aws:iam::111122223333:role/VaultRunner";

/// What the manifests declared before, and what AWS was then.
const BEFORE: [(&str, &str, &str); 4] = [
    ("app-readonly", "111122223333:role/ProdAppReadOnly", "max_sts_ttl: 1h"),
    ("app-rw", "111122223333:role/ProdAppReadWrite", "max_sts_ttl: 1h"),
    ("old-batch", "111122223333:role/OldBatch", "max_sts_ttl: 1h\n  protect: true"),
    ("sandbox-dev", "777788889999:role/dev/SandboxDeveloper", "max_sts_ttl: 1h"),
];

const NOW: [(&str, &str, &str); 11] = [
    ("app-readonly", "111122223333:role/ProdAppReadOnly", "max_sts_ttl: 1h"),
    ("app-rw", "111122223333:role/ProdAppReadWrite", "max_sts_ttl: 2h"),
    ("billing-export", "111122223333:role/BillingExport", "max_sts_ttl: 1h"),
    ("ci-deploy", "111122223333:role/Deploy", "max_sts_ttl: 45m\n  external_id: pipeline-7"),
    ("metrics", "111122223333:role/MetricsWriter", "default_sts_ttl: 15m\n  max_sts_ttl: 30m"),
    ("nightly", "111122223333:role/Nightly", "max_sts_ttl: 1h\n  session_tags: {job: nightly}"),
    ("data-loader", "444455556666:role/etl/Loader", "max_sts_ttl: 1h"),
    ("data-reader", "444455556666:role/etl/Reader", "max_sts_ttl: 1h\n  expires: 2026-06-30"),
    ("ghost", "444455556666:role/Gone", "max_sts_ttl: 1h"),
    ("sandbox-dev", "777788889999:role/dev/SandboxDeveloper", "max_sts_ttl: 1h\n  description: for trying things out"),
    ("sandbox-ops", "777788889999:role/dev/SandboxOperations", "max_sts_ttl: 1h"),
];

const REST: &str = "\
---
apiVersion: leasehold/v1
kind: Role
metadata: {name: partner-upload}
spec:
  credential_type: iam_user
  max_ttl: 7d
  policy_arns: [arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess]
---
apiVersion: leasehold/v1
kind: Account
metadata: {name: production}
spec: {id: \"111122223333\"}
---
apiVersion: leasehold/v1
kind: Account
metadata: {name: data}
spec: {id: \"444455556666\"}
---
apiVersion: leasehold/v1
kind: Waiver
metadata: {name: partner-has-no-sts}
spec:
  rule: LH403
  roles: [partner-upload]
  reason: the partner's tool reads access keys and nothing else
  owner: payments
  expires: 2027-03-31
";

fn trust(principal: &str, actions: &[&str], condition: Value) -> Value {
    let mut statement = json!({ "Effect": "Allow", "Principal": { "AWS": principal }, "Action": actions });
    if !condition.is_null() {
        statement["Condition"] = condition;
    }
    json!({ "Version": "2012-10-17", "Statement": [statement] })
}

fn live(number: usize, seconds: u32, trust: &Value) -> Value {
    json!({ "role_id": format!("AROAEXAMPLE{number:09}"), "max_session_duration": seconds, "trust": trust })
}

fn admits() -> Value {
    trust(BROKER, &["sts:AssumeRole", "sts:TagSession"], Value::Null)
}

fn world_of(roles: &[(&str, Value)]) -> World {
    let roles: BTreeMap<String, &Value> =
        roles.iter().map(|(arn, live)| (format!("arn:aws:iam::{arn}"), live)).collect();
    let caller =
        json!({ "arn": "arn:aws:sts::111122223333:assumed-role/LeaseholdReader/ci", "user_id": "AROAREADER:ci" });
    world_v1::read(&json!({ "caller": caller, "roles": roles }).to_string()).expect("a world")
}

fn desired(roles: &[(&str, &str, &str)], rest: &str) -> Desired {
    let mut text = format!(
        "apiVersion: leasehold/v1\nkind: Broker\nmetadata: {{name: prod}}\nspec:\n  principal: {BROKER}\n  \
         region: ap-northeast-1\n  deployment: prod\n"
    );
    for (name, arn, fields) in roles {
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "---\napiVersion: leasehold/v1\nkind: Role\nmetadata: {{name: {name}}}\nspec:\n  \
             role_arns: [arn:aws:iam::{arn}]\n  {fields}\n"
        );
    }
    text.push_str(rest);
    let file = SourceFile { path: "credentials/prod.yaml".to_owned(), text };
    manifest_v1::read(&[Arc::new(file)]).unwrap_or_else(|errors| panic!("{errors:#?}"))
}

fn judge(desired: &Desired, world: &World, record: Option<&Record>) -> Plan {
    leasehold::domain::plan::plan(&PlanInput {
        desired,
        basis: &basis(),
        world,
        record,
        open_leases: &[],
        allow_deletes: None,
        target: None,
        now: "2026-11-25T12:00:00Z".parse().expect("an instant"),
        base: None,
    })
}

fn basis() -> Basis {
    Basis {
        commit: Some("4f2c9d1e0b7a8c6d5e4f3a2b1c0d9e8f7a6b5c4d".to_owned()),
        tree: Some("0d9e8f7a6b5c4d4f2c9d1e0b7a8c6d5e4f3a2b1c".to_owned()),
        dirty: false,
        manifest_digest: Digest::of_bytes(b"manifests"),
    }
}

fn before() -> (Desired, World) {
    let roles: Vec<(&str, Value)> =
        BEFORE.iter().enumerate().map(|(at, (_, arn, _))| (*arn, live(at, 3_600, &admits()))).collect();
    (desired(&BEFORE, ""), world_of(&roles))
}

/// The first plan of four roles, all well.
pub(super) fn first() -> Document {
    let (desired, world) = before();
    Document::from_plan(&judge(&desired, &world, None))
}

/// Twelve roles over three accounts against a record of four, with nearly every bad habit.
pub(super) fn plan() -> Document {
    let (old, was) = before();
    let steps = judge(&old, &was, None).steps;
    let record = Record {
        head: Head {
            lineage: "01JZ0000000000000000000001".to_owned(),
            serial: 4,
            basis: basis(),
            snapshot_digest: Digest::of_bytes(b"not read by a plan"),
            previous: None,
            applied_at: "2026-11-20T12:00:00Z".parse().expect("an instant"),
            applied_by: None,
            announced_by: None,
        },
        snapshot: Snapshot {
            serial: 4,
            broker: old.broker.spec.clone(),
            roles: steps.into_iter().filter_map(|step| Some((step.role, step.after?))).collect(),
        },
    };
    let other = trust("arn:aws:iam::111122223333:role/Jenkins", &["sts:AssumeRole"], Value::Null);
    let root = trust("arn:aws:iam::111122223333:root", &["sts:AssumeRole"], Value::Null);
    let untagged = trust(BROKER, &["sts:AssumeRole"], Value::Null);
    let address = json!({ "IpAddress": { "aws:SourceIp": "192.0.2.0/24" } });
    let conditional = trust(BROKER, &["sts:AssumeRole"], address);
    let world = world_of(&[
        ("111122223333:role/ProdAppReadOnly", live(0, 7_200, &root)),
        ("111122223333:role/ProdAppReadWrite", live(1, 3_600, &admits())),
        ("111122223333:role/OldBatch", json!("absent")),
        ("111122223333:role/BillingExport", live(4, 3_600, &other)),
        ("111122223333:role/Deploy", live(5, 3_600, &conditional)),
        ("111122223333:role/MetricsWriter", live(6, 43_200, &admits())),
        ("111122223333:role/Nightly", live(7, 3_600, &untagged)),
        ("444455556666:role/etl/Loader", json!({ "unknown": "access-denied" })),
        ("444455556666:role/etl/Reader", live(8, 3_600, &admits())),
        ("444455556666:role/Gone", json!("absent")),
        ("777788889999:role/dev/SandboxDeveloper", live(3, 3_600, &admits())),
        ("777788889999:role/dev/SandboxOperations", live(9, 3_600, &admits())),
    ]);
    Document::from_plan(&judge(&desired(&NOW, REST), &world, Some(&record)))
}

/// This many roles over three accounts: every fifteenth asks for too much, every twentieth is not there.
pub(super) fn large(count: usize) -> Document {
    let names: Vec<(String, String, &str)> = (0..count)
        .map(|at| {
            let account = ["111122223333", "444455556666", "777788889999"][at % 3];
            let max = if at % 15 == 0 { "max_sts_ttl: 4h" } else { "max_sts_ttl: 1h" };
            (
                format!("team-{:02}-service-{at:03}", at % 17),
                format!("{account}:role/team-{:02}/Service{at:03}", at % 17),
                max,
            )
        })
        .collect();
    let roles: Vec<(&str, &str, &str)> = names.iter().map(|(name, arn, max)| (&**name, &**arn, *max)).collect();
    let live: Vec<(&str, Value)> = names
        .iter()
        .enumerate()
        .map(|(at, (_, arn, _))| (&**arn, if at % 20 == 0 { json!("absent") } else { live(at, 43_200, &admits()) }))
        .collect();
    Document::from_plan(&judge(&desired(&roles, ""), &world_of(&live), None))
}
