//! Generated policies, asked by the evaluator: each allows all that the code calls for what is declared, and nothing else.

mod needed;
mod reads;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use leasehold::app::validate;
use leasehold::domain::credential::{AssumedRoleSpec, CredentialSpec};
use leasehold::domain::desired::Desired;
use leasehold::domain::digest::Digest;
use leasehold::domain::iam::{
    AssumeRole, Broker, Caller, Context, Knowledge, Layer, NamedPolicy, Policies, Policy, Request, ResourcePolicy,
    Session, Template, Verdict, evaluate,
};
use leasehold::domain::ident::{AccountId, Name, RoleArn};
use leasehold::domain::lease::{LeaseId, credential_name};
use leasehold::domain::least_privilege::{
    CALLS, Scope, Statement, TAG_DEPLOYMENT, Task, broker, documents, lease_user_path, reader, revoker, sweeper, trust,
};
use leasehold::domain::limits::{FEDERATION_NAME_MAX, MANAGED_POLICY_MAX, SESSION_NAME_MAX};
use leasehold::domain::record::Basis;
use leasehold::domain::span::SourceFile;
use leasehold::domain::world::calls::GET_ROLE_LIMIT;
use leasehold::ports::ManifestSet;
use proptest::prelude::*;

/// A change of what a role passes.
type Edit = fn(&mut AssumedRoleSpec);

const HOME: &str = "111122223333";
const AWAY: &str = "444455556666";
const LEASE: &str = "01JZ0000000000000000000001";
const BOUNDARY: &str = "arn:aws:iam::111122223333:policy/Bound";

/// One declared role.
#[derive(Debug, Clone)]
enum Declared {
    Session {
        arns: Vec<String>,
        tags: u8,
        transitive: bool,
        identity: Option<&'static str>,
        external_id: Option<&'static str>,
        mfa: bool,
    },
    Token {
        tags: bool,
    },
    Keys,
    User {
        path: Option<&'static str>,
        boundary: bool,
        policies: u8,
        groups: u8,
    },
}

fn target() -> impl Strategy<Value = String> {
    let name =
        prop::sample::select(vec!["App", "App2", "Ap", "app", "Deploy", "path/App", "pa*th/App", "a/$b/c?/Deploy"]);
    (prop::sample::select(vec![HOME, AWAY]), name)
        .prop_map(|(account, name)| format!("arn:aws:iam::{account}:role/{name}"))
}

fn declared() -> impl Strategy<Value = Declared> {
    let id = |texts: [&'static str; 2]| prop::option::of(prop::sample::select(texts.to_vec()));
    prop_oneof![
        4 => (prop::collection::vec(target(), 1..3), 0_u8..3, any::<bool>(), id(["pipeline", "other"]), id(["x-1", "x-2"]), any::<bool>()).prop_map(
            |(arns, tags, transitive, identity, external_id, mfa)| Declared::Session { arns, tags, transitive: transitive && tags > 0, identity, external_id, mfa }
        ),
        1 => any::<bool>().prop_map(|tags| Declared::Token { tags }),
        1 => Just(Declared::Keys),
        2 => (prop::option::of(prop::sample::select(vec!["/team/", "/te*m/"])), any::<bool>(), 0_u8..3, 0_u8..3).prop_map(
            |(path, boundary, policies, groups)| Declared::User { path, boundary, policies, groups }
        ),
    ]
}

const TAGS: [(&str, &str); 2] = [("team", "payments"), ("cost", "a b")];
const POLICIES: [&str; 2] = ["arn:aws:iam::111122223333:policy/ReadOnly", "arn:aws:iam::aws:policy/ReadOnlyAccess"];
const GROUPS: [&str; 2] = ["Readers", "Writers"];
const NAMES: [&str; 4] = ["app", "app-readonly", "payments-of-the-whole-company-in-every-region-there-is", "x"];

fn yaml(principal: &str, roles: &[Declared], readers: bool) -> String {
    let mut out = crate::scene::manifests(principal, "");
    if readers {
        out += &format!(
            "---\napiVersion: leasehold/v1\nkind: Account\nmetadata: {{name: away}}\nspec: {{id: '{AWAY}', reader_role_arn: 'arn:aws:iam::{AWAY}:role/Reader'}}\n"
        );
    }
    for (at, role) in roles.iter().enumerate() {
        let name = format!("{}-{at}", NAMES[at % NAMES.len()]);
        out += &format!("---\napiVersion: leasehold/v1\nkind: Role\nmetadata: {{name: {name}}}\nspec:\n");
        let tags = |count: usize| {
            let tags: Vec<String> = TAGS[..count].iter().map(|(key, value)| format!("{key}: {value}")).collect();
            if tags.is_empty() { String::new() } else { format!("  session_tags: {{{}}}\n", tags.join(", ")) }
        };
        out += &match role {
            Declared::Session { arns, tags: count, transitive, identity, external_id, mfa } => {
                let mut arns = arns.clone();
                arns.sort();
                arns.dedup();
                let arns: Vec<String> = arns.iter().map(|arn| format!("'{arn}'")).collect();
                let mut spec = format!("  role_arns: [{}]\n{}", arns.join(", "), tags(usize::from(*count)));
                if *transitive {
                    spec += "  transitive_tag_keys: [team]\n";
                }
                if let Some(identity) = identity {
                    spec += &format!("  source_identity: {identity}\n");
                }
                if let Some(id) = external_id {
                    spec += &format!("  external_id: {id}\n");
                }
                if *mfa {
                    spec += &format!("  mfa_serial_number: arn:aws:iam::{HOME}:mfa/device\n");
                }
                spec
            }
            Declared::Token { tags: tagged } => {
                format!(
                    "  credential_type: federation_token\n  policy_arns: ['{}']\n{}",
                    POLICIES[0],
                    tags(usize::from(*tagged))
                )
            }
            Declared::Keys => "  credential_type: session_token\n".to_owned(),
            Declared::User { path, boundary, policies, groups } => {
                let mut spec = "  credential_type: iam_user\n  max_ttl: 1h\n  policy_document: {Version: '2012-10-17', Statement: {Effect: Allow, Action: 's3:GetObject', Resource: '*'}}\n".to_owned();
                if let Some(path) = path {
                    spec += &format!("  user_path: '{path}'\n");
                }
                if *boundary {
                    spec += &format!("  permissions_boundary_arn: {BOUNDARY}\n");
                }
                if *policies > 0 {
                    spec += &format!("  policy_arns: [{}]\n", POLICIES[..usize::from(*policies)].join(", "));
                }
                if *groups > 0 {
                    spec += &format!("  iam_groups: [{}]\n", GROUPS[..usize::from(*groups)].join(", "));
                }
                spec
            }
        };
    }
    out
}

fn desired(text: &str) -> Desired {
    let basis = Basis { commit: None, tree: None, dirty: true, manifest_digest: Digest::of_bytes(text.as_bytes()) };
    let file = Arc::new(SourceFile { path: "prod.yaml".to_owned(), text: text.to_owned() });
    validate(&ManifestSet { files: vec![file], problems: Vec::new(), basis })
        .unwrap_or_else(|error| panic!("{error:?}:\n{text}"))
}

/// The policies of a set, read as AWS reads them.
fn policies(statements: Vec<Statement>) -> Vec<Policy> {
    let documents = documents(statements, MANAGED_POLICY_MAX);
    let read = |document: &leasehold::domain::least_privilege::Document| {
        assert!(document.characters <= MANAGED_POLICY_MAX, "{}", document.characters);
        let policy = Policy::parse(&document.to_json().to_string()).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(policy.notes(), [], "nothing odd");
        policy
    };
    documents.iter().map(read).collect()
}

fn caller(principal: &str) -> Caller<'_> {
    Caller { partition: "aws", account: HOME, principal_arn: principal, session_arn: None, unique_id: None }
}

/// Whether the set lets its identity do this. The target of a role's assumption trusts the identity's whole account, so that
/// the set decides.
fn allows(policies: &[Policy], action: &str, resource: &str, context: &Context<'_>) -> bool {
    allows_in(HOME, policies, action, resource, context)
}

/// [`allows`] for an identity of this account.
fn allows_in(account: &str, policies: &[Policy], action: &str, resource: &str, context: &Context<'_>) -> bool {
    let delegating = Policy::parse(&format!(
        r#"{{"Statement": {{"Effect": "Allow", "Principal": {{"AWS": "{account}"}}, "Action": "sts:*"}}}}"#
    ))
    .expect("a policy");
    let open = Policy::parse(r#"{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}}"#);
    let open = open.expect("a policy");
    let resource_policy = if resource.contains(":role/") && action.starts_with("sts:") {
        ResourcePolicy::Trust(NamedPolicy { name: "trust", policy: &delegating })
    } else if resource.contains("::aws:") {
        // AWS's own policies are in no account, and everybody may be allowed to read them.
        ResourcePolicy::Attached(NamedPolicy { name: "open", policy: &open })
    } else {
        ResourcePolicy::None
    };
    let all = Policies {
        identity: Layer::Read(policies.iter().map(|policy| NamedPolicy { name: "set", policy }).collect()),
        resource: resource_policy,
        ..Policies::default()
    };
    let asking = format!("arn:aws:iam::{account}:user/asking");
    let request = Request::new(Caller { account, ..caller(&asking) }, action).on(resource).within(context);
    match evaluate(&request, &all).verdict {
        Verdict::Allowed => true,
        Verdict::DeniedImplicitly { .. } => false,
        odd => panic!("{action} on {resource}: {odd:?}"),
    }
}

fn closed() -> Context<'static> {
    Context::closed()
}

/// ARNs that are nearly this one: another account, case, path, an end more or less.
fn near(arn: &str) -> Vec<String> {
    let (head, name) = arn.rsplit_once('/').expect("a name");
    let account =
        if arn.contains(HOME) { arn.replace(HOME, "777788889999") } else { arn.replace(AWAY, "777788889999") };
    let all = [
        account,
        format!("{arn}x"),
        format!("{arn}/x"),
        arn[..arn.len() - 1].to_owned(),
        format!("{head}/x/{name}"),
        format!("{head}/x{name}"),
        format!("{head}/{}", name.to_uppercase() + "_"),
        arn.replace("pa*th", "paxth").replace("$b", "b").replace("c?", "cc"),
        format!("arn:aws:iam::{HOME}:role/Undeclared"),
        format!("arn:aws:iam::{HOME}:root"),
        "*".to_owned(),
    ];
    all.into_iter().filter(|other| other != arn).collect()
}

fn sessions(desired: &Desired) -> Vec<&AssumedRoleSpec> {
    desired
        .roles
        .iter()
        .filter_map(
            |role| if let CredentialSpec::AssumedRole(spec) = &role.spec.credential { Some(spec) } else { None },
        )
        .collect()
}

fn user(path: Option<&str>, name: &Name, deployment: &str) -> String {
    let path = lease_user_path(&Name::parse(deployment).expect("a name"), path);
    let lease = LeaseId::parse(LEASE).expect("an id");
    format!("arn:aws:iam::{HOME}:user{path}{}", credential_name(name, &lease, SESSION_NAME_MAX))
}

/// A request that makes or changes a user, as it is made.
fn of_user(boundary: Option<&str>, deployment: &str, policy: Option<&str>) -> Context<'static> {
    let mut context = Context::closed().with(&format!("aws:RequestTag/{TAG_DEPLOYMENT}"), Knowledge::is(deployment));
    if let Some(boundary) = boundary {
        context.set("iam:PermissionsBoundary", Knowledge::is(boundary));
    }
    if let Some(policy) = policy {
        context.set("iam:PolicyARN", Knowledge::is(policy));
    }
    context
}

fn account(id: &str) -> AccountId {
    AccountId::parse(id).expect("an account")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn the_broker_may_issue_what_is_declared_and_do_nothing_else(roles in prop::collection::vec(declared(), 0..7)) {
        let desired = desired(&yaml("arn:aws:iam::111122223333:user/broker", &roles, true));
        let set = policies(broker(&desired));
        prop_assert_eq!(&policies(broker(&desired)), &set, "stable");
        let mut may: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for spec in sessions(&desired) {
            for arn in &spec.role_arns {
                may.entry("sts:AssumeRole").or_default().insert(arn.to_string());
                if !spec.session_tags.is_empty() {
                    may.entry("sts:TagSession").or_default().insert(arn.to_string());
                }
                if spec.source_identity.is_some() {
                    may.entry("sts:SetSourceIdentity").or_default().insert(arn.to_string());
                }
            }
        }
        let targets: BTreeSet<String> = sessions(&desired).iter().flat_map(|spec| &spec.role_arns).map(ToString::to_string).collect();
        for action in ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"] {
            let lets = may.remove(action).unwrap_or_default();
            for arn in targets.iter().cloned().chain(targets.iter().flat_map(|arn| near(arn))) {
                prop_assert_eq!(allows(&set, action, &arn, &closed()), lets.contains(&arn), "{} on {}", action, arn);
            }
        }
        for (role, declared) in desired.roles.iter().zip(&roles) {
            let name = &role.spec.name;
            let token = format!(
                "arn:aws:sts::{HOME}:federated-user/{}",
                credential_name(name, &LeaseId::parse(LEASE).expect("an id"), FEDERATION_NAME_MAX)
            );
            // Long names are cut, so that several roles may share the beginning of a token's name.
            let shared = |wanted: fn(&Declared) -> bool| {
                desired.roles.iter().zip(&roles).any(|(other, declared)| {
                    wanted(declared) && other.spec.name.as_str().chars().take(5).eq(name.as_str().chars().take(5))
                })
            };
            let is_token = shared(|it| matches!(it, Declared::Token { .. }));
            let is_tagged = shared(|it| matches!(it, Declared::Token { tags: true }));
            prop_assert_eq!(allows(&set, "sts:GetFederationToken", &token, &closed()), is_token);
            prop_assert_eq!(allows(&set, "sts:TagSession", &token, &closed()), is_tagged);
            for other in near(&token) {
                prop_assert!(!allows(&set, "sts:GetFederationToken", &other, &closed()), "{}", other);
            }
            if let Declared::User { path, boundary, policies, groups } = declared {
                let (arn, bound) = (user(*path, name, "prod"), boundary.then_some(BOUNDARY));
                let all = [
                    "iam:CreateUser", "iam:TagUser", "iam:PutUserPolicy", "iam:CreateAccessKey", "iam:GetUser",
                    "iam:ListAccessKeys", "iam:DeleteAccessKey",
                ];
                for action in all {
                    prop_assert!(allows(&set, action, &arn, &of_user(bound, "prod", None)), "{} on {}", action, arn);
                    for other in near(&arn).into_iter().chain([user(*path, name, "test"), format!("arn:aws:iam::{HOME}:user/{name}")]) {
                        prop_assert!(!allows(&set, action, &other, &of_user(bound, "prod", None)), "{} on {}", action, other);
                    }
                }
                for action in ["iam:DeleteUser", "iam:DeleteUserPolicy", "iam:UpdateAccessKey", "iam:ListUsers"] {
                    prop_assert!(!allows(&set, action, &arn, &of_user(bound, "prod", None)), "{} is the sweeper's", action);
                }
                for action in ["iam:CreateUser", "iam:TagUser"] {
                    prop_assert!(!allows(&set, action, &arn, &of_user(bound, "test", None)));
                }
                for action in ["iam:CreateUser", "iam:PutUserPolicy"] {
                    prop_assert_eq!(allows(&set, action, &arn, &of_user(None, "prod", None)), !boundary);
                    prop_assert_eq!(allows(&set, action, &arn, &of_user(Some("arn:aws:iam::aws:policy/AdministratorAccess"), "prod", None)), !boundary);
                }
                for (at, policy) in POLICIES.iter().enumerate() {
                    let declared = at < usize::from(*policies);
                    prop_assert_eq!(allows(&set, "iam:AttachUserPolicy", &arn, &of_user(bound, "prod", Some(policy))), declared);
                    prop_assert_eq!(allows(&set, "iam:AttachUserPolicy", &arn, &of_user(None, "prod", Some(policy))), declared && !boundary);
                }
                let admin = of_user(bound, "prod", Some("arn:aws:iam::aws:policy/AdministratorAccess"));
                prop_assert!(!allows(&set, "iam:AttachUserPolicy", &arn, &admin));
                for group in &GROUPS[..usize::from(*groups)] {
                    let joins = |account: &str, name: String| {
                        allows(&set, "iam:AddUserToGroup", &format!("arn:aws:iam::{account}:group/{name}"), &closed())
                    };
                    for path in ["", "a/", "a/b/"] {
                        prop_assert!(joins(HOME, format!("{path}{group}")), "{}", path);
                    }
                    prop_assert!(!joins(HOME, format!("Not{group}")) && !joins(AWAY, (*group).to_string()), "{}", group);
                }
            }
        }
        // Of all other calls, ours and others', none on anything that is declared.
        let issuing = |task: Task| {
            matches!(task, Task::Issue(_) | Task::PassTags(_) | Task::PassSourceIdentity | Task::AttachPolicies | Task::JoinGroups)
        };
        let mine: BTreeSet<&str> = CALLS.iter().filter(|call| issuing(call.task)).map(|call| call.action).collect();
        let others = CALLS.iter().map(|call| call.action).filter(|action| !mine.contains(action) && *action != "sts:GetCallerIdentity");
        let foreign = ["iam:PassRole", "iam:UpdateAssumeRolePolicy", "iam:PutRolePolicy", "iam:CreateRole", "iam:DeleteUserPermissionsBoundary",
            "iam:PutUserPermissionsBoundary", "sts:AssumeRoleWithSAML", "sts:AssumeRoot", "s3:GetObject"];
        for action in others.chain(foreign) {
            for resource in targets.iter().map(String::as_str).chain(["*", "arn:aws:iam::111122223333:user/leasehold/prod/x", BOUNDARY]) {
                prop_assert!(!allows(&set, action, resource, &closed()), "{} on {}", action, resource);
            }
        }
    }

    #[test]
    fn readers_read_and_sweepers_end_what_is_declared_and_nothing_else(
        roles in prop::collection::vec(declared(), 0..16), home in any::<bool>(), is_user in any::<bool>(),
    ) {
        let kind = if is_user { "user" } else { "role" };
        let principal = format!("arn:aws:iam::{HOME}:{kind}/run/broker");
        let desired = desired(&yaml(&principal, &roles, true));
        let at = account(if home { HOME } else { AWAY });
        let (reads, sweeps) = (policies(reader(&desired, &at)), policies(sweeper(&desired, &at)));
        let targets: BTreeSet<String> = sessions(&desired)
            .iter()
            .flat_map(|spec| &spec.role_arns)
            .filter(|arn| *arn.account() == at)
            .map(RoleArn::to_string)
            .collect();
        let users = roles.iter().any(|role| matches!(role, Declared::User { .. }));
        let groups = roles.iter().map(|role| if let Declared::User { groups, .. } = role { *groups } else { 0 }).max().unwrap_or(0);
        let arn = |text: &str| format!("arn:aws:iam::{at}:{text}");
        let ours = arn("user/leasehold/prod/team/x");
        for call in CALLS {
            let (reading, ending) = match call.task {
                Task::Identify | Task::Issue(_) | Task::PassTags(_) | Task::PassSourceIdentity | Task::AttachPolicies | Task::JoinGroups => (false, false),
                Task::ReadTargets => (true, false),
                Task::ReadManyTargets => (targets.len() > GET_ROLE_LIMIT, false),
                Task::ReadBrokerRole => (home && !is_user, false),
                Task::ReadBrokerUser => (home && is_user, false),
                Task::ReadPolicies | Task::ReadOtherAccounts => (home, false),
                // These sets declare fewer policies than are looked up one by one.
                Task::ReadManyPolicies => (false, false),
                Task::ReadGroups => (home, false),
                Task::ReadQuotas => (home && users, false),
                Task::FindUsers | Task::EndUser => (false, home && users),
                // That is the revoker's: who sweeps never writes a policy of a target role.
                Task::DenySessions => (false, false),
                Task::ClearSessionDenies => (false, true),
            };
            let on: Vec<String> = match call.scope {
                Scope::Unasked | Scope::FederatedUsers => continue,
                Scope::Everything => vec!["*".to_owned()],
                Scope::Targets => targets.iter().cloned().collect(),
                Scope::LeaseUsers => vec![ours.clone()],
                Scope::Groups => GROUPS[..usize::from(groups)].iter().map(|name| arn(&format!("group/x/{name}"))).collect(),
                Scope::AnyGroup => vec![arn("group/Any")],
                Scope::Policies => vec![arn("policy/Any"), "arn:aws:iam::aws:policy/Any".to_owned()],
                Scope::MfaDevices => vec![arn("mfa/any")],
                Scope::Broker => vec![principal.clone()],
                Scope::Readers => vec![format!("arn:aws:iam::{AWAY}:role/Reader")],
            };
            // The same action may be of another task that reads as well.
            let also = |wanted: bool, tasks: &[Task]| wanted || tasks.iter().any(|task| {
                *task != call.task && CALLS.iter().any(|it| it.task == *task && it.action == call.action && it.scope == call.scope)
            });
            for resource in on {
                prop_assert_eq!(allows_in(at.as_str(), &reads, call.action, &resource, &closed()), reading, "reading: {:?} on {}", call, resource);
                let of_users: &[Task] = if home && users { &[Task::FindUsers, Task::EndUser] } else { &[] };
                let ending = also(also(ending, of_users), &[Task::ClearSessionDenies]);
                prop_assert_eq!(allows_in(at.as_str(), &sweeps, call.action, &resource, &closed()), ending, "sweeping: {:?} on {}", call, resource);
            }
        }
        let revokes = policies(revoker(&desired, &at));
        for target in &targets {
            prop_assert!(allows_in(at.as_str(), &revokes, "iam:PutRolePolicy", target, &closed()), "{}", target);
            for other in near(target).into_iter().filter(|other| !targets.contains(other) && other != "*") {
                prop_assert!(!allows_in(at.as_str(), &reads, "iam:GetRole", &other, &closed()), "{}", other);
                prop_assert!(!allows_in(at.as_str(), &revokes, "iam:PutRolePolicy", &other, &closed()), "{}", other);
                prop_assert!(!allows_in(at.as_str(), &sweeps, "iam:DeleteRolePolicy", &other, &closed()), "{}", other);
            }
        }
        for (set, action, resource) in [
            (&sweeps, "iam:DeleteUser", arn("user/leasehold/test/x")),
            (&sweeps, "iam:DeleteUser", arn("user/admin")),
            (&sweeps, "iam:DeleteUser", principal.clone()),
            (&sweeps, "iam:PutUserPolicy", ours.clone()),
            (&sweeps, "iam:CreateAccessKey", ours.clone()),
            (&sweeps, "iam:PutRolePolicy", arn("role/App")),
            (&reads, "iam:CreateAccessKey", ours),
            (&reads, "iam:PassRole", arn("role/App")),
            (&reads, "sts:AssumeRole", arn("role/App")),
            (&reads, "iam:UpdateAssumeRolePolicy", arn("role/App")),
        ] {
            prop_assert!(!allows_in(at.as_str(), set, action, &resource, &closed()), "{} on {}", action, resource);
        }
    }

    #[test]
    fn a_target_admits_the_broker_as_declared_and_nobody_else(
        roles in prop::collection::vec(declared(), 1..5), is_user in any::<bool>(),
    ) {
        let kind = if is_user { "user" } else { "role" };
        let principal = format!("arn:aws:iam::{HOME}:{kind}/run/broker");
        let desired = desired(&yaml(&principal, &roles, false));
        let everything = Policy::parse(r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#).expect("a policy");
        let targets: BTreeSet<&RoleArn> = sessions(&desired).into_iter().flat_map(|spec| &spec.role_arns).collect();
        for target in targets {
            let sets = documents(trust(&desired, target), usize::MAX);
            prop_assert_eq!(sets.len(), 1);
            let policy = Policy::parse(&sets[0].to_json().to_string()).expect("a policy");
            prop_assert_eq!(policy.notes(), []);
            let asked = |who: &str, spec: &AssumedRoleSpec, action: &str| {
                let session = (!is_user).then_some(Session { passes_on_nothing: true, untagged: true, not_federated: true });
                let context = Context::assume_role(AssumeRole {
                    broker: Broker { caller: caller(who), tags: None, session },
                    target: target.as_str(),
                    target_tags: None,
                    session_name: Template::anything(),
                    external_id: spec.external_id.as_deref(),
                    session_tags: &spec.session_tags,
                    transitive_tag_keys: &spec.transitive_tag_keys,
                    source_identity: spec.source_identity.as_deref(),
                    mfa: spec.mfa_serial_number.is_some(),
                    region: None,
                    at: "2026-11-23T12:00:00Z".parse().expect("an instant"),
                    organization: Knowledge::UNKNOWN,
                });
                let all = Policies {
                    identity: Layer::Read(vec![NamedPolicy { name: "all", policy: &everything }]),
                    resource: ResourcePolicy::Trust(NamedPolicy { name: "trust", policy: &policy }),
                    ..Policies::default()
                };
                let request = Request::new(caller(who), action).on(target.as_str()).within(&context);
                evaluate(&request, &all).verdict
            };
            let naming: Vec<&AssumedRoleSpec> = sessions(&desired).into_iter().filter(|spec| spec.role_arns.contains(target)).collect();
            for spec in &naming {
                let mut actions = vec!["sts:AssumeRole"];
                actions.extend((!spec.session_tags.is_empty()).then_some("sts:TagSession"));
                actions.extend(spec.source_identity.is_some().then_some("sts:SetSourceIdentity"));
                for action in ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity", "sts:AssumeRoleWithSAML"] {
                    let told = asked(&principal, spec, action);
                    if actions.contains(&action) {
                        prop_assert_eq!(told, Verdict::Allowed, "{} of {:?}", action, spec);
                    }
                    for other in [format!("{principal}x"), principal.replace("run/", ""), format!("arn:aws:iam::{HOME}:user/other")] {
                        prop_assert!(matches!(asked(&other, spec, action), Verdict::DeniedImplicitly { .. }), "{} by {}", action, other);
                    }
                }
            }
            // What no declared role says is admitted from none.
            let edits: [(&str, Edit); 5] = [
                ("sts:TagSession", |spec| drop(spec.session_tags.insert("team".to_owned(), "intruders".to_owned()))),
                ("sts:TagSession", |spec| drop(spec.session_tags.insert("undeclared".to_owned(), "x".to_owned()))),
                ("sts:SetSourceIdentity", |spec| spec.source_identity = Some("intruder".to_owned())),
                ("sts:TagSession", |spec| {
                    spec.session_tags.insert("cost".to_owned(), "a b".to_owned());
                    spec.transitive_tag_keys = vec!["cost".to_owned()];
                }),
                ("sts:AssumeRoleWithWebIdentity", |_| {}),
            ];
            for spec in &naming {
                for (action, edit) in edits {
                    let mut odd = (*spec).clone();
                    edit(&mut odd);
                    prop_assert!(matches!(asked(&principal, &odd, action), Verdict::DeniedImplicitly { .. }), "{} of {:?}", action, odd);
                }
                if naming.iter().all(|spec| spec.external_id.is_some()) {
                    for id in [None, Some("x-3".to_owned()), Some("X-1".to_owned())] {
                        let odd = AssumedRoleSpec { external_id: id, ..(*spec).clone() };
                        let told = asked(&principal, &odd, "sts:AssumeRole");
                        prop_assert!(matches!(told, Verdict::DeniedImplicitly { .. }), "{:?}", odd);
                    }
                }
            }
        }
    }

    #[test]
    fn no_statement_is_lost_when_a_set_is_split(roles in prop::collection::vec(declared(), 1..12), most in 700_usize..3_000) {
        let desired = desired(&yaml("arn:aws:iam::111122223333:user/broker", &roles, true));
        let pairs = |statements: &[Statement]| {
            let mut pairs = BTreeSet::new();
            for Statement { sid: _, principal: _, actions, resources, requirements } in statements {
                pairs.extend(actions.iter().flat_map(|action| {
                    resources.iter().map(move |resource| (*action, resource.clone(), format!("{requirements:?}")))
                }));
            }
            pairs
        };
        let whole = broker(&desired);
        let split = documents(whole.clone(), most);
        let mut parts = Vec::new();
        for document in split {
            prop_assert!(document.characters <= most, "{} of {}", document.characters, most);
            Policy::parse(&document.to_json().to_string()).expect("a policy");
            parts.extend(document.statements.into_iter().map(|(_, statement)| statement));
        }
        prop_assert_eq!(pairs(&parts), pairs(&whole));
    }
}

#[test]
fn a_thousand_roles_fill_several_policies() {
    let roles: String = (0..1_000)
        .map(|n| {
            crate::scene::role(&format!("role-{n}"), &format!("arn:aws:iam::{HOME}:role/service/Application{n}"), "")
        })
        .collect();
    let desired = desired(&crate::scene::manifests("arn:aws:iam::111122223333:role/VaultRunner", &roles));
    let split = documents(broker(&desired), MANAGED_POLICY_MAX);
    assert!(
        split.len() > 5 && split.iter().all(|document| document.characters <= MANAGED_POLICY_MAX),
        "{}",
        split.len()
    );
    let filled = split[..split.len() - 1].iter().all(|document| document.characters > MANAGED_POLICY_MAX - 200);
    assert!(filled, "no policy is left half empty");
    assert_eq!(
        split.iter().flat_map(|document| &document.statements).map(|(_, it)| it.resources.len()).sum::<usize>(),
        1_000
    );
}

#[test]
fn a_reader_of_another_account_reads_just_the_policies_that_are_declared_there() {
    const NARROW: &str = "arn:aws:iam::444455556666:policy/Narrow";
    let role = crate::scene::role("app", "arn:aws:iam::444455556666:role/App", &format!("policy_arns: [{NARROW}]"));
    let desired = desired(&crate::scene::manifests("arn:aws:iam::111122223333:role/VaultRunner", &role));
    let reads = policies(reader(&desired, &account(AWAY)));
    for action in ["iam:GetPolicy", "iam:GetPolicyVersion"] {
        assert!(allows_in(AWAY, &reads, action, NARROW, &closed()));
        assert!(!allows_in(AWAY, &reads, action, "arn:aws:iam::444455556666:policy/Narrower", &closed()));
    }
}
