//! How many calls reading a world takes at least, and from how many things on a reader asks for lists.
//!
//! Which operations it calls stands in [`least_privilege`](crate::domain::least_privilege).

use super::{Wanted, WantedAccount};
use crate::domain::ident::{AccountId, BrokerPrincipal};

/// Up to this many roles of one account are read one by one with `iam:GetRole`, which a policy can allow for just these
/// roles. More are read with `iam:ListRoles`, a thousand a call, which a policy can only allow for all.
pub const GET_ROLE_LIMIT: usize = 10;

/// Up to this many managed policies of one account are looked up one by one with `iam:GetPolicy`. More are read with
/// `iam:ListPolicies`, a thousand a call: AWS's own alone are more than a thousand.
pub const GET_POLICY_LIMIT: usize = 10;

/// The most that IAM gives in one page; it may give fewer.
pub const PAGE: usize = 1_000;

/// The calls that reading this world takes at least, when everything may be read and nothing has to be asked twice:
///
/// - one to learn who asks;
/// - for each other account that has a reader, one to become that reader. An account without one costs nothing;
/// - for each account read, one for each declared role up to [`GET_ROLE_LIMIT`], else one for each [`PAGE`] of them; one
///   for each declared policy up to [`GET_POLICY_LIMIT`], else one; one for each declared group; one for the quotas;
/// - for the broker, where its account is read: itself and its lists of policies, three calls for a role, four for a user.
///   A broker that is a target role as well is asked for once.
///
/// What the lists hold is not known beforehand: each policy of the broker takes one call or two more, each group two and
/// its policies, an account with more roles than are declared more pages, and a list of all roles is read of every account
/// where [`Wanted::to_list`] says so.
#[must_use]
pub fn fewest_calls(wanted: &Wanted, caller: &AccountId) -> u32 {
    let each = |(id, account): (&AccountId, &WantedAccount)| {
        let entry = match &account.reader {
            _ if id == caller => 0,
            Some(reader) if reader.role_arn.account() == id => 1,
            _ => return 0,
        };
        let WantedAccount { reader: _, roles, policies, groups, summary } = account;
        let one_by_one = roles.len() <= GET_ROLE_LIMIT;
        let of_roles = if one_by_one { roles.len() } else { roles.len().div_ceil(PAGE) };
        let of_policies = if policies.len() <= GET_POLICY_LIMIT { policies.len() } else { 1 };
        let of_broker = match &wanted.broker {
            _ if id != wanted.broker.account() => 0,
            BrokerPrincipal::Role(arn) if one_by_one && roles.contains(arn) => 2,
            BrokerPrincipal::Role(_) => 3,
            BrokerPrincipal::User(_) => 4,
        };
        entry + of_roles + of_policies + groups.len() + usize::from(*summary) + of_broker
    };
    let calls = 1 + wanted.accounts.iter().map(each).sum::<usize>();
    u32::try_from(calls).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::domain::ident::{Arn, RoleArn};
    use crate::domain::world::Reader;

    const OWN: &str = "111122223333";
    const OTHER: &str = "444455556666";

    fn id(text: &str) -> AccountId {
        AccountId::parse(text).expect("an account")
    }

    fn roles(account: &str, count: usize) -> BTreeSet<RoleArn> {
        let arn = |n| RoleArn::parse(&format!("arn:aws:iam::{account}:role/app-{n}")).expect("a role");
        (0..count).map(arn).collect()
    }

    fn wanted(broker: &str, account: WantedAccount) -> Wanted {
        let broker = BrokerPrincipal::parse(broker).expect("a principal");
        Wanted { broker, accounts: BTreeMap::from([(id(OWN), account)]) }
    }

    #[test]
    fn each_part_costs_what_is_documented() {
        let role = "arn:aws:iam::111122223333:role/app-0";
        let user = "arn:aws:iam::111122223333:user/ci";
        let with = |count| WantedAccount { roles: roles(OWN, count), ..WantedAccount::default() };
        for (broker, account, calls) in [
            (user, with(0), 1 + 4),
            (user, with(10), 1 + 4 + 10),
            (user, with(11), 1 + 4 + 1),
            (user, with(1_001), 1 + 4 + 2),
            ("arn:aws:iam::111122223333:role/b", with(10), 1 + 3 + 10),
            (role, with(10), 1 + 2 + 10),
            (role, with(11), 1 + 3 + 1),
            (user, WantedAccount { summary: true, groups: BTreeSet::from(["g".to_owned()]), ..with(1) }, 1 + 4 + 1 + 2),
        ] {
            assert_eq!(fewest_calls(&wanted(broker, account), &id(OWN)), calls, "{broker}");
        }
        for (count, calls) in [(10, 10), (11, 1), (2_000, 1)] {
            let arn = |n| Arn::parse(&format!("arn:aws:iam::aws:policy/P{n}")).expect("an ARN");
            let account = WantedAccount { policies: (0..count).map(arn).collect(), ..WantedAccount::default() };
            assert_eq!(fewest_calls(&wanted(user, account), &id(OWN)), 5 + calls);
        }
    }

    #[test]
    fn an_account_that_nobody_can_read_costs_nothing() {
        let mut wanted = wanted("arn:aws:iam::111122223333:user/ci", WantedAccount::default());
        let reader = |account| Reader { role_arn: roles(account, 1).pop_first().expect("one"), external_id: None };
        for (reader, calls) in [(None, 5), (Some(reader(OTHER)), 5 + 1 + 3), (Some(reader(OWN)), 5)] {
            let account = WantedAccount { reader, roles: roles(OTHER, 3), ..WantedAccount::default() };
            wanted.accounts.insert(id(OTHER), account);
            assert_eq!(fewest_calls(&wanted, &id(OWN)), calls);
        }
        wanted.accounts.remove(&id(OTHER));
        assert_eq!(fewest_calls(&wanted, &id(OTHER)), 1, "the broker's account is not the caller's");
    }
}
