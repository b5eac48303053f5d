//! The broker's own policies do not let it issue.
//!
//! ## What it does
//! Asks every policy that was read, and speaks when the role's trust policy lets the broker and the broker's own side
//! does not: no statement of its identity policies or of its permissions boundary allows what STS asks for, or one of
//! them denies it. Its own Allow counts where the target is in another account or trusts the broker's whole account; a
//! boundary and a Deny count everywhere. Federation tokens, which have no trust policy, are asked for too, and so are the
//! calls to IAM without which no user of an `iam_user` role is issued, each with the path, tags, boundary, policies and groups
//! that the role declares.
//!
//! ## Why it is bad
//! STS answers `AccessDenied` to every request for the role, in words that read as if the role did not trust the broker; IAM
//! does it when the lease has begun, which then has to be taken back.
//!
//! ## Example
//! ```yaml
//! apiVersion: leasehold/v1
//! kind: Broker
//! metadata: {name: prod}
//! spec:
//!   principal: arn:aws:iam::111122223333:role/VaultRunner
//!   region: ap-northeast-1
//!   deployment: prod
//! ---
//! apiVersion: leasehold/v1
//! kind: Role
//! metadata: {name: reports-readonly}
//! spec:
//!   credential_type: assumed_role
//!   role_arns: [arn:aws:iam::444455556666:role/ReportsReadOnly]
//!   default_sts_ttl: 30m
//!   max_sts_ttl: 1h
//! ```
//! ```json
//! {
//!   "caller": {"arn": "arn:aws:sts::111122223333:assumed-role/VaultRunner/ci", "user_id": "AROAEXAMPLEVAULTRUN01:ci"},
//!   "roles": {
//!     "arn:aws:iam::444455556666:role/ReportsReadOnly": {
//!       "role_id": "AROAEXAMPLEREADONLY01",
//!       "max_session_duration": 3600,
//!       "trust": {
//!         "Version": "2012-10-17",
//!         "Statement": [
//!           {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:AssumeRole"}
//!         ]
//!       }
//!     }
//!   },
//!   "broker": {
//!     "unique_id": "AROAEXAMPLEVAULTRUN01",
//!     "policies": [
//!       {
//!         "name": "issue",
//!         "document": {
//!           "Version": "2012-10-17",
//!           "Statement": [
//!             {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "arn:aws:iam::111122223333:role/ProdAppReadOnly"}
//!           ]
//!         }
//!       }
//!     ]
//!   }
//! }
//! ```
//!
//! ## Use instead
//! ```json
//! {
//!   "caller": {"arn": "arn:aws:sts::111122223333:assumed-role/VaultRunner/ci", "user_id": "AROAEXAMPLEVAULTRUN01:ci"},
//!   "roles": {
//!     "arn:aws:iam::444455556666:role/ReportsReadOnly": {
//!       "role_id": "AROAEXAMPLEREADONLY01",
//!       "max_session_duration": 3600,
//!       "trust": {
//!         "Version": "2012-10-17",
//!         "Statement": [
//!           {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:AssumeRole"}
//!         ]
//!       }
//!     }
//!   },
//!   "broker": {
//!     "unique_id": "AROAEXAMPLEVAULTRUN01",
//!     "policies": [
//!       {
//!         "name": "issue",
//!         "document": {
//!           "Version": "2012-10-17",
//!           "Statement": [
//!             {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "arn:aws:iam::111122223333:role/ProdAppReadOnly"},
//!             {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "arn:aws:iam::444455556666:role/ReportsReadOnly"}
//!           ]
//!         }
//!       }
//!     ]
//!   }
//! }
//! ```
//!
//! ## Source
//! The IAM user guide on policy evaluation: cross-account access needs an Allow on both sides, and an explicit Deny
//! always wins.

use crate::domain::finding::{Confidence, Finding, Level};
use crate::domain::iam::{Place, Verdict};
use crate::domain::text;

use super::broker_side::{self, Unsettled};
use super::judging::Judging;
use super::rule::{Check, Origin, Rule, Said};

pub(super) static RULE: Rule = Rule {
    code: "LH307",
    name: "broker-not-allowed",
    level: Level::Hard,
    confidence: Confidence::Certain,
    origin: Origin::World,
    summary: "The broker's own policies do not let it issue.",
    source: include_str!("broker_not_allowed.rs"),
    check: Check::Whole(check),
};

fn check(judging: &Judging<'_>, findings: &mut Vec<Finding>) {
    // A broker that is not there, or was not read, is another rule's.
    let Some(live) = judging.world.broker.present() else { return };
    for unsettled in &judging.unsettled {
        let Some(answer) = unsettled.answers.iter().find(|it| refused(&it.verdict)) else { continue };
        let (because, remedy) = match &answer.verdict {
            Verdict::DeniedExplicitly { place, policy, statement } => {
                let (policy, statement) = (text::short(policy, 128), text::short(statement, 64));
                (
                    format!("statement `{statement}` of its {} `{policy}` denies it", place.as_str()),
                    format!(
                        "take `{}` out of the Deny `{statement}` of `{policy}`: a Deny wins over every Allow",
                        unsettled.resource
                    ),
                )
            }
            Verdict::DeniedImplicitly { lacking } if lacking.is_empty() => (
                "no request can meet the conditions of its own policies and of the trust policy at once".to_owned(),
                "write the conditions of both sides so that one request can meet them all".to_owned(),
            ),
            Verdict::DeniedImplicitly { lacking } => {
                let boundary = live.boundary.present().map(|policy| policy.name.as_str());
                lacks(judging, unsettled, answer.action, lacking, boundary)
            }
            Verdict::Allowed | Verdict::Depends(_) => continue,
        };
        findings.push(RULE.about(
            unsettled.role,
            unsettled.field,
            Said {
                message: format!(
                    "the broker `{}` may not {} on `{}` for role `{}`: {because}",
                    judging.principal(),
                    unsettled.actions(refused).join(", "),
                    unsettled.resource,
                    unsettled.role.spec.name
                ),
                label: "the broker's own policies stop it".to_owned(),
                remedy,
            },
        ));
    }
}

fn refused(verdict: &Verdict) -> bool {
    match verdict {
        Verdict::DeniedExplicitly { place, .. } => matches!(place, Place::Identity | Place::Boundary),
        Verdict::DeniedImplicitly { lacking } => {
            lacking.is_empty() || lacking.iter().any(|place| matches!(place, Place::Identity | Place::Boundary))
        }
        Verdict::Allowed | Verdict::Depends(_) => false,
    }
}

/// Why nothing allows it, and what to add.
fn lacks(
    judging: &Judging<'_>,
    unsettled: &Unsettled<'_>,
    action: &str,
    lacking: &[Place],
    boundary: Option<&str>,
) -> (String, String) {
    let traces = unsettled.trace(&judging.issuing, action);
    let (mut because, mut remedies) = (Vec::new(), Vec::new());
    for place in [Place::Identity, Place::Boundary].into_iter().filter(|place| lacking.contains(place)) {
        let actions = unsettled
            .actions(|verdict| matches!(verdict, Verdict::DeniedImplicitly { lacking } if lacking.contains(&place)));
        let near = broker_side::nearest(&traces, place).map(|near| format!(" ({near})")).unwrap_or_default();
        match (place, boundary) {
            (Place::Boundary, Some(name)) => {
                let name = text::short(name, 128);
                because.push(format!("its permissions boundary `{name}` does not allow it{near}"));
                remedies.push(format!("add {}", unsettled.to_add(&actions, &format!("the boundary `{name}`"))));
            }
            _ => {
                because.push(format!("no identity policy of its own allows it{near}"));
                remedies.push(format!("add {}", unsettled.to_add(&actions, "an identity policy of the broker")));
            }
        }
    }
    (because.join(", and "), remedies.join("; "))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{ALLOW_ALL, READ_ONLY, REPORTS, Scene, allow, statement, trust};
    use super::*;
    use crate::domain::ident::Arn;
    use crate::domain::least_privilege;

    fn scene(arn: &str, principal: &str) -> Scene {
        let trusting = trust(&[&statement("Allow", principal, "sts:AssumeRole")]);
        Scene::role_broker().assumed_role_of("a", &[arn]).live(arn, 3_600, &trusting)
    }

    #[test]
    fn the_side_of_the_broker_counts_across_accounts_and_where_the_account_is_trusted() {
        let other = allow("sts:AssumeRole", "arn:aws:iam::444455556666:role/Other");
        for (arn, principal, expected) in
            [(REPORTS, "role/VaultRunner", 1), (READ_ONLY, "root", 1), (READ_ONLY, "role/VaultRunner", 0)]
        {
            let found = scene(arn, principal).broker(&[&other], None).findings(&RULE);
            assert_eq!(found.len(), expected, "{arn} {principal}: {found:?}");
            let sound = scene(arn, principal).broker(&[&allow("sts:AssumeRole", arn)], None);
            assert!(sound.findings(&RULE).is_empty(), "{arn} {principal}");
        }
        let found = scene(REPORTS, "role/VaultRunner").broker(&[&other], None).findings(&RULE);
        assert!(found[0].message.contains("the nearest is statement `#1` of `issue`, whose Resource is"), "{found:?}");
        let wanted = format!(r#"`{{"Action":"sts:AssumeRole","Effect":"Allow","Resource":"{REPORTS}"}}`"#);
        assert!(found[0].remedy.contains(&wanted), "{found:?}");
    }

    #[test]
    fn a_deny_and_a_boundary_count_everywhere() {
        let deny = ALLOW_ALL.replacen("Allow", "Deny", 1);
        let denied = scene(READ_ONLY, "role/VaultRunner").broker(&[ALLOW_ALL, &deny], None).findings(&RULE);
        assert!(denied.len() == 1 && denied[0].message.contains("statement `#2` of its identity policy"), "{denied:?}");
        let narrow = allow("s3:*", "*");
        let bound = scene(READ_ONLY, "role/VaultRunner").broker(&[ALLOW_ALL], Some(&narrow)).findings(&RULE);
        assert!(bound.len() == 1 && bound[0].remedy.contains("to the boundary `Boundary`"), "{bound:?}");
    }

    #[test]
    fn what_the_trust_side_refuses_is_not_said_again() {
        let scene = scene(REPORTS, "role/Other").broker(&[&allow("s3:*", "*")], None);
        assert!(scene.findings(&RULE).is_empty());
    }

    #[test]
    fn every_action_that_is_passed_is_asked_for() {
        let trusting = trust(&[&statement("Allow", "root", "sts:*")]);
        let scene = Scene::role_broker()
            .assumed_role_with("a", |spec| {
                spec.session_tags.insert("team".to_owned(), "x".to_owned());
            })
            .live(READ_ONLY, 3_600, &trusting)
            .broker(&[&allow("sts:AssumeRole", READ_ONLY)], None);
        let found = scene.findings(&RULE);
        assert!(found.len() == 1 && found[0].remedy.contains(r#""Action":"sts:TagSession""#), "{found:?}");
    }

    #[test]
    fn a_federation_token_needs_the_identity_policy() {
        let users = "arn:aws:sts::111122223333:federated-user/f-*";
        let scene = || Scene::user_broker().federation_token("f", 900, 3_600);
        let found = scene().broker(&[&allow("sts:AssumeRole", "*")], None).findings(&RULE);
        assert!(found.len() == 1 && found[0].remedy.contains(users), "{found:?}");
        assert!(scene().broker(&[&allow("sts:GetFederationToken", users)], None).findings(&RULE).is_empty());
    }
    fn users() -> Scene {
        Scene::role_broker()
            .iam_user("u", 900, 900, |spec| {
                spec.user_path = Some("/team/".to_owned());
                spec.permissions_boundary_arn = Some(arn("arn:aws:iam::111122223333:policy/Boundary"));
                spec.policy.arns = vec![arn("arn:aws:iam::aws:policy/ReadOnlyAccess")];
                spec.iam_tags.insert("team".to_owned(), "payments".to_owned());
            })
            .iam_user("plain", 900, 900, |_| ())
    }

    fn arn(text: &str) -> Arn {
        Arn::parse(text).expect("an ARN")
    }

    #[test]
    fn what_policy_broker_prints_is_enough_to_make_users() {
        let scene = users();
        let printed: Vec<String> = least_privilege::broker(&scene.desired)
            .iter()
            .zip(b'A'..)
            .map(|(it, sid)| it.to_json(&char::from(sid).to_string()).to_string())
            .collect();
        let printed: Vec<&str> = printed.iter().map(String::as_str).collect();
        let enough = users().broker(&printed, None);
        for rule in [&RULE, &super::super::broker_conditional::RULE, &super::super::broker_unproven::RULE] {
            assert!(enough.findings(rule).is_empty(), "{:?}", enough.findings(rule));
        }
        for (at, one) in printed.iter().enumerate() {
            let mut fewer = printed.clone();
            fewer.remove(at);
            let found = users().broker(&fewer, None).findings(&RULE);
            assert!(
                found.iter().any(|it| it.remedy.contains("an identity policy of the broker: `")),
                "{one}: {found:?}"
            );
        }
    }

    #[test]
    fn a_broker_that_may_make_no_users_is_told_each_call_and_each_statement() {
        let found = users().broker(&[&allow("sts:AssumeRole", "*")], None).findings(&RULE);
        assert_eq!(found.len(), 2, "{found:?}");
        let calls = "iam:CreateUser, iam:TagUser, iam:PutUserPolicy, iam:AttachUserPolicy, iam:CreateAccessKey on \
                     `arn:aws:iam::111122223333:user/leasehold/prod/team/u-??????????????????????????`";
        assert!(found[0].message.contains(calls), "{found:?}");
        assert!(
            found[0].remedy.starts_with(
                "add these statements to an identity policy of the broker: `{\"Action\":[\"iam:CreateUser\"]"
            ),
            "{found:?}"
        );
        assert!(
            found[0].remedy.contains("policy/ReadOnlyAccess") && !found[1].remedy.contains("policy/ReadOnlyAccess")
        );
    }

    #[test]
    fn a_user_under_another_path_or_boundary_is_another_user() {
        let path = "arn:aws:iam::111122223333:user/leasehold/prod/other/*";
        let other = format!(r#"{{"Effect": "Allow", "Action": "iam:*", "Resource": "{path}"}}"#);
        assert_eq!(users().broker(&[&other], None).findings(&RULE).len(), 2);
        let bounded = r#"{"Effect": "Allow", "Action": "iam:*", "Resource": "*", "Condition": {"StringEquals": {"iam:PermissionsBoundary": "arn:aws:iam::111122223333:policy/Other"}}}"#;
        assert_eq!(
            users()
                .broker(&[bounded, &allow("iam:TagUser", "*"), &allow("iam:CreateAccessKey", "*")], None)
                .findings(&RULE)
                .len(),
            2
        );
    }
}
