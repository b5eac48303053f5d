//! The broker as IAM has it: itself, and every policy that grants or denies by identity.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_iam::types::{AttachedPermissionsBoundary, AttachedPolicy as Attached, Tag};

use super::documents::{self, Source};
use super::iam::{Iam, all};
use super::pages::{Page, whole};
use super::roles::OneRole;
use super::unknown::{because, is_absent, unread};
use crate::domain::ident::{BrokerPrincipal, UserArn};
use crate::domain::world::{AttachedPolicy, Fact, LiveBroker, LivePolicy, Unknown, Why};

/// Reads the principal. What it may do is known whole or not at all: a part would hide a Deny.
pub(super) async fn read(iam: &Iam, principal: &BrokerPrincipal, roles: &OneRole) -> Fact<LiveBroker> {
    let asked = match principal {
        BrokerPrincipal::Role(arn) => match roles.get(iam, arn).await {
            Ok(role) => Ok(Itself {
                arn: role.arn.clone(),
                unique_id: role.role_id.clone(),
                tags: tags(role.tags()),
                boundary: role.permissions_boundary.clone(),
                trust: role.assume_role_policy_document().and_then(trust),
            }),
            Err(error) => Err(error),
        },
        BrokerPrincipal::User(arn) => {
            let ask = || iam.client.get_user().user_name(arn.name()).send();
            match iam.ask("iam:GetUser", ask).await {
                Ok(output) => match output.user {
                    Some(user) => Ok(Itself {
                        tags: tags(user.tags()),
                        arn: user.arn,
                        unique_id: user.user_id,
                        boundary: user.permissions_boundary,
                        trust: None,
                    }),
                    None => return Fact::Unknown(because(Why::Malformed, "iam:GetUser gave no user")),
                },
                Err(error) => Err(error),
            }
        }
    };
    match asked {
        Ok(found) if found.arn != principal.as_str() => Fact::Unknown(because(
            Why::Malformed,
            format!(
                "IAM has `{}` under that name: the Broker document must name it so, path and case included",
                found.arn
            ),
        )),
        Ok(found) if found.unique_id.is_empty() => {
            Fact::Unknown(because(Why::Malformed, "IAM's answer about the broker has no unique id"))
        }
        Ok(found) => Fact::Present(with_policies(iam, principal, found).await),
        Err(error) if is_absent(&error) => Fact::Absent,
        Err(error) => Fact::Unknown(unread(&error)),
    }
}

/// What the principal's own answer says.
struct Itself {
    arn: String,
    unique_id: String,
    tags: BTreeMap<String, String>,
    boundary: Option<AttachedPermissionsBoundary>,
    trust: Option<LivePolicy>,
}

/// Who may be the broker. It decides nothing that the broker may do, so one that makes no sense is as good as none.
fn trust(document: &str) -> Option<LivePolicy> {
    documents::decode(document, "AssumeRolePolicyDocument").ok().map(|text| LivePolicy::read(&text))
}

/// A policy's document and the names that people find it by: a managed one may come more than once.
type Found = BTreeMap<Source, BTreeSet<String>>;

async fn with_policies(iam: &Iam, principal: &BrokerPrincipal, found: Itself) -> LiveBroker {
    let listed = match principal {
        BrokerPrincipal::Role(arn) => of_role(iam, arn.name()).await,
        BrokerPrincipal::User(arn) => of_user(iam, arn).await,
    };
    let boundary = match found.boundary.map(|boundary| boundary.permissions_boundary_arn) {
        None => Fact::Absent,
        Some(Some(arn)) => Fact::Present(arn),
        Some(None) => Fact::Unknown(because(Why::Malformed, "IAM's answer has a permissions boundary without its ARN")),
    };
    let mut wanted: BTreeSet<Source> = listed.iter().flat_map(BTreeMap::keys).cloned().collect();
    wanted.extend(boundary.present().cloned().map(Source::Managed));
    let reads = wanted.into_iter().map(|source| {
        let iam = iam.clone();
        async move {
            let read = documents::read(&iam, &source).await;
            (source, read)
        }
    });
    let documents: BTreeMap<Source, Result<LivePolicy, Unknown>> = all(reads).await.into_iter().collect();
    LiveBroker {
        unique_id: found.unique_id,
        tags: found.tags,
        trust: found.trust,
        policies: match listed.and_then(|listed| named(&listed, &documents)) {
            Ok(policies) => Fact::Present(policies),
            Err(unknown) => Fact::Unknown(unknown),
        },
        boundary: match boundary {
            Fact::Present(arn) => match documents.get(&Source::Managed(arn.clone())) {
                Some(Ok(document)) => Fact::Present(AttachedPolicy { name: arn, document: document.clone() }),
                Some(Err(unknown)) => Fact::Unknown(unknown.clone()),
                None => Fact::Unknown(because(Why::NotRead, "nobody asked for its document")),
            },
            Fact::Absent => Fact::Absent,
            Fact::Unknown(unknown) => Fact::Unknown(unknown),
        },
    }
}

/// The policies by name, all of them; else why the first of them could not be read.
fn named(
    listed: &Found,
    documents: &BTreeMap<Source, Result<LivePolicy, Unknown>>,
) -> Result<Vec<AttachedPolicy>, Unknown> {
    let mut policies = Vec::new();
    for (source, names) in listed {
        let document = match documents.get(source) {
            Some(Ok(document)) => document,
            Some(Err(unknown)) => return Err(unknown.clone()),
            None => return Err(because(Why::NotRead, "nobody asked for its document")),
        };
        policies.extend(names.iter().map(|name| AttachedPolicy { name: name.clone(), document: document.clone() }));
    }
    policies.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(policies)
}

async fn of_role(iam: &Iam, role: &str) -> Result<Found, Unknown> {
    let inline = whole("the role's policies", |marker: Option<String>| async move {
        let ask = || iam.client.list_role_policies().role_name(role).set_marker(marker.clone()).send();
        let page = iam.ask("iam:ListRolePolicies", ask).await?;
        Ok(Page { items: page.policy_names, is_truncated: page.is_truncated, marker: page.marker })
    });
    let inline = inline.await?;
    let attached = whole("the role's attached policies", |marker: Option<String>| async move {
        let ask = || iam.client.list_attached_role_policies().role_name(role).set_marker(marker.clone()).send();
        let page = iam.ask("iam:ListAttachedRolePolicies", ask).await?;
        let items = page.attached_policies.unwrap_or_default();
        Ok(Page { items, is_truncated: page.is_truncated, marker: page.marker })
    });
    let attached = attached.await?;
    let mut found = Found::new();
    add(&mut found, "", inline, attached, |policy| Source::Role { role: role.to_owned(), policy })?;
    Ok(found)
}

async fn of_user(iam: &Iam, arn: &UserArn) -> Result<Found, Unknown> {
    let user = arn.name();
    let inline = whole("the user's policies", |marker: Option<String>| async move {
        let ask = || iam.client.list_user_policies().user_name(user).set_marker(marker.clone()).send();
        let page = iam.ask("iam:ListUserPolicies", ask).await?;
        Ok(Page { items: page.policy_names, is_truncated: page.is_truncated, marker: page.marker })
    });
    let inline = inline.await?;
    let attached = whole("the user's attached policies", |marker: Option<String>| async move {
        let ask = || iam.client.list_attached_user_policies().user_name(user).set_marker(marker.clone()).send();
        let page = iam.ask("iam:ListAttachedUserPolicies", ask).await?;
        let items = page.attached_policies.unwrap_or_default();
        Ok(Page { items, is_truncated: page.is_truncated, marker: page.marker })
    });
    let attached = attached.await?;
    let groups = whole("the user's groups", |marker: Option<String>| async move {
        let ask = || iam.client.list_groups_for_user().user_name(user).set_marker(marker.clone()).send();
        let page = iam.ask("iam:ListGroupsForUser", ask).await?;
        Ok(Page { items: page.groups, is_truncated: page.is_truncated, marker: page.marker })
    });
    let groups = groups.await?;
    let mut found = Found::new();
    add(&mut found, "", inline, attached, |policy| Source::User { user: user.to_owned(), policy })?;
    let reads = groups.into_iter().map(|group| {
        let iam = iam.clone();
        async move { of_group(&iam, &group.group_name).await }
    });
    for of_group in all(reads).await {
        for (source, names) in of_group? {
            found.entry(source).or_default().extend(names);
        }
    }
    Ok(found)
}

async fn of_group(iam: &Iam, group: &str) -> Result<Found, Unknown> {
    let inline = whole("a group's policies", |marker: Option<String>| async move {
        let ask = || iam.client.list_group_policies().group_name(group).set_marker(marker.clone()).send();
        let page = iam.ask("iam:ListGroupPolicies", ask).await?;
        Ok(Page { items: page.policy_names, is_truncated: page.is_truncated, marker: page.marker })
    });
    let inline = inline.await?;
    let attached = whole("a group's attached policies", |marker: Option<String>| async move {
        let ask = || iam.client.list_attached_group_policies().group_name(group).set_marker(marker.clone()).send();
        let page = iam.ask("iam:ListAttachedGroupPolicies", ask).await?;
        let items = page.attached_policies.unwrap_or_default();
        Ok(Page { items, is_truncated: page.is_truncated, marker: page.marker })
    });
    let attached = attached.await?;
    let mut found = Found::new();
    let prefix = format!("group/{group}/");
    add(&mut found, &prefix, inline, attached, |policy| Source::Group { group: group.to_owned(), policy })?;
    Ok(found)
}

fn add(
    found: &mut Found,
    prefix: &str,
    inline: Vec<String>,
    attached: Vec<Attached>,
    source: impl Fn(String) -> Source,
) -> Result<(), Unknown> {
    for policy in inline {
        let name = format!("{prefix}{policy}");
        found.entry(source(policy)).or_default().insert(name);
    }
    for policy in attached {
        let arn =
            policy.policy_arn.ok_or_else(|| because(Why::Malformed, "IAM lists an attached policy without its ARN"))?;
        let name = format!("{prefix}{arn}");
        found.entry(Source::Managed(arn)).or_default().insert(name);
    }
    Ok(())
}

pub(super) fn tags(tags: &[Tag]) -> BTreeMap<String, String> {
    tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect()
}
