//! The trust policy is nearly as long as IAM lets it be.
//!
//! ## What it does
//! Counts the characters of the trust policy as IAM does, without white space, and speaks from 90 percent of the account's
//! quota on. The quota is what `iam:GetAccountSummary` says of the target's account; where that was not read, it is 2048, or
//! 4096 for a policy that is longer than that already.
//!
//! ## Why it is bad
//! The next principal or condition does not fit. IAM answers `LimitExceeded`, most likely on a day when somebody has to be
//! let in, or kept out.
//!
//! ## Example
//! ```yaml
//! apiVersion: leasehold/v1
//! kind: Broker
//! metadata: {name: prod}
//! spec:
//!   principal: arn:aws:iam::111122223333:role/VaultRunner
//!   region: ap-northeast-1
//!   deployment: prod
//! ---
//! apiVersion: leasehold/v1
//! kind: Role
//! metadata: {name: app-readonly}
//! spec:
//!   credential_type: assumed_role
//!   role_arns: [arn:aws:iam::111122223333:role/ProdAppReadOnly]
//!   default_sts_ttl: 30m
//!   max_sts_ttl: 1h
//! ```
//! ```json
//! {
//!   "caller": {"arn": "arn:aws:sts::111122223333:assumed-role/VaultRunner/ci", "user_id": "AROAEXAMPLEVAULTRUN01:ci"},
//!   "roles": {
//!     "arn:aws:iam::111122223333:role/ProdAppReadOnly": {
//!       "role_id": "AROAEXAMPLEREADONLY01",
//!       "max_session_duration": 3600,
//!       "trust": {
//!         "Version": "2012-10-17",
//!         "Statement": [
//!           {"Effect": "Allow", "Principal": {"AWS": [
//!             "arn:aws:iam::111122223333:role/VaultRunner",
//!             "arn:aws:iam::111122223333:role/app/Team00Deployer", "arn:aws:iam::111122223333:role/app/Team01Deployer",
//!             "arn:aws:iam::111122223333:role/app/Team02Deployer", "arn:aws:iam::111122223333:role/app/Team03Deployer",
//!             "arn:aws:iam::111122223333:role/app/Team04Deployer", "arn:aws:iam::111122223333:role/app/Team05Deployer",
//!             "arn:aws:iam::111122223333:role/app/Team06Deployer", "arn:aws:iam::111122223333:role/app/Team07Deployer",
//!             "arn:aws:iam::111122223333:role/app/Team08Deployer", "arn:aws:iam::111122223333:role/app/Team09Deployer",
//!             "arn:aws:iam::111122223333:role/app/Team10Deployer", "arn:aws:iam::111122223333:role/app/Team11Deployer",
//!             "arn:aws:iam::111122223333:role/app/Team12Deployer", "arn:aws:iam::111122223333:role/app/Team13Deployer",
//!             "arn:aws:iam::111122223333:role/app/Team14Deployer", "arn:aws:iam::111122223333:role/app/Team15Deployer",
//!             "arn:aws:iam::111122223333:role/app/Team16Deployer", "arn:aws:iam::111122223333:role/app/Team17Deployer",
//!             "arn:aws:iam::111122223333:role/app/Team18Deployer", "arn:aws:iam::111122223333:role/app/Team19Deployer",
//!             "arn:aws:iam::111122223333:role/app/Team20Deployer", "arn:aws:iam::111122223333:role/app/Team21Deployer",
//!             "arn:aws:iam::111122223333:role/app/Team22Deployer", "arn:aws:iam::111122223333:role/app/Team23Deployer",
//!             "arn:aws:iam::111122223333:role/app/Team24Deployer", "arn:aws:iam::111122223333:role/app/Team25Deployer",
//!             "arn:aws:iam::111122223333:role/app/Team26Deployer", "arn:aws:iam::111122223333:role/app/Team27Deployer",
//!             "arn:aws:iam::111122223333:role/app/Team28Deployer", "arn:aws:iam::111122223333:role/app/Team29Deployer",
//!             "arn:aws:iam::111122223333:role/app/Team30Deployer", "arn:aws:iam::111122223333:role/app/Team31Deployer",
//!             "arn:aws:iam::111122223333:role/app/Team32Deployer", "arn:aws:iam::111122223333:role/app/Team33Deployer"
//!           ]}, "Action": "sts:AssumeRole"}
//!         ]
//!       }
//!     }
//!   }
//! }
//! ```
//!
//! ## Use instead
//! ```json
//! {
//!   "caller": {"arn": "arn:aws:sts::111122223333:assumed-role/VaultRunner/ci", "user_id": "AROAEXAMPLEVAULTRUN01:ci"},
//!   "roles": {
//!     "arn:aws:iam::111122223333:role/ProdAppReadOnly": {
//!       "role_id": "AROAEXAMPLEREADONLY01",
//!       "max_session_duration": 3600,
//!       "trust": {
//!         "Version": "2012-10-17",
//!         "Statement": [
//!           {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:AssumeRole"}
//!         ]
//!       }
//!     }
//!   }
//! }
//! ```
//!
//! ## Source
//! The IAM user guide on quotas of IAM and STS.

use serde_json::Value;

use crate::domain::admission;
use crate::domain::finding::{Confidence, Finding, Level};
use crate::domain::limits;

use super::judging::{Judging, Target};
use super::rule::{Check, Origin, Rule, Said};
use super::words;

pub(super) static RULE: Rule = Rule {
    code: "LH218",
    name: "trust-policy-size",
    level: Level::Advisory,
    confidence: Confidence::Certain,
    origin: Origin::World,
    summary: "The trust policy is nearly as long as IAM lets it be.",
    source: include_str!("trust_policy_size.rs"),
    check: Check::Target(check),
};

/// Percent of the quota from which on it is worth a word.
const NEAR: u64 = 90;

fn check(judging: &Judging<'_>, target: Target<'_>, findings: &mut Vec<Finding>) {
    let Some(policy) = target.trust() else { return };
    // A count that does not fit is none that IAM would have taken.
    let Ok(size) = u64::try_from(counted(policy.document())) else { return };
    let quota = quota(judging, &target, size);
    if size * 100 < quota * NEAR {
        return;
    }
    let broker = words::trust_statement(judging.principal(), &admission::actions(target.spec));
    findings.push(RULE.about(
        target.role,
        target.field(),
        Said {
            message: format!(
                "the trust policy of `{}` takes {size} of the {quota} characters that IAM lets it have",
                target.arn
            ),
            label: "a trust policy that is nearly full".to_owned(),
            remedy: format!(
                "take out principals that nobody needs, or have the quota raised (IAM goes up to {}); the broker needs no \
                 more than: `{broker}`",
                limits::TRUST_POLICY_MAX
            ),
        },
    ));
}

/// Characters as IAM counts them.
fn counted(policy: &Value) -> usize {
    words::count(policy, |c| !c.is_whitespace())
}

fn quota(judging: &Judging<'_>, target: &Target<'_>, size: u64) -> u64 {
    let account = judging.world.accounts.get(target.arn.account());
    let told = account.and_then(|account| account.summary.present()?.get("AssumeRolePolicySizeQuota")).copied();
    let usual = limits::TRUST_POLICY_DEFAULT_MAX as u64;
    told.unwrap_or(if size > usual { limits::TRUST_POLICY_MAX as u64 } else { usual })
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{READ_ONLY, Scene};
    use super::*;
    use crate::domain::ident::AccountId;
    use crate::domain::world::{Fact, LiveAccount};

    fn found(size: usize, quota: Option<u64>) -> Vec<Finding> {
        let policy = |sid: &str| {
            format!(
                r#"{{"Statement":[{{"Action":"sts:AssumeRole","Effect":"Allow","Principal":{{"AWS":"111122223333"}},"Sid":"{sid}"}}]}}"#
            )
        };
        let policy = policy(&"x".repeat(size - policy("").len()));
        let mut scene = Scene::user_broker().assumed_role("a", 900, 900).live(READ_ONLY, 3_600, &policy);
        if let Some(quota) = quota {
            let summary = [("AssumeRolePolicySizeQuota".to_owned(), quota)].into();
            let account = LiveAccount { summary: Fact::Present(summary), ..LiveAccount::default() };
            scene.world.accounts.insert(AccountId::parse("111122223333").expect("valid"), account);
        }
        scene.findings(&RULE)
    }

    #[test]
    fn the_quota_that_was_read_counts_else_the_usual_one() {
        for (size, quota, expected) in [
            (1_843, None, 0),
            (1_844, None, 1),
            (2_048, None, 1),
            (2_049, None, 0),
            (3_687, None, 1),
            (1_844, Some(4_096), 0),
            (3_686, Some(4_096), 0),
            (3_687, Some(4_096), 1),
        ] {
            assert_eq!(found(size, quota).len(), expected, "{size} {quota:?}");
        }
    }

    #[test]
    fn white_space_is_not_counted() {
        assert_eq!(counted(&serde_json::json!({"a": "b c"})), 10);
    }

    #[test]
    fn what_was_not_read_is_not_judged() {
        assert!(Scene::user_broker().assumed_role("a", 900, 900).findings(&RULE).is_empty());
    }
}
