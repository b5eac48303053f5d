//! Reading IAM.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::account::Account;
use super::calls::Calls;
use super::entry::{Asking, Entered};
use super::iam::all;
use super::roles::OneRole;
use super::session::Session;
use super::{identity, principal};
use crate::domain::ident::{AccountId, BrokerPrincipal, RoleArn};
use crate::domain::world::{CallerIdentity, Fact, LiveRole, Unknown, Wanted, WantedAccount, World};
use crate::ports::{CloudError, CloudRead};

/// How many accounts are read at once.
const ACCOUNTS: usize = 8;

/// Reads the caller's account, and others through their reader roles.
///
/// Each account has its own pace and at most four calls under way; what fails in one leaves the others as they are.
#[allow(missing_debug_implementations, reason = "it holds secrets")]
#[derive(Clone)]
pub struct AwsReader {
    session: Session,
    calls: Calls,
}

impl AwsReader {
    /// A reader with its own count of calls and the session's time limit.
    #[must_use]
    pub fn new(session: &Session) -> Self {
        Self::up_to(session, None)
    }

    /// The same, which makes no more than `max_calls`, retries included: what is left then is
    /// [`Budget`](crate::domain::world::Why::Budget).
    #[must_use]
    pub fn up_to(session: &Session, max_calls: Option<u32>) -> Self {
        Self { session: session.clone(), calls: Calls::up_to(max_calls) }
    }

    /// The live state of these roles of the caller's account alone, one entry for each. Never fails as a whole; roles of
    /// other accounts are unknown.
    pub async fn roles(&self, caller: &CallerIdentity, arns: &[RoleArn]) -> BTreeMap<RoleArn, Fact<LiveRole>> {
        let running = self.session.start();
        let mut accounts: BTreeMap<AccountId, WantedAccount> = BTreeMap::new();
        for arn in arns {
            accounts.entry(arn.account().clone()).or_default().roles.insert(arn.clone());
        }
        let read =
            Reading { reader: self.clone(), caller: caller.clone(), end: running.end(), broker: OneRole::new(None) };
        let read = read.accounts(accounts, BTreeMap::new(), &BTreeSet::new()).await;
        read.into_iter().flat_map(|(_, account)| account.roles).collect()
    }
}

impl CloudRead for AwsReader {
    async fn caller_identity(&self) -> Result<CallerIdentity, CloudError> {
        let (sts, caller) = self.session.sts(&self.calls);
        identity::caller_identity(&sts, &caller).await
    }

    async fn world(&self, caller: &CallerIdentity, wanted: &Wanted) -> World {
        let running = self.session.start();
        let broker = match &wanted.broker {
            BrokerPrincipal::Role(arn) => Some(arn.clone()),
            BrokerPrincipal::User(_) => None,
        };
        let reading =
            Reading { reader: self.clone(), caller: caller.clone(), end: running.end(), broker: OneRole::new(broker) };
        Box::pin(reading.world(wanted)).await
    }

    fn calls(&self) -> u32 {
        self.calls.made()
    }
}

/// One world in the making.
#[derive(Clone)]
struct Reading {
    reader: AwsReader,
    caller: CallerIdentity,
    end: Instant,
    broker: OneRole,
}

type Entry = Result<Entered, Unknown>;

impl Reading {
    /// The broker comes first: only its policies tell of which accounts every role has to be listed.
    async fn world(&self, wanted: &Wanted) -> World {
        let home = wanted.broker.account();
        let own = wanted.accounts.get(home).cloned().unwrap_or_default();
        let entry = self.enter(home, &own).await;
        let broker = match &entry {
            Ok(entered) => principal::read(&entered.iam, &wanted.broker, &self.broker).await,
            Err(unknown) => Fact::Unknown(unknown.clone()),
        };
        let policies = broker.present().and_then(|broker| broker.policies.present());
        let list = policies.map(|policies| wanted.to_list(policies)).unwrap_or_default();
        let entries = BTreeMap::from([(home.clone(), entry)]);
        let read = self.accounts(wanted.accounts.clone(), entries, &list).await;
        let mut world = World::of_roles(Fact::Present(self.caller.clone()), BTreeMap::new());
        world.broker = broker;
        for (id, Account { live, roles, policies, groups }) in read {
            world.roles.extend(roles);
            world.policies.extend(policies);
            world.groups.extend(groups.into_iter().map(|(name, fact)| ((id.clone(), name), fact)));
            world.accounts.insert(id, live);
        }
        world.calls = self.reader.calls();
        world.max_calls = self.reader.calls.most();
        world
    }

    /// Reads these accounts side by side, those of `entries` where they were entered already.
    async fn accounts(
        &self,
        wanted: BTreeMap<AccountId, WantedAccount>,
        mut entries: BTreeMap<AccountId, Entry>,
        list: &BTreeSet<AccountId>,
    ) -> Vec<(AccountId, Account)> {
        let permits = Arc::new(Semaphore::new(ACCOUNTS));
        let reads = wanted.into_iter().map(|(id, account)| {
            let (reading, permits) = (self.clone(), Arc::clone(&permits));
            let (entry, list) = (entries.remove(&id), list.contains(&id));
            async move {
                let _permit = permits.acquire().await;
                let entry = match entry {
                    Some(entry) => entry,
                    None => reading.enter(&id, &account).await,
                };
                let read = match entry {
                    Ok(entered) => Account::read(entered, account, list, reading.broker.clone()).await,
                    Err(unknown) => Account::closed(account, &unknown),
                };
                (id, read)
            }
        });
        all(reads).await
    }

    async fn enter(&self, id: &AccountId, wanted: &WantedAccount) -> Entry {
        let AwsReader { session, calls } = &self.reader;
        Asking { session, calls, caller: &self.caller, end: self.end }.enter(id, wanted.reader.as_ref()).await
    }
}
