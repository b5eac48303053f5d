//! The broker's own policies allow more than what is declared needs.
//!
//! ## What it does
//! Reads the broker's identity policies and lists the Allows that reach further than the manifests: `sts:AssumeRole` on
//! `*`, on a wildcard, by `NotResource` or `NotAction`, or on a role that nothing declares; other actions of STS; and
//! changes to IAM that no declared role needs. Where every role of an account was listed, it names the undeclared ones
//! that the broker may ask for.
//!
//! ## Why it is bad
//! Whoever gets hold of the broker gets hold of all that, and no review of the manifests will ever show it. Roles made
//! tomorrow are within reach of a wildcard today.
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
//! metadata: {name: app-readonly}
//! spec:
//!   credential_type: assumed_role
//!   role_arns: [arn:aws:iam::111122223333:role/ProdAppReadOnly]
//!   default_sts_ttl: 30m
//!   max_sts_ttl: 1h
//! ```
//! ```json
//! {
//!   "caller": {"arn": "arn:aws:sts::111122223333:assumed-role/VaultRunner/ci", "user_id": "AROAEXAMPLEVAULTRUN01:ci"},
//!   "roles": {
//!     "arn:aws:iam::111122223333:role/ProdAppReadOnly": {
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
//!             {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}
//!           ]
//!         }
//!       }
//!     ]
//!   },
//!   "accounts": {
//!     "111122223333": {
//!       "roles": ["arn:aws:iam::111122223333:role/ProdAppReadOnly", "arn:aws:iam::111122223333:role/Admin"]
//!     }
//!   }
//! }
//! ```
//!
//! ## Use instead
//! ```json
//! {
//!   "caller": {"arn": "arn:aws:sts::111122223333:assumed-role/VaultRunner/ci", "user_id": "AROAEXAMPLEVAULTRUN01:ci"},
//!   "roles": {
//!     "arn:aws:iam::111122223333:role/ProdAppReadOnly": {
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
//! ## Source
//! The IAM user guide: grant least privilege. What the broker needs is what `leasehold policy broker` prints.

use std::collections::{BTreeSet, HashSet};

use crate::domain::credential::CredentialType;
use crate::domain::finding::{Confidence, Finding, Level};
use crate::domain::iam::{Effect, Policy, Selector, Statement, Truth, wildcard_match};
use crate::domain::ident::RoleArn;
use crate::domain::text;

use super::rule::{Origin, Rule, Said};
use super::{Judging, broker_side};

/// Undeclared roles, statements and actions that one message names.
const LISTED: usize = 10;

/// Declared roles up to which the remedy gives the whole statement.
const SPELLED_OUT: usize = 10;

/// Actions of STS that issuing may need.
const STS: [&str; 6] = [
    "sts:assumerole",
    "sts:tagsession",
    "sts:setsourceidentity",
    "sts:getfederationtoken",
    "sts:getsessiontoken",
    "sts:getcalleridentity",
];

/// Beginnings of actions of IAM that change nothing: whoever plans may need them.
const READS: [&str; 4] = ["iam:get", "iam:list", "iam:simulate", "iam:generate"];

/// Ends of actions of IAM that the life of an IAM user takes.
const USERS: [&str; 6] = ["user", "userpolicy", "accesskey", "usertogroup", "userfromgroup", "userpermissionsboundary"];

/// What is left on a user when it is to be deleted, and the verbs for it.
const LEFT_ON_USERS: [&str; 7] = [
    "iam:deleteloginprofile",
    "iam:deactivatemfadevice",
    "iam:deletevirtualmfadevice",
    "iam:deletesigningcertificate",
    "iam:deletesshpublickey",
    "iam:deleteservicespecificcredential",
    "iam:untaguser",
];

pub(super) static RULE: Rule = Rule {
    code: "LH314",
    name: "broker-too-powerful",
    level: Level::Advisory,
    confidence: Confidence::Certain,
    origin: Origin::World,
    summary: "The broker's own policies allow more than what is declared needs.",
    source: include_str!("broker_too_powerful.rs"),
    check,
};

/// What the Allows give beyond what is declared.
#[derive(Default)]
struct Excess<'a> {
    /// Allows of `sts:AssumeRole`.
    reach: Vec<&'a Statement>,
    /// One line each: what is too wide, and where.
    lines: BTreeSet<String>,
}

fn check(judging: &Judging<'_>, findings: &mut Vec<Finding>) {
    let Some(attached) = judging.world.broker.present().and_then(|live| live.policies.present()) else { return };
    let read = || attached.iter().filter_map(|it| Some((it.name.as_str(), it.document.policy.as_ref().ok()?)));
    let mut needed: HashSet<&str> = judging.targets().map(|target| target.arn.as_str()).collect();
    needed.extend(judging.desired.accounts.iter().filter_map(|it| Some(it.reader_role_arn.as_ref()?.value.as_str())));
    let users = judging.desired.roles.iter().any(|role| role.spec.credential.kind() == CredentialType::IamUser);
    let mut excess = Excess::default();
    for (name, policy) in read() {
        for statement in policy.statements().iter().filter(|statement| statement.effect == Effect::Allow) {
            look(name, statement, &needed, users, &mut excess);
        }
    }
    if excess.lines.is_empty() {
        return;
    }
    let denies: Vec<&Statement> = read().flat_map(|(_, policy)| denies(policy)).collect();
    let reached = reached(judging, &excess.reach, &denies, &needed);
    let mut message = format!(
        "the policies of the broker `{}` allow more than what is declared needs: {}",
        judging.principal(),
        listed(excess.lines.iter().map(String::as_str))
    );
    if !reached.is_empty() {
        message.push_str(". Of the roles that nothing declares it may ask for ");
        message.push_str(&listed(reached.iter().map(|arn| arn.as_str())));
    }
    findings.push(RULE.at(
        None,
        judging.desired.broker.principal_place.clone(),
        Said { message, label: "may do more than is declared".to_owned(), remedy: remedy(judging) },
    ));
}

fn look<'a>(name: &str, statement: &'a Statement, needed: &HashSet<&str>, users: bool, excess: &mut Excess<'a>) {
    let at = format!("in `{}` of `{}`", text::short(&statement.label, 64), text::short(name, 128));
    let assumes = covers(statement, "sts:AssumeRole");
    let mut say = |what: &str| {
        excess.lines.insert(format!("{what} {at}"));
    };
    match &statement.action {
        Selector::Except(_) => say("NotAction"),
        Selector::Only(actions) => {
            for action in actions.iter().filter(|action| action.is_well_formed()) {
                if is_beyond(&action.as_str().to_ascii_lowercase(), users) {
                    say(&text::short(action.as_str(), 64));
                }
            }
        }
    }
    if !assumes {
        return;
    }
    match &statement.resource {
        Some(Selector::Except(_)) => say("sts:AssumeRole by NotResource"),
        Some(Selector::Only(resources)) => {
            for resource in resources.iter().filter(|resource| !needed.contains(resource.as_str())) {
                // What is no role can be no target of `sts:AssumeRole`, and adds nothing to it.
                if wildcard(resource) || resource.contains(":role/") {
                    say(&format!("sts:AssumeRole on {}", text::short(resource, 160)));
                }
            }
        }
        None => {}
    }
    excess.reach.push(statement);
}

fn wildcard(resource: &str) -> bool {
    let may_be_role = resource.split(':').nth(2).is_none_or(|service| matches!(service, "iam" | "*"));
    may_be_role && resource.contains(['*', '?'])
}

/// Whether no declared role asks the broker for an action that this pattern (in lower case) covers.
fn is_beyond(pattern: &str, users: bool) -> bool {
    if pattern == "*" || pattern.starts_with('*') {
        return true;
    }
    if pattern.starts_with("sts:") {
        return !STS.contains(&pattern);
    }
    if !pattern.starts_with("iam:") || READS.iter().any(|head| pattern.starts_with(head)) {
        return false;
    }
    !(users && (USERS.iter().any(|end| pattern.ends_with(end)) || LEFT_ON_USERS.contains(&pattern)))
}

fn covers(statement: &Statement, action: &str) -> bool {
    let named = statement.action.entries().iter().any(|pattern| pattern.matches(action) == Truth::True);
    match statement.action {
        Selector::Only(_) => named,
        Selector::Except(_) => !named,
    }
}

/// Denys of `sts:AssumeRole` that always apply.
fn denies(policy: &Policy) -> impl Iterator<Item = &Statement> {
    policy.statements().iter().filter(|statement| {
        statement.effect == Effect::Deny && statement.conditions.is_empty() && covers(statement, "sts:AssumeRole")
    })
}

fn includes(statement: &Statement, arn: &str) -> bool {
    let Some(resource) = &statement.resource else { return true };
    let named = resource.entries().iter().any(|pattern| wildcard_match(pattern, arn, false));
    match resource {
        Selector::Only(_) => named,
        Selector::Except(_) => !named,
    }
}

/// Roles that nothing declares and that the Allows reach, as far as accounts were listed.
fn reached<'w>(
    judging: &Judging<'w>,
    reach: &[&Statement],
    denies: &[&Statement],
    needed: &HashSet<&str>,
) -> Vec<&'w RoleArn> {
    let accounts = judging.world.accounts.values().filter_map(|account| account.roles.present());
    let undeclared = accounts.flatten().filter(|arn| !needed.contains(arn.as_str()));
    let broker = judging.principal().as_str();
    undeclared
        .filter(|arn| arn.as_str() != broker && reach.iter().any(|statement| includes(statement, arn.as_str())))
        .filter(|arn| !denies.iter().any(|statement| includes(statement, arn.as_str())))
        .collect()
}

fn listed<'t>(all: impl ExactSizeIterator<Item = &'t str>) -> String {
    let more = all.len().saturating_sub(LISTED);
    let shown: Vec<&str> = all.take(LISTED).collect();
    match more {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn remedy(judging: &Judging<'_>) -> String {
    let targets: BTreeSet<&str> = judging.targets().map(|target| target.arn.as_str()).collect();
    let whole = "leave what `leasehold policy broker` prints, and nothing else";
    if targets.is_empty() || targets.len() > SPELLED_OUT {
        return whole.to_owned();
    }
    let targets: Vec<&str> = targets.into_iter().collect();
    format!(
        "{whole}; for assuming roles that is `{}`",
        broker_side::identity_statement_on(&["sts:AssumeRole"], &targets)
    )
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{READ_ONLY, Scene, allow};
    use super::*;
    use crate::domain::ident::AccountId;
    use crate::domain::world::{Fact, LiveAccount};

    fn found(scene: Scene, statements: &[&str]) -> Vec<Finding> {
        scene.broker(statements, None).findings(&RULE)
    }

    fn scene() -> Scene {
        Scene::role_broker().assumed_role("a", 900, 3_600)
    }

    #[test]
    fn what_is_declared_may_be_allowed() {
        let enough = [
            allow("sts:AssumeRole", READ_ONLY),
            allow("sts:TagSession", READ_ONLY),
            allow("iam:GetRole", "*"),
            allow("s3:*", "arn:aws:s3:::state/*"),
        ];
        assert!(found(scene(), &enough.each_ref().map(String::as_str)).is_empty());
        assert!(scene().findings(&RULE).is_empty(), "not read");
    }

    #[test]
    fn each_way_to_reach_further_is_named() {
        let app = "arn:aws:iam::111122223333:role/*";
        for (statement, named) in [
            (allow("sts:AssumeRole", "*"), "sts:AssumeRole on *"),
            (allow("sts:Assume*", app), "sts:AssumeRole on arn:aws:iam::111122223333:role/*"),
            (allow("sts:AssumeRole", "arn:aws:iam::111122223333:role/Other"), "role/Other"),
            (allow("sts:AssumeRole", READ_ONLY).replace("Resource", "NotResource"), "NotResource"),
            (allow("iam:*", "*").replace("Action", "NotAction"), "NotAction"),
            (allow("iam:PassRole", "*"), "iam:PassRole"),
            (allow("*", READ_ONLY), "* in `#1`"),
            (allow("sts:*", READ_ONLY), "sts:*"),
        ] {
            let found = found(scene(), &[&statement]);
            assert!(found.len() == 1 && found[0].message.contains(named), "{statement}: {found:?}");
            assert!(!found[0].blocks() && found[0].role.is_none());
        }
    }

    #[test]
    fn users_need_some_of_iam() {
        for (action, expected) in
            [("iam:CreateUser", 0), ("iam:DeleteLoginProfile", 0), ("iam:CreateAccessKey", 0), ("iam:CreateRole", 1)]
        {
            let statement = allow(action, "*");
            let users = Scene::user_broker().iam_user("u", 900, 900, |_| ());
            assert_eq!(found(users, &[&statement]).len(), expected, "{action}");
            assert_eq!(found(scene(), &[&statement]).len(), 1, "{action}: without users");
        }
    }

    #[test]
    fn live_roles_within_reach_are_named_and_counted() {
        let role = |name: String| RoleArn::parse(&format!("arn:aws:iam::111122223333:role/{name}")).expect("valid");
        let roles = (0..12).map(|at| role(format!("app-{at:02}"))).chain([role("other".to_owned())]).collect();
        let mut scene = scene();
        let account = LiveAccount { roles: Fact::Present(roles), ..LiveAccount::default() };
        scene.world.accounts.insert(AccountId::parse("111122223333").expect("valid"), account);
        let wide = allow("sts:AssumeRole", "arn:aws:iam::111122223333:role/app-*");
        let deny = allow("sts:*", "arn:aws:iam::111122223333:role/app-00").replacen("Allow", "Deny", 1);
        let found = found(scene, &[&wide, &deny]);
        let message = &found[0].message;
        assert!(message.contains("role/app-01") && message.ends_with("and 1 more"), "{message}");
        assert!(!message.contains("app-00") && !message.contains("role/other"), "{message}");
    }
}
