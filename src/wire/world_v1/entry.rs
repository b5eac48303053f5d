use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::domain::ident::{AccountId, Arn, RoleArn};
use crate::domain::limits::{ASSUME_ROLE_MAX_SECONDS, ROLE_MIN_MAX_SESSION_SECONDS};
use crate::domain::text;
use crate::domain::world::{CallerIdentity, Fact, LivePolicy, LiveRole, Unknown, Why};
use crate::wire::common_v1::unique_map;

/// The word for what AWS said does not exist.
pub(super) const ABSENT: &str = "absent";

/// `caller`: who asked, or why that is not known.
pub(super) struct Caller(pub(super) Fact<CallerIdentity>);

/// `roles`: by declared ARN.
pub(super) struct Roles(pub(super) BTreeMap<RoleArn, Fact<LiveRole>>);

/// One value of `roles`, before its key is known to be an ARN.
struct Entry(Fact<Live>);

/// A live role whose ARN may be that of its key.
struct Live {
    arn: Option<RoleArn>,
    role_id: String,
    max_session_duration: u32,
    trust: LivePolicy,
    tags: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CallerFields {
    arn: Option<String>,
    user_id: Option<String>,
    unknown: Option<String>,
    detail: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryFields {
    arn: Option<String>,
    role_id: Option<String>,
    max_session_duration: Option<u32>,
    trust: Option<Box<RawValue>>,
    #[serde(default, deserialize_with = "optional_tags")]
    tags: Option<BTreeMap<String, String>>,
    unknown: Option<String>,
    detail: Option<String>,
}

pub(super) fn unknown(why: &str, detail: Option<String>) -> Result<Unknown, String> {
    let Some(known) = Why::ALL.into_iter().find(|known| known.as_str() == why) else {
        let words = Why::ALL.map(Why::as_str);
        let near = text::nearest(why, words).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        return Err(format!("`{why}` is no reason for not knowing ({}){near}", words.join(", ")));
    };
    Ok(Unknown { why: known, detail: detail.unwrap_or_default() })
}

impl CallerFields {
    fn lower(self) -> Result<Fact<CallerIdentity>, String> {
        match self {
            Self { arn: None, user_id: None, unknown: Some(why), detail } => unknown(&why, detail).map(Fact::Unknown),
            Self { arn: Some(arn), user_id: Some(user_id), unknown: None, detail: None } => {
                let account = Arn::parse(&arn)
                    .and_then(|parsed| AccountId::parse(parsed.account()))
                    .map_err(|error| format!("the caller's ARN `{arn}` {error}"))?;
                Ok(Fact::Present(CallerIdentity { account, arn, user_id }))
            }
            _ => Err("`caller` holds either `arn` and `user_id`, or `unknown` and perhaps `detail`".to_owned()),
        }
    }
}

impl EntryFields {
    fn lower(self) -> Result<Fact<Live>, String> {
        match self {
            Self {
                arn: None,
                role_id: None,
                max_session_duration: None,
                trust: None,
                tags: None,
                unknown: Some(why),
                detail,
            } => unknown(&why, detail).map(Fact::Unknown),
            Self {
                arn,
                role_id: Some(role_id),
                max_session_duration: Some(seconds),
                trust: Some(trust),
                tags,
                unknown: None,
                detail: None,
            } => {
                if !(ROLE_MIN_MAX_SESSION_SECONDS..=ASSUME_ROLE_MAX_SECONDS).contains(&seconds) {
                    return Err(format!(
                        "`max_session_duration` is {seconds}, and IAM keeps it between {ROLE_MIN_MAX_SESSION_SECONDS} \
                         and {ASSUME_ROLE_MAX_SECONDS}"
                    ));
                }
                let arn = arn.map(|text| role_arn(&text)).transpose()?;
                Ok(Fact::Present(Live {
                    arn,
                    role_id,
                    max_session_duration: seconds,
                    trust: read_policy(&trust),
                    tags,
                }))
            }
            _ => Err(format!(
                "a role is `\"{ABSENT}\"`, or holds `role_id`, `max_session_duration`, `trust` and perhaps `arn` and `tags`, or holds \
                 `unknown` and perhaps `detail`"
            )),
        }
    }
}

pub(super) fn role_arn(text: &str) -> Result<RoleArn, String> {
    RoleArn::parse(text).map_err(|error| format!("`{text}` {error}"))
}

fn optional_tags<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<BTreeMap<String, String>>, D::Error> {
    unique_map(deserializer).map(Some)
}

/// A string stands for a document that may be no JSON at all; anything else is the document.
pub(super) fn read_policy(raw: &RawValue) -> LivePolicy {
    match serde_json::from_str::<String>(raw.get()) {
        Ok(text) => LivePolicy::read(&text),
        Err(_) => LivePolicy::read(raw.get()),
    }
}

impl<'de> Deserialize<'de> for Caller {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        CallerFields::deserialize(deserializer)?.lower().map(Self).map_err(D::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EntryVisitor)
    }
}

struct EntryVisitor;

impl<'de> Visitor<'de> for EntryVisitor {
    type Value = Entry;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a role, or \"{ABSENT}\"")
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<Entry, E> {
        if word == ABSENT { Ok(Entry(Fact::Absent)) } else { Err(E::custom(format!("`{word}` is not \"{ABSENT}\""))) }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Entry, A::Error> {
        EntryFields::deserialize(MapAccessDeserializer::new(map))?.lower().map(Entry).map_err(A::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Roles {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(RolesVisitor)
    }
}

struct RolesVisitor;

impl<'de> Visitor<'de> for RolesVisitor {
    type Value = Roles;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("roles by their ARN")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Roles, A::Error> {
        let mut roles = BTreeMap::new();
        while let Some(key) = map.next_key::<String>()? {
            let declared = role_arn(&key).map_err(A::Error::custom)?;
            let Entry(fact) = map.next_value()?;
            let fact = match fact {
                Fact::Present(Live { arn, role_id, max_session_duration, trust, tags }) => Fact::Present(LiveRole {
                    arn: arn.unwrap_or_else(|| declared.clone()),
                    role_id,
                    max_session_duration,
                    trust,
                    tags,
                }),
                Fact::Absent => Fact::Absent,
                Fact::Unknown(unknown) => Fact::Unknown(unknown),
            };
            if roles.insert(declared, fact).is_some() {
                return Err(A::Error::custom(format!("`{key}` stands twice")));
            }
        }
        Ok(Roles(roles))
    }
}
