//! Deployments of any size, made from a number alone: manifests, the AWS they are read against, and a record.

use std::collections::BTreeMap;
use std::sync::Arc;

use leasehold::domain::Timestamp;
use leasehold::domain::desired::Desired;
use leasehold::domain::digest::Digest;
use leasehold::domain::ident::{AccountId, Name, RoleArn};
use leasehold::domain::plan::{OpenLease, Plan, PlanInput, plan};
use leasehold::domain::record::{Basis, Head, Record, Snapshot};
use leasehold::domain::span::SourceFile;
use leasehold::domain::world::{CallerIdentity, Fact, LivePolicy, LiveRole, World};
use leasehold::wire::manifest_v1;

const BROKER: &str = "arn:aws:iam::111122223333:role/VaultRunner";

/// Roles in one file, as a team would keep them.
const ROLES_PER_FILE: usize = 50;

/// One deployment and everything a plan of it is made from.
pub(crate) struct Population {
    pub(crate) files: Vec<Arc<SourceFile>>,
    pub(crate) desired: Desired,
    pub(crate) basis: Basis,
    pub(crate) world: World,
    pub(crate) now: Timestamp,
}

impl Population {
    /// `roles` roles, each with a live role of its own whose trust policy admits the broker.
    pub(crate) fn of(roles: usize) -> Self {
        let files = manifests(roles);
        let desired = match manifest_v1::read(&files) {
            Ok(desired) => desired,
            Err(errors) => panic!("the generated manifests have errors: {errors:?}"),
        };
        let basis = Basis {
            commit: Some("1".repeat(40)),
            tree: Some("2".repeat(40)),
            dirty: false,
            manifest_digest: Digest::of_bytes(b"generated"),
        };
        let now = "2026-11-23T12:00:00Z".parse().expect("an instant");
        Self { files, desired, basis, world: world(roles), now }
    }

    /// The plan against this record.
    pub(crate) fn plan(&self, record: Option<&Record>, open_leases: &[OpenLease]) -> Plan {
        plan(&PlanInput {
            base: None,
            desired: &self.desired,
            basis: &self.basis,
            world: &self.world,
            record,
            open_leases,
            allow_deletes: None,
            target: None,
            now: self.now,
        })
    }

    /// The record after everything was applied: its plan has no steps.
    pub(crate) fn record(&self) -> Record {
        let steps = self.plan(None, &[]).steps;
        let roles = steps.into_iter().filter_map(|step| Some((step.role, step.after?))).collect();
        let head = Head {
            lineage: "01JD0000000000000000000000".to_owned(),
            serial: 1,
            basis: self.basis.clone(),
            snapshot_digest: Digest::of_bytes(b"not read by a plan"),
            previous: None,
            applied_at: self.now,
            applied_by: None,
            announced_by: None,
        };
        Record { head, snapshot: Snapshot { serial: 1, broker: self.desired.broker.spec.clone(), roles } }
    }

    /// The same record from before every role's maximum was lowered: its plan updates them all.
    pub(crate) fn record_before_change(&self) -> Record {
        let mut record = self.record();
        for applied in record.snapshot.roles.values_mut() {
            applied.spec.description = Some("as it was before".to_owned());
        }
        record
    }

    /// One open lease of every role.
    pub(crate) fn leases(&self) -> Vec<OpenLease> {
        let lives_until = self.now + std::time::Duration::from_secs(1_800);
        self.desired
            .roles
            .iter()
            .map(|role| OpenLease { role: role.spec.name.clone(), lives_until, is_user: false })
            .collect()
    }
}

/// The name of a role by its number.
pub(crate) fn name(index: usize) -> Name {
    Name::parse(&format!("app-{index:05}")).expect("a name")
}

/// The trust policy of a role by its number: every fourth asks for an external id.
pub(crate) fn trust(index: usize) -> String {
    let condition = match index % 4 {
        0 => r#","Condition":{"StringEquals":{"sts:ExternalId":"pipeline"}}"#,
        _ => "",
    };
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":["{BROKER}","arn:aws:iam::444455556666:root"]}},"Action":["sts:AssumeRole","sts:TagSession"]{condition}}},{{"Effect":"Deny","Principal":{{"AWS":"arn:aws:iam::111122223333:user/leaver-{index}"}},"Action":"sts:*"}}]}}"#
    )
}

fn role_arn(index: usize) -> String {
    format!("arn:aws:iam::111122223333:role/teams/team-{:03}/App{index:05}", index / ROLES_PER_FILE)
}

fn manifests(roles: usize) -> Vec<Arc<SourceFile>> {
    let broker = format!(
        "apiVersion: leasehold/v1\nkind: Broker\nmetadata: {{name: prod}}\nspec:\n  principal: {BROKER}\n  region: ap-northeast-1\n  deployment: prod\n"
    );
    let mut files = vec![SourceFile { path: "broker.yaml".to_owned(), text: broker }];
    for first in (0..roles).step_by(ROLES_PER_FILE) {
        let team = first / ROLES_PER_FILE;
        let text = (first..roles.min(first + ROLES_PER_FILE)).map(document).collect();
        files.push(SourceFile { path: format!("team-{team:03}.yaml"), text });
    }
    files.into_iter().map(Arc::new).collect()
}

fn document(index: usize) -> String {
    format!(
        "---\napiVersion: leasehold/v1\nkind: Role\nmetadata: {{name: {name}, labels: {{team: team-{team:03}}}}}\nspec:\n  \
         credential_type: assumed_role\n  role_arns: [{arn}]\n  default_sts_ttl: 30m\n  max_sts_ttl: 1h\n  \
         external_id: pipeline\n  session_tags: {{team: team-{team:03}, stage: prod}}\n  \
         description: deploys the application {index}\n  policy_document:\n    Version: \"2012-10-17\"\n    Statement:\n      \
         - {{Effect: Allow, Action: [\"s3:GetObject\", \"s3:ListBucket\"], Resource: \"arn:aws:s3:::app-{index}/*\"}}\n",
        name = name(index),
        team = index / ROLES_PER_FILE,
        arn = role_arn(index),
    )
}

fn world(roles: usize) -> World {
    let live = (0..roles).map(|index| {
        let arn = RoleArn::parse(&role_arn(index)).expect("a role ARN");
        let live = LiveRole {
            arn: arn.clone(),
            role_id: format!("AROAEXAMPLE{index:010}"),
            max_session_duration: 3_600,
            trust: LivePolicy::read(&trust(index)),
            tags: None,
        };
        (arn, Fact::Present(live))
    });
    let mut roles: BTreeMap<RoleArn, Fact<LiveRole>> = live.collect();
    roles.insert(RoleArn::parse(BROKER).expect("a role ARN"), Fact::Absent);
    let caller = CallerIdentity {
        account: AccountId::parse("111122223333").expect("an account id"),
        arn: "arn:aws:sts::111122223333:assumed-role/VaultRunner/ci".to_owned(),
        user_id: "AROAEXAMPLEVAULTRUNNER:ci".to_owned(),
    };
    World { calls: 12, ..World::of_roles(Fact::Present(caller), roles) }
}
