//! Thirty of a hundred requests throttled and five reset, with the real adapter: users are issued all the same,
//! also those whose key was lost on the way.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use leasehold::app::audit::Who;
use leasehold::app::{IssueRequest, KeyWait, issue};
use leasehold::aws::{AwsIssuer, AwsWriter};
use leasehold::testing::CANARY_SECRET;

use super::{applied, leases, size};
use crate::aws_faults::session;
use crate::emulator::block_on;
use crate::fault_server::{ACCOUNT, FaultServer, Reply, Request, error, identity};
use crate::iam_answers::{answer, decoded};
use crate::scene::{request, user_role};

/// Requests of one issue when none fails: who we are, the user, its deny, its policy, its key.
const LEAST: usize = 5;

/// The users that were made, as IAM would tell them.
#[derive(Default)]
struct Users {
    made: BTreeMap<String, String>,
    keys: BTreeMap<String, BTreeSet<String>>,
    keys_made: u64,
    dice: u64,
}

impl Users {
    fn roll(&mut self) -> u64 {
        self.dice = self.dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.dice >> 33) % 200
    }

    fn answer(&mut self, request: &Request) -> Reply {
        let (action, name) = (request.action(), decoded(request.field("UserName")));
        match action {
            "GetCallerIdentity" => Reply::Answer(200, identity()),
            "CreateUser" if self.made.contains_key(&name) => {
                error(409, "EntityAlreadyExists", &format!("User with name {name} already exists."))
            }
            "CreateUser" => {
                let path = decoded(request.field("Path"));
                let tags: String = (1..)
                    .map(|nth| {
                        let field = |part: &str| decoded(request.field(&format!("Tags.member.{nth}.{part}")));
                        (field("Key"), field("Value"))
                    })
                    .take_while(|(key, _)| !key.is_empty())
                    .map(|(key, value)| format!("<member><Key>{key}</Key><Value>{value}</Value></member>"))
                    .collect();
                let user = format!(
                    "<User><Path>{path}</Path><UserName>{name}</UserName><UserId>AIDA{}</UserId>\
                     <Arn>arn:aws:iam::{ACCOUNT}:user{path}{name}</Arn><CreateDate>2026-11-23T12:00:00Z</CreateDate>\
                     <Tags>{tags}</Tags></User>",
                    self.made.len()
                );
                self.made.insert(name, user.clone());
                answer(action, &user)
            }
            "GetUser" => match self.made.get(&name) {
                Some(user) => answer(action, user),
                None => error(404, "NoSuchEntity", "The user cannot be found."),
            },
            "CreateAccessKey" if self.keys.get(&name).is_some_and(|keys| keys.len() == 2) => {
                error(409, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2")
            }
            "CreateAccessKey" => {
                self.keys_made += 1;
                let id = format!("AKIAEXAMPLE{:09}", self.keys_made);
                let key = format!(
                    "<AccessKey><UserName>{name}</UserName><AccessKeyId>{id}</AccessKeyId>\
                     <Status>Active</Status><SecretAccessKey>{CANARY_SECRET}</SecretAccessKey>\
                     <CreateDate>2026-11-23T12:00:00Z</CreateDate></AccessKey>"
                );
                self.keys.entry(name).or_default().insert(id);
                answer(action, &key)
            }
            "ListAccessKeys" => {
                let member = |id: &String| {
                    format!(
                        "<member><UserName>{name}</UserName><AccessKeyId>{id}</AccessKeyId><Status>Active</Status></member>"
                    )
                };
                let keys: String = self.keys.get(&name).into_iter().flatten().map(member).collect();
                let list = format!("<IsTruncated>false</IsTruncated><AccessKeyMetadata>{keys}</AccessKeyMetadata>");
                answer(action, &list)
            }
            "DeleteAccessKey" => {
                let id = decoded(request.field("AccessKeyId"));
                if self.keys.get_mut(&name).is_some_and(|keys| keys.remove(&id)) {
                    Reply::Answer(200, format!("<{action}Response><ResponseMetadata/></{action}Response>"))
                } else {
                    error(404, "NoSuchEntity", "The Access Key cannot be found.")
                }
            }
            action => Reply::Answer(200, format!("<{action}Response><ResponseMetadata/></{action}Response>")),
        }
    }
}

#[test]
fn users_are_issued_over_a_bad_line() {
    let (issues, at_once) = (size(12, 1_000), size(6, 32));
    // The small form shares the processor with all other tests.
    let deadline = Duration::from_secs(size(60, 30));
    let users = Mutex::new(Users { dice: 5, ..Users::default() });
    let users = Arc::new(users);
    let at_aws = Arc::clone(&users);
    let server = FaultServer::start(move |request| {
        let mut users = at_aws.lock().expect("no thread panics with it");
        match users.roll() {
            0..60 => error(400, "Throttling", "Rate exceeded"),
            60..65 => Reply::Reset,
            65..70 => {
                let _ = users.answer(request);
                Reply::Reset
            }
            _ => users.answer(request),
        }
    });
    let (scene, store) = applied(&user_role("deployer", ""));
    let (next, failures) = (Mutex::new(0..issues), Mutex::new(Vec::new()));
    let slowest = Mutex::new(Duration::ZERO);
    std::thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                while next.lock().expect("no panic").next().is_some() {
                    let began = Instant::now();
                    let outcome = block_on(async {
                        let session = session(&server.endpoint, deadline, 16).await;
                        let connect = async |_: &str| Ok((AwsIssuer::new(&session), AwsWriter::new(&session)));
                        let asked = IssueRequest { wait: KeyWait::Skip, ..request("deployer") };
                        issue(&store, connect, &scene.clock, &scene.ids, &Who::default(), asked).await.map(drop)
                    });
                    let mut slowest = slowest.lock().expect("no panic");
                    *slowest = began.elapsed().max(*slowest);
                    if let Err(error) = outcome {
                        failures.lock().expect("no panic").push(format!("{error:?}"));
                    }
                }
            });
        }
    });
    let (failures, slowest) = (failures.into_inner().expect("no panic"), slowest.into_inner().expect("no panic"));
    let requests = server.seen().len();
    let least = LEAST * usize::try_from(issues).expect("few");
    let users = users.lock().expect("no panic");
    println!(
        "{issues} issues, {at_once} at once: {} done, {} failed; {} keys made; slowest {:.1} s; \
         {requests} requests, {:.2} times the least",
        issues - failures.len() as u64,
        failures.len(),
        users.keys_made,
        slowest.as_secs_f64(),
        requests as f64 / least as f64
    );
    assert!(failures.is_empty(), "{:#?}", &failures[..failures.len().min(3)]);
    assert!(users.keys_made > issues, "no key was lost, so nothing was proven");
    assert!(users.keys.values().all(|keys| keys.len() == 1), "a user has its one key and no lost one");
    assert!(requests <= 3 * least, "{requests}");
    assert!(slowest < deadline, "{slowest:?}");
    assert_eq!(leases(&store).len() as u64, issues, "each has its lease");
}
