//! Plans for tests of this form and of its renderers.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::domain::credential::{AssumedRoleSpec, CredentialSpec, CredentialType, PolicySpec};
use crate::domain::desired::{BrokerSpec, Date, Limits, TtlPair};
use crate::domain::digest::Digest;
use crate::domain::document::Document;
use crate::domain::finding::{Confidence, Finding, Level};
use crate::domain::ident::{AccountId, BrokerPrincipal, Name, RoleArn};
use crate::domain::plan::{
    AccountSeen, Action, Brake, BrokerStep, Change, Drift, Levels, NotKnown, Overview, Plan, PlanBasis, RecordRef,
    Report, RoleSeen, Shown, Step, Target, WaiverSeen,
};
use crate::domain::record::{AppliedRole, Basis, RoleFacts};
use crate::domain::role::RoleSpec;
use crate::domain::span::{Place, SourceFile};
use crate::domain::ttl::Ttl;
use crate::domain::world::{CallerIdentity, Unknown, Why};

pub(crate) const ARN: &str = "arn:aws:iam::111122223333:role/ProdAppReadOnly";

pub(crate) fn name(text: &str) -> Name {
    Name::parse(text).expect("valid")
}

fn ttl(seconds: u32) -> Ttl {
    Ttl::from_seconds(seconds).expect("not zero")
}

/// The first occurrence of `part` in a manifest.
pub(crate) fn place(part: &str) -> Place {
    place_in(
        "roles/payments.yaml",
        "kind: Role\nmetadata: {name: app-readonly}\nspec:\n  credential_type: assumed_role\n  max_sts_ttl: 12h\n",
        part,
    )
}

pub(crate) fn place_in(path: &str, text: &str, part: &str) -> Place {
    let start = text.find(part).expect("present");
    let file = SourceFile { path: path.to_owned(), text: text.to_owned() };
    Place::new(Arc::new(file), start, start + part.len())
}

pub(crate) fn trust(principals: &[&str]) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": principals}}],
    })
}

pub(crate) fn applied(own: &str) -> AppliedRole {
    let arn = RoleArn::parse(ARN).expect("valid");
    let facts =
        RoleFacts { role_id: "AROAEXAMPLE".into(), max_session_duration: 3600, trust: Document::new(trust(&["*"])) };
    let credential = AssumedRoleSpec {
        role_arns: vec![arn.clone()],
        ttl: TtlPair { default: ttl(1800), max: ttl(3600) },
        external_id: None,
        session_tags: BTreeMap::new(),
        transitive_tag_keys: Vec::new(),
        source_identity: None,
        policy: PolicySpec::default(),
        mfa_serial_number: None,
    };
    let spec = RoleSpec {
        name: name(own),
        labels: BTreeMap::new(),
        description: None,
        protect: false,
        expires: None,
        credential: CredentialSpec::AssumedRole(credential),
    };
    AppliedRole { spec, facts: [(arn, facts)].into(), violations: Vec::new() }
}

pub(crate) fn text(value: &str) -> Option<Shown> {
    Some(Shown::Text(value.to_owned()))
}

pub(crate) fn change(field: &str, before: Option<Shown>, after: Option<Shown>) -> Change {
    Change { field: field.to_owned(), before, after }
}

pub(crate) fn step(role: &str, action: Action, changes: Vec<Change>, effects: &[&str]) -> Step {
    let stays = action != Action::Delete;
    Step {
        role: name(role),
        action,
        after: stays.then(|| applied(role)),
        changes,
        effects: effects.iter().map(|&effect| effect.to_owned()).collect(),
        place: stays.then(|| place("app-readonly")),
    }
}

pub(crate) fn finding(level: Level, waived_by: Option<&str>) -> Finding {
    Finding {
        code: "LH103",
        rule: "max-above-live",
        level,
        confidence: Confidence::Certain,
        role: Some(name("app-readonly")),
        message: "`max_sts_ttl` is 12h, and ProdAppReadOnly allows sessions of 1h at most".into(),
        label: "AWS allows 1h".into(),
        place: Some(place("12h")),
        remedy: "lower it to 1h, or raise MaxSessionDuration of the role to 43200".into(),
        waived_by: waived_by.map(name),
    }
}

/// Three roles behind a broker that is a role: one that nothing troubles, one with findings, one of another type.
pub(crate) fn overview() -> Overview {
    let day = |text: &str| Date::parse(text).expect("valid");
    let role = |own: &str, kind, max, targets: &[(&str, Option<u32>)], findings| RoleSeen {
        name: name(own),
        kind,
        targets: targets
            .iter()
            .map(|(arn, max)| Target { role_arn: RoleArn::parse(arn).expect("valid"), max_session_duration: *max })
            .collect(),
        ttl: TtlPair { default: ttl(1800), max: ttl(max) },
        chained: kind == CredentialType::AssumedRole,
        expires: (own == "app-rw").then(|| day("2027-01-31")),
        findings,
    };
    let other = "arn:aws:iam::444455556666:role/Other";
    Overview {
        broker: name("prod"),
        principal: BrokerPrincipal::parse("arn:aws:iam::111122223333:role/VaultRunner").expect("valid"),
        accounts: vec![AccountSeen { name: name("payments"), id: AccountId::parse("111122223333").expect("valid") }],
        roles: vec![
            role(
                "app-readonly",
                CredentialType::AssumedRole,
                43_200,
                &[(ARN, Some(3600))],
                Levels { hard: 0, blocking: 1, advisory: 1, waived: 1 },
            ),
            role("app-rw", CredentialType::AssumedRole, 3600, &[(ARN, Some(7200)), (other, None)], Levels::default()),
            role("audit", CredentialType::IamUser, 86_400, &[], Levels::default()),
        ],
        waivers: vec![WaiverSeen {
            name: name("legacy-wildcard"),
            rule: "LH103".into(),
            reason: "the nightly export still needs it".into(),
            owner: "platform".into(),
            expires: day("2027-01-31"),
        }],
    }
}

/// Nothing to do against a record.
pub(crate) fn unchanged() -> Plan {
    let manifests = Basis {
        commit: Some("4f2c9d1e0b7a8c6d5e4f3a2b1c0d9e8f7a6b5c4d".into()),
        tree: Some("0d9e8f7a6b5c4d4f2c9d1e0b7a8c6d5e4f3a2b1c".into()),
        dirty: false,
        manifest_digest: Digest::of_bytes(b"manifests"),
    };
    let caller = CallerIdentity {
        account: AccountId::parse("111122223333").expect("valid"),
        arn: "arn:aws:sts::111122223333:assumed-role/LeaseholdReader/ci".into(),
        user_id: "AROAREADER:ci".into(),
    };
    Plan {
        basis: PlanBasis {
            manifests,
            record: Some(RecordRef { lineage: "01JZ0000000000000000000001".into(), serial: 4 }),
            rules: "1".into(),
            fingerprints: [(name("app-readonly"), Digest::of_bytes(b"f"))].into(),
            target: None,
        },
        hash: Digest::of_bytes(b"plan"),
        deployment: name("prod"),
        broker: None,
        steps: Vec::new(),
        report: Report {
            caller: Some(caller),
            overview: overview(),
            drift: Vec::new(),
            findings: Vec::new(),
            unknowns: Vec::new(),
            brakes: Vec::new(),
            unchanged: 3,
            calls: 2,
            base: None,
            max_calls: None,
        },
    }
}

/// The first plan of a deployment.
pub(crate) fn first() -> Plan {
    let broker = BrokerSpec {
        name: name("prod"),
        principal: BrokerPrincipal::parse("arn:aws:iam::111122223333:role/VaultRunner").expect("valid"),
        region: "ap-northeast-1".into(),
        deployment: name("prod"),
        defaults: TtlPair { default: ttl(900), max: ttl(3600) },
        limits: Limits::default(),
        rules: crate::domain::rules::Levels::default(),
    };
    let changes = vec![
        change("principal", None, text("arn:aws:iam::111122223333:role/VaultRunner")),
        change("region", None, text("ap-northeast-1")),
    ];
    let mut plan = unchanged();
    plan.basis.record = None;
    plan.broker = Some(BrokerStep { after: broker, changes });
    plan.steps = vec![step(
        "app-readonly",
        Action::Create,
        vec![
            change("credential_type", None, text("assumed_role")),
            change("role_arns", None, text(ARN)),
            change("max_sts_ttl", None, text("1h")),
            change("policy_document", None, Some(Shown::Document(Document::new(json!({"Statement": []}))))),
        ],
        &[],
    )];
    plan.report.unchanged = 0;
    plan
}

/// A plan with one of everything.
pub(crate) fn everything() -> Plan {
    let mut plan = first();
    plan.basis.record = unchanged().basis.record;
    plan.basis.target = Some(name("app-readonly"));
    plan.basis.manifests.dirty = true;
    let live = vec![
        change("MaxSessionDuration", text("3600"), text("7200")),
        change(
            "trust policy",
            Some(Shown::Document(Document::new(trust(&["arn:aws:iam::111122223333:role/VaultRunner"])))),
            Some(Shown::Document(Document::new(trust(&["*"])))),
        ),
    ];
    let effects = ["max TTL 12h to 1h: 3 open leases outlive it, the last until 14:05."];
    plan.steps.extend([
        step("app-rw", Action::Update, vec![change("max_sts_ttl", text("12h"), text("1h"))], &effects),
        step("audit", Action::Refresh, live.clone(), &[]),
        step("old", Action::Delete, vec![change("role_arns", text(ARN), None)], &["It can be issued no more."]),
    ]);
    plan.report.drift = vec![
        Drift {
            role_arn: RoleArn::parse(ARN).expect("valid"),
            roles: vec![name("app-readonly"), name("audit")],
            gone: false,
            changes: live,
        },
        Drift {
            role_arn: RoleArn::parse("arn:aws:iam::111122223333:role/Gone").expect("valid"),
            roles: vec![name("old")],
            gone: true,
            changes: Vec::new(),
        },
    ];
    let whole = Finding { place: None, role: None, confidence: Confidence::Strict, ..finding(Level::Hard, None) };
    plan.report.findings = vec![
        finding(Level::Blocking, None),
        finding(Level::Advisory, None),
        finding(Level::Blocking, Some("legacy-wildcard")),
        whole,
    ];
    plan.report.unknowns = vec![NotKnown {
        subject: "arn:aws:iam::444455556666:role/Other".into(),
        roles: vec![name("app-rw")],
        unknown: Unknown { why: Why::AccessDenied, detail: "the reader may not call iam:GetRole on it".into() },
    }];
    plan.report.brakes = vec![Brake {
        name: "too-many-deletes",
        message: "6 roles would be deleted, and the Broker document allows 5".into(),
        remedy: "if this is meant, pass --allow-deletes 6".into(),
    }];
    plan
}

/// Holds a document of [`everything`] against a base that it changes the Broker of.
pub(crate) fn against_base(document: &mut super::Document) {
    let standing = |new, by| super::Standing { new, by };
    document.base = Some(super::AgainstBase {
        commit: "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567".to_owned(),
        is_ancestor: Some(false),
        judge: super::Judge::Both,
        roles: vec![super::RoleChange {
            role: "app-rw".to_owned(),
            kind: super::ChangeKind::Added,
            changes: Vec::new(),
        }],
        standings: vec![
            standing(true, super::By::Both),
            standing(false, super::By::Base),
            standing(true, super::By::Own),
            standing(false, super::By::Both),
        ],
    });
}
