//! `policy`.

use insta::assert_snapshot;
use leasehold::output::exit;
use leasehold::wire::policies_v1;

use crate::canned_aws::manifests;
use crate::sandbox::{Done, Sandbox};
use crate::scene;

const AWAY: &str = "arn:aws:iam::444455556666:role/team/Deploy";

fn sandbox(roles: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.commit(&manifests(roles));
    sandbox
}

/// A role with everything a session can carry, a token, a user, and another account.
fn every_kind() -> String {
    let session = "session_tags: {team: payments}\nsource_identity: pipeline\nexternal_id: x-1\n\
                   policy_arns: [arn:aws:iam::444455556666:policy/Narrow]";
    let typed = |name: &str, spec: &str| {
        let spec: String = spec.lines().map(|line| format!("  {line}\n")).collect();
        format!("---\napiVersion: leasehold/v1\nkind: Role\nmetadata: {{name: {name}}}\nspec:\n{spec}")
    };
    let token = "credential_type: federation_token\npolicy_arns: [arn:aws:iam::aws:policy/ReadOnlyAccess]";
    let user = "credential_type: iam_user\nmax_ttl: 1h\nuser_path: /mail/\niam_groups: [Mailers]\n\
                policy_arns: [arn:aws:iam::aws:policy/AmazonSESFullAccess]\n\
                permissions_boundary_arn: arn:aws:iam::111122223333:policy/Bound\njustification: SMTP";
    let account = "---\napiVersion: leasehold/v1\nkind: Account\nmetadata: {name: away}\n\
                   spec: {id: '444455556666', reader_role_arn: 'arn:aws:iam::444455556666:role/Reader'}\n";
    [
        scene::role("app-readonly", scene::READ_ONLY, ""),
        scene::role("deploy", AWAY, session),
        typed("ci-token", token),
        typed("mailer", user),
        account.to_owned(),
    ]
    .concat()
}

fn told(roles: &str, args: &[&str]) -> Done {
    sandbox(roles).run(&[&["policy"], args].concat()).expect(exit::FINE)
}

#[test]
fn the_broker() {
    assert_snapshot!(told(&every_kind(), &["broker"]).shown(), @r#"
    exit 0
    ── stdout
    {
      "Version": "[day]",
      "Statement": [
        {
          "Sid": "AssumeRoles",
          "Effect": "Allow",
          "Action": [
            "sts:AssumeRole"
          ],
          "Resource": [
            "arn:aws:iam::111122223333:role/ProdAppReadOnly",
            "arn:aws:iam::444455556666:role/team/Deploy"
          ]
        },
        {
          "Sid": "PassTags",
          "Effect": "Allow",
          "Action": [
            "sts:TagSession"
          ],
          "Resource": [
            "arn:aws:iam::444455556666:role/team/Deploy"
          ]
        },
        {
          "Sid": "PassSourceIdentity",
          "Effect": "Allow",
          "Action": [
            "sts:SetSourceIdentity"
          ],
          "Resource": [
            "arn:aws:iam::444455556666:role/team/Deploy"
          ]
        },
        {
          "Sid": "GetTokens",
          "Effect": "Allow",
          "Action": [
            "sts:GetFederationToken"
          ],
          "Resource": [
            "arn:aws:sts::111122223333:federated-user/ci-to-??????????????????????????"
          ]
        },
        {
          "Sid": "CreateUsers",
          "Effect": "Allow",
          "Action": [
            "iam:CreateUser"
          ],
          "Resource": [
            "arn:aws:iam::111122223333:user/leasehold/prod/mail/mailer-??????????????????????????"
          ],
          "Condition": {
            "StringEquals": {
              "aws:RequestTag/leasehold:deployment": [
                "prod"
              ],
              "iam:PermissionsBoundary": [
                "arn:aws:iam::111122223333:policy/Bound"
              ]
            }
          }
        },
        {
          "Sid": "PutUserPolicies",
          "Effect": "Allow",
          "Action": [
            "iam:PutUserPolicy"
          ],
          "Resource": [
            "arn:aws:iam::111122223333:user/leasehold/prod/mail/mailer-??????????????????????????"
          ],
          "Condition": {
            "StringEquals": {
              "iam:PermissionsBoundary": [
                "arn:aws:iam::111122223333:policy/Bound"
              ]
            }
          }
        },
        {
          "Sid": "TagUsers",
          "Effect": "Allow",
          "Action": [
            "iam:TagUser"
          ],
          "Resource": [
            "arn:aws:iam::111122223333:user/leasehold/prod/mail/mailer-??????????????????????????"
          ],
          "Condition": {
            "StringEquals": {
              "aws:RequestTag/leasehold:deployment": [
                "prod"
              ]
            }
          }
        },
        {
          "Sid": "AttachPolicies",
          "Effect": "Allow",
          "Action": [
            "iam:AttachUserPolicy"
          ],
          "Resource": [
            "arn:aws:iam::111122223333:user/leasehold/prod/mail/mailer-??????????????????????????"
          ],
          "Condition": {
            "ArnEquals": {
              "iam:PolicyARN": [
                "arn:aws:iam::aws:policy/AmazonSESFullAccess"
              ]
            },
            "StringEquals": {
              "iam:PermissionsBoundary": [
                "arn:aws:iam::111122223333:policy/Bound"
              ]
            }
          }
        },
        {
          "Sid": "JoinGroups",
          "Effect": "Allow",
          "Action": [
            "iam:AddUserToGroup"
          ],
          "Resource": [
            "arn:aws:iam::111122223333:group/*/Mailers",
            "arn:aws:iam::111122223333:group/Mailers"
          ]
        },
        {
          "Sid": "CreateAccessKeys",
          "Effect": "Allow",
          "Action": [
            "iam:CreateAccessKey",
            "iam:DeleteAccessKey",
            "iam:GetUser",
            "iam:ListAccessKeys"
          ],
          "Resource": [
            "arn:aws:iam::111122223333:user/leasehold/prod/mail/mailer-??????????????????????????"
          ]
        }
      ]
    }
    ── stderr
    note: a federation token is covered under the name that `issue` gives it; a name of its own (--session-name) is not
    "#);
}

#[test]
fn the_readers() {
    assert_snapshot!(told(&every_kind(), &["reader"]).shown(), @r#"
    exit 0
    ── stdout
    {
      "Version": "[day]",
      "Statement": [
        {
          "Sid": "ReadTargets",
          "Effect": "Allow",
          "Action": [
            "iam:GetRole"
          ],
          "Resource": [
            "arn:aws:iam::111122223333:role/ProdAppReadOnly"
          ]
        },
        {
          "Sid": "ReadBroker",
          "Effect": "Allow",
          "Action": [
            "iam:GetUser",
            "iam:GetUserPolicy",
            "iam:ListAttachedUserPolicies",
            "iam:ListGroupsForUser",
            "iam:ListUserPolicies"
          ],
          "Resource": [
            "arn:aws:iam::111122223333:user/ci"
          ]
        },
        {
          "Sid": "ReadBrokerGroups",
          "Effect": "Allow",
          "Action": [
            "iam:GetGroupPolicy",
            "iam:ListAttachedGroupPolicies",
            "iam:ListGroupPolicies"
          ],
          "Resource": [
            "arn:aws:iam::111122223333:group/*"
          ]
        },
        {
          "Sid": "ReadPolicies",
          "Effect": "Allow",
          "Action": [
            "iam:GetPolicy",
            "iam:GetPolicyVersion"
          ],
          "Resource": [
            "arn:aws:iam::111122223333:policy/*",
            "arn:aws:iam::aws:policy/*"
          ]
        },
        {
          "Sid": "ReadQuotas",
          "Effect": "Allow",
          "Action": [
            "iam:GetAccountSummary"
          ],
          "Resource": [
            "*"
          ]
        },
        {
          "Sid": "AssumeReaders",
          "Effect": "Allow",
          "Action": [
            "sts:AssumeRole"
          ],
          "Resource": [
            "arn:aws:iam::444455556666:role/Reader"
          ]
        },
        {
          "Sid": "ReadGroups",
          "Effect": "Allow",
          "Action": [
            "iam:GetGroup"
          ],
          "Resource": [
            "arn:aws:iam::111122223333:group/*/Mailers",
            "arn:aws:iam::111122223333:group/Mailers"
          ]
        }
      ]
    }
    ── stderr
    note: if the broker's live policies let it assume more roles than are declared, by a wildcard for one, `plan` lists the roles of the account too: then allow iam:ListRoles on `*`, or narrow them to what `policy broker` prints
    "#);
    assert_snapshot!(told(&every_kind(), &["reader", "--account", "444455556666"]).shown(), @r#"
    exit 0
    ── stdout
    {
      "Version": "[day]",
      "Statement": [
        {
          "Sid": "ReadTargets",
          "Effect": "Allow",
          "Action": [
            "iam:GetRole"
          ],
          "Resource": [
            "arn:aws:iam::444455556666:role/team/Deploy"
          ]
        },
        {
          "Sid": "ReadPolicies",
          "Effect": "Allow",
          "Action": [
            "iam:GetPolicy",
            "iam:GetPolicyVersion"
          ],
          "Resource": [
            "arn:aws:iam::444455556666:policy/Narrow"
          ]
        }
      ]
    }
    ── stderr
    note: if the broker's live policies let it assume more roles than are declared, by a wildcard for one, `plan` lists the roles of the account too: then allow iam:ListRoles on `*`, or narrow them to what `policy broker` prints
    "#);
}

#[test]
fn the_sweeper() {
    assert_snapshot!(told(&every_kind(), &["sweeper"]).shown(), @r#"
    exit 0
    ── stdout
    {
      "Version": "[day]",
      "Statement": [
        {
          "Sid": "FindUsers",
          "Effect": "Allow",
          "Action": [
            "iam:ListUsers"
          ],
          "Resource": [
            "*"
          ]
        },
        {
          "Sid": "EndUsers",
          "Effect": "Allow",
          "Action": [
            "iam:DeactivateMFADevice",
            "iam:DeleteAccessKey",
            "iam:DeleteLoginProfile",
            "iam:DeleteSSHPublicKey",
            "iam:DeleteServiceSpecificCredential",
            "iam:DeleteSigningCertificate",
            "iam:DeleteUser",
            "iam:DeleteUserPolicy",
            "iam:DetachUserPolicy",
            "iam:GetUser",
            "iam:ListAccessKeys",
            "iam:ListAttachedUserPolicies",
            "iam:ListGroupsForUser",
            "iam:ListMFADevices",
            "iam:ListSSHPublicKeys",
            "iam:ListServiceSpecificCredentials",
            "iam:ListSigningCertificates",
            "iam:ListUserPolicies",
            "iam:UpdateAccessKey"
          ],
          "Resource": [
            "arn:aws:iam::111122223333:user/leasehold/prod/*"
          ]
        },
        {
          "Sid": "LeaveGroups",
          "Effect": "Allow",
          "Action": [
            "iam:RemoveUserFromGroup"
          ],
          "Resource": [
            "arn:aws:iam::111122223333:group/*/Mailers",
            "arn:aws:iam::111122223333:group/Mailers"
          ]
        },
        {
          "Sid": "DeleteMfaDevices",
          "Effect": "Allow",
          "Action": [
            "iam:DeleteVirtualMFADevice"
          ],
          "Resource": [
            "arn:aws:iam::111122223333:mfa/*"
          ]
        },
        {
          "Sid": "ClearSessionDenies",
          "Effect": "Allow",
          "Action": [
            "iam:DeleteRolePolicy",
            "iam:GetRolePolicy",
            "iam:ListRolePolicies"
          ],
          "Resource": [
            "arn:aws:iam::111122223333:role/ProdAppReadOnly"
          ]
        }
      ]
    }
    "#);
}

#[test]
fn the_trust_of_a_target() {
    assert_snapshot!(told(&every_kind(), &["trust", "deploy"]).shown(), @r#"
    exit 0
    ── stdout
    {
      "Version": "[day]",
      "Statement": [
        {
          "Sid": "AssumeRole",
          "Effect": "Allow",
          "Principal": {
            "AWS": "arn:aws:iam::111122223333:user/ci"
          },
          "Action": [
            "sts:AssumeRole"
          ],
          "Condition": {
            "StringEquals": {
              "aws:RequestTag/team": [
                "payments"
              ],
              "sts:ExternalId": [
                "x-1"
              ],
              "sts:SourceIdentity": [
                "pipeline"
              ]
            }
          }
        },
        {
          "Sid": "PassTags",
          "Effect": "Allow",
          "Principal": {
            "AWS": "arn:aws:iam::111122223333:user/ci"
          },
          "Action": [
            "sts:TagSession"
          ],
          "Condition": {
            "ForAllValues:StringEquals": {
              "aws:TagKeys": [
                "team"
              ]
            },
            "Null": {
              "sts:TransitiveTagKeys": [
                "true"
              ]
            },
            "StringEquals": {
              "aws:RequestTag/team": [
                "payments"
              ]
            }
          }
        },
        {
          "Sid": "PassSourceIdentity",
          "Effect": "Allow",
          "Principal": {
            "AWS": "arn:aws:iam::111122223333:user/ci"
          },
          "Action": [
            "sts:SetSourceIdentity"
          ],
          "Condition": {
            "StringEquals": {
              "sts:SourceIdentity": [
                "pipeline"
              ]
            }
          }
        }
      ]
    }
    ── stderr
    arn:aws:iam::444455556666:role/team/Deploy: 768 of 2048 characters
    "#);
}

#[test]
fn what_is_too_long_for_one_policy_is_split_and_said() {
    let many: String = (0..150)
        .map(|n| scene::role(&format!("r{n}"), &format!("arn:aws:iam::111122223333:role/Application{n}"), ""))
        .collect();
    let done = told(&many, &["broker"]);
    assert_snapshot!(done.stderr, @"
    1. leasehold-prod-broker-1: 6082 of 6144 characters
    2. leasehold-prod-broker-2: 1244 of 6144 characters
    note: a managed policy has at most 6144 characters, so this is split into 2: attach all of them
    ");
    let policies = serde_json::Deserializer::from_str(&done.stdout).into_iter::<policies_v1::PolicyDocument>();
    let policies: Vec<_> = policies.collect::<Result<_, _>>().expect("one JSON value after the other");
    let as_json = told(&many, &["broker", "--format", "json"]);
    assert_eq!(as_json.stderr, "");
    let document: policies_v1::Document = serde_json::from_str(&as_json.stdout).expect("a document");
    assert!(document.policies.iter().map(|policy| &policy.document).eq(&policies), "both forms hold the same");
    assert!(policies.len() == 2 && document.policies.iter().all(|policy| policy.characters <= policy.limit));
}

#[test]
fn a_trust_policy_that_aws_would_not_take_is_said() {
    let tags = |n: usize| {
        let tags: Vec<String> = (0..n).map(|n| format!("key-{n}: value-{n}")).collect();
        scene::role("app", scene::READ_ONLY, &format!("session_tags: {{{}}}", tags.join(", ")))
    };
    assert!(!told(&tags(5), &["trust", "app"]).stderr.contains("note"));
    assert_snapshot!(told(&tags(20), &["trust", "app"]).stderr, @"
    arn:aws:iam::111122223333:role/ProdAppReadOnly: 2040 of 2048 characters
    ");
    assert_snapshot!(told(&tags(50), &["trust", "app"]).stderr, @"
    arn:aws:iam::111122223333:role/ProdAppReadOnly: 4530 of 2048 characters
    note: the trust policy of arn:aws:iam::111122223333:role/ProdAppReadOnly has 4530 characters: AWS takes 2048, and 4096 at most: it cannot be stored; declare fewer tags
    ");
}

#[test]
fn targets_that_are_shared_and_targets_that_are_alike() {
    let both = scene::role("one", scene::READ_ONLY, "external_id: x-1")
        + &scene::role("two", scene::READ_ONLY, "external_id: x-2");
    let shared = told(&both, &["trust", "one"]);
    assert!(shared.stdout.contains("x-1") && shared.stdout.contains("x-2"), "{}", shared.stdout);
    assert!(shared.stderr.contains("is a target of two too"), "{}", shared.stderr);
    let alike = scene::role("app", &format!("{}, {AWAY}", scene::READ_ONLY), "");
    let alike = told(&alike, &["trust", "app"]);
    assert_snapshot!(alike.stderr, @"
    arn:aws:iam::111122223333:role/ProdAppReadOnly, arn:aws:iam::444455556666:role/team/Deploy: 160 of 2048 characters
    ");
    assert_eq!(serde_json::from_str::<serde_json::Value>(&alike.stdout).expect("one policy")["Version"], "2012-10-17");
}

#[test]
fn the_revoker_has_what_the_sweeper_has_and_denies_sessions() {
    let told = |who: &str, account: &str| told(&every_kind(), &[who, "--account", account, "--format", "json"]).stdout;
    for account in ["111122223333", "444455556666"] {
        let [sweeper, revoker] = ["sweeper", "revoker"].map(|who| {
            let document: serde_json::Value = serde_json::from_str(&told(who, account)).expect("JSON");
            let statements = document["policies"][0]["document"]["Statement"].as_array().expect("statements").clone();
            (statements, document["notes"].to_string())
        });
        assert!(revoker.0.starts_with(&sweeper.0) && revoker.0.len() == sweeper.0.len() + 1);
        let denying = &revoker.0[sweeper.0.len()];
        assert_eq!(
            denying["Action"],
            serde_json::json!(["iam:GetRolePolicy", "iam:ListRolePolicies", "iam:PutRolePolicy"])
        );
        assert!(denying["Resource"].to_string().contains(account) && !denying["Resource"].to_string().contains('*'));
        assert!(revoker.1.contains("iam:PutRolePolicy") && !sweeper.1.contains("iam:PutRolePolicy"));
        assert!(!serde_json::json!(sweeper.0).to_string().contains("iam:PutRolePolicy"));
    }
}

#[test]
fn where_nothing_is_needed_nothing_is_printed() {
    let none = told("", &["broker"]);
    assert_eq!(none.stdout, "");
    assert_snapshot!(none.stderr, @"
    note: nothing is declared that the broker would need a permission for in account 111122223333
    ");
    let sweeper = told(&every_kind(), &["sweeper", "--account", "777788889999"]);
    assert!(sweeper.stdout.is_empty() && sweeper.stderr.contains("in account 777788889999"), "{}", sweeper.stderr);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let sandbox = sandbox(&every_kind());
    let refused = |args: &[&str]| sandbox.run(&[&["policy"], args].concat()).expect(exit::USAGE).stderr;
    assert_snapshot!(refused(&["broker", "--account", "444455556666"]), @"
    error[other-account]: the broker `arn:aws:iam::111122223333:user/ci` has no policy in account 444455556666; because it lives in account 111122223333; help: leave --account out; `policy trust` prints what target roles of another account need
    ");
    assert_snapshot!(refused(&["reader", "--account", "4444"]), @"
    error[bad-account]: `4444` is no account id; help: --account wants its twelve digits
    ");
    assert_snapshot!(refused(&["trust", "deplay"]), @"
    error[no-such-role]: there is no role `deplay` declared; help: did you mean `deploy`?
    ");
    assert_snapshot!(refused(&["trust", "zzz"]), @"
    error[no-such-role]: there is no role `zzz` declared; help: declare it, or look for its name in the manifests; --dir says where they are
    ");
    assert_snapshot!(refused(&["trust", "mailer"]), @"
    error[no-target]: the role `mailer` is of type iam_user, which assumes no role; help: only an assumed_role has targets with a trust policy
    ");
    assert_snapshot!(refused(&["trust", "deploy", "--account", "111122223333"]), @"
    error[no-target]: the role `deploy` has no target in account 111122223333; help: it has: arn:aws:iam::444455556666:role/team/Deploy
    ");
}
