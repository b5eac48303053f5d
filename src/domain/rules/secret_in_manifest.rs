//! A manifest holds what looks like an AWS secret access key.
//!
//! ## What it does
//! Looks through descriptions, justifications, labels and tags for a word of 40 characters as AWS makes its secret
//! access keys: with capitals, small letters and digits, or beside an access key id. It never repeats the text.
//!
//! ## Why it is bad
//! Whoever can read the repository, its history or the tags in AWS has the key.
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
//!   description: wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
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
//!   default_sts_ttl: 30m
//!   max_sts_ttl: 1h
//!   description: what app-readonly is for
//! ```
//!
//! ## Source
//! The IAM API model: a secret access key has 40 characters, and an access key id begins with `AKIA` or `ASIA`.

use crate::domain::credential::CredentialSpec;
use crate::domain::finding::{Confidence, Finding, Level};
use crate::domain::role::{Field, Role};

use super::Judging;
use super::rule::{Origin, Rule, Said};

pub(super) static RULE: Rule = Rule {
    code: "LH112",
    name: "secret-in-manifest",
    level: Level::Blocking,
    confidence: Confidence::Strict,
    origin: Origin::Git,
    summary: "A manifest holds what looks like an AWS secret access key.",
    source: include_str!("secret_in_manifest.rs"),
    check,
};

/// Characters of a secret access key, and of a key id.
const SECRET_LENGTH: usize = 40;
const KEY_ID_LENGTH: usize = 20;

/// Of each class of characters a random key of 40 has more than this, but for one in thousands.
const CLASS_MIN: usize = 3;

fn check(judging: &Judging<'_>, findings: &mut Vec<Finding>) {
    for role in &judging.desired.roles {
        for (field, name) in holding(role) {
            let example = if field == Field::Description {
                format!(", such as `description: what {} is for`", role.spec.name)
            } else {
                String::new()
            };
            findings.push(RULE.about(
                role,
                field,
                Said {
                    message: format!("`{name}` of role `{}` holds what looks like a secret access key", role.spec.name),
                    label: "looks like a secret".to_owned(),
                    remedy: format!(
                        "deactivate that key, because the history of git keeps it, and write something else{example}"
                    ),
                },
            ));
        }
    }
}

/// The fields of a role that hold a secret, and their names.
fn holding(role: &Role) -> Vec<(Field, &'static str)> {
    let spec = &role.spec;
    let mut texts: Vec<(Field, &'static str, &str)> = Vec::new();
    texts.extend(spec.description.iter().map(|text| (Field::Description, "description", text.as_str())));
    texts.extend(spec.labels.values().map(|text| (Field::Label, "labels", text.as_str())));
    match &spec.credential {
        CredentialSpec::AssumedRole(it) => {
            texts.extend(it.session_tags.values().map(|text| (Field::SessionTags, "session_tags", text.as_str())));
        }
        CredentialSpec::FederationToken(it) => {
            texts.extend(it.session_tags.values().map(|text| (Field::SessionTags, "session_tags", text.as_str())));
        }
        CredentialSpec::IamUser(it) => {
            texts.extend(it.iam_tags.values().map(|text| (Field::IamTags, "iam_tags", text.as_str())));
            texts.extend(it.justification.iter().map(|text| (Field::Justification, "justification", text.as_str())));
        }
        CredentialSpec::SessionToken(_) => {}
    }
    let mut holding: Vec<_> =
        texts.into_iter().filter(|(_, _, text)| holds_secret(text)).map(|(field, name, _)| (field, name)).collect();
    holding.dedup();
    holding
}

fn holds_secret(text: &str) -> bool {
    let words = || text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '/' | '+')));
    let has_id = words().any(is_key_id);
    words().any(|word| word.len() == SECRET_LENGTH && (has_id || is_random(word)))
}

fn is_key_id(word: &str) -> bool {
    let begins = word.starts_with("AKIA") || word.starts_with("ASIA");
    begins && word.len() == KEY_ID_LENGTH && word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// Digests in hex have no capitals, and words and paths few digits.
fn is_random(word: &str) -> bool {
    let count = |class: fn(&u8) -> bool| word.bytes().filter(class).count();
    let letters = count(u8::is_ascii_uppercase) > CLASS_MIN && count(u8::is_ascii_lowercase) > CLASS_MIN;
    letters && count(u8::is_ascii_digit) > 0
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Scene;
    use super::*;

    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

    #[test]
    fn a_secret_is_told_from_what_is_as_long() {
        for (text, expected) in [
            (SECRET, true),
            ("secret=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY;", true),
            ("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEYz", false),
            ("da39a3ee5e6b4b0d3255bfef95601890afd80709", false),
            ("AKIAIOSFODNN7EXAMPLE da39a3ee5e6b4b0d3255bfef95601890afd80709", true),
            ("AKIAIOSFODNN7EXAMPLE", false),
            ("a justification in many words, of which none is long", false),
            ("", false),
        ] {
            assert_eq!(holds_secret(text), expected, "{text}");
        }
    }

    #[test]
    fn every_field_is_looked_through_and_none_is_repeated() {
        let mut scene = Scene::user_broker()
            .assumed_role_with("a", |spec| {
                spec.session_tags.insert("key".to_owned(), SECRET.to_owned());
            })
            .iam_user("u", 900, 900, |spec| {
                spec.iam_tags.insert("key".to_owned(), SECRET.to_owned());
                spec.justification = Some(format!("needs {SECRET}"));
            });
        let role = &mut scene.desired.roles[0].spec;
        role.description = Some(SECRET.to_owned());
        role.labels.insert("key".to_owned(), SECRET.to_owned());
        let found = scene.findings(&RULE);
        assert_eq!(found.len(), 5);
        assert!(!format!("{found:?}").contains(SECRET));
    }
}
