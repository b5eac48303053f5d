//! What an account uses, and its quotas.

use std::collections::BTreeMap;

use super::iam::Iam;
use super::unknown::{because, unread};
use crate::domain::world::{Fact, Why};

/// `iam:GetAccountSummary`. A number below zero makes no sense of any of them.
pub(super) async fn read(iam: &Iam) -> Fact<BTreeMap<String, u64>> {
    let output = match iam.ask("iam:GetAccountSummary", || iam.client.get_account_summary().send()).await {
        Ok(output) => output,
        Err(error) => return Fact::Unknown(unread(&error)),
    };
    let Some(numbers) = output.summary_map else {
        return Fact::Unknown(because(Why::Malformed, "iam:GetAccountSummary gave no summary"));
    };
    let sorted: BTreeMap<String, i32> =
        numbers.into_iter().map(|(key, number)| (key.as_str().to_owned(), number)).collect();
    let number = |(key, number): (String, i32)| {
        let sound = u64::try_from(number);
        sound.map(|sound| (key.clone(), sound)).map_err(|_| format!("iam:GetAccountSummary gave {number} as {key}"))
    };
    match sorted.into_iter().map(number).collect() {
        Ok(summary) => Fact::Present(summary),
        Err(detail) => Fact::Unknown(because(Why::Malformed, detail)),
    }
}
