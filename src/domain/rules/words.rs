//! Words that several rules share.

use std::fmt::{self, Write as _};

use serde_json::{Value, json};

use crate::domain::credential::{AssumedRoleSpec, CredentialSpec, CredentialType, PolicySpec};
use crate::domain::finding::Finding;
use crate::domain::iam::Verdict;
use crate::domain::ident::{Arn, BrokerPrincipal};
use crate::domain::role::{Field, Role};
use crate::domain::ttl::Ttl;

use super::Judging;
use super::judging::Target;
use super::rule::{Rule, Said};

/// Unknown names for which a rule looks for a near one: each search visits every candidate, so it has to end somewhere.
pub(super) const SUGGESTIONS_MAX: usize = 5;

/// One of a role's two TTLs: its value, its manifest field, and that field's name.
#[derive(Debug, Clone, Copy)]
pub(super) struct TtlField {
    pub(super) ttl: Ttl,
    pub(super) field: Field,
    pub(super) name: &'static str,
}

impl TtlField {
    /// `max_sts_ttl 12h`, and where it comes from when the role does not say it.
    pub(super) fn shown(&self, role: &Role) -> String {
        let Self { ttl, field, name } = self;
        match role.places.written(*field) {
            Some(_) => format!("`{name}` {ttl}"),
            None => format!("`{name}` {ttl} (a default: the role does not say it)"),
        }
    }
}

/// The default and the maximum TTL under the names this credential type gives them.
pub(super) fn ttl_fields(role: &Role) -> (TtlField, TtlField) {
    let pair = role.spec.credential.ttl();
    let (default, max) = match role.spec.credential.kind() {
        CredentialType::IamUser => ((Field::DefaultTtl, "default_ttl"), (Field::MaxTtl, "max_ttl")),
        CredentialType::AssumedRole | CredentialType::FederationToken | CredentialType::SessionToken => {
            ((Field::DefaultStsTtl, "default_sts_ttl"), (Field::MaxStsTtl, "max_sts_ttl"))
        }
    };
    (
        TtlField { ttl: pair.default, field: default.0, name: default.1 },
        TtlField { ttl: pair.max, field: max.0, name: max.1 },
    )
}

/// Seconds as a manifest writes them: `1h30m`.
pub(super) fn span(seconds: u32) -> String {
    Ttl::from_seconds(seconds).map_or_else(|| "0s".to_owned(), |ttl| ttl.to_string())
}

/// The trust statement that lets the broker do these actions and nothing else, on one line.
pub(super) fn trust_statement(broker: &BrokerPrincipal, actions: &[&str]) -> String {
    let action = match actions {
        [one] => json!(one),
        several => json!(several),
    };
    json!({"Action": action, "Effect": "Allow", "Principal": {"AWS": broker.as_str()}}).to_string()
}

/// A whole trust policy with that one statement, on one line.
pub(super) fn trust_policy(broker: &BrokerPrincipal, actions: &[&str]) -> String {
    let statement: Value = serde_json::from_str(&trust_statement(broker, actions)).unwrap_or_default();
    json!({"Statement": [statement], "Version": "2012-10-17"}).to_string()
}

/// Something that `AssumeRole` passes, and for which STS wants a permission of its own.
pub(super) struct Passed {
    /// The permission.
    pub(super) action: &'static str,
    /// What is passed, in words.
    pub(super) what: &'static str,
    /// Where the manifest declares it.
    pub(super) field: Field,
    /// Whether it is declared.
    pub(super) declared: fn(&AssumedRoleSpec) -> bool,
}

/// Adds a finding if the target admits the broker, or may, and still refuses what the role passes.
pub(super) fn lacks_action(
    judging: &Judging<'_>,
    target: Target<'_>,
    rule: &Rule,
    passed: &Passed,
    findings: &mut Vec<Finding>,
) {
    let broker = judging.principal();
    let Passed { action, what, field, declared } = passed;
    if !declared(target.spec) || !matches!(target.assume, Some(Verdict::Allowed | Verdict::Depends(_))) {
        return;
    }
    let statement = || trust_statement(broker, &[action]);
    let (verb, remedy) = match target.answer(action) {
        Some(Verdict::DeniedImplicitly { .. }) => {
            ("does not allow", format!("add this statement to its trust policy: `{}`", statement()))
        }
        Some(Verdict::DeniedExplicitly { statement: denying, .. }) => (
            "denies",
            format!(
                "take the broker out of statement `{denying}` (a deny wins over every allow), and keep or add: `{}`",
                statement()
            ),
        ),
        Some(Verdict::Allowed | Verdict::Depends(_)) | None => return,
    };
    findings.push(rule.about(
        target.role,
        *field,
        Said {
            message: format!(
                "role `{}` passes {what}, and the trust policy of `{}` {verb} the broker `{broker}` {action}",
                target.role.spec.name, target.arn
            ),
            label: format!("needs {action}"),
            remedy,
        },
    ));
}

/// The policies that a credential carries; a session token has none.
pub(super) fn policy_spec(credential: &CredentialSpec) -> Option<&PolicySpec> {
    match credential {
        CredentialSpec::AssumedRole(spec) => Some(&spec.policy),
        CredentialSpec::FederationToken(spec) => Some(&spec.policy),
        CredentialSpec::IamUser(spec) => Some(&spec.policy),
        CredentialSpec::SessionToken(_) => None,
    }
}

/// Every managed policy and boundary that a credential names, with its field.
pub(super) fn policies(credential: &CredentialSpec) -> impl Iterator<Item = (Field, &Arn)> {
    let boundary = match credential {
        CredentialSpec::IamUser(spec) => spec.permissions_boundary_arn.as_ref(),
        CredentialSpec::AssumedRole(_) | CredentialSpec::FederationToken(_) | CredentialSpec::SessionToken(_) => None,
    };
    let arns = policy_spec(credential).into_iter().flat_map(|policy| policy.arns.iter().enumerate());
    let boundary = boundary.into_iter().map(|arn| (Field::PermissionsBoundaryArn, arn));
    arns.map(|(index, arn)| (Field::PolicyArn(index), arn)).chain(boundary)
}

/// Characters of a policy document as it is sent: without white space between its parts.
pub(super) fn characters(document: &Value) -> usize {
    count(document, |_| true)
}

/// Characters of a document, as it is sent, that count.
pub(super) fn count(document: &Value, counts: fn(char) -> bool) -> usize {
    struct Count(usize, fn(char) -> bool);
    impl fmt::Write for Count {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0 += text.chars().filter(|c| (self.1)(*c)).count();
            Ok(())
        }
    }
    let mut count = Count(0, counts);
    // It never refuses a piece.
    let _ = write!(count, "{document}");
    count.0
}

/// The text as one word of a POSIX shell.
pub(super) fn shell_word(text: &str) -> String {
    let plain =
        |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'+' | b'=' | b',' | b'.' | b'@' | b'-' | b'/' | b':');
    if !text.is_empty() && text.bytes().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_word_cannot_be_left() {
        assert_eq!(shell_word("/a/b-c/"), "/a/b-c/");
        assert_eq!(shell_word("/$(x)/"), "'/$(x)/'");
        assert_eq!(shell_word("a'; rm"), r"'a'\''; rm'");
        assert_eq!(shell_word(""), "''");
    }

    #[test]
    fn a_trust_statement_names_the_broker_and_its_actions() {
        let broker = BrokerPrincipal::parse("arn:aws:iam::111122223333:role/VaultRunner").expect("valid");
        assert_eq!(
            trust_statement(&broker, &["sts:AssumeRole"]),
            r#"{"Action":"sts:AssumeRole","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/VaultRunner"}}"#
        );
        assert!(
            trust_policy(&broker, &["sts:AssumeRole", "sts:TagSession"])
                .contains(r#"["sts:AssumeRole","sts:TagSession"]"#)
        );
    }
}
