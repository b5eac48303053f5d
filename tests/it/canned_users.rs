//! IAM users over loopback HTTP: made, given keys, listed and ended, as `issue` and `sweep` ask for it. What hangs on a user
//! beside its keys is taken as given.

use std::collections::{BTreeMap, BTreeSet};

use leasehold::testing::CANARY_SECRET;

use crate::fault_server::{ACCOUNT, Reply, Request, error};
use crate::iam_answers::{answer, decoded, page};

/// Users on a page: as many as IAM gives.
const PAGE: usize = 1_000;

/// The users of the account that were made here.
#[derive(Default)]
pub(crate) struct Users {
    made: BTreeMap<String, User>,
    /// Keys by their users.
    pub(crate) keys: BTreeMap<String, BTreeSet<String>>,
    /// Keys that were ever made.
    pub(crate) keys_made: u64,
}

struct User {
    path: String,
    tags: String,
}

impl User {
    fn told(&self, name: &str) -> String {
        let Self { path, tags } = self;
        format!(
            "<Path>{path}</Path><UserName>{name}</UserName><UserId>AIDA{name}</UserId>\
             <Arn>arn:aws:iam::{ACCOUNT}:user{path}{name}</Arn><CreateDate>2026-11-23T12:00:00Z</CreateDate>{tags}"
        )
    }
}

impl Users {
    /// Adds a user without tags that has one key.
    pub(crate) fn put(&mut self, name: &str, path: &str) {
        self.made.insert(name.to_owned(), User { path: path.to_owned(), tags: String::new() });
        self.give_key(name);
    }

    /// Names of those that are there.
    pub(crate) fn names(&self) -> BTreeSet<String> {
        self.made.keys().cloned().collect()
    }

    fn give_key(&mut self, name: &str) -> String {
        self.keys_made += 1;
        let id = format!("AKIAEXAMPLE{:09}", self.keys_made);
        self.keys.entry(name.to_owned()).or_default().insert(id.clone());
        id
    }

    /// IAM's answer; `None` to what is asked of others than these users.
    pub(crate) fn answer(&mut self, request: &Request) -> Option<Reply> {
        let (action, name) = (request.action(), decoded(request.field("UserName")));
        if action == "ListUsers" {
            let members: Vec<String> = self.made.iter().map(|(name, user)| user.told(name)).collect();
            return Some(page(action, &members, &decoded(request.field("Marker")), PAGE));
        }
        if action == "CreateUser" {
            return Some(self.create(request, &name));
        }
        let user = self.made.get(&name)?;
        Some(match action {
            "GetUser" => answer(action, &format!("<User>{}</User>", user.told(&name))),
            "DeleteUser" if self.keys.get(&name).is_some_and(|keys| !keys.is_empty()) => {
                error(409, "DeleteConflict", "Cannot delete entity, must delete access keys first.")
            }
            "DeleteUser" => {
                self.made.remove(&name);
                done(action)
            }
            "CreateAccessKey" if self.keys.get(&name).is_some_and(|keys| keys.len() == 2) => {
                error(409, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2")
            }
            "CreateAccessKey" => {
                let id = self.give_key(&name);
                answer(
                    action,
                    &format!(
                        "<AccessKey><UserName>{name}</UserName><AccessKeyId>{id}</AccessKeyId><Status>Active</Status>\
                         <SecretAccessKey>{CANARY_SECRET}</SecretAccessKey><CreateDate>2026-11-23T12:00:00Z</CreateDate>\
                         </AccessKey>"
                    ),
                )
            }
            "ListAccessKeys" => {
                let member = |id: &String| {
                    format!("<UserName>{name}</UserName><AccessKeyId>{id}</AccessKeyId><Status>Active</Status>")
                };
                let members: Vec<String> = self.keys.get(&name).into_iter().flatten().map(member).collect();
                page(action, &members, "", PAGE)
            }
            "DeleteAccessKey" => {
                let id = decoded(request.field("AccessKeyId"));
                if self.keys.get_mut(&name).is_some_and(|keys| keys.remove(&id)) {
                    done(action)
                } else {
                    error(404, "NoSuchEntity", "The Access Key cannot be found.")
                }
            }
            action => done(action),
        })
    }

    fn create(&mut self, request: &Request, name: &str) -> Reply {
        if self.made.contains_key(name) {
            return error(409, "EntityAlreadyExists", &format!("User with name {name} already exists."));
        }
        let tag = |nth: u32| {
            let field = |part: &str| decoded(request.field(&format!("Tags.member.{nth}.{part}")));
            (field("Key"), field("Value"))
        };
        let tags: String = (1..)
            .map(tag)
            .take_while(|(key, _)| !key.is_empty())
            .map(|(key, value)| format!("<member><Key>{key}</Key><Value>{value}</Value></member>"))
            .collect();
        let user = User { path: decoded(request.field("Path")), tags: format!("<Tags>{tags}</Tags>") };
        let told = answer("CreateUser", &format!("<User>{}</User>", user.told(name)));
        self.made.insert(name.to_owned(), user);
        told
    }
}

fn done(action: &str) -> Reply {
    Reply::Answer(200, format!("<{action}Response><ResponseMetadata/></{action}Response>"))
}
