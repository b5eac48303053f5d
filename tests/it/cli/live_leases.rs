//! Leases of IAM users against a server that enforces IAM.

use std::time::Duration;

use leasehold::output::exit;
use serde_json::Value;

use crate::emulator::{self, Account, block_on};
use crate::sandbox::Sandbox;
use crate::scene;

/// A seeded account with `deployer`, an iam_user, applied, and a sandbox that asks as the account's root.
pub(crate) fn with_deployer(emulator: &'static emulator::Emulator) -> (Account, Sandbox) {
    let account = emulator.account();
    let boundary = block_on(async {
        account.seed().await;
        let making = scene::makes_users(&account.id);
        let put = account.iam().put_role_policy().role_name("VaultRunner").policy_name("users").policy_document(making);
        put.send().await.expect("IAM takes the policy");
        let document =
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:GetRole","Resource":"*"}]}"#;
        let made = account.iam().create_policy().policy_name("Boundary").policy_document(document).send().await;
        made.expect("IAM makes the policy").policy.and_then(|policy| policy.arn).expect("and names it")
    });
    let sandbox = Sandbox::at(&emulator.endpoint, &emulator::keys(&account.id, "test"));
    let role = format!(
        "---\napiVersion: leasehold/v1\nkind: Role\nmetadata: {{name: deployer}}\nspec:\n  credential_type: iam_user\n  \
         default_ttl: 1h\n  max_ttl: 8h\n  user_path: /ci/\n  permissions_boundary_arn: '{boundary}'\n  justification: a test\n  \
         policy_document: {{Version: '2012-10-17', Statement: {{Effect: Allow, Action: 'iam:GetRole', Resource: '*'}}}}\n"
    );
    sandbox.commit(&scene::manifests(account.role_arn("VaultRunner").as_str(), &role));
    let _ = sandbox.run(&["apply", "--auto-approve"]).expect(exit::FINE);
    (account, sandbox)
}

fn issued(sandbox: &Sandbox) -> String {
    let issued = sandbox.run(&["issue", "deployer", "--wait", "none"]).expect(exit::FINE);
    let issued: Value = serde_json::from_str(&issued.stdout).expect("JSON");
    issued["lease_id"].as_str().expect("a path").to_owned()
}

fn shown(sandbox: &Sandbox, path: &str) -> String {
    sandbox.run(&["lease", "show", path, "--format", "json"]).expect(exit::FINE).stdout
}

/// `lease list` tells the state of the only lease.
fn state(sandbox: &Sandbox) -> String {
    let list = sandbox.run(&["lease", "list", "--all", "--format", "json"]).expect(exit::FINE);
    let list: Value = serde_json::from_str(&list.stdout).expect("JSON");
    list["leases"][0]["state"].as_str().expect("text").to_owned()
}

fn live_users(account: &Account) -> usize {
    let listed = block_on(async { account.iam().list_users().path_prefix("/leasehold/").send().await });
    listed.expect("IAM lists").users.len()
}

#[test]
fn a_lease_is_not_renewed_beyond_its_maximum() {
    let Some(emulator) = emulator::shared() else { return };
    let (_account, sandbox) = with_deployer(emulator);
    let path = issued(&sandbox);
    let before = shown(&sandbox, &path);
    let refused = sandbox.run(&["lease", "renew", &path, "--increment", "12h"]).expect(exit::ISSUE_REFUSED);
    for said in ["error[ttl-above-maximum]", "max_ttl of `deployer` is 8h", "help: ask for 7h59m"] {
        assert!(refused.stderr.contains(said) && refused.stdout.is_empty(), "{}", refused.shown());
    }
    assert_eq!(shown(&sandbox, &path), before);
    let _ = sandbox.run(&["lease", "renew", &path, "--increment", "7h"]).expect(exit::FINE);
    assert_ne!(shown(&sandbox, &path), before);
}

#[test]
fn what_is_absent_in_another_account_ends_no_lease() {
    let Some(emulator) = emulator::shared() else { return };
    let (account, mut sandbox) = with_deployer(emulator);
    let other = emulator.account();
    let path = issued(&sandbox);
    let sweep = ["sweep", "--grace", "1s"];
    let refuses = |sandbox: &Sandbox, args: &[&str]| {
        let refused = sandbox.run(args).expect(exit::FAILED);
        assert!(refused.stderr.contains("error[wrong-account]") && refused.stdout.is_empty(), "{}", refused.shown());
    };

    sandbox.set("AWS_ACCESS_KEY_ID", &other.id);
    refuses(&sandbox, &["lease", "revoke", &path]);
    refuses(&sandbox, &["lease", "renew", &path, "--increment", "2h"]);
    refuses(&sandbox, &sweep);
    assert_eq!(live_users(&account), 1);
    assert_ne!(state(&sandbox), "ended");

    sandbox.set("AWS_ACCESS_KEY_ID", &account.id);
    let _ = sandbox.run(&["lease", "revoke", &path]).expect(exit::FINE);
    assert_eq!(live_users(&account), 0);
    std::thread::sleep(Duration::from_secs(2));
    sandbox.set("AWS_ACCESS_KEY_ID", &other.id);
    refuses(&sandbox, &sweep);
    assert_eq!(state(&sandbox), "revoking", "it is absent there, as any user is");
    sandbox.set("AWS_ACCESS_KEY_ID", &account.id);
    let _ = sandbox.run(&sweep).expect(exit::FINE);
    assert_eq!(state(&sandbox), "ended");
}

/// A lease that could not even be marked is nothing that a sweep would know of.
#[test]
fn what_could_not_be_revoked_is_to_be_revoked_again() {
    let Some(emulator) = emulator::shared() else { return };
    let (account, sandbox) = with_deployer(emulator);
    let path = issued(&sandbox);
    let (index, aside) = (sandbox.path("repo/.leasehold/due"), sandbox.path("aside"));
    std::fs::rename(&index, &aside).expect("moved");
    std::fs::write(&index, "").expect("written");
    let failed = sandbox.run(&["lease", "revoke", &path]).expect(exit::PARTLY_APPLIED);
    assert!(failed.stdout.contains("; run this again") && !failed.stdout.contains("sweep"), "{}", failed.shown());
    assert_eq!((state(&sandbox).as_str(), live_users(&account)), ("active", 1));
    std::fs::remove_file(&index).and_then(|()| std::fs::rename(&aside, &index)).expect("moved back");
    let _ = sandbox.run(&["lease", "revoke", &path]).expect(exit::FINE);
    assert_eq!((state(&sandbox).as_str(), live_users(&account)), ("revoking", 0));
}

#[test]
fn a_sweep_that_may_not_list_users_does_not_say_that_there_are_none() {
    let Some(emulator) = emulator::shared() else { return };
    let (account, mut sandbox) = with_deployer(emulator);
    let broker = block_on(account.credentials_of("VaultRunner"));
    sandbox.set("AWS_ACCESS_KEY_ID", &broker.access_key_id);
    sandbox.set("AWS_SECRET_ACCESS_KEY", broker.secret_access_key.expose());
    sandbox.set("AWS_SESSION_TOKEN", broker.session_token.as_ref().expect("a session has one").expose());
    let swept = sandbox.run(&["sweep"]).expect(exit::PARTLY_APPLIED);
    assert!(swept.stdout.contains("failed users of the broker's account: "), "{}", swept.shown());
    assert!(!swept.stdout.contains("were not looked at"), "{}", swept.shown());
}
