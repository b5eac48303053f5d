use serde_json::{Map, Value};

use super::shape::{Fault, clip, object, one_or_many, only, string};

/// One entry of `Principal` or `NotPrincipal`. ARNs and ids are compared exactly, case included.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Principal {
    /// `"*"` or `{"AWS": "*"}`.
    Anyone,
    /// An account id, or the ARN of an account's root: everyone of that account whom the account itself lets.
    Account {
        /// Partition of the ARN; `None` when the id stands alone.
        partition: Option<String>,
        /// Twelve digits.
        account: String,
    },
    /// The ARN of an IAM role: any session of it.
    Role(String),
    /// The ARN of an IAM user.
    User(String),
    /// `arn:…:sts::…:assumed-role/<role>/<session>`: this one session. The role stands without its path.
    Session {
        /// The whole ARN.
        arn: String,
        /// Everything before the session's name, with the slash.
        stem: usize,
    },
    /// `arn:…:sts::…:federated-user/<name>`; cannot assume roles.
    FederatedUser(String),
    /// `AROA…` or `AIDA…`: what AWS shows for a role or user that was deleted.
    UniqueId(String),
    /// An AWS principal with a wildcard inside: AWS refuses it.
    Wildcard(String),
    /// An AWS principal of no known form.
    Unrecognized(String),
    /// An AWS service.
    Service(String),
    /// An identity provider.
    Federated(String),
    /// An S3 canonical user.
    CanonicalUser(String),
}

const KINDS: [&str; 4] = ["AWS", "CanonicalUser", "Federated", "Service"];

impl Principal {
    /// Reads an entry of `{"AWS": …}`. Any text can be read.
    #[must_use]
    pub fn aws(text: &str) -> Self {
        if text == "*" {
            return Self::Anyone;
        }
        if is_account(text) {
            return Self::Account { partition: None, account: text.to_owned() };
        }
        if text.contains(['*', '?']) {
            return Self::Wildcard(text.to_owned());
        }
        Self::arn(text).unwrap_or_else(|| {
            let id = (text.starts_with("AROA") || text.starts_with("AIDA"))
                && (16..=128).contains(&text.len())
                && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
            if id { Self::UniqueId(text.to_owned()) } else { Self::Unrecognized(text.to_owned()) }
        })
    }

    fn arn(text: &str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        let mut next = || parts.next();
        let (scheme, partition, service, region, account, resource) =
            (next()?, next()?, next()?, next()?, next()?, next()?);
        if scheme != "arn" || partition.is_empty() || !region.is_empty() || !is_account(account) {
            return None;
        }
        let owned = || text.to_owned();
        if service == "iam" && resource == "root" {
            return Some(Self::Account { partition: Some(partition.to_owned()), account: account.to_owned() });
        }
        let (kind, name) = resource.split_once('/')?;
        if name.is_empty() || name.ends_with('/') {
            return None;
        }
        match (service, kind) {
            ("iam", "role") => Some(Self::Role(owned())),
            ("iam", "user") => Some(Self::User(owned())),
            ("sts", "federated-user") => Some(Self::FederatedUser(owned())),
            ("sts", "assumed-role") => {
                let (role, session) = name.split_once('/')?;
                let plain = !role.is_empty() && !session.is_empty() && !session.contains('/');
                plain.then(|| Self::Session { arn: owned(), stem: text.len() - session.len() })
            }
            _ => None,
        }
    }

    /// The type it stands under in a policy.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Service(_) => "Service",
            Self::Federated(_) => "Federated",
            Self::CanonicalUser(_) => "CanonicalUser",
            _ => "AWS",
        }
    }

    /// The entry's text, an account in the form that [`super::canonical()`] gives it.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Anyone => "*".to_owned(),
            Self::Account { partition, account } => match partition.as_deref() {
                // A bare id names no partition. Only in `aws`, where nearly everything lives, is it taken for the root
                // ARN: elsewhere the ARN is the only form that is known to mean the same.
                None | Some("aws") => account.clone(),
                Some(partition) => format!("arn:{partition}:iam::{account}:root"),
            },
            Self::Session { arn, .. } => arn.clone(),
            Self::Role(text)
            | Self::User(text)
            | Self::FederatedUser(text)
            | Self::UniqueId(text)
            | Self::Wildcard(text)
            | Self::Unrecognized(text)
            | Self::Service(text)
            | Self::Federated(text)
            | Self::CanonicalUser(text) => text.clone(),
        }
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

/// Reads the value of `Principal` or `NotPrincipal`, named by `element`.
pub(super) fn read(element: &str, value: &Value) -> Result<Vec<Principal>, Fault> {
    if let Value::String(text) = value {
        if text == "*" {
            return Ok(vec![Principal::Anyone]);
        }
        let hint = if text.contains(".amazonaws.com") { "Service" } else { "AWS" };
        return Err(Fault::new(format!(
            "has a {element} that is a string other than `*`: write {{\"{hint}\": \"{}\"}}",
            clip(text)
        )));
    }
    let map = object(element, value)?;
    only(element, map, &KINDS)?;
    let mut all = Vec::new();
    for kind in KINDS {
        let Some(entries) = map.get(kind) else { continue };
        let of_kind = one_or_many(entries, |entry| {
            let text = string(&format!("a principal under `{kind}`"), entry)?;
            Ok(match kind {
                "AWS" => Principal::aws(text),
                "Service" => Principal::Service(text.to_owned()),
                "Federated" => Principal::Federated(text.to_owned()),
                _ => Principal::CanonicalUser(text.to_owned()),
            })
        });
        all.extend(of_kind.map_err(|fault| fault.within_key(kind))?);
    }
    Ok(all)
}

/// Writes principals in their one form: by type, each a sorted list without duplicates.
pub(super) fn write(principals: &[Principal]) -> Value {
    let mut map = Map::new();
    for kind in KINDS {
        let mut texts: Vec<String> = principals.iter().filter(|it| it.kind() == kind).map(Principal::text).collect();
        texts.sort();
        texts.dedup();
        if !texts.is_empty() {
            map.insert(kind.to_owned(), texts.into());
        }
    }
    Value::Object(map)
}
