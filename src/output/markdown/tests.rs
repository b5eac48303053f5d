use proptest::prelude::*;

use super::*;
use crate::output::testing::{assert_inert_markdown, hostile};
use crate::wire::common_v1::{Finding, Level, Tally};
use crate::wire::plan_v1::samples::{against_base as held_against_base, everything, first, unchanged};

fn shown(document: &Document) -> String {
    let mut out = Vec::new();
    plan(document, &mut out).expect("written");
    String::from_utf8(out).expect("text")
}

#[test]
fn nothing_to_do() {
    insta::assert_snapshot!(shown(&Document::from_plan(&unchanged())), @"
    <!-- leasehold plan prod -->
    ## leasehold plan: `prod`

    ✅ **May be merged: there is nothing to apply, and nothing is wrong.**

    Plan: 0 to create, 0 to update, 0 to refresh, 0 to delete; 0 findings (0 blocking), 0 unknown.

    **No changes.** The record holds what the manifests declare (3 roles).

    ### Next

    There is nothing to apply.

    Compared: commit `4f2c9d1e0b7a`; record 4; AWS as `arn:aws:sts::111122223333:assumed-role/LeaseholdReader/ci` sees it (2 calls). Plan `sha256:64879f7d6b960a01909762d911a32d4582c20010c5641ee90278b644a9e3b525`.
    ");
}

#[test]
fn the_first_plan() {
    insta::assert_snapshot!(shown(&Document::from_plan(&first())), @r#"
    <!-- leasehold plan prod -->
    ## leasehold plan: `prod`

    ✅ **May be merged: nothing stands in the way of `apply`.**

    Plan: 1 to create, 0 to update, 0 to refresh, 0 to delete; 0 findings (0 blocking), 0 unknown.

    ### Changes

    - the **Broker** `prod` is recorded: this is the first apply
    - **create** 1 role (not in the record yet): `app-readonly`

    <details><summary>the Broker</summary>

    ```diff
    + principal: arn:aws:iam::111122223333:role/VaultRunner
    + region: ap-northeast-1
    ```

    </details>

    <details><summary>create <code>app-readonly</code></summary>

    Declared at `roles/payments.yaml:2`.

    ```diff
    + credential_type: assumed_role
    + role_arns: arn:aws:iam::111122223333:role/ProdAppReadOnly
    + max_sts_ttl: 1h
      policy_document:
    @@ -0,0 +1,3 @@
    +{
    +  "Statement": []
    +}
    ```

    </details>

    ### Next

    To apply this plan and no other, merge, then run:

    ```sh
    leasehold apply --expect-plan sha256:64879f7d6b960a01909762d911a32d4582c20010c5641ee90278b644a9e3b525
    ```

    Compared: commit `4f2c9d1e0b7a`; no record yet; AWS as `arn:aws:sts::111122223333:assumed-role/LeaseholdReader/ci` sees it (2 calls). Plan `sha256:64879f7d6b960a01909762d911a32d4582c20010c5641ee90278b644a9e3b525`.
    "#);
}

#[test]
fn everything_at_once() {
    insta::assert_snapshot!(shown(&Document::from_plan(&everything())), @r#"
    <!-- leasehold plan prod -->
    ## leasehold plan: `prod`

    ❌ **Do not merge: `apply` refuses this plan because of 2 blocking findings** (2 × LH103), and a brake refuses it as well.

    Plan: 1 to create, 1 to update, 1 to refresh, 1 to delete; 3 findings (2 blocking), 1 unknown.

    ### Brakes: nothing of this plan will be applied

    **Brake** too-many-deletes: 6 roles would be deleted, and the Broker document allows 5

    What to do: if this is meant, pass `--allow-deletes` 6

    ### Findings

    #### LH103 max-above-live (hard): 1 finding

    **In the manifests**: `max_sts_ttl` is 12h, and ProdAppReadOnly allows sessions of 1h at most (by the stricter reading of what AWS documents)

    What to do: lower it to 1h, or raise MaxSessionDuration of the role to 43200

    #### LH103 max-above-live (blocking): 1 finding

    **In `app-readonly`** at `roles/payments.yaml:5`: `max_sts_ttl` is 12h, and ProdAppReadOnly allows sessions of 1h at most

    ```text
    5 |   max_sts_ttl: 12h
      |                ^^^ AWS allows 1h
    ```

    What to do: lower it to 1h, or raise MaxSessionDuration of the role to 43200

    <details><summary>Blocking nothing: 1 finding</summary>

    #### LH103 max-above-live (advisory): 1 finding

    **In `app-readonly`** at `roles/payments.yaml:5`: `max_sts_ttl` is 12h, and ProdAppReadOnly allows sessions of 1h at most

    ```text
    5 |   max_sts_ttl: 12h
      |                ^^^ AWS allows 1h
    ```

    What to do: lower it to 1h, or raise MaxSessionDuration of the role to 43200

    </details>

    <details><summary>Waived: 1 finding</summary>

    #### LH103 max-above-live (blocking): 1 finding

    - in `app-readonly` at `roles/payments.yaml:5`, waived by `legacy-wildcard`: `max_sts_ttl` is 12h, and ProdAppReadOnly allows sessions of 1h at most

    </details>

    Each rule has a page: `leasehold explain CODE`.

    ### Changes

    - the **Broker** `prod` changes
    - **create** 1 role (not in the record yet): `app-readonly`
    - **update** 1 role (the declaration changes): `app-rw`
    - **refresh** 1 role (the declaration is the same, what AWS says or how it is judged is not): `audit`
    - **delete** 1 role (no longer declared, can be issued no more): `old`

    <details><summary>the Broker</summary>

    ```diff
    + principal: arn:aws:iam::111122223333:role/VaultRunner
    + region: ap-northeast-1
    ```

    </details>

    <details><summary>create <code>app-readonly</code></summary>

    Declared at `roles/payments.yaml:2`.

    ```diff
    + credential_type: assumed_role
    + role_arns: arn:aws:iam::111122223333:role/ProdAppReadOnly
    + max_sts_ttl: 1h
      policy_document:
    @@ -0,0 +1,3 @@
    +{
    +  "Statement": []
    +}
    ```

    </details>

    <details><summary>update <code>app-rw</code></summary>

    - max TTL 12h to 1h: 3 open leases outlive it, the last until `14:05`.

    Declared at `roles/payments.yaml:2`.

    ```diff
    - max_sts_ttl: 12h
    + max_sts_ttl: 1h
    ```

    </details>

    <details><summary>refresh <code>audit</code></summary>

    Declared at `roles/payments.yaml:2`.

    ```diff
    - MaxSessionDuration: 3600
    + MaxSessionDuration: 7200
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
    ```

    </details>

    <details><summary>delete <code>old</code></summary>

    - It can be issued no more.

    ```diff
    - role_arns: arn:aws:iam::111122223333:role/ProdAppReadOnly
    ```

    </details>

    ### Drift: AWS is no longer as it was when these roles were applied

    - `arn:aws:iam::111122223333:role/ProdAppReadOnly` differs in 2 facts; it is issued by `app-readonly`, `audit`
    - `arn:aws:iam::111122223333:role/Gone` is gone; it is issued by `old`

    <details><summary><code>arn:aws:iam::111122223333:role/ProdAppReadOnly</code></summary>

    ```diff
    - MaxSessionDuration: 3600
    + MaxSessionDuration: 7200
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
    ```

    </details>

    ### Not known, and so neither allowed nor acted on

    - `arn:aws:iam::444455556666:role/Other` (access-denied): the reader may not call `iam:GetRole` on it. It concerns `app-rw`.

    ### Next

    Do what the blocking findings above say, push, and let the plan be made again.

    Compared: commit `4f2c9d1e0b7a` with local changes; record 4; AWS as `arn:aws:sts::111122223333:assumed-role/LeaseholdReader/ci` sees it (2 calls); only `app-readonly`. Plan `sha256:64879f7d6b960a01909762d911a32d4582c20010c5641ee90278b644a9e3b525`.
    "#);
}

/// A part of a page under the heading of one rule.
struct Section<'a> {
    code: &'a str,
    count: usize,
    text: &'a str,
}

fn number(text: &str) -> usize {
    text.split_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or_else(|| panic!("no number: {text}"))
}

/// `LH103 ttl-above-max (hard): 12 findings` as a code and a number.
fn heading(line: &str) -> Option<(&str, usize)> {
    let (rule, count) = line.rsplit_once("): ")?;
    count.contains(" finding").then(|| (rule.split(' ').next().unwrap_or_default(), number(count)))
}

fn sections<'a>(page: &'a str) -> Vec<Section<'a>> {
    let parts = page.split("\n#### ").skip(1);
    let section = |text: &'a str| heading(text.lines().next()?).map(|(code, count)| Section { code, count, text });
    parts.filter_map(section).collect()
}

/// Every finding is on the page: by its rule and role, or counted by its rule, or counted.
fn assert_accounted(document: &Document, page: &str) {
    let sections = sections(page);
    let of_rules = page.lines().filter_map(|line| heading(line.strip_prefix("- LH")?)).map(|(_, count)| count);
    let totals =
        page.lines().filter(|line| line.starts_with("- ") && line.contains(" of ") && line.ends_with(" advisory"));
    let totals = totals.map(|line| number(&line[2..]));
    let told: usize = sections.iter().map(|section| section.count).chain(of_rules).chain(totals).sum();
    assert_eq!(told, document.findings.len());
    for section in &sections {
        let words: std::collections::BTreeSet<&str> =
            section.text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').collect();
        let roles = document.findings.iter().filter(|finding| finding.code == section.code);
        for role in roles.filter_map(|finding| finding.role.as_deref()) {
            let elsewhere = || sections.iter().any(|other| other.code == section.code && other.text.contains(role));
            assert!(words.contains(role) || elsewhere(), "{} lacks {role}", section.code);
        }
    }
}

/// A plan with so many findings, of so many rules, about so many roles.
fn crowded(findings: usize, rules: usize, roles: usize, text: &str) -> Document {
    let mut document = Document::from_plan(&everything());
    let samples = document.findings.clone();
    document.findings = (0..findings)
        .map(|nth| Finding {
            code: format!("LH{:03}", nth % rules),
            role: (nth % 7 != 0).then(|| format!("role-{}", nth % roles)),
            message: format!("{text}{nth}"),
            remedy: text.to_owned(),
            ..samples[nth % samples.len()].clone()
        })
        .collect();
    let Tally { findings, blocking, waived } = Tally::of(&document.findings);
    (document.summary.findings, document.summary.blocking, document.summary.waived) = (findings, blocking, waived);
    document
}

/// Which rung of the ladder a plan needs, by what its page says is left out.
fn rung(page: &str) -> usize {
    let says = |detail: &Detail| {
        let parts = detail.left_out();
        if parts.is_empty() { !page.contains("This page is shortened") } else { page.contains(&parts.join("; ")) }
    };
    LADDER.iter().rposition(says).expect("one of them")
}

#[test]
fn the_more_there_is_the_less_is_shown_of_each_and_nothing_is_dropped() {
    let mut before = 0;
    let mut rungs = Vec::new();
    for findings in [4, 40, 120, 300, 500, 3_000, 30_000] {
        let document = crowded(findings, 20, 4_000, "`max_sts_ttl` is 12h. ");
        let page = shown(&document);
        assert!(page.len() <= COMMENT_MAX, "{findings}: {}", page.len());
        assert_accounted(&document, &page);
        let _ = assert_inert_markdown(&page, "many findings");
        assert!(rung(&page) >= before, "{findings}");
        before = rung(&page);
        rungs.push(before);
    }
    insta::assert_snapshot!(format!("{rungs:?}"), @"[0, 0, 0, 0, 6, 8, 9]");
    // More rules than there ever are, with names that no rule has.
    let mut document = crowded(5_000, 5_000, 5_000, "x");
    for (nth, finding) in document.findings.iter_mut().enumerate() {
        finding.rule = format!("{}-{nth}", "long".repeat(30));
    }
    let page = shown(&document);
    assert_accounted(&document, &page);
    assert_eq!((page.len() <= COMMENT_MAX, rung(&page)), (true, LADDER.len() - 1));
}

#[test]
fn a_job_summary_takes_more_and_has_no_marker() {
    let document = crowded(1_000, 20, 400, "`max_sts_ttl` is 12h. ");
    let mut out = Vec::new();
    summary(&document, &mut out).expect("written");
    let page = String::from_utf8(out).expect("text");
    assert!(page.starts_with("## leasehold plan: `prod`\n") && page.len() > COMMENT_MAX);
    assert_eq!(rung(&page), 0);
    assert_accounted(&document, &page);
}

#[test]
fn identical_changes_are_shown_once() {
    let mut document = Document::from_plan(&everything());
    let update = document.steps.iter().find(|step| step.role == "app-rw").expect("there").clone();
    document
        .steps
        .extend((0..30).map(|nth| crate::wire::plan_v1::Step { role: format!("twin-{nth}"), ..update.clone() }));
    let page = shown(&document);
    assert_eq!(page.matches("+ max_sts_ttl: 1h\n```").count(), 1);
    assert!(page.contains(
        "<summary>update <code>app-rw</code>, <code>twin-0</code>, <code>twin-1</code> and 28 more, all the same"
    ));
    assert!((0..30).all(|nth| page.contains(&format!("`twin-{nth}`"))), "each is named");
}

#[test]
fn a_marker_is_one_comment_for_each_deployment() {
    assert_eq!(marker("prod"), "<!-- leasehold plan prod -->");
    let mut markers: Vec<String> = ["prod--x", "--> <script>", "", "a b", "-", "x\ny"].map(marker).into();
    markers.extend(hostile().iter().map(|bad| marker(bad)));
    let inner = |marker: &str| marker["<!--".len()..marker.len() - "-->".len()].to_owned();
    assert!(markers.iter().all(|marker| !inner(marker).contains("--") && !marker.contains('\n')));
    let mut document = Document::from_plan(&unchanged());
    document.deployment = "--><script>".to_owned();
    assert!(shown(&document).starts_with("<!-- leasehold plan sha256:"));
}

#[test]
fn the_verdict_says_whether_and_why() {
    let first_words = |document: &Document| shown(document).lines().nth(3).unwrap_or_default().to_owned();
    let mut document = Document::from_plan(&everything());
    document.findings.retain(|finding| !finding.blocks);
    document.summary.blocking = 0;
    assert_eq!(
        first_words(&document),
        "❌ **Do not merge: `apply` refuses this plan because of a brake** (`too-many-deletes`)."
    );
    let mut document = Document::from_plan(&unchanged());
    document.findings = vec![Finding { level: Level::Hard, ..Document::from_plan(&everything()).findings[0].clone() }];
    document.summary.blocking = 1;
    assert_eq!(
        first_words(&document),
        "⚠ **May be merged: `apply` goes through, and `issue` refuses the roles below until they are mended.** What this \
         change touches is not in the way; 1 blocking finding on other roles (LH103)."
    );
}

/// Numbers of things from none to many.
fn many(most: usize) -> impl Strategy<Value = usize> {
    prop_oneof![0..4_usize, 0..most / 10, 0..most]
}

/// As [`crowded`], and every other list of the plan is long too.
fn overfull(
    (findings, rules, roles): (usize, usize, usize),
    (steps, others, times): (usize, usize, usize),
    text: &str,
) -> Document {
    let mut document = crowded(findings, rules, roles, &text.repeat(times));
    let (step, drift, unknown, brake) = (
        document.steps[1].clone(),
        document.drift[0].clone(),
        document.unknowns[0].clone(),
        document.brakes[0].clone(),
    );
    for nth in 0..steps {
        let mut step = step.clone();
        step.role = format!("step-{nth}");
        step.effects = vec![format!("{text}{nth}")];
        step.changes[0].field = format!("{text}{}", nth % 9);
        document.steps.push(step);
    }
    for nth in 0..others {
        let mut more = (drift.clone(), unknown.clone(), brake.clone());
        (more.0.role_arn, more.1.detail, more.2.message) =
            (format!("{text}{nth}"), text.repeat(times), text.to_owned());
        document.drift.push(more.0);
        document.unknowns.push(more.1);
        document.brakes.push(more.2);
    }
    document
}

#[test]
fn a_text_that_is_cut_becomes_no_commit() {
    let page = shown(&overfull((226, 9, 186), (10, 15, 21), "1e999"));
    let _ = assert_inert_markdown(&page, "1e999");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Whatever a plan holds, its page fits, is inert and tells of every finding.
    #[test]
    fn every_page_fits_and_drops_no_finding(
        (findings, rules, roles) in (many(4_000), 1..60_usize, 1..3_000_usize),
        (steps, others, times) in (many(600), many(600), 1..40_usize),
        text in proptest::sample::select(hostile()),
    ) {
        let document = overfull((findings, rules, roles), (steps, others, times), &text);
        let page = shown(&document);
        prop_assert!(page.len() <= COMMENT_MAX);
        assert_accounted(&document, &page);
        let _ = assert_inert_markdown(&page, &text);
    }
}

#[test]
fn each_finding_says_how_it_stands_against_the_base() {
    let mut document = Document::from_plan(&everything());
    assert!(!shown(&document).contains("the base"));
    held_against_base(&mut document);
    let page = shown(&document);
    for words in [
        "1 changed role; 2 new findings \\(1 blocking\\), 2 there before.",
        "Only by the base's: 1 finding.",
        "does not contain the base",
        " (new): ",
        " (in the base as well, by the base's documents alone): ",
        " (new, by its own documents alone): ",
        " (in the base as well): ",
    ] {
        assert!(page.contains(words) || page.contains(&words.replace('\\', "")), "{words}:\n{page}");
    }
}
