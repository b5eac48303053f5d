//! The reading side: what a reader of IAM would see, one call at a time.

use std::collections::BTreeMap;

use super::weather::lost;
use super::{FakeCloud, Inner, error};
use crate::domain::ident::{AccountId, BrokerPrincipal};
use crate::domain::world::{
    CallerIdentity, Fact, LiveAccount, LiveBroker, LiveRole, Unknown, Wanted, WantedAccount, Why, World, not_read,
};
use crate::ports::{Clock, CloudError, CloudErrorKind, CloudRead};

fn because(why: Why, detail: impl Into<String>) -> Unknown {
    Unknown { why, detail: detail.into() }
}

impl<C: Clock> FakeCloud<C> {
    /// Makes one call of a reader.
    fn ask<T>(&self, operation: &'static str, answer: impl FnOnce(&Inner) -> Result<Fact<T>, CloudError>) -> Fact<T> {
        let told = self.begin(operation).and_then(|lose| match lose {
            true => Err(lost(operation)),
            false => answer(&self.lock()),
        });
        told.unwrap_or_else(|error| {
            let why = match error.kind {
                CloudErrorKind::AccessDenied => Why::AccessDenied,
                CloudErrorKind::Throttled => Why::Throttled,
                _ => Why::Unreachable,
            };
            Fact::Unknown(because(why, error.to_string()))
        })
    }

    /// Enters an account: who reads it, or why nobody does.
    fn enter(&self, caller: &CallerIdentity, id: &AccountId, wanted: &WantedAccount) -> Result<String, Unknown> {
        if *id == caller.account {
            return Ok(caller.arn.clone());
        }
        let Some(reader) = &wanted.reader else {
            return Err(because(Why::OtherAccount, format!("nothing says how account {id} is read")));
        };
        let known = |inner: &Inner| {
            if inner.readers.get(&reader.role_arn) == Some(&reader.external_id) && reader.role_arn.account() == id {
                let name = reader.role_arn.name();
                return Ok(Fact::Present(format!("arn:aws:sts::{id}:assumed-role/{name}/leasehold")));
            }
            Err(denied("sts:AssumeRole", reader.role_arn.as_str()))
        };
        match self.ask("sts:AssumeRole", known) {
            Fact::Present(arn) => Ok(arn),
            Fact::Unknown(unknown) => Err(unknown),
            Fact::Absent => Err(because(Why::Malformed, "no session")),
        }
    }

    fn read_broker(&self, wanted: &BrokerPrincipal) -> Fact<LiveBroker> {
        let operation = if wanted.is_role() { "iam:GetRole" } else { "iam:GetUser" };
        let found = self.ask(operation, |inner| match () {
            () if inner.broker_hidden => Err(denied(operation, wanted.as_str())),
            () if *wanted != self.broker => Ok(Fact::Absent),
            () => Ok(Fact::Present(inner.tags.clone())),
        });
        let tags = match found {
            Fact::Present(tags) => tags,
            Fact::Absent => return Fact::Absent,
            Fact::Unknown(unknown) => return Fact::Unknown(unknown),
        };
        let operation = if wanted.is_role() { "iam:ListRolePolicies" } else { "iam:ListUserPolicies" };
        let trust = self.lock().roles.get(&wanted.as_str().to_ascii_lowercase()).map(|live| live.trust.clone());
        Fact::Present(LiveBroker {
            unique_id: self.identity().user_id.split(':').next().unwrap_or_default().to_owned(),
            tags,
            policies: self.ask(operation, |inner| Ok(Fact::Present(inner.policies.clone()))),
            boundary: self.lock().boundary.clone().map_or(Fact::Absent, Fact::Present),
            trust,
        })
    }

    fn read_role(&self, arn: &crate::domain::ident::RoleArn) -> Fact<LiveRole> {
        self.ask("iam:GetRole", |inner| match inner.roles.get(&arn.as_str().to_ascii_lowercase()) {
            _ if inner.hidden.contains(arn.as_str()) => Err(denied("iam:GetRole", arn.as_str())),
            None => Ok(Fact::Absent),
            Some(live) => {
                let tags = live.trust.asks_for_tags().then(|| live.tags.clone().unwrap_or_default());
                Ok(Fact::Present(LiveRole { tags, ..live.clone() }))
            }
        })
    }

    /// Adds all that is wanted of an account that was entered.
    fn read_account(&self, world: &mut World, id: &AccountId, wanted: &WantedAccount, list: bool, reader: String) {
        for arn in &wanted.roles {
            world.roles.insert(arn.clone(), self.read_role(arn));
        }
        for arn in &wanted.policies {
            let fact = self.ask("iam:GetPolicy", |inner| {
                let live = inner.managed.iter().find(|live| live.eq_ignore_ascii_case(arn.as_str()));
                Ok(live.cloned().map_or(Fact::Absent, Fact::Present))
            });
            world.policies.insert(arn.clone(), fact);
        }
        for name in &wanted.groups {
            let key = (id.clone(), name.clone());
            let fact = self.ask("iam:GetGroup", |inner| match inner.groups.contains(&key) {
                true => Ok(Fact::Present(format!("arn:aws:iam::{id}:group/{name}"))),
                false => Ok(Fact::Absent),
            });
            world.groups.insert(key, fact);
        }
        let roles = if list {
            self.ask("iam:ListRoles", |inner| {
                let all = inner.roles.values().map(|live| live.arn.clone()).filter(|arn| arn.account() == id);
                Ok(Fact::Present(all.collect()))
            })
        } else {
            not_read()
        };
        let summary = if wanted.summary {
            self.ask("iam:GetAccountSummary", |inner| {
                let usual = || BTreeMap::from([("Users".to_owned(), 0), ("UsersQuota".to_owned(), 5_000)]);
                Ok(Fact::Present(inner.summaries.get(id).cloned().unwrap_or_else(usual)))
            })
        } else {
            not_read()
        };
        world.accounts.insert(id.clone(), LiveAccount { reader: Fact::Present(reader), roles, summary });
    }
}

fn denied(operation: &'static str, resource: &str) -> CloudError {
    let message = format!("User is not authorized to perform: {operation} on resource: {resource}");
    error(operation, CloudErrorKind::AccessDenied, Some("AccessDenied"), &message)
}

fn close(world: &mut World, id: &AccountId, wanted: &WantedAccount, unknown: &Unknown) {
    let why = || unknown.clone();
    world.roles.extend(wanted.roles.iter().map(|arn| (arn.clone(), Fact::Unknown(why()))));
    world.policies.extend(wanted.policies.iter().map(|arn| (arn.clone(), Fact::Unknown(why()))));
    world.groups.extend(wanted.groups.iter().map(|name| ((id.clone(), name.clone()), Fact::Unknown(why()))));
    let (reader, roles, summary) = (Fact::Unknown(why()), Fact::Unknown(why()), Fact::Unknown(why()));
    world.accounts.insert(id.clone(), LiveAccount { reader, roles, summary });
}

impl<C: Clock + Sync + Send> CloudRead for FakeCloud<C> {
    async fn caller_identity(&self) -> Result<CallerIdentity, CloudError> {
        self.act("sts:GetCallerIdentity", |_, _| Ok(self.identity()))
    }

    async fn world(&self, caller: &CallerIdentity, wanted: &Wanted) -> World {
        let mut world = World::of_roles(Fact::Present(caller.clone()), BTreeMap::new());
        let mut entered: BTreeMap<&AccountId, Result<String, Unknown>> =
            wanted.accounts.iter().map(|(id, account)| (id, self.enter(caller, id, account))).collect();
        world.broker = match entered.get(wanted.broker.account()) {
            Some(Ok(_)) => self.read_broker(&wanted.broker),
            Some(Err(unknown)) => Fact::Unknown(unknown.clone()),
            None => not_read(),
        };
        let policies = world.broker.present().and_then(|broker| broker.policies.present());
        let list = policies.map(|policies| wanted.to_list(policies)).unwrap_or_default();
        for (id, account) in &wanted.accounts {
            match entered.remove(id) {
                Some(Ok(reader)) => self.read_account(&mut world, id, account, list.contains(id), reader),
                Some(Err(unknown)) => close(&mut world, id, account, &unknown),
                None => {}
            }
        }
        world.calls = self.calls();
        world
    }

    fn calls(&self) -> u32 {
        self.lock().weather.calls
    }
}
