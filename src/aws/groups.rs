//! Whether groups exist.

use std::collections::BTreeSet;

use super::iam::{Iam, all};
use super::unknown::{because, is_absent, unread};
use crate::domain::world::{Fact, Why};

/// The live ARN of each. Its members are not asked for beyond the one that IAM insists on telling.
pub(super) async fn read(iam: &Iam, wanted: &BTreeSet<String>) -> Vec<(String, Fact<String>)> {
    let reads = wanted.iter().cloned().map(|name| {
        let iam = iam.clone();
        async move {
            let ask = || iam.client.get_group().group_name(&name).max_items(1).send();
            let fact = match iam.ask("iam:GetGroup", ask).await.map(|output| output.group) {
                // What the answer lacks, the SDK gives as an empty text.
                Ok(Some(group)) if !group.arn.is_empty() => Fact::Present(group.arn),
                Ok(_) => Fact::Unknown(because(Why::Malformed, "iam:GetGroup gave no group with an ARN")),
                Err(error) if is_absent(&error) => Fact::Absent,
                Err(error) => Fact::Unknown(unread(&error)),
            };
            (name, fact)
        }
    });
    all(reads).await
}
