//! IAM and STS of several accounts over loopback HTTP: all that a reader may ask, and told to fail where a test wants it.
//!
//! A key's account is read from its id: see [`key_of`].

use std::collections::{BTreeMap, BTreeSet};

use crate::fault_server::{ACCOUNT, FaultServer, Reply, Request, assumed, error, identity};
use crate::iam_answers::{answer, attached, boundary, decoded, encoded, group, page, policy, role, summary, tag, user};

/// What one account holds.
#[derive(Clone, Default)]
pub(crate) struct Held {
    /// Trust policy and further elements of each role.
    pub(crate) roles: BTreeMap<String, (String, String)>,
    /// Further elements of each user.
    pub(crate) users: BTreeMap<String, String>,
    /// The groups that each user is in.
    pub(crate) members: BTreeMap<String, Vec<String>>,
    /// Groups, by name.
    pub(crate) groups: BTreeSet<String>,
    /// Inline policies by kind and bearer (`role/X`), with their documents.
    pub(crate) inline: BTreeMap<String, Vec<(String, String)>>,
    /// Managed policies attached to a bearer.
    pub(crate) attached: BTreeMap<String, Vec<String>>,
    /// Managed policies and their documents.
    pub(crate) policies: BTreeMap<String, String>,
    /// Reader roles that may be assumed, with their external id.
    pub(crate) readers: BTreeMap<String, Option<String>>,
}

impl Held {
    /// Adds a role whose trust policy says nothing.
    pub(crate) fn role(mut self, name: &str, more: &str) -> Self {
        self.roles.insert(name.to_owned(), (TRUST.to_owned(), more.to_owned()));
        self
    }

    /// Adds an inline policy to a bearer (`role/X`, `user/X`, `group/X`).
    pub(crate) fn inline(mut self, bearer: &str, name: &str, document: &str) -> Self {
        self.inline.entry(bearer.to_owned()).or_default().push((name.to_owned(), document.to_owned()));
        self
    }

    /// Adds a managed policy and attaches it to these bearers.
    pub(crate) fn managed(mut self, arn: &str, document: &str, bearers: &[&str]) -> Self {
        self.policies.insert(arn.to_owned(), document.to_owned());
        for bearer in bearers {
            self.attached.entry((*bearer).to_owned()).or_default().push(arn.to_owned());
        }
        self
    }

    /// Adds a user in these groups.
    pub(crate) fn user(mut self, name: &str, groups: &[&str], more: &str) -> Self {
        self.users.insert(name.to_owned(), more.to_owned());
        self.members.insert(name.to_owned(), groups.iter().map(|group| (*group).to_owned()).collect());
        self.groups.extend(groups.iter().map(|group| (*group).to_owned()));
        self
    }

    /// Lets a role be assumed by whoever passes this external id.
    pub(crate) fn reader(mut self, role: &str, external_id: Option<&str>) -> Self {
        self.readers.insert(role.to_owned(), external_id.map(str::to_owned));
        self
    }
}

/// A trust policy without a principal that matters here.
pub(crate) const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
/// An identity policy that allows one action.
pub(crate) fn allow(action: &str, resource: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"{action}","Resource":"{resource}"}}]}}"#
    )
}

/// Elements of a role or user with a tag and a boundary.
pub(crate) fn tagged_and_bound(boundary_arn: &str) -> String {
    tag("team", "payments") + &boundary(boundary_arn)
}

/// The account that a request is signed for: sessions of readers carry it in the id of their key.
pub(crate) fn key_of(request: &Request) -> String {
    let digits = request.key.strip_prefix("ASIAREAD").filter(|rest| rest.len() == 12);
    digits.unwrap_or(ACCOUNT).to_owned()
}

/// Serves these accounts in pages of `size`, unless `fault` answers.
pub(crate) fn serve(
    accounts: BTreeMap<String, Held>,
    size: usize,
    fault: impl Fn(&Request) -> Option<Reply> + Send + Sync + 'static,
) -> FaultServer {
    FaultServer::start(move |request| fault(request).unwrap_or_else(|| respond(request, &accounts, size)))
}

fn respond(request: &Request, accounts: &BTreeMap<String, Held>, size: usize) -> Reply {
    let action = request.action();
    if action == "GetCallerIdentity" {
        return Reply::Answer(200, identity());
    }
    if action == "AssumeRole" {
        return assume(request, accounts);
    }
    let account = key_of(request);
    let Some(held) = accounts.get(&account) else { return error(403, "AccessDenied", "no such account") };
    let field = |name: &str| decoded(request.field(name));
    let bearer = || {
        let kinds = [("role", "RoleName"), ("user", "UserName"), ("group", "GroupName")];
        let found = kinds.iter().find(|(_, name)| !request.field(name).is_empty()).expect("it names a bearer");
        format!("{}/{}", found.0, field(found.1))
    };
    let gone = || error(404, "NoSuchEntity", "it cannot be found");
    let listed = |members: Vec<String>| page(action, &members, &field("Marker"), size);
    let empty = Vec::new();
    match action {
        "GetRole" => match held.roles.get(&field("RoleName")) {
            Some((trust, more)) => {
                answer(action, &format!("<Role>{}</Role>", role(&account, &field("RoleName"), trust, more)))
            }
            None => gone(),
        },
        "ListRoles" => listed(held.roles.iter().map(|(name, (trust, _))| role(&account, name, trust, "")).collect()),
        "GetUser" => match held.users.get(&field("UserName")) {
            Some(more) => answer(action, &user(&account, &field("UserName"), more)),
            None => gone(),
        },
        "GetGroup" => match held.groups.contains(&field("GroupName")) {
            true => {
                let found = group(&account, &field("GroupName"));
                answer(action, &format!("<Group>{found}</Group><IsTruncated>false</IsTruncated><Users></Users>"))
            }
            false => gone(),
        },
        "ListRolePolicies" | "ListUserPolicies" | "ListGroupPolicies" => {
            listed(held.inline.get(&bearer()).unwrap_or(&Vec::new()).iter().map(|(name, _)| name.clone()).collect())
        }
        "ListAttachedRolePolicies" | "ListAttachedUserPolicies" | "ListAttachedGroupPolicies" => {
            listed(held.attached.get(&bearer()).unwrap_or(&empty).iter().map(|arn| attached(arn)).collect())
        }
        "ListGroupsForUser" => {
            let groups = held.members.get(&field("UserName")).unwrap_or(&empty);
            listed(groups.iter().map(|name| group(&account, name)).collect())
        }
        "GetRolePolicy" | "GetUserPolicy" | "GetGroupPolicy" => {
            let bearer = bearer();
            let name = field("PolicyName");
            let document = held.inline.get(&bearer).and_then(|all| all.iter().find(|(known, _)| *known == name));
            let Some((_, document)) = document else { return gone() };
            let (kind, of) = bearer.split_once('/').expect("a bearer");
            let tag = match kind {
                "role" => "RoleName",
                "user" => "UserName",
                _ => "GroupName",
            };
            let document = encoded(document);
            answer(
                action,
                &format!(
                    "<{tag}>{of}</{tag}><PolicyName>{name}</PolicyName><PolicyDocument>{document}</PolicyDocument>"
                ),
            )
        }
        "GetPolicy" => match held.policies.contains_key(&field("PolicyArn")) {
            true => answer(action, &format!("<Policy>{}</Policy>", policy(&field("PolicyArn")))),
            false => gone(),
        },
        "GetPolicyVersion" => match held.policies.get(&field("PolicyArn")) {
            Some(document) if field("VersionId") == "v3" => answer(
                action,
                &format!(
                    "<PolicyVersion><Document>{}</Document><VersionId>v3</VersionId>\
                     <IsDefaultVersion>true</IsDefaultVersion></PolicyVersion>",
                    encoded(document)
                ),
            ),
            _ => gone(),
        },
        "ListPolicies" => {
            let of_aws = |arn: &&String| arn.contains("::aws:");
            let scope = field("Scope");
            let shown = held.policies.keys().filter(|arn| match scope.as_str() {
                "Local" => !of_aws(arn),
                "AWS" => of_aws(arn),
                _ => true,
            });
            listed(shown.map(|arn| policy(arn)).collect())
        }
        "GetAccountSummary" => answer(action, &summary(&[("Users", 3), ("UsersQuota", 5_000)])),
        _ => error(400, "InvalidAction", &format!("no such action: {action}")),
    }
}

fn assume(request: &Request, accounts: &BTreeMap<String, Held>) -> Reply {
    let arn = decoded(request.field("RoleArn"));
    let account = arn.split(':').nth(4).unwrap_or_default().to_owned();
    let name = arn.rsplit('/').next().unwrap_or_default();
    let reader = accounts.get(&account).and_then(|held| held.readers.get(name));
    let external_id = decoded(request.field("ExternalId"));
    if reader.is_none_or(|wanted| wanted.as_deref().is_some_and(|wanted| wanted != external_id)) {
        return error(403, "AccessDenied", &format!("not authorized to perform: sts:AssumeRole on resource: {arn}"));
    }
    let session = decoded(request.field("RoleSessionName"));
    let body = assumed("readers-secret", "2036-01-01T00:00:00Z")
        .replace("ASIAEXAMPLE000000000", &format!("ASIAREAD{account}"))
        .replace(&format!("{ACCOUNT}:assumed-role/app/s"), &format!("{account}:assumed-role/{name}/{session}"));
    Reply::Answer(200, body)
}
