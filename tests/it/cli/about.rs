//! Commands that tell about the program itself.

use insta::assert_snapshot;
use leasehold::domain::rules;
use leasehold::output::exit;

use crate::sandbox::Sandbox;

fn told(args: &[&str]) -> String {
    let done = Sandbox::new().run(args).expect(exit::FINE);
    assert_eq!(done.stderr, "");
    done.stdout
}

#[test]
fn every_rule_is_listed_and_has_a_page() {
    let list = told(&["rules"]);
    for rule in rules::all() {
        assert!(list.contains(rule.code) && list.contains(rule.name), "{} is not listed", rule.code);
        let page = told(&["explain", rule.code]);
        assert!(page.contains(rule.name), "the page of {} names it not", rule.code);
        assert_eq!(page, told(&["explain", rule.name]));
    }
}

#[test]
fn rules_as_json() {
    let rules: serde_json::Value = serde_json::from_str(&told(&["rules", "--format", "json"])).expect("JSON");
    assert_eq!(rules["rules"].as_array().map(Vec::len), Some(rules::all().len()));
}

#[test]
fn a_page() {
    assert_snapshot!(told(&["explain", "LH103"]), @r#"
    # LH103 ttl-above-max-session-duration

    Level: hard. Confidence: certain.

    The maximum TTL is above the live role's `MaxSessionDuration`.

    ## What it does
    Compares `max_sts_ttl` with the `MaxSessionDuration` that IAM shows for each of the role's `role_arns`.

    ## Why it is bad
    STS refuses every `AssumeRole` that asks for more than the role's `MaxSessionDuration`. The manifest promises a TTL
    that fails on the day somebody asks for it.

    ## Example
    ```yaml
    apiVersion: leasehold/v1
    kind: Broker
    metadata: {name: prod}
    spec:
      principal: arn:aws:iam::111122223333:user/leasehold
      region: ap-northeast-1
      deployment: prod
    ---
    apiVersion: leasehold/v1
    kind: Role
    metadata: {name: app-readonly}
    spec:
      credential_type: assumed_role
      role_arns: [arn:aws:iam::111122223333:role/ProdAppReadOnly]
      default_sts_ttl: 30m
      max_sts_ttl: 12h
    ```
    ```json
    {
      "caller": {"arn": "arn:aws:iam::111122223333:user/leasehold", "user_id": "AIDAEXAMPLELEASEHOLD"},
      "roles": {
        "arn:aws:iam::111122223333:role/ProdAppReadOnly": {
          "role_id": "AROAEXAMPLEREADONLY01",
          "max_session_duration": 3600,
          "trust": {
            "Version": "2012-10-17",
            "Statement": [
              {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:user/leasehold"}, "Action": "sts:AssumeRole"}
            ]
          }
        }
      }
    }
    ```

    ## Use instead
    ```yaml
    apiVersion: leasehold/v1
    kind: Broker
    metadata: {name: prod}
    spec:
      principal: arn:aws:iam::111122223333:user/leasehold
      region: ap-northeast-1
      deployment: prod
    ---
    apiVersion: leasehold/v1
    kind: Role
    metadata: {name: app-readonly}
    spec:
      credential_type: assumed_role
      role_arns: [arn:aws:iam::111122223333:role/ProdAppReadOnly]
      default_sts_ttl: 30m
      max_sts_ttl: 1h
    ```

    ## Source
    The API reference of `AssumeRole`: a `DurationSeconds` above the role's maximum session duration fails. IAM keeps
    `MaxSessionDuration` between 3600 and 43200 seconds, so a maximum of up to one hour always fits.

    The JSON is what was read of AWS; `leasehold schema world` tells its form.
    "#);
}

#[test]
fn completions_and_manual_name_the_commands() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        assert!(told(&["completions", shell]).contains("leasehold"), "{shell}");
    }
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.path("script"), told(&["completions", "bash"])).expect("written");
    let _ = sandbox.run_plain("bash", &["-n", "../script"]).expect(exit::FINE);
    assert!(told(&["man"]).contains(".TH leasehold"));
}

#[test]
fn the_version() {
    assert_eq!(told(&["--version"]), format!("leasehold {}\n", env!("CARGO_PKG_VERSION")));
}
