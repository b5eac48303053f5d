use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::entry::role_arn;
use super::fact::Written;
use crate::domain::ident::{AccountId, Arn};
use crate::domain::world::{Fact, LiveAccount, not_read};
use crate::wire::common_v1::unique_map;

/// One value of `accounts`: what is left out was not read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Account {
    reader: Option<Written<String>>,
    roles: Option<Written<Vec<String>>>,
    summary: Option<Written<Summary>>,
}

#[derive(Deserialize)]
#[serde(transparent)]
struct Summary(#[serde(deserialize_with = "unique_map")] BTreeMap<String, u64>);

impl Account {
    fn lower(self) -> Result<LiveAccount, String> {
        let Self { reader, roles, summary } = self;
        let roles = match roles.map(|Written(fact)| fact) {
            Some(Fact::Present(arns)) => {
                Fact::Present(arns.iter().map(|arn| role_arn(arn)).collect::<Result<BTreeSet<_>, String>>()?)
            }
            Some(Fact::Absent) => Fact::Present(BTreeSet::new()),
            Some(Fact::Unknown(unknown)) => Fact::Unknown(unknown),
            None => not_read(),
        };
        Ok(LiveAccount {
            reader: reader.map_or_else(not_read, |Written(fact)| fact),
            roles,
            summary: match summary.map(|Written(fact)| fact) {
                Some(Fact::Present(Summary(numbers))) => Fact::Present(numbers),
                Some(Fact::Absent) => Fact::Absent,
                Some(Fact::Unknown(unknown)) => Fact::Unknown(unknown),
                None => not_read(),
            },
        })
    }
}

/// `accounts`, by their twelve digits.
pub(super) fn accounts(written: BTreeMap<String, Account>) -> Result<BTreeMap<AccountId, LiveAccount>, String> {
    let lower = |(id, account): (String, Account)| {
        let known = AccountId::parse(&id).map_err(|error| format!("the account `{id}` {error}"))?;
        Ok((known, account.lower()?))
    };
    written.into_iter().map(lower).collect()
}

/// `policies`, by their declared ARN: each is its live ARN.
pub(super) fn policies(written: BTreeMap<String, Written<String>>) -> Result<BTreeMap<Arn, Fact<String>>, String> {
    let lower = |(arn, Written(fact)): (String, Written<String>)| {
        Ok((Arn::parse(&arn).map_err(|error| format!("`{arn}` {error}"))?, fact))
    };
    written.into_iter().map(lower).collect()
}

/// `groups`, by `<account>/<name>`: each is its live ARN.
pub(super) fn groups(
    written: BTreeMap<String, Written<String>>,
) -> Result<BTreeMap<(AccountId, String), Fact<String>>, String> {
    let lower = |(key, Written(fact)): (String, Written<String>)| {
        let named = key.split_once('/').and_then(|(id, name)| Some((AccountId::parse(id).ok()?, name.to_owned())));
        Ok((named.ok_or_else(|| format!("`{key}` is not `<account>/<group>`"))?, fact))
    };
    written.into_iter().map(lower).collect()
}
