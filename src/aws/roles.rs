//! Roles: one by one where they are few, out of the account's list where they are many.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use aws_sdk_iam::types::Role;
use tokio::sync::OnceCell;

use super::documents::decode;
use super::errors::cloud_error;
use super::iam::{Iam, all};
use super::pages::{Page, Read, each_page};
use super::principal::tags;
use super::unknown::{because, is_absent, unread};
use crate::domain::ident::RoleArn;
use crate::domain::world::calls::{GET_ROLE_LIMIT, PAGE};
use crate::domain::world::{Fact, LivePolicy, LiveRole, Why, not_read};
use crate::ports::{CloudError, CloudErrorKind};

/// What was read of one account's roles.
pub(super) struct Roles {
    /// One fact for each wanted role.
    pub(super) facts: Vec<(RoleArn, Fact<LiveRole>)>,
    /// Every role of the account.
    pub(super) all: Fact<BTreeSet<RoleArn>>,
}

/// Reads the wanted roles, and with `list` every role of the account.
pub(super) async fn read(iam: &Iam, wanted: &BTreeSet<RoleArn>, list: bool, broker: &OneRole) -> Roles {
    if wanted.len() <= GET_ROLE_LIMIT {
        let facts = one_by_one(iam, wanted.iter().cloned(), broker).await;
        let all = if list { every(iam, &mut Search::new(&[]), true).await.1 } else { not_read() };
        return Roles { facts, all };
    }
    let arns: Vec<RoleArn> = wanted.iter().cloned().collect();
    let mut search = Search::new(&arns);
    let (missing, all) = every(iam, &mut search, list).await;
    let mut facts: Vec<_> = search.finish(&missing).collect();
    add_tags(iam, &mut facts, broker).await;
    Roles { facts, all }
}

/// One role that may be wanted twice: the broker can be a target. It is asked for once.
#[derive(Clone)]
pub(super) struct OneRole {
    arn: Option<RoleArn>,
    answer: Arc<OnceCell<Result<Role, CloudError>>>,
}

impl OneRole {
    pub(super) fn new(arn: Option<RoleArn>) -> Self {
        Self { arn, answer: Arc::default() }
    }

    /// This role or any other.
    pub(super) async fn get(&self, iam: &Iam, arn: &RoleArn) -> Result<Role, CloudError> {
        if self.arn.as_ref() == Some(arn) {
            self.answer.get_or_init(|| get_role(iam, arn)).await.clone()
        } else {
            get_role(iam, arn).await
        }
    }
}

async fn get_role(iam: &Iam, arn: &RoleArn) -> Result<Role, CloudError> {
    const OPERATION: &str = "iam:GetRole";
    let output = iam.ask(OPERATION, || iam.client.get_role().role_name(arn.name()).send()).await?;
    output.role.ok_or_else(|| cloud_error(CloudErrorKind::Malformed, OPERATION, "the answer has no role"))
}

async fn one_by_one(
    iam: &Iam,
    wanted: impl Iterator<Item = RoleArn>,
    broker: &OneRole,
) -> Vec<(RoleArn, Fact<LiveRole>)> {
    let reads = wanted.map(|arn| {
        let (iam, broker) = (iam.clone(), broker.clone());
        async move {
            let fact = match broker.get(&iam, &arn).await {
                Ok(role) => with_tags(live(&role), &role),
                Err(error) if is_absent(&error) => Fact::Absent,
                Err(error) => Fact::Unknown(unread(&error)),
            };
            (arn, fact)
        }
    });
    all(reads).await
}

/// Offers every role of the account to the search, which ends the list early unless `whole`. Gives what is known of roles
/// that were not in the part of the list that came, and the list if it came whole.
async fn every(iam: &Iam, search: &mut Search<'_>, whole: bool) -> (Fact<LiveRole>, Fact<BTreeSet<RoleArn>>) {
    let page_size = i32::try_from(PAGE).unwrap_or(i32::MAX);
    let mut listed: Vec<String> = Vec::new();
    let ask = |marker: Option<String>| async move {
        let ask = || iam.client.list_roles().max_items(page_size).set_marker(marker.clone()).send();
        let page = iam.ask("iam:ListRoles", ask).await?;
        Ok(Page { items: page.roles, is_truncated: page.is_truncated, marker: page.marker })
    };
    let take = |roles: Vec<Role>| {
        for role in roles {
            search.offer(&role);
            listed.push(role.arn);
        }
        if search.is_settled() && !whole { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    match each_page("roles", ask, take).await {
        Ok(Read::Whole) => (Fact::Absent, as_set(&listed)),
        Ok(Read::Part) => (Fact::Absent, not_read()),
        Err(unknown) if whole => (Fact::Unknown(unknown.clone()), Fact::Unknown(unknown)),
        Err(unknown) => (Fact::Unknown(unknown), not_read()),
    }
}

fn as_set(listed: &[String]) -> Fact<BTreeSet<RoleArn>> {
    let parse = |arn: &String| {
        RoleArn::parse(arn)
            .map_err(|error| because(Why::Malformed, format!("IAM lists the role `{arn}`, which {error}")))
    };
    match listed.iter().map(parse).collect() {
        Ok(arns) => Fact::Present(arns),
        Err(unknown) => Fact::Unknown(unknown),
    }
}

/// IAM's list has no tags, so roles whose trust policy asks for them are read once more. Where that fails the tags stay
/// unread.
async fn add_tags(iam: &Iam, facts: &mut [(RoleArn, Fact<LiveRole>)], broker: &OneRole) {
    let asking = facts.iter().enumerate().filter_map(|(index, (_, fact))| {
        let live = fact.present().filter(|live| live.trust.asks_for_tags())?;
        Some((index, live.arn.clone()))
    });
    let reads = asking.map(|(index, arn)| {
        let (iam, broker) = (iam.clone(), broker.clone());
        async move { (index, broker.get(&iam, &arn).await) }
    });
    for (index, answer) in all(reads).await {
        if let (Ok(role), (_, Fact::Present(live))) = (answer, &mut facts[index])
            && role.role_id == live.role_id
        {
            live.tags = Some(tags(role.tags()));
        }
    }
}

/// Only where a condition asks for them: whoever reads the list does not get them, and must see the same world.
fn with_tags(fact: Fact<LiveRole>, role: &Role) -> Fact<LiveRole> {
    match fact {
        Fact::Present(live) if live.trust.asks_for_tags() => {
            Fact::Present(LiveRole { tags: Some(tags(role.tags())), ..live })
        }
        other => other,
    }
}

/// Wanted roles that a list of the account's roles is searched for.
struct Search<'a> {
    wanted: &'a [RoleArn],
    /// Indexes into `wanted` by name in lower case: IAM holds names unique without regard to case.
    by_name: BTreeMap<String, Vec<usize>>,
    found: Vec<Option<Fact<LiveRole>>>,
}

impl<'a> Search<'a> {
    fn new(wanted: &'a [RoleArn]) -> Self {
        let mut by_name: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (index, arn) in wanted.iter().enumerate() {
            by_name.entry(arn.name().to_ascii_lowercase()).or_default().push(index);
        }
        Self { wanted, by_name, found: vec![None; wanted.len()] }
    }

    /// Takes one role of the list; those that nobody wants are not even decoded.
    fn offer(&mut self, role: &Role) {
        let Some(indexes) = self.by_name.get(&role.role_name().to_ascii_lowercase()) else { return };
        let fact = live(role);
        for index in indexes {
            let exact = role.arn() == self.wanted[*index].as_str();
            let slot = &mut self.found[*index];
            if exact || slot.is_none() {
                *slot = Some(fact.clone());
            }
        }
    }

    /// Whether every wanted role was found under its exact ARN: the rest of the list cannot change anything.
    fn is_settled(&self) -> bool {
        self.found
            .iter()
            .zip(self.wanted)
            .all(|(found, wanted)| matches!(found, Some(Fact::Present(live)) if live.arn == *wanted))
    }

    /// One fact for each wanted role; `missing` is what is known of those that the list did not hold.
    fn finish(self, missing: &Fact<LiveRole>) -> impl Iterator<Item = (RoleArn, Fact<LiveRole>)> {
        self.wanted.iter().cloned().zip(self.found.into_iter().map(|found| found.unwrap_or_else(|| missing.clone())))
    }
}

/// One role as IAM describes it. Every part is needed: a role without its limit or its trust policy is not known.
fn live(role: &Role) -> Fact<LiveRole> {
    match described(role) {
        Ok(live) => Fact::Present(live),
        Err(detail) => Fact::Unknown(because(Why::Malformed, format!("IAM's answer about it {detail}"))),
    }
}

fn described(role: &Role) -> Result<LiveRole, String> {
    let arn = RoleArn::parse(role.arn()).map_err(|error| format!("names the ARN `{}`, which {error}", role.arn()))?;
    let seconds = role.max_session_duration().ok_or("has no MaxSessionDuration")?;
    let max_session_duration = u32::try_from(seconds).map_err(|_| format!("has the MaxSessionDuration {seconds}"))?;
    let document = role.assume_role_policy_document().ok_or("has no AssumeRolePolicyDocument")?;
    let trust = LivePolicy::read(&decode(document, "AssumeRolePolicyDocument")?);
    Ok(LiveRole { arn, role_id: role.role_id().to_owned(), max_session_duration, trust, tags: None })
}

#[cfg(test)]
mod tests {
    use aws_smithy_types::DateTime;

    use super::*;

    fn role(arn: &str) -> Role {
        let name = arn.rsplit('/').next().expect("a name");
        Role::builder()
            .path("/")
            .role_name(name)
            .role_id("AROA")
            .arn(arn)
            .create_date(DateTime::from_secs(0))
            .max_session_duration(3_600)
            .assume_role_policy_document("%7B%7D")
            .build()
            .expect("whole")
    }

    fn arn(name: &str) -> RoleArn {
        RoleArn::parse(&format!("arn:aws:iam::111122223333:role/{name}")).expect("valid")
    }

    #[test]
    fn a_role_of_another_case_or_path_is_present_with_its_live_arn() {
        let wanted = [arn("app"), arn("path/Deep"), arn("gone")];
        let mut search = Search::new(&wanted);
        for live in ["App", "Deep", "other"] {
            search.offer(&role(&format!("arn:aws:iam::111122223333:role/{live}")));
        }
        assert!(!search.is_settled());
        let facts: Vec<_> = search.finish(&Fact::Absent).collect();
        let live = |index: usize| facts[index].1.present().map(|live| live.arn.as_str().to_owned());
        assert_eq!(live(0).as_deref(), Some("arn:aws:iam::111122223333:role/App"));
        assert_eq!(live(1).as_deref(), Some("arn:aws:iam::111122223333:role/Deep"));
        assert_eq!(facts[2].1, Fact::Absent);
    }

    #[test]
    fn the_exact_arn_wins_in_any_order() {
        let wanted = [arn("app")];
        for order in [["app", "APP"], ["APP", "app"]] {
            let mut search = Search::new(&wanted);
            for name in order {
                search.offer(&role(&format!("arn:aws:iam::111122223333:role/{name}")));
            }
            assert!(search.is_settled());
        }
    }

    #[test]
    fn parts_that_make_no_sense_leave_the_role_unknown() {
        let mut broken = role("arn:aws:iam::111122223333:role/app");
        broken.assume_role_policy_document = Some("%f".to_owned());
        let mut endless = role("arn:aws:iam::111122223333:role/app");
        endless.max_session_duration = None;
        for (role, part) in
            [(broken, "broken escape"), (endless, "no MaxSessionDuration"), (role("arn:aws:iam::1:role/app"), "ARN")]
        {
            let Fact::Unknown(unknown) = live(&role) else { panic!("{part}") };
            assert_eq!(unknown.why, Why::Malformed);
            assert!(unknown.detail.contains(part), "{}", unknown.detail);
        }
    }
}
