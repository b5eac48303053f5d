//! The external id can be guessed.
//!
//! ## What it does
//! Takes the account ids, the role names and the signs between out of each declared `external_id`, and speaks when
//! fewer than 16 characters are left. It looks at the manifest alone, whether the trust policy asks for this id or not: LH213
//! speaks where it asks for none, LH214 where it asks for another. A new value goes into both, or LH214 speaks next.
//!
//! ## Why it is bad
//! An external id keeps others out only if they do not know it. Account ids and names are in every ARN, and short
//! values are quickly tried.
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
//!   external_id: 111122223333-readonly
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
//!           {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"sts:ExternalId": "111122223333-readonly"}}}
//!         ]
//!       }
//!     }
//!   }
//! }
//! ```
//!
//! ## Use instead
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
//!   # openssl rand -hex 16
//!   external_id: c91f20d76b3e48a5a0d4f6b82e17395c
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
//!           {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"sts:ExternalId": "c91f20d76b3e48a5a0d4f6b82e17395c"}}}
//!         ]
//!       }
//!     }
//!   }
//! }
//! ```
//!
//! ## Source
//! The IAM user guide's page on access for third parties: a value of its own for each customer. The 16 characters are
//! leasehold's own.

use crate::domain::credential::CredentialSpec;
use crate::domain::finding::{Confidence, Finding, Level};
use crate::domain::role::Field;

use super::judging::{Declared, Judging};
use super::rule::{Check, Origin, Rule, Said};

pub(super) static RULE: Rule = Rule {
    code: "LH215",
    name: "external-id-guessable",
    level: Level::Advisory,
    confidence: Confidence::Certain,
    origin: Origin::Git,
    summary: "The external id can be guessed.",
    source: include_str!("external_id_guessable.rs"),
    check: Check::Role(check),
};

/// Fewest letters and digits of an external id that nobody guesses.
const FEWEST: usize = 16;

fn check(judging: &Judging<'_>, declared: &Declared<'_>, findings: &mut Vec<Finding>) {
    let role = declared.role;
    let broker = judging.principal().account().as_str();
    let CredentialSpec::AssumedRole(spec) = &role.spec.credential else { return };
    let Some(external_id) = &spec.external_id else { return };
    let mut rest = external_id.to_ascii_lowercase();
    let own = spec.role_arns.iter().flat_map(|arn| [arn.account().as_str(), arn.name()]);
    for known in own.chain([broker, role.spec.name.as_str()]) {
        rest = rest.replace(&known.to_ascii_lowercase(), "");
    }
    if rest.chars().filter(|c| c.is_alphanumeric()).count() >= FEWEST {
        return;
    }
    findings.push(RULE.about(
        role,
        Field::ExternalId,
        Said {
            message: format!(
                "the external id `{external_id}` of role `{}` has fewer than {FEWEST} characters beside names and account ids",
                role.spec.name
            ),
            label: "can be guessed".to_owned(),
            remedy: "take a random value here and in the trust policy, such as `openssl rand -hex 16` makes".to_owned(),
        },
    ));
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Scene;
    use super::*;

    #[test]
    fn names_and_account_ids_do_not_count() {
        for (external_id, expected) in [
            ("111122223333", 1),
            ("prodappreadonly-111122223333-x", 1),
            ("short", 1),
            ("aaaa-bbbb-cccc-dd", 1),
            ("a-c91f20d76b3e48a5", 0),
        ] {
            let scene =
                Scene::role_broker().assumed_role_with("zz", |spec| spec.external_id = Some(external_id.to_owned()));
            assert_eq!(scene.findings(&RULE).len(), expected, "{external_id}");
        }
        assert!(Scene::role_broker().assumed_role("zz", 900, 900).findings(&RULE).is_empty());
    }
}
