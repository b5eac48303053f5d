use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::domain::Timestamp;
use crate::domain::audit::{AuditAction, AuditEvent, CiRun, Covers, EventId, Justification, Signer};
use crate::domain::credential::{
    AssumedRoleSpec, CredentialSpec, CredentialType, FederationTokenSpec, IamUserSpec, OnRemoval, PolicySpec,
    SessionTokenSpec,
};
use crate::domain::desired::{BrokerSpec, Date, Limits, TtlPair};
use crate::domain::document::Document;
use crate::domain::finding::Level;
use crate::domain::ident::{Arn, BrokerPrincipal, Name, RoleArn};
use crate::domain::lease::{Ending, Grant, Lease, LeaseId, LeaseRequest, LeaseState, LeaseUser, Revoking};
use crate::domain::record::{AppliedRole, Basis, Head, RoleFacts, Snapshot};
use crate::domain::role::RoleSpec;
use crate::domain::signed_head::Algorithm;
use crate::domain::ttl::Ttl;

const ULID: &str = "01JZ0000000000000000000000";

fn at(text: &str) -> Timestamp {
    text.parse().expect("valid")
}

fn name(text: &str) -> Name {
    Name::parse(text).expect("valid")
}

fn pair(default: u32, max: u32) -> TtlPair {
    let ttl = |seconds| Ttl::from_seconds(seconds).expect("not zero");
    TtlPair { default: ttl(default), max: ttl(max) }
}

fn head() -> Head {
    Head {
        lineage: "01JZ0000000000000000000001".into(),
        serial: 7,
        basis: Basis {
            commit: Some("0123abc".into()),
            tree: Some("456def".into()),
            dirty: true,
            manifest_digest: Digest::of_bytes(b"m"),
        },
        snapshot_digest: Digest::of_bytes(b"s"),
        previous: Some(Digest::of_bytes(b"p")),
        applied_at: at("2026-11-23T10:00:00.123456789Z"),
        applied_by: Some("arn:aws:sts::111122223333:assumed-role/Ci/\u{1b}[31m".into()),
        announced_by: Some(Digest::of_bytes(b"a")),
    }
}

fn policy() -> PolicySpec {
    PolicySpec {
        document: Some(Document::new(json!({"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}))),
        arns: vec![Arn::parse("arn:aws:iam::aws:policy/ReadOnlyAccess").expect("valid")],
        groups: vec!["ops".into()],
    }
}

fn role(own: &str, credential: CredentialSpec) -> (Name, AppliedRole) {
    let arn = RoleArn::parse("arn:aws:iam::111122223333:role/ProdAppReadOnly").expect("valid");
    let facts = RoleFacts {
        role_id: "AROAEXAMPLE".into(),
        max_session_duration: 3600,
        trust: Document::new(
            json!({"Statement": [{"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"AWS": "*"}}]}),
        ),
    };
    let spec = RoleSpec {
        name: name(own),
        labels: [("team".to_owned(), "pay\u{202e}ments".to_owned())].into(),
        description: Some("für \"alle\"\n".into()),
        protect: true,
        expires: Date::parse("2027-01-31"),
        credential,
    };
    (name(own), AppliedRole { spec, facts: [(arn, facts)].into(), violations: vec!["LH103".into()] })
}

fn snapshot() -> Snapshot {
    let arn = RoleArn::parse("arn:aws:iam::111122223333:role/ProdAppReadOnly").expect("valid");
    let tags: BTreeMap<_, _> = [("k".to_owned(), "v".to_owned())].into();
    let roles = [
        role(
            "assumed",
            CredentialSpec::AssumedRole(AssumedRoleSpec {
                role_arns: vec![arn],
                ttl: pair(900, 3600),
                external_id: Some("ext".into()),
                session_tags: tags.clone(),
                transitive_tag_keys: vec!["k".into()],
                source_identity: Some("ci".into()),
                policy: policy(),
                mfa_serial_number: Some("arn:aws:iam::111122223333:mfa/x".into()),
            }),
        ),
        role(
            "user",
            CredentialSpec::IamUser(IamUserSpec {
                on_removal: OnRemoval::Keep,
                ttl: pair(900, 86_400),
                user_path: Some("/ci/".into()),
                iam_tags: tags.clone(),
                permissions_boundary_arn: Some(Arn::parse("arn:aws:iam::111122223333:policy/B").expect("valid")),
                justification: Some("legacy".into()),
                policy: policy(),
            }),
        ),
        role(
            "federated",
            CredentialSpec::FederationToken(FederationTokenSpec {
                ttl: pair(900, 3600),
                session_tags: tags,
                policy: policy(),
            }),
        ),
        role(
            "session",
            CredentialSpec::SessionToken(SessionTokenSpec { ttl: pair(900, 129_600), mfa_serial_number: None }),
        ),
    ];
    let broker = BrokerSpec {
        name: name("prod"),
        principal: BrokerPrincipal::parse("arn:aws:iam::111122223333:role/VaultRunner").expect("valid"),
        region: "ap-northeast-1".into(),
        deployment: name("prod"),
        defaults: pair(900, 3600),
        limits: Limits::default(),
        rules: [("LH205".to_owned(), Level::Blocking)].into_iter().collect(),
    };
    Snapshot { serial: 7, broker, roles: roles.into() }
}

fn lease(state: LeaseState) -> Lease {
    Lease {
        id: LeaseId::parse(ULID).expect("valid"),
        role: name("assumed"),
        credential_type: CredentialType::AssumedRole,
        state,
        request: LeaseRequest {
            role_arn: Some(RoleArn::parse("arn:aws:iam::111122223333:role/ProdAppReadOnly").expect("valid")),
            session_name: Some("leasehold-1".into()),
            source_identity: Some("ci".into()),
            user: Some(LeaseUser {
                name: "leasehold-1".into(),
                path: "/leasehold/prod/".into(),
                inline_policy: true,
                policy_arns: vec!["arn:aws:iam::aws:policy/ReadOnlyAccess".into()],
                groups: vec!["ops".into()],
                on_removal: OnRemoval::Keep,
                asking_until: at("2026-11-23T10:00:30Z"),
                renewable_until: at("2026-11-23T18:00:00Z"),
            }),
            ttl: Ttl::from_seconds(900).expect("not zero"),
            dead_after: at("2026-11-23T10:20:00Z"),
        },
        grant: Some(Grant {
            access_key_id: "ASIAEXAMPLE".into(),
            expires_at: at("2026-11-23T10:15:00Z"),
            arn: Some("arn:aws:sts::111122223333:assumed-role/ProdAppReadOnly/leasehold-1".into()),
            user_id: Some("AROAEXAMPLE:leasehold-1".into()),
        }),
        lineage: "01JZ0000000000000000000001".into(),
        serial: 7,
        commit: Some("0123abc".into()),
        created_at: at("2026-11-23T10:00:00Z"),
        updated_at: at("2026-11-23T10:00:01Z"),
        denied_at: None,
        audit_tail: Some(Digest::of_bytes(b"e")),
    }
}

fn event(action: AuditAction) -> AuditEvent {
    AuditEvent {
        id: EventId::parse(ULID).expect("valid"),
        at: at("2026-11-23T10:00:00Z"),
        action,
        lease: LeaseId::parse(ULID),
        role: Some(name("assumed")),
        caller_arn: Some("arn:aws:iam::111122223333:user/ci".into()),
        ci: Some(CiRun {
            system: "github-actions".into(),
            run: "https://example.com/1".into(),
            repository: Some("org/repo".into()),
            reference: Some("refs/heads/main".into()),
            actor: Some("somebody".into()),
        }),
        signed_by: Some(Signer { principals: "release@example.com".into(), key: "SHA256:abc".into() }),
        justification: Justification::parse("the nightly export"),
        ttl: Ttl::from_seconds(900),
        access_key_id: Some("ASIAEXAMPLE".into()),
        serial: Some(7),
        commit: Some("0123abc".into()),
        reason: Some("because".into()),
        ending: Some(Ending::Removed),
        previous: Some(Digest::of_bytes(b"e")),
        covers: Some(Covers {
            from: 1,
            until: 2,
            count: 3,
            digest: Digest::of_bytes(b"c"),
            previous: EventId::parse(ULID),
        }),
    }
}

#[test]
fn every_kind_reads_back_as_it_was() {
    let sealed = decode_head(&encode_head(3, "w-1", &head())).expect("sound");
    assert_eq!(sealed, Envelope { generation: 3, write_id: "w-1".into(), body: head() });
    let bare = Head { previous: None, applied_by: None, announced_by: None, ..head() };
    assert_eq!(decode_head(&encode_head(1, "w", &bare)).expect("sound").body, bare);
    assert_eq!(decode_snapshot(&encode_snapshot(1, "w", &snapshot())).expect("sound").body, snapshot());
    for state in [
        LeaseState::Intent,
        LeaseState::Active,
        LeaseState::Revoking(Revoking::default()),
        LeaseState::Revoking(Revoking {
            failures: 3,
            not_before: Some(at("2026-11-23T10:21:00Z")),
            removed_at: Some(at("2026-11-23T10:20:30Z")),
            error: Some("Throttling".to_owned()),
        }),
        LeaseState::Ended(Ending::Refused),
        LeaseState::Ended(Ending::Expired),
        LeaseState::Ended(Ending::Removed),
    ] {
        assert_eq!(decode_lease(&encode_lease(1, "w", &lease(state.clone()))).expect("sound").body, lease(state));
    }
    let pending = Lease { grant: None, commit: None, audit_tail: None, ..lease(LeaseState::Intent) };
    assert_eq!(decode_lease(&encode_lease(1, "w", &pending)).expect("sound").body, pending);
    for action in AuditAction::ALL {
        assert_eq!(decode_audit(&encode_audit(1, "w", &event(action))).expect("sound").body, event(action));
    }
}

#[test]
fn one_role_is_read_as_the_whole_snapshot_would_have_it() {
    let bytes = encode_snapshot(1, "w", &snapshot());
    for (name, role) in &snapshot().roles {
        let (broker, one) = decode_snapshot_role(&bytes, name).expect("sound").expect("present");
        assert_eq!((&broker, &one), (&snapshot().broker, role));
    }
    assert_eq!(decode_snapshot_role(&bytes, &name("nobody")).expect("sound"), None);
}

#[test]
fn a_name_is_enough_to_tell_who_wrote_it() {
    let bytes = encode_lease(9, "mine", &lease(LeaseState::Active));
    assert_eq!(check(Kind::Lease, &bytes), Ok(Envelope { generation: 9, write_id: "mine".into(), body: () }));
}

fn signature() -> HeadSignature {
    HeadSignature { key: Digest::of_bytes(b"key"), algorithm: Algorithm::Ed25519, bytes: vec![7; 64] }
}

#[test]
fn a_signature_comes_back_beside_what_it_was_made_over() {
    let head = head();
    let draft = HeadDraft::new(3, "w-1", &head);
    let bare = open_head(&draft.seal(None)).expect("sound");
    assert_eq!((bare.signature, &bare.message), (None, &draft.message()));
    let signed = open_head(&draft.seal(Some(&signature()))).expect("sound");
    assert_eq!((signed.signature, &signed.message), (Some(signature()), &draft.message()));
    assert_eq!(signed.envelope, bare.envelope);
    assert!(signed.message.starts_with(SIGNED_AS.as_bytes()));
    let others = [HeadDraft::new(4, "w-1", &head), HeadDraft::new(3, "w-2", &head)];
    assert!(others.iter().all(|other| other.message() != draft.message()), "nothing that is stored stays unsigned");
}

#[test]
fn only_a_head_is_signed() {
    let bytes = encode_deny(
        "w",
        &RoleArn::parse("arn:aws:iam::111122223333:role/r").expect("an ARN"),
        at("2026-11-23T10:00:00Z"),
    );
    let text = String::from_utf8(bytes).expect("text");
    let stored = r#""signature":{"key":"KEY","algorithm":"ed25519","value":"AA=="},"body""#;
    let signed = text.replace("\"body\"", &stored.replace("KEY", Digest::of_bytes(b"key").as_str()));
    let refused = decode_deny(signed.as_bytes()).expect_err("signed");
    assert_eq!(refused, CorruptError::Malformed { detail: "only a head is signed".into() });
}

#[test]
fn each_kind_of_damage_is_named() {
    let good = String::from_utf8(encode_head(3, "w-1", &head())).expect("text");
    let error = |text: &str| decode_head(text.as_bytes()).expect_err("damaged");
    assert_eq!(error(""), CorruptError::Empty);
    assert_eq!(error(" \n\0".trim_end_matches('\0')), CorruptError::Empty);
    assert_eq!(error(&good[..good.len() / 2]), CorruptError::Truncated);
    assert!(matches!(error("lineage: x"), CorruptError::NotJson { .. }));
    assert!(matches!(error("\0\0\0\0"), CorruptError::NotJson { .. }));
    assert!(matches!(error(&format!("{good}{good}")), CorruptError::NotJson { .. }));
    for foreign in ["{}", "[]", "null", "\"x\"", r#"{"version":4,"serial":1}"#, r#"{"format":"leasehold/plan/v1"}"#] {
        assert_eq!(error(foreign), CorruptError::Foreign, "{foreign}");
    }
    let newer = CorruptError::Newer { format: "leasehold/state/v2".into() };
    assert_eq!(error(&good.replace("state/v1", "state/v2")), newer);
    assert_eq!(error(r#"{"format":"leasehold/state/v2","seal":1}"#), newer);
    assert_eq!(error(&good.replace("\"serial\":7", "\"serial\":8")), CorruptError::Checksum);
    assert_eq!(error(&good.replace("\"generation\":3", "\"generation\":4")), CorruptError::Checksum);
    assert_eq!(error(&good.replace("w-1", "w-2")), CorruptError::Checksum);
    let null =
        good.replace("\"body\"", "\"signature\":{\"key\":\"x\",\"algorithm\":\"ed25519\",\"value\":\"\"},\"body\"");
    assert_eq!(error(&null), CorruptError::Malformed { detail: "the signature's key is no digest".into() });
    let CorruptError::Malformed { detail } = error(&good.replace("\"kind\"", "\"x\":1,\"kind\"")) else {
        panic!("an unknown field must be named")
    };
    assert!(detail.contains("unknown field `x`"), "{detail}");
    let wrong = decode_lease(good.as_bytes()).expect_err("another kind");
    assert_eq!(wrong, CorruptError::WrongKind { expected: "lease", found: "head".into() });
}

#[test]
fn a_sound_checksum_does_not_excuse_an_unknown_field_or_an_impossible_value() {
    let sealed = |body: &serde_json::Value| seal(Kind::Snapshot, 1, "w", body);
    let good: serde_json::Value = serde_json::from_slice(&encode_snapshot(1, "w", &snapshot())).expect("JSON");
    assert!(decode_snapshot(&sealed(&good["body"])).is_ok());
    for (pointer, bad) in [
        ("/body/serial", json!("7")),
        ("/body/broker/principal", json!("arn:aws:iam::1:root")),
        ("/body/broker/limits", json!({"max_deletes": 1, "max_delete_percent": 2, "force": true})),
        ("/body/broker/rules", json!({"LH205": "hard"})),
        ("/body/broker/rules", json!({"LH205": "off"})),
        ("/body/roles/assumed/credential/assumed_role/max_ttl_seconds", json!(0)),
        ("/body/roles/assumed/credential", json!({"root": {}})),
        ("/body/roles/assumed/expires", json!("2027-02-30")),
        ("/body/roles/assumed/facts", json!({"not-an-arn": {"role_id": "", "max_session_duration": 1, "trust": {}}})),
    ] {
        let mut changed = good.clone();
        *changed.pointer_mut(pointer).expect("there") = bad;
        assert!(matches!(decode_snapshot(&sealed(&changed["body"])), Err(CorruptError::Malformed { .. })), "{pointer}");
    }
    let twice = RawValue::from_string(good["body"].to_string().replacen("\"roles\":{", "\"roles\":{\"user\":1,", 1));
    assert!(decode_snapshot(&seal(Kind::Snapshot, 1, "w", &twice.expect("JSON"))).is_err());
}

#[test]
fn a_broker_stored_before_rules_had_levels_has_none() {
    let stored: serde_json::Value = serde_json::from_slice(&encode_snapshot(1, "w", &snapshot())).expect("JSON");
    let mut body = stored["body"].clone();
    assert_eq!(body["broker"]["rules"], json!({"LH205": "blocking"}));
    body["broker"].as_object_mut().expect("an object").remove("rules");
    let read = decode_snapshot(&seal(Kind::Snapshot, 1, "w", &body)).expect("an older form").body;
    assert!(read.broker.rules.is_empty());
    // And none is written for a Broker that gives none, so that an older program still reads it.
    let again: serde_json::Value = serde_json::from_slice(&encode_snapshot(1, "w", &read)).expect("JSON");
    assert_eq!(again["body"]["broker"].get("rules"), None);
}

#[test]
fn what_is_stored_is_harmless_to_look_at() {
    let bytes = encode_snapshot(1, "\u{1b}]0;x", &snapshot());
    let text = String::from_utf8(bytes).expect("text");
    assert!(!text.trim_end_matches('\n').chars().any(crate::domain::text::is_unsafe));
}

#[test]
fn the_schema_knows_the_body_of_each_kind() {
    let schema = schema();
    assert_eq!(schema["anyOf"].as_array().map(Vec::len), Some(Kind::ALL.len()), "{schema:#}");
}

proptest! {
    #[test]
    fn a_changed_byte_is_an_error_or_changes_nothing(at in any::<prop::sample::Index>(), to in any::<u8>()) {
        let flip = |mut bytes: Vec<u8>| {
            let at = at.index(bytes.len());
            bytes[at] = to;
            bytes
        };
        if let Ok(read) = decode_head(&flip(encode_head(3, "w-1", &head()))) {
            prop_assert_eq!(read, Envelope { generation: 3, write_id: "w-1".into(), body: head() });
        }
        let head = head();
        let draft = HeadDraft::new(3, "w-1", &head);
        // Whoever has the key's public half tells a signature that was changed; here it must not change anything else.
        if let Ok(read) = open_head(&flip(draft.seal(Some(&signature())))) {
            prop_assert_eq!(&read.envelope.body, &head);
            prop_assert_eq!(&read.message, &draft.message());
        }
        let snapshot_bytes = flip(encode_snapshot(3, "w-1", &snapshot()));
        if let Ok(read) = decode_snapshot(&snapshot_bytes) {
            prop_assert_eq!(read, Envelope { generation: 3, write_id: "w-1".into(), body: snapshot() });
        }
        if let Ok(read) = decode_snapshot_role(&snapshot_bytes, &name("user")) {
            prop_assert_eq!(read.map(|(_, role)| role), snapshot().roles.remove(&name("user")));
        }
        let active = lease(LeaseState::Active);
        if let Ok(read) = decode_lease(&flip(encode_lease(3, "w-1", &active))) {
            prop_assert_eq!(read, Envelope { generation: 3, write_id: "w-1".into(), body: active });
        }
        let granted = event(AuditAction::IssueGranted);
        if let Ok(read) = decode_audit(&flip(encode_audit(3, "w-1", &granted))) {
            prop_assert_eq!(read, Envelope { generation: 3, write_id: "w-1".into(), body: granted });
        }
    }

    #[test]
    fn a_shortened_object_is_an_error_or_changes_nothing(cut in any::<prop::sample::Index>()) {
        let bytes = encode_snapshot(3, "w-1", &snapshot());
        let cut = cut.index(bytes.len());
        match decode_snapshot(&bytes[..cut]) {
            Ok(read) => prop_assert_eq!(read.body, snapshot()),
            Err(error) => prop_assert!(matches!(error, CorruptError::Empty | CorruptError::Truncated), "{:?}", error),
        }
    }

    #[test]
    fn random_bytes_are_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(decode_head(&bytes).is_err());
    }
}
