//! `plan --base`: what a pull request changes, and who judges it.

use insta::assert_snapshot;
use leasehold::output::exit;
use leasehold::wire::SCHEMAS;
use leasehold::wire::plan_v1::{By, ChangeKind, Document, Judge};

use crate::canned_aws::{CannedAws, manifests, two};
use crate::json_schema::faults;
use crate::sandbox::Sandbox;
use crate::scene::{self, READ_ONLY, READ_WRITE};

const HOUR: &str = "max_sts_ttl: 1h";

/// A role of a type that blocks unless it has a boundary.
fn batch(boundary: &str) -> String {
    format!(
        "---\napiVersion: leasehold/v1\nkind: Role\nmetadata: {{name: batch}}\nspec:\n  credential_type: iam_user\n  \
         max_ttl: 1h\n  user_path: /x/\n  justification: the vendor's tool needs a user\n  \
         policy_arns: [arn:aws:iam::aws:policy/ReadOnlyAccess]\n{boundary}"
    )
}

fn waiver(rule: &str, role: &str) -> String {
    format!(
        "---\napiVersion: leasehold/v1\nkind: Waiver\nmetadata: {{name: w}}\nspec: {{rule: {rule}, roles: [{role}], \
         reason: because, owner: platform, expires: 2999-12-31}}\n"
    )
}

fn with_rules(text: &str, rules: &str) -> String {
    text.replacen("  deployment: prod\n", &format!("  deployment: prod\n  rules: {rules}\n"), 1)
}

/// The plan of the commit that is checked out against the one before.
fn planned(sandbox: &Sandbox, code: u8) -> Document {
    let done = sandbox.run(&["plan", "--ref", "HEAD", "--base", "HEAD~1", "--format", "json"]).expect(code);
    let schema = SCHEMAS.iter().find(|(name, _)| *name == "plan").expect("a form").1();
    let value = serde_json::from_str(&done.stdout).expect("JSON");
    assert_eq!(faults(&schema, &value), [""; 0]);
    Document::read(&done.stdout).expect("a plan")
}

/// A text without its line breaks.
fn flowing(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn plain(sandbox: &Sandbox, code: u8) -> Document {
    Document::read(&sandbox.run(&["plan", "--ref", "HEAD", "--format", "json"]).expect(code).stdout).expect("a plan")
}

#[test]
fn a_pull_request_is_told_apart_from_what_was_there() {
    let aws = CannedAws::start();
    aws.let_broker_make_users();
    let sandbox = aws.sandbox();
    let old = scene::role("gone", READ_ONLY, HOUR) + &scene::role("app", READ_ONLY, HOUR) + &batch("");
    sandbox.commit(&manifests(&old));
    let new = scene::role("app", READ_ONLY, "max_sts_ttl: 2h") + &scene::role("new", READ_WRITE, HOUR) + &batch("");
    sandbox.commit(&manifests(&new));
    let done = sandbox.run(&["plan", "--ref", "HEAD", "--base", "HEAD~1"]).expect(exit::FINDINGS_BLOCK);
    let after_changes = done.shown();
    let (head, tail) = after_changes.split_once("Changes:").expect("changes");
    let (_, tail) = tail.split_once("New findings:").expect("new findings");
    assert_snapshot!(format!("{head}…\nNew findings:{tail}"), @"
    exit 3
    ── stdout
    This pull request, against its base cef4079b30bc:

      ~ app is changed
          max_sts_ttl: 1h → 2h

      - gone is removed

      + new is added

    …
    New findings:

    LH103 ttl-above-max-session-duration (hard) in app

      × role `app` allows `max_sts_ttl` 2h (7200 seconds), and
      │ `arn:aws:iam::111122223333:role/ProdAppReadOnly` has MaxSessionDuration 3600
        ╭─[prod.yaml:14:16]
     14 │   max_sts_ttl: 2h
        ·                ─┬
        ·                 ╰── ProdAppReadOnly allows 1h
        ╰────
      help: lower the maximum to `max_sts_ttl: 1h`, or allow it in AWS:
            `aws iam update-role --role-name ProdAppReadOnly --max-session-duration 7200` (raises
            MaxSessionDuration of arn:aws:iam::111122223333:role/ProdAppReadOnly to 7200)

    Findings that the base has as well:

    LH402 iam-user-without-boundary (blocking) in batch

      × role `batch` makes IAM users without a permissions boundary
        ╭─[prod.yaml:25:18]
     25 │ metadata: {name: batch}
        ·                  ──┬──
        ·                    ╰── no permissions_boundary_arn
        ╰────
      help: name a managed policy that says the most these users may ever do, such as
            `permissions_boundary_arn: arn:aws:iam::111122223333:policy/LeaseholdBoundary`

    Not known, and so neither allowed nor acted on:

      ? quotas of account 111122223333 (access-denied)
          iam:GetAccountSummary: no such action: GetAccountSummary

    Compared: commit 5f8d43c7d75f; no record yet; AWS as arn:aws:iam::111122223333:user/ci sees it (10
              calls).
    Judged by: the Broker, Account and Waiver documents of the base cef4079b30bc, which this pull
               request leaves alone.
    Pull request: 3 changed roles; 1 new finding (1 blocking), 1 there before.
    Plan: 3 to create, 0 to update, 0 to refresh, 0 to delete; 2 findings (2 blocking), 1 unknown.
    Next: mend the blocking findings above, then plan again; merging this would pass over them.
    ");
    let document = planned(&sandbox, exit::FINDINGS_BLOCK);
    let base = document.base.expect("a base");
    let roles: Vec<_> = base.roles.iter().map(|change| (change.role.as_str(), change.kind)).collect();
    assert_eq!(roles, [("app", ChangeKind::Changed), ("gone", ChangeKind::Removed), ("new", ChangeKind::Added)]);
    assert_eq!((base.judge, base.is_ancestor), (Judge::Same, Some(true)));
    let news: Vec<_> = document.findings.iter().zip(&base.standings).map(|(f, s)| (f.code.as_str(), s.new)).collect();
    assert_eq!(news, [("LH103", true), ("LH402", false)]);
}

#[test]
fn no_pull_request_loosens_what_judges_it() {
    let sound = batch("  permissions_boundary_arn: arn:aws:iam::111122223333:policy/B\n");
    let faulty = batch("");
    for (base, loosened) in [
        (manifests(&sound), with_rules(&manifests(&faulty), "{iam-user-without-boundary: advisory}")),
        (manifests(&sound), manifests(&faulty) + &waiver("LH402", "batch")),
        (with_rules(&manifests(&two(HOUR)), "{LH501: blocking}"), {
            let expired = two("max_sts_ttl: 1h\nexpires: 2020-01-01");
            with_rules(&manifests(&expired), "{LH501: advisory}")
        }),
    ] {
        let aws = CannedAws::start();
        aws.let_broker_make_users();
        let sandbox = aws.sandbox();
        sandbox.commit(&base);
        sandbox.commit(&loosened);
        let alone = plain(&sandbox, exit::FINE);
        let document = planned(&sandbox, exit::FINDINGS_BLOCK);
        let base = document.base.as_ref().expect("a base");
        assert_eq!(base.judge, Judge::Both);
        let judge: Vec<_> = document.findings.iter().filter(|finding| finding.code == "LH604").collect();
        assert!(judge.len() == 1 && judge[0].message.contains("loosens") && !judge[0].blocks, "{judge:?}");
        assert!(document.summary.blocking > 0 && alone.summary.blocking == 0);
        // After the merge there is no base, and what was reviewed is what is applied.
        assert_eq!((&document.hash, &document.steps), (&alone.hash, &alone.steps));
        let _ = sandbox.run(&["apply", "--auto-approve", "--expect-plan", &document.hash]).expect(exit::FINE);
    }
}

#[test]
fn a_stricter_judge_of_the_pull_request_counts_as_well() {
    let aws = CannedAws::start();
    let sandbox = aws.sandbox();
    let open = "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::111122223333:root\"},\"Action\":\"sts:AssumeRole\"}]}";
    aws.put("ProdAppReadOnly", 3_600, open);
    let role = scene::role("app", READ_ONLY, HOUR);
    sandbox.commit(&manifests(&role));
    sandbox.commit(&with_rules(&manifests(&role), "{trust-account-root: blocking}"));
    let document = planned(&sandbox, exit::FINDINGS_BLOCK);
    let of = |code: &str| {
        let at = document.findings.iter().position(|finding| finding.code == code).expect("found");
        (document.findings[at].blocks, document.base.as_ref().expect("a base").standings[at])
    };
    let (blocks, standing) = of("LH205");
    assert!(blocks && !standing.new && standing.by == By::Both, "{standing:?}");
    assert!(!document.findings.iter().any(|finding| finding.message.contains("loosens")));
}

#[test]
fn the_level_of_a_changed_judge_is_taken_from_the_base_too() {
    let aws = CannedAws::start();
    let sandbox = aws.sandbox();
    sandbox.commit(&with_rules(&manifests(&two(HOUR)), "{judge-changed: blocking}"));
    sandbox.commit(&manifests(&two(HOUR)));
    let document = planned(&sandbox, exit::FINDINGS_BLOCK);
    let found: Vec<_> = document.findings.iter().map(|finding| (finding.code.as_str(), finding.blocks)).collect();
    assert_eq!(found, [("LH604", true)]);
    let shown = sandbox.run(&["plan", "--ref", "HEAD", "--base", "HEAD~1"]).expect(exit::FINDINGS_BLOCK).shown();
    let (_, shown) = shown.split_once("New findings:").expect("new findings");
    assert_snapshot!(shown.trim(), @"
    LH604 judge-changed (blocking)

      × this pull request changes what judges it, and loosens it: in the Broker document
      │ `rules.judge-changed` from `blocking` to nothing
       ╭─[prod.yaml:2:7]
     2 │ kind: Broker
       ·       ───┬──
       ·          ╰── loosens the judge
       ╰────
      help: keep `judge-changed: blocking` in the Broker document; or change the judge in a pull
            request of its own. Roles are judged by the base's documents as well

    Compared: commit 743b3e321e1d; no record yet; AWS as arn:aws:iam::111122223333:user/ci sees it (7
              calls).
    Judged by: the Broker, Account and Waiver documents of the base b81566ea713f and this pull request's
               own, because it changes them (LH604); the stricter judgement counts. After the merge,
               apply judges by the merged ones.
    Pull request: 0 changed roles; 1 new finding (1 blocking), 0 there before.
    Plan: 2 to create, 0 to update, 0 to refresh, 0 to delete; 1 finding (1 blocking), 0 unknown.
    Next: mend the blocking finding above, then plan again; merging this would pass over them.
    ");
}

#[test]
fn a_pull_request_cannot_unlock_what_it_deletes() {
    let aws = CannedAws::start();
    let sandbox = aws.sandbox();
    let protected = scene::role("app", READ_ONLY, "max_sts_ttl: 1h\nprotect: true");
    sandbox.commit(&manifests(&(protected + &scene::role("other", READ_WRITE, HOUR))));
    let _ = sandbox.run(&["apply", "--auto-approve"]).expect(exit::FINE);
    let left = manifests(&scene::role("other", READ_WRITE, HOUR)) + &waiver("protected-role", "app");
    sandbox.commit(&left);
    assert_eq!(plain(&sandbox, exit::FINE).summary.delete, 1);
    let braked = planned(&sandbox, exit::BRAKE_REFUSED);
    assert_eq!(braked.brakes.iter().map(|brake| brake.name.as_str()).collect::<Vec<_>>(), ["protected-role"]);
    assert!(braked.brakes[0].remedy.contains("first"), "{braked:?}");
    // The waiver first, and then the deletion.
    sandbox.commit(&left);
    assert!(planned(&sandbox, exit::FINE).brakes.is_empty());
}

#[test]
fn the_first_pull_request_has_only_itself_to_be_judged_by() {
    let aws = CannedAws::start();
    let sandbox = aws.sandbox();
    sandbox.write("README", "nothing declared yet\n");
    sandbox.git(&["add", "--all"]);
    sandbox.git(&["commit", "--quiet", "--message", "Begin"]);
    sandbox.write("deploy/prod.yaml", &manifests(&two(HOUR)));
    sandbox.git(&["add", "--all"]);
    sandbox.git(&["commit", "--quiet", "--message", "Declare"]);
    let run = |more: &[&str]| sandbox.run(&[&["plan", "--ref", "HEAD", "--base", "HEAD~1"][..], more].concat());
    for more in [&["--dir", "deploy"][..], &["--path", "deploy"], &[]] {
        let shown = flowing(&run(more).expect(exit::FINE).stdout);
        assert!(shown.contains("because there are no manifests in the base"), "{shown}");
        assert!(
            shown.contains("Next: after the merge, leasehold apply")
                && shown.contains("+ app-rw is added")
                && shown.contains("Pull request: 2 changed roles; 0 new findings"),
            "{shown}"
        );
    }
}

#[test]
fn the_base_is_read_in_the_same_folder_of_a_bare_repository() {
    let aws = CannedAws::start();
    let sandbox = aws.sandbox();
    let commit = |text: &str| {
        sandbox.write("deploy/prod.yaml", text);
        sandbox.write("other.yaml", "not: one of ours\n");
        sandbox.git(&["add", "--all"]);
        sandbox.git(&["commit", "--quiet", "--message", "Change"]);
    };
    commit(&manifests(&scene::role("app", READ_ONLY, HOUR)));
    commit(&manifests(&two(HOUR)));
    sandbox.git(&["clone", "--quiet", "--bare", ".", "../bare.git"]);
    let state = format!("file://{}", sandbox.path("state").display());
    let from = ["--dir", "../bare.git", "--ref", "main", "--path", "deploy", "--state", &state, "--base", "main~1"];
    let shown = sandbox.run(&[&["plan"][..], &from].concat()).expect(exit::FINE).stdout;
    for line in ["+ app-readonly is added", "+ app-rw is added", "- app is removed", "Judged by: the Broker"] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
}

#[test]
fn a_base_that_is_not_below_is_said_and_the_files_themselves_have_one_too() {
    let aws = CannedAws::start();
    let sandbox = aws.sandbox();
    sandbox.commit(&manifests(&two(HOUR)));
    sandbox.git(&["branch", "side"]);
    sandbox.commit(&manifests(&(two(HOUR) + &scene::role("merged-since", READ_ONLY, HOUR))));
    sandbox.git(&["checkout", "--quiet", "side"]);
    let shown = flowing(&sandbox.run(&["plan", "--ref", "side", "--base", "main"]).expect(exit::FINE).stdout);
    assert!(shown.contains("- merged-since is removed") && shown.contains("does not contain the base"), "{shown}");
    // Files that are in no commit yet have no ancestors that anybody could look at.
    sandbox.write("prod.yaml", &manifests(&two("max_sts_ttl: 30m")));
    let files = flowing(&sandbox.run(&["plan", "--base", "side"]).expect(exit::FINE).stdout);
    assert!(files.contains("~ app-rw is changed") && !files.contains("does not contain the base"), "{files}");
}

#[test]
fn a_base_that_cannot_be_read_fails_and_says_what_to_do() {
    let aws = CannedAws::start();
    let sandbox = aws.sandbox();
    sandbox.commit("apiVersion: leasehold/v1\nkind: Rolle\n");
    sandbox.commit(&manifests(&two(HOUR)));
    sandbox.commit(&manifests(&two("max_sts_ttl: 30m")));
    assert_snapshot!(sandbox.run(&["plan", "--base", "HEAD~2"]).expect(exit::FAILED).shown(), @"
    exit 1
    ── stderr
    error[base-unreadable]: the manifests at the base 5c12357e7038 have errors, and so cannot judge this pull request; because prod.yaml:2: `Rolle` is not a kind of document (at the base); help: name a base whose manifests are sound; if this pull request is what mends them, plan it without --base, and let somebody who answers for the judge look at it: it then judges itself
    ");
    assert_snapshot!(sandbox.run(&["plan", "--base", "origin/main"]).expect(exit::FAILED).shown(), @"
    exit 1
    ── stderr
    error[manifests-unreadable]: the base cannot be read: the revision `origin/main` does not exist; help: name a branch, a tag or a commit of this repository; fetch it first if it is new (`git fetch`)
    ");
    let _ = sandbox
        .run_plain(
            "git",
            &["clone", "--quiet", "--depth", "1", &format!("file://{}", sandbox.repo().display()), "../shallow"],
        )
        .expect(0);
    let shallow = ["plan", "--dir", "../shallow", "--base", "HEAD~1"];
    assert_snapshot!(sandbox.run(&shallow).expect(exit::FAILED).shown(), @"
    exit 1
    ── stderr
    error[manifests-unreadable]: the base cannot be read: the revision `HEAD~1` does not exist; help: this is a shallow clone: fetch that revision (`git fetch --unshallow`, or `fetch-depth: 0` in CI)
    ");
    std::fs::create_dir(sandbox.path("bare-folder")).expect("a folder");
    std::fs::write(sandbox.path("bare-folder/prod.yaml"), manifests(&two(HOUR))).expect("written");
    assert_snapshot!(sandbox.run(&["plan", "--dir", "../bare-folder", "--base", "HEAD"]).expect(exit::FAILED).shown(), @"
    exit 1
    ── stderr
    error[manifests-unreadable]: the base cannot be read: `../bare-folder` does not lie in a git repository, and so has no base; help: plan a folder in one, or plan without --base
    ");
}

#[test]
fn nothing_of_a_hostile_base_reaches_a_terminal_raw() {
    let aws = CannedAws::start();
    let sandbox = aws.sandbox();
    let evil = "a\u{1b}[31m\u{202e}.yaml";
    sandbox.write(evil, "apiVersion: leasehold/v1\nkind: \"R\u{1b}[31mole\"\n");
    sandbox.commit(&manifests(&two(HOUR)));
    std::fs::remove_file(sandbox.repo().join(evil)).expect("removed");
    let waived = waiver("LH204", "app-rw").replace("because", "\"<script>$(x) ${{ y }} \u{e9}\"");
    sandbox.commit(&(manifests(&two(HOUR)) + &waived));
    let harmless = |done: &crate::sandbox::Done| {
        let all = done.all();
        assert!(!all.chars().any(|c| c != '\n' && leasehold::domain::text::is_unsafe(c)), "{all:?}");
        all
    };
    let unreadable = harmless(&sandbox.run(&["plan", "--base", "HEAD~1"]).expect(exit::FAILED));
    assert!(unreadable.contains("error[base-unreadable]") && unreadable.contains("u{1b}"), "{unreadable}");
    for revision in
        ["\u{1b}]0;x\u{7}", "-x", "--upload-pack=touch pwned", "HEAD:prod.yaml", "", "@{-1}", ":/Change", "a..b"]
    {
        let done = sandbox.run(&["plan", "--ref", "HEAD", &format!("--base={revision}")]);
        let told = harmless(&done);
        assert!(matches!(done.code, 1 | 64) || revision == ":/Change", "{revision:?}: {told}");
    }
    assert!(!sandbox.repo().join("pwned").exists());
}
