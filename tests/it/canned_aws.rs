//! IAM and STS with a few roles and a broker that has no policies of its own unless it makes users, over loopback HTTP: enough for `plan`, `apply` and `issue`,
//! and told to fail where a test wants it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use leasehold::domain::secret::Credentials;
use leasehold::testing::{CANARY_SECRET, CANARY_TOKEN};

use crate::emulator::keys;
use crate::fault_server::{ACCOUNT, FaultServer, Reply, Request, assumed, error, got, identity, role};
use crate::iam_answers;
use crate::sandbox::Sandbox;
use crate::scene;

/// The identity that [`identity`] answers, as Broker.
pub(crate) const BROKER: &str = "arn:aws:iam::111122223333:user/ci";

type Fault = Box<dyn Fn(&Request) -> Option<Reply> + Send>;

/// A running AWS of one account.
pub(crate) struct CannedAws {
    pub(crate) server: FaultServer,
    roles: Arc<Mutex<BTreeMap<String, (u32, String)>>>,
    makes_users: Arc<AtomicBool>,
    fault: Arc<Mutex<Fault>>,
}

impl CannedAws {
    /// With the two target roles of the tutorials, which trust [`BROKER`] and allow one hour.
    pub(crate) fn start() -> Self {
        let roles: Arc<Mutex<BTreeMap<String, (u32, String)>>> = Arc::default();
        let fault: Arc<Mutex<Fault>> = Arc::new(Mutex::new(Box::new(|_| None)));
        let makes_users: Arc<AtomicBool> = Arc::default();
        let (seen_roles, seen_fault, seen_makes) = (Arc::clone(&roles), Arc::clone(&fault), Arc::clone(&makes_users));
        let server = FaultServer::start(move |request| {
            let wrong = seen_fault.lock().expect("no thread panics with it")(request);
            wrong.unwrap_or_else(|| match request.action() {
                "ListUserPolicies" if seen_makes.load(Ordering::Relaxed) => {
                    iam_answers::page("ListUserPolicies", &["users".to_owned()], "", 1)
                }
                _ => answer(request, &seen_roles.lock().expect("no thread panics with it")),
            })
        });
        let aws = Self { server, roles, makes_users, fault };
        aws.put("ProdAppReadOnly", 3_600, &scene::trusting(BROKER));
        aws.put("ProdAppRW", 3_600, &scene::trusting(BROKER));
        aws
    }

    /// Adds or changes a role.
    pub(crate) fn put(&self, name: &str, max_session_duration: u32, trust: &str) {
        let mut roles = self.roles.lock().expect("no thread panics with it");
        roles.insert(name.to_owned(), (max_session_duration, trust.to_owned()));
    }

    /// Gives the broker the policy that lets it make users.
    pub(crate) fn let_broker_make_users(&self) {
        self.makes_users.store(true, Ordering::Relaxed);
    }

    /// Answers some requests otherwise from now on; `None` leaves a request to the roles.
    pub(crate) fn fault(&self, fault: impl Fn(&Request) -> Option<Reply> + Send + 'static) {
        *self.fault.lock().expect("no thread panics with it") = Box::new(fault);
    }

    /// A sandbox whose commands ask here.
    pub(crate) fn sandbox(&self) -> Sandbox {
        Sandbox::at(&self.server.endpoint, &caller())
    }

    /// The session names that `AssumeRole` was asked for.
    pub(crate) fn sessions(&self) -> Vec<String> {
        let seen = self.server.seen();
        let assumed = seen.iter().filter(|request| request.action() == "AssumeRole");
        assumed.map(|request| request.field("RoleSessionName").to_owned()).collect()
    }
}

/// The caller's own keys.
pub(crate) fn caller() -> Credentials {
    keys("AKIAEXAMPLECALLER000", "the-callers-own-secret-key")
}

/// Manifests of this account with these Role documents.
pub(crate) fn manifests(roles: &str) -> String {
    scene::manifests(BROKER, roles)
}

/// The two roles of the tutorials, with these TTLs.
pub(crate) fn two(more: &str) -> String {
    scene::role("app-readonly", scene::READ_ONLY, more) + &scene::role("app-rw", scene::READ_WRITE, more)
}

fn answer(request: &Request, roles: &BTreeMap<String, (u32, String)>) -> Reply {
    match request.action() {
        "GetCallerIdentity" => Reply::Answer(200, identity()),
        "GetRole" => match roles.get(request.field("RoleName")) {
            Some((max, trust)) => Reply::Answer(200, got(&live(request.field("RoleName"), *max, trust))),
            None => error(404, "NoSuchEntity", "The role cannot be found."),
        },
        "AssumeRole" => {
            let seconds = request.field("DurationSeconds").parse().unwrap_or(3_600);
            let expires = Timestamp::now() + SignedDuration::from_secs(seconds);
            let answer = assumed(CANARY_SECRET, &expires.strftime("%FT%TZ").to_string());
            let answer = answer.replace("<SessionToken>token<", &format!("<SessionToken>{CANARY_TOKEN}<"));
            let session = format!("arn:aws:sts::{ACCOUNT}:assumed-role/app/s");
            let name = request.field("RoleSessionName");
            let answer = answer.replace(&session, &session.replace("app/s", &format!("App/{name}")));
            Reply::Answer(200, answer)
        }
        "GetUserPolicy" => {
            let policy = iam_answers::encoded(&scene::makes_users(ACCOUNT));
            iam_answers::answer(
                "GetUserPolicy",
                &format!(
                    "<UserName>ci</UserName><PolicyName>users</PolicyName><PolicyDocument>{policy}</PolicyDocument>"
                ),
            )
        }
        "GetUser" => iam_answers::answer("GetUser", &iam_answers::user(ACCOUNT, "ci", "")),
        action @ ("ListUserPolicies" | "ListAttachedUserPolicies" | "ListGroupsForUser") => {
            iam_answers::page(action, &[], "", 1)
        }
        action => error(400, "InvalidAction", &format!("no such action: {action}")),
    }
}

fn live(name: &str, max: u32, trust: &str) -> String {
    role(name, &iam_answers::encoded(trust))
        .replace("<MaxSessionDuration>3600<", &format!("<MaxSessionDuration>{max}<"))
}
