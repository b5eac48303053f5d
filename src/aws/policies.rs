//! Whether managed policies exist.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use aws_sdk_iam::types::{Policy, PolicyScopeType};

use super::iam::{Iam, all};
use super::pages::{Page, each_page};
use super::unknown::{because, is_absent, unread};
use crate::domain::ident::Arn;
use crate::domain::world::calls::{GET_POLICY_LIMIT, PAGE};
use crate::domain::world::{Fact, Why};

/// The live ARN of each.
pub(super) async fn read(iam: &Iam, wanted: &BTreeSet<Arn>) -> Vec<(Arn, Fact<String>)> {
    if wanted.len() > GET_POLICY_LIMIT {
        return in_bulk(iam, wanted).await;
    }
    let reads = wanted.iter().cloned().map(|arn| {
        let iam = iam.clone();
        async move {
            let answer = iam.ask("iam:GetPolicy", || iam.client.get_policy().policy_arn(arn.as_str()).send()).await;
            let fact = match answer.map(|output| output.policy.and_then(|policy| policy.arn)) {
                Ok(Some(live)) => Fact::Present(live),
                Ok(None) => Fact::Unknown(because(Why::Malformed, "iam:GetPolicy gave no policy with an ARN")),
                Err(error) if is_absent(&error) => Fact::Absent,
                Err(error) => Fact::Unknown(unread(&error)),
            };
            (arn, fact)
        }
    });
    all(reads).await
}

/// Searches the account's list, which ends when every policy was found under its exact ARN.
async fn in_bulk(iam: &Iam, wanted: &BTreeSet<Arn>) -> Vec<(Arn, Fact<String>)> {
    let page_size = i32::try_from(PAGE).unwrap_or(i32::MAX);
    let of_aws = wanted.iter().filter(|arn| arn.account() == "aws").count();
    let scope = match of_aws {
        0 => PolicyScopeType::Local,
        some if some == wanted.len() => PolicyScopeType::Aws,
        _ => PolicyScopeType::All,
    };
    // IAM holds names unique without regard to case.
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    let mut open: BTreeSet<&str> = wanted.iter().map(Arn::as_str).collect();
    let folded: BTreeSet<String> = open.iter().map(|arn| arn.to_ascii_lowercase()).collect();
    let ask = |marker: Option<String>| {
        let scope = scope.clone();
        async move {
            let ask = || {
                let asking = iam.client.list_policies().scope(scope.clone());
                asking.max_items(page_size).set_marker(marker.clone()).send()
            };
            let page = iam.ask("iam:ListPolicies", ask).await?;
            let items = page.policies.unwrap_or_default();
            Ok(Page { items, is_truncated: page.is_truncated, marker: page.marker })
        }
    };
    let take = |policies: Vec<Policy>| {
        for live in policies.into_iter().filter_map(|policy| policy.arn) {
            let key = live.to_ascii_lowercase();
            if folded.contains(&key) {
                let exact = open.remove(live.as_str());
                if exact || !found.contains_key(&key) {
                    found.insert(key, live);
                }
            }
        }
        if open.is_empty() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let missing = match each_page("policies", ask, take).await {
        Ok(_) => Fact::Absent,
        Err(unknown) => Fact::Unknown(unknown),
    };
    let fact =
        |arn: &Arn| found.get(&arn.as_str().to_ascii_lowercase()).cloned().map_or(missing.clone(), Fact::Present);
    wanted.iter().map(|arn| (arn.clone(), fact(arn))).collect()
}
