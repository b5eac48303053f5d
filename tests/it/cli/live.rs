//! The whole job against a server that enforces IAM.

use leasehold::output::exit;
use serde_json::Value;

use crate::emulator::{self, Account, block_on};
use crate::sandbox::Sandbox;
use crate::scene;

fn roles(account: &Account) -> String {
    let arn = |name: &str| account.role_arn(name).to_string();
    scene::role("app-readonly", &arn("ProdAppReadOnly"), "max_sts_ttl: 1h")
        + &scene::role("app-rw", &arn("ProdAppRW"), "max_sts_ttl: 1h")
}

/// A seeded account, and a sandbox that asks as its broker.
fn ready(emulator: &'static emulator::Emulator) -> (Account, Sandbox) {
    let account = emulator.account();
    let broker = block_on(async {
        account.seed().await;
        account.credentials_of("VaultRunner").await
    });
    let sandbox = Sandbox::at(&emulator.endpoint, &broker);
    sandbox.commit(&scene::manifests(account.role_arn("VaultRunner").as_str(), &roles(&account)));
    (account, sandbox)
}

#[test]
fn plan_apply_issue_and_the_credentials_work() {
    let Some(emulator) = emulator::shared() else { return };
    let (account, sandbox) = ready(emulator);
    let plan = sandbox.run(&["plan", "--detailed-exitcode"]).expect(exit::CHANGES_PENDING);
    assert!(plan.stdout.contains("app-readonly"), "{}", plan.stdout);
    let _ = sandbox.run(&["apply", "--auto-approve"]).expect(exit::FINE);
    let issued = sandbox.run(&["issue", "app-readonly"]).expect(exit::FINE);
    let answer: Value = serde_json::from_str(&issued.stdout).expect("JSON");
    let data = |name: &str| answer["data"][name].as_str().expect("text").to_owned();
    let mut credentials = emulator::keys(&data("access_key"), &data("secret_key"));
    credentials.session_token = Some(leasehold::domain::secret::Secret::new(data("security_token")));
    let identity = block_on(async {
        let reader = account.reader(credentials).await;
        leasehold::ports::CloudRead::caller_identity(&reader).await.expect("the credentials work")
    });
    let lease = answer["lease_id"].as_str().and_then(|path| path.rsplit('/').next()).expect("an id").to_owned();
    assert_eq!(
        identity.arn,
        format!("arn:aws:sts::{}:assumed-role/ProdAppReadOnly/app-readonly-{lease}", account.id),
        "the session's name leads back to the lease"
    );
    let shown = sandbox.run(&["lease", "show", &lease]).expect(exit::FINE);
    assert!(shown.stdout.contains(&identity.arn), "{}", shown.stdout);
}

#[test]
fn a_broker_that_lost_its_trust_is_refused_by_aws() {
    let Some(emulator) = emulator::shared() else { return };
    let (account, sandbox) = ready(emulator);
    let _ = sandbox.run(&["apply", "--auto-approve"]).expect(exit::FINE);
    let nobody = Account::trust(account.role_arn("ProdAppRW").as_str(), r#""sts:AssumeRole""#, "{}");
    block_on(async {
        let update = account.iam().update_assume_role_policy().role_name("ProdAppReadOnly").policy_document(&nobody);
        update.send().await.expect("IAM takes the policy");
    });
    let refused = sandbox.run(&["issue", "app-readonly"]).expect(exit::REFUSED_BY_AWS);
    assert!(refused.stderr.contains("AccessDenied") && refused.stderr.contains("leasehold plan"), "{}", refused.stderr);
    let drift = sandbox.run(&["plan"]).expect(exit::FINDINGS_BLOCK);
    assert!(drift.stdout.contains("broker-not-trusted"), "{}", drift.stdout);
    let _ = sandbox.run(&["issue", "app-rw"]).expect(exit::FINE);
}
