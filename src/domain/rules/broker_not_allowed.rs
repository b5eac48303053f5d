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

use super::broker_side::{self, Answer, Unsettled};
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
    let boundary = live.boundary.present().map(|policy| policy.name.as_str());
    for unsettled in &judging.unsettled {
        let reasons = reasons(unsettled);
        if reasons.is_empty() {
            continue;
        }
        let refusing = unsettled.actions(refused);
        let (mut because, mut remedies) = (Vec::new(), Vec::new());
        for (reason, answers) in &reasons {
            let mut actions: Vec<&str> = answers.iter().map(|answer| answer.action).collect();
            actions.dedup();
            let what = if actions == refusing { "it".to_owned() } else { actions.join(", ") };
            let (why, remedy) = told(judging, unsettled, reason, answers, &what, boundary);
            because.push(why);
            remedies.push(remedy);
        }
        findings.push(RULE.about(
            unsettled.role,
            unsettled.field,
            Said {
                message: format!(
                    "the broker `{}` may not {} for role `{}`: {}",
                    judging.principal(),
                    unsettled.calls(refused),
                    unsettled.role.spec.name,
                    because.join(", and ")
                ),
                label: "the broker's own policies stop it".to_owned(),
                remedy: remedies.join("; "),
            },
        ));
    }
}

/// Why a call is refused.
#[derive(PartialEq, Eq)]
enum Reason<'a> {
    Denied { place: Place, policy: &'a str, statement: &'a str },
    Contradicted,
    Lacking(Place),
}

/// Every reason for which some call is refused, with the answers to those calls.
fn reasons<'u, 'a>(unsettled: &'u Unsettled<'a>) -> Vec<(Reason<'u>, Vec<&'u Answer<'a>>)> {
    let mut reasons: Vec<(Reason<'u>, Vec<&'u Answer<'a>>)> = Vec::new();
    for answer in unsettled.answers.iter().filter(|it| refused(&it.verdict)) {
        let of_answer = match &answer.verdict {
            Verdict::DeniedExplicitly { place, policy, statement } => {
                vec![Reason::Denied { place: *place, policy, statement }]
            }
            Verdict::DeniedImplicitly { lacking } if lacking.is_empty() => vec![Reason::Contradicted],
            Verdict::DeniedImplicitly { lacking } => {
                let own = [Place::Identity, Place::Boundary].into_iter();
                own.filter(|place| lacking.contains(place)).map(Reason::Lacking).collect()
            }
            Verdict::Allowed | Verdict::Depends(_) => Vec::new(),
        };
        for reason in of_answer {
            match reasons.iter_mut().find(|(known, _)| *known == reason) {
                Some((_, answers)) => answers.push(answer),
                None => reasons.push((reason, vec![answer])),
            }
        }
    }
    reasons
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

/// The reason as a clause about `what`, and what to do.
fn told(
    judging: &Judging<'_>,
    unsettled: &Unsettled<'_>,
    reason: &Reason<'_>,
    answers: &[&Answer<'_>],
    what: &str,
    boundary: Option<&str>,
) -> (String, String) {
    let add = |to: &str| {
        let actions: Vec<&str> = answers.iter().map(|answer| answer.action).collect();
        format!("add {}", unsettled.to_add(&actions, to))
    };
    let near = |place| {
        let traces = answers.first().map(|answer| unsettled.trace(&judging.issuing, answer)).unwrap_or_default();
        broker_side::nearest(&traces, place).map(|near| format!(" ({near})")).unwrap_or_default()
    };
    match (reason, boundary) {
        (Reason::Denied { place, policy, statement }, _) => {
            let (policy, statement) = (text::short(policy, 128), text::short(statement, 64));
            let resources: Vec<String> =
                unsettled.resources(answers).iter().map(|resource| format!("`{resource}`")).collect();
            (
                format!("statement `{statement}` of its {} `{policy}` denies {what}", place.as_str()),
                format!(
                    "take {} out of the Deny `{statement}` of `{policy}`: a Deny wins over every Allow",
                    resources.join(" and ")
                ),
            )
        }
        (Reason::Contradicted, _) if unsettled.has_trust() => (
            "no request can meet the conditions of its own policies and of the trust policy at once".to_owned(),
            "write the conditions of both sides so that one request can meet them all".to_owned(),
        ),
        (Reason::Contradicted, _) => (
            "no request can meet all of the conditions of its own policies at once".to_owned(),
            "write the conditions so that one request can meet them all".to_owned(),
        ),
        (Reason::Lacking(place @ Place::Boundary), Some(name)) => {
            let name = text::short(name, 128);
            let near = near(*place);
            (
                format!("its permissions boundary `{name}` does not allow {what}{near}"),
                add(&format!("the boundary `{name}`")),
            )
        }
        (Reason::Lacking(place), _) => {
            let near = near(*place);
            (format!("no identity policy of its own allows {what}{near}"), add("an identity policy of the broker"))
        }
    }
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

    fn plain() -> Scene {
        Scene::role_broker().iam_user("plain", 900, 900, |_| ())
    }

    fn deny(sid: &str, action: &str, resource: &str) -> String {
        format!(r#"{{"Sid": "{sid}", "Effect": "Deny", "Action": "{action}", "Resource": "{resource}"}}"#)
    }

    #[test]
    fn each_deny_that_stops_a_call_is_told_with_its_call() {
        let (users, keys) = (deny("NoUsers", "iam:CreateUser", "*"), deny("NoKeys", "iam:CreateAccessKey", "*"));
        let most = r#"{"Effect": "Allow", "NotAction": "iam:TagUser", "Resource": "*"}"#;
        let found = plain().broker(&[most, &users, &keys], None).findings(&RULE);
        assert_eq!(found.len(), 1, "{found:?}");
        for part in [
            "statement `NoUsers` of its identity policy `issue` denies iam:CreateUser",
            "statement `NoKeys` of its identity policy `issue` denies iam:CreateAccessKey",
            "no identity policy of its own allows iam:TagUser",
        ] {
            assert!(found[0].message.contains(part), "{part}: {found:?}");
        }
        for part in ["out of the Deny `NoUsers`", "out of the Deny `NoKeys`", r#""Action":["iam:TagUser"]"#] {
            assert!(found[0].remedy.contains(part), "{part}: {found:?}");
        }
    }

    #[test]
    fn what_the_policies_lack_and_what_the_boundary_lacks_are_told_apart() {
        let most = r#"{"Effect": "Allow", "NotAction": "iam:CreateUser", "Resource": "*"}"#;
        let found = plain().broker(&[most], Some(&allow("iam:CreateUser", "*"))).findings(&RULE);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].message.contains("no identity policy of its own allows iam:CreateUser"), "{found:?}");
        let bound =
            "its permissions boundary `Boundary` does not allow iam:TagUser, iam:PutUserPolicy, iam:CreateAccessKey";
        assert!(found[0].message.contains(bound), "{found:?}");
        assert!(found[0].remedy.contains("to the boundary `Boundary`: `"), "{found:?}");
    }

    #[test]
    fn a_group_that_users_may_not_be_put_into_is_named() {
        let group = "arn:aws:iam::111122223333:group/ops/deployers";
        let mut scene = Scene::role_broker()
            .iam_user("u", 900, 900, |spec| spec.policy.groups.push("deployers".to_owned()))
            .broker(&[ALLOW_ALL, &deny("NoGroups", "iam:AddUserToGroup", group)], None);
        let account = crate::domain::ident::AccountId::parse("111122223333").expect("an account");
        let known = crate::domain::world::Fact::Present(group.to_owned());
        scene.world.groups.insert((account, "deployers".to_owned()), known);
        let found = scene.findings(&RULE);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].message.contains(&format!("may not iam:AddUserToGroup on `{group}` for")), "{found:?}");
        assert!(found[0].remedy.contains(&format!("take `{group}` out of the Deny `NoGroups`")), "{found:?}");
    }

    #[test]
    fn a_user_has_no_trust_policy_to_speak_of() {
        let condition = |effect: &str, block: &str| {
            format!(r#"{{"Effect": "{effect}", "Action": "iam:*", "Resource": "*", "Condition": {block}}}"#)
        };
        let from = condition("Allow", r#"{"StringEquals": {"aws:SourceVpc": "a"}}"#);
        let not = condition("Deny", r#"{"Null": {"aws:SourceVpc": "false"}}"#);
        let found = plain().broker(&[&from, &not], None).findings(&RULE);
        assert!(found.len() == 1 && found[0].message.contains("the conditions of its own policies"), "{found:?}");
        assert!(!found[0].message.contains("trust policy"), "{found:?}");
    }

    #[test]
    fn a_tag_that_no_user_is_made_with_is_not_waited_for() {
        let tag = |key: &str| {
            format!(
                r#"{{"Effect": "Allow", "Action": "iam:*", "Resource": "*", "Condition": {{"StringLike": {{"{key}": "*"}}}}}}"#
            )
        };
        for (key, calls) in [
            ("aws:RequestTag/CostCenter", "iam:CreateUser, iam:TagUser on"),
            ("iam:ResourceTag/CostCenter", "iam:PutUserPolicy, iam:CreateAccessKey on"),
        ] {
            let found = plain().broker(&[&tag(key)], None).findings(&RULE);
            assert!(found.len() == 1 && found[0].message.contains(calls), "{key}: {found:?}");
        }
        let given = [tag("aws:RequestTag/LEASEHOLD:role"), tag("iam:ResourceTag/leasehold:role")];
        let found = plain().broker(&[&given[0], &given[1]], None).findings(&RULE);
        assert!(found.is_empty(), "{found:?}");
    }

    #[test]
    fn signs_that_policies_read_otherwise_stand_for_themselves() {
        for sign in ["*", "?", "$", "${", "${aws:username}", "${*}", "!", "+", "~", "%", "{}", "'"] {
            let of = |kind: &str| format!("arn:aws:iam::111122223333:policy/{sign}/{kind}");
            let (boundary, policy) = (arn(&of("Boundary")), arn(&of("Rights")));
            let scene = || {
                Scene::role_broker().iam_user("u", 900, 900, |spec| {
                    spec.user_path = Some(format!("/{sign}/"));
                    spec.permissions_boundary_arn = Some(boundary.clone());
                    spec.policy.arns = vec![policy.clone()];
                    spec.iam_tags.insert(format!("t{sign}"), sign.to_owned());
                })
            };
            let printed = scene().user_statements();
            let printed: Vec<&str> = printed.iter().map(String::as_str).collect();
            let enough = scene().broker(&printed, None);
            for rule in [&RULE, &super::super::broker_conditional::RULE, &super::super::broker_unproven::RULE] {
                assert!(enough.findings(rule).is_empty(), "{sign}: {:?}", enough.findings(rule));
            }
        }
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
