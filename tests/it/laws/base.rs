//! What holds for every pull request and every base.

use leasehold::app::{Base, make_plan_against};
use leasehold::domain::finding::Finding;
use leasehold::domain::plan::{By, Judge};
use leasehold::domain::rules::JUDGE_CHANGED;

use super::*;

const LEVELS: [&str; 5] = [
    "",
    "  rules: {trust-account-root: blocking}\n",
    "  rules: {LH501: advisory, LH206: advisory}\n",
    "  rules: {trust-conditional: blocking, judge-changed: blocking}\n",
    "  limits: {max_deletes: 1}\n",
];

/// A set whose Broker gives some levels.
fn leveled() -> impl Strategy<Value = (Declared, &'static str)> {
    (declared(), select(&LEVELS[..]))
}

fn text_of((declared, levels): &(Declared, &'static str)) -> String {
    declared.text().replacen("  deployment: prod\n", &format!("  deployment: prod\n{levels}"), 1)
}

/// The roles of one set under the Broker and the waivers of another.
fn mixed(roles: &Declared, judge: &(Declared, &'static str)) -> String {
    let of = |declared: &Declared, kind: &str| {
        let documents = declared.documents.iter().filter(|document| document.contains(kind)).cloned();
        documents.collect::<Vec<_>>()
    };
    let mut documents = of(roles, "kind: Role");
    documents.extend(of(&judge.0, "kind: Waiver"));
    text_of(&(Declared { broker: judge.0.broker, documents }, judge.1))
}

fn against(run: &Run, base: &str, head: &str, world: &World) -> Plan {
    let desired = |text: &str| {
        let file = Arc::new(SourceFile { path: "prod.yaml".to_owned(), text: text.to_owned() });
        leasehold::wire::manifest_v1::read(&[file]).unwrap_or_else(|error| panic!("{error:?}\n{text}"))
    };
    let basis = Basis {
        commit: Some("1".repeat(40)),
        tree: Some("2".repeat(40)),
        dirty: false,
        manifest_digest: Digest::of_bytes(head.as_bytes()),
    };
    let base = Base { commit: "3".repeat(40), desired: Some(desired(base)), is_ancestor: Some(true) };
    let (cloud, now) = (WorldCloud { world, now: run.clock.now() }, run.clock.now());
    let request = PlanRequest::default();
    block_on(make_plan_against(&base, basis, desired(head), &cloud, &run.store, now, request)).expect("a plan").plan
}

fn told<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> BTreeSet<String> {
    let words = |finding: &Finding| format!("{} {:?} {}", finding.code, finding.role, finding.message);
    findings.into_iter().map(words).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_pull_request_that_changes_nothing_brings_nothing(first in declared(), set in leveled(), world in world()) {
        let run = Run::new();
        run.apply_what_goes(&first, &world);
        let text = text_of(&set);
        let (alone, mut with) = (run.plan(&text, &world).plan, against(&run, &text, &text, &world));
        let base = with.report.base.take().expect("a base");
        prop_assert_eq!((base.judge, base.roles.len()), (Judge::Same, 0));
        prop_assert!(base.standings.iter().all(|standing| !standing.new && standing.by == By::Both), "{:?}", base);
        prop_assert_eq!(json(&alone), json(&with), "and the plan is that without a base");
    }

    #[test]
    fn neither_judge_lets_more_pass_because_of_the_other(
        first in declared(), base in leveled(), head in leveled(), world in world(),
    ) {
        let run = Run::new();
        run.apply_what_goes(&first, &world);
        let (old, new) = (text_of(&base), text_of(&head));
        let alone = run.plan(&new, &world).plan;
        let under_base = run.plan(&mixed(&head.0, &base), &world).plan;
        let with = against(&run, &old, &new, &world);
        // What apply would do, and under which hash, does not depend on the base.
        prop_assert_eq!(&with.hash, &alone.hash);
        prop_assert_eq!(steps(&with), steps(&alone));
        let blocked = told(with.report.findings.iter().filter(|finding| finding.blocks()));
        let blocks = |plan: &Plan, about_a_role: bool| {
            let blocking = plan.report.findings.iter().filter(|finding| finding.blocks());
            told(blocking.filter(|finding| !about_a_role || finding.role.is_some()))
        };
        prop_assert!(blocks(&alone, false).is_subset(&blocked), "{}", json(&with));
        prop_assert!(blocks(&under_base, true).is_subset(&blocked), "{}", json(&with));
        let brakes = |plan: &Plan| plan.report.brakes.iter().map(|brake| brake.message.clone()).collect::<BTreeSet<_>>();
        prop_assert!(brakes(&alone).is_subset(&brakes(&with)));
        // And nothing blocks that neither of them blocks, but the change of the judge itself.
        let either = blocks(&alone, false).into_iter().chain(blocks(&under_base, true)).collect::<BTreeSet<_>>();
        let judge = told(with.report.findings.iter().filter(|finding| finding.code == JUDGE_CHANGED));
        let advisory = told(alone.report.findings.iter().chain(&under_base.report.findings).filter(|f| !f.blocks()));
        let unexplained: Vec<_> = blocked.difference(&either).filter(|told| !judge.contains(*told)).collect();
        // A level of the one and a missing waiver of the other may block together what each alone lets pass.
        prop_assert!(unexplained.iter().all(|told| advisory.contains(*told)), "{unexplained:?}");
        let judged = with.report.base.as_ref().map(|base| base.judge);
        prop_assert_eq!(judged == Some(Judge::Same), judge.is_empty());
        prop_assert_eq!(plan_v1::Document::read(&json(&with)).map(|document| document.to_json()), Ok(json(&with)));
    }
}
