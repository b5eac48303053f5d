//! The broker's own policies let it make or empower users beyond what is declared.
//!
//! ## What it does
//! Where an `iam_user` role is declared and the broker's own policies were read, asks them for each action by which such a
//! role is issued: on a user outside of the deployment's path; on a user of the role that lacks the boundary which the role
//! declares; and, where policies are attached, with `AdministratorAccess` in place of those that are declared. It speaks
//! only where the answer is certainly yes.
//!
//! LH314 asks which actions are allowed, this rule on which users and under which conditions: an Allow that reaches these
//! actions only by a wildcard (`iam:*`, `*`) or a NotAction is named there and not again here. Where no `iam_user` role is
//! declared, none of these actions is needed, and LH314 speaks of every one.
//!
//! ## Why it is bad
//! Whoever gets hold of the broker can make itself a user that may do anything in the account, or hang a policy and an
//! access key on a user that is there. No session policy, no TTL and no review of the manifests stands in the way.
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
//! metadata: {name: app-batch}
//! spec:
//!   credential_type: iam_user
//!   user_path: /app-batch/
//!   permissions_boundary_arn: arn:aws:iam::111122223333:policy/LeaseholdBoundary
//!   justification: the vendor's tool cannot use session tokens
//!   policy_arns: [arn:aws:iam::aws:policy/ReadOnlyAccess]
//!   default_ttl: 30m
//!   max_ttl: 1h
//! ```
//! ```json
//! {
//!   "caller": {"arn": "arn:aws:sts::111122223333:assumed-role/VaultRunner/ci", "user_id": "AROAEXAMPLEVAULTRUN01:ci"},
//!   "roles": {},
//!   "broker": {
//!     "unique_id": "AROAEXAMPLEVAULTRUN01",
//!     "policies": [
//!       {
//!         "name": "issue",
//!         "document": {
//!           "Version": "2012-10-17",
//!           "Statement": [
//!             {"Effect": "Allow", "Action": ["iam:CreateUser", "iam:TagUser", "iam:PutUserPolicy", "iam:AttachUserPolicy", "iam:CreateAccessKey"], "Resource": "*"}
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
//!   "roles": {},
//!   "broker": {
//!     "unique_id": "AROAEXAMPLEVAULTRUN01",
//!     "policies": [
//!       {
//!         "name": "issue",
//!         "document": {
//!           "Version": "2012-10-17",
//!           "Statement": [
//!             {"Sid": "CreateUsers", "Effect": "Allow", "Action": ["iam:CreateUser"], "Resource": ["arn:aws:iam::111122223333:user/leasehold/prod/app-batch/app-batch-??????????????????????????"], "Condition": {"StringEquals": {"aws:RequestTag/leasehold:deployment": ["prod"], "iam:PermissionsBoundary": ["arn:aws:iam::111122223333:policy/LeaseholdBoundary"]}}},
//!             {"Sid": "PutUserPolicies", "Effect": "Allow", "Action": ["iam:PutUserPolicy"], "Resource": ["arn:aws:iam::111122223333:user/leasehold/prod/app-batch/app-batch-??????????????????????????"], "Condition": {"StringEquals": {"iam:PermissionsBoundary": ["arn:aws:iam::111122223333:policy/LeaseholdBoundary"]}}},
//!             {"Sid": "TagUsers", "Effect": "Allow", "Action": ["iam:TagUser"], "Resource": ["arn:aws:iam::111122223333:user/leasehold/prod/app-batch/app-batch-??????????????????????????"], "Condition": {"StringEquals": {"aws:RequestTag/leasehold:deployment": ["prod"]}}},
//!             {"Sid": "AttachPolicies", "Effect": "Allow", "Action": ["iam:AttachUserPolicy"], "Resource": ["arn:aws:iam::111122223333:user/leasehold/prod/app-batch/app-batch-??????????????????????????"], "Condition": {"ArnEquals": {"iam:PolicyARN": ["arn:aws:iam::aws:policy/ReadOnlyAccess"]}, "StringEquals": {"iam:PermissionsBoundary": ["arn:aws:iam::111122223333:policy/LeaseholdBoundary"]}}},
//!             {"Sid": "CreateAccessKeys", "Effect": "Allow", "Action": ["iam:CreateAccessKey"], "Resource": ["arn:aws:iam::111122223333:user/leasehold/prod/app-batch/app-batch-??????????????????????????"]}
//!           ]
//!         }
//!       }
//!     ]
//!   }
//! }
//! ```
//!
//! ## Source
//! The IAM user guide's pages on permissions boundaries, which ask for `iam:PermissionsBoundary` in the policies of whoever makes
//! users, and the service authorization reference of IAM. What the broker needs is what `leasehold policy broker` prints.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::credential::{CredentialSpec, IamUserSpec};
use crate::domain::finding::{Confidence, Finding, Level};
use crate::domain::iam::{
    Caller, Effect, Knowledge, Layer, Place, Policies, Policy, Request, Selector, Statement, Truth, Verdict, evaluate,
    trace,
};
use crate::domain::ident::{Arn, Name};
use crate::domain::least_privilege::BOUNDARY;
use crate::domain::world::AttachedPolicy;
use crate::domain::{least_privilege, text};

use super::broker_too_powerful;
use super::judging::Judging;
use super::rule::{Check, Origin, Rule, Said};

pub(super) static RULE: Rule = Rule {
    code: "LH315",
    name: "broker-makes-users",
    level: Level::Advisory,
    confidence: Confidence::Certain,
    origin: Origin::World,
    summary: "The broker's own policies let it make or empower users beyond what is declared.",
    source: include_str!("broker_makes_users.rs"),
    check: Check::Whole(check),
};

/// Statements up to which the remedy gives all of them.
const SPELLED_OUT: usize = 6;

/// Managed policies of AWS that give an account away.
const MIGHTY: [&str; 2] = ["AdministratorAccess", "IAMFullAccess"];

fn check(judging: &Judging<'_>, findings: &mut Vec<Finding>) {
    let Some(attached) = judging.world.broker.present().and_then(|live| live.policies.present()) else { return };
    let asker = Asker::new(judging, attached);
    let needed: Vec<least_privilege::Statement> =
        least_privilege::broker(judging.desired).into_iter().filter(is_on_users).collect();
    let actions: BTreeSet<&'static str> = needed.iter().flat_map(|it| it.actions.iter().copied()).collect();
    let bounded: BTreeSet<&'static str> = needed
        .iter()
        .filter(|it| it.requirements.iter().any(|requirement| requirement.key == BOUNDARY))
        .flat_map(|it| it.actions.iter().copied())
        .collect();
    let policies = || attached.iter().filter_map(|it| it.document.policy.as_ref().ok());
    let strangers = asker.strangers(policies());

    // One line for each way, with the actions that it stands open for.
    let mut open: BTreeMap<String, BTreeSet<&'static str>> = BTreeMap::new();
    let all_given: BTreeSet<_> = user_roles(judging).map(|(_, spec)| given(spec)).collect();
    for (action, (boundary, policy)) in
        actions.iter().flat_map(|action| all_given.iter().map(move |given| (*action, *given)))
    {
        if let Some(user) = strangers.iter().find(|user| asker.may(action, user, boundary, policy)) {
            let user = text::short(user, 160);
            let way = format!("for users outside of `{}`, such as `{user}`", asker.path);
            open.entry(way).or_default().insert(action);
        }
    }
    for (name, spec) in user_roles(judging) {
        let ((boundary, policy), own) = (given(spec), judging.issuing.user_of(name, spec));
        for action in bounded.iter().copied().filter(|_| boundary.is_some()) {
            if asker.may(action, &own, None, policy) {
                let way = format!("for users of role `{name}` without its boundary");
                open.entry(way).or_default().insert(action);
            }
        }
        let mighty = MIGHTY.map(|it| format!("arn:{}:iam::aws:policy/{it}", asker.caller.partition));
        let undeclared = mighty.iter().find(|it| spec.policy.arns.iter().all(|arn| arn.as_str() != *it));
        if let Some(policy) = undeclared
            && asker.may("iam:AttachUserPolicy", &own, boundary, Some(policy))
        {
            let way = format!("for users of role `{name}` with policies that it does not declare, such as `{policy}`");
            open.entry(way).or_default().insert("iam:AttachUserPolicy");
        }
    }
    if open.is_empty() {
        return;
    }
    let ways: Vec<String> = open
        .iter()
        .map(|(way, actions)| format!("{} {way}", actions.iter().copied().collect::<Vec<_>>().join(", ")))
        .collect();
    let actions: BTreeSet<&'static str> = open.into_values().flatten().collect();
    findings.push(RULE.at(
        None,
        judging.desired.broker.principal_place.clone(),
        Said {
            message: format!(
                "the policies of the broker `{}` allow it more than what is declared needs: {}",
                judging.principal(),
                listed(&ways)
            ),
            label: "may make or empower other users".to_owned(),
            remedy: remedy(&needed, &actions),
        },
    ));
}

/// Ways that one message tells.
const LISTED: usize = 10;

fn listed(ways: &[String]) -> String {
    let shown = ways.iter().take(LISTED).map(String::as_str).collect::<Vec<_>>().join("; ");
    match ways.len().saturating_sub(LISTED) {
        0 => shown,
        more => format!("{shown}; and {more} more"),
    }
}

fn user_roles<'a>(judging: &Judging<'a>) -> impl Iterator<Item = (&'a Name, &'a IamUserSpec)> {
    judging.desired.roles.iter().filter_map(|role| match &role.spec.credential {
        CredentialSpec::IamUser(spec) => Some((&role.spec.name, spec)),
        CredentialSpec::AssumedRole(_) | CredentialSpec::FederationToken(_) | CredentialSpec::SessionToken(_) => None,
    })
}

/// The boundary of a role's users, and one of their managed policies.
fn given(spec: &IamUserSpec) -> (Option<&Arn>, Option<&str>) {
    (spec.permissions_boundary_arn.as_ref(), spec.policy.arns.first().map(Arn::as_str))
}

fn is_on_users(statement: &least_privilege::Statement) -> bool {
    statement.resources.iter().any(|resource| resource.contains(":user/"))
}

/// Asks the broker's own policies about IAM users of its account.
struct Asker<'j> {
    judging: &'j Judging<'j>,
    caller: Caller<'j>,
    policies: Policies<'j>,
    /// Path of the deployment's users.
    path: String,
    /// What every ARN of a user of the account begins with.
    prefix: String,
    /// What LH314 measures Allows by.
    limits: broker_too_powerful::Limits<'j>,
}

impl<'j> Asker<'j> {
    fn new(judging: &'j Judging<'_>, attached: &'j [AttachedPolicy]) -> Self {
        let caller = judging.issuing.caller();
        // Nobody reads the organization's policies, nor those that the broker's own session was made with.
        let session = if judging.principal().is_role() { Layer::Assumed } else { Layer::None };
        let policies = Policies {
            identity: judging.issuing.identity().clone(),
            boundary: judging.issuing.boundary().clone(),
            session,
            scps: vec![Layer::Assumed],
            ..Policies::default()
        };
        let path = least_privilege::lease_user_path(&judging.desired.broker.spec.deployment, None);
        let prefix = format!("arn:{}:iam::{}:user", caller.partition, caller.account);
        let limits = broker_too_powerful::Limits::new(judging, attached);
        Self { judging, caller, policies, path, prefix, limits }
    }

    /// Users that are not the deployment's: any, and one for each resource that an Allow names.
    fn strangers<'p>(&self, policies: impl Iterator<Item = &'p Policy>) -> BTreeSet<String> {
        let named = policies
            .flat_map(Policy::statements)
            .filter(|statement| statement.effect == Effect::Allow)
            .filter_map(|statement: &Statement| match &statement.resource {
                Some(Selector::Only(resources)) => Some(resources),
                Some(Selector::Except(_)) | None => None,
            })
            .flatten()
            .map(|resource| resource.replace('*', "any").replace('?', "x"));
        let any = format!("{}/any", self.prefix);
        let (root, own) = (format!("{}/", self.prefix), format!("{}{}", self.prefix, self.path));
        // What still has a variable stands for no one user.
        let is_stranger = |user: &String| user.starts_with(&root) && !user.starts_with(&own) && !user.contains('$');
        named.filter(is_stranger).chain([any]).collect()
    }

    /// Whether the policies certainly allow `action` on a user that has (or is made with) this boundary, with this managed policy
    /// where one is attached, and by an Allow that LH314 does not name.
    fn may(&self, action: &str, user: &str, boundary: Option<&Arn>, policy: Option<&str>) -> bool {
        let mut context = self.judging.issuing.known_of_any_call();
        // Whoever asks chooses the tags.
        if matches!(action, "iam:CreateUser" | "iam:TagUser") {
            let deployment = self.judging.desired.broker.spec.deployment.as_str();
            let tag = least_privilege::TAG_DEPLOYMENT;
            context.set(&format!("aws:RequestTag/{tag}"), Knowledge::is(deployment));
            context.set("aws:TagKeys", Knowledge::all(vec![tag.to_owned()]));
        }
        if matches!(action, "iam:CreateUser" | "iam:PutUserPolicy" | "iam:AttachUserPolicy") {
            let knowledge = boundary.map_or(Knowledge::ABSENT, |arn| Knowledge::is(arn.as_str()));
            context.set(BOUNDARY, knowledge);
        }
        if action == "iam:AttachUserPolicy" {
            context.set("iam:PolicyARN", policy.map_or(Knowledge::ABSENT, Knowledge::is));
        }
        let request = Request::new(self.caller, action).on(user).within(&context);
        evaluate(&request, &self.policies).verdict == Verdict::Allowed && self.is_own(&request, action)
    }

    /// Whether an Allow that LH314 does not name lets the request through.
    fn is_own(&self, request: &Request<'_>, action: &str) -> bool {
        let Layer::Read(named) = &self.policies.identity else { return false };
        let traces = trace(request, &self.policies);
        let traces = traces.iter().filter(|it| it.place == Place::Identity);
        let mut statements = named.iter().flat_map(|it| it.policy.statements()).zip(traces);
        statements.any(|(statement, trace)| {
            statement.effect == Effect::Allow
                && trace.elements.iter().all(|it| it.holds == Truth::True)
                && !self.limits.names(statement, action)
        })
    }
}

fn remedy(needed: &[least_privilege::Statement], actions: &BTreeSet<&'static str>) -> String {
    let whole = "leave what `leasehold policy broker` prints, and nothing else";
    let about: Vec<_> = needed.iter().filter(|it| it.actions.iter().any(|action| actions.contains(action))).collect();
    if about.is_empty() || about.len() > SPELLED_OUT {
        return whole.to_owned();
    }
    let statements: Vec<String> = about.iter().map(|it| format!("`{}`", it.to_json(it.sid))).collect();
    format!("{whole}; for these actions that is {}", statements.join(", "))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{ALLOW_ALL, Scene, allow};
    use super::*;
    use crate::domain::ident::Arn;

    const BOUNDARY_ARN: &str = "arn:aws:iam::111122223333:policy/Boundary";

    fn scene() -> Scene {
        Scene::role_broker().iam_user("batch", 900, 3_600, |spec| {
            spec.user_path = Some("/batch/".to_owned());
            spec.permissions_boundary_arn = Some(Arn::parse(BOUNDARY_ARN).expect("valid"));
            spec.policy.arns.push(Arn::parse("arn:aws:iam::aws:policy/ReadOnlyAccess").expect("valid"));
        })
    }

    fn found(scene: Scene, statements: &[&str]) -> Vec<Finding> {
        scene.broker(statements, None).findings(&RULE)
    }

    fn under(statement: &str, condition: &str) -> String {
        format!("{}, \"Condition\": {condition}}}", statement.strip_suffix('}').expect("an object"))
    }

    #[test]
    fn what_the_tool_itself_prints_is_not_too_much() {
        let own = scene().user_statements();
        assert!(own.len() > 3, "{own:?}");
        assert!(found(scene(), &own.iter().map(String::as_str).collect::<Vec<_>>()).is_empty());
    }

    #[test]
    fn each_limit_that_is_missing_is_told() {
        let path = "arn:aws:iam::111122223333:user/leasehold/prod/*";
        let bounded = format!(r#"{{"StringEquals": {{"iam:PermissionsBoundary": "{BOUNDARY_ARN}"}}}}"#);
        for (statement, told, not_told) in [
            (allow("iam:CreateUser", "*"), &["outside of", "without its boundary"][..], &["does not declare"][..]),
            (under(&allow("iam:CreateUser", "*"), &bounded), &["outside of"], &["without"]),
            (allow("iam:PutUserPolicy", path), &["iam:PutUserPolicy", "without its boundary"], &["outside of"]),
            (allow("iam:CreateAccessKey", "*"), &["iam:CreateAccessKey", "outside of"], &["without"]),
            (
                under(&allow("iam:AttachUserPolicy", path), &bounded),
                &["does not declare"],
                &["outside of", "without its"],
            ),
            (
                allow("iam:CreateAccessKey", "arn:aws:iam::111122223333:user/admins/*"),
                &["user/admins/any"],
                &["without"],
            ),
        ] {
            let found = found(scene(), &[&statement]);
            assert_eq!(found.len(), 1, "{statement}");
            let message = &found[0].message;
            assert!(told.iter().all(|it| message.contains(it)), "{statement}: {message}");
            assert!(!not_told.iter().any(|it| message.contains(it)), "{statement}: {message}");
            assert!(!found[0].blocks() && found[0].role.is_none());
        }
    }

    #[test]
    fn only_a_certain_yes_counts() {
        let wide = allow("iam:CreateUser", "*");
        let network = r#"{"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}"#;
        assert!(found(scene(), &[&under(&wide, network)]).is_empty(), "open");
        let path = "arn:aws:iam::111122223333:user/leasehold/prod/*";
        let deny = |condition: &str| under(&allow("iam:*", path), condition).replacen("Allow", "Deny", 1);
        let unbounded = deny(r#"{"Null": {"iam:PermissionsBoundary": "true"}}"#);
        assert!(found(scene(), &[&allow("iam:CreateUser", path), &unbounded]).is_empty(), "denied");
        let narrow = allow("s3:*", "*");
        assert!(scene().broker(&[ALLOW_ALL], Some(&narrow)).findings(&RULE).is_empty(), "its own boundary");
        assert!(scene().findings(&RULE).is_empty(), "not read");
    }

    #[test]
    fn without_users_it_is_another_rules() {
        let none = Scene::role_broker().assumed_role("a", 900, 3_600);
        assert!(found(none, &[ALLOW_ALL]).is_empty());
    }

    #[test]
    fn one_grant_too_many_gives_one_finding() {
        let wide = |it: &str| allow(it, "*");
        let not_action = wide("s3:*").replace("Action", "NotAction");
        let both = r#"{"Effect": "Allow", "Action": ["iam:*", "iam:CreateUser"], "Resource": "*"}"#.to_owned();
        for (statement, by_action, by_user) in [
            (ALLOW_ALL.to_owned(), 1, 0),
            (wide("iam:*"), 1, 0),
            (wide("iam:Create*"), 1, 0),
            (not_action, 1, 0),
            (wide("iam:CreateUser"), 0, 1),
            (both, 1, 1),
        ] {
            let scene = scene().broker(&[&statement], None);
            let (other, own) = (scene.findings(&broker_too_powerful::RULE), scene.findings(&RULE));
            assert_eq!((other.len(), own.len()), (by_action, by_user), "{statement}");
        }
        // Where a boundary holds the wildcard to what is needed, LH314 is silent, and this rule is not.
        let scene = scene().broker(&[&wide("iam:*")], Some(&wide("iam:CreateUser")));
        assert!(scene.findings(&broker_too_powerful::RULE).is_empty());
        assert_eq!(scene.findings(&RULE).len(), 1);
    }

    #[test]
    fn a_role_without_a_boundary_declares_none_to_ask_for() {
        let free = Scene::role_broker().iam_user("u", 900, 3_600, |_| ());
        let found = found(free, &[&allow("iam:CreateUser", "*")]);
        assert!(found.len() == 1 && !found[0].message.contains("boundary"), "{found:?}");
    }
}
