//! The trust policy asks for MFA, and the role declares no device.
//!
//! ## What it does
//! Speaks when the broker is an IAM user, the role has no `mfa_serial_number`, and nothing but a condition on
//! `aws:MultiFactorAuthPresent` or `aws:MultiFactorAuthAge` keeps the broker out. Of a broker that is a role LH204 says
//! what is not known.
//!
//! ## Why it is bad
//! Long-term keys without a code do not carry these keys. `Bool … true` in an Allow then fails, and `BoolIfExists …
//! false` in a Deny holds: STS answers `AccessDenied`.
//!
//! ## Example
//! ```yaml
//! apiVersion: leasehold/v1
//! kind: Broker
//! metadata: {name: prod}
//! spec:
//!   principal: arn:aws:iam::111122223333:user/leasehold
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
//!   "caller": {"arn": "arn:aws:iam::111122223333:user/leasehold", "user_id": "AIDAEXAMPLELEASEHOLD1"},
//!   "roles": {
//!     "arn:aws:iam::111122223333:role/ProdAppReadOnly": {
//!       "role_id": "AROAEXAMPLEREADONLY01",
//!       "max_session_duration": 3600,
//!       "trust": {
//!         "Version": "2012-10-17",
//!         "Statement": [
//!           {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:user/leasehold"}, "Action": "sts:AssumeRole", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}
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
//!   principal: arn:aws:iam::111122223333:user/leasehold
//!   region: ap-northeast-1
//!   deployment: prod
//! ---
//! apiVersion: leasehold/v1
//! kind: Role
//! metadata: {name: app-readonly}
//! spec:
//!   credential_type: assumed_role
//!   role_arns: [arn:aws:iam::111122223333:role/ProdAppReadOnly]
//!   mfa_serial_number: arn:aws:iam::111122223333:mfa/leasehold
//!   default_sts_ttl: 30m
//!   max_sts_ttl: 1h
//! ```
//!
//! ## Source
//! The IAM user guide's pages on MFA-protected API access.

use crate::domain::finding::{Confidence, Finding, Level};

use super::judging::{Judging, Target};
use super::refusal::{Cause, Turning, refused_for};
use super::rule::{Check, Origin, Rule};

pub(super) static RULE: Rule = Rule {
    code: "LH222",
    name: "trust-needs-mfa",
    level: Level::Hard,
    confidence: Confidence::Certain,
    origin: Origin::World,
    summary: "The trust policy asks for MFA, and the role declares no device.",
    source: include_str!("trust_needs_mfa.rs"),
    check: Check::Target(check),
};

fn check(_: &Judging<'_>, target: Target<'_>, findings: &mut Vec<Finding>) {
    refused_for(target, Cause::Mfa, &RULE, findings, |spot, _| {
        Turning {
        but: format!("role `{}` passes no MFA code", spot.target.role.spec.name),
        label: "asks for MFA",
        remedy: "declare the broker's MFA device as `mfa_serial_number` and pass a code with each request; if nobody is there to \
                 type it, take the broker out of the condition"
            .to_owned(),
    }
    });
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{READ_ONLY, Scene, trust};
    use super::*;

    fn found(serial: Option<&str>, statements: &[&str]) -> Vec<Finding> {
        Scene::user_broker()
            .assumed_role_with("a", |spec| spec.mfa_serial_number = serial.map(|it| it.to_owned()))
            .live(READ_ONLY, 3_600, &trust(statements))
            .findings(&RULE)
    }

    #[test]
    fn an_allow_with_mfa_and_a_deny_without_it_ask_for_a_device() {
        let allow = r#"{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole"}"#;
        let mfa = r#"{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}"#;
        let deny = r#"{"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole", "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}}"#;
        assert_eq!(found(None, &[mfa]).len(), 1);
        assert_eq!(found(None, &[allow, deny]).len(), 1);
        assert!(found(None, &[allow]).is_empty());
        assert!(found(Some("arn:aws:iam::111122223333:mfa/leasehold"), &[mfa]).is_empty());
    }
}
