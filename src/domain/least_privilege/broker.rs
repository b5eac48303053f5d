use std::collections::BTreeMap;

use super::calls::{Scope, Task, actions};
use super::names::{BOUNDARY, TAG_DEPLOYMENT, federated_users, groups, lease_users, literal};
use super::statement::{Requirement, Statement, sorted};
use crate::domain::credential::{CredentialSpec, CredentialType, IamUserSpec};
use crate::domain::desired::{BrokerSpec, Desired};
use crate::domain::ident::{Name, RoleArn};

/// What the broker must be allowed to issue what is declared, and nothing else.
///
/// A federation token is covered under the name that `issue` gives it by itself; whoever asks for another name
/// (`--session-name`) needs a statement of their own. Which resource `sts:TagSession` is authorized on for a federation token
/// is not documented; the token itself is taken.
#[must_use]
pub fn broker(desired: &Desired) -> Vec<Statement> {
    let broker = &desired.broker.spec;
    let assumed_role = |wanted: fn(&CredentialSpec) -> bool| {
        let roles = desired.roles.iter().map(|role| &role.spec.credential).filter(move |spec| wanted(spec));
        roles.flat_map(CredentialSpec::role_arns).map(RoleArn::as_str).map(literal).collect::<Vec<_>>()
    };
    let tokens = |wanted: fn(&CredentialSpec) -> bool| {
        let roles = desired.roles.iter().filter(move |role| wanted(&role.spec.credential));
        roles.map(|role| federated_users(broker, &role.spec.name)).collect::<Vec<_>>()
    };
    let (assume, token) = (CredentialType::AssumedRole, CredentialType::FederationToken);
    let mut statements: Vec<Statement> = [
        Statement::on("AssumeRoles", actions(Task::Issue(assume), Scope::Targets), assumed_role(|_| true)),
        Statement::on("PassTags", actions(Task::PassTags(assume), Scope::Targets), assumed_role(has_tags)),
        Statement::on(
            "PassSourceIdentity",
            actions(Task::PassSourceIdentity, Scope::Targets),
            assumed_role(has_identity),
        ),
        Statement::on("GetTokens", actions(Task::Issue(token), Scope::FederatedUsers), tokens(is_token)),
        Statement::on(
            "PassTagsToTokens",
            actions(Task::PassTags(token), Scope::FederatedUsers),
            tokens(|spec| is_token(spec) && has_tags(spec)),
        ),
    ]
    .into_iter()
    .flatten()
    .collect();
    statements.extend(users(broker, user_roles(desired)));
    statements
}

pub(super) fn has_tags(spec: &CredentialSpec) -> bool {
    match spec {
        CredentialSpec::AssumedRole(spec) => !spec.session_tags.is_empty(),
        CredentialSpec::FederationToken(spec) => !spec.session_tags.is_empty(),
        CredentialSpec::IamUser(_) | CredentialSpec::SessionToken(_) => false,
    }
}

pub(super) fn has_identity(spec: &CredentialSpec) -> bool {
    matches!(spec, CredentialSpec::AssumedRole(spec) if spec.source_identity.is_some())
}

fn is_token(spec: &CredentialSpec) -> bool {
    matches!(spec, CredentialSpec::FederationToken(_))
}

/// The declared `iam_user` roles.
pub(super) fn user_roles(desired: &Desired) -> impl Iterator<Item = (&Name, &IamUserSpec)> {
    desired.roles.iter().filter_map(|role| match &role.spec.credential {
        CredentialSpec::IamUser(spec) => Some((&role.spec.name, spec)),
        CredentialSpec::AssumedRole(_) | CredentialSpec::FederationToken(_) | CredentialSpec::SessionToken(_) => None,
    })
}

/// The part of [`broker`] that makes the users of one role.
#[must_use]
pub fn making_users(broker: &BrokerSpec, role: &Name, spec: &IamUserSpec) -> Vec<Statement> {
    users(broker, std::iter::once((role, spec)))
}

/// Making users. Whatever gives a user rights is allowed under its declared boundary alone, so that the broker cannot
/// make one that may do more.
fn users<'a>(broker: &BrokerSpec, roles: impl Iterator<Item = (&'a Name, &'a IamUserSpec)>) -> Vec<Statement> {
    let issue = actions(Task::Issue(CredentialType::IamUser), Scope::LeaseUsers);
    let of = |wanted: &dyn Fn(&str) -> bool| issue.iter().copied().filter(|action| wanted(action)).collect::<Vec<_>>();
    let tagged =
        || Requirement::new("StringEquals", format!("aws:RequestTag/{TAG_DEPLOYMENT}"), [broker.deployment.as_str()]);
    let bounded = |boundary: Option<&str>| {
        boundary.map(|boundary| Requirement::new("StringEquals", BOUNDARY, [literal(boundary)]))
    };
    let mut all = Vec::new();
    let mut by_boundary: BTreeMap<Option<&str>, Vec<String>> = BTreeMap::new();
    let mut by_policies: BTreeMap<(Option<&str>, Vec<String>), Vec<String>> = BTreeMap::new();
    let mut joined = Vec::new();
    for (name, spec) in roles {
        let users = lease_users(broker, name, spec.user_path.as_deref());
        let boundary = spec.permissions_boundary_arn.as_ref().map(|arn| arn.as_str());
        by_boundary.entry(boundary).or_default().push(users.clone());
        let arns = sorted(spec.policy.arns.iter().map(ToString::to_string));
        if !arns.is_empty() {
            by_policies.entry((boundary, arns)).or_default().push(users.clone());
        }
        joined.extend(&spec.policy.groups);
        all.push(users);
    }
    let mut statements = Vec::new();
    for (boundary, users) in &by_boundary {
        let create = Statement::on("CreateUsers", of(&|it| it == "iam:CreateUser"), users.clone());
        statements.extend(create.map(|it| it.when([tagged()]).when(bounded(*boundary))));
        let put = Statement::on("PutUserPolicies", of(&|it| it == "iam:PutUserPolicy"), users.clone());
        statements.extend(put.map(|it| it.when(bounded(*boundary))));
    }
    let tag = Statement::on("TagUsers", of(&|it| it == "iam:TagUser"), all.clone());
    statements.extend(tag.map(|it| it.when([tagged()])));
    for ((boundary, arns), users) in by_policies {
        let attach = Statement::on("AttachPolicies", actions(Task::AttachPolicies, Scope::LeaseUsers), users);
        let just_these = Requirement::new("ArnEquals", "iam:PolicyARN", arns.iter().map(|arn| literal(arn)));
        statements.extend(attach.map(|it| it.when([just_these]).when(bounded(boundary))));
    }
    let groups = groups(broker.principal.partition(), broker.principal.account(), joined);
    statements.extend(Statement::on("JoinGroups", actions(Task::JoinGroups, Scope::Groups), groups));
    let keys = ["iam:CreateAccessKey", "iam:DeleteAccessKey", "iam:GetUser", "iam:ListAccessKeys"];
    statements.extend(Statement::on("CreateAccessKeys", of(&|it| keys.contains(&it)), all));
    statements
}
