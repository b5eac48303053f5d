//! Thirty of a hundred requests throttled and five reset, with the real adapter: users are issued all the same, but for
//! those whose key was lost on the way.

use std::collections::BTreeMap;
use std::sync::Mutex;
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
    keys: u64,
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
            "CreateAccessKey" => {
                self.keys += 1;
                let key = format!(
                    "<AccessKey><UserName>{name}</UserName><AccessKeyId>AKIAEXAMPLE{:09}</AccessKeyId>\
                     <Status>Active</Status><SecretAccessKey>{CANARY_SECRET}</SecretAccessKey>\
                     <CreateDate>2026-11-23T12:00:00Z</CreateDate></AccessKey>",
                    self.keys
                );
                answer(action, &key)
            }
            "ListAccessKeys" => answer(action, "<IsTruncated>false</IsTruncated><AccessKeyMetadata/>"),
            action => Reply::Answer(200, format!("<{action}Response><ResponseMetadata/></{action}Response>")),
        }
    }
}

#[test]
fn users_are_issued_over_a_bad_line() {
    let (issues, at_once) = (size(12, 1_000), size(6, 32));
    let users = Mutex::new(Users { dice: 5, ..Users::default() });
    let server = FaultServer::start(move |request| {
        let mut users = users.lock().expect("no thread panics with it");
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
                        let session = session(&server.endpoint, Duration::from_secs(30), 8).await;
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
    // A key whose answer was lost is never asked for again: its secret is lost with it.
    let (keys, others): (Vec<String>, Vec<String>) =
        failures.into_iter().partition(|failure| failure.contains("iam:CreateAccessKey"));
    println!(
        "{issues} issues, {at_once} at once: {} done, {} gave their key up, {} failed otherwise; slowest {:.1} s; \
         {requests} requests, {:.2} times the least",
        issues - keys.len() as u64 - others.len() as u64,
        keys.len(),
        others.len(),
        slowest.as_secs_f64(),
        requests as f64 / least as f64
    );
    // Eight attempts that all fail are two calls in ten thousand.
    assert!(others.len() as u64 <= issues / 200, "{:#?}", &others[..others.len().min(3)]);
    assert!(keys.len() as u64 <= issues / 8 + 8, "{:#?}", &keys[..keys.len().min(3)]);
    assert!(requests <= 3 * least, "{requests}");
    assert!(slowest < Duration::from_secs(30), "{slowest:?}");
    assert_eq!(leases(&store).len() as u64, issues, "each has its lease");
}
