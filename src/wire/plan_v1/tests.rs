use proptest::prelude::*;

use super::samples::{everything, first, name, place, place_in, unchanged};
use super::*;
use crate::domain::text::is_unsafe;
use crate::wire::common_v1::Place;

#[test]
fn a_saved_plan_reads_back_and_gives_its_basis_again() {
    for plan in [unchanged(), first(), everything()] {
        let document = Document::from_plan(&plan);
        let read = Document::read(&document.to_json()).expect("sound");
        assert_eq!(read, document);
        assert_eq!(read.hash(), Ok(plan.hash.clone()));
        assert_eq!(read.basis(), Ok(plan.basis.clone()));
        assert_eq!(read.to_json(), document.to_json());
    }
}

#[test]
fn the_summary_counts_what_is_there() {
    let summary = Document::from_plan(&everything()).summary;
    let expected = Summary {
        changes: true,
        create: 1,
        update: 1,
        refresh: 1,
        delete: 1,
        unchanged: 0,
        findings: 3,
        blocking: 2,
        waived: 1,
        unknown: 1,
        drifted: 2,
        brakes: 1,
    };
    assert_eq!(summary, expected);
    assert!(!Document::from_plan(&unchanged()).summary.changes);
}

#[test]
fn what_is_no_plan_of_ours_is_refused_by_name() {
    let good = Document::from_plan(&everything()).to_json();
    let error = |text: &str| Document::read(text).expect_err("refused");
    assert_eq!(error("  "), PlanFileError::Empty);
    assert_eq!(error(&good[..good.len() / 2]), PlanFileError::Truncated);
    assert!(matches!(error("plan:"), PlanFileError::NotJson { .. }));
    assert_eq!(error("{}"), PlanFileError::Foreign);
    assert_eq!(error(r#"{"format":"leasehold/state/v1"}"#), PlanFileError::Foreign);
    assert_eq!(error(&good.replace("plan/v1", "plan/v2")), PlanFileError::Newer { format: "leasehold/plan/v2".into() });
    assert_eq!(error(&" ".repeat(MAX_BYTES + 1)), PlanFileError::TooLarge { bytes: MAX_BYTES + 1 });
}

#[test]
fn a_plan_that_was_tampered_with_is_malformed() {
    let good = Document::from_plan(&everything()).to_json();
    for (from, to) in [
        ("\"calls\": 2", "\"calls\": 2, \"force\": true"),
        ("\"hash\": \"sha256:", "\"hash\": \"sha1:"),
        ("\"manifest_digest\": \"sha256:", "\"manifest_digest\": \""),
        ("\"delete\": 1", "\"delete\": 0"),
        ("\"role\": \"old\"", "\"role\": \"../old\""),
        ("\"action\": \"delete\"", "\"action\": \"create\""),
        ("\"deployment\": \"prod\",\n  \"basis\"", "\"deployment\": \"a b\",\n  \"basis\""),
        ("\"deployment\": \"prod\",\n  \"basis\"", "\"deployment\": \"prod\",\n  \"folder\": \"a/../b\",\n  \"basis\""),
        ("\"start\": 15", "\"start\": 99"),
        ("\"app-readonly\": \"sha256:", "\"a b\": \"sha256:"),
        ("\"target\": \"app-readonly\"", "\"target\": \"\""),
        ("\"principal\": \"arn:aws:iam::111122223333:role/VaultRunner\"", "\"principal\": \"me\""),
    ] {
        assert!(good.contains(from), "{from}");
        let error = Document::read(&good.replace(from, to)).expect_err(to);
        assert!(matches!(error, PlanFileError::Malformed { .. }), "{to}: {error}");
    }
}

#[test]
fn a_plan_of_an_older_version_has_no_overview_and_is_read() {
    let mut json: serde_json::Value =
        serde_json::from_str(&Document::from_plan(&everything()).to_json()).expect("JSON");
    json.as_object_mut().expect("an object").remove("overview").expect("it was there");
    let read = Document::read(&json.to_string()).expect("sound");
    assert_eq!(read.overview, None);
    assert_eq!(read.hash(), Ok(everything().hash));
}

#[test]
fn the_overview_says_which_limit_binds() {
    let overview = Document::from_plan(&everything()).overview.expect("there");
    assert_eq!((overview.broker.kind, overview.broker.account.as_str()), (PrincipalKind::Role, "111122223333"));
    let binding = |role: &RoleSeen| {
        let binds = role.limits.iter().filter(|limit| limit.binds).collect::<Vec<_>>();
        assert_eq!(binds.len(), 1, "{}", role.name);
        (binds[0].source, binds[0].seconds)
    };
    let bindings: Vec<_> = overview.roles.iter().map(binding).collect();
    assert_eq!(
        bindings,
        [
            (LimitSource::MaxSessionDuration, Some(3600)),
            (LimitSource::RoleMax, Some(3600)),
            (LimitSource::RoleMax, Some(86_400)),
        ]
    );
    let unread = overview.roles[1].limits.iter().find(|limit| limit.seconds.is_none()).expect("one is not known");
    assert_eq!(unread.role_arn.as_deref(), Some("arn:aws:iam::444455556666:role/Other"));
}

#[test]
fn an_overview_that_contradicts_itself_is_malformed() {
    let good = Document::from_plan(&everything()).to_json();
    for (from, to) in [
        ("\"kind\": \"role\"", "\"kind\": \"user\""),
        ("\"account\": \"444455556666\"", "\"account\": \"111122223333\""),
        ("\"credential_type\": \"iam_user\"", "\"credential_type\": \"root\""),
        ("\"max_ttl_seconds\": 86400", "\"max_ttl_seconds\": 0"),
        ("\"expires\": \"2027-01-31\"", "\"expires\": \"tomorrow\""),
        ("\"name\": \"payments\"", "\"name\": \"../payments\""),
        ("\"seconds\": 7200", "\"seconds\": 7200, \"binds\": true"),
    ] {
        assert!(good.contains(from), "{from}");
        let error = Document::read(&good.replace(from, to)).expect_err(to);
        assert!(matches!(error, PlanFileError::Malformed { .. }), "{to}: {error}");
    }
}

#[test]
fn a_place_carries_its_line() {
    let wire = Place::from(&place("12h"));
    assert_eq!((wire.line, wire.column, wire.excerpt.as_str()), (5, 16, "  max_sts_ttl: 12h"));
    assert_eq!(&wire.excerpt[wire.underline.start..wire.underline.end], "12h");
}

#[test]
fn a_long_line_is_cut_around_what_is_underlined() {
    let text = format!("{}: ü{}", "ä".repeat(5_000), "ö".repeat(5_000));
    let wire = Place::from(&place_in("a.yaml", &text, "ü"));
    assert!(wire.excerpt.len() < 1_000, "{}", wire.excerpt.len());
    assert!(wire.excerpt.starts_with('…') && wire.excerpt.ends_with('…'));
    assert_eq!(&wire.excerpt[wire.underline.start..wire.underline.end], "ü");
    assert_eq!(wire.column, 5_003);
    let all = Place::from(&place_in("a.yaml", &text, &text));
    assert!(all.check().is_ok() && all.excerpt.len() < 1_000);
}

#[test]
fn json_is_harmless_to_look_at() {
    let mut plan = everything();
    plan.report.findings[0].message = "\u{1b}]0;x\u{7}\u{202e}\u{9b}\u{e0041}".into();
    plan.basis.target = Some(name("x"));
    let json = Document::from_plan(&plan).to_json();
    assert!(!json.chars().any(|c| c != '\n' && is_unsafe(c)));
    assert_eq!(Document::read(&json).expect("sound").findings[0].message, plan.report.findings[0].message);
}

proptest! {
    #[test]
    fn any_range_of_any_text_has_an_excerpt(text in "\\PC{0,400}(\n\\PC{0,40}){0,3}", from in 0_usize..500, len in 0_usize..500) {
        let file = crate::domain::span::SourceFile { path: "a.yaml".into(), text };
        let place = crate::domain::span::Place::new(std::sync::Arc::new(file), from, from + len);
        prop_assert!(Place::from(&place).check().is_ok());
    }

    #[test]
    fn a_changed_byte_never_panics(at in any::<prop::sample::Index>(), to in any::<u8>()) {
        let mut bytes = Document::from_plan(&first()).to_json().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = to;
        if let Ok(text) = String::from_utf8(bytes) {
            drop(Document::read(&text));
        }
    }
}
