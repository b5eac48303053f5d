//! Reading a whole world from a server that enforces IAM.

use std::collections::BTreeSet;

use leasehold::domain::ident::Arn;
use leasehold::domain::least_privilege::read_actions;
use leasehold::domain::world::calls::{GET_POLICY_LIMIT, fewest_calls};
use leasehold::domain::world::{Fact, Reader, Wanted, WantedAccount, Why, World};
use leasehold::ports::CloudRead as _;

use crate::aws_world::{detail, id, wanted, why};
use crate::emulator::{self, Account, block_on};

/// Allows these actions on everything.
fn allowing(actions: &[&str]) -> String {
    let actions = serde_json::json!(actions);
    format!(r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":{actions},"Resource":"*"}}]}}"#)
}

/// Allows all that a reader calls, and no more.
fn reading() -> String {
    allowing(&read_actions().into_iter().collect::<Vec<_>>())
}

async fn read(account: &Account, planner: &str, wanted: &Wanted) -> World {
    let reader = account.reader(account.user(planner, &reading()).await).await;
    let caller = reader.caller_identity().await.expect("always allowed");
    let world = reader.world(&caller, wanted).await;
    assert!(world.calls >= fewest_calls(wanted, &caller.account));
    world
}

/// Creates a managed policy with three versions, of which the second is in force.
async fn managed(account: &Account, name: &str, action: &str) -> Arn {
    let iam = account.iam();
    let created = iam.create_policy().policy_name(name).policy_document(allowing(&["s3:GetObject"])).send().await;
    let arn = created.expect("IAM creates the policy").policy.and_then(|policy| policy.arn).expect("and names it");
    for (document, in_force) in [(allowing(&[action]), true), (allowing(&["s3:PutObject"]), false)] {
        let version = iam.create_policy_version().policy_arn(&arn).policy_document(document).set_as_default(in_force);
        version.send().await.expect("IAM takes the version");
    }
    Arn::parse(&arn).expect("an ARN")
}

fn of(account: &Account, roles: &[&str]) -> WantedAccount {
    let roles = roles.iter().map(|name| account.role_arn(name)).collect();
    WantedAccount { roles, ..WantedAccount::default() }
}

#[test]
fn a_role_as_broker_with_a_boundary_is_read_whole() {
    let Some(emulator) = emulator::shared() else { return };
    let account = emulator.account();
    block_on(async {
        account.seed().await;
        let (boundary, attached) =
            (managed(&account, "Boundary", "sts:*").await, managed(&account, "Extra", "sts:TagSession").await);
        let iam = account.iam();
        let bound =
            iam.put_role_permissions_boundary().role_name("VaultRunner").permissions_boundary(boundary.as_str());
        bound.send().await.expect("IAM bounds the role");
        let attach = iam.attach_role_policy().role_name("VaultRunner").policy_arn(attached.as_str());
        attach.send().await.expect("IAM attaches the policy");
        let tag = aws_sdk_iam::types::Tag::builder().key("team").value("payments").build().expect("whole");
        iam.tag_role().role_name("VaultRunner").tags(tag).send().await.expect("IAM tags the role");
        let broker = account.role_arn("VaultRunner");
        let world =
            read(&account, "planner", &wanted(broker.as_str(), [(&account.id, of(&account, &["ProdAppRW"]))])).await;
        let live = world.broker.present().expect("it exists");
        assert!(live.unique_id.starts_with("AROA"), "{}", live.unique_id);
        assert_eq!(live.tags["team"], "payments");
        let policies = live.policies.present().expect("read");
        let names: Vec<_> = policies.iter().map(|policy| policy.name.as_str()).collect();
        assert_eq!(names, [attached.as_str(), "issue"]);
        // The version in force, not the first and not the last.
        assert_eq!(policies[0].document.canonical["Statement"][0]["Action"][0], "sts:tagsession");
        let bound = live.boundary.present().expect("it has one");
        assert_eq!(
            (bound.name.as_str(), &bound.document.canonical["Statement"][0]["Action"][0]),
            (boundary.as_str(), &"sts:*".into())
        );
        // It may assume any role, so all were listed.
        let roles = world.accounts[&id(&account.id)].roles.present().expect("listed");
        let expected = ["ProdAppRW", "ProdAppReadOnly", "VaultRunner"].map(|name| account.role_arn(name));
        assert_eq!(roles.iter().cloned().collect::<Vec<_>>(), expected);
    });
}

#[test]
fn a_user_as_broker_is_read_with_its_groups() {
    let Some(emulator) = emulator::shared() else { return };
    let account = emulator.account();
    block_on(async {
        let iam = account.iam();
        account.user("broker", &allowing(&["sts:GetFederationToken"])).await;
        let attached = managed(&account, "Shared", "iam:GetRole").await;
        iam.create_group().group_name("deployers").send().await.expect("IAM creates the group");
        iam.add_user_to_group().group_name("deployers").user_name("broker").send().await.expect("IAM adds the user");
        let put = iam.put_group_policy().group_name("deployers").policy_name("deploy");
        put.policy_document(allowing(&["sts:TagSession"])).send().await.expect("IAM takes the policy");
        let attach = iam.attach_group_policy().group_name("deployers").policy_arn(attached.as_str());
        attach.send().await.expect("IAM attaches the policy");
        let broker = format!("arn:aws:iam::{}:user/broker", account.id);
        let own = WantedAccount {
            groups: BTreeSet::from(["deployers".to_owned(), "gone".to_owned()]),
            policies: BTreeSet::from([attached.clone(), Arn::parse(&format!("{attached}x")).expect("an ARN")]),
            summary: true,
            ..WantedAccount::default()
        };
        let world = read(&account, "planner", &wanted(&broker, [(&account.id, own)])).await;
        let live = world.broker.present().expect("it exists");
        assert!(live.unique_id.starts_with("AIDA") && live.boundary == Fact::Absent);
        let names: Vec<_> = live.policies.present().expect("read").iter().map(|policy| policy.name.clone()).collect();
        assert_eq!(names, [format!("group/deployers/{attached}"), "group/deployers/deploy".to_owned(), "p".to_owned()]);
        let group = |name: &str| &world.groups[&(id(&account.id), name.to_owned())];
        assert!(group("deployers").present().is_some_and(|arn| arn.ends_with(":group/deployers")));
        assert_eq!(group("gone"), &Fact::Absent);
        let facts: Vec<_> = world.policies.values().cloned().collect();
        assert_eq!(facts, [Fact::Present(attached.to_string()), Fact::Absent]);
        let summary = world.accounts[&id(&account.id)].summary.present().expect("read");
        assert!(summary.contains_key("UsersQuota"), "{summary:?}");
    });
}

#[test]
fn many_policies_are_found_in_one_list() {
    let Some(emulator) = emulator::shared() else { return };
    let account = emulator.account();
    block_on(async {
        account.seed().await;
        let mut policies = BTreeSet::from([managed(&account, "There", "s3:GetObject").await]);
        let arn = |n| Arn::parse(&format!("arn:aws:iam::{}:policy/Gone{n}", account.id)).expect("an ARN");
        policies.extend((0..GET_POLICY_LIMIT).map(arn));
        let own = WantedAccount { policies, ..WantedAccount::default() };
        let broker = account.role_arn("VaultRunner");
        let world = read(&account, "planner", &wanted(broker.as_str(), [(&account.id, own)])).await;
        for (declared, fact) in &world.policies {
            assert_eq!(*fact == Fact::Absent, declared.as_str().contains("Gone"), "{declared}: {fact:?}");
        }
    });
}

#[test]
fn another_account_is_read_through_its_reader_and_its_external_id() {
    let Some(emulator) = emulator::shared() else { return };
    let (account, other) = (emulator.account(), emulator.account());
    block_on(async {
        account.seed().await;
        other.seed().await;
        let planner = format!("arn:aws:iam::{}:user/planner", account.id);
        let condition = r#"{"StringEquals":{"sts:ExternalId":"ticket/7"}}"#;
        let trust = Account::trust(&planner, r#""sts:AssumeRole""#, condition);
        let role_arn = other.create_role("Reader", 3_600, &trust).await;
        let put = other.iam().put_role_policy().role_name("Reader").policy_name("read").policy_document(reading());
        put.send().await.expect("IAM takes the policy");
        let reader = account.reader(account.user("planner", &reading()).await).await;
        let caller = reader.caller_identity().await.expect("always allowed");
        for (external_id, expected) in
            [(Some("ticket/7"), None), (Some("ticket/8"), Some(Why::AccessDenied)), (None, Some(Why::AccessDenied))]
        {
            let through = Reader { role_arn: role_arn.clone(), external_id: external_id.map(str::to_owned) };
            let theirs = WantedAccount { reader: Some(through), ..of(&other, &["ProdAppReadOnly", "Gone"]) };
            let wanted = wanted(
                account.role_arn("VaultRunner").as_str(),
                [(&account.id, of(&account, &["ProdAppRW"])), (&other.id, theirs)],
            );
            let world = reader.world(&caller, &wanted).await;
            let [there, gone] = ["ProdAppReadOnly", "Gone"].map(|name| &world.roles[&other.role_arn(name)]);
            let live = &world.accounts[&id(&other.id)];
            match expected {
                None => {
                    assert_eq!(there.present().expect("read").max_session_duration, 7_200);
                    assert_eq!(gone, &Fact::Absent);
                    let session = format!("arn:aws:sts::{}:assumed-role/Reader/leasehold-planner", other.id);
                    assert_eq!(live.reader, Fact::Present(session));
                    // VaultRunner may assume any role of any account.
                    assert_eq!(live.roles.present().map(BTreeSet::len), Some(4));
                }
                Some(expected) => {
                    assert_eq!((why(there), why(gone), why(&live.reader)), (expected, expected, expected));
                    assert!(detail(there).contains("sts:AssumeRole"), "{}", detail(there));
                }
            }
            assert!(world.roles[&account.role_arn("ProdAppRW")].present().is_some());
            assert!(world.broker.present().is_some_and(|broker| broker.policies.present().is_some()));
        }
    });
}

#[test]
fn who_may_read_roles_only_knows_nothing_of_the_broker() {
    let Some(emulator) = emulator::shared() else { return };
    let account = emulator.account();
    block_on(async {
        account.seed().await;
        let allowed = format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"iam:GetRole","Resource":"{}"}}]}}"#,
            account.role_arn("ProdAppRW")
        );
        let reader = account.reader(account.user("narrow", &allowed).await).await;
        let caller = reader.caller_identity().await.expect("always allowed");
        let broker = account.role_arn("VaultRunner");
        let world =
            reader.world(&caller, &wanted(broker.as_str(), [(&account.id, of(&account, &["ProdAppRW"]))])).await;
        assert_eq!(why(&world.broker), Why::AccessDenied);
        assert!(world.roles[&account.role_arn("ProdAppRW")].present().is_some());
        assert_eq!(world.calls, 3, "a denial is not asked again");
    });
}
