//! Plan, apply and issue over the fake cloud and a store in memory.

use leasehold::app::ledger;
use leasehold::app::{Expectation, HeadSigning, Meaning, read_record, review};
use leasehold::domain::audit::AuditAction;
use leasehold::domain::ident::RoleArn;
use leasehold::domain::lease::{Ending, LeaseState};
use leasehold::domain::plan::{Action, SinceApply};
use leasehold::domain::ttl::Ttl;
use leasehold::domain::world::{LivePolicy, Why};
use leasehold::ports::StateRead as _;
use leasehold::testing::{MemoryStore, Trouble, block_on};
use leasehold::wire::{plan_v1, state_v1};

use crate::scene::{READ_ONLY, READ_WRITE, RUNNER, Scene, USER, arn, request, role, trusting};

const HOUR: &str = "default_sts_ttl: 30m\nmax_sts_ttl: 1h";

fn two() -> String {
    role("app-readonly", READ_ONLY, HOUR) + &role("app-rw", READ_WRITE, HOUR)
}

#[test]
fn a_plan_after_its_apply_is_empty() {
    let (scene, store) = (Scene::new(), MemoryStore::new());
    assert_eq!(scene.plan(&store, &two()).plan.count(Action::Create), 2);
    let applied = scene.apply(&store, &two()).expect("applied");
    assert_eq!(applied.head.map(|head| head.serial), Some(1));
    assert!(!scene.plan(&store, &two()).plan.has_changes());
    let again = scene.apply(&store, &two()).expect("applied");
    assert_eq!((again.head, again.roles.len()), (None, 0));
}

#[test]
fn what_changed_in_aws_is_drift_and_recording_it_ends_it() {
    let (scene, store) = (Scene::new(), MemoryStore::new());
    scene.apply(&store, &two()).expect("applied");
    scene.cloud.edit_role(&arn(READ_ONLY), |live| live.max_session_duration = 7_200);
    let plan = scene.plan(&store, &two()).plan;
    assert_eq!(plan.report.drift.len(), 1);
    assert_eq!(plan.report.drift[0].changes[0].field, "MaxSessionDuration");
    assert_eq!(plan.count(Action::Refresh), 1);
    scene.apply(&store, &two()).expect("applied");
    let plan = scene.plan(&store, &two()).plan;
    assert!(plan.report.drift.is_empty() && !plan.has_changes());
}

#[test]
fn a_trust_policy_written_another_way_is_no_drift() {
    let (scene, store) = (Scene::new(), MemoryStore::new());
    scene.apply(&store, &two()).expect("applied");
    let other = format!(
        r#"{{"Statement":{{"Action":["sts:TagSession","STS:AssumeRole","sts:SetSourceIdentity"],"Principal":{{"AWS":["{RUNNER}"]}},"Effect":"Allow"}},"Version":"2012-10-17"}}"#
    );
    scene.cloud.edit_role(&arn(READ_ONLY), |live| live.trust = LivePolicy::read(&other));
    assert!(!scene.plan(&store, &two()).plan.has_changes());
}

#[test]
fn a_role_that_aws_broke_is_suspended_and_the_others_are_not_held_up() {
    let (scene, store) = (Scene::new(), MemoryStore::new());
    scene.apply(&store, &two()).expect("applied");
    scene.cloud.edit_role(&arn(READ_ONLY), |live| live.trust = LivePolicy::read(&trusting(USER)));
    let longer = role("app-readonly", READ_ONLY, HOUR) + &role("app-rw", READ_WRITE, "max_sts_ttl: 30m");
    let applied = scene.apply(&store, &longer).expect("applied");
    assert_eq!(applied.violating.len(), 1);
    let refused = scene.issue(&store, "app-readonly").map(drop).expect_err("refused");
    assert_eq!((refused.meaning, refused.kind), (Meaning::RefusedHere, "role-violating"));
    scene.issue(&store, "app-rw").map(drop).expect("issued");

    scene.cloud.edit_role(&arn(READ_ONLY), |live| live.trust = LivePolicy::read(&trusting(RUNNER)));
    let applied = scene.apply(&store, &longer).expect("applied");
    assert!(applied.violating.is_empty());
    scene.issue(&store, "app-readonly").map(drop).expect("issued");
}

#[test]
fn not_knowing_neither_suspends_nor_proves() {
    let (scene, store) = (Scene::new(), MemoryStore::new());
    scene.apply(&store, &role("app-readonly", READ_ONLY, HOUR)).expect("applied");
    scene.cloud.hide_role(&arn(READ_ONLY));
    scene.cloud.hide_role(&arn(READ_WRITE));
    let plan = scene.plan(&store, &role("app-readonly", READ_ONLY, HOUR)).plan;
    assert!(!plan.has_changes());
    assert_eq!(plan.report.unknowns.len(), 1);
    let refused = scene.apply(&store, &two()).expect_err("refused");
    assert_eq!(refused.meaning, Meaning::FindingsBlock);
    scene.issue(&store, "app-readonly").map(drop).expect("issued");
}

#[test]
fn a_list_that_could_not_be_read_is_not_known_and_is_no_drift() {
    let (scene, store) = (Scene::new(), MemoryStore::new());
    scene.cloud.put_broker_policy(
        "issue",
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}}"#,
    );
    scene.apply(&store, &two()).expect("applied");
    let calls = || leasehold::ports::CloudRead::calls(&scene.cloud);
    let before = calls();
    let read = scene.plan(&store, &two()).plan;
    assert_eq!(read.report.unknowns, []);
    let each = calls() - before;
    // All roles of the account are listed last.
    scene.cloud.trouble(before + 2 * each, Trouble::Throttle);
    let plan = scene.plan(&store, &two()).plan;
    let subjects: Vec<&str> = plan.report.unknowns.iter().map(|unknown| unknown.subject.as_str()).collect();
    assert_eq!(subjects, ["list of all roles of account 111122223333"]);
    assert_eq!(plan.report.unknowns[0].unknown.why, Why::Throttled);
    let (_, record) = block_on(read_record(&store)).expect("readable").expect("applied");
    assert!(SinceApply::of(plan, &record).is_proven());
}

#[test]
fn a_broker_that_cannot_be_read_today_suspends_nothing_and_proves_nothing_new() {
    let (scene, store) = (Scene::new(), MemoryStore::new());
    let by_account = |arn: &RoleArn| scene.cloud.put_role(arn, 3_600, &trusting("arn:aws:iam::111122223333:root"));
    by_account(&arn(READ_ONLY));
    by_account(&arn(READ_WRITE));
    scene.cloud.put_broker_policy(
        "issue",
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}}"#,
    );
    scene.apply(&store, &role("app-readonly", READ_ONLY, HOUR)).expect("applied");
    scene.cloud.hide_broker();
    let plan = scene.plan(&store, &role("app-readonly", READ_ONLY, HOUR)).plan;
    assert!(!plan.has_changes() && plan.report.findings.iter().any(|finding| finding.code == "LH308"));
    let refused = scene.apply(&store, &two()).expect_err("refused");
    assert_eq!(refused.meaning, Meaning::FindingsBlock);
    scene.issue(&store, "app-readonly").map(drop).expect("issued");
}

#[test]
fn findings_on_what_git_changes_stop_the_whole_apply() {
    let (scene, store) = (Scene::new(), MemoryStore::new());
    let roles = role("app-readonly", READ_ONLY, "max_sts_ttl: 2h") + &role("app-rw", READ_WRITE, HOUR);
    let refused = scene.apply(&store, &roles).expect_err("refused");
    assert_eq!(refused.meaning, Meaning::FindingsBlock);
    assert!(store.objects().is_empty());
}

#[test]
fn deleting_more_than_the_limit_is_refused_until_it_is_meant() {
    let (scene, store) = (Scene::new(), MemoryStore::new());
    let many: String = (0..7).map(|n| role(&format!("app-{n}"), READ_ONLY, HOUR)).collect();
    scene.apply(&store, &many).expect("applied");
    let one = role("app-0", READ_ONLY, HOUR);
    assert_eq!(scene.apply(&store, &one).expect_err("refused").kind, "too-many-deletes");
    assert_eq!(scene.apply(&store, "").expect_err("refused").kind, "empty-set");
}

#[test]
fn a_protected_role_leaves_only_with_a_waiver() {
    let (scene, store) = (Scene::new(), MemoryStore::new());
    let both = role("app-readonly", READ_ONLY, "protect: true") + &role("app-rw", READ_WRITE, HOUR);
    scene.apply(&store, &both).expect("applied");
    let one = role("app-rw", READ_WRITE, HOUR);
    assert_eq!(scene.apply(&store, &one).expect_err("refused").kind, "protected-role");
    let waiver = "---\napiVersion: leasehold/v1\nkind: Waiver\nmetadata: {name: unlock}\nspec: {rule: protected-role, \
                  roles: [app-readonly], reason: retired, owner: platform, expires: 2026-11-30}\n";
    let applied = scene.apply(&store, &format!("{one}{waiver}")).expect("applied");
    assert_eq!(applied.roles.len(), 1);
}

#[test]
fn a_saved_plan_leaves_out_what_moved_and_applies_the_rest() {
    let (scene, store) = (Scene::new(), MemoryStore::new());
    let saved = plan_v1::Document::from_plan(&scene.plan(&store, &two()).plan).to_json();
    let basis = plan_v1::Document::read(&saved).expect("a plan").basis().expect("a basis");
    let expectation = Expectation::Saved(Box::new(basis));
    scene.cloud.edit_role(&arn(READ_ONLY), |live| live.max_session_duration = 7_200);
    let reviewed = review(scene.plan(&store, &two()), &expectation, false).expect("reviewed");
    assert_eq!(reviewed.stale.iter().map(|name| name.as_str()).collect::<Vec<_>>(), ["app-readonly"]);
    assert_eq!(reviewed.plan().steps.len(), 1);

    scene.apply(&store, &two()).expect("applied");
    let stale = review(scene.plan(&store, &two()), &expectation, false).expect_err("stale");
    assert_eq!(stale.meaning, Meaning::Stale);
}

#[test]
fn a_plan_hash_knows_neither_time_nor_commit() {
    let (scene, store) = (Scene::new(), MemoryStore::new());
    let first = scene.plan(&store, &two()).plan;
    scene.clock.advance(jiff::SignedDuration::from_hours(5));
    let second = scene.plan(&store, &two()).plan;
    assert_eq!(first.hash, second.hash);
    scene.cloud.edit_role(&arn(READ_ONLY), |live| live.max_session_duration = 7_200);
    assert_ne!(scene.plan(&store, &two()).plan.hash, first.hash);
}

#[test]
fn two_applies_at_once_end_in_one() {
    let (scene, store) = (Scene::new(), MemoryStore::new());
    scene.apply(&store, &two()).expect("applied");
    let one = role("app-readonly", READ_ONLY, HOUR);
    let late = review(scene.plan(&store, &one), &Expectation::Nothing, false).expect("reviewed");
    scene.apply(&store, &role("app-rw", READ_WRITE, HOUR)).expect("applied");
    let who = Default::default();
    let busy = block_on(leasehold::app::commit(late, &store, &scene.clock, &scene.ids, &who, &HeadSigning::none()))
        .expect_err("busy");
    assert_eq!(busy.meaning, Meaning::Busy);
    let record = block_on(read_record(&store)).expect("readable").expect("there").1;
    assert_eq!(record.head.serial, 2);
    assert!(record.snapshot.roles.keys().eq([&leasehold::domain::ident::Name::parse("app-rw").expect("a name")]));
}

#[test]
fn an_issue_leaves_a_lease_and_a_chain_of_two_events() {
    let (scene, store) = (Scene::new(), MemoryStore::new());
    scene.apply(&store, &two()).expect("applied");
    let issued = scene.issue(&store, "app-readonly").expect("issued");
    assert_eq!(issued.lease.state, LeaseState::Active);
    assert_eq!(issued.lease.request.ttl.seconds(), 1_800);
    let session = &scene.cloud.sessions()[0];
    assert_eq!(session.name, issued.lease.request.session_name);
    assert_eq!(session.expires_at, issued.lease.lives_until());

    let mut events = Vec::new();
    for key in block_on(store.list("audit/")).expect("a list") {
        let bytes = block_on(store.get(&key)).expect("readable").expect("there").bytes;
        let event = state_v1::decode_audit(&bytes).expect("an event").body;
        if event.lease.as_ref() == Some(&issued.lease.id) {
            events.push((event, leasehold::domain::digest::Digest::of_bytes(&bytes)));
        }
    }
    let actions: Vec<_> = events.iter().map(|(event, _)| event.action).collect();
    assert_eq!(actions, [AuditAction::IssueRequested, AuditAction::IssueGranted]);
    assert_eq!(events[1].0.previous.as_ref(), Some(&events[0].1));
}

#[test]
fn tokens_are_issued_by_a_user_and_refused_to_a_role() {
    let roles = "---\napiVersion: leasehold/v1\nkind: Role\nmetadata: {name: fed}\nspec:\n  credential_type: federation_token\n  \
                 policy_arns: [arn:aws:iam::aws:policy/ReadOnlyAccess]\n---\napiVersion: leasehold/v1\nkind: Role\nmetadata: \
                 {name: session}\nspec:\n  credential_type: session_token\n  max_sts_ttl: 36h\n";
    let (scene, store) = (Scene::with_broker(USER), MemoryStore::new());
    scene.cloud.put_managed_policy("arn:aws:iam::aws:policy/ReadOnlyAccess");
    scene.apply(&store, roles).expect("applied");
    let fed = scene.issue(&store, "fed").expect("issued");
    assert!(fed.lease.request.session_name.is_some_and(|name| name.len() <= 32));
    let session =
        scene.issue_as(&store, leasehold::app::IssueRequest { ttl: Ttl::parse("36h").ok(), ..request("session") });
    assert_eq!(session.expect("issued").lease.request.ttl.seconds(), 129_600);

    let (scene, store) = (Scene::new(), MemoryStore::new());
    assert_eq!(scene.apply(&store, roles).expect_err("refused").meaning, Meaning::FindingsBlock);
}

#[test]
fn the_record_alone_decides_what_is_issued() {
    let (scene, store) = (Scene::new(), MemoryStore::new());
    let kind = |request| {
        let failure = scene.issue_as(&store, request).map(drop).expect_err("refused");
        assert_eq!(failure.meaning, Meaning::RefusedHere, "{failure:?}");
        failure.kind
    };
    assert_eq!(kind(request("app-readonly")), "nothing-applied");
    let expiring = role("app-readonly", READ_ONLY, HOUR) + &role("app-rw", READ_WRITE, "expires: 2026-11-24");
    scene.apply(&store, &expiring).expect("applied");
    assert_eq!(kind(request("app-readonli")), "no-such-role");
    let with = |edit: fn(&mut leasehold::app::IssueRequest)| {
        let mut request = request("app-readonly");
        edit(&mut request);
        request
    };
    assert_eq!(kind(with(|r| r.ttl = Ttl::parse("2h").ok())), "ttl-above-maximum");
    assert_eq!(kind(with(|r| r.ttl = Ttl::parse("10m").ok())), "ttl-below-minimum");
    assert_eq!(kind(with(|r| r.role_arn = Some(READ_WRITE.to_owned()))), "role-arn-not-declared");
    assert_eq!(kind(with(|r| r.session_name = Some("a b".to_owned()))), "bad-session-name");
    scene.clock.advance(jiff::SignedDuration::from_hours(48));
    assert_eq!(kind(request("app-rw")), "role-expired");
    assert!(scene.cloud.sessions().is_empty());
    assert!(block_on(ledger::all(&store)).expect("readable").is_empty());
}

#[test]
fn a_clamped_ttl_is_said() {
    let (scene, store) = (Scene::new(), MemoryStore::new());
    scene.apply(&store, &two()).expect("applied");
    let wanted = leasehold::app::IssueRequest { ttl: Ttl::parse("2h").ok(), clamp: true, ..request("app-readonly") };
    let issued = scene.issue_as(&store, wanted).expect("issued");
    assert_eq!(issued.lease.request.ttl.seconds(), 3_600);
    assert!(issued.notes[0].contains("lowered to 1h"), "{:?}", issued.notes);
}

#[test]
fn a_refusal_of_aws_ends_the_lease_and_a_lost_answer_does_not() {
    let (scene, store) = (Scene::new(), MemoryStore::new());
    scene.apply(&store, &two()).expect("applied");
    scene.cloud.edit_role(&arn(READ_ONLY), |live| live.max_session_duration = 900);
    let refused = scene.issue(&store, "app-readonly").map(drop).expect_err("refused");
    assert_eq!((refused.meaning, refused.kind), (Meaning::RefusedByAws, "above-max-session-duration"));
    assert!(refused.aws.is_some_and(|text| text.contains("MaxSessionDuration")));

    let next = leasehold::ports::CloudRead::calls(&scene.cloud) + 1;
    scene.cloud.trouble(next, Trouble::LoseReply);
    let lost = scene.issue(&store, "app-rw").map(drop).expect_err("lost");
    assert_eq!(lost.meaning, Meaning::Unreachable);
    let leases = block_on(ledger::all(&store)).expect("readable");
    assert_eq!(leases[0].state, LeaseState::Ended(Ending::Refused));
    assert_eq!(leases[1].state, LeaseState::Intent);
    let session = &scene.cloud.sessions()[0];
    assert_eq!(session.name, leases[1].request.session_name);
    assert!(leases[1].lives_until() >= session.expires_at);
}

#[test]
fn a_broker_that_breaks_every_role_stops_the_apply_that_brings_it() {
    let (mut scene, store) = (Scene::new(), MemoryStore::new());
    scene.apply(&store, &two()).expect("applied");
    scene.broker = USER.to_owned();
    let refused = scene.apply(&store, &two()).expect_err("refused");
    assert_eq!(refused.meaning, Meaning::FindingsBlock);
    scene.issue(&store, "app-readonly").map(drop).expect("the record is as it was");
}

#[test]
fn faults_that_only_git_can_bring_stop_the_apply_although_no_role_changed() {
    let (scene, store) = (Scene::new(), MemoryStore::new());
    scene.apply(&store, &two()).expect("applied");
    let twice = two() + &role("app-rw", READ_WRITE, HOUR);
    let malformed = role("app-readonly", &format!("{READ_ONLY}, not-an-arn"), HOUR) + &role("app-rw", READ_WRITE, HOUR);
    for roles in [twice, malformed] {
        let refused = scene.apply(&store, &roles).expect_err("refused");
        assert_eq!(refused.meaning, Meaning::FindingsBlock);
    }
    scene.issue(&store, "app-rw").map(drop).expect("the record is as it was");
}

#[test]
fn findings_that_still_stand_are_said_even_when_nothing_is_to_be_done() {
    let (scene, store) = (Scene::new(), MemoryStore::new());
    scene.apply(&store, &two()).expect("applied");
    scene.cloud.hide_role(&arn(READ_ONLY));
    let applied = scene.apply(&store, &two()).expect("nothing to do");
    assert!(applied.head.is_none() && applied.findings_block);
}

#[test]
fn a_head_from_an_older_copy_brings_nothing_back() {
    let (scene, store) = (Scene::new(), MemoryStore::new());
    scene.apply(&store, &two()).expect("applied");
    let older = store.objects()["head.json"].clone();
    scene.apply(&store, &role("app-readonly", READ_ONLY, HOUR)).expect("applied");
    store.tamper("head.json", Some(older));
    let refused = scene.issue(&store, "app-rw").map(drop).expect_err("refused");
    assert_eq!(refused.kind, "state-damaged");
    assert_eq!(scene.apply(&store, &two()).expect_err("refused").kind, "state-damaged");
}

#[test]
fn a_lease_under_another_name_is_not_believed() {
    let (scene, store) = (Scene::new(), MemoryStore::new());
    scene.apply(&store, &two()).expect("applied");
    let issued = scene.issue(&store, "app-rw").expect("issued");
    let bytes = store.objects()[&format!("lease/{}.json", issued.lease.id)].clone();
    store.tamper("lease/01ARZ3NDEKTSV4RRFFQ69G5FAV.json", Some(bytes));
    assert_eq!(block_on(ledger::all(&store)).expect_err("refused").kind, "state-damaged");
}

#[test]
fn a_role_that_leaves_the_record_while_aws_is_asked_is_not_handed_out() {
    let (scene, store) = (Scene::new(), MemoryStore::new());
    scene.apply(&store, &two()).expect("applied");
    // The apply happens at the very last look at the record, after AWS has answered.
    let applied = std::sync::atomic::AtomicBool::new(false);
    let inner = store.clone();
    let other = Scene::new();
    for _ in 0..100 {
        leasehold::ports::Ids::ulid(&other.ids, leasehold::ports::Clock::now(&other.clock));
    }
    let store = leasehold::testing::FaultyStore::new(store, move |call| {
        let last_look = call.key == leasehold::app::HEAD_KEY && call.index > 6;
        if last_look && !applied.swap(true, std::sync::atomic::Ordering::SeqCst) {
            other.apply(&inner, &role("app-readonly", READ_ONLY, HOUR)).expect("applied");
        }
        None
    });
    let refused = scene.issue(&store, "app-rw").map(drop).expect_err("refused");
    assert_eq!(refused.kind, "record-changed");
    let lease = &block_on(ledger::all(store.inner())).expect("readable")[0];
    assert!(lease.grant.is_some(), "the key id is kept");
}

#[test]
fn an_expiry_that_was_not_asked_for_is_not_handed_out() {
    let (scene, store) = (Scene::new(), MemoryStore::new());
    scene.apply(&store, &two()).expect("applied");
    scene.cloud.answer_expiry(jiff::SignedDuration::from_hours(12));
    assert_eq!(scene.issue(&store, "app-rw").map(drop).expect_err("refused").kind, "expiry-not-credible");
    scene.cloud.answer_expiry(jiff::SignedDuration::from_secs(-60));
    assert_eq!(scene.issue(&store, "app-rw").map(drop).expect_err("refused").kind, "expiry-not-credible");
}
