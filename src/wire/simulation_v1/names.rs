//! Names of a request, checked as they are read, so that an error has its line.

use serde::de::{Deserialize, Deserializer, Error as _};

use super::limits::{ACTIONS_MAX, TEXT_MAX};
use crate::domain::ident::{Arn, RoleArn, UserArn, is_iam_name_char};
use crate::domain::limits::{SESSION_NAME_MAX, SESSION_NAME_MIN};
use crate::domain::simulation;
use crate::domain::text::short;

/// Actions as a request names them: `service:Name`.
pub(super) struct Actions(pub(super) Vec<String>);

impl<'de> Deserialize<'de> for Actions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let actions = Vec::<String>::deserialize(deserializer)?;
        if actions.is_empty() || actions.len() > ACTIONS_MAX {
            return Err(D::Error::custom(format_args!(
                "`actions` has {}: 1 to {ACTIONS_MAX} are judged",
                actions.len()
            )));
        }
        for (at, action) in actions.iter().enumerate() {
            if !is_action(action) {
                let action = short(action, 80);
                return Err(D::Error::custom(format_args!(
                    "`{action}` is no action: `service:Name`, without wildcards, such as `sts:AssumeRole`"
                )));
            }
            if actions[..at].iter().any(|before| before.eq_ignore_ascii_case(action)) {
                return Err(D::Error::custom(format_args!("the action `{action}` stands twice")));
            }
        }
        Ok(Self(actions))
    }
}

fn is_action(text: &str) -> bool {
    let word = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    text.len() <= 128 && text.split_once(':').is_some_and(|(service, name)| word(service) && word(name))
}

/// A resource: an ARN of any service, or `*`.
pub(super) struct Resource(pub(super) String);

impl<'de> Deserialize<'de> for Resource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let is_arn = text.starts_with("arn:") && text.splitn(6, ':').nth(5).is_some_and(|named| !named.is_empty());
        if (text == "*" || is_arn) && text.len() <= TEXT_MAX {
            return Ok(Self(text));
        }
        Err(D::Error::custom(format_args!(
            "`{}` is no resource: an ARN of at most {TEXT_MAX} characters, or `*` for an action that is on nothing in \
             particular",
            short(&text, 80)
        )))
    }
}

/// Name of a policy.
pub(super) struct PolicyName(pub(super) String);

impl<'de> Deserialize<'de> for PolicyName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.is_empty() || text.len() > TEXT_MAX {
            return Err(D::Error::custom(format_args!("the name of a policy has 1 to {TEXT_MAX} characters")));
        }
        Ok(Self(text))
    }
}

/// Who asks: a role or a user.
pub(super) struct Principal(pub(super) simulation::Principal);

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    arn: String,
    #[serde(default, deserialize_with = "some")]
    session: Option<String>,
    #[serde(default, deserialize_with = "some")]
    unique_id: Option<String>,
}

impl<'de> Deserialize<'de> for Principal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lower(Fields::deserialize(deserializer)?).map(Self).map_err(D::Error::custom)
    }
}

fn lower(fields: Fields) -> Result<simulation::Principal, String> {
    let Fields { arn, session, unique_id } = fields;
    let (shown, parsed) = (short(&arn, 80), Arn::parse(&arn));
    let arn_of = parsed.map_err(|error| format!("`{shown}` {error}"))?;
    let kind = arn_of.resource().split('/').next().unwrap_or_default();
    let prefix = match (arn_of.service(), kind) {
        ("iam", "role") => RoleArn::parse(&arn).map(|_| "AROA"),
        ("iam", "user") => UserArn::parse(&arn).map(|_| "AIDA"),
        ("sts", "assumed-role") => {
            return Err(format!(
                "`{shown}` is one session of a role: name the role, with its path if it has one, and the session in \
                 `session`"
            ));
        }
        _ => return Err(format!("`{shown}` names neither a role nor a user: `arn:aws:iam::<account id>:role/<name>`")),
    };
    let prefix = prefix.map_err(|error| format!("`{shown}` {error}"))?;
    let session_arn = session.map(|session| session_arn(&arn_of, kind, &session)).transpose()?;
    if let Some(id) = &unique_id {
        let shaped = (16..=128).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        if !shaped || !id.starts_with(prefix) {
            return Err(format!(
                "`{}` is no unique id of a {kind}: `{prefix}` and capital letters and digits, 16 at least, without the \
                 session's name",
                short(id, 80)
            ));
        }
    }
    let (partition, account) = (arn_of.partition().to_owned(), arn_of.account().to_owned());
    Ok(simulation::Principal { partition, account, arn, session_arn, unique_id })
}

fn session_arn(arn: &Arn, kind: &str, session: &str) -> Result<String, String> {
    if kind != "role" {
        return Err("`session` goes with a role: a user signs with keys of its own".to_owned());
    }
    let length = session.chars().count();
    if !(SESSION_NAME_MIN..=SESSION_NAME_MAX).contains(&length) || !session.chars().all(is_iam_name_char) {
        return Err(format!(
            "`{}` is no session name: {SESSION_NAME_MIN} to {SESSION_NAME_MAX} letters, digits and `_+=,.@-`",
            short(session, 80)
        ));
    }
    let role = arn.resource().rsplit('/').next().unwrap_or_default();
    Ok(format!("arn:{}:sts::{}:assumed-role/{role}/{session}", arn.partition(), arn.account()))
}

/// A field that may be left out, and may not be null.
pub(super) fn some<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
