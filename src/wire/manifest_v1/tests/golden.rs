use super::*;
use crate::domain::role::Field;

pub(super) const ALL_KINDS: &str = r#"# yaml-language-server: $schema=../schemas/manifest.v1.schema.json
apiVersion: leasehold/v1
kind: Broker
metadata: {name: prod}
spec:
  principal: arn:aws:iam::111122223333:user/ci/broker
  region: ap-northeast-1
  deployment: prod
  defaults: {default_sts_ttl: 20m, max_sts_ttl: 2h}
  limits: {max_deletes: 3, max_delete_percent: 20}
  rules: {trust-account-root: blocking, LH402: advisory}
---
apiVersion: leasehold/v1
kind: Account
metadata: {name: prod}
spec:
  id: "111122223333"
  reader_role_arn: arn:aws:iam::111122223333:role/LeaseholdReader
  external_id: reader-7f
---
apiVersion: leasehold/v1
kind: Role
metadata: {name: app-readonly, labels: {team: payments}}
spec:
  role_arns:
    - arn:aws:iam::111122223333:role/ProdAppReadOnly
    - arn:aws:iam::111122223333:role/ops/ProdAppRW
  external_id: ci/prod
  session_tags: {Team: payments, Stage: prod}
  transitive_tag_keys: [Team]
  source_identity: ci
  policy_document: {Version: 2012-10-17, Statement: [{Effect: Allow, Action: "s3:*", Resource: "*"}]}
  policy_arns: ["arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws:iam::111122223333:policy/team/Own"]
  iam_groups: [readers]
  max_sts_ttl: 10m
  mfa_serial_number: arn:aws:iam::111122223333:mfa/ci
  description: Reads the application's buckets.
  protect: true
  expires: 2027-01-31
---
apiVersion: leasehold/v1
kind: Role
metadata: {name: legacy}
spec:
  credential_type: iam_user
  policy_arns: [arn:aws:iam::aws:policy/ReadOnlyAccess]
  max_ttl: 8h
  user_path: /legacy/
  iam_tags: {Team: payments}
  permissions_boundary_arn: arn:aws:iam::111122223333:policy/Boundary
  justification: |
    The vendor's tool
    takes no session token.
---
apiVersion: leasehold/v1
kind: Role
metadata: {name: federated}
spec:
  credential_type: federation_token
  iam_groups: [readers]
  session_tags: {Team: payments}
  default_sts_ttl: 36h
---
apiVersion: leasehold/v1
kind: Role
metadata: {name: session}
spec: {credential_type: session_token, default_sts_ttl: 900, mfa_serial_number: GAHT12345678}
---
apiVersion: leasehold/v1
kind: Waiver
metadata: {name: legacy-user}
spec: {rule: LH303, roles: [legacy], reason: The vendor ends in spring., owner: platform, expires: "2027-01-31"}
"#;

#[test]
fn a_full_set_lowers_to_what_it_says() {
    let desired = read(&[file("all.yaml", ALL_KINDS)]).expect("valid");
    let Desired { broker, accounts, roles, waivers } = &desired;

    assert_eq!(broker.spec.principal.as_str(), "arn:aws:iam::111122223333:user/ci/broker");
    assert_eq!(broker.principal_place.text(), broker.spec.principal.as_str());
    assert_eq!((broker.spec.region.as_str(), broker.spec.deployment.as_str()), ("ap-northeast-1", "prod"));
    assert_eq!((broker.spec.limits.max_deletes, broker.spec.limits.max_delete_percent), (3, 20));
    assert_eq!(broker.place.line_column(), (3, 7));

    assert_eq!(accounts[0].reader_role_arn.as_ref().map(|arn| arn.name()), Some("LeaseholdReader"));
    assert_eq!(accounts[0].external_id.as_deref(), Some("reader-7f"));

    let ttls: Vec<_> = roles
        .iter()
        .map(|role| {
            let ttl = role.spec.credential.ttl();
            format!("{} {} {}/{}", role.spec.name, role.spec.credential.kind(), ttl.default, ttl.max)
        })
        .collect();
    assert_eq!(
        ttls,
        [
            // Its inherited default of 20m is lowered to its own maximum.
            "app-readonly assumed_role 10m/10m",
            "legacy iam_user 8h/8h",
            // Written, and above the maximum: a rule judges it.
            "federated federation_token 36h/2h",
            "session session_token 15m/2h",
        ]
    );

    let CredentialSpec::AssumedRole(role) = &roles[0].spec.credential else { panic!("assumed_role") };
    assert_eq!(role.role_arns.iter().map(|arn| arn.name()).collect::<Vec<_>>(), ["ProdAppReadOnly", "ProdAppRW"]);
    assert_eq!(role.transitive_tag_keys, ["Team"]);
    assert_eq!(role.session_tags.len(), 2);
    assert_eq!(role.source_identity.as_deref(), Some("ci"));
    assert_eq!(role.external_id.as_deref(), Some("ci/prod"));
    assert_eq!(role.policy.arns.len(), 2);
    assert_eq!(role.policy.groups, ["readers"]);
    assert!(role.policy.document.is_some());
    assert_eq!(roles[0].spec.labels.get("team").map(String::as_str), Some("payments"));
    assert!(roles[0].spec.protect);
    assert_eq!(roles[0].spec.expires.map(|day| day.to_string()).as_deref(), Some("2027-01-31"));

    let CredentialSpec::IamUser(user) = &roles[1].spec.credential else { panic!("iam_user") };
    assert_eq!(user.justification.as_deref(), Some("The vendor's tool\ntakes no session token.\n"));
    assert_eq!(user.user_path.as_deref(), Some("/legacy/"));
    assert!(user.permissions_boundary_arn.is_some());

    assert_eq!((waivers[0].rule.as_str(), waivers[0].roles[0].as_str()), ("LH303", "legacy"));
    assert_eq!(waivers[0].rule.place.text(), "LH303");
}

#[test]
fn every_written_field_has_its_place() {
    let desired = read(&[file("all.yaml", ALL_KINDS)]).expect("valid");
    let text = |role: usize, field| desired.roles[role].places.written(field).map(|place| place.text().trim_end());
    for (role, field, expected) in [
        (0, Field::Name, "app-readonly"),
        (0, Field::Label, "{team: payments}"),
        (0, Field::RoleArn(1), "arn:aws:iam::111122223333:role/ops/ProdAppRW"),
        (0, Field::ExternalId, "ci/prod"),
        (0, Field::SessionTags, "{Team: payments, Stage: prod}"),
        (0, Field::TransitiveTagKeys, "[Team]"),
        (0, Field::SourceIdentity, "ci"),
        (0, Field::PolicyArn(0), "\"arn:aws:iam::aws:policy/ReadOnlyAccess\""),
        (0, Field::IamGroups, "[readers]"),
        (0, Field::MaxStsTtl, "10m"),
        (0, Field::MfaSerialNumber, "arn:aws:iam::111122223333:mfa/ci"),
        (0, Field::Description, "Reads the application's buckets."),
        (0, Field::Protect, "true"),
        (0, Field::Expires, "2027-01-31"),
        (1, Field::CredentialType, "iam_user"),
        (1, Field::PolicyArns, "[arn:aws:iam::aws:policy/ReadOnlyAccess]"),
        (1, Field::MaxTtl, "8h"),
        (1, Field::UserPath, "/legacy/"),
        (1, Field::IamTags, "{Team: payments}"),
        (1, Field::PermissionsBoundaryArn, "arn:aws:iam::111122223333:policy/Boundary"),
        (2, Field::DefaultStsTtl, "36h"),
    ] {
        assert_eq!(text(role, field), Some(expected), "{field:?}");
    }
    assert_eq!(text(0, Field::RoleArns).map(|all| all.lines().count()), Some(2));
    assert!(
        text(0, Field::PolicyDocument).is_some_and(|policy| policy.starts_with("{Version") && policy.ends_with("}]}"))
    );
    assert!(text(1, Field::Justification).is_some_and(|text| text.contains("The vendor's tool")));
    assert_eq!(text(0, Field::DefaultStsTtl), None);
    assert_eq!(text(0, Field::CredentialType), None);
}

#[test]
fn the_schema_and_the_reference_know_every_field() {
    let schema = super::super::schema();
    let reference = super::super::reference();
    assert_eq!(reference, super::super::reference());
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    for kind in ["Broker", "Account", "Role", "Waiver"] {
        let definition = &schema["$defs"][kind];
        assert_eq!(definition["additionalProperties"], false);
        assert_eq!(definition["properties"]["spec"]["additionalProperties"], false);
        let fields = definition["properties"]["spec"]["properties"].as_object().expect("an object");
        for (name, field) in fields {
            let doc = field["description"].as_str().expect("described");
            assert!(reference.contains(&format!("| `spec.{name}` |")) && reference.contains(doc), "{name}");
        }
    }
    let branches = schema["$defs"]["Role"]["properties"]["spec"]["allOf"].as_array().expect("an array");
    assert_eq!(branches[0]["then"]["required"], serde_json::json!(["role_arns"]));
    assert_eq!(branches[0]["if"].get("required"), None);
    assert_eq!(branches[1]["then"]["properties"]["role_arns"], false);
    assert!(reference.contains("| `role_arns` | required | — | — | — |"), "{reference}");
    assert!(reference.contains("| `policy_document` | allowed | one of | one of | — |"), "{reference}");
}
