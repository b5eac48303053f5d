use serde_json::json;

use super::*;
use crate::domain::credential::CredentialType;
use crate::domain::document::Document;
use crate::domain::finding::{Level, ManifestError};
use crate::domain::lease::{Ending, Grant, Lease, LeaseId, LeaseRequest, LeaseState, Revoking};
use crate::domain::plan::{Action, Plan, Shown};
use crate::domain::ttl::Ttl;
use crate::output::Style;
use crate::wire::plan_v1::samples::{
    ARN, change, everything, finding, first, name, place, place_in, step, text, unchanged,
};
use crate::wire::{findings_v1, lease_v1, plan_v1, revoke_v1};

pub(super) const COLOR: Style = Style { color: true, ..Style::PLAIN };
pub(super) const ASCII: Style = Style { unicode: false, ..Style::PLAIN };

pub(super) fn shown(value: &Plan, style: Style) -> String {
    let mut out = Vec::new();
    plan(&plan_v1::Document::from_plan(value), &[], &style, &mut out).expect("written");
    String::from_utf8(out).expect("text")
}

#[test]
fn nothing_to_do() {
    insta::assert_snapshot!(shown(&unchanged(), Style::PLAIN), @r"
    No changes. The record holds what the manifests declare (3 roles).

    Compared: commit 4f2c9d1e0b7a; record 4; AWS as
              arn:aws:sts::111122223333:assumed-role/LeaseholdReader/ci sees it (2 calls).
    Plan: 0 to create, 0 to update, 0 to refresh, 0 to delete; 0 findings (0 blocking), 0 unknown.
    Next: nothing to apply.
    ");
}

#[test]
fn the_first_plan() {
    insta::assert_snapshot!(shown(&first(), Style::PLAIN), @r#"
    Changes:

      + Broker prod will be recorded: this is the first apply
          principal: arn:aws:iam::111122223333:role/VaultRunner
          region:    ap-northeast-1

      + app-readonly will be created: it is not in the record yet (roles/payments.yaml:2)
          credential_type: assumed_role
          role_arns:       arn:aws:iam::111122223333:role/ProdAppReadOnly
          max_sts_ttl:     1h
          policy_document:
            @@ -0,0 +1,3 @@
            +{
            +  "Statement": []
            +}

    Compared: commit 4f2c9d1e0b7a; no record yet; AWS as
              arn:aws:sts::111122223333:assumed-role/LeaseholdReader/ci sees it (2 calls).
    Plan: 1 to create, 0 to update, 0 to refresh, 0 to delete; 0 findings (0 blocking), 0 unknown.
    Next: leasehold apply --expect-plan sha256:64879f7d6b960a01909762d911a32d4582c20010c5641ee90278b644a9e3b525
    "#);
}

#[test]
fn an_update_with_a_document_and_a_deletion_with_effects() {
    let mut plan = unchanged();
    let statement = |action: &str| {
        json!({
            "Version": "2012-10-17",
            "Statement": [
                {"Sid": "Read", "Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "*"},
                {"Sid": "Write", "Effect": "Allow", "Action": action, "Resource": "arn:aws:s3:::reports/*"},
            ],
        })
    };
    let document = |action| Some(Shown::Document(Document::new(statement(action))));
    let effects = [
        "max TTL 12h to 1h: 3 open leases outlive it, the last until 14:05.",
        "Sessions issued from now on may no longer delete objects; the 3 sessions that are open keep what they have until \
         they end.",
    ];
    plan.steps = vec![
        step(
            "app-rw",
            Action::Update,
            vec![
                change("max_sts_ttl", text("12h"), text("1h")),
                change("source_identity", None, text("ci")),
                change("external_id", text("x"), None),
                change("policy_document", document("s3:*"), document("s3:PutObject")),
            ],
            &effects,
        ),
        step("old", Action::Delete, Vec::new(), &["It can be issued no more; 2 open leases live until 15:00."]),
    ];
    insta::assert_snapshot!(shown(&plan, Style::PLAIN), @r#"
    Changes:

      ~ app-rw will be updated: its declaration has changed (roles/payments.yaml:2)
          max_sts_ttl:     12h → 1h
          source_identity: (not set) → ci
          external_id:     x → (not set)
          policy_document:
            @@ -10,7 +10,7 @@
                   "Sid": "Read"
                 },
                 {
            -      "Action": "s3:*",
            +      "Action": "s3:PutObject",
                   "Effect": "Allow",
                   "Resource": "arn:aws:s3:::reports/*",
                   "Sid": "Write"
          • max TTL 12h to 1h: 3 open leases outlive it, the last until 14:05.
          • Sessions issued from now on may no longer delete objects; the 3 sessions that are open keep
            what they have until they end.

      - old will be deleted: it is no longer declared
          • It can be issued no more; 2 open leases live until 15:00.

    Compared: commit 4f2c9d1e0b7a; record 4; AWS as
              arn:aws:sts::111122223333:assumed-role/LeaseholdReader/ci sees it (2 calls).
    Plan: 0 to create, 1 to update, 0 to refresh, 1 to delete; 0 findings (0 blocking), 0 unknown.
    Next: leasehold apply --expect-plan sha256:64879f7d6b960a01909762d911a32d4582c20010c5641ee90278b644a9e3b525
    "#);
}

#[test]
fn one_of_everything() {
    insta::assert_snapshot!(shown(&everything(), Style::PLAIN), @r#"
    Drift: AWS is no longer as it was when these roles were applied.

      ! arn:aws:iam::111122223333:role/ProdAppReadOnly, issued by app-readonly, audit
          MaxSessionDuration: 3600 → 7200
          trust policy:
            @@ -5,7 +5,7 @@
                   "Effect": "Allow",
                   "Principal": {
                     "AWS": [
            -          "arn:aws:iam::111122223333:role/VaultRunner"
            +          "*"
                     ]
                   }
                 }

      ! arn:aws:iam::111122223333:role/Gone, issued by old
          it is gone

    Changes:

      ~ Broker prod will be updated: its document has changed
          principal: (not set) → arn:aws:iam::111122223333:role/VaultRunner
          region:    (not set) → ap-northeast-1

      + app-readonly will be created: it is not in the record yet (roles/payments.yaml:2)
          credential_type: assumed_role
          role_arns:       arn:aws:iam::111122223333:role/ProdAppReadOnly
          max_sts_ttl:     1h
          policy_document:
            @@ -0,0 +1,3 @@
            +{
            +  "Statement": []
            +}

      ~ app-rw will be updated: its declaration has changed (roles/payments.yaml:2)
          max_sts_ttl: 12h → 1h
          • max TTL 12h to 1h: 3 open leases outlive it, the last until 14:05.

      ≈ audit will be refreshed: its declaration is the same, what AWS says or how it is judged is not (roles/payments.yaml:2)
          MaxSessionDuration: 3600 → 7200
          trust policy:
            @@ -5,7 +5,7 @@
                   "Effect": "Allow",
                   "Principal": {
                     "AWS": [
            -          "arn:aws:iam::111122223333:role/VaultRunner"
            +          "*"
                     ]
                   }
                 }

      - old will be deleted: it is no longer declared
          role_arns: arn:aws:iam::111122223333:role/ProdAppReadOnly
          • It can be issued no more.

    Findings:

    LH103 max-above-live (blocking) in app-readonly

      × `max_sts_ttl` is 12h, and ProdAppReadOnly allows sessions of 1h at most
       ╭─[roles/payments.yaml:5:16]
     5 │   max_sts_ttl: 12h
       ·                ─┬─
       ·                 ╰── AWS allows 1h
       ╰────
      help: lower it to 1h, or raise MaxSessionDuration of the role to 43200

    LH103 max-above-live (advisory) in app-readonly

      ⚠ `max_sts_ttl` is 12h, and ProdAppReadOnly allows sessions of 1h at most
       ╭─[roles/payments.yaml:5:16]
     5 │   max_sts_ttl: 12h
       ·                ─┬─
       ·                 ╰── AWS allows 1h
       ╰────
      help: lower it to 1h, or raise MaxSessionDuration of the role to 43200

    LH103 max-above-live (hard), by the stricter reading of what AWS documents

      × `max_sts_ttl` is 12h, and ProdAppReadOnly allows sessions of 1h at most
      help: lower it to 1h, or raise MaxSessionDuration of the role to 43200

      waived by legacy-wildcard: LH103 max-above-live in app-readonly: `max_sts_ttl` is 12h, and ProdAppReadOnly allows sessions of 1h at most

    Not known, and so neither allowed nor acted on:

      ? arn:aws:iam::444455556666:role/Other (access-denied)
          the reader may not call iam:GetRole on it
          It concerns app-rw.

    Brakes: nothing of this plan will be applied.

      x too-many-deletes
          6 roles would be deleted, and the Broker document allows 5
          if this is meant, pass --allow-deletes 6

    Compared: commit 4f2c9d1e0b7a with local changes; record 4; AWS as
              arn:aws:sts::111122223333:assumed-role/LeaseholdReader/ci sees it (2 calls); app-readonly
              only.
    Plan: 1 to create, 1 to update, 1 to refresh, 1 to delete; 3 findings (2 blocking), 1 unknown.
    Next: mend the blocking findings above, then plan again; apply refuses this plan.
    "#);
}

#[test]
fn drift_alone() {
    let mut plan = unchanged();
    plan.report.drift = everything().report.drift;
    plan.report.drift.truncate(1);
    plan.report.drift[0].changes.truncate(1);
    plan.steps = vec![step(
        "app-readonly",
        Action::Refresh,
        vec![change("MaxSessionDuration", text("3600"), text("7200"))],
        &[],
    )];
    insta::assert_snapshot!(shown(&plan, ASCII), @r"
    Drift: AWS is no longer as it was when these roles were applied.

      ! arn:aws:iam::111122223333:role/ProdAppReadOnly, issued by app-readonly, audit
          MaxSessionDuration: 3600 -> 7200

    Changes:

      r app-readonly will be refreshed: its declaration is the same, what AWS says or how it is judged is not (roles/payments.yaml:2)
          MaxSessionDuration: 3600 -> 7200

    Compared: commit 4f2c9d1e0b7a; record 4; AWS as
              arn:aws:sts::111122223333:assumed-role/LeaseholdReader/ci sees it (2 calls).
    Plan: 0 to create, 0 to update, 1 to refresh, 0 to delete; 0 findings (0 blocking), 0 unknown.
    Next: leasehold apply --expect-plan sha256:64879f7d6b960a01909762d911a32d4582c20010c5641ee90278b644a9e3b525
    ");
}

#[test]
fn findings_and_unknowns_without_colour_in_ascii() {
    let mut plan = unchanged();
    plan.report.findings = vec![finding(Level::Blocking, None)];
    plan.report.unknowns = everything().report.unknowns;
    insta::assert_snapshot!(shown(&plan, ASCII), @r"
    No changes. The record holds what the manifests declare (3 roles).

    Findings:

    LH103 max-above-live (blocking) in app-readonly

      x `max_sts_ttl` is 12h, and ProdAppReadOnly allows sessions of 1h at most
       ,-[roles/payments.yaml:5:16]
     5 |   max_sts_ttl: 12h
       :                ^|^
       :                 `-- AWS allows 1h
       `----
      help: lower it to 1h, or raise MaxSessionDuration of the role to 43200

    Not known, and so neither allowed nor acted on:

      ? arn:aws:iam::444455556666:role/Other (access-denied)
          the reader may not call iam:GetRole on it
          It concerns app-rw.

    Compared: commit 4f2c9d1e0b7a; record 4; AWS as
              arn:aws:sts::111122223333:assumed-role/LeaseholdReader/ci sees it (2 calls).
    Plan: 0 to create, 0 to update, 0 to refresh, 0 to delete; 1 finding (1 blocking), 1 unknown.
    Next: mend the blocking finding above; nothing to apply.
    ");
}

#[test]
fn a_waived_finding_takes_one_line_and_blocks_nothing() {
    let mut plan = first();
    plan.report.findings = vec![finding(Level::Blocking, Some("legacy-wildcard"))];
    let text = shown(&plan, Style::PLAIN);
    assert!(
        text.contains("\n  waived by legacy-wildcard: LH103 max-above-live in app-readonly: `max_sts_ttl` is"),
        "{text}"
    );
    assert!(
        text.contains("; 0 findings (0 blocking), 0 unknown.\nNext: leasehold apply --expect-plan sha256:"),
        "{text}"
    );
}

/// Removes `ESC [ digits and ; m`, and nothing else.
pub(super) fn without_colours(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("\u{1b}[") {
        out.push_str(&rest[..at]);
        let tail = &rest[at + 2..];
        let end = tail.find(|c: char| !c.is_ascii_digit() && c != ';').expect("a whole sequence");
        assert_eq!(tail.as_bytes()[end], b'm', "only colours are sent");
        rest = &tail[end + 1..];
    }
    out + rest
}

#[test]
fn colours_change_nothing_but_the_colours() {
    let (plain, coloured) = (shown(&everything(), Style::PLAIN), shown(&everything(), COLOR));
    assert!(coloured.contains("\u{1b}[32m+\u{1b}[0m") && !plain.contains('\u{1b}'));
    assert_eq!(without_colours(&coloured), plain);
}

#[test]
fn ascii_means_ascii() {
    let text = shown(&everything(), ASCII);
    assert!(text.is_ascii(), "{}", text.chars().filter(|c| !c.is_ascii()).collect::<String>());
}

#[test]
fn manifest_errors_are_underlined_and_counted() {
    let errors = [
        ManifestError {
            kind: "unknown-field",
            message: "`max_sts_tll` is not a field of a Role".into(),
            label: "not a field".into(),
            place: Some(place_in("roles/ü.yaml", "spec:\n\tmax_ä: 日本  # x\n", "日本")),
            path: None,
            help: "did you mean `max_sts_ttl`?".into(),
        },
        ManifestError {
            kind: "no-broker",
            message: "there is no Broker document".into(),
            label: String::new(),
            place: None,
            path: None,
            help: "add one".into(),
        },
    ];
    let mut out = Vec::new();
    problems(&findings_v1::Document::new(&errors, &[]), &Style::PLAIN, &mut out).expect("written");
    insta::assert_snapshot!(String::from_utf8(out).expect("text"), @r"
    error[unknown-field]

      × `max_sts_tll` is not a field of a Role
       ╭─[roles/ü.yaml:2:9]
     2 │ \u{9}max_ä: 日本  # x
       ·             ──┬─
       ·               ╰── not a field
       ╰────
      help: did you mean `max_sts_ttl`?

    error[no-broker]

      × there is no Broker document
      help: add one

    Manifests: 2 errors; 0 findings (0 blocking).
    ");
}

pub(super) fn lease_in(state: LeaseState, role: &str) -> Lease {
    let at = |text: &str| text.parse().expect("valid");
    let granted = state != LeaseState::Intent;
    Lease {
        id: LeaseId::parse("01JZ0000000000000000000000").expect("valid"),
        role: name(role),
        credential_type: CredentialType::AssumedRole,
        state,
        request: LeaseRequest {
            role_arn: crate::domain::ident::RoleArn::parse(ARN).ok(),
            session_name: Some("leasehold-1".into()),
            source_identity: None,
            user: None,
            ttl: Ttl::from_seconds(900).expect("not zero"),
            dead_after: at("2026-11-23T10:20:00Z"),
        },
        grant: granted.then(|| Grant {
            access_key_id: "ASIAEXAMPLE".into(),
            expires_at: at("2026-11-23T10:15:00Z"),
            arn: Some("arn:aws:sts::111122223333:assumed-role/ProdAppReadOnly/leasehold-1".into()),
            user_id: None,
        }),
        lineage: "01JZ0000000000000000000001".into(),
        serial: 4,
        commit: None,
        created_at: at("2026-11-23T10:00:00Z"),
        updated_at: at("2026-11-23T10:00:01Z"),
        denied_at: None,
        audit_tail: None,
    }
}

#[test]
fn a_session_that_cannot_be_denied_is_not_said_to_be() {
    let now = "2026-11-23T10:01:00Z".parse().expect("valid");
    let shown = |session_name: Option<&str>, outcome: revoke_v1::Outcome| {
        let mut lease = lease_in(LeaseState::Active, "a");
        lease.request.session_name = session_name.map(Into::into);
        let lease = lease_v1::Lease::new(&lease, now);
        let document = revoke_v1::Document::new(vec![revoke_v1::Revoked { lease, outcome, why: Some("why".into()) }]);
        let mut out = Vec::new();
        revoked(&document, &Style::PLAIN, &mut out).expect("written");
        String::from_utf8(out).expect("text")
    };
    for (name, offered) in [(Some("a-01JZ0000000000000000000000"), true), (Some("deploy-42"), false), (None, false)] {
        let lives_on = shown(name, revoke_v1::Outcome::LivesOn);
        assert_eq!(lives_on.contains("--deny-session"), offered, "{lives_on}");
        let failed = shown(name, revoke_v1::Outcome::Failed);
        assert_eq!(failed.contains("run this again"), offered, "{failed}");
    }
}

#[test]
fn leases_as_a_table_and_one_by_one() {
    let all = [
        lease_in(LeaseState::Intent, "app-readonly"),
        lease_in(LeaseState::Active, "a"),
        lease_in(LeaseState::Revoking(Revoking { failures: 1, ..Revoking::default() }), "a"),
        lease_in(LeaseState::Ended(Ending::Refused), "a"),
    ];
    let now = "2026-11-23T10:01:00Z".parse().expect("valid");
    let mut out = Vec::new();
    leases(&lease_v1::Document::new(&all, now), "file:///state", &Style::PLAIN, &mut out).expect("written");
    insta::assert_snapshot!(String::from_utf8(out).expect("text"), @"
    LEASE                       ROLE          STATE                 EXPIRES               ACCESS KEY
    01JZ0000000000000000000000  app-readonly  intent                2026-11-23T10:20:00Z  -
    01JZ0000000000000000000000  a             active                2026-11-23T10:15:00Z  ASIAEXAMPLE
    01JZ0000000000000000000000  a             revoking (1 failure)  2026-11-23T10:15:00Z  ASIAEXAMPLE
    01JZ0000000000000000000000  a             ended (refused)       2026-11-23T10:15:00Z  ASIAEXAMPLE

    4 leases, 3 open.
    ");

    let mut out = Vec::new();
    lease(&lease_v1::Document::new(&all[1..2], now), &Style::PLAIN, &mut out).expect("written");
    credential_summary(&lease_v1::Lease::new(&all[1], now), &Style::PLAIN, &mut out).expect("written");
    insta::assert_snapshot!(String::from_utf8(out).expect("text"), @"
      lease            aws/creds/a/01JZ0000000000000000000000
      state            active
      open             yes: its credential may still work
      role             a
      type             assumed_role
      role ARN         arn:aws:iam::111122223333:role/ProdAppReadOnly
      session name     leasehold-1
      ARN              arn:aws:sts::111122223333:assumed-role/ProdAppReadOnly/leasehold-1
      access key id    ASIAEXAMPLE
      TTL              15m
      created          2026-11-23T10:00:00Z
      changed          2026-11-23T10:00:01Z
      expires          2026-11-23T10:15:00Z
      record           4 of 01JZ0000000000000000000001
    Issued assumed_role from a.

      lease            aws/creds/a/01JZ0000000000000000000000
      access key id    ASIAEXAMPLE
      role ARN         arn:aws:iam::111122223333:role/ProdAppReadOnly
      session name     leasehold-1
      expires          2026-11-23T10:15:00Z

    The secrets are not shown on a terminal: pipe this command's output to where they are needed, or
    pass --show.
    ");
}

#[test]
fn a_table_of_rules() {
    let lines = [
        RuleLine { code: "LH101", name: "duplicate-name", level: "hard", summary: "Two roles bear one name" },
        RuleLine { code: "LH103", name: "max-above-live", level: "blocking", summary: &"is too long ".repeat(9) },
        RuleLine { code: "LH104", name: "depends", level: "advisory", summary: "The trust policy depends" },
    ];
    let mut out = Vec::new();
    rules(&lines, &Style::PLAIN, &mut out).expect("written");
    insta::assert_snapshot!(String::from_utf8(out).expect("text"), @"
    LH101  duplicate-name  hard      Two roles bear one name
    LH103  max-above-live  blocking  is too long is too long is too long is too long is too long is too
                                     long is too long is too long is too long
    LH104  depends         advisory  The trust policy depends
    ");
    let mut coloured = Vec::new();
    rules(&lines, &COLOR, &mut coloured).expect("written");
    let mut again = Vec::new();
    rules(&lines, &Style::PLAIN, &mut again).expect("written");
    assert_eq!(without_colours(&String::from_utf8(coloured).expect("text")).into_bytes(), again);
}

#[test]
fn a_rules_page_is_shown_as_it_is_but_for_unsafe_characters() {
    let mut out = Vec::new();
    rule_page("# Title\n\n## Why\n\nBecause\u{1b}[2J.\n\n", &mut out).expect("written");
    assert_eq!(String::from_utf8(out).expect("text"), "# Title\n\n## Why\n\nBecause\\u{1b}[2J.\n");
}

#[test]
fn an_underline_stays_under_its_word_when_escapes_stand_before_it() {
    let mut finding = finding(Level::Blocking, None);
    finding.place = Some(place_in("a.yaml", "\u{1b}\u{202e}: 12h", "12h"));
    finding.label = "here".into();
    let mut out = Vec::new();
    problems(&findings_v1::Document::new(&[], &[finding]), &ASCII, &mut out).expect("written");
    let text = String::from_utf8(out).expect("text");
    let lines: Vec<&str> = text.lines().collect();
    let at = lines.iter().position(|line| line.contains("12h") && line.contains("u{202e}")).expect("the line");
    let column = lines[at].find("12h").expect("there");
    assert_eq!(lines[at + 1].find(['^', '-']), Some(column), "{text}");
}

#[test]
fn a_place_is_shown_where_it_is() {
    let mut out = Vec::new();
    let mut finding = finding(Level::Hard, None);
    finding.place = Some(place("12h"));
    problems(&findings_v1::Document::new(&[], &[finding]), &Style::PLAIN, &mut out).expect("written");
    let text = String::from_utf8(out).expect("text");
    assert!(text.contains("[roles/payments.yaml:5:16]") && text.contains(" 5 │   max_sts_ttl: 12h"), "{text}");
}
