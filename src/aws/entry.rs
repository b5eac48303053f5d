//! Getting into an account: as the caller itself, or through the account's reader role.

use std::collections::BTreeMap;

use tokio::time::Instant;

use super::calls::Calls;
use super::iam::Iam;
use super::issuer;
use super::retry::Repeat;
use super::session::Session;
use super::unknown::{because, why};
use crate::domain::ident::{AccountId, Arn, is_iam_name_char};
use crate::domain::limits::SESSION_NAME_MAX;
use crate::domain::ttl::Ttl;
use crate::domain::world::{CallerIdentity, Reader, Unknown, Why};
use crate::ports::{AssumeRole, CloudError};

/// An account, open for reading.
#[derive(Clone)]
pub(super) struct Entered {
    pub(super) iam: Iam,
    /// ARN of who reads.
    pub(super) arn: String,
}

/// Whoever asks, with what all its calls share.
#[derive(Clone)]
pub(super) struct Asking<'a> {
    pub(super) session: &'a Session,
    pub(super) calls: &'a Calls,
    pub(super) caller: &'a CallerIdentity,
    pub(super) end: Instant,
}

impl Asking<'_> {
    /// Enters the account; else why nothing in it can be read.
    pub(super) async fn enter(&self, id: &AccountId, reader: Option<&Reader>) -> Result<Entered, Unknown> {
        let caller = self.caller;
        if *id == caller.account {
            let iam = Iam::new(self.session.iam(self.calls), self.end);
            return Ok(Entered { iam, arn: caller.arn.clone() });
        }
        let Some(reader) = reader else {
            let detail = format!(
                "account {id} is not that of {}: declare an Account document with its id and a reader_role_arn that this \
                 identity may assume",
                caller.arn
            );
            return Err(because(Why::OtherAccount, detail));
        };
        let role = &reader.role_arn;
        if role.account() != id {
            let detail =
                format!("the reader_role_arn of account {id} is `{role}`, a role of account {}", role.account());
            return Err(because(Why::OtherAccount, detail));
        }
        self.assume(reader).await.map_err(|error| {
            because(why(error.kind), format!("the reader role `{role}` of account {id} could not be assumed: {error}"))
        })
    }

    async fn assume(&self, reader: &Reader) -> Result<Entered, CloudError> {
        let (sts, caller) = self.session.sts(self.calls);
        let request = AssumeRole {
            role_arn: reader.role_arn.clone(),
            session_name: session_name(&self.caller.arn),
            ttl: Ttl::STS_MIN,
            external_id: reader.external_id.clone(),
            source_identity: None,
            tags: BTreeMap::new(),
            transitive_tag_keys: Vec::new(),
            policy: None,
            policy_arns: Vec::new(),
            mfa: None,
        };
        // A session that nobody holds can read for a quarter of an hour, and nobody has its keys.
        let issued = Box::pin(issuer::assume(&sts, &caller, self.end, Repeat::Read, &request)).await?;
        let session = self.session.with_credentials(&issued.credentials);
        let arn = issued.arn.unwrap_or_else(|| reader.role_arn.to_string());
        Ok(Entered { iam: Iam::new(session.iam(self.calls), self.end), arn })
    }
}

/// `leasehold-` and what the caller's ARN calls it, so that CloudTrail of the other account tells who read.
fn session_name(caller: &str) -> String {
    let resource = Arn::parse(caller).map(|arn| arn.resource().to_owned()).unwrap_or_default();
    let who = resource.split_once('/').map_or(resource.as_str(), |(_, name)| name);
    let plain = |c: char| if is_iam_name_char(c) { c } else { '-' };
    "leasehold-".chars().chain(who.chars().map(plain)).take(SESSION_NAME_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::session_name;

    #[test]
    fn a_session_is_named_after_who_asks() {
        for (caller, name) in [
            ("arn:aws:iam::111122223333:user/ci/plan", "leasehold-ci-plan"),
            ("arn:aws:sts::111122223333:assumed-role/Planner/run-77", "leasehold-Planner-run-77"),
            ("arn:aws:iam::111122223333:root", "leasehold-root"),
            ("not an ARN", "leasehold-"),
        ] {
            assert_eq!(session_name(caller), name);
        }
        let long = format!("arn:aws:iam::111122223333:user/{}", "x".repeat(100));
        assert_eq!(session_name(&long).len(), 64);
    }
}
