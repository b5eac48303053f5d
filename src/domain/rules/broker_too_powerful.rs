//! The broker's own policies allow more than what is declared needs.
//!
//! ## What it does
//! Reads the broker's identity policies and lists the Allows that reach further than the manifests: `sts:AssumeRole` on
//! `*`, on a wildcard, by `NotResource` or `NotAction`, or on a role that nothing declares; other actions of STS; and
//! changes to IAM that no declared role needs. Where every role of an account was listed, it names the undeclared ones
//! that the broker may ask for by an Allow without conditions.
//!
//! LH315 is its neighbour: an action that a declared `iam_user` role needs is named there, where it is allowed on other users
//! or without its conditions. A wildcard or a NotAction that covers more than such actions is named here alone.
//!
//! What cannot be exercised is not listed: an Allow whose conditions do not hold for the broker, what its permissions
//! boundary does not let through, and what a Deny without conditions takes away. Where that is not known, because a condition
//! asks for something else than the broker and the time, or the boundary could not be read, it is listed.
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

use crate::domain::finding::{Confidence, Finding, Level};
use crate::domain::iam::{
    Context, Effect, Element, Knowledge, Layer, NamedPolicy, Policies, Policy, Request, Selector, Statement, Truth,
    trace, wildcard_match,
};
use crate::domain::ident::RoleArn;
use crate::domain::world::AttachedPolicy;
use crate::domain::{least_privilege, text};

use super::broker_side;
use super::judging::Judging;
use super::rule::{Check, Origin, Rule, Said};

/// Undeclared roles, statements and actions that one message names.
const LISTED: usize = 10;

const ASSUME: &str = "sts:AssumeRole";

/// Declared roles up to which the remedy gives the whole statement.
const SPELLED_OUT: usize = 10;

/// Beginnings of actions of IAM that change nothing: whoever plans may need them.
const READS: [&str; 4] = ["iam:get", "iam:list", "iam:simulate", "iam:generate"];

pub(super) static RULE: Rule = Rule {
    code: "LH314",
    name: "broker-too-powerful",
    level: Level::Advisory,
    confidence: Confidence::Certain,
    origin: Origin::World,
    summary: "The broker's own policies allow more than what is declared needs.",
    source: include_str!("broker_too_powerful.rs"),
    check: Check::Whole(check),
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
    let limits = Limits::new(judging, attached);
    let mut excess = Excess::default();
    for (name, policy) in read(attached) {
        for statement in live_statements(judging, name, policy).filter(|statement| statement.effect == Effect::Allow) {
            look(name, statement, &limits, &mut excess);
        }
    }
    if excess.lines.is_empty() {
        return;
    }
    let reached = reached(judging, &excess.reach, &limits);
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

fn read(attached: &[AttachedPolicy]) -> impl Iterator<Item = (&str, &Policy)> {
    attached.iter().filter_map(|it| Some((it.name.as_str(), it.document.policy.as_ref().ok()?)))
}

/// The statements whose conditions may hold for the broker at this instant.
fn live_statements<'p>(
    judging: &Judging<'_>,
    name: &'p str,
    policy: &'p Policy,
) -> impl Iterator<Item = &'p Statement> {
    let caller = judging.issuing.caller();
    let context = Context::open()
        .with("aws:PrincipalArn", Knowledge::is(caller.principal_arn))
        .with("aws:PrincipalAccount", Knowledge::is(caller.account))
        .with("aws:CurrentTime", Knowledge::is(judging.now.to_string()))
        .with("aws:EpochTime", Knowledge::is(judging.now.as_second().to_string()));
    let policies = Policies { identity: Layer::Read(vec![NamedPolicy { name, policy }]), ..Policies::default() };
    let traces = trace(&Request::new(caller, ASSUME).within(&context), &policies);
    policy.statements().iter().zip(traces).filter_map(|(statement, trace)| {
        let mut conditions = trace.elements.iter().filter(|it| it.element == Element::Condition);
        conditions.all(|it| it.holds != Truth::False).then_some(statement)
    })
}

fn look<'a>(name: &str, statement: &'a Statement, limits: &Limits<'_>, excess: &mut Excess<'a>) {
    let at = format!("in `{}` of `{}`", text::short(&statement.label, 64), text::short(name, 128));
    let assumes = covers(statement, ASSUME);
    let mut say = |what: &str| {
        excess.lines.insert(format!("{what} {at}"));
    };
    match &statement.action {
        Selector::Except(_) if limits.let_beyond("*") => say("NotAction"),
        Selector::Except(_) => {}
        Selector::Only(actions) => {
            for action in actions.iter().filter(|action| action.is_well_formed()) {
                if limits.is_too_wide(&action.as_str().to_ascii_lowercase()) {
                    say(&text::short(action.as_str(), 64));
                }
            }
        }
    }
    if !assumes {
        return;
    }
    match &statement.resource {
        Some(Selector::Except(_)) if limits.let_assume("*") => say("sts:AssumeRole by NotResource"),
        Some(Selector::Only(resources)) => {
            for resource in resources.iter().filter(|resource| !limits.roles.contains(resource.as_str())) {
                // What is no role can be no target of `sts:AssumeRole`, and adds nothing to it.
                if (wildcard(resource) || resource.contains(":role/")) && limits.let_assume(resource) {
                    say(&format!("sts:AssumeRole on {}", text::short(resource, 160)));
                }
            }
        }
        Some(Selector::Except(_)) | None => {}
    }
    if statement.conditions.is_empty() {
        excess.reach.push(statement);
    }
}

/// What is needed, and what keeps the Allows from giving more.
pub(super) struct Limits<'a> {
    /// Roles that are declared, as targets or readers.
    roles: HashSet<&'a str>,
    /// Actions that the broker may need, in lower case.
    actions: BTreeSet<String>,
    /// Statements of the boundary whose conditions may hold; `None` when there is no boundary, or nobody could read it.
    boundary: Option<Vec<&'a Statement>>,
    /// Denys that always apply, of the broker's policies and of its boundary.
    denies: Vec<&'a Statement>,
}

impl<'a> Limits<'a> {
    pub(super) fn new(judging: &'a Judging<'_>, attached: &'a [AttachedPolicy]) -> Self {
        let mut needed: HashSet<&str> = judging.targets().map(|target| target.arn.as_str()).collect();
        needed
            .extend(judging.desired.accounts.iter().filter_map(|it| Some(it.reader_role_arn.as_ref()?.value.as_str())));
        let boundary = match judging.issuing.boundary() {
            Layer::Read(named) => {
                Some(named.iter().flat_map(|it| live_statements(judging, it.name, it.policy)).collect())
            }
            Layer::None | Layer::Assumed | Layer::Unread => None,
        };
        let bounds = boundary.iter().flatten().copied();
        let denies = read(attached)
            .flat_map(|(_, policy)| policy.statements())
            .chain(bounds)
            .filter(|it| always_denies(it))
            .collect();
        Limits { roles: needed, actions: least_privilege::needed(judging.desired), boundary, denies }
    }

    /// Whether this rule names every entry by which this Allow reaches the action.
    pub(super) fn names(&self, statement: &Statement, action: &str) -> bool {
        match &statement.action {
            Selector::Except(_) => self.let_beyond("*"),
            Selector::Only(entries) => {
                let mut reaching = entries.iter().filter(|it| it.matches(action) == Truth::True);
                reaching.all(|it| self.is_too_wide(&it.as_str().to_ascii_lowercase()))
            }
        }
    }

    /// Whether a pattern (in lower case) covers actions that nothing declared needs, and nothing keeps them back.
    fn is_too_wide(&self, pattern: &str) -> bool {
        is_beyond(pattern, &self.actions) && self.let_beyond(pattern)
    }

    fn bounds(&self) -> Option<impl Iterator<Item = &Statement>> {
        Some(self.boundary.as_ref()?.iter().copied().filter(|it| it.effect == Effect::Allow))
    }

    /// Whether something that nothing declared needs, of what this pattern (in lower case) covers, is let through.
    fn let_beyond(&self, pattern: &str) -> bool {
        let is_denied = |it: &&Statement| match &it.action {
            Selector::Only(all) => all.iter().any(|entry| contains(&entry.as_str().to_ascii_lowercase(), pattern)),
            Selector::Except(_) => false,
        };
        if self.denies.iter().filter(|it| is_on_all(it)).any(is_denied) {
            return false;
        }
        self.bounds().is_none_or(|mut bounds| {
            bounds.any(|it| match &it.action {
                Selector::Only(all) => all.iter().any(|entry| {
                    let entry = entry.as_str().to_ascii_lowercase();
                    may_meet(&entry, pattern) && is_beyond(&entry, &self.actions)
                }),
                Selector::Except(all) => {
                    !all.iter().any(|entry| contains(&entry.as_str().to_ascii_lowercase(), pattern))
                }
            })
        })
    }

    /// Whether `sts:AssumeRole` on something undeclared, of what this resource covers, is let through.
    fn let_assume(&self, resource: &str) -> bool {
        let is_denied = |it: &&Statement| match &it.resource {
            Some(Selector::Only(all)) => all.iter().any(|entry| contains(entry, resource)),
            Some(Selector::Except(_)) | None => false,
        };
        if self.denies.iter().filter(|it| covers(it, ASSUME)).any(is_denied) {
            return false;
        }
        self.bounds().is_none_or(|bounds| {
            bounds.filter(|it| covers(it, ASSUME)).any(|it| match &it.resource {
                Some(Selector::Only(all)) => {
                    all.iter().any(|entry| may_meet(entry, resource) && !self.roles.contains(entry.as_str()))
                }
                Some(Selector::Except(all)) => !all.iter().any(|entry| contains(entry, resource)),
                None => false,
            })
        })
    }

    /// Whether the boundary and the Denys let `sts:AssumeRole` on this role through.
    fn let_role(&self, arn: &str) -> bool {
        let assumes = |it: &Statement| covers(it, ASSUME) && includes(it, arn);
        !self.denies.iter().any(|it| assumes(it)) && self.bounds().is_none_or(|mut bounds| bounds.any(assumes))
    }
}

fn is_on_all(statement: &Statement) -> bool {
    matches!(&statement.resource, Some(Selector::Only(all)) if all.iter().any(|entry| entry == "*"))
}

/// Whether a pattern certainly covers all that another one does.
fn contains(wide: &str, narrow: &str) -> bool {
    wide == narrow || (!wide.contains('?') && wildcard_match(wide, narrow, false))
}

/// Whether two patterns may cover something in common.
fn may_meet(one: &str, other: &str) -> bool {
    let head = |pattern: &str| pattern.find(['*', '?']).unwrap_or(pattern.len());
    match (one.contains(['*', '?']), other.contains(['*', '?'])) {
        (_, false) => wildcard_match(one, other, false),
        (false, true) => wildcard_match(other, one, false),
        (true, true) => {
            let (one, other) = (&one[..head(one)], &other[..head(other)]);
            one.starts_with(other) || other.starts_with(one)
        }
    }
}

fn wildcard(resource: &str) -> bool {
    let may_be_role = resource.split(':').nth(2).is_none_or(|service| matches!(service, "iam" | "*"));
    may_be_role && resource.contains(['*', '?'])
}

/// Whether this pattern (in lower case) covers more of IAM and STS than reading and what is needed. A wildcard does: it
/// covers what AWS may add as well.
fn is_beyond(pattern: &str, needed: &BTreeSet<String>) -> bool {
    let Some((service, name)) = pattern.split_once(':') else { return pattern == "*" };
    ["iam", "sts"].into_iter().filter(|it| wildcard_match(service, it, false)).any(|service| {
        let action = format!("{service}:{name}");
        !needed.contains(&action) && !READS.iter().any(|head| action.starts_with(head))
    })
}

fn covers(statement: &Statement, action: &str) -> bool {
    let named = statement.action.entries().iter().any(|pattern| pattern.matches(action) == Truth::True);
    match statement.action {
        Selector::Only(_) => named,
        Selector::Except(_) => !named,
    }
}

fn always_denies(statement: &Statement) -> bool {
    statement.effect == Effect::Deny && statement.conditions.is_empty()
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
fn reached<'w>(judging: &Judging<'w>, reach: &[&Statement], limits: &Limits<'_>) -> Vec<&'w RoleArn> {
    let accounts = judging.world.accounts.values().filter_map(|account| account.roles.present());
    let undeclared = accounts.flatten().filter(|arn| !limits.roles.contains(arn.as_str()));
    let broker = judging.principal().as_str();
    undeclared
        .filter(|arn| arn.as_str() != broker && reach.iter().any(|statement| includes(statement, arn.as_str())))
        .filter(|arn| limits.let_role(arn.as_str()))
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
    use crate::domain::world::{Fact, LiveAccount, Unknown, Why};

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
            allow("sts:GetCallerIdentity", "*"),
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
    fn what_cannot_be_exercised_is_not_named() {
        let (wide, pass) = (allow("sts:AssumeRole", "*"), allow("iam:PassRole", "*"));
        let when =
            |statement: &str, condition: &str| statement.replace('}', &format!(r#", "Condition": {{{condition}}}}}"#));
        let named =
            |statements: &[&str], boundary: Option<&str>| scene().broker(statements, boundary).findings(&RULE).len();
        let other = r#""StringEquals": {"aws:PrincipalAccount": "444455556666"}"#;
        let own = r#""StringEquals": {"aws:PrincipalAccount": "111122223333"}"#;
        let open = r#""StringEquals": {"aws:ResourceTag/team": "a"}"#;
        for statement in [&wide, &pass] {
            assert_eq!(named(&[statement], Some(&allow("sts:AssumeRole", READ_ONLY))), 0, "{statement}");
            assert_eq!(named(&[statement], Some(&allow("*", "*"))), 1, "{statement}");
            assert_eq!(named(&[statement], Some(&when(&allow("*", "*"), other))), 0, "{statement}");
            for (condition, expected) in [(other, 0), (own, 1), (open, 1)] {
                assert_eq!(named(&[&when(statement, condition)], None), expected, "{statement} {condition}");
            }
            let deny = allow("*", "*").replacen("Allow", "Deny", 1);
            assert_eq!(named(&[statement, &deny], None), 0, "{statement}");
            assert_eq!(named(&[statement, &when(&deny, open)], None), 1, "{statement}");
        }
        assert_eq!(named(&[&allow("*", "*")], Some(&allow("s*:*", "*"))), 1);
        assert_eq!(named(&[&allow("*", "*")], Some(&allow("s3:*", "*"))), 0);
    }

    #[test]
    fn a_boundary_that_could_not_be_read_holds_nothing() {
        let mut scene = scene().broker(&[&allow("iam:PassRole", "*")], Some(&allow("s3:*", "*")));
        let Fact::Present(live) = &mut scene.world.broker else { panic!("just made") };
        live.boundary = Fact::Unknown(Unknown { why: Why::AccessDenied, detail: String::new() });
        assert_eq!(scene.findings(&RULE).len(), 1);
    }

    #[test]
    fn passing_tags_is_needed_where_tags_are_declared() {
        let statement = allow("sts:TagSession", READ_ONLY);
        assert_eq!(found(scene(), &[&statement]).len(), 1);
        let tagged = Scene::role_broker().assumed_role_with("a", |spec| {
            spec.session_tags.insert("team".to_owned(), "a".to_owned());
        });
        assert!(found(tagged, &[&statement]).is_empty());
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
