//! `plan` and `validate`.

use insta::assert_snapshot;
use leasehold::output::exit;
use leasehold::wire::{findings_v1, plan_v1};

use crate::canned_aws::{CannedAws, manifests, two};
use crate::fault_server::error;
use crate::sandbox::Sandbox;
use crate::scene::{self, READ_ONLY, READ_WRITE};

const HOUR: &str = "max_sts_ttl: 1h";

#[test]
fn the_json_form_can_be_read_back() {
    let aws = CannedAws::start();
    let sandbox = aws.sandbox();
    sandbox.commit(&manifests(&two(HOUR)));
    let done = sandbox.run(&["plan", "--format", "json", "--out", "../saved.json"]).expect(exit::FINE);
    let document = plan_v1::Document::read(&done.stdout).expect("a plan");
    assert_eq!((document.summary.create, document.to_json()), (2, done.stdout.clone()));
    assert_eq!(std::fs::read_to_string(sandbox.path("saved.json")).expect("saved"), done.stdout);
    let again = sandbox.run(&["plan", "--format", "json"]).expect(exit::FINE);
    assert_eq!(again.stdout, done.stdout, "the same input gives the same bytes");
}

#[test]
fn a_plan_is_not_saved_in_a_file_by_the_name_of_a_dash() {
    let aws = CannedAws::start();
    let sandbox = aws.sandbox();
    sandbox.commit(&manifests(&two(HOUR)));
    assert_snapshot!(sandbox.run(&["plan", "--out", "-"]).shown(), @"
    exit 64
    ── stderr
    error[out-is-no-file]: --out saves a plan in a file, and `-` names none; help: --format json writes to standard output what --out saves; a file of that name is ./-
    ");
    assert!(aws.server.seen().is_empty() && !sandbox.repo().join("-").exists());
    let _ = sandbox.run(&["plan", "--out", "./-"]).expect(exit::FINE);
    assert!(sandbox.repo().join("-").exists());
}

#[test]
fn no_colour_where_none_is_wanted() {
    let aws = CannedAws::start();
    let mut sandbox = aws.sandbox();
    sandbox.commit(&manifests(&scene::role("app", READ_ONLY, "max_sts_ttl: 2h")));
    sandbox.set("CLICOLOR_FORCE", "1");
    let forced = sandbox.run(&["plan"]).expect(exit::FINDINGS_BLOCK);
    assert!(forced.stdout.contains('\u{1b}'), "colours can be forced, or this test tells nothing");
    let option = sandbox.run(&["plan", "--no-color"]).expect(exit::FINDINGS_BLOCK);
    assert!(!option.all().contains('\u{1b}'));
    sandbox.set("NO_COLOR", "1");
    let variable = sandbox.run(&["plan"]).expect(exit::FINDINGS_BLOCK);
    assert!(!variable.all().contains('\u{1b}'));
}

#[test]
fn one_role_alone() {
    let aws = CannedAws::start();
    let sandbox = aws.sandbox();
    sandbox.commit(&manifests(&two(HOUR)));
    let done = sandbox.run(&["plan", "--target", "app-rw", "--format", "json"]).expect(exit::FINE);
    let document = plan_v1::Document::read(&done.stdout).expect("a plan");
    assert_eq!(document.steps.iter().map(|step| step.role.as_str()).collect::<Vec<_>>(), ["app-rw"]);
    let unknown = sandbox.run(&["plan", "--target", "app-rv"]).expect(exit::USAGE);
    assert_snapshot!(unknown.shown(), @"
    exit 64
    ── stderr
    error[no-such-role]: there is no role `app-rv` declared or recorded; help: did you mean `app-rw`?
    ");
}

#[test]
fn a_bare_repository_at_a_commit() {
    let aws = CannedAws::start();
    let sandbox = aws.sandbox();
    sandbox.write("deploy/aws/prod.yaml", &manifests(&two(HOUR)));
    sandbox.commit("");
    sandbox.git(&["clone", "--quiet", "--bare", ".", "../bare.git"]);
    let state = format!("file://{}", sandbox.path("state").display());
    let from = ["--dir", "../bare.git", "--ref", "main", "--path", "deploy/aws", "--state", &state];
    let plan: Vec<&str> = ["plan", "--format", "json"].into_iter().chain(from).collect();
    let done = sandbox.run(&plan).expect(exit::FINE);
    let document = plan_v1::Document::read(&done.stdout).expect("a plan");
    assert_eq!(document.basis.manifests.commit, Some(sandbox.git(&["rev-parse", "HEAD"])));
    let apply: Vec<&str> = ["apply", "--auto-approve"].into_iter().chain(from).collect();
    let _ = sandbox.run(&apply).expect(exit::FINE);
    assert!(sandbox.path("state/head.json").is_file());
}

#[test]
fn a_role_that_may_not_be_read_is_said_and_proves_nothing() {
    let aws = CannedAws::start();
    let sandbox = aws.sandbox();
    aws.fault(|request| {
        (request.field("RoleName") == "ProdAppRW").then(|| error(403, "AccessDenied", "not authorized: iam:GetRole"))
    });
    sandbox.commit(&manifests(&scene::role("app-rw", READ_WRITE, HOUR)));
    assert_snapshot!(sandbox.run(&["plan"]).expect(exit::FINDINGS_BLOCK).shown(), @"
    exit 3
    ── stdout
    Changes:

      + Broker prod will be recorded: this is the first apply
          name:               prod
          principal:          arn:aws:iam::111122223333:user/ci
          region:             ap-northeast-1
          deployment:         prod
          default_sts_ttl:    15m
          max_sts_ttl:        1h
          max_deletes:        5
          max_delete_percent: 30

      + app-rw will be created: it is not in the record yet (prod.yaml:11)
          credential_type: assumed_role
          role_arns:       arn:aws:iam::111122223333:role/ProdAppRW
          default_sts_ttl: 15m
          max_sts_ttl:     1h

    Findings:

    LH306 role-unproven (blocking) in app-rw

      × nothing is proven about `arn:aws:iam::111122223333:role/ProdAppRW` of role `app-rw`:
      │ access-denied (iam:GetRole: not authorized: iam:GetRole)
        ╭─[prod.yaml:13:15]
     13 │   role_arns: [arn:aws:iam::111122223333:role/ProdAppRW]
        ·               ────────────────────┬───────────────────
        ·                                   ╰── access-denied
        ╰────
      help: allow the identity that plans iam:GetRole on `arn:aws:iam::111122223333:role/ProdAppRW`
            (and iam:ListRoles on `*` when many roles are declared); or take it unproven with a Waiver
            document: rule role-unproven, roles [app-rw], reason, owner, expires

    Not known, and so neither allowed nor acted on:

      ? arn:aws:iam::111122223333:role/ProdAppRW (access-denied)
          iam:GetRole: not authorized: iam:GetRole
          It concerns app-rw.

    Compared: commit 5f1738d93e12; no record yet; AWS as arn:aws:iam::111122223333:user/ci sees it (6
              calls).
    Plan: 1 to create, 0 to update, 0 to refresh, 0 to delete; 1 finding (1 blocking), 1 unknown.
    Next: mend the blocking finding above, then plan again; apply refuses this plan.
    ");
}

#[test]
fn validate_needs_neither_aws_nor_state() {
    let mut sandbox = Sandbox::new();
    sandbox.unset("AWS_ENDPOINT_URL");
    sandbox.commit(&manifests(&two(HOUR)));
    assert_snapshot!(sandbox.run(&["validate"]).expect(exit::FINE).shown(), @"
    exit 0
    ── stdout
    1 file: 1 Broker, 0 Accounts, 2 Roles, 0 Waivers. No errors; 0 findings (0 blocking) without asking AWS.
    ");
    let json = sandbox.run(&["validate", "--format", "json"]).expect(exit::FINE);
    let value: serde_json::Value = serde_json::from_str(&json.stdout).expect("JSON");
    assert_eq!(value["format"], findings_v1::FORMAT);
    assert!(!sandbox.repo().join(".leasehold").exists());
}

#[test]
fn validate_judges_what_needs_no_aws() {
    let mut sandbox = Sandbox::new();
    sandbox.unset("AWS_ENDPOINT_URL");
    let role = |ttls: &str| manifests(&scene::role("app", READ_ONLY, ttls));
    sandbox.commit(&role("default_sts_ttl: 2h\nmax_sts_ttl: 1h"));
    assert_snapshot!(sandbox.run(&["validate"]).expect(exit::FINDINGS_BLOCK).shown(), @"
    exit 3
    ── stdout
    prod.yaml:14:20: error[LH101]: role `app` gives `default_sts_ttl` 2h when nobody asks, and allows only `max_sts_ttl` 1h; help: lower the default to `default_sts_ttl: 1h`, or raise the maximum to `max_sts_ttl: 2h`
    1 file: 1 Broker, 0 Accounts, 1 Role, 0 Waivers. No errors; 1 finding (1 blocking) without asking AWS.
    ");
    let json = sandbox.run(&["validate", "--format", "json"]).expect(exit::FINDINGS_BLOCK);
    let document: findings_v1::Document = serde_json::from_str(&json.stdout).expect("a document");
    assert_eq!((document.errors.len(), document.summary.blocking), (0, 1));

    let waiver = "---\napiVersion: leasehold/v1\nkind: Waiver\nmetadata: {name: late}\nspec: {rule: trust-account-root, \
                  roles: [app], reason: it is so, owner: us, expires: 2020-01-01}\n";
    sandbox.commit(&(role(HOUR) + waiver));
    let late = sandbox.run(&["validate"]);
    assert!(late.stdout.contains("[LH603]"), "{}", late.all());
}

#[test]
fn faults_of_all_files_are_told_in_one_run() {
    let sandbox = Sandbox::new();
    sandbox.write("a.yaml", "apiVersion: leasehold/v1\nkind: Rolle\nmetadata: {name: a}\nspec: {}\n");
    sandbox.write("b.yaml", &scene::role("b", READ_ONLY, "max_sts_ttl: forever"));
    sandbox.commit(&manifests(""));
    assert_snapshot!(sandbox.run(&["validate"]).expect(exit::FAILED).shown(), @"
    exit 1
    ── stderr
    a.yaml:2:7: error[unknown-kind]: `Rolle` is not a kind of document; help: did you mean `Role`?
    b.yaml:7:16: error[bad-duration]: `forever` is not a duration; help: write a duration such as `900`, `15m` or `1h30m`
    ");
    let json = sandbox.run(&["plan", "--format", "json"]).expect(exit::FAILED);
    let value: serde_json::Value = serde_json::from_str(&json.stderr).expect("JSON on standard error");
    assert_eq!(value["errors"].as_array().map(Vec::len), Some(2), "{value:#}");
}

#[test]
fn the_next_step_makes_the_same_plan() {
    let aws = CannedAws::start();
    let sandbox = aws.sandbox();
    sandbox.commit(&manifests(&two(HOUR)));
    let args =
        ["--dir", "../repo", "--ref", "main", "--state", "../a state", "--allow-deletes", "3", "--target", "app-rw"];
    let done = sandbox.run(&[&["plan"][..], &args].concat()).expect(exit::FINE);
    let next = done.stdout.lines().find_map(|line| line.strip_prefix("Next: leasehold ")).expect("there is one");
    assert!(next.contains("'../a state'"), "{next}");
    let script = format!("{} {next} --auto-approve", crate::sandbox::binary());
    let applied = sandbox.run_plain("/bin/sh", &["-c", &script]).expect(exit::FINE);
    assert!(applied.stdout.contains("Applied: 1 role,"), "{}", applied.stdout);

    sandbox.write("prod.yaml", &manifests(&two("max_sts_ttl: 45m")));
    let dirty = sandbox.run(&["plan"]).expect(exit::FINE);
    assert!(
        dirty.stdout.contains("Next: commit the manifests, then leasehold apply --expect-plan"),
        "{}",
        dirty.stdout
    );
}

#[test]
fn a_plan_is_saved_whole_and_for_nobody_else() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let aws = CannedAws::start();
    let sandbox = aws.sandbox();
    sandbox.commit(&manifests(&two(HOUR)));
    std::fs::create_dir(sandbox.path("out")).expect("made");
    std::fs::write(sandbox.path("out/plan.json"), "older").expect("written");
    let _ = sandbox.run(&["plan", "--out", "../out/plan.json"]).expect(exit::FINE);
    let saved = std::fs::metadata(sandbox.path("out/plan.json")).expect("saved");
    assert_eq!(saved.permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_dir(sandbox.path("out")).expect("a folder").count(), 1, "nothing else is left");

    std::fs::write(sandbox.path("other"), "kept").expect("written");
    symlink("../other", sandbox.path("out/link")).expect("linked");
    let _ = sandbox.run(&["plan", "--out", "../out/link"]).expect(exit::FAILED);
    assert_eq!(std::fs::read(sandbox.path("other")).expect("there"), b"kept");
    assert_snapshot!(sandbox.run(&["plan", "--out", "../nowhere/plan.json"]).shown(), @"
    exit 1
    ── stderr
    error[plan-not-saved]: the plan could not be saved as ../nowhere/plan.json; because No such file or directory (os error 2); help: name a file in a folder that is there and that you may write to
    ");
}

#[test]
fn a_folder_without_a_broker_is_named() {
    let sandbox = Sandbox::new();
    sandbox.commit(&scene::role("app", READ_ONLY, HOUR));
    assert_snapshot!(sandbox.run(&["validate"]).expect(exit::FAILED).shown(), @"
    exit 1
    ── stderr
    error[no-broker]: no manifest is a Broker: read 1 manifest in [root]/repo; help: write one document of kind `Broker`: it says who issues
    ");
    let nothing = Sandbox::new().run(&["plan"]).expect(exit::FAILED).stderr;
    assert!(nothing.contains("read 0 manifests in") && nothing.contains("--dir; `leasehold init`"), "{nothing}");
}

#[test]
fn a_level_of_the_broker_document_makes_another_plan_of_the_same_roles() {
    let aws = CannedAws::start();
    aws.let_broker_make_users();
    let sandbox = aws.sandbox();
    let user = "---\napiVersion: leasehold/v1\nkind: Role\nmetadata: {name: batch}\nspec:\n  credential_type: iam_user\n  max_ttl: 1h\n  user_path: /x/\n  justification: the vendor's tool needs a user\n  policy_arns: [arn:aws:iam::aws:policy/ReadOnlyAccess]\n";
    let with = |levels: &str| {
        let text = manifests(user);
        text.replacen("  deployment: prod\n", &format!("  deployment: prod\n{levels}"), 1)
    };
    let plan = |code: u8| plan_v1::Document::read(&sandbox.run(&["plan", "--format", "json"]).expect(code).stdout);
    sandbox.commit(&with(""));
    let strict = plan(exit::FINDINGS_BLOCK).expect("a plan");
    sandbox.commit(&with("  rules: {iam-user-without-boundary: advisory}\n"));
    let lax = plan(exit::FINE).expect("a plan");
    assert_eq!((strict.summary.blocking, lax.summary.blocking, lax.summary.findings), (1, 0, 1));
    assert_ne!(strict.basis.rules, lax.basis.rules);
    let stale = sandbox.run(&["apply", "--auto-approve", "--expect-plan", &strict.hash]).expect(exit::STALE_PLAN);
    assert!(stale.stderr.contains("stale-plan"), "{}", stale.stderr);
    let _ = sandbox.run(&["apply", "--auto-approve", "--expect-plan", &lax.hash]).expect(exit::FINE);
    // The record keeps it, so that the next plan finds nothing to do.
    let again = plan(exit::FINE).expect("a plan");
    assert!(!again.summary.changes && again.basis.rules == lax.basis.rules, "{again:?}");
    sandbox.commit(&with("  rules: {LH402: blocking}\n"));
    let shown = sandbox.run(&["plan"]).expect(exit::FINDINGS_BLOCK).stdout;
    assert!(shown.contains("rules.iam-user-without-boundary: advisory → blocking"), "{shown}");
    sandbox.commit(&with("  rules: {LH103: advisory}\n"));
    let refused = sandbox.run(&["validate"]).expect(exit::FAILED).stderr;
    assert!(refused.contains("fixed-level") && refused.contains("prod.yaml:"), "{refused}");
}
